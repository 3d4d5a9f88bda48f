//! Writes the modules of the other languages from the built library: UniFFI's generator, and what makes its Swift
//! idiomatic.

mod swift;

use std::env;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    uniffi::uniffi_bindgen_main();
    let words: Vec<_> = env::args().collect();
    let after = |option: &str| words.iter().skip_while(|word| *word != option).nth(1).map(String::as_str);
    match (after("--language"), after("--out-dir")) {
        (Some("swift"), Some(folder)) => swift::adapt(Path::new(folder)),
        _ => Ok(()),
    }
}
