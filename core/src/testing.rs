//! Doors for tests: seeded randomness, stores of other kinds, and the suite that every store passes.
//! Never part of a release of the bindings.

pub use crate::crypto::entropy::SeededEntropy;
pub use crate::store::testing::*;

use crate::ground::codec::{Record, decode, encode};

/// Decodes the bytes as the record of this number, for a fuzzer: whether they are one.
///
/// # Panics
/// When a record that was decoded does not encode to bytes that decode to the same bytes again.
pub fn decode_record(kind: u8, bytes: &[u8]) -> bool {
    use crate::engine::unlock::Header;
    use crate::records::account::Account;
    use crate::records::audit::Event;
    use crate::records::deletion::Reminder;
    use crate::records::flow::Flow;
    use crate::records::mailed_code::Pace;
    use crate::records::message::Outgoing;
    use crate::records::pending::Pending;
    use crate::records::privacy::PrivacyRequest;
    use crate::records::provider::GivenKeys;
    use crate::records::purge::Purging;
    use crate::records::purge::Tombstone;
    use crate::records::session::Session;
    use crate::records::support::SupportRecord;
    use crate::records::throttle::UnknownSlot;
    use crate::records::undo::Undo;
    use crate::store::meta::ClockEvent;
    use crate::store::meta::Meta;
    use crate::store::view::Claim;
    use crate::store::view::Present;
    match kind % 20 {
        0 => round_trips::<Account>(bytes),
        1 => round_trips::<Session>(bytes),
        2 => round_trips::<Event>(bytes),
        3 => round_trips::<Flow>(bytes),
        4 => round_trips::<Outgoing>(bytes),
        5 => round_trips::<Pace>(bytes),
        6 => round_trips::<UnknownSlot>(bytes),
        7 => round_trips::<Claim>(bytes),
        8 => round_trips::<ClockEvent>(bytes),
        9 => round_trips::<Meta>(bytes),
        10 => round_trips::<Header>(bytes),
        11 => round_trips::<GivenKeys>(bytes),
        12 => round_trips::<Purging>(bytes),
        13 => round_trips::<Reminder>(bytes),
        14 => round_trips::<Tombstone>(bytes),
        15 => round_trips::<SupportRecord>(bytes),
        16 => round_trips::<PrivacyRequest>(bytes),
        17 => round_trips::<Undo>(bytes),
        18 => round_trips::<Pending>(bytes),
        _ => round_trips::<Present>(bytes),
    }
}

fn round_trips<R: Record>(bytes: &[u8]) -> bool {
    let Ok(record) = decode::<R>(bytes) else { return false };
    // What encodes to more than a body may have was made of shorter forms of the same numbers.
    if let Ok(first) = encode(&record) {
        let second = decode::<R>(&first).ok().and_then(|again| encode(&again).ok());
        assert!(second.as_deref() == Some(&*first), "a record changes by being written again");
    }
    true
}

/// Reads a text as an ID token, for a fuzzer: whether it has the form of one.
pub fn read_token(text: &str) -> bool {
    crate::crypto::jose::Jws::parse(text).is_ok()
}

/// Reads a text as a key set, for a fuzzer: whether it is one.
pub fn read_keys(text: &str) -> bool {
    crate::crypto::jwk::KeySet::parse(text).is_ok()
}
