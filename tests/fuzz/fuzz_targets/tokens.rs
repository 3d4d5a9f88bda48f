//! No text makes the parser of ID tokens panic, hang or take more memory than it was given.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    selfsame::testing::read_token(text);
});
