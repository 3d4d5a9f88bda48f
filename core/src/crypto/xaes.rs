//! XAES-256-GCM (C2SP): AES-256-GCM (NIST SP 800-38D) under a key that AES derives for each message from the first
//! half of its nonce (SP 800-108r1). Nonces of 192 bits can be random for any number of messages.

use std::hint::black_box;
use std::sync::LazyLock;

use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use aes::{Aes256Enc, Block};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

pub(super) const NONCE_LEN: usize = 24;
pub(super) const TAG_LEN: usize = 16;

/// A key of XAES-256-GCM, expanded once. A message then costs two blocks of AES and the expansion of its own key.
///
/// It is in a box, so that moving it leaves no copy, and it is overwritten there when it is dropped. What `aes` leaves
/// on the stack while it expands the key stays until the stack is used again, because only `unsafe` code could reach
/// it.
pub(super) struct Xaes(Box<Expanded>);

struct Expanded {
    aes: Aes256Enc,
    /// K1 of the specification, as in CMAC (SP 800-38B section 6.1).
    k1: Zeroizing<[u8; 16]>,
}

/// The cipher failed: changed bytes, another key, or a message of 64 GiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Failed;

impl Xaes {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let aes = Aes256Enc::new(key.into());
        let mut l = Zeroizing::new([0; 16]);
        aes.encrypt_block((&mut *l).into());
        let l = u128::from_be_bytes(*l);
        let k1 = (l << 1) ^ ((l >> 127) * 0x87);
        Self(Box::new(Expanded { aes, k1: Zeroizing::new(k1.to_be_bytes()) }))
    }

    /// Encrypts `body` in place and returns its tag.
    pub(super) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Failed> {
        let (key, nonce) = self.of_message(nonce)?;
        let tag = key.0.seal_in_place_separate_tag(nonce, Aad::from(aad), body).map_err(|_| Failed)?;
        tag.as_ref().try_into().map_err(|_| Failed)
    }

    /// Decrypts a body with its tag in place, and returns the plain part of it.
    pub(super) fn open<'a>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &'a mut [u8],
    ) -> Result<&'a mut [u8], Failed> {
        let (key, nonce) = self.of_message(nonce)?;
        key.0.open_in_place(nonce, Aad::from(aad), body).map_err(|_| Failed)
    }

    /// The key and the nonce with which AES-256-GCM seals a message: Kx and the last half of the nonce.
    fn of_message(&self, nonce: &[u8; NONCE_LEN]) -> Result<(MessageKey, Nonce), Failed> {
        let (first, last) = nonce.split_first_chunk::<12>().ok_or(Failed)?;
        let mut key = Zeroizing::new([0; 32]);
        let halves = key.as_chunks_mut::<16>().0;
        for (number, half) in (1..).zip(halves.iter_mut()) {
            let m = [0, number, b'X', 0].into_iter().chain(*first);
            for ((to, m), k1) in half.iter_mut().zip(m).zip(&*self.0.k1) {
                *to = m ^ k1;
            }
        }
        self.0.aes.encrypt_blocks(Block::cast_slice_from_core_mut(halves));
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| Failed)?;
        let nonce = Nonce::try_assume_unique_for_key(last).map_err(|_| Failed)?;
        Ok((MessageKey(LessSafeKey::new(key)), nonce))
    }
}

/// The key of one message. ring wipes none of its keys, so this one is overwritten when it is dropped.
struct MessageKey(LessSafeKey);

/// The blank key that overwrites others.
static BLANK: LazyLock<Option<LessSafeKey>> =
    LazyLock::new(|| UnboundKey::new(&AES_256_GCM, &[0; 32]).ok().map(LessSafeKey::new));

