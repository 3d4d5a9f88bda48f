//! How many flows may still start, as far as this engine knows (SPEC 2.10).

use std::sync::atomic::{AtomicU32, Ordering};

use crate::records::flow::FlowKind;

/// How many more flows of each kind may start before they are counted. A row with the exact number would be
/// written by every act that starts a flow, so all of them would wait for one another.
#[derive(Default)]
pub(super) struct Estimate([AtomicU32; FlowKind::ALL]);

impl Estimate {
    pub(super) fn has_room(&self, kind: FlowKind) -> bool {
        self.left(kind).is_some_and(|left| left.load(Ordering::Relaxed) > 0)
    }

    /// Notes how many may start, after a count.
    pub(super) fn set(&self, kind: FlowKind, left: u32) {
        if let Some(it) = self.left(kind) {
            it.store(left, Ordering::Relaxed);
        }
    }

    /// Notes that a flow of this kind has started.
    pub(super) fn take(&self, kind: FlowKind) {
        if let Some(left) = self.left(kind) {
            // Without room there is nothing to note: the next flow counts anyway.
            _ = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        }
    }

    fn left(&self, kind: FlowKind) -> Option<&AtomicU32> {
        self.0.get(kind as usize)
    }
}
