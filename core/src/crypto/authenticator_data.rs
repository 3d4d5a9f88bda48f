//! What an authenticator says of itself and of a new passkey (Web Authentication level 3, section 6): bytes in a fixed
//! layout, read to the last one.

use super::cbor::{self, Value};
use super::cose::{BadKey, PublicKey};

/// Why bytes are no answer of a passkey.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotAnAnswer {
    Malformed,
    /// The passkey's algorithm is none that was asked for.
    Algorithm,
}

/// WebAuthn level 3 section 7.1: "Verify that the credentialId is ≤ 1023 bytes."
const LONGEST_ID: usize = 1_023;

/// What the authenticator says (section 6.1).
#[derive(Clone, Copy)]
pub(crate) struct AuthenticatorData {
    pub(crate) rp_id_hash: [u8; 32],
    pub(crate) user_present: bool,
    pub(crate) user_verified: bool,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    pub(crate) counter: u32,
}

/// A new passkey (section 6.5.1). The authenticator's model, the AAGUID, is left out.
#[derive(Clone)]
pub(crate) struct Attested {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) key: PublicKey,
}

impl AuthenticatorData {
    /// Reads authenticator data to its last byte, with the new passkey if there is one.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, Option<Attested>), NotAnAnswer> {
        let head = || {
            let (rp_id_hash, rest) = bytes.split_first_chunk()?;
            let (flags, rest) = rest.split_first()?;
            let (counter, rest) = rest.split_first_chunk()?;
            Some((*rp_id_hash, *flags, u32::from_be_bytes(*counter), rest))
        };
        let (rp_id_hash, flags, counter, mut rest) = head().ok_or(NotAnAnswer::Malformed)?;
        // Bits 1 and 5 are reserved: a later level of the standard may set them.
        let flag = |bit: u8| flags & (1 << bit) != 0;
        let mut attested = None;
        if flag(6) {
            let (passkey, after) = Attested::parse(rest)?;
            attested = Some(passkey);
            rest = after;
        }
        if flag(7) {
            let (extensions, after) = cbor::first(rest).ok_or(NotAnAnswer::Malformed)?;
            extensions.members().ok_or(NotAnAnswer::Malformed)?;
            rest = after;
        }
        let data = Self {
            rp_id_hash,
            user_present: flag(0),
            user_verified: flag(2),
            backup_eligible: flag(3),
            backed_up: flag(4),
            counter,
        };
        if rest.is_empty() { Ok((data, attested)) } else { Err(NotAnAnswer::Malformed) }
    }
}

impl Attested {
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), NotAnAnswer> {
        let parts = || {
            let (_model, rest) = bytes.split_first_chunk::<16>()?;
            let (length, rest) = rest.split_first_chunk()?;
            let (id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
            let (key, rest) = cbor::first(rest)?;
            is_id(id).then_some((id, key, rest))
        };
        let (id, key, rest) = parts().ok_or(NotAnAnswer::Malformed)?;
        let key = PublicKey::read(&key).map_err(|bad| match bad {
            BadKey::Malformed => NotAnAnswer::Malformed,
            BadKey::Algorithm => NotAnAnswer::Algorithm,
        })?;
        Ok((Self { credential_id: id.to_owned(), key }, rest))
    }
}

/// Returns the authenticator data of an attestation object (section 6.5.4). The statement must be well-formed, and
/// where the format is `none` it must be empty (section 8.7).
pub(super) fn attested_data(bytes: &[u8]) -> Option<&[u8]> {
    let object = cbor::whole(bytes).filter(|object| object.members() == Some(3))?;
    let format = object.get(&Value::Text("fmt"))?;
    let statement = object.get(&Value::Text("attStmt"))?.members()?;
    let fits = match format {
        Value::Text("none") => statement == 0,
        Value::Text(_) => true,
        _ => false,
    };
    object.get(&Value::Text("authData"))?.bytes().filter(|_| fits)
}

pub(super) fn is_id(bytes: &[u8]) -> bool {
    (1..=LONGEST_ID).contains(&bytes.len())
}