impl Drop for MessageKey {
    fn drop(&mut self) {
        if let Some(blank) = &*BLANK {
            self.0.clone_from(blank);
            // Without a use the compiler may remove the write.
            black_box(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use shake::digest::{ExtendableOutput as _, Update as _, XofReader};
    use shake::{Shake128, Shake128Reader};
    use xaes_256_gcm::Xaes256Gcm;
    use xaes_256_gcm::aead::{Aead as _, KeyInit as _, Payload};

    use super::*;
    use crate::crypto::entropy::SeededEntropy;
    use crate::crypto::hex;
    use crate::crypto::json::{Json, Object, object};
    use crate::ground::entropy::Entropy as _;

    /// The test vectors of the specification (c2sp.org/XAES-256-GCM, under the BSD 1-Clause License): what the README
    /// lists, and the digests of its reference implementation's accumulated test.
    const VECTORS: &str = include_str!("xaes-256-gcm.json");

    fn sealed(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut body = plain.to_vec();
        let tag = Xaes::new(key).seal(nonce, aad, &mut body).unwrap();
        body.extend_from_slice(&tag);
        body
    }

    fn text<'a>(of: &'a Object, member: &str) -> &'a str {
        of[member].text().unwrap()
    }

    #[test]
    fn a_seal_is_that_of_the_specification() {
        let vectors = object(VECTORS.as_bytes()).unwrap();
        let Json::List(vectors) = &vectors["vectors"] else { panic!("no vectors") };
        assert_eq!(vectors.len(), 2);
        for vector in vectors {
            let Json::Object(vector) = vector else { panic!("no vector") };
            let text = |member| text(vector, member);
            let key = hex(text("key")).try_into().unwrap();
            let nonce = text("nonce_ascii").as_bytes().try_into().unwrap();
            assert_eq!(Xaes::new(&key).0.k1[..], hex(text("K1")));
            let (aad, plain) = (text("aad_ascii").as_bytes(), text("plaintext_ascii").as_bytes());
            let made = sealed(&key, nonce, aad, plain);
            assert_eq!(made, hex(text("ciphertext")));
            let mut body = made;
            assert_eq!(Xaes::new(&key).open(nonce, aad, &mut body).unwrap(), plain);
        }
    }

    #[test]
    fn ten_thousand_seals_are_those_of_the_specification() {
        let vectors = object(VECTORS.as_bytes()).unwrap();
        let Json::Object(accumulated) = &vectors["accumulated"] else { panic!("no digests") };
        let wanted = hex(text(accumulated, "rounds_10000"));
        let mut source = Shake128::default().finalize_xof();
        let mut all = Shake128::default();
        for _ in 0..10_000 {
            let (key, nonce) = (read::<32>(&mut source), read::<24>(&mut source));
            let (plain, aad) = (of_any_length(&mut source), of_any_length(&mut source));
            let mut made = sealed(&key, &nonce, &aad, &plain);
            all.update(&made);
            assert_eq!(Xaes::new(&key).open(&nonce, &aad, &mut made).unwrap(), plain);
        }
        let mut digest = vec![0; 32];
        all.finalize_xof().read(&mut digest);
        assert_eq!(digest, wanted);
    }

    fn read<const N: usize>(source: &mut Shake128Reader) -> [u8; N] {
        let mut bytes = [0; N];
        source.read(&mut bytes);
        bytes
    }

    fn of_any_length(source: &mut Shake128Reader) -> Vec<u8> {
        let [length] = read::<1>(source);
        let mut bytes = vec![0; usize::from(length)];
        source.read(&mut bytes);
        bytes
    }

    /// Every length of a message up to five blocks, and some around a row's.
    #[test]
    fn another_implementation_opens_what_this_one_seals_and_the_other_way_round() {
        let entropy = SeededEntropy::new(1);
        for length in (0..=80).chain([599, 600, 65_536]) {
            let (mut key, mut nonce) = ([0; 32], [0; 24]);
            let (mut aad, mut plain) = (vec![0; length / 2], vec![0; length]);
            for bytes in [&mut key[..], &mut nonce, &mut aad, &mut plain] {
                entropy.fill(bytes).unwrap();
            }
            let other = Xaes256Gcm::new(&key.into());
            let ours = sealed(&key, &nonce, &aad, &plain);
            let theirs = other.encrypt(&nonce.into(), Payload { msg: &plain, aad: &aad }).unwrap();
            assert_eq!(ours, theirs, "{length} bytes");
            let opened = other.decrypt(&nonce.into(), Payload { msg: &ours, aad: &aad }).unwrap();
            assert_eq!(opened, plain);
            let mut body = theirs;
            assert_eq!(Xaes::new(&key).open(&nonce, &aad, &mut body).unwrap(), plain);
        }
    }

    #[test]
    fn every_byte_of_the_nonce_counts() {
        let (key, nonce) = ([7; 32], [9; 24]);
        let made = sealed(&key, &nonce, b"place", b"plain");
        for at in 0..nonce.len() {
            let mut other = nonce;
            other[at] ^= 1;
            assert_eq!(Xaes::new(&key).open(&other, b"place", &mut made.clone()), Err(Failed), "byte {at}");
        }
    }
}
