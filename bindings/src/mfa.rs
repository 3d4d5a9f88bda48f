//! The second factor, and passwords that others may know.

use std::sync::Arc;

use selfsame::{AccountId, MethodId, RecoveryCodes, Secret, Timestamp};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::{at_most, counted};

#[uniffi::export]
impl AccountHandle {
    /// Starts to turn MFA on, or to replace the second factor. Returns the secret for an authenticator app.
    /// The enrolment waits 15 minutes for the app's first code, and ends with this session.
    ///
    /// Raises `ReauthenticationRequired`.
    pub fn enroll_totp(&self) -> Result<TotpEnrolment, SelfsameError> {
        Ok(self.core().enroll_totp()?.into())
    }

    /// Takes the app's first code and returns the recovery codes. MFA is on only after the owner has saved
    /// them.
    ///
    /// Raises `InvalidCode` if the code is wrong (the fifth wrong code ends the enrolment); `FlowExpired` if
    /// no enrolment is open.
    pub fn confirm_totp(&self, code: Secret) -> Result<RecoveryCodes, SelfsameError> {
        Ok(self.core().confirm_totp(&code)?)
    }

    /// Returns the recovery codes that the owner has not saved yet, for 15 minutes.
    ///
    /// Raises `FlowExpired` if there are none.
    pub fn unsaved_recovery_codes(&self) -> Result<RecoveryCodes, SelfsameError> {
        Ok(self.core().unsaved_recovery_codes()?)
    }

    /// Confirms that the owner has saved the recovery codes. This turns MFA on, or puts the new second factor
    /// or the new codes into use. This session has then proven both factors. If the factor changed, ends all
    /// other sessions.
    ///
    /// Raises `FlowExpired` if no codes wait to be saved.
    pub fn recovery_codes_saved(&self) -> Result<(), SelfsameError> {
        Ok(self.core().recovery_codes_saved()?)
    }

    /// Returns new recovery codes. The old ones work until the owner has saved the new ones.
    ///
    /// Raises `ReauthenticationRequired`; `NotOffered` if MFA is off.
    pub fn regenerate_recovery_codes(&self) -> Result<RecoveryCodes, SelfsameError> {
        Ok(self.core().regenerate_recovery_codes()?)
    }

    /// Turns MFA off. This requires fresh proof of the second factor, or a session that a recovery code
    /// opened. Ends all other sessions.
    ///
    /// Raises `ReauthenticationRequired`; `OnHold` after a password reset with a recovery code; `NotOffered`
    /// if MFA is off; `LastFactor` if the policy requires a second factor, which can then only be replaced.
    pub fn turn_off_mfa(&self) -> Result<(), SelfsameError> {
        Ok(self.core().turn_off_mfa()?)
    }

    /// Marks a password as known to others. Ends the sessions that it opened, this one included if the
    /// password opened it. The next sign-in with the password asks for a new one after the second factor.
    ///
    /// Raises `NotOffered` if `method` is not a password of the account.
    pub fn mark_compromised(&self, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().mark_compromised(method)?)
    }
}

#[uniffi::export]
impl Engine {
    /// Marks a password as known to others because the host has evidence, as the account's own
    /// `mark_compromised` does for the owner.
    ///
    /// Raises `UnknownAccount`; `NotOffered` if `method` is not a password of the account.
    pub fn mark_compromised(&self, account: AccountId, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().mark_compromised(account, method)?)
    }
}

/// Everything that an authenticator app needs. All of it is secret.
#[derive(uniffi::Record)]
pub struct TotpEnrolment {
    /// The secret for typing into the app, in base32 (RFC 4648).
    pub secret: Secret,
    /// The secret as an `otpauth://` URI.
    pub uri: Secret,
    /// The URI as a QR code for the app to scan.
    pub qr: Arc<QrCode>,
    /// When the engine stops waiting for the app's first code.
    pub expires_at: Timestamp,
}

impl From<selfsame::TotpEnrolment> for TotpEnrolment {
    fn from(enrolment: selfsame::TotpEnrolment) -> Self {
        let selfsame::TotpEnrolment { secret, uri, qr, expires_at } = enrolment;
        Self { secret, uri, qr: Arc::new(QrCode(qr)), expires_at }
    }
}

/// A QR code that holds a secret, for example the secret that an authenticator app scans.
///
/// It corrects errors of level M (15 %) or better. A text that is too long for level M has level L (7 %).
#[derive(uniffi::Object)]
pub struct QrCode(selfsame::QrCode);

#[uniffi::export]
impl QrCode {
    /// Returns the QR code of a text, for example of the URI in `EnrollSecondFactor`. A text that is not UTF-8 or is
    /// longer than 2,953 bytes gives a code without modules.
    #[uniffi::constructor]
    pub fn of(text: Secret) -> Arc<Self> {
        Arc::new(Self(selfsame::QrCode::of(&text)))
    }

    /// Returns the number of modules per side, without the light border. Leave at least four light modules on
    /// each side.
    pub fn size(&self) -> u64 {
        counted(self.0.size())
    }

    /// Returns true if the module in column `x` and row `y`, counted from the upper left, is dark. Modules
    /// outside the code are light.
    pub fn is_dark(&self, x: u32, y: u32) -> bool {
        self.0.is_dark(at_most(x), at_most(y))
    }

    /// Returns the code as an SVG image in black on white, which a page can scale.
    pub fn svg(&self) -> Secret {
        self.0.svg()
    }

    /// Returns the code as lines for a terminal, two modules to a character, in black on white whatever the
    /// terminal's colours are. If the terminal shows no colours, the code works only on a light background.
    pub fn terminal(&self) -> Secret {
        self.0.terminal()
    }
}

/// Recovery codes for the owner to save. Each stands in for the second factor once.
#[uniffi::remote(Record)]
pub struct RecoveryCodes {
    /// The codes, in groups that people can read and type.
    pub codes: Vec<Secret>,
    /// Until when the codes can be shown again.
    pub shown_until: Timestamp,
}
