//! Account deletion, and the purge that completes it (SPEC 9).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::records::deletion::Deletion;
use crate::records::purge::{PurgeReport, Purged, Remains};
use crate::records::verdict::Verdict;
use crate::rules::purge::ROWS_AT_ONCE;
use crate::rules::{deletion, purge};

/// How many accounts one call purges at most, and in how many acts.
const PURGED_AT_ONCE: usize = 256;
const ACTS_AT_ONCE: usize = 1_024;

impl AccountHandle {
    /// Requests the deletion of the account. Ends all its sessions and notifies every verified address. Until
    /// the time that is returned, the owner can restore the account by signing in (SPEC 9.1). Fresh proof of
    /// the first factor is enough, so an owner who has lost the second factor can also delete the account
    /// (SPEC 9.7).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::Step;
    ///
    /// let deletion = account.request_deletion()?;
    /// for subscription in &deletion.still_billed {
    ///     println!("Cancel it yourself: {}", subscription.url);
    /// }
    ///
    /// // Until `purge_at`, a sign-in offers to restore the account.
    /// let flow = engine.sign_in("ada@example.org", &password, &client)?;
    /// assert!(matches!(flow.step, Step::ConfirmRestore { purge_at, .. } if purge_at == deletion.purge_at));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also
    /// [`Refusal::ReauthenticationRequired`](crate::Refusal::ReauthenticationRequired) if the session's proof
    /// is older than `fresh_for` in the policy.
    pub fn request_deletion(&self) -> Result<Deletion, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(deletion::request(fresh, ctx)))
    }
}

impl Engine {
    /// Purges up to `limit` accounts (at most 256 in one call) that can no longer be restored, in acts of a
    /// bounded size. You can interrupt the call at any point and call again: the next call continues a purge
    /// that was begun, and nothing is done twice (SPEC 9.4).
    ///
    /// The engine checks twice, a day apart: an account is purged by a call that comes at least 24 hours
    /// after a call that found it due. Call `purge_due` once a day, or as often as the report says.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let deletion = account.request_deletion()?;
    /// let report = engine.purge_due(100)?;
    /// for receipt in &report.receipts {
    ///     println!("{} is gone", receipt.account);
    /// }
    /// assert!(report.receipts.is_empty(), "its owner has 30 days to restore the account");
    /// assert!(report.next_call_at.is_some(), "when to call again");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn purge_due(&self, limit: usize) -> Result<PurgeReport, Error> {
        self.sweep()?;
        self.purge(limit, ACTS_AT_ONCE)
    }

    /// Purges like [`Self::purge_due`], in at most `acts` acts, for tests that interrupt a purge.
    ///
    /// # Errors
    /// Returns the errors of [`Self::purge_due`].
    #[cfg(feature = "testing")]
    pub fn purge_due_within(&self, limit: usize, acts: usize) -> Result<PurgeReport, Error> {
        self.purge(limit, acts)
    }

    fn purge(&self, limit: usize, acts: usize) -> Result<PurgeReport, Error> {
        let inner = self.inner()?;
        let moment = inner.moment()?;
        inner.write_clock(&moment, true, &mut |view, clock| {
            clock.time = moment.on(&clock.time);
            let unseen = view.is_due_since(clock.sightings.iter().map(|seen| seen.slow).max())?;
            if let Some(sightings) = purge::sighted(clock, moment.wall, unseen) {
                clock.sightings = sightings;
            }
            Ok(moment.event())
        })?;
        let mut receipts = Vec::new();
        for _ in 0..acts {
            if receipts.len() >= limit.min(PURGED_AT_ONCE) {
                break;
            }
            let purged = self.act(|view, ctx| {
                let sightings = view.clock()?.sightings;
                let due = view.first_due()?;
                let Some(due) = due.filter(|due| purge::is_ripe(due.purge_at, &sightings, ctx)) else {
                    return Ok(Verdict::done(None, Vec::new()));
                };
                let account = view.stored(due.account)?;
                let remains = match &account {
                    Some(account) => view.remains(account, ROWS_AT_ONCE)?,
                    None => Remains::default(),
                };
                Ok(purge::step(due, account.as_ref(), remains, ctx).map(Some))
            })?;
            match purged {
                Some(Purged::Gone(receipt)) => receipts.push(receipt),
                Some(Purged::Going | Purged::Stale) => {}
                None => break,
            }
        }
        self.look(|view, ctx| {
            let sightings = view.clock()?.sightings;
            let due = view.first_due()?.map(|due| due.purge_at);
            let more = due.is_some_and(|purge_at| purge::is_ripe(purge_at, &sightings, ctx));
            let next_call_at = if more {
                Some(ctx.now)
            } else {
                purge::next_call_at(due, view.first_coming()?, &sightings, ctx)
            };
            Ok(Ok(PurgeReport { receipts: receipts.clone(), more, next_call_at }))
        })
    }
}
