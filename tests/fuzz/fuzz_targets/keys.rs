//! No text makes the parser of key sets panic, hang or take more memory than it was given.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    selfsame::testing::read_keys(text);
});
