//! Changes of an account's addresses and contact by its owner (SPEC 7.1, 7.2).

use serde::{Deserialize, Serialize};

use crate::crypto::digest::sha256;
use crate::crypto::mail_code::MailCode;
use crate::ground::codec;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::SessionId;
use crate::records::account::{Account, Owner};
use crate::records::address::{Address, AddressSource, AddressStep};
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::credentials::Credentials;
use crate::records::flow::Proving;
use crate::records::mailed_code::{CodePurpose, Pacing, TypedIn};
use crate::records::message::Body;
use crate::records::method::Credential;
use crate::records::mfa::TakenSteps;
use crate::records::pending::{Pending, Wanted};
use crate::records::protected::ProtectedAct;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::mailed_code::Asking;
use crate::rules::method::Collisions;
use crate::rules::protected::Protected;
use crate::rules::{method, protected, session};

impl Credentials {
    /// Hashes the facts that a pending change was decided on. Leaves out the data that every sign-in
    /// changes.
    fn basis(&self, account: &Account) -> Option<[u8; 32]> {
        let mut credentials = self.clone();
        for method in &mut credentials.methods {
            method.used_at = None;
            if let Credential::Federated { handle, seen_email, .. } = &mut method.credential {
                (*handle, *seen_email) = (None, None);
            }
        }
        if let Some(mfa) = &mut credentials.mfa {
            mfa.taken = TakenSteps::default();
        }
        let held = account.hold.map_or(0, |hold| hold.until.as_millis());
        codec::encode(&Basis(credentials)).ok().map(|bytes| sha256(&[&bytes, &held.to_be_bytes()]))
    }
}

#[derive(Serialize, Deserialize)]
struct Basis(Credentials);

impl Record for Basis {
    const VERSION: u8 = 1;
}

/// The facts from the store that a request may need.
pub(crate) struct AskedFor {
    /// The change that is pending already.
    pub(crate) pending: Option<Pending>,
    /// The pace of the session's messages to the address.
    pub(crate) pacing: Pacing,
}

/// Asks for the proof of an address. Before the proof, nobody learns who else has the address (SPEC 7.2).
pub(crate) fn request(
    fresh: &Fresh<'_, Unheld>,
    email: &EmailAddress,
    wanted: Wanted,
    known: AskedFor,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let (session, account) = (fresh.session(), fresh.account());
    if let Err(refusal) = offered(account, email, &wanted, ctx) {
        return Verdict::refused(refusal);
    }
    let Some(basis) = account.credentials.basis(account) else {
        return Verdict::refused(Refusal::LimitReached);
    };
    let AskedFor { pending, pacing } = known;
    let purpose = wanted.purpose();
    let mut proving = Proving::new(purpose, email.clone());
    if let Some(earlier) = pending {
        // Until the message with the new code goes, the last valid code stays usable for the same request
        // (SPEC 12.5).
        let is_the_same =
            earlier.session == session.id && earlier.basis == basis && earlier.proving.purpose == purpose;
        if is_the_same && earlier.proving.email == *email {
            proving = earlier.proving;
        }
    }
    let mut changes = Vec::new();
    let typed_in = TypedIn::Session(account.id, session.id);
    let asking = Asking { typed_in, device: session.client.device(), to_nobody: false };
    let send_at = proving.send(&asking, pacing, &mut changes, ctx);
    let pending = Pending { session: session.id, wanted, proving, basis };
    changes.push(Change::Pending { account: account.id, pending: Box::new(pending) });
    Verdict::done(AddressStep::ProveAddress { to: email.masked(), send_at }, changes)
}

