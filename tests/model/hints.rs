//! Chooses acts that make sense next.

use selfsame::Step;

use crate::acts::{Act, Does, EVE, Hints, Who};
use crate::model::{FRESH, Session};
use crate::stage::Stage;

impl Stage {
    pub(crate) fn hints(&self) -> Hints {
        let newest = self.flows.iter().rev().take(6);
        let open = |who: Who| newest.clone().filter(|flow| flow.who == who && flow.is_open()).count();
        let sessions = |who: Who| self.sessions.iter().filter(|it| it.holder == who && !it.is_over).count();
        Hints {
            open: [0, 1, EVE].map(open),
            sessions: [0, 1, EVE].map(sessions),
            next: [0, 1, EVE].map(|who| self.next(who)),
            around: self.next_around(),
        }
    }

    fn next(&self, who: Who) -> Option<Act> {
        let now = self.now();
        if who == EVE {
            // Eve tries the passwords and tokens that she has learnt.
            let mut leaked = self.accounts.iter().filter(|it| it.leaked && it.is_active(now));
            return leaked
                .find_map(|it| Some(Act::SignIn { who, mail: it.credentials.password?, right: true }));
        }
        let flow = self.flows.iter().rev().find(|flow| flow.who == who && flow.is_open());
        if let (Some(flow), Some(Step::SecondFactor { .. })) = (flow, flow.map(|flow| &flow.step)) {
            let mfa = flow.account.and_then(|at| self.accounts[at].credentials.mfa.as_ref());
            let is_shown_twice = mfa.is_some_and(|mfa| mfa.last_step >= now.as_millis() / 30_000);
            return is_shown_twice.then_some(Act::Waits { minutes: 1 });
        }
        let session = self.sessions.iter().rev().find(|it: &&Session| it.holder == who && !it.is_over)?;
        let account = &self.accounts[session.account];
        let has_code = session.pending.as_ref().is_some_and(|pending| pending.code.is_some());
        let does = if !account.is_active(now) {
            return None;
        } else if !account.is_known {
            Does::Review
        } else if session.unsaved.is_some() {
            Does::Saved
        } else if session.enrolment.is_some() {
            Does::Confirm(true)
        } else if has_code {
            Does::Code(true)
        } else if now >= session.proven_at + FRESH && flow.is_none() {
            Does::Reauthenticate
        } else {
            return None;
        };
        Some(Act::Does { who, session: 0, does })
    }

    fn next_around(&self) -> Option<Act> {
        let now = self.now();
        let left = |it: &&crate::model::Account| !it.is_purged && !it.is_active(now);
        let account = self.accounts.iter().find(left)?;
        let (requested, purge_at) = account.pending?;
        let day = 24 * 60;
        Some(match () {
            () if account.is_gone(now) && self.calls.is_multiple_of(2) => Act::Purges,
            () if account.is_gone(now) => Act::Waits { minutes: day },
            () if self.calls.is_multiple_of(3) => Act::Waits { minutes: 4 * day },
            () if self.calls.is_multiple_of(5) => {
                Act::Waits { minutes: purge_at.since(now).as_secs() / 60 - u64::from(requested == now) }
            }
            () => return None,
        })
    }
}
