//! SHA-256 over parts, and the comparison of secrets.

use ctutils::CtEq;
use ring::digest::{Context, SHA256};

/// Whether the two are equal. The time does not reveal where they differ. Their lengths are not secret.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).to_bool()
}

/// SHA-256 of the parts and their boundaries: each part follows its length (8 bytes, big-endian).
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&length(part));
        context.update(part);
    }
    finished(context)
}

/// SHA-256 of the bytes alone, as standards of others use it.
pub(crate) fn plain_sha256(bytes: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    finished(context)
}

fn finished(context: Context) -> [u8; 32] {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

pub(super) fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_is_equality() {
        assert!(same(b"", b""));
        assert!(same(b"abc", b"abc"));
        for (a, b) in [(&b"abc"[..], &b"abd"[..]), (b"abc", b"Abc"), (b"abc", b"ab"), (b"", b"a")] {
            assert!(!same(a, b));
        }
    }
}
