//! Sessions.

use selfsame::{Aal, AccountId, Amr, Client, MethodId, MethodKind, Session, SessionId, Timestamp};

/// Authentication assurance level (NIST SP 800-63B-4).
#[uniffi::remote(Enum)]
pub enum Aal {
    /// One factor was proven.
    Aal1,
    /// Two were.
    Aal2,
}

/// How a session was proven: an Authentication Method Reference of RFC 8176. That registry has no value
/// for a federated sign-in, so such a session has none; its method says what it was.
#[uniffi::remote(Enum)]
pub enum Amr {
    /// A password: `pwd`.
    Pwd,
    /// A one-time password (RFC 6238): `otp`.
    Otp,
    /// More than one factor: `mfa`.
    Mfa,
}

/// A session, as resolved from its token and as its owner lists it.
#[uniffi::remote(Record)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The device and product.
    pub client: Client,
    /// The method that was used.
    pub method: MethodId,
    /// The kind of that method.
    pub kind: MethodKind,
    /// How it was proven.
    pub amr: Vec<Amr>,
    /// How strongly.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor: such a session may replace or turn off that
    /// factor, and is no proof for anything else that wants it.
    pub recovered: bool,
    /// When the proof was given, the oldest where there are several (OpenID Connect Core 2, `auth_time`).
    pub auth_time: Timestamp,
    /// When the first factor was last proven.
    pub first_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was written down.
    pub used_at: Timestamp,
}

/// Returns the value that RFC 8176 registers.
#[uniffi::export]
pub fn amr_value(amr: Amr) -> String {
    amr.as_str().to_owned()
}
