//! Writes the modules of the other languages from the built library. UniFFI generates them. A module of this crate then
//! rewrites the text in the idiom of the language.

mod kotlin;
mod swift;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    // This call ends the process if it fails.
    uniffi::uniffi_bindgen_main();
    let arguments: Vec<String> = std::env::args().collect();
    let after =
        |option: &str| arguments.iter().skip_while(|argument| *argument != option).nth(1).map(String::as_str);
    match (after("--language"), after("--out-dir")) {
        (Some("kotlin"), Some(folder)) => kotlin::adapt(Path::new(folder)),
        (Some("swift"), Some(folder)) => swift::adapt(Path::new(folder)),
        _ => Ok(()),
    }
}
