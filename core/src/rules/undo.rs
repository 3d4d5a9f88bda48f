//! Taking back a protected act: who lost a way in by it gets the account as it was before (SPEC 7.3).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::account::{Account, Credential, Identifier, Status, Ways};
use super::arrival::arrive;
use super::audit::{Action, Event};
use super::flow::{Arrived, Entry, Progress, Proof, Purpose, SecondFactor, State, Step};
use super::mail::{Body, Outgoing};
use super::mfa::TypedFactor;
use super::protected::{ProtectedAct, rows};
use super::refusal::Refusal;
use super::session::Client;
use super::transition::{Facts, Turn};
use super::verdict::{Change, Context, Verdict};
use crate::crypto::password::StoredPassword;
use crate::crypto::recovery::LongCode;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;

/// What an undo code stands for. Its row is found by the keyed hash of the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) act: ProtectedAct,
    /// The account's revision before the act: which of two acts was first, also within a millisecond.
    pub(crate) revision: u64,
    /// What the undo puts back.
    pub(crate) before: Ways,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl Record for Undo {
    const VERSION: u8 = 1;
}

/// The keyed hash of an undo code.
pub(crate) type UndoHash = [u8; 32];

/// A code that undoes an act: 120 bits, so that a fast keyed hash of it may be kept.
#[derive(Clone)]
pub(crate) struct UndoCode(LongCode);

impl UndoCode {
    pub(crate) fn draw(ctx: &Context<'_>) -> Self {
        Self(LongCode::new(ctx.draw.bytes("undo code")))
    }

    /// A code as somebody typed it.
    pub(crate) fn parse(typed: &Secret) -> Option<Self> {
        LongCode::parse(typed.reveal()).map(Self)
    }

    pub(crate) fn print(&self) -> Secret {
        self.0.print()
    }

    pub(crate) fn hash(&self, ctx: &Context<'_>) -> UndoHash {
        ctx.keys.code(&[b"undo", self.0.as_bytes()])
    }
}

impl Serialize for UndoCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UndoCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <[u8; 15]>::deserialize(deserializer).map_err(|_| D::Error::custom("120 bits"))?;
        Ok(Self(LongCode::new(bytes)))
    }
}

/// An undo under way: its code was right.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undoing {
    pub(crate) account: AccountId,
    pub(crate) code: UndoHash,
    pub(crate) asks: Asks,
    pub(crate) new_password: Option<StoredPassword>,
}

/// What an undo asks for next. The second factor comes last, because what it takes is spent by the act
/// that it opens (SPEC 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Asks {
    NewPassword,
    SecondFactor,
}

/// What the store knows of the undos of an account.
#[derive(Default)]
pub(crate) struct UndoFacts {
    /// All that are kept, over or not.
    pub(crate) records: Vec<(UndoHash, Undo)>,
    /// Identifiers of the ways to put back that other accounts hold by now.
    pub(crate) held_by_others: Vec<Identifier>,
}

impl UndoFacts {
    /// The undo of this code, if it can still be done.
    pub(crate) fn living(&self, code: &UndoHash, now: Timestamp) -> Option<&Undo> {
        let found = self.records.iter().find(|(hash, _)| hash == code);
        found.map(|(_, undo)| undo).filter(|undo| now < undo.expires_at)
    }
}

impl Ways {
    /// These ways once more, after they were changed to each of `since`, the newest of which is now. What
    /// was spent in the meantime stays spent: no proof made against an earlier password is current, no
    /// step or recovery code of a second factor is taken twice (SPEC 5.2, 7.3).
    pub(crate) fn put_back(&self, since: &[&Self]) -> Self {
        let mut ways = self.clone();
        let versions = since.iter().copied().chain([self]).flat_map(Self::password_versions);
        let newest = versions.max().unwrap_or_default();
        for method in &mut ways.methods {
            let later = since.iter().flat_map(|ways| &ways.methods).filter(|other| other.id == method.id);
            method.used_at = later.map(|other| other.used_at).max().flatten().max(method.used_at);
            if let Credential::Password { version, .. } = &mut method.credential {
                *version = newest.saturating_add(1);
            }
        }
        let same_factor = |factor: &super::mfa::Mfa| {
            let secret = factor.secret.clone();
            let all = since.iter().flat_map(|ways| [&ways.mfa, &ways.suspended_mfa]).flatten();
            all.filter(move |other| other.secret == secret).cloned().collect::<Vec<_>>()
        };
        for factor in [&mut ways.mfa, &mut ways.suspended_mfa].into_iter().flatten() {
            for other in same_factor(factor) {
                factor.last_step = factor.last_step.max(other.last_step);
                factor.codes.retain(|code| other.codes.contains(code));
            }
        }
        ways
    }

    fn password_versions(&self) -> impl Iterator<Item = u32> {
        self.methods.iter().filter_map(|method| match method.credential {
            Credential::Password { version, .. } => Some(version),
            Credential::Federated { .. } => None,
        })
    }

    /// The identifier of the password that leads in.
    pub(crate) fn password_email(&self) -> Option<&EmailAddress> {
        self.methods.iter().filter(|method| !method.suspended).find_map(|method| match &method.credential {
            Credential::Password { email, .. } => Some(email),
            Credential::Federated { .. } => None,
        })
    }
}

