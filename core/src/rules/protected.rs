//! Protected acts: a change of an account's sign-in methods is notified and can be undone (SPEC 1.12, 7.3).

use crate::ground::id::SessionId;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::message::Body;
use crate::records::protected::{Acted, ProtectedAct, Reserved};
use crate::records::refusal::Refusal;
use crate::records::session::{Client, Session};
use crate::records::throttle::Throttle;
use crate::records::undo::{Undo, UndoCode};
use crate::records::verdict::Change;
use crate::rules::contact::STANDS_AFTER;
use crate::rules::notices;

/// The most identifiers that an account can reserve at a time.
const RESERVED_AT_ONCE: usize = 32;
/// The most undo codes that an account can have at a time, and the most contacts within seven days (SPEC 7.3).
const AT_ONCE: usize = 32;
/// The most protected acts that an account remembers. At most 32 acts a week can be undone, so a thief who pushes an
/// act out of the list fills the list with acts of their own.
const REMEMBERED: usize = 64;

/// A protected act on an account. Every one goes through [`Protected::write`].
pub(crate) struct Protected<'a> {
    /// The account before the act.
    pub(crate) before: &'a Account,
    pub(crate) act: ProtectedAct,
    /// The notice to the addresses that were verified before the act.
    pub(crate) notice: Body,
    /// The session in which the act is done, if it is already open.
    pub(crate) session: Option<SessionId>,
    pub(crate) device: &'a str,
}

impl<'a> Protected<'a> {
    /// Returns an act that is done in a session.
    pub(crate) fn in_session(
        before: &'a Account,
        session: &'a Session,
        act: ProtectedAct,
        notice: Body,
    ) -> Self {
        Self { before, act, notice, session: Some(session.id), device: session.client.device() }
    }

    /// Returns an act that a flow does before its session opens.
    pub(crate) fn in_flow(before: &'a Account, client: &'a Client, act: ProtectedAct, notice: Body) -> Self {
        Self { before, act, notice, session: None, device: client.device() }
    }

    /// Adds what the act writes besides the account. Returns the account, which the caller writes with its event.
    ///
    /// # Errors
    /// Refuses the act if the account cannot have another protected act yet ([`Account::may_act`]).
    pub(crate) fn write(
        self,
        after: Account,
        changes: &mut Vec<Change>,
        ctx: &Context<'_>,
    ) -> Result<Account, Refusal> {
        self.before.may_act(ctx)?;
        Ok(self.write_always(after, changes, ctx))
    }

    /// Does the same for an act without which the owner could not sign in. If the account has no room for another undo
    /// code, this act gets none. Otherwise a thief could make all the codes and keep the owner out.
    pub(crate) fn write_always(
        self,
        mut after: Account,
        changes: &mut Vec<Change>,
        ctx: &Context<'_>,
    ) -> Account {
        let Self { before, act, notice, session, device } = self;
        let slow = ctx.throttle_clock;
        // If this flow writes another act too, the undo code of that act restores the state before both acts.
        let is_undone_with = changes.iter().any(|change| matches!(change, Change::Undoable { .. }));
        let has_code = !is_undone_with && before.may_act(ctx).is_ok();
        let recipient = before.standing_contact(slow).filter(|_| has_code).cloned();
        let until = slow + act.undo_life();
        let code = UndoCode::draw(ctx.draw);
        let revision = before.revision;

        after.note_contact(before, slow);
        after.acts.retain(|acted| acted.is_recent(slow));
        // An act that can still be undone stays in the list.
        let mut surplus = (after.acts.len() + 1).saturating_sub(REMEMBERED);
        after.acts.retain(|acted| {
            let is_kept = surplus == 0 || acted.undo_until(slow).is_some();
            surplus -= usize::from(!is_kept);
            is_kept
        });
        after.acts.push(Acted {
            act,
            revision,
            session,
            device: device.to_owned(),
            at: ctx.now,
            slow_at: slow,
            code_to: recipient.clone(),
            confirmed: false,
            guesses: Throttle::default(),
        });
        after.reserved.retain(|held| slow < held.until && !after.credentials.has(&held.identifier));
        if recipient.is_some() {
            let taken =
                before.credentials.identifiers().filter(|identifier| !after.credentials.has(identifier));
            after.reserved.extend(taken.map(|identifier| Reserved { identifier, until, revision }));
            let surplus = after.reserved.len().saturating_sub(RESERVED_AT_ONCE);
            after.reserved.drain(..surplus);
            let before_it = before.credentials.clone();
            let undo = Undo { act, revision, before: before_it, made_at: ctx.now, expires_at: until };
            changes.push(Change::Undoable {
                account: before.id,
                hash: code.hash(ctx.keys),
                undo: Box::new(undo),
            });
        }
        changes.extend(rows(before, &after));
        changes.push(Change::PendingVoid(before.id));
        for email in before.verified_or_standing(slow) {
            let mut message = notices::to(email, before, &notice, device, ctx);
            message.undo = (recipient.as_ref() == Some(email)).then(|| (code.clone(), ctx.shown(until)));
            changes.push(Change::Send(message));
        }
        after
    }
}

impl Account {
    /// Refuses a protected act while the account has no room for another undo code or past contact (SPEC 7.3).
    pub(crate) fn may_act(&self, ctx: &Context<'_>) -> Result<(), Refusal> {
        let slow = ctx.throttle_clock;
        let mut ends: Vec<_> = self.acts.iter().filter_map(|acted| acted.undo_until(slow)).collect();
        ends.sort_unstable();
        let past = self.credentials.past_contacts.iter();
        let standing: Vec<_> =
            past.map(|(_, until)| *until + STANDS_AFTER).filter(|end| slow < *end).collect();
        let full = [&ends, &standing].into_iter().filter(|ends| ends.len() >= AT_ONCE);
        match full.filter_map(|ends| ends.first()).max() {
            Some(at) => Err(Refusal::TooEarly { at: ctx.shown(*at) }),
            None => Ok(()),
        }
    }
}

/// Returns the changes to the rows by which the account is found: claims and verified addresses.
pub(crate) fn rows(before: &Account, after: &Account) -> Vec<Change> {
    let account = after.id;
    let all = |of: &Account| -> Vec<Identifier> {
        of.credentials.identifiers().chain(of.reserved.iter().map(|held| held.identifier.clone())).collect()
    };
    let (old, new) = (all(before), all(after));
    let freed = old.iter().filter(|identifier| !new.contains(identifier));
    // A reserved identifier may belong to another account now, so each restored identifier is claimed again (SPEC 7.6).
    let claimed = new.iter().filter(|identifier| after.owns(identifier) && !before.owns(identifier));
    let hidden = before.verified().filter(|email| !after.has_verified(email));
    let proven = after.verified().filter(|email| !before.has_verified(email));
    let (was_unproven, is_unproven) =
        (before.credentials.unproven_password(), after.credentials.unproven_password());
    let unproven =
        [(was_unproven, false), (is_unproven, true)].into_iter().filter_map(|(email, is_found)| {
            let email = email.filter(|_| was_unproven != is_unproven)?.clone();
            Some(Change::FoundUnproven { email, account, is_found })
        });
    freed
        .map(|identifier| Change::Released { identifier: identifier.clone(), account })
        .chain(claimed.map(|identifier| Change::Claimed { identifier: identifier.clone(), account }))
        .chain(hidden.map(|email| Change::Unproven { email: email.clone(), account }))
        .chain(proven.map(|email| Change::Proven { email: email.clone(), account }))
        .chain(unproven)
        .collect()
}
