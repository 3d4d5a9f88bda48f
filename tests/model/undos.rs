//! Undoes acts with mailed codes.

use selfsame::Secret;
use serde_json::json;

use crate::acts::{EVE, MAILS, Who};
use crate::model::{Credentials, Kind, Want};
use crate::stage::{By, Stage};
use crate::told;
use crate::watch::{self, Broken};

impl Stage {
    pub(crate) fn undo(&mut self, who: Who, place: usize) -> Result<(), Broken> {
        let (now, client) = (self.now(), self.client());
        let found = Self::nth(&self.offers, place, |offer| offer.to / MAILS == who);
        let (Some(at), false) = (found, who == EVE && place > 2) else {
            let guess = Secret::from("0000-0000-0000-0000-0000-0000");
            let act = json!({ "do": "undo", "device": client.device(), "undo": told::text(&guess), "flow": self.next_flow() });
            let tried = self.call(By::Person(who), act, |engine| engine.undo(&guess, &client))?;
            return self.held(Want::No, &tried, "undo with an invented code");
        };
        let offer = self.offers[at].clone();
        let model = &self.accounts[offer.account];
        let is_over = offer.is_void || now >= offer.until || model.is_gone(now);
        let want = Want::of(!is_over && model.is_known && offer.was_known, is_over);
        self.acting.account = Some(offer.account);
        let act = json!({ "do": "undo", "device": client.device(), "undo": self.told.undo(&offer.code), "flow": self.next_flow() });
        let begun = self.call(By::Person(who), act, |engine| engine.undo(&offer.code, &client))?;
        // If another account has the freed identifier, the undo leaves it out.
        let want =
            if begun.as_ref().is_err_and(|it| it.code() == "IdentityInUse") { Want::Any } else { want };
        self.held(want, &begun, "an undo")?;
        let Ok(progress) = begun else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::Undo { offer: at });
        flow.account = Some(offer.account);
        flow.version = self.accounts[offer.account].version;
        self.begun(flow, progress)
    }

    /// Returns the credentials that an undo restores. Used codes stay used (SPEC 5.2, 7.3).
    pub(crate) fn undone(&self, at: usize) -> Credentials {
        let offer = &self.offers[at];
        let mut credentials = offer.before.clone();
        let later = self.offers.iter().skip(at).filter(|it| it.account == offer.account && !it.is_void);
        let since: Vec<_> =
            later.map(|it| &it.before).chain([&self.accounts[offer.account].credentials]).collect();
        if let Some(mfa) = &mut credentials.mfa {
            let same = since.iter().filter_map(|credentials| credentials.mfa.as_ref());
            for other in same.filter(|other| other.secret.reveal() == mfa.secret.reveal()) {
                mfa.last_step = mfa.last_step.max(other.last_step);
                mfa.codes.retain(|code| other.codes.iter().any(|its| its.reveal() == code.reveal()));
            }
        }
        let by_others = |of: &usize| self.by_identity(*of).is_some_and(|other| other != offer.account);
        credentials.identities.retain(|of| !by_others(of));
        credentials.password = credentials
            .password
            .filter(|to| self.by_password(*to).is_none_or(|other| other == offer.account));
        credentials
    }

    /// Applies an undo. Its own code and all later ones are void.
    pub(crate) fn undo_done(&mut self, at: usize) -> Result<(), Broken> {
        let now = self.now();
        self.reached("undone");
        let credentials = self.undone(at);
        let offer = self.offers[at].clone();
        watch::accepted_once(offer.is_void, true)?;
        for later in self.offers.iter_mut().skip(at).filter(|it| it.account == offer.account) {
            later.is_void = true;
        }
        let model = &mut self.accounts[offer.account];
        model.credentials = credentials;
        model.is_known = offer.was_known;
        model.leaked = false;
        model.recover(now);
        Ok(())
    }

    pub(crate) fn undone_without_password(&mut self, flow: usize) -> Result<(), Broken> {
        let Kind::Undo { offer } = self.flows[flow].kind else { return Ok(()) };
        self.undo_done(offer)?;
        let account = self.offers[offer].account;
        self.sessions_end(account, None)
    }

    pub(crate) fn undone_while_pending(&mut self, flow: usize) -> Result<(), Broken> {
        let Kind::Undo { offer } = self.flows[flow].kind else { return Ok(()) };
        self.undo_done(offer)?;
        let account = self.offers[offer].account;
        if let Some(text) = self.flows[flow].new_password.clone() {
            self.accounts[account].text = text;
        }
        self.flows[flow].first_at = Some(self.now());
        self.flows[flow].version = self.accounts[account].version;
        self.sessions_end(account, None)
    }
}