impl Undoing {
    /// What the undo still wants, if anything.
    fn missing(&self, undo: &Undo, second: Option<&TypedFactor>) -> Option<Asks> {
        if self.new_password.is_none() && undo.before.password_email().is_some() {
            return Some(Asks::NewPassword);
        }
        (second.is_none() && undo.before.mfa.is_some()).then_some(Asks::SecondFactor)
    }
}

/// Somebody has an undo code. It leads to the account whose act it undoes; every other is over or never was.
pub(crate) fn begin(
    code: UndoHash,
    account: Option<Account>,
    undo: UndoFacts,
    client: &Client,
    ctx: &Context<'_>,
) -> Verdict<Progress> {
    let Some(account) = account else { return Verdict::refused(Refusal::UndoExpired) };
    let undoing = Undoing { account: account.id, code, asks: Asks::NewPassword, new_password: None };
    let facts = Facts { account: Some(account), undo, ..Facts::default() };
    let (turn, token) = Turn::begin(client, facts, ctx);
    go_on(turn, undoing, None).map(|step| Progress { flow: Some(token), number: 1, step })
}

/// The new password was set.
pub(crate) fn new_password(turn: Turn<'_>, mut undoing: Undoing, new: StoredPassword) -> Verdict<Step> {
    if undoing.asks != Asks::NewPassword {
        return turn.refuse(Refusal::NotOffered);
    }
    undoing.new_password = Some(new);
    go_on(turn, undoing, None)
}

/// A factor of the time before the act was given.
pub(crate) fn second_factor(turn: Turn<'_>, undoing: Undoing, typed: &TypedFactor) -> Verdict<Step> {
    if undoing.asks != Asks::SecondFactor {
        return turn.refuse(Refusal::NotOffered);
    }
    go_on(turn, undoing, Some(typed))
}

fn go_on(mut turn: Turn<'_>, mut undoing: Undoing, second: Option<&TypedFactor>) -> Verdict<Step> {
    let Some(undo) = turn.facts.undo.living(&undoing.code, turn.ctx.now).cloned() else {
        return turn.refuse(Refusal::UndoExpired);
    };
    if let Some(asks) = undoing.missing(&undo, second) {
        undoing.asks = asks;
        return turn.to(State::Undo(undoing));
    }
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::UndoExpired) };
    apply(turn, account, &undo, undoing, second)
}

/// All in one act: the ways as they were, what was added since dropped, later codes void (SPEC 7.3).
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
    let since: Vec<&Ways> = void.iter().map(|(_, other)| &other.before).chain([&before.ways]).collect();
    let mut ways = undo.before.put_back(&since);
    // Its owner let go of it at once (SPEC 1.7), and somebody else has it by now.
    ways.methods.retain(|method| !held_by_others.contains(&method.credential.identifier()));
    if ways.methods.iter().all(|method| method.suspended) {
        return turn.refuse(Refusal::IdentityInUse);
    }
    let second = match second {
        Some(typed) => match take_factor(&mut ways, &mut account, typed, ctx) {
            Ok(proven) => Some(proven),
            Err((refusal, event)) => {
                turn.changes.push(Change::Account { account: Box::new(account), event });
                return turn.refuse(refusal);
            }
        },
        None => None,
    };
    account.reserved.retain(|held| held.revision < undo.revision && !ways.has(&held.identifier));
    account.ways = ways;
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
    turn.changes.extend(rows(&before, &account, ctx.now));
    let event = Event::done(Action::Undone, None, ctx.now);
    match proof {
        Some(proof) if account.status == Status::Active => {
            arrive(turn, account, &proof, Arrived::Undone, Action::Undone)
        }
        Some(proof) => {
            let entry = Entry::new(&account, proof, Purpose::SignIn);
            turn.changes.push(Change::Account { account: Box::new(account.clone()), event });
            turn.facts.account = Some(account);
            turn.to(State::ConfirmRestore(entry))
        }
        // No first factor was proven: the owner signs in by a method that is back.
        None => {
            turn.changes.push(Change::Account { account: Box::new(account), event });
            turn.to(State::Done)
        }
    }
}

/// Takes a factor of the time before the act; a wrong one counts on the account's second factor.
fn take_factor(
    ways: &mut Ways,
    account: &mut Account,
    typed: &TypedFactor,
    ctx: &Context<'_>,
) -> Result<(SecondFactor, Timestamp), (Refusal, Event)> {
    if let Err(throttled) = account.second.check(ctx.now, ctx.patient, typed.at_the_end()) {
        account.second.settle(ctx.patient);
        return Err((throttled, Event::refused(Action::Throttled, ctx.now)));
    }
    if ways.mfa.as_mut().is_some_and(|mfa| mfa.take(account.id, typed, ctx)) {
        account.second.clear();
        return Ok((typed.factor(), ctx.now));
    }
    account.second.fail(ctx.patient);
    Err((Refusal::InvalidCode, Event::refused(Action::SecondFactorTried, ctx.now)))
}

/// Whoever was verified before or is now hears of it: one of the two may not have wanted it.
fn tell(turn: &mut Turn<'_>, before: &Account, after: &Account) {
    let added = after.verified().filter(|email| !before.has_verified(email));
    let told: Vec<_> = before
        .verified()
        .chain(added)
        .map(|email| {
            let (device, now) = (turn.flow.client.device(), turn.ctx.now);
            Change::Send(Outgoing::new(email.as_typed(), Body::Undone, device, now).about(after.id))
        })
        .collect();
    turn.changes.extend(told);
}
