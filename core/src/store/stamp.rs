//! The stamp, which every commit writes into the first row of the key space:
//! `[number 8][head 32][anchored 1][code 32][hidden tally 32]`.

use super::port::StoreError;
use crate::crypto::tally::{Tally, TallyKey};

const CLEAR: usize = 8 + 32 + 1;

/// The readable part of the row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    /// The number of commits since the store was made.
    pub(crate) number: u64,
    /// The name of this state. Each commit derives it from the name before and from what it writes.
    pub(crate) head: [u8; 32],
    /// Whether an anchor outside the file knows the head.
    pub(crate) is_anchored: bool,
}

impl Stamp {
    /// The stamp before the first commit.
    pub(crate) const NONE: Self = Self { number: 0, head: [0; 32], is_anchored: false };

    /// The stamp after a commit of these changes. Each says whether the row remains, and the row's tally.
    pub(crate) fn next(
        &self,
        changes: impl Iterator<Item = (bool, Tally)>,
        is_anchored: bool,
        key: &TallyKey,
    ) -> Self {
        Self { number: self.number.saturating_add(1), head: key.head(&self.head, changes), is_anchored }
    }

    pub(crate) fn encode(&self, tally: &Tally, key: &TallyKey) -> Vec<u8> {
        let mut row = self.clear();
        let code = key.stamp(&row, tally);
        row.extend_from_slice(&code);
        row.extend_from_slice(&key.hide(&code, tally));
        row
    }

    fn clear(&self) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        [number.as_slice(), &self.head, &[u8::from(self.is_anchored)]].concat()
    }
}

/// The whole row.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stamped {
    pub(crate) stamp: Stamp,
    code: [u8; 32],
    hidden: [u8; 32],
}

impl Stamped {
    pub(crate) fn decode(row: &[u8]) -> Option<Self> {
        let (clear, code) = row.split_at_checked(CLEAR)?;
        let (number, rest) = clear.split_first_chunk()?;
        let (head, anchored) = rest.split_first_chunk()?;
        let is_anchored = match anchored {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let stamp = Stamp { number: u64::from_be_bytes(*number), head: *head, is_anchored };
        let (code, hidden) = code.split_first_chunk()?;
        Some(Self { stamp, code: *code, hidden: hidden.try_into().ok()? })
    }

    /// The tally of the rows that the stamp was made for.
    pub(crate) fn tally(&self, key: &TallyKey) -> Result<Tally, StoreError> {
        let tally = key.show(&self.code, &self.hidden);
        let is_that = key.is_stamp(&self.code, &self.stamp.clear(), &tally);
        if is_that { Ok(tally) } else { Err(StoreError::Damaged) }
    }

    /// Checks that exactly the rows that the stamp was made for are there.
    pub(crate) fn fits(&self, tally: &Tally, key: &TallyKey) -> Result<(), StoreError> {
        if self.tally(key)? == *tally { Ok(()) } else { Err(StoreError::Damaged) }
    }
}
