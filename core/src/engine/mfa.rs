//! How the owner manages the second factor (SPEC 5).

use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::secret::Secret;
use crate::records::mfa::{RecoveryCodes, TotpEnrolment};
#[cfg(doc)]
use crate::records::refusal::Refusal;
use crate::rules::mfa;

impl AccountHandle {
    /// Starts to turn MFA on, or to replace the second factor. Returns the secret for an authenticator app.
    /// The enrolment waits 15 minutes for the app's first code, and ends with this session.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`].
    pub fn enroll_totp(&self) -> Result<TotpEnrolment, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::enroll(fresh, ctx)))?.drawn().ok_or(Error::Defect)
    }

    /// Takes the app's first code and returns the recovery codes. MFA is on only after the owner has
    /// [saved](Self::recovery_codes_saved) them.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidCode`] if the code is wrong
    /// (the fifth wrong code ends the enrolment); [`Refusal::FlowExpired`] if no enrolment is open.
    pub fn confirm_totp(&self, code: &Secret) -> Result<RecoveryCodes, Error> {
        self.act(|_, ctx, owner| Ok(mfa::confirm(owner, code, ctx)))
    }

    /// Returns the recovery codes that the owner has not saved yet, for 15 minutes.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::FlowExpired`] if there are none.
    pub fn unsaved_recovery_codes(&self) -> Result<RecoveryCodes, Error> {
        self.look_owner(|_, ctx, owner| Ok(mfa::unsaved_codes(owner, ctx)))
    }

    /// Confirms that the owner has saved the recovery codes. This turns MFA on, or puts the new second factor
    /// or the new codes into use. This session has then proven both factors. If the factor changed, ends all
    /// other sessions.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::FlowExpired`] if no codes wait to
    /// be saved.
    pub fn recovery_codes_saved(&self) -> Result<(), Error> {
        self.act(|_, ctx, owner| Ok(mfa::saved(owner, self.token().secret(), ctx)))
    }

    /// Returns new recovery codes. The old ones work until the owner has [saved](Self::recovery_codes_saved)
    /// the new ones.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`];
    /// [`Refusal::NotOffered`] if MFA is off.
    pub fn regenerate_recovery_codes(&self) -> Result<RecoveryCodes, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::regenerate(fresh, ctx)))
    }

    /// Turns MFA off. This requires fresh proof of the second factor, or a session that a recovery code
    /// opened. Ends all other sessions.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`];
    /// [`Refusal::OnHold`] after a password reset with a recovery code; [`Refusal::NotOffered`] if MFA is
    /// off.
    pub fn turn_off_mfa(&self) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(mfa::turn_off(fresh, self.token().secret(), ctx)))
    }
}
