//! Sessions.

use selfsame::{Aal, AccountId, Amr, Client, MethodId, MethodKind, Session, SessionId, Timestamp};

/// Authentication assurance level (NIST SP 800-63B-4).
#[uniffi::remote(Enum)]
pub enum Aal {
    /// One factor was proven.
    Aal1,
    /// Two factors were proven.
    Aal2,
}

/// How a session was proven: an Authentication Method Reference of RFC 8176. That registry has no value for a
/// federated sign-in, so such a session has none. Its sign-in method tells how it was proven.
#[uniffi::remote(Enum)]
pub enum Amr {
    /// A password: `pwd`.
    Pwd,
    /// A one-time password (RFC 6238): `otp`.
    Otp,
    /// More than one factor: `mfa`.
    Mfa,
    /// A passkey, which proves that its device has the key: `pop`.
    Pop,
}

/// A session, as resolved from its token and as its owner lists it.
#[uniffi::remote(Record)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// The account that the session is for.
    pub account: AccountId,
    /// The device and the product.
    pub client: Client,
    /// The sign-in method that was used.
    pub method: MethodId,
    /// The kind of that sign-in method.
    pub kind: MethodKind,
    /// The authentication methods that proved the session.
    pub amr: Vec<Amr>,
    /// The authentication assurance level.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor. Such a session may replace or turn off the
    /// second factor. It does not count as proof for any other act that needs the second factor.
    pub recovered: bool,
    /// When the proof was given. If there are several proofs, the time of the oldest (OpenID Connect Core 2,
    /// `auth_time`).
    pub auth_time: Timestamp,
    /// When the first factor was last proven.
    pub first_at: Timestamp,
    /// When the session was opened.
    pub created_at: Timestamp,
    /// When the session was last used, as far as the store has recorded it.
    pub used_at: Timestamp,
    /// When the session ends because the account's hold ends, if it has not ended before. This applies to a session
    /// that a password reset or an undo opened. It also applies to every session of an account on hold that lacks the
    /// second factor that policy requires.
    pub ends_at: Option<Timestamp>,
}

/// Returns the value that RFC 8176 registers.
#[uniffi::export]
pub fn amr_value(amr: Amr) -> String {
    amr.as_str().to_owned()
}
