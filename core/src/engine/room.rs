//! Room for new flows, and the removal of ended flows and other expired rows (SPEC 2.10, 12.7).

use super::Engine;
use crate::error::Error;
use crate::flow::room;
use crate::records::context::Context;
use crate::records::flow::FlowKind;
use crate::records::refusal::Refusal;
use crate::records::step::Flow;
use crate::records::verdict::{Change, Verdict};
use crate::store::port::StoreError;
use crate::store::view::View;

/// The most flows, rate limits and reminders that one call removes, each.
const SWEPT_AT_ONCE: usize = 256;

impl Engine {
    /// Removes rows that have no effect any more: flows that have ended, old rate limits of addresses and old
    /// reminders of deletions. Returns `true` if more flows have ended than the 256 that one call removes.
    ///
    /// [`messages`](Self::messages) and [`purge_due`](Self::purge_due) do this too. Call it once a day if your
    /// program calls neither. Nothing else depends on this call.
    ///
    /// ```
    /// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
    /// while engine.sweep()? {}
    /// # assert_eq!(engine.health()?.waiting_flows, 0);
    /// # Ok::<(), selfsame::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn sweep(&self) -> Result<bool, Error> {
        self.act(|view, ctx| {
            let (mut changes, is_all) = over(view, ctx)?;
            let reminders = view.reminders_due(SWEPT_AT_ONCE)?.into_iter();
            changes.extend(reminders.filter(|due| ctx.throttle_clock >= due.purge_at).map(Change::Reminded));
            Ok(Verdict::done(!is_all, changes))
        })
    }

    /// Makes room for a flow of this kind and starts it.
    pub(super) fn begin(
        &self,
        kind: FlowKind,
        mut begin: impl FnMut(&View<'_>, &Context<'_>) -> Result<Verdict<Flow>, StoreError>,
    ) -> Result<Flow, Error> {
        self.in_room(kind, || self.act(|view, ctx| counted(view, begin(view, ctx)?, ctx)))
    }

    /// Makes room for a flow of this kind, which `begin` starts.
    pub(super) fn in_room(
        &self,
        kind: FlowKind,
        begin: impl FnOnce() -> Result<Flow, Error>,
    ) -> Result<Flow, Error> {
        self.make_room(kind)?;
        let flow = begin()?;
        if flow.token.is_some() {
            self.inner()?.estimate.take(kind);
        }
        Ok(flow)
    }

    /// Counts the open flows of this kind if there may be too many, and ends some if there are. Counting reads
    /// rows of all callers, so the act that starts a flow does not do it.
    pub(super) fn make_room(&self, kind: FlowKind) -> Result<(), Error> {
        if self.inner()?.estimate.has_room(kind) {
            return Ok(());
        }
        let counted = self.look(|view, ctx| Ok(Ok(room::room(&view.open_flows(kind)?, ctx.policy))))?;
        let mut left = counted.left;
        if !counted.ended.is_empty() {
            self.sweep()?;
            left = self.act(|view, ctx| {
                let counted = room::room(&view.open_flows(kind)?, ctx.policy);
                let ended = counted.ended.into_iter().map(Change::FlowEnded).collect();
                Ok(Verdict::done(counted.left, ended))
            })?;
        }
        self.inner()?.estimate.set(kind, left);
        Ok(())
    }
}

/// Returns the changes that remove expired rows, up to a limit, and whether they remove all ended flows.
pub(super) fn over(view: &View<'_>, ctx: &Context<'_>) -> Result<(Vec<Change>, bool), StoreError> {
    let flows = view.flows_due(SWEPT_AT_ONCE)?;
    let is_all = flows.len() < SWEPT_AT_ONCE;
    let mut changes: Vec<_> = flows.into_iter().map(Change::FlowOver).collect();
    // Paces have no order by time. Each call looks at some, from a random place on.
    let paces = view.some_paces(&ctx.draw.bytes("sweep"), SWEPT_AT_ONCE)?.into_iter();
    let over = paces.filter(|(_, pace)| pace.is_over(ctx.throttle_clock));
    changes.extend(over.map(|(key, _)| Change::PaceOver(key)));
    Ok((changes, is_all))
}

/// Refuses to start a flow if the caller's session or recognition has too many open (SPEC 12.7).
pub(super) fn counted<T>(
    view: &View<'_>,
    verdict: Verdict<T>,
    ctx: &Context<'_>,
) -> Result<Verdict<T>, StoreError> {
    for change in &verdict.changes {
        if let Change::Flow(flow) = change
            && let Some(kind) = flow.state.kind()
            && flow.caller.whose().is_known
            && view.open_flows_of(kind, flow.caller.whose())?.len() >= room::most_of_one(ctx.policy)
        {
            return Ok(Verdict::refused(Refusal::Busy));
        }
    }
    Ok(verdict)
}
