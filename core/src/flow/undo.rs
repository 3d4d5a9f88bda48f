//! Undoes a protected act and gives the owner the account as it was before (SPEC 7.5, 7.6).

use crate::crypto::password::StoredPassword;
use crate::flow::entry;
use crate::flow::facts::{Facts, UndoFacts};
use crate::flow::gate;
use crate::flow::turn::{self, Turn};
use crate::ground::email::EmailAddress;
use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Event};
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Entry, Purpose, State};
use crate::records::message::Body;
use crate::records::method::{Credential, Method, MethodKind};
use crate::records::mfa::{SecondFactor, TypedFactor};
use crate::records::proof::Proof;
use crate::records::refusal::Refusal;
use crate::records::step::{Flow, SignInOutcome, Step};
use crate::records::undo::{Asks, Undo, UndoHash, Undoing};
use crate::records::verdict::{Change, Verdict};
use crate::rules::throttle::{self, Guessed};
use crate::rules::undo::Restored;
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
    let asks = Asks::NewPassword;
    let undoing = Undoing { account: account.id, code, asks, new_password: None, second: None };
    let undoes = undo.living(&code, ctx).map(|undo| undo.revision);
    let facts = Facts { account: Some(account), undo, ..Facts::default() };
    let (turn, token) = Turn::begin(&Caller { undoes, ..caller.clone() }, facts, ctx);
    turn::begun(token, go_on(turn, undoing, Given::Nothing))
}

/// Returns the email of the password that the undo asks for, if it asks for one.
pub(crate) fn password_email(
    facts: &UndoFacts,
    account: &Account,
    code: &UndoHash,
    ctx: &Context<'_>,
) -> Option<EmailAddress> {
    facts.restored(facts.living(code, ctx)?, account, ctx).ok()?.new_password_for
}

/// Takes the new password.
pub(crate) fn new_password(turn: Turn<'_>, mut undoing: Undoing, new: StoredPassword) -> Verdict<Step> {
    if undoing.asks != Asks::NewPassword {
        return turn.refuse(Refusal::NotOffered);
    }
    undoing.new_password = turn.facts.account.as_ref().map(|account| account.compared(new));
    go_on(turn, undoing, Given::Nothing)
}

/// Takes a second factor: the account's, or the one that it had before the act.
pub(crate) fn second_factor(mut turn: Turn<'_>, mut undoing: Undoing, typed: &TypedFactor) -> Verdict<Step> {
    match undoing.asks {
        Asks::NewPassword => return turn.refuse(Refusal::NotOffered),
        Asks::FormerSecondFactor => return go_on(turn, undoing, Given::Former(typed)),
        Asks::SecondFactor => {}
    }
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::UndoExpired) };
    let Some(mfa) = &account.credentials.mfa else {
        // MFA was turned off meanwhile, so nothing is missing here.
        turn.facts.account = Some(account);
        return go_on(turn, undoing, Given::Nothing);
    };
    if !mfa.reads(typed) {
        return turn.refuse(Refusal::InvalidCode);
    }
    undoing.second = Some((typed.factor(), account.generations.of(typed.factor())));
    let account = match entry::take_second(&mut turn, account, typed) {
        Ok(account) => account,
        Err(wrong) => return entry::failed(turn, wrong),
    };
    turn.facts.account = Some(account);
    go_on(turn, undoing, Given::Current)
}

/// The second factor that an answer has given.
enum Given<'a> {
    Nothing,
    /// The current one, which is already judged.
    Current,
    /// The one from before the act. The undo itself judges it, because it uses up the code.
    Former(&'a TypedFactor),
}

fn go_on(mut turn: Turn<'_>, mut undoing: Undoing, given: Given<'_>) -> Verdict<Step> {
    let Some(undo) = turn.facts.undo.living(&undoing.code, turn.ctx).cloned() else {
        return turn.refuse(Refusal::UndoExpired);
    };
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::UndoExpired) };
    let restored = match turn.facts.undo.restored(&undo, &account, turn.ctx) {
        Ok(restored) => restored,
        Err(refusal) => return turn.refuse(refusal),
    };
    let former = if let Given::Former(typed) = given { Some(typed) } else { None };
    if let Some(asks) = undoing.missing(&restored, &account, turn.ctx.throttle_clock, former.is_some()) {
        if let Given::Current = given {
            entry::store_second(&mut turn, &account);
        }
        undoing.asks = asks;
        turn.facts.account = Some(account);
        return turn.to(State::Undo(undoing));
    }
    apply(turn, account, &undo, undoing, restored, former)
}

