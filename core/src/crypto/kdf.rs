//! HMAC-SHA256 (RFC 2104) and the expand half of HKDF over it (RFC 5869).

use std::hint::black_box;
use std::sync::LazyLock;

use ring::hmac::{Context, HMAC_SHA256, Key};
use zeroize::Zeroizing;

/// A key of HMAC-SHA256.
///
/// ring wipes none of its keys. This one is in a box, so that moving it leaves no copy, and it is overwritten there
/// when it is dropped. What ring leaves on the stack while it makes the key stays until the stack is used
/// again, because only `unsafe` code could reach it.
pub(super) struct Mac(Box<Key>);

impl Mac {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Box::new(Key::new(HMAC_SHA256, key)))
    }

    /// The code of the concatenated parts. If the lengths of parts vary, the caller must prefix them.
    pub(super) fn of(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut context = Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let mut code = Zeroizing::new([0; 32]);
        for (to, from) in code.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        code
    }

    /// HKDF-Expand (RFC 5869 section 2.3) with this key as the pseudorandom key. Every key here is random or derived,
    /// so the extract step is not needed (section 3.3).
    ///
    /// It uses HMAC directly because ring's HKDF can fail, for lengths that never occur here.
    pub(super) fn expand<const N: usize>(&self, label: &str) -> Zeroizing<[u8; N]> {
        const { assert!(N <= 64, "two blocks are enough for every use") };
        let first = self.of(&[label.as_bytes(), &[1]]);
        let second =
            if N > 32 { self.of(&[&first[..], label.as_bytes(), &[2]]) } else { Zeroizing::new([0; 32]) };
        let mut out = Zeroizing::new([0; N]);
        for (to, from) in out.iter_mut().zip(first.iter().chain(second.iter())) {
            *to = *from;
        }
        out
    }
}

/// The blank key that overwrites others. It is made once, because that takes as long as a code.
static BLANK: LazyLock<Key> = LazyLock::new(|| Key::new(HMAC_SHA256, &[0; 32]));

impl Drop for Mac {
    fn drop(&mut self) {
        (*self.0).clone_from(&BLANK);
        // Without a use the compiler may remove the write.
        black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use ring::hkdf;

    use super::*;
    use crate::crypto::hex;

    #[test]
    fn the_code_is_that_of_rfc_4231() {
        // The key of section 4.2 has 20 bytes. HMAC pads keys with zeros.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            Mac::new(&key).of(&[b"Hi ", b"There"]).to_vec(),
            hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        );
    }

    #[test]
    fn expanding_matches_rfc_5869() {
        // The pseudorandom key and the info of appendix A.1. The info is not text, so it is built from bytes.
        let prk: [u8; 32] =
            hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5").try_into().unwrap();
        let mac = Mac::new(&prk);
        let info = hex("f0f1f2f3f4f5f6f7f8f9");
        let first = mac.of(&[&info, &[1]]);
        let second = mac.of(&[&first[..], &info, &[2]]);
        let okm = [&first[..], &second[..]].concat();
        assert_eq!(
            okm[..42],
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        );
    }

    #[test]
    fn expanding_matches_the_hkdf_of_ring() {
        struct Sixty(usize);
        impl hkdf::KeyType for Sixty {
            fn len(&self) -> usize {
                self.0
            }
        }
        let key = [7; 32];
        for label in ["", "a", "selfsame/rows", &"long ".repeat(100)] {
            let mut theirs = [0; 64];
            hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &key)
                .expand(&[label.as_bytes()], Sixty(64))
                .unwrap()
                .fill(&mut theirs)
                .unwrap();
            assert_eq!(*Mac::new(&key).expand::<64>(label), theirs);
            assert_eq!(Mac::new(&key).expand::<10>(label)[..], theirs[..10]);
        }
    }
}
