//! No bytes make a record's decoder panic, hang or take memory it was not given; what decodes encodes to
//! bytes that decode to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    selfsame::testing::decode_record(kind, bytes);
});
