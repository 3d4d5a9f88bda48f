//! What the owner does with the second factor (SPEC 5).

use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::secret::Secret;
use crate::records::mfa::{RecoveryCodes, TotpEnrolment};
#[cfg(doc)]
use crate::records::refusal::Refusal;
use crate::rules::mfa;

impl AccountHandle {
    /// Begins to turn MFA on, or to replace the second factor: what it returns goes into an authenticator app.
    /// It waits 15 minutes for the app's first code, and ends with this session.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::ReauthenticationRequired`].
    pub fn enroll_totp(&self) -> Result<TotpEnrolment, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::enroll(fresh, ctx)))?.drawn().ok_or(Error::Defect)
    }

    /// The app's first code. The recovery codes that it returns are to be [saved](Self::recovery_codes_saved);
    /// only then MFA is on.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidCode`], and the fifth ends the enrolment;
    /// [`Refusal::FlowExpired`] where none is begun.
    pub fn confirm_totp(&self, code: &Secret) -> Result<RecoveryCodes, Error> {
        self.act(|_, ctx, owner| Ok(mfa::confirm(owner, code, ctx)))
    }

    /// The recovery codes that wait to be saved, for 15 minutes.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::FlowExpired`] where none wait.
    pub fn unsaved_recovery_codes(&self) -> Result<RecoveryCodes, Error> {
        self.look_owner(|_, ctx, owner| Ok(mfa::unsaved_codes(owner, ctx)))
    }

    /// The owner has saved the recovery codes: MFA is on, or has the other factor or the other codes. This
    /// session has proven both factors then; all others end when the factor changed.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::FlowExpired`] where no codes wait to be saved.
    pub fn recovery_codes_saved(&self) -> Result<(), Error> {
        self.act(|_, ctx, owner| Ok(mfa::saved(owner, self.token().secret(), ctx)))
    }

    /// Makes other recovery codes, to be [saved](Self::recovery_codes_saved); those before work until then.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::ReauthenticationRequired`]; [`Refusal::NotOffered`] while MFA
    /// is off.
    pub fn regenerate_recovery_codes(&self) -> Result<RecoveryCodes, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::regenerate(fresh, ctx)))
    }

    /// Turns MFA off, with fresh proof of the second factor or in a session that a recovery code opened. All
    /// other sessions end.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::ReauthenticationRequired`]; [`Refusal::OnHold`] after a
    /// password reset with a recovery code; [`Refusal::NotOffered`] while MFA is off.
    pub fn turn_off_mfa(&self) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::turn_off(fresh, self.token().secret(), ctx)))
    }
}
