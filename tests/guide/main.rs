//! The Rust code of docs/guide. `build.rs` takes the blocks of each page, the module of the same name compiles them as
//! they are on the page, and its tests call every function of them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the tutorial is a program for a terminal")]

/// The code of a page.
macro_rules! page {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

mod pages;
mod terminal;

mod anchor;
mod change_email;
mod delete_and_restore;
mod errors;
mod export;
mod forgotten_password;
mod fresh_proof;
mod host;
mod import;
mod key;
mod link;
mod offline;
mod password;
mod products;
mod provider;
mod second_factor;
mod server;
mod sessions;
mod strangers;
mod test;
mod tutorial;

use std::fs;
use std::path::Path;

const PASSWORD: &str = "correct horse battery staple";

#[test]
fn every_block_of_rust_on_the_pages_is_compiled() {
    let here = include_str!("main.rs");
    let pages = pages::pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide")).unwrap();
    assert!(pages.len() > 15, "{} pages", pages.len());
    for page in pages {
        let module = if page.name == "rust" { "tutorial".to_owned() } else { page.name.replace('-', "_") };
        assert!(here.contains(&format!("\nmod {module};\n")), "no module compiles the page {}", page.name);
        let compiled = Path::new(env!("OUT_DIR")).join(&page.name).with_extension("rs");
        assert_eq!(fs::read_to_string(compiled).unwrap(), page.code);
    }
}