/// Refuses what can be refused before the proof, because the refusal reveals nothing about other accounts.
fn offered(
    account: &Account,
    email: &EmailAddress,
    wanted: &Wanted,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    match wanted {
        Wanted::Contact => {
            if account.credentials.contact.as_ref() == Some(email) {
                return Err(Refusal::AlreadyYours);
            }
            let after = moved(account, email, ctx);
            if after.credentials.addresses.len() > ctx.policy.max_addresses() {
                return Err(Refusal::LimitReached);
            }
            Ok(())
        }
        Wanted::Proof if account.has_verified(email) => Err(Refusal::AlreadyYours),
        Wanted::Proof if account.has(email) => Ok(()),
        Wanted::Proof => Err(Refusal::NotOffered),
        Wanted::Password(_) => method::may_add_password(account, email, ctx.policy),
    }
}

/// The address of the pending change, so that the caller can look up who else has it.
pub(crate) fn waits_for<'a>(owner: &Owner, pending: Option<&'a Pending>) -> Option<&'a EmailAddress> {
    pending.filter(|pending| pending.session == owner.session.id).map(|pending| &pending.proving.email)
}

/// Takes the code that was typed in the session and carries the pending change out, if it is still possible
/// (SPEC 7.2).
pub(crate) fn prove(
    owner: &Owner,
    code: &MailCode,
    pending: Option<Pending>,
    others: &Collisions,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let Owner { session, account } = owner;
    let mut changes = Vec::new();
    let basis = account.credentials.basis(account);
    let pending = pending.filter(|pending| pending.session == session.id && Some(pending.basis) == basis);
    let right = pending.and_then(|mut pending| {
        if pending.proving.takes(code, TypedIn::Session(account.id, session.id), ctx) {
            return Some(pending);
        }
        changes.push(Change::Pending { account: account.id, pending: Box::new(pending) });
        None
    });
    let Some(Pending { wanted, proving, .. }) = right else {
        // A wrong, expired, void or unknown code gets the same refusal and one commit (SPEC 12.5).
        let event = Event { session: Some(session.id), ..Event::refused(Action::AddressCodeTried, ctx.now) };
        changes.push(Change::account(account.clone(), event));
        return Verdict::counted(Refusal::InvalidCode, changes);
    };
    let email = &proving.email;
    let verdict = match wanted {
        Wanted::Contact => change_contact(session, account, email, others, ctx),
        Wanted::Proof => verify(session, account, email, others, ctx),
        Wanted::Password(hash) => method::add_password(session, account, email, hash, others, ctx),
    };
    match verdict.answer {
        // The code is right and the act only has to wait, so the code stays valid (SPEC 7.3).
        Ok(_) | Err(Refusal::TooEarly { .. }) => verdict,
        Err(refusal) => Verdict::counted(refusal, vec![Change::PendingVoid(account.id)]),
    }
}

/// The account with the proven address as its contact. If the old contact was the password's identifier, the
/// proven address becomes that too (SPEC 7.3).
fn moved(account: &Account, email: &EmailAddress, ctx: &Context<'_>) -> Account {
    let mut after = account.clone();
    let old = after.credentials.contact.replace(email.clone());
    // If no address was proven yet, the proven one replaces the password's own email (SPEC 2.8).
    let unproven = after.credentials.unproven_password().cloned().filter(|_| old.is_none());
    let replaced = old.clone().or(unproven);
    for method in &mut after.credentials.methods {
        if let Credential::Password { email: identifier, version, .. } = &mut method.credential
            && Some(&*identifier) == replaced.as_ref()
        {
            *identifier = email.clone();
            // A proof of the password under its old email is stale.
            *version = version.saturating_add(1);
        }
    }
    let source =
        after.carrier(email).map_or(AddressSource::Contact, |method| AddressSource::Method { method });
    if let Some(old) = &replaced
        && after.carrier(old).is_none()
    {
        after.credentials.addresses.retain(|address| address.email != *old);
    }
    match after.credentials.addresses.iter_mut().find(|address| address.email == *email) {
        Some(address) => address.verified_at = address.verified_at.or(Some(ctx.now)),
        None => {
            after.credentials.addresses.push(Address {
                email: email.clone(),
                verified_at: Some(ctx.now),
                source,
            });
        }
    }
    after
}