/// Restores the earlier credentials, drops those added since, and voids later undo codes, all in one act
/// (SPEC 7.5).
fn apply(
    mut turn: Turn<'_>,
    mut account: Account,
    undo: &Undo,
    undoing: Undoing,
    restored: Restored,
    former: Option<&TypedFactor>,
) -> Verdict<Step> {
    let ctx = turn.ctx;
    let before = account.clone();
    let Restored { mut credentials, former: mut asked, left_out, new_password_for } = restored;
    if let Some(typed) = former {
        if asked.as_ref().is_some_and(|mfa| !mfa.reads(typed)) {
            return turn.refuse(Refusal::InvalidCode);
        }
        let guessed = Guessed::Second(typed.factor());
        let take = |account: &mut Account| {
            asked.as_mut().is_some_and(|mfa| mfa.take(account.id, typed, ctx)).then_some(())
        };
        match throttle::judge(account, &mut turn.flow.caller, guessed, ctx, take) {
            Ok((proven, ())) => account = proven,
            Err(wrong) => return entry::failed(turn, wrong),
        }
    }
    if credentials.mfa.is_some() {
        credentials.mfa = asked;
    }
    account.credentials = credentials;
    account.generations.factor_changed();
    // A factor that was replaced goes with the undo, and its code proves nothing later.
    let former = former.filter(|_| account.credentials.mfa.is_some());
    if let Some(typed) = former {
        entry::spent(&mut turn, &account, typed);
    }
    let former = former.map(TypedFactor::factor);
    account
        .reserved
        .retain(|held| held.revision < undo.revision && !account.credentials.has(&held.identifier));
    for acted in account.acts.iter_mut().filter(|acted| acted.revision >= undo.revision) {
        acted.code_to = None;
    }
    let by_recovery_code = former == Some(SecondFactor::RecoveryCode);
    account.enrolments.clear();
    account.recover(by_recovery_code, None, &mut turn.changes, ctx);
    turn.changes.push(Change::PendingVoid(account.id));
    let records = std::mem::take(&mut turn.facts.undo).records;
    let void = records.iter().filter(|(_, other)| other.revision >= undo.revision);
    turn.changes.extend(void.map(|(hash, _)| Change::UndoVoid { account: account.id, hash: *hash }));
    tell(&mut turn, &before, &account);

    let proof = undoing.new_password.zip(new_password_for).and_then(|(new, email)| {
        if account.password().is_some() {
            account.set_password(new.hash);
        } else {
            let version = account.credentials.newest_password().saturating_add(1);
            // An account has at most one password, so the new one replaces a suspended one (SPEC 1.6).
            account.credentials.methods.retain(|method| method.kind() != MethodKind::Password);
            let credential = Credential::Password { email, hash: new.hash, version };
            account.credentials.methods.push(Method::new(ctx.draw.method(ctx.now), credential, ctx.now));
        }
        let (method, .., version) = account.password()?;
        let first = Proof::of_mailed_code(method.id, version, ctx.now);
        Some(former.into_iter().fold(first, |proof, factor| proof.and(factor, ctx.now, account.generations)))
    });
    turn.changes.extend(protected::rows(&before, &account));
    let event = Event::done(Action::Undone, None, ctx.now);
    match proof {
        // The owner enrols a second factor when they sign in.
        Some(_) if account.status == Status::Active && account.must_enroll(ctx) => {
            turn.changes.push(Change::account(account, event));
            turn.to(State::Done { was_reserved: false, left_out })
        }
        Some(proof) if account.status == Status::Active => {
            turn.left_out = left_out;
            gate::arrive(turn, account, &proof, SignInOutcome::Undone, Action::Undone)
        }
        Some(proof) => {
            let entry = Entry { left_out, ..Entry::new(&account, proof, Purpose::SignIn) };
            turn.changes.push(Change::account(account.clone(), event));
            turn.facts.account = Some(account);
            turn.to(State::ConfirmRestore(entry))
        }
        // No first factor was proven, so the owner signs in with a restored method.
        None => {
            turn.changes.push(Change::account(account, event));
            turn.to(State::Done { was_reserved: false, left_out })
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
