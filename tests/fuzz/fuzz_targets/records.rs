//! No bytes make a record's decoder panic, hang or take more memory than it was given. A decoded record can be encoded
//! and decoded again to the same record.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    selfsame::testing::decode_record(kind, bytes);
});
