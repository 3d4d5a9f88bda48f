//! Argon2id in bounded memory.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::password::{HashCost, HashFailed, Hasher};

/// RustCrypto's Argon2id in a fixed number of arenas, which the engines that are given it share.
///
/// A hash borrows an arena or waits for one; it starts no thread. An arena is kept for the next
/// hash, because fresh memory costs more than the hash in it, and it is overwritten after each.
/// It grows to the largest cost that it has met.
pub struct Argon2Hasher {
    arenas: Mutex<Arenas>,
    returned: Condvar,
    wait: Duration,
    hashes: AtomicU64,
}

struct Arenas {
    /// Those that nobody has, every block zero.
    idle: Vec<Vec<Block>>,
    /// How many more may be made.
    unmade: usize,
    /// How many callers wait.
    waiting: usize,
}

impl Argon2Hasher {
    /// At most `arenas` hashes at a time, and at least one.
    pub fn new(arenas: usize) -> Self {
        Self {
            arenas: Mutex::new(Arenas { idle: Vec::new(), unmade: arenas.max(1), waiting: 0 }),
            returned: Condvar::new(),
            wait: Duration::from_secs(5),
            hashes: AtomicU64::new(0),
        }
    }

    /// How long a caller waits for an arena before it is told [`HashFailed::Busy`]: 5 seconds
    /// unless set here.
    #[must_use]
    pub fn with_wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// How many hashes were made.
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    fn borrow(&self) -> Result<Arena<'_>, HashFailed> {
        let mut arenas = self.lock();
        arenas.waiting += 1;
        let (mut arenas, _) = self
            .returned
            .wait_timeout_while(arenas, self.wait, |arenas| arenas.idle.is_empty() && arenas.unmade == 0)
            .unwrap_or_else(PoisonError::into_inner);
        arenas.waiting -= 1;
        let blocks = match arenas.idle.pop() {
            Some(blocks) => blocks,
            None if arenas.unmade > 0 => {
                arenas.unmade -= 1;
                Vec::new()
            }
            None => return Err(HashFailed::Busy { retry_after: self.wait }),
        };
        Ok(Arena { hasher: self, blocks })
    }

    /// What another caller panicked over is still a list of arenas, each whole.
    fn lock(&self) -> MutexGuard<'_, Arenas> {
        self.arenas.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut arena = self.borrow()?;
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
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher").field("wait", &self.wait).finish_non_exhaustive()
    }
}

/// A borrowed arena: overwritten and given back when dropped, in a panic too.
struct Arena<'a> {
    hasher: &'a Argon2Hasher,
    blocks: Vec<Block>,
}

impl Arena<'_> {
    fn grow(&mut self, blocks: usize) -> Result<(), HashFailed> {
        let more = blocks.saturating_sub(self.blocks.len());
        self.blocks.try_reserve_exact(more).map_err(|_| HashFailed::Unusable)?;
        self.blocks.resize(self.blocks.len() + more, Block::new());
        Ok(())
    }
}

impl Drop for Arena<'_> {
    fn drop(&mut self) {
        // A plain write, many times faster than a volatile one; it cannot be left out, because the
        // blocks live on behind the mutex.
        self.blocks.fill(Block::new());
        self.hasher.lock().idle.push(std::mem::take(&mut self.blocks));
        self.hasher.returned.notify_one();
    }
}
