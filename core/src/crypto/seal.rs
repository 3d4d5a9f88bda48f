//! Sealing: XAES-256-GCM over a value and its place.

use zeroize::Zeroizing;

use super::xaes::{NONCE_LEN, TAG_LEN, Xaes};
use crate::ground::entropy::{Entropy, EntropyFailed};

/// The bytes that sealing adds to a value: the nonce before it and the tag after it.
pub(crate) const OVERHEAD: usize = NONCE_LEN + TAG_LEN;

/// The layout of sealed values and of what is authenticated with them.
const FORMAT: u8 = 1;

/// A key that seals. Overwritten when dropped.
pub(crate) struct SealKey(Xaes);

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
        Self(Xaes::new(key))
    }

    /// Returns `nonce 24 || ciphertext || tag 16`. The nonce is random and drawn only here. One key seals any number
    /// of values: after 2^80 of them, the chance of a repeated nonce is 2^-32 (c2sp.org/XAES-256-GCM).
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
        // The cipher refuses values of 64 GiB and more, which no caller has.
        match self.0.seal(&nonce, &place.aad(), body) {
            Ok(tag) => sealed.extend_from_slice(&tag),
            Err(_) => {
                zeroize::Zeroize::zeroize(&mut sealed);
                return Err(EntropyFailed);
            }
        }
        Ok(sealed)
    }

    /// Returns the value if it was sealed with this key for this place.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenFailed> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(OpenFailed)?;
        let mut plain = Zeroizing::new(body.to_vec());
        let length = self.0.open(nonce, &place.aad(), &mut plain).map_err(|_| OpenFailed)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

impl Place<'_> {
    /// `[format][length of key, 8 bytes][key][part][clear]`, so that no two places give the same bytes.
    fn aad(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(10 + self.key.len() + self.clear.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&(self.key.len() as u64).to_be_bytes());
        bytes.extend_from_slice(self.key);
        bytes.push(self.part);
        bytes.extend_from_slice(self.clear);
        bytes
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

    /// Another implementation (the AES, CMAC and AES-GCM of Python's `cryptography`), written from the comments here
    /// and the specification, gave these bytes.
    #[test]
    fn a_value_sealed_by_the_first_release_opens_in_every_later_one() {
        let golden = hex("d62f24359c77ce112729fa815375a88725d59896fb6dd941\
                          96a648ca082e44b9085e3c54023ed76349dd8017c2");
        assert_eq!(key().seal(&SeededEntropy::new(1), &HERE, b"plain").unwrap(), golden);
        assert_eq!(key().open(&HERE, &golden).unwrap().as_slice(), b"plain");
    }
}
