//! The value that the host keeps outside the file, so that an older copy of the file is refused.
//!
//! A commit goes *reserve, commit, finalise, reveal*. First the anchor stores the name of the file's current
//! state and of the next one. Then the file is written. Then the anchor stores the new name alone. Only then
//! does the engine answer. An attacker who kills the process between two of these steps and restores an
//! earlier copy undoes only acts that nobody got an answer to.

use super::port::StoreError;
use super::stamp::Stamp;

const VERSION: u8 = 1;

/// How often the engine tries to finalise before it closes the store.
const TRIES: usize = 3;

/// A place for one short value outside the file: the platform's keystore, a TPM, a row on a server. A person who
/// has only a copy of the file must not be able to write to that place. Each store has its own anchor.
///
/// The engine calls the anchor while other acts wait, and never inside a transaction. The anchor must not call
/// the engine.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("accounts.selfsame");
/// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
/// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
/// use std::sync::{Arc, Mutex};
/// use selfsame::{Anchor, AnchorFailed};
///
/// /// Keeps the value in memory, for a test. An app keeps it in the platform's keystore.
/// #[derive(Default)]
/// struct Kept(Mutex<Option<Vec<u8>>>);
///
/// impl Anchor for Kept {
///     fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed> {
///         Ok(self.0.lock().map_err(|_| AnchorFailed)?.clone())
///     }
///
///     fn store(&self, value: &[u8]) -> Result<(), AnchorFailed> {
///         *self.0.lock().map_err(|_| AnchorFailed)? = Some(value.to_vec());
///         Ok(())
///     }
/// }
///
/// let engine = options.anchor(Arc::new(Kept::default())).create(&path)?;
/// assert!(engine.health()?.rollback_protected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Anchor: Send + Sync {
    /// Returns the value that was stored last, at most 256 bytes. Returns `None` if nothing was ever stored.
    ///
    /// # Errors
    /// Returns [`AnchorFailed`] if the value cannot be read now.
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed>;

    /// Stores this value durably, in place of the old one. After an error, the anchor may hold either value.
    ///
    /// # Errors
    /// Returns [`AnchorFailed`] if it is not certain that the value is stored.
    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed>;
}

/// The anchor did not answer. The error has no details, so that no text of the host gets into the engine's
/// errors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnchorFailed;

impl std::fmt::Display for AnchorFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the anchor did not answer")
    }
}

impl std::error::Error for AnchorFailed {}

impl From<AnchorFailed> for StoreError {
    fn from(_: AnchorFailed) -> Self {
        Self::AnchorFailed
    }
}

/// Records before a commit that the file may become the next state.
pub(super) fn reserve(anchor: &dyn Anchor, now: &Stamp, next: &Stamp) -> Result<(), AnchorFailed> {
    anchor.store(&value(&now.head, Some(&next.head)))
}

/// Records that the file has this state and no other.
pub(super) fn finalise(anchor: &dyn Anchor, now: &Stamp) -> Result<(), AnchorFailed> {
    let value = value(&now.head, None);
    let mut answer = Err(AnchorFailed);
    for _ in 0..TRIES {
        answer = anchor.store(&value);
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// Returns an error if a file with this stamp must not be opened. If the last commit was not finalised,
/// finalises it.
pub(super) fn admit(anchor: Option<&dyn Anchor>, file: &Stamp) -> Result<(), StoreError> {
    let Some(anchor) = anchor else {
        return if file.is_anchored { Err(StoreError::AnchorMissing) } else { Ok(()) };
    };
    let Some(kept) = anchor.load()? else {
        return if file.is_anchored { Err(StoreError::AnchorMissing) } else { Ok(()) };
    };
    let (head, pending) = heads(&kept).ok_or(StoreError::RolledBack)?;
    if file.head != head && Some(file.head) != pending {
        return Err(StoreError::RolledBack);
    }
    if pending.is_some() { Ok(finalise(anchor, file)?) } else { Ok(()) }
}

fn value(head: &[u8; 32], pending: Option<&[u8; 32]>) -> Vec<u8> {
    let pending = pending.map_or(&[][..], |pending| pending.as_slice());
    [&[VERSION], head.as_slice(), pending].concat()
}

fn heads(value: &[u8]) -> Option<([u8; 32], Option<[u8; 32]>)> {
    let (head, rest) = value.strip_prefix(&[VERSION])?.split_first_chunk()?;
    match rest {
        [] => Some((*head, None)),
        pending => Some((*head, Some(pending.try_into().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_value_reads_back_and_a_malformed_one_is_refused() {
        let (one, two) = ([1; 32], [2; 32]);
        assert_eq!(heads(&value(&one, None)), Some((one, None)));
        assert_eq!(heads(&value(&one, Some(&two))), Some((one, Some(two))));
        assert!(value(&one, Some(&two)).len() <= 256);
        for other in [&b""[..], &[1], &[2; 33], &[1; 32], &[1; 34], &[1; 66]] {
            assert_eq!(heads(other), None);
        }
    }
}
