//! Undoes a protected act and gives the owner the account as it was before (SPEC 7.3).

use crate::crypto::password::StoredPassword;
use crate::flow::entry;
use crate::flow::facts::{Facts, UndoFacts};
use crate::flow::turn;
use crate::flow::turn::Turn;
use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Event};
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::credentials::Credentials;
use crate::records::flow::{Entry, Purpose, State};
use crate::records::message::Body;
use crate::records::mfa::{SecondFactor, TypedFactor};
use crate::records::proof::Proof;
use crate::records::refusal::Refusal;
use crate::records::step::{Flow, SignInOutcome, Step};
use crate::records::undo::{Asks, Undo, UndoHash, Undoing};
use crate::records::verdict::{Change, Verdict};
use crate::rules::throttle::{self, Guessed};
use crate::rules::{notices, protected};

/// Starts an undo with a code. The code leads to the account whose act it undoes; a wrong or expired code is
/// refused.
pub(crate) fn begin(
    code: UndoHash,
    account: Option<Account>,
    undo: UndoFacts,
    caller: &Caller,
    ctx: &Context<'_>,
) -> Verdict<Flow> {
    let Some(account) = account else { return Verdict::refused(Refusal::UndoExpired) };
    let undoing = Undoing { account: account.id, code, asks: Asks::NewPassword, new_password: None };
    let facts = Facts { account: Some(account), undo, ..Facts::default() };
    let (turn, token) = Turn::begin(caller, facts, ctx);
    go_on(turn, undoing, None).map(|step| Flow { token: Some(token), number: 1, step })
}

/// Takes the new password.
pub(crate) fn new_password(turn: Turn<'_>, mut undoing: Undoing, new: StoredPassword) -> Verdict<Step> {
    if undoing.asks != Asks::NewPassword {
        return turn.refuse(Refusal::NotOffered);
    }
    undoing.new_password = Some(new);
    go_on(turn, undoing, None)
}

/// Takes a second factor of the account as it was before the act.
pub(crate) fn second_factor(turn: Turn<'_>, undoing: Undoing, typed: &TypedFactor) -> Verdict<Step> {
    if undoing.asks != Asks::SecondFactor {
        return turn.refuse(Refusal::NotOffered);
    }
    go_on(turn, undoing, Some(typed))
}

fn go_on(mut turn: Turn<'_>, mut undoing: Undoing, second: Option<&TypedFactor>) -> Verdict<Step> {
    let Some(undo) = turn.facts.undo.living(&undoing.code, turn.ctx).cloned() else {
        return turn.refuse(Refusal::UndoExpired);
    };
    if let Some(asks) = undoing.missing(&undo, second) {
        undoing.asks = asks;
        return turn.to(State::Undo(undoing));
    }
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::UndoExpired) };
    apply(turn, account, &undo, undoing, second)
}

/// Restores the earlier credentials, drops those added since, and voids later undo codes, all in one act
/// (SPEC 7.3).
fn apply(
    mut turn: Turn<'_>,
    mut account: Account,
    undo: &Undo,
    undoing: Undoing,
    second: Option<&TypedFactor>,
) -> Verdict<Step> {
    let ctx = turn.ctx;
    let before = account.clone();
    let UndoFacts { records, held_by_others } = std::mem::take(&mut turn.facts.undo);
    let void: Vec<_> = records.iter().filter(|(_, other)| other.revision >= undo.revision).collect();
    let since: Vec<&Credentials> =
        void.iter().map(|(_, other)| &other.before).chain([&before.credentials]).collect();
    let mut credentials = undo.before.put_back(&since);
    // The owner freed the identifier by removing the method (SPEC 1.7), and another account has it now.
    credentials.methods.retain(|method| !held_by_others.contains(&method.credential.identifier()));
    if credentials.methods.iter().all(|method| method.suspended) {
        return turn.refuse(Refusal::IdentityInUse);
    }
    if let Some(typed) = second {
        // The second factor from before the act is the one that counts.
        if credentials.mfa.as_ref().is_some_and(|mfa| !mfa.reads(typed)) {
            return turn.refuse(Refusal::InvalidCode);
        }
        let guessed = Guessed::Second(typed.factor());
        let take = |account: &mut Account| {
            credentials.mfa.as_mut().is_some_and(|mfa| mfa.take(account.id, typed, ctx)).then_some(())
        };
        match throttle::judge(account, &mut turn.flow.caller, guessed, ctx, take) {
            Ok((proven, ())) => account = proven,
            Err(wrong) => return entry::failed(turn, wrong),
        }
    }
    let second = second.map(|typed| (typed.factor(), ctx.now));
    account.reserved.retain(|held| held.revision < undo.revision && !credentials.has(&held.identifier));
    account.credentials = credentials;
    let left = records.iter().filter(|(_, other)| other.revision < undo.revision);
    account.undo_until = left.map(|(_, other)| other.expires_at).max();
    let by_recovery_code = matches!(second, Some((SecondFactor::RecoveryCode, _)));
    account.enrolments.clear();
    account.recover(by_recovery_code, None, &mut turn.changes, ctx);
    turn.changes.push(Change::PendingVoid(account.id));
    turn.changes.extend(void.iter().map(|(hash, _)| Change::UndoVoid { account: account.id, hash: *hash }));
    tell(&mut turn, &before, &account);

    let proof = undoing.new_password.and_then(|new| {
        account.set_password(new);
        let (method, .., version) = account.password()?;
        Some(Proof { second, ..Proof::of_password(method.id, version, ctx.now) })
    });
    turn.changes.extend(protected::rows(&before, &account, ctx.now));
    let event = Event::done(Action::Undone, None, ctx.now);
    match proof {
        Some(proof) if account.status == Status::Active => {
            turn::arrive(turn, account, &proof, SignInOutcome::Undone, Action::Undone)
        }
        Some(proof) => {
            let entry = Entry::new(&account, proof, Purpose::SignIn);
            turn.changes.push(Change::account(account.clone(), event));
            turn.facts.account = Some(account);
            turn.to(State::ConfirmRestore(entry))
        }
        // No first factor was proven, so the owner signs in with a restored method.
        None => {
            turn.changes.push(Change::account(account, event));
            turn.to(State::Done)
        }
    }
}

/// Notifies the addresses that were verified before and those that are verified now, because the owner of
/// either may not have wanted the undo.
fn tell(turn: &mut Turn<'_>, before: &Account, after: &Account) {
    let added = after.verified().filter(|email| !before.has_verified(email));
    let device = turn.flow.caller.client.device();
    let told = before.verified().chain(added);
    let told = told.map(|email| Change::Send(notices::to(email, after, &Body::Undone, device, turn.ctx)));
    turn.changes.extend(told);
}
