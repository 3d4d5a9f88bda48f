//! Argon2id in bounded memory.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize;

use super::cost::{HashCost, HashFailed};
use super::foreign::ForeignHash;
use super::hasher::Hasher;

/// Hashes with RustCrypto's Argon2id in a fixed number of arenas. Engines that get the same hasher share its
/// arenas.
///
/// A hash borrows an arena or waits in line for one. It starts no thread. The arena is kept for the next
/// hash, because fresh memory costs more than the hash in it, and it is overwritten after each hash. It grows
/// to the largest cost so far.
///
/// ```
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// use std::sync::Arc;
/// use std::time::Duration;
/// use selfsame::{Argon2Hasher, Engine, Environment, Policy};
///
/// let hasher = Arc::new(Argon2Hasher::new(2).with_wait(Duration::from_secs(1)));
/// let environment = Environment::system().with_hasher(hasher.clone());
/// let engine = Engine::in_memory(Policy::default(), environment)?;
///
/// engine.sign_up("ada@example.org", &password, &client)?;
/// assert_eq!(hasher.hashes(), 1);
/// # Ok::<(), selfsame::Error>(())
/// ```
pub struct Argon2Hasher {
    arenas: Mutex<Arenas>,
    returned: Condvar,
    wait: Duration,
    hashes: AtomicU64,
}

struct Arenas {
    /// The free arenas, every block zero.
    idle: Vec<Vec<Block>>,
    /// How many more arenas may be created.
    unmade: usize,
    /// The numbers of the waiting callers, in order of arrival.
    queue: VecDeque<u64>,
    /// The number that the next caller gets.
    next: u64,
}

impl Argon2Hasher {
    /// Creates a hasher that makes at most `arenas` hashes at a time. Zero counts as one.
    pub fn new(arenas: usize) -> Self {
        Self {
            arenas: Mutex::new(Arenas {
                idle: Vec::new(),
                unmade: arenas.max(1),
                queue: VecDeque::new(),
                next: 0,
            }),
            returned: Condvar::new(),
            wait: Duration::from_secs(5),
            hashes: AtomicU64::new(0),
        }
    }

    /// Sets how long a caller waits for an arena before it gets [`HashFailed::Busy`]. The default is 5
    /// seconds.
    #[must_use]
    pub fn with_wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Returns how many hashes were made.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    fn borrow(&self, wait: Duration) -> Result<Arena<'_>, HashFailed> {
        let mut arenas = self.lock();
        let number = arenas.next;
        arenas.next += 1;
        arenas.queue.push_back(number);
        let (mut arenas, _) = self
            .returned
            .wait_timeout_while(arenas, wait, |arenas| !arenas.ready_for(number))
            .unwrap_or_else(PoisonError::into_inner);
        let taken = if arenas.ready_for(number) { arenas.take() } else { None };
        arenas.queue.retain(|other| *other != number);
        // The next caller may go on too, because there may be another arena or this caller gave up.
        self.returned.notify_all();
        let blocks = taken.ok_or(HashFailed::Busy { retry_after: wait })?;
        Ok(Arena { hasher: self, blocks, used: 0 })
    }

    /// Locks the list. After a panic of another caller it is still a complete list of arenas.
    fn lock(&self) -> MutexGuard<'_, Arenas> {
        self.arenas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arenas {
    fn ready_for(&self, number: u64) -> bool {
        self.queue.front() == Some(&number) && (self.unmade > 0 || !self.idle.is_empty())
    }

    fn take(&mut self) -> Option<Vec<Block>> {
        self.idle.pop().or_else(|| {
            self.unmade = self.unmade.checked_sub(1)?;
            Some(Vec::new())
        })
    }
}

impl Hasher for Argon2Hasher {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
            .map_err(|_| HashFailed::Unusable)?;
        let mut arena = self.borrow(self.wait)?;
        arena.grow(params.block_count())?;
        let mut tag = [0; 32];
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
            .and_then(|argon2| {
                argon2.hash_password_into_with_memory(password, salt, &mut tag, &mut arena.blocks)
            })
            .map_err(|_| HashFailed::Unusable)?;
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Ok(tag)
    }

    /// Runs at most as many of these at a time as there are arenas, although each allocates memory of its own. A
    /// hash of another service is verified once per imported account.
    fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
        let _admitted = self.borrow(self.wait)?;
        hash.verify(password)
    }

    /// Runs at most as many of these at a time as there are arenas, in memory of its own, because a passphrase's hash
    /// takes more than a password's, and an arena keeps what it once had.
    fn derive_key(&self, cost: HashCost, passphrase: &[u8], salt: &[u8; 16]) -> Result<[u8; 32], HashFailed> {
        let _admitted = self.borrow(self.wait)?;
        let key = Self::new(1).derive(cost, passphrase, salt, &[0; 32])?;
        self.hashes.fetch_add(1, Ordering::Relaxed);
        Ok(key)
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher").field("wait", &self.wait).finish_non_exhaustive()
    }
}

