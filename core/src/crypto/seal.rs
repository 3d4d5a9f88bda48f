//! Sealing: AES-256-GCM (NIST SP 800-38D) over a value and its place.

use std::hint::black_box;
use std::sync::LazyLock;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::ground::entropy::{Entropy, EntropyFailed};

/// The bytes that sealing adds to a value: the nonce before it and the tag after it.
pub(crate) const OVERHEAD: usize = NONCE_LEN + 16;

/// The layout of sealed values and of what is authenticated with them.
const FORMAT: u8 = 1;

/// A key that seals.
///
/// ring wipes none of its keys. This one is in a box, so that moving it leaves no copy, and it is overwritten there
/// when it is dropped. What ring leaves on the stack while it expands the key stays until the stack is used
/// again, because only `unsafe` code could reach it.
pub(crate) struct SealKey(Option<Box<LessSafeKey>>);

/// Where a sealed value belongs. It does not open in any other place.
pub(crate) struct Place<'a> {
    /// The row's key.
    pub(crate) key: &'a [u8],
    /// Which of the row's sealed parts it is.
    pub(crate) part: u8,
    /// The readable bytes beside it in the row, which must not be changed either.
    pub(crate) clear: &'a [u8],
}

/// A sealed value did not open: another key, another place, or changed bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OpenFailed;

impl SealKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(expanded(key))
    }

    /// Returns `nonce 12 || ciphertext || tag 16`. The nonce is random and drawn only here. One key stays far below the
    /// 2^32 seals that random nonces allow (SP 800-38D section 8.3).
    pub(crate) fn seal(
        &self,
        entropy: &dyn Entropy,
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, EntropyFailed> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce)?;
        // Allocates the exact size, because growing would leave a copy of the plain value behind.
        let mut sealed = Vec::with_capacity(plain.len().saturating_add(OVERHEAD));
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let body = sealed.get_mut(NONCE_LEN..).ok_or(EntropyFailed)?;
        // ring refuses values of 64 GiB and more, which no caller has.
        let key = self.0.as_ref().ok_or(EntropyFailed)?;
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), place.aad(), body)
            .map_err(|_| EntropyFailed);
        match tag {
            Ok(tag) => sealed.extend_from_slice(tag.as_ref()),
            Err(failed) => {
                zeroize::Zeroize::zeroize(&mut sealed);
                return Err(failed);
            }
        }
        Ok(sealed)
    }

    /// Returns the value if it was sealed with this key for this place.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(OpenFailed)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let key = self.0.as_ref().ok_or(OpenFailed)?;
        let length = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), place.aad(), &mut plain)
            .map_err(|_| OpenFailed)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// Expands a key. Returns `None` for a wrong length, which the type rules out. Such a key would seal and open
/// nothing.
fn expanded(key: &[u8; 32]) -> Option<Box<LessSafeKey>> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(|key| Box::new(LessSafeKey::new(key)))
}

/// The blank key that overwrites others. It is made once, because that takes as long as a seal.
static BLANK: LazyLock<Option<Box<LessSafeKey>>> = LazyLock::new(|| expanded(&[0; 32]));

impl Drop for SealKey {
    fn drop(&mut self) {
        if let (Some(key), Some(blank)) = (&mut self.0, &*BLANK) {
            key.clone_from(blank);
            // Without a use the compiler may remove the write.
            black_box(key);
        }
    }
}

impl Place<'_> {
    /// `[format][length of key, 8 bytes][key][part][clear]`, so that no two places give the same bytes.
    fn aad(&self) -> Aad<Vec<u8>> {
        let mut bytes = Vec::with_capacity(10 + self.key.len() + self.clear.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&(self.key.len() as u64).to_be_bytes());
        bytes.extend_from_slice(self.key);
        bytes.push(self.part);
        bytes.extend_from_slice(self.clear);
        Aad::from(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::entropy::{SeededEntropy, SystemEntropy};
    use crate::crypto::hex;

    const HERE: Place<'_> = Place { key: b"account 1", part: 0, clear: b"v1" };

    fn key() -> SealKey {
        SealKey::new(&[7; 32])
    }

    #[test]
    fn a_sealed_value_opens_at_its_place() {
        for plain in [&b""[..], b"a", &[9; 70_000]] {
            let sealed = key().seal(&SystemEntropy, &HERE, plain).unwrap();
            assert_eq!(sealed.len(), plain.len() + OVERHEAD);
            assert_eq!(sealed.capacity(), sealed.len(), "the buffer grew");
            assert_eq!(key().open(&HERE, &sealed).unwrap().as_slice(), plain);
        }
    }

    #[test]
    fn the_nonce_is_new_each_time() {
        let entropy = SeededEntropy::new(1);
        let (one, two) = (key().seal(&entropy, &HERE, b"same"), key().seal(&entropy, &HERE, b"same"));
        assert_ne!(one.unwrap()[..NONCE_LEN], two.unwrap()[..NONCE_LEN]);
    }

    #[test]
    fn a_value_that_was_moved_does_not_open() {
        let sealed = key().seal(&SystemEntropy, &HERE, b"plain").unwrap();
        for (key_bytes, part, clear) in [
            (&b"account 2"[..], 0, &b"v1"[..]),
            (b"account 1", 1, b"v1"),
            (b"account 1", 0, b"v2"),
            (b"account 1", 0, b""),
            // The same bytes with another boundary.
            (b"account 1\0", 0, b"1"),
            (b"account 1\0v1", 0, b""),
            (b"", 0, b"account 1\0v1"),
        ] {
            assert_eq!(key().open(&Place { key: key_bytes, part, clear }, &sealed), Err(OpenFailed));
        }
        assert_eq!(SealKey::new(&[8; 32]).open(&HERE, &sealed), Err(OpenFailed));
    }

    #[test]
    fn a_changed_or_shortened_value_does_not_open() {
        let sealed = key().seal(&SystemEntropy, &HERE, b"plain").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key().open(&HERE, &changed), Err(OpenFailed), "byte {at}");
            assert_eq!(key().open(&HERE, &sealed[..at]), Err(OpenFailed), "first {at} bytes");
        }
    }

    #[test]
    fn without_randomness_nothing_is_sealed() {
        struct Dry;
        impl Entropy for Dry {
            fn fill(&self, _: &mut [u8]) -> Result<(), EntropyFailed> {
                Err(EntropyFailed)
            }
        }
        assert_eq!(key().seal(&Dry, &HERE, b"plain"), Err(EntropyFailed));
    }

    /// Another implementation (OpenSSL), written from the comments here, gave these bytes.
    #[test]
    fn a_value_sealed_by_the_first_release_opens_in_every_later_one() {
        let golden = hex("d62f24359c77ce112729fa81dd529d96ee7392da26b8fc0491b4d63cc194c0de2c");
        assert_eq!(key().seal(&SeededEntropy::new(1), &HERE, b"plain").unwrap(), golden);
        assert_eq!(key().open(&HERE, &golden).unwrap().as_slice(), b"plain");
    }
}
