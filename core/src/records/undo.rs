//! The undo of a protected act (SPEC 7.3).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::crypto::draw::Draw;
use crate::crypto::keys::Keys;
use crate::crypto::long_code::LongCode;
use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;
use crate::records::credentials::Credentials;
use crate::records::mfa::SecondFactor;
use crate::records::proof::NewPassword;
use crate::records::protected::ProtectedAct;

/// What an undo code undoes. The row's key is the keyed hash of the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) act: ProtectedAct,
    /// The account's revision before the act. It orders two acts, even within a millisecond.
    pub(crate) revision: u64,
    /// The credentials that the undo puts back.
    pub(crate) before: Credentials,
    pub(crate) made_at: Timestamp,
    /// On the slow clock.
    pub(crate) expires_at: Timestamp,
}

impl Record for Undo {
    const VERSION: u8 = 1;
}

/// The keyed hash of an undo code.
pub(crate) type UndoHash = [u8; 32];

/// A code that undoes an act. It has 120 bits, so a fast keyed hash of it may be stored.
#[derive(Clone)]
pub(crate) struct UndoCode(LongCode);

impl UndoCode {
    pub(crate) fn draw(draw: &Draw) -> Self {
        Self(LongCode::new(draw.bytes("undo code")))
    }

    /// Parses a code as somebody typed it.
    pub(crate) fn parse(typed: &Secret) -> Option<Self> {
        LongCode::parse(typed.reveal()).map(Self)
    }

    pub(crate) fn print(&self) -> Secret {
        self.0.print()
    }

    pub(crate) fn hash(&self, keys: &Keys) -> UndoHash {
        keys.code(&[b"undo", self.0.as_bytes()])
    }
}

impl Serialize for UndoCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UndoCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <[u8; 15]>::deserialize(deserializer).map_err(|_| D::Error::custom("120 bits"))?;
        Ok(Self(LongCode::new(bytes)))
    }
}

/// An undo in progress. Its code was right.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undoing {
    pub(crate) account: AccountId,
    pub(crate) code: UndoHash,
    pub(crate) asks: Asks,
    pub(crate) new_password: Option<NewPassword>,
    /// The current second factor that the person has proven, and its generation (SPEC 5.10).
    pub(crate) second: Option<(SecondFactor, u32)>,
}

impl Undoing {
    /// Returns one for the golden bytes.
    #[cfg(test)]
    pub(crate) fn sample(account: AccountId) -> Self {
        let second = Some((SecondFactor::Totp, 1));
        Self { account, code: [6; 32], asks: Asks::SecondFactor, new_password: None, second }
    }
}

/// The next proof or password that an undo asks for. The former second factor comes last, because the act itself uses
/// up its code (SPEC 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Asks {
    NewPassword,
    /// The second factor that the account has now, if it is so old that an undo code alone cannot remove it (SPEC 7.5).
    SecondFactor,
    /// The second factor that the account had before the act, or one that was replaced since (SPEC 7.5).
    FormerSecondFactor,
}
