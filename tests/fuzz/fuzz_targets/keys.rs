//! No text makes the reader of key sets panic, hang or take memory it was not given.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    selfsame::testing::read_keys(text);
});
