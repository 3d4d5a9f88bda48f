//! The acts that share a commit.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::commit_queue::Outcome;
use super::port::{Decide, StoreError};
use super::rows::Snapshot;
use super::stage::{Changes, Over, admit};

/// The most acts that share a commit.
const MAX_ACTS: usize = 64;

/// A batch with this many staged rows takes no more acts.
const MANY_ROWS: usize = 8 * 1024;

/// The acts since the last commit.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) base: Option<Snapshot>,
    pub(super) staged: Changes,
    acts: usize,
    pub(super) outcome: Arc<Outcome>,
}

/// What an act added to its batch.
#[derive(PartialEq, Eq)]
pub(super) enum Staged {
    Rows,
    Nothing,
}

impl Batch {
    /// Returns whether the batch takes no more acts.
    pub(super) fn is_full(&self) -> bool {
        self.acts >= MAX_ACTS || self.staged.len() >= MANY_ROWS
    }

    /// Runs `decide` over the snapshot and the staged rows, and stages its rows. If `decide` panics, nothing is
    /// staged.
    pub(super) fn run(
        &mut self,
        decide: Decide<'_>,
    ) -> Result<Result<Staged, StoreError>, Box<dyn Any + Send>> {
        self.acts += 1;
        let Some(base) = &self.base else {
            return Ok(Err(StoreError::Broken));
        };
        let there = Over { changes: &self.staged, there: base };
        let decided = catch_unwind(AssertUnwindSafe(|| admit(decide(&there)?, &there)))?;
        Ok(decided.map(|mut changes| {
            if changes.is_empty() {
                return Staged::Nothing;
            }
            self.staged.append(&mut changes);
            Staged::Rows
        }))
    }
}
