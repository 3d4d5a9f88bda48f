//! What the host keeps outside of the file, so that an older copy of the file is refused.
//!
//! A commit goes *reserve, commit, finalise, reveal*: the anchor holds the name of the state that the file
//! has and of the one to come, then the file is written, then the anchor holds the new name alone, and only
//! then does anybody hear of it. Whoever kills the process between two of these and puts an earlier copy back
//! takes back only what nobody was told.

use super::port::StoreError;
use super::stamp::Stamp;

const VERSION: u8 = 1;

/// How often finalising is tried before the store is closed over it.
const TRIES: usize = 3;

/// A place for one short value that is not in the file and that who can copy the file cannot write: the
/// platform's keystore, a TPM, a row on a server. One store has one anchor, and no two share one.
///
/// The engine calls it while it has the line of acts and never inside a transaction. It must not call the
/// engine.
pub trait Anchor: Send + Sync {
    /// The value that was stored last, at most 256 bytes; nothing where none ever was.
    ///
    /// # Errors
    /// [`AnchorFailed`] where it cannot be told now.
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed>;

    /// Keeps this value, durably, instead of the one before. When it fails, either may be kept.
    ///
    /// # Errors
    /// [`AnchorFailed`] where it may not be kept.
    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed>;
}

/// The anchor did not answer. It says no more, so that nothing of the host's gets into the engine's errors.
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

/// Before a commit: the file may come to be the next state.
pub(super) fn reserve(anchor: &dyn Anchor, now: &Stamp, next: &Stamp) -> Result<(), AnchorFailed> {
    anchor.store(&value(&now.head, Some(&next.head)))
}

/// The file is this state and no other.
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

/// Whether a file with this stamp may be opened; what a commit left open is finalised first.
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
    fn a_value_is_read_as_it_was_written_and_no_other_is() {
        let (one, two) = ([1; 32], [2; 32]);
        assert_eq!(heads(&value(&one, None)), Some((one, None)));
        assert_eq!(heads(&value(&one, Some(&two))), Some((one, Some(two))));
        assert!(value(&one, Some(&two)).len() <= 256);
        for other in [&b""[..], &[1], &[2; 33], &[1; 32], &[1; 34], &[1; 66]] {
            assert_eq!(heads(other), None);
        }
    }
}
