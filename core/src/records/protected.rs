//! Protected acts, and the identifiers that they reserve (SPEC 1.12, 7.3).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::ground::id::SessionId;
use crate::ground::named::coded;
use crate::ground::time::{DAY, Timestamp};
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::mfa::{FACTOR_SETTLES, Mfa};
use crate::records::throttle::Throttle;

/// How long the account remembers a protected act (SPEC 1.12).
pub(crate) const REMEMBERED_FOR: Duration = DAY.saturating_mul(30);

coded! {
    /// A change to the sign-in methods, factors or contact of an account. The owner is notified of it and can undo it
    /// (SPEC 1.12).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum ProtectedAct {
        /// A sign-in method was added or linked.
        MethodAdded,
        /// A sign-in method was removed.
        MethodRemoved,
        /// The owner reviewed the sign-in methods after the first proof of an address.
        MethodsReviewed,
        /// The password was changed.
        PasswordChanged,
        /// The contact address was changed.
        ContactChanged,
        /// MFA was turned on.
        MfaTurnedOn,
        /// MFA was turned off.
        MfaTurnedOff,
        /// The second factor was replaced.
        MfaReplaced,
        /// New recovery codes replaced the old ones.
        RecoveryCodesReplaced,
    }
}

impl ProtectedAct {
    /// Returns how long the act can be undone. The time is shorter for a new second factor, because the undo code alone
    /// can remove the factor during that time. An owner who is locked out by a stranger's factor can undo the act in
    /// that time (SPEC 7.3).
    pub(crate) fn undo_life(self) -> Duration {
        match self {
            Self::MfaTurnedOn | Self::MfaReplaced => FACTOR_SETTLES,
            _ => DAY * 7,
        }
    }
}

/// A protected act that was carried out on an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Acted {
    pub(crate) act: ProtectedAct,
    /// The account's revision before the act. It identifies the act, and orders two acts within a millisecond.
    pub(crate) revision: u64,
    /// The session in which the act was done. A link is done before its session opens.
    pub(crate) session: Option<SessionId>,
    pub(crate) device: String,
    pub(crate) at: Timestamp,
    /// The same time on the slow clock.
    pub(crate) slow_at: Timestamp,
    /// The address that got the undo code. `None` if there is no code, or if the code is used or void.
    pub(crate) code_to: Option<EmailAddress>,
    /// Whether the owner confirmed in another session that they know of the act.
    pub(crate) confirmed: bool,
    /// Failed attempts at a second factor in undos of the act. They are counted here, so that strangers who know the
    /// password cannot delay the holder of the undo code (SPEC 12.7).
    pub(crate) guesses: Throttle,
}

impl Acted {
    /// Returns an act, for the golden bytes.
    #[cfg(test)]
    pub(crate) fn sample(session: SessionId, code_to: &EmailAddress, at: Timestamp) -> Self {
        Self {
            act: ProtectedAct::RecoveryCodesReplaced,
            revision: 299,
            session: Some(session),
            device: "Ada's phone".to_owned(),
            at,
            slow_at: at,
            code_to: Some(code_to.clone()),
            confirmed: true,
            guesses: Throttle::default(),
        }
    }

    /// Returns when the undo code expires, on the slow clock, if it is still valid.
    pub(crate) fn undo_until(&self, slow: Timestamp) -> Option<Timestamp> {
        let until = self.slow_at + self.act.undo_life();
        (self.code_to.is_some() && slow < until).then_some(until)
    }

    /// Returns whether the account still remembers the act (SPEC 1.12).
    pub(crate) fn is_recent(&self, slow: Timestamp) -> bool {
        slow < self.slow_at + REMEMBERED_FOR
    }

    /// Returns whether another session did the act and the caller has not confirmed it. The caller's recognition knows
    /// the acts before the revision `recognized`. An act of the current `revision` was done when this session opened
    /// (SPEC 1.12).
    pub(crate) fn is_news(&self, revision: u64, session: SessionId, recognized: Option<u64>) -> bool {
        let is_confirmed = recognized.map_or(self.confirmed, |known| self.revision < known);
        self.revision < revision && self.session != Some(session) && !is_confirmed
    }

    /// Returns the act as its owner sees it. `mfa` is the account's present second factor.
    pub(crate) fn view(&self, mfa: Option<&Mfa>, ctx: &Context<'_>) -> ProtectedActView {
        let undo = self.undo_until(ctx.throttle_clock).zip(self.code_to.as_ref()).map(|(until, to)| {
            // A sign-in may do the act and enrol the required factor in one write (SPEC 5.9).
            let is_newer = |mfa: &&Mfa| {
                let is_same_act = mfa.slow_since == self.slow_at && mfa.codes_made == self.revision;
                mfa.slow_since > self.slow_at || is_same_act
            };
            let newer = mfa.filter(is_newer);
            let settles = newer.map(|mfa| mfa.slow_since + FACTOR_SETTLES).filter(|from| *from < until);
            UndoView {
                sent_to: to.masked(),
                until: ctx.shown(until),
                second_factor_from: settles.map(|from| ctx.shown(from)),
            }
        });
        let device = self.device.clone();
        ProtectedActView { number: self.revision, act: self.act, at: self.at, device, undo }
    }
}

/// A protected act of the last 30 days, as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct ProtectedActView {
    /// The number of the act. A later act has a higher number.
    pub number: u64,
    /// What was done.
    pub act: ProtectedAct,
    /// When it was done.
    pub at: Timestamp,
    /// The label of the device on which it was done.
    pub device: String,
    /// How the act can be undone, if it can.
    pub undo: Option<UndoView>,
}

/// How a protected act can be undone (SPEC 7.3).
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct UndoView {
    /// The address that got the undo code, masked.
    pub sent_to: String,
    /// When the code expires.
    pub until: Timestamp,
    /// The time from which the undo also asks for the current second factor, because that factor was set after the act.
    /// `None` if there is no newer factor, or if the code expires before this time (SPEC 7.5).
    pub second_factor_from: Option<Timestamp>,
}

/// An identifier that an act removed from the account, while the act can still be undone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) identifier: Identifier,
    /// On the slow clock.
    pub(crate) until: Timestamp,
    /// The account's revision before that act. It orders two acts, even within a millisecond.
    pub(crate) revision: u64,
}
