//! A host that goes on working while time passes.

use std::time::Duration;

use selfsame::{Error, PurgeReceipt};

use crate::clock::{days, hours};
use crate::world::World;

/// How often the host fetches messages. Only reminders appear without an act.
const FETCHES: Duration = hours(1);
/// How often the host purges, as [`selfsame::Engine::purge_due`] asks for.
const PURGES: Duration = days(1);
const PURGED_AT_ONCE: usize = 256;

impl World {
    /// Lets `span` of time pass while a host works: it fetches the messages into the mailbox at once and every
    /// hour, and calls `purge_due` at once and every 24 hours. Returns the receipts of the accounts that it
    /// purged.
    ///
    /// The host does nothing else: it changes no keys of the store and sets no keys of providers.
    ///
    /// # Errors
    /// [`Error`] from the engine. The clock then shows the time at which the host failed.
    pub fn run_host(&self, span: Duration) -> Result<Vec<PurgeReceipt>, Error> {
        let end = self.now() + span;
        let mut receipts = Vec::new();
        let mut purge_at = self.now();
        loop {
            if self.now() >= purge_at {
                purge_at = purge_at + PURGES;
                self.purge(&mut receipts)?;
            }
            self.fetch_mail()?;
            let left = end.since(self.now());
            if left.is_zero() {
                return Ok(receipts);
            }
            self.later(left.min(FETCHES));
        }
    }

    fn purge(&self, receipts: &mut Vec<PurgeReceipt>) -> Result<(), Error> {
        loop {
            let report = self.engine().purge_due(PURGED_AT_ONCE)?;
            receipts.extend(report.receipts);
            if !report.more {
                return Ok(());
            }
        }
    }
}
