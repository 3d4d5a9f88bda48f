//! No text makes the reader of ID tokens panic, hang or take memory it was not given.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    selfsame::testing::read_token(text);
});
