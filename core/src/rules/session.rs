//! What a finished flow leaves: a session (SPEC 4.4, 6.1 to 6.3).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::MethodKind;
use super::audit::{Action, Event};
use super::fresh::Owner;
use super::policy::Policy;
use super::provider::ProductId;
use super::refusal::Refusal;
use super::verdict::{Change, Context, Verdict};
use crate::ground::codec::Record;
use crate::ground::id::{AccountId, MethodId, SessionId};
use crate::ground::time::Timestamp;

const LONGEST_LABEL: usize = 64;

/// Sessions that an account may have before a new one looks for those that are over.
const FEW: u16 = 8;

/// Who calls: the device and the product that a flow or session is for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Client {
    device: String,
    product: Option<ProductId>,
    unremembered: bool,
}

impl Client {
    /// A device, by the label that its owner will recognise it by; the first 64 characters count.
    pub fn on(device: &str) -> Self {
        Self { device: device.chars().take(LONGEST_LABEL).collect(), product: None, unremembered: false }
    }

    /// The product that is used on the device.
    pub fn using(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// The person does not want to be remembered on the device (SPEC 1.11).
    pub fn unremembered(mut self) -> Self {
        self.unremembered = true;
        self
    }

    /// Whether the person wants to be remembered on the device.
    pub fn is_remembered(&self) -> bool {
        !self.unremembered
    }

    /// The device's label.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The product.
    pub fn product(&self) -> Option<&ProductId> {
        self.product.as_ref()
    }
}

/// Authentication assurance level (NIST SP 800-63B-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Aal {
    /// One factor was proven.
    Aal1,
    /// Two were.
    Aal2,
}

/// How a session was proven: an Authentication Method Reference of RFC 8176. That registry has no value
/// for a federated sign-in, so such a session has none; its method says what it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Amr {
    /// A password: `pwd`.
    Pwd,
    /// A one-time password (RFC 6238): `otp`.
    Otp,
    /// More than one factor: `mfa`.
    Mfa,
}

impl Amr {
    /// The registered value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Otp => "otp",
            Self::Mfa => "mfa",
        }
    }
}

/// A session, as resolved from its token and as its owner lists it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// The device and product.
    pub client: Client,
    /// The method that was used.
    pub method: MethodId,
    /// The kind of that method.
    pub kind: MethodKind,
    /// How it was proven.
    pub amr: Vec<Amr>,
    /// How strongly.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor: such a session may replace or turn off that
    /// factor, and is no proof for anything else that wants it (SPEC 5.5).
    pub recovered: bool,
    /// When the proof was given, the oldest where there are several (OpenID Connect Core 2, `auth_time`).
    pub auth_time: Timestamp,
    /// When the first factor was last proven.
    pub first_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was written down.
    pub used_at: Timestamp,
}

impl Session {
    /// Whether the session still lives (SPEC 6.2). Uses between two writes are not known, so idling
    /// counts from when the next write would have been due.
    pub(crate) fn is_live(&self, now: Timestamp, policy: &Policy) -> bool {
        now < self.created_at + policy.session_absolute()
            && now < self.used_at + write_interval(policy) + policy.session_idle()
    }

    /// Whether a use at `now` is to be written down.
    pub(crate) fn is_touch_due(&self, now: Timestamp, policy: &Policy) -> bool {
        now >= self.used_at + write_interval(policy)
    }
}

/// The owner ends one of the account's living sessions, or all but the own (SPEC 6.3). `sessions` has what
/// there is to choose from.
pub(crate) fn end(
    owner: &Owner,
    ended: Option<SessionId>,
    sessions: &[Session],
    ctx: &Context<'_>,
) -> Verdict<()> {
    let (session, mut account) = (&owner.session, owner.account.clone());
    let lives = |id| sessions.iter().any(|other| other.id == id && other.is_live(ctx.now, ctx.policy));
    let (change, action) = match ended {
        Some(ended) if lives(ended) => {
            account.session_ends(ended);
            let change = Change::SessionEnded { account: account.id, session: ended };
            (change, Action::SessionEnded)
        }
        Some(_) => return Verdict::refused(Refusal::SessionEnded),
        None => {
            account.only_session(session.id);
            let change = Change::SessionsEnded { account: account.id, except: Some(session.id) };
            (change, Action::OtherSessionsEnded)
        }
    };
    let event = Event::done(action, Some(session.id), ctx.now);
    Verdict::done((), vec![change, Change::Account { account: Box::new(account), event }])
}

/// Whether an account that counts so many looks at them before it has one more.
pub(crate) fn are_crowded(sessions: u16, policy: &Policy) -> bool {
    sessions >= policy.sessions().min(FEW)
}

/// When the youngest session was opened that can be over by now; all later ones live.
pub(crate) fn old_at(now: Timestamp, policy: &Policy) -> Timestamp {
    now.earlier(policy.session_idle().min(policy.session_absolute()))
}

/// Which of the old sessions of an account are over, and how many others have to go where it has one more than
/// `sessions` (SPEC 1.6).
pub(crate) fn crowded_out(sessions: u16, old: &[Session], ctx: &Context<'_>) -> (Vec<SessionId>, usize) {
    let over = old.iter().filter(|session| !session.is_live(ctx.now, ctx.policy));
    let over: Vec<_> = over.map(|session| session.id).collect();
    let left = usize::from(sessions).saturating_sub(over.len()) + 1;
    (over, left.saturating_sub(usize::from(ctx.policy.sessions())))
}

impl Record for Session {
    const VERSION: u8 = 1;
}

/// Whether a proof given at `proven_at` is fresh enough for an act that wants that (SPEC 6.4).
pub(crate) fn is_fresh(proven_at: Timestamp, now: Timestamp, policy: &Policy) -> bool {
    now < proven_at + policy.fresh_for()
}

/// At most hourly, and at least 12 times in the idle span.
fn write_interval(policy: &Policy) -> Duration {
    Duration::from_secs(60 * 60).min(policy.session_idle() / 12)
}