/// A borrowed arena. Overwritten and given back when dropped, even in a panic.
struct Arena<'a> {
    hasher: &'a Argon2Hasher,
    blocks: Vec<Block>,
    /// How many blocks, from the first, this borrower may have written.
    used: usize,
}

impl Arena<'_> {
    fn grow(&mut self, blocks: usize) -> Result<(), HashFailed> {
        self.used = blocks;
        let more = blocks.saturating_sub(self.blocks.len());
        self.blocks.try_reserve_exact(more).map_err(|_| HashFailed::Unusable)?;
        self.blocks.resize(self.blocks.len() + more, Block::new());
        Ok(())
    }
}

impl Drop for Arena<'_> {
    fn drop(&mut self) {
        for block in self.blocks.iter_mut().take(self.used) {
            block.zeroize();
        }
        self.hasher.lock().idle.push(std::mem::take(&mut self.blocks));
        self.hasher.returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use argon2::{AssociatedData, ParamsBuilder};

    use super::*;
    use crate::crypto::hex;

    const SMALL: HashCost = HashCost::new(64, 2, 1);
    /// No test waits as long as this.
    const LONG: Duration = Duration::from_secs(600);
    const BUSY: HashFailed = HashFailed::Busy { retry_after: Duration::ZERO };

    fn derive(hasher: &Argon2Hasher, cost: HashCost) -> Result<[u8; 32], HashFailed> {
        hasher.derive(cost, &[1; 32], &[2; 16], &[3; 32])
    }

    /// The library reproduces the vector of RFC 9106 section 5.3, which has a secret of 8 bytes and associated
    /// data. The hasher has a pepper of 32 bytes and no associated data; for that it gives what the reference
    /// implementation (libargon2) gives.
    #[test]
    fn a_hash_is_that_of_rfc_9106() {
        let mut params = ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4).data(AssociatedData::new(&[4; 12]).unwrap());
        let mut tag = [0; 32];
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params.build().unwrap())
            .unwrap()
            .hash_password_into(&[1; 32], &[2; 16], &mut tag)
            .unwrap();
        assert_eq!(tag[..], hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));

        let ours = derive(&Argon2Hasher::new(1), HashCost::new(32, 3, 4)).unwrap();
        assert_eq!(ours[..], hex("5cc1d0dd551f783be0e488aa6c4d4e47a8cb7c7630726ca9ebacc8d2bb147dff"));
    }

    #[test]
    fn a_used_arena_hashes_like_a_new_one_and_is_zero_afterwards() {
        let hasher = Argon2Hasher::new(1);
        let costs = [SMALL, HashCost::new(256, 1, 2), SMALL, HashCost::new(32, 3, 4)];
        for cost in costs {
            assert_eq!(derive(&hasher, cost), derive(&Argon2Hasher::new(1), cost));
            let arenas = hasher.lock();
            assert_eq!(arenas.idle.len(), 1, "the one arena is kept");
            assert!(arenas.idle[0].iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
        }
        assert_eq!(hasher.lock().idle[0].len(), 256, "the arena is as large as the largest hash");
        assert_eq!(hasher.hashes(), 4);
    }

    #[test]
    fn a_passphrase_is_hashed_like_a_password_without_pepper_and_keeps_no_memory() {
        let hasher = Argon2Hasher::new(1);
        derive(&hasher, SMALL).unwrap();
        let key = hasher.derive_key(HashCost::new(256, 1, 2), &[1; 32], &[2; 16]);
        let same = Argon2Hasher::new(1).derive(HashCost::new(256, 1, 2), &[1; 32], &[2; 16], &[0; 32]);
        assert_eq!(key, same);
        assert_eq!(hasher.lock().idle[0].len(), 64, "the arena is as large as before");
        assert_eq!(hasher.hashes(), 2);
    }

    #[test]
    fn a_panic_also_wipes_the_arena_and_gives_it_back() {
        let hasher = Argon2Hasher::new(1).with_wait(Duration::ZERO);
        let panicked = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let mut arena = hasher.borrow(LONG).unwrap();
                    arena.grow(1).unwrap();
                    arena.blocks[0].as_mut().fill(7);
                    panic!("while hashing");
                })
                .join()
        });
        assert!(panicked.is_err());
        assert!(hasher.lock().idle[0][0].as_ref().iter().all(|word| *word == 0));
        assert!(derive(&hasher, SMALL).is_ok());
    }

    #[test]
    fn when_all_arenas_are_borrowed_a_caller_waits_for_one() {
        let hasher = Argon2Hasher::new(2).with_wait(LONG);
        let (one, two) = (hasher.borrow(LONG).unwrap(), hasher.borrow(LONG).unwrap());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| derive(&hasher, SMALL));
            while hasher.lock().queue.is_empty() {
                thread::yield_now();
            }
            assert_eq!(hasher.hashes(), 0);
            drop(one);
            assert_eq!(waiting.join().unwrap(), derive(&Argon2Hasher::new(1), SMALL));
        });
        drop(two);
        let arenas = hasher.lock();
        assert_eq!((arenas.idle.len(), arenas.unmade, arenas.queue.len()), (2, 0, 0));
    }

    #[test]
    fn callers_are_served_in_order_of_arrival() {
        let hasher = Argon2Hasher::new(1).with_wait(LONG);
        let arena = hasher.borrow(LONG).unwrap();
        let served = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for caller in 0..5 {
                let (hasher, served) = (&hasher, &served);
                scope.spawn(move || {
                    let _arena = hasher.borrow(LONG).unwrap();
                    served.lock().unwrap().push(caller);
                });
                while hasher.lock().queue.len() <= caller {
                    thread::yield_now();
                }
            }
            drop(arena);
        });
        assert_eq!(served.into_inner().unwrap(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_caller_that_gives_up_leaves_the_queue_in_order() {
        let hasher = Argon2Hasher::new(1);
        let arena = hasher.borrow(LONG).unwrap();
        thread::scope(|scope| {
            let first = scope.spawn(|| hasher.borrow(LONG).is_ok());
            while hasher.lock().queue.is_empty() {
                thread::yield_now();
            }
            let before = hasher.lock().queue.clone();
            assert_eq!(hasher.borrow(Duration::ZERO).err(), Some(BUSY));
            assert_eq!(hasher.lock().queue, before);
            drop(arena);
            assert!(first.join().unwrap());
        });
    }

    #[test]
    fn many_callers_share_few_arenas() {
        let hasher = Argon2Hasher::new(2).with_wait(LONG);
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| derive(&hasher, SMALL).unwrap());
            }
        });
        assert_eq!(hasher.hashes(), 16);
        let arenas = hasher.lock();
        assert_eq!(arenas.idle.len() + arenas.unmade, 2);
    }

    #[test]
    fn after_the_wait_the_hasher_is_busy_and_hashes_nothing() {
        let hasher = Argon2Hasher::new(0).with_wait(Duration::ZERO);
        let arena = hasher.borrow(LONG).unwrap();
        assert_eq!(derive(&hasher, SMALL), Err(BUSY));
        assert_eq!(hasher.hashes(), 0);
        drop(arena);
        assert!(derive(&hasher, SMALL).is_ok(), "a hasher has at least one arena");

        let hasher = Argon2Hasher::new(1).with_wait(Duration::from_millis(20));
        let _arena = hasher.borrow(LONG).unwrap();
        assert_eq!(derive(&hasher, SMALL), Err(HashFailed::Busy { retry_after: Duration::from_millis(20) }));
        assert!(hasher.lock().queue.is_empty(), "a caller that gave up is still queued");
    }

    #[test]
    fn costs_that_argon2_rejects_are_refused_without_an_arena() {
        let hasher = Argon2Hasher::new(1).with_wait(Duration::ZERO);
        let _arena = hasher.borrow(LONG).unwrap();
        for (memory_kib, passes, lanes) in [(7, 1, 1), (64, 0, 1), (64, 1, 0), (31, 1, 4)] {
            let cost = HashCost::new(memory_kib, passes, lanes);
            assert_eq!(derive(&hasher, cost), Err(HashFailed::Unusable), "{cost:?}");
        }
    }
}
