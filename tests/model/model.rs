//! The plain model: the state of each account, and what each person has and knows.

use std::collections::BTreeSet;
use std::time::Duration;

use selfsame::{
    AccountId, FlowToken, Membership, RequestId, Secret, SessionId, SessionToken, Step, Timestamp,
};
use selfsame_world::{days, hours, minutes};

use crate::acts::Who;

pub(crate) const FRESH: Duration = minutes(5);
pub(crate) const HOLD: Duration = days(1);

/// Whether an act must succeed, must be refused, or may do either as far as the model knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    Yes,
    No,
    Any,
}

impl Want {
    /// Must succeed if `must` holds, and must be refused if `must_not` holds.
    pub(crate) fn of(must: bool, must_not: bool) -> Self {
        if must_not {
            Self::No
        } else if must {
            Self::Yes
        } else {
            Self::Any
        }
    }
}

/// The credentials of an account.
#[derive(Clone, Default, Debug)]
pub(crate) struct Credentials {
    /// The number of the password's email.
    pub(crate) password: Option<usize>,
    pub(crate) identities: BTreeSet<usize>,
    pub(crate) mfa: Option<Mfa>,
}

#[derive(Clone, Debug)]
pub(crate) struct Mfa {
    pub(crate) secret: Secret,
    pub(crate) codes: Vec<Secret>,
    pub(crate) last_step: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) owner: Who,
    pub(crate) credentials: Credentials,
    /// Whether the model knows the credentials. After a review or its undo, it reads them from the engine.
    pub(crate) is_known: bool,
    pub(crate) text: String,
    /// Whether Eve knows the password.
    pub(crate) leaked: bool,
    /// Whether Eve ever had a token of the account.
    pub(crate) stolen: bool,
    pub(crate) compromised: bool,
    /// The numbers of the verified addresses.
    pub(crate) verified: BTreeSet<usize>,
    pub(crate) contact: Option<usize>,
    pub(crate) name: Option<String>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) first: Throttle,
    pub(crate) second: Throttle,
    pub(crate) hold_until: Option<Timestamp>,
    /// When the deletion was requested, and when the purge is due.
    pub(crate) pending: Option<(Timestamp, Timestamp)>,
    pub(crate) is_purged: bool,
    /// Increases with each change that may void an earlier proof.
    pub(crate) version: u32,
}

impl Account {
    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        self.is_purged || self.pending.is_some_and(|(_, purge_at)| now >= purge_at)
    }

    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        self.pending.is_none() && !self.is_gone(now)
    }

    pub(crate) fn is_held(&self, now: Timestamp) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    pub(crate) fn recover(&mut self, now: Timestamp) {
        self.hold_until = self.hold_until.max(Some(now + HOLD));
        self.version += 1;
    }
}

/// The failures of a factor, counted as in SPEC 12.1.
#[derive(Clone, Default, Debug)]
pub(crate) struct Throttle {
    pub(crate) failures: u32,
    failed_at: Option<Timestamp>,
}

impl Throttle {
    pub(crate) fn waits(&self, now: Timestamp) -> bool {
        let Some(failed_at) = self.failed_at.filter(|_| self.failures >= 5) else { return false };
        let wait = hours(1).min(minutes(1 << (self.failures - 5).min(6)));
        self.failures >= 100 || now < failed_at + wait
    }

    pub(crate) fn fail(&mut self, now: Timestamp) {
        self.failures += 1;
        self.failed_at = Some(now);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The device, which has the name of the flow that opened the session.
    pub(crate) device: String,
    pub(crate) holder: Who,
    pub(crate) account: usize,
    pub(crate) id: SessionId,
    pub(crate) token: SessionToken,
    /// When the first factor was proven, and when all factors were.
    pub(crate) first_at: Timestamp,
    pub(crate) proven_at: Timestamp,
    pub(crate) has_second: bool,
    pub(crate) recovered: bool,
    /// When the session ends with the account's hold.
    pub(crate) ends_at: Option<Timestamp>,
    /// Whether the session is known to have ended. Its token must then be refused.
    pub(crate) is_over: bool,
    pub(crate) enrolment: Option<(Secret, Timestamp, u8)>,
    pub(crate) unsaved: Option<Unsaved>,
    pub(crate) pending: Option<Pending>,
}

/// New recovery codes that are not saved yet, and the new second factor, if any.
#[derive(Clone, Debug)]
pub(crate) struct Unsaved {
    pub(crate) codes: Vec<Secret>,
    pub(crate) factor: Option<(Secret, u64)>,
    pub(crate) at: Timestamp,
}

/// An address that waits for its code.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) mail: usize,
    pub(crate) wanted: Wanted,
    pub(crate) code: Option<Code>,
    pub(crate) version: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    Contact,
    Proof,
    Password(String),
}

/// A mailed code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) secret: Secret,
    pub(crate) to: usize,
    pub(crate) over_at: Timestamp,
    pub(crate) wrong: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) who: Who,
    /// `None` if the flow ended in one step.
    pub(crate) token: Option<FlowToken>,
    pub(crate) number: u32,
    pub(crate) step: Step,
    pub(crate) kind: Kind,
    /// The address that the flow waits for.
    pub(crate) mail: Option<usize>,
    pub(crate) code: Option<Code>,
    pub(crate) account: Option<usize>,
    pub(crate) version: u32,
    /// The time of the last step. Most flows expire 15 minutes after it.
    pub(crate) since: Timestamp,
    pub(crate) first_at: Option<Timestamp>,
    /// When a newcomer showed an identity. It proves no other account.
    pub(crate) shown_at: Option<Timestamp>,
    pub(crate) second_at: Option<Timestamp>,
    pub(crate) by_password: bool,
    pub(crate) recovered: bool,
    pub(crate) skipped: bool,
    pub(crate) restored: bool,
    pub(crate) new_password: Option<String>,
    pub(crate) left_out: Vec<usize>,
    /// The proven address, for the prompt.
    pub(crate) proven: Option<usize>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    SignUp { mail: usize, password: String },
    SignIn,
    Federated { identity: usize, claims: Option<usize> },
    Reset,
    Reauthenticate { session: usize },
    Add { session: usize, identity: usize, claims: Option<usize> },
    Undo { offer: usize },
}

/// A mailed undo code, and what it restores.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) account: usize,
    pub(crate) to: usize,
    pub(crate) code: Secret,
    pub(crate) until: Timestamp,
    pub(crate) before: Credentials,
    pub(crate) was_known: bool,
    pub(crate) is_void: bool,
}

/// What was accepted once and must not be accepted again.
#[derive(Clone, Debug)]
pub(crate) enum Spent {
    Mailed(Secret),
    Totp(usize, Secret, u64),
    Recovery(usize, Secret),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) account: usize,
    pub(crate) id: RequestId,
    /// Whether it was made with the first factor alone.
    pub(crate) by_first_factor: bool,
    /// Whether the owner restored the account since.
    pub(crate) is_withdrawn: bool,
}

impl Flow {
    /// Returns the flow as its caller holds it.
    pub(crate) fn asked(&self) -> selfsame::Flow {
        selfsame::Flow { token: self.token.clone(), number: self.number, step: self.step.clone() }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.token.is_some() && !matches!(self.step, Step::SignedIn { .. } | Step::Done { .. } | Step::Ended)
    }
}
