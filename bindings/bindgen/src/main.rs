//! Writes the modules of the other languages from the built library; all of it is UniFFI's.

fn main() {
    uniffi::uniffi_bindgen_main();
}
