//! The machine's randomness, and under `testing` a reproducible source.

#![cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "public through `testing` only"))]

use std::sync::{Mutex, PoisonError};

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::ground::entropy::{Entropy, EntropyFailed};

#[cfg(any(test, feature = "testing"))]
pub use seeded::SeededEntropy;

/// The bytes that [`Pooled`] draws at once.
const POOL: usize = 16 * 1024;

/// Draws from another source in large pieces, because each draw from the operating system is a system call. It lives
/// as long as one act. Each byte is given out once and is overwritten then.
pub(crate) struct Pooled<'a> {
    source: &'a dyn Entropy,
    pool: Mutex<Zeroizing<Vec<u8>>>,
}

impl<'a> Pooled<'a> {
    pub(crate) fn new(source: &'a dyn Entropy) -> Self {
        Self { source, pool: Mutex::default() }
    }
}

impl Entropy for Pooled<'_> {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < out.len() {
            let mut drawn = Zeroizing::new(vec![0; POOL.max(out.len())]);
            self.source.fill(&mut drawn)?;
            *pool = drawn;
        }
        let left = pool.len() - out.len();
        for (to, from) in out.iter_mut().zip(pool.iter_mut().skip(left)) {
            *to = std::mem::take(from);
        }
        pool.truncate(left);
        Ok(())
    }
}

/// The operating system's source of randomness.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for randomness")]
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
        SystemRandom::new().fill(out).map_err(|_| EntropyFailed)
    }
}

#[cfg(any(test, feature = "testing"))]
mod seeded {
    use std::fmt;
    use std::sync::{Mutex, PoisonError};

    use zeroize::Zeroizing;

    use super::super::kdf::Mac;
    use crate::ground::entropy::{Entropy, EntropyFailed};

    /// Randomness from a seed, for tests. The same seed and the same calls give the same bytes.
    ///
    /// Opening a file stirs in its commit stamp, so that one seed never gives one file the same nonce twice if
    /// something was committed in between. Two copies of one file can get the same nonces, so do not seal real
    /// secrets with it.
    pub struct SeededEntropy(Mutex<Stream>);

    /// A stream of blocks HMAC(key, counter), as in HKDF and the counter mode of SP 800-108.
    struct Stream {
        key: Mac,
        counter: u64,
    }

    impl SeededEntropy {
        /// Makes the source of this seed.
        pub fn new(seed: u64) -> Self {
            let key = Mac::new(&[0; 32]).of(&[b"selfsame/seeded", &seed.to_be_bytes()]);
            Self(Mutex::new(Stream { key: Mac::new(&key), counter: 0 }))
        }
    }

    impl Entropy for SeededEntropy {
        fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
            let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for chunk in out.chunks_mut(32) {
                stream.counter += 1;
                let block = stream.block(b"draw", stream.counter);
                for (to, from) in chunk.iter_mut().zip(block.iter()) {
                    *to = *from;
                }
            }
            Ok(())
        }

        /// The following bytes depend on the seed and all stamps, but not on how much was drawn before. So a store in
        /// a file and one in memory get the same bytes.
        fn stir(&self, commit_stamp: u64) {
            let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = stream.block(b"stir", commit_stamp);
            *stream = Stream { key: Mac::new(&key), counter: 0 };
        }
    }

    impl Stream {
        fn block(&self, purpose: &[u8; 4], number: u64) -> Zeroizing<[u8; 32]> {
            self.key.of(&[purpose, &number.to_be_bytes()])
        }
    }

    impl fmt::Debug for SeededEntropy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("SeededEntropy(…)")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn take(source: &dyn Entropy) -> [u8; 32] {
        let mut bytes = [0; 32];
        source.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_system_gives_other_bytes_each_time() {
        assert_ne!(take(&SystemEntropy), take(&SystemEntropy));
        assert_eq!(SystemEntropy.fill(&mut []), Ok(()));
    }

    #[test]
    fn a_pool_gives_each_byte_of_its_source_once() {
        // Counts up, so that every four bytes are different from all others.
        struct Counting(Mutex<u32>);
        impl Entropy for Counting {
            fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
                let mut next = self.0.lock().unwrap();
                for four in out.chunks_mut(4) {
                    four.copy_from_slice(&next.to_be_bytes());
                    *next += 1;
                }
                Ok(())
            }
        }
        let source = Counting(Mutex::new(0));
        let pool = Pooled::new(&source);
        let mut seen = HashSet::new();
        for length in [12, 32, 4, 20_000, 12, 0, 16_384, 8].repeat(2) {
            let mut out = vec![0xff; length];
            pool.fill(&mut out).unwrap();
            assert!(out.chunks(4).all(|four| seen.insert(four.to_vec())), "{length} bytes came again");
        }
        struct Dry;
        impl Entropy for Dry {
            fn fill(&self, _: &mut [u8]) -> Result<(), EntropyFailed> {
                Err(EntropyFailed)
            }
        }
        assert_eq!(Pooled::new(&Dry).fill(&mut [0; 12]), Err(EntropyFailed));
    }

    #[test]
    fn r13_6_a_seed_always_gives_the_same_bytes_and_another_seed_others() {
        let (one, again, other) = (SeededEntropy::new(1), SeededEntropy::new(1), SeededEntropy::new(2));
        for _ in 0..3 {
            let bytes = take(&one);
            assert_eq!(take(&again), bytes);
            assert_ne!(take(&other), bytes);
        }
        let mut long = [0; 100];
        one.fill(&mut long).unwrap();
        assert_ne!(long[..32], long[32..64]);
        assert_ne!(long[96..], [0; 4]);
    }

    #[test]
    fn r13_6_two_opens_of_one_file_never_give_the_same_bytes() {
        let mut seen = HashSet::new();
        // Each run stands for a new process with the same seed. Only the stamp differs.
        for stamp in 0..50 {
            let source = SeededEntropy::new(1);
            assert_eq!(seen.insert(take(&source)), stamp == 0, "the bytes before the file is open");
            source.stir(stamp);
            for _ in 0..20 {
                assert!(seen.insert(take(&source)), "stamp {stamp}");
            }
        }
        // Here one source opens the file twice at the same stamp.
        let source = SeededEntropy::new(1);
        source.stir(3);
        source.stir(3);
        assert!(seen.insert(take(&source)));
    }
}
