//! The proofs of a sign-in: a first factor, and perhaps a second.

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::id::{AccountId, MethodId};
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::method::MethodKind;
use crate::records::mfa::{Generations, SecondFactor};
use crate::records::passkey::PasskeyUse;
use crate::records::session::{Aal, Amr};

/// A new password that waits in a flow. It is not set yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewPassword {
    pub(crate) hash: StoredPassword,
    /// How many passwords of the account were marked as known to others when this one was compared with them.
    pub(crate) marked: u32,
}

/// A proof that a step accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind")
)]
pub enum Accepted {
    /// The account's password.
    Password,
    /// An assertion of an identity that the account has at this provider.
    Federated {
        /// The provider.
        provider: ProviderId,
    },
    /// An answer of one of the account's passkeys.
    Passkey,
}

/// A proven first factor, and perhaps a second.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) method: MethodId,
    pub(crate) kind: MethodKind,
    /// The version of the password. Zero for an identity.
    pub(crate) version: u32,
    /// What the passkey said.
    pub(crate) passkey: Option<PasskeyUse>,
    pub(crate) at: Timestamp,
    /// The same password, hashed again because its hash was weaker than the policy (SPEC 4.5).
    pub(crate) rehashed: Option<StoredPassword>,
    pub(crate) second: Option<(SecondFactor, Timestamp)>,
    /// The generation of the second factor that was proven (SPEC 5.10). Zero if no second factor was proven.
    pub(crate) generation: u32,
    /// Whether a code from a message stood in for the first factor, in a reset or an undo. The session then ends with
    /// the hold that the flow starts (SPEC 4.7).
    pub(crate) is_mailed: bool,
}

impl Proof {
    pub(crate) fn of_identity(method: MethodId, at: Timestamp) -> Self {
        Self { kind: MethodKind::Federated, ..Self::of_password(method, 0, at) }
    }

    pub(crate) fn of_passkey(method: MethodId, answer: PasskeyUse, at: Timestamp) -> Self {
        Self { kind: MethodKind::Passkey, passkey: Some(answer), ..Self::of_password(method, 0, at) }
    }

    pub(crate) fn of_password(method: MethodId, version: u32, at: Timestamp) -> Self {
        let kind = MethodKind::Password;
        Self {
            method,
            kind,
            version,
            passkey: None,
            at,
            rehashed: None,
            second: None,
            generation: 0,
            is_mailed: false,
        }
    }

    /// Returns the proof of a person who typed a mailed code and sets a new password.
    pub(crate) fn of_mailed_code(method: MethodId, version: u32, at: Timestamp) -> Self {
        Self { is_mailed: true, ..Self::of_password(method, version, at) }
    }

    /// Returns the proof with a second factor of this account added, proven at this time.
    pub(crate) fn and(self, factor: SecondFactor, at: Timestamp, now: Generations) -> Self {
        Self { second: Some((factor, at)), generation: now.of(factor), ..self }
    }

    /// Returns the references of RFC 8176. It has none for a recovery code, nor for a federated sign-in.
    pub(crate) fn amr(&self) -> Vec<Amr> {
        let first = match self.kind {
            MethodKind::Password => Some(Amr::Pwd),
            MethodKind::Federated => None,
            MethodKind::Passkey => Some(Amr::Pop),
        };
        let second: &[_] = match (self.second, self.aal()) {
            (Some((SecondFactor::Totp, _)), _) => &[Amr::Otp, Amr::Mfa],
            (_, Aal::Aal2) => &[Amr::Mfa],
            (_, Aal::Aal1) => &[],
        };
        first.into_iter().chain(second.iter().copied()).collect()
    }

    pub(crate) fn aal(&self) -> Aal {
        match self.second {
            Some((SecondFactor::Totp, _)) => Aal::Aal2,
            Some((SecondFactor::RecoveryCode, _)) => Aal::Aal1,
            None if self.is_both() => Aal::Aal2,
            None => Aal::Aal1,
        }
    }

    /// Returns whether the first factor counts as the second one too (SPEC 5.7).
    pub(crate) fn is_both(&self) -> bool {
        self.passkey.is_some_and(|answer| answer.is_both)
    }

    /// Returns whether a recovery code stood in for the second factor.
    pub(crate) fn is_recovery(&self) -> bool {
        matches!(self.second, Some((SecondFactor::RecoveryCode, _)))
    }

    /// Returns when the oldest of the proofs was given.
    pub(crate) fn auth_time(&self) -> Timestamp {
        self.second.map_or(self.at, |(_, at)| at.min(self.at))
    }
}

/// The result of hashing a password outside the act. The act compares it with the account that it sees, so no
/// transaction waits for a hash (SPEC 4.6).
#[derive(Clone)]
pub(crate) struct PasswordProof {
    pub(crate) account: AccountId,
    pub(crate) credential: MethodId,
    pub(crate) version: u32,
    pub(crate) matches: bool,
    /// The password hashed again, if the stored hash was weaker than the policy (SPEC 4.5).
    pub(crate) rehashed: Option<StoredPassword>,
}

impl PasswordProof {
    /// Returns the first factor that the password proves.
    pub(crate) fn proven(self, at: Timestamp) -> Proof {
        Proof { rehashed: self.rehashed, ..Proof::of_password(self.credential, self.version, at) }
    }
}