/// Whether the act gives a password an email that was not its identifier before.
fn is_new_identifier(before: &Account, after: &Account) -> bool {
    let old: Vec<_> = before.credentials.identifiers().collect();
    after.credentials.identifiers().any(|identifier| !old.contains(&identifier))
}

/// The pending proof of a new account's own email, which starts with the account (SPEC 2.8).
pub(crate) fn first_proof(
    account: &Account,
    session: SessionId,
    device: &str,
    email: &EmailAddress,
    pacing: Pacing,
    ctx: &Context<'_>,
) -> Vec<Change> {
    let Some(basis) = account.credentials.basis(account) else { return Vec::new() };
    let mut proving = Proving::new(CodePurpose::AddressProof, email.clone());
    let typed_in = TypedIn::Session(account.id, session);
    let mut changes = Vec::new();
    proving.send(&Asking { typed_in, device, to_nobody: false }, pacing, &mut changes, ctx);
    let pending = Pending { session, wanted: Wanted::Proof, proving, basis };
    changes.push(Change::Pending { account: account.id, pending: Box::new(pending) });
    changes
}

fn change_contact(
    session: &Session,
    before: &Account,
    email: &EmailAddress,
    others: &Collisions,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let mut after = moved(before, email, ctx);
    let becomes_identifier = is_new_identifier(before, &after);
    let was_reserved = match others.check(before, email, becomes_identifier, ctx.policy) {
        Ok(was_reserved) => was_reserved,
        Err(refusal) => return Verdict::refused(refusal),
    };
    let mut changes = Vec::new();
    let step = after.review_at_first_proof(before, session, None, was_reserved, &mut changes);
    let protected = Protected::in_session(before, session, ProtectedAct::ContactChanged, Body::EmailChanged);
    let mut after = match protected.write(after, &mut changes, ctx) {
        Ok(after) => after,
        Err(refusal) => return Verdict::refused(refusal),
    };
    if let AddressStep::Done { .. } = step {
        session::end_others(&mut after, session, false, &mut changes);
    }
    let event = Event::done(Action::EmailChanged, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done(step, changes)
}

fn verify(
    session: &Session,
    before: &Account,
    email: &EmailAddress,
    others: &Collisions,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let mut after = before.clone();
    after.take_address(email, Some(ctx.now), AddressSource::Contact);
    // If somebody else proved it first, this account stays and must give another address (SPEC 2.8).
    let was_reserved = match others.check(before, email, is_new_identifier(before, &after), ctx.policy) {
        Ok(was_reserved) => was_reserved,
        Err(refusal) => return Verdict::refused(refusal),
    };
    let mut changes = Vec::new();
    let step = after.review_at_first_proof(before, session, None, was_reserved, &mut changes);
    after.note_contact(before, ctx.throttle_clock);
    changes.extend(protected::rows(before, &after));
    changes.push(Change::PendingVoid(before.id));
    let event = Event::done(Action::AddressProven, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done(step, changes)
}

/// Makes another verified address the contact (SPEC 1.4).
pub(crate) fn set_contact(fresh: &Fresh<'_, Unheld>, email: &EmailAddress, ctx: &Context<'_>) -> Verdict<()> {
    let (session, before) = (fresh.session(), fresh.account());
    if !before.has_verified(email) {
        return Verdict::refused(Refusal::NotOffered);
    }
    if before.credentials.contact.as_ref() == Some(email) {
        return Verdict::refused(Refusal::AlreadyYours);
    }
    let mut after = before.clone();
    after.credentials.contact = Some(email.clone());
    let mut changes = Vec::new();
    let protected = Protected::in_session(before, session, ProtectedAct::ContactChanged, Body::EmailChanged);
    let mut after = match protected.write(after, &mut changes, ctx) {
        Ok(after) => after,
        Err(refusal) => return Verdict::refused(refusal),
    };
    session::end_others(&mut after, session, false, &mut changes);
    let event = Event::done(Action::EmailChanged, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done((), changes)
}
