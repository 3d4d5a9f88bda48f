//! The second factor, and passwords that others may know.

use std::sync::Arc;

use selfsame::{AccountId, MethodId, RecoveryCodes, Secret, Timestamp};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::{at_most, counted};

#[uniffi::export]
impl AccountHandle {
    /// Begins to turn MFA on, or to replace the second factor: what it returns goes into an authenticator
    /// app. It waits 15 minutes for the app's first code, and ends with this session.
    ///
    /// Raises `ReauthenticationRequired`.
    pub fn enroll_totp(&self) -> Result<TotpEnrolment, SelfsameError> {
        Ok(self.core().enroll_totp()?.into())
    }

    /// The app's first code. The recovery codes that it returns are to be saved; only then MFA is on.
    ///
    /// Raises `InvalidCode`, and the fifth ends the enrolment; `FlowExpired` where none is begun.
    pub fn confirm_totp(&self, code: Secret) -> Result<RecoveryCodes, SelfsameError> {
        Ok(self.core().confirm_totp(&code)?)
    }

    /// The recovery codes that wait to be saved, for 15 minutes.
    ///
    /// Raises `FlowExpired` where none wait.
    pub fn unsaved_recovery_codes(&self) -> Result<RecoveryCodes, SelfsameError> {
        Ok(self.core().unsaved_recovery_codes()?)
    }

    /// The owner has saved the recovery codes: MFA is on, or has the other factor or the other codes. This
    /// session has proven both factors then; all others end when the factor changed.
    ///
    /// Raises `FlowExpired` where no codes wait to be saved.
    pub fn recovery_codes_saved(&self) -> Result<(), SelfsameError> {
        Ok(self.core().recovery_codes_saved()?)
    }

    /// Makes other recovery codes, to be saved; those before work until then.
    ///
    /// Raises `ReauthenticationRequired`; `NotOffered` while MFA is off.
    pub fn regenerate_recovery_codes(&self) -> Result<RecoveryCodes, SelfsameError> {
        Ok(self.core().regenerate_recovery_codes()?)
    }

    /// Turns MFA off, with fresh proof of the second factor or in a session that a recovery code opened. All
    /// other sessions end.
    ///
    /// Raises `ReauthenticationRequired`; `OnHold` after a password reset with a recovery code; `NotOffered`
    /// while MFA is off.
    pub fn turn_off_mfa(&self) -> Result<(), SelfsameError> {
        Ok(self.core().turn_off_mfa()?)
    }

    /// Says that others may know the password: its sessions end, this one too if it is one, and the next
    /// sign-in with it asks for a new password after the second factor.
    ///
    /// Raises `NotOffered` for what is no password of the account.
    pub fn mark_compromised(&self, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().mark_compromised(method)?)
    }
}

#[uniffi::export]
impl Engine {
    /// The host has evidence that others know a password: as the account's own `mark_compromised`.
    ///
    /// Raises `UnknownAccount`; `NotOffered` for what is no password of the account.
    pub fn mark_compromised(&self, account: AccountId, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().mark_compromised(account, method)?)
    }
}

/// What an authenticator app needs. All of it is secret.
#[derive(uniffi::Record)]
pub struct TotpEnrolment {
    /// The secret as apps take it by hand, in base32 (RFC 4648).
    pub secret: Secret,
    /// The same as an `otpauth://` URI.
    pub uri: Secret,
    /// The URI as a QR code, which apps scan.
    pub qr: Arc<QrCode>,
    /// Until when the app's first code is waited for.
    pub expires_at: Timestamp,
}

impl From<selfsame::TotpEnrolment> for TotpEnrolment {
    fn from(enrolment: selfsame::TotpEnrolment) -> Self {
        let selfsame::TotpEnrolment { secret, uri, qr, expires_at } = enrolment;
        Self { secret, uri, qr: Arc::new(QrCode(qr)), expires_at }
    }
}

/// A QR code that holds a secret, such as the one that an authenticator app scans.
///
/// It corrects errors of level M (15 %) or better; only a text that is too long for that has level L (7 %).
#[derive(uniffi::Object)]
pub struct QrCode(selfsame::QrCode);

#[uniffi::export]
impl QrCode {
    /// How many modules a side has, without the light ones around the code: leave at least four of them on
    /// each side.
    pub fn size(&self) -> u64 {
        counted(self.0.size())
    }

    /// Whether the module in column `x` and row `y`, counted from the upper left, is dark. What lies outside
    /// is light.
    pub fn is_dark(&self, x: u32, y: u32) -> bool {
        self.0.is_dark(at_most(x), at_most(y))
    }

    /// As an SVG image of black on white, which a page may scale as it likes.
    pub fn svg(&self) -> Secret {
        self.0.svg()
    }

    /// As lines for a terminal, two modules to a character, in black on white whatever the terminal's
    /// colours are. Without its colours it is black on white on a light ground only.
    pub fn terminal(&self) -> Secret {
        self.0.terminal()
    }
}

/// Recovery codes to be saved by the owner: each stands in for the second factor once.
#[uniffi::remote(Record)]
pub struct RecoveryCodes {
    /// The codes, in groups that people can read and type.
    pub codes: Vec<Secret>,
    /// Until when they are shown again.
    pub shown_until: Timestamp,
}
