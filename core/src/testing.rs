//! Entry points for tests: seeded randomness, stores of other kinds, and the suite that every store passes.
//! Never part of a release of the bindings.

pub use crate::crypto::entropy::SeededEntropy;
pub use crate::store::testing::*;

use crate::crypto::seal::{Place, SealKey};
use crate::ground::codec::{Record, decode, encode};
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::records::every_record;

/// Decodes the bytes as the record with this number, for a fuzzer. Returns whether they are such a record.
///
/// # Panics
/// Panics if a decoded record changes when it is encoded and decoded again.
pub fn decode_record(kind: u8, bytes: &[u8]) -> bool {
    macro_rules! decoders {
        ($($module:ident::$record:ident,)*) => {
            &[$(round_trips::<crate::records::$module::$record> as fn(&[u8]) -> bool),*]
        };
    }
    let decoders: &[fn(&[u8]) -> bool] = every_record!(decoders);
    decoders.get(usize::from(kind) % decoders.len()).is_some_and(|decode| decode(bytes))
}

fn round_trips<R: Record>(bytes: &[u8]) -> bool {
    let Ok(record) = decode::<R>(bytes) else { return false };
    // A record that encodes to more than a body may have was decoded from shorter forms of the same numbers.
    if let Ok(first) = encode(&record) {
        let second = decode::<R>(&first).ok().and_then(|again| encode(&again).ok());
        assert!(second.as_deref() == Some(&*first), "a record changes by being written again");
    }
    true
}

/// Reads a text as an ID token, for a fuzzer. Returns whether the text has the form of an ID token.
pub fn read_token(text: &str) -> bool {
    crate::crypto::jose::Jws::parse(text).is_ok()
}

/// Reads a text as a key set, for a fuzzer. Returns whether the text is a key set.
pub fn read_keys(text: &str) -> bool {
    crate::crypto::jwk::KeySet::parse(text).is_ok()
}

/// Returns a function that seals values as a store does, to measure what a seal costs.
pub fn sealing<'a>(
    key: &[u8; 32],
    entropy: &'a dyn Entropy,
) -> impl Fn(&[u8]) -> Result<Vec<u8>, EntropyFailed> + use<'a> {
    let key = SealKey::new(key);
    move |plain| key.seal(entropy, &Place { key: &[7; 33], part: 0, clear: &[] }, plain)
}

/// Reads a text as another service's password hash, for a fuzzer. Returns whether the text is one.
///
/// # Panics
/// Panics if the made-up hash of the same cost is not one, or has another cost.
pub fn read_hash(text: &str) -> bool {
    let Ok(hash) = crate::crypto::foreign::ForeignHash::parse(text) else { return false };
    hash.check_specimen();
    true
}
