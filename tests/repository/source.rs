//! Access to the repository's own source, for the tests that read it.

#![expect(clippy::unwrap_used, reason = "the whole file serves tests")]

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file in `folder` whose name ends in `ending`, sorted, without hidden and built files.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "node_modules"].contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The words and signs of Rust source in order, without comments and texts.
pub(crate) fn words(source: &str) -> Vec<String> {
    fn flat(tokens: TokenStream, found: &mut Vec<String>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => flat(group.stream(), found),
                TokenTree::Ident(ident) => found.push(ident.unraw().to_string()),
                TokenTree::Punct(sign) => found.push(sign.to_string()),
                TokenTree::Literal(literal) => found.push(literal.to_string()),
            }
        }
    }
    let mut found = Vec::new();
    flat(source.parse().unwrap(), &mut found);
    found
}
