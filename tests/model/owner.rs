//! Acts in a session.

mod factors;

use selfsame::{AccountHandle, AddressStep, Deletion, Error, RequestKind, Secret};
use selfsame_world::days;
use serde_json::{Value, json};

use crate::acts::{Does, MAILS, Who, mail};
use crate::model::{FRESH, Kind, Pending, Request, Want, Wanted};
use crate::stage::{By, Stage, product};
use crate::told::{self, bare_act, method_name};
use crate::watch::{self, Broken};

/// What an act needs of its session.
struct Proof {
    /// The act must be refused: the session is unknown, its proof is stale, or the account is on hold.
    fresh: bool,
    unheld: bool,
    for_factor: bool,
    first: bool,
}

impl Stage {
    pub(crate) fn does(&mut self, who: Who, place: usize, does: Does) -> Result<(), Broken> {
        // Sometimes a person tries a token that has ended.
        let Some(at) = Self::nth(&self.sessions, place, |session| {
            session.holder == who && (place >= 5 || !session.is_over)
        }) else {
            return Ok(());
        };
        let now = self.now();
        let session = self.sessions[at].clone();
        let account = session.account;
        let model = self.accounts[account].clone();
        let by = if who == model.owner { By::Person(who) } else { By::Thief };
        // Unsaved codes are shown in the session, so a thief within the 15 minutes may save them.
        if by == By::Thief && matches!(does, Does::Saved) {
            return Ok(());
        }
        self.acting.account = Some(account);
        self.acting.before = Some((model.credentials.clone(), model.is_known));
        let lives = !session.is_over && self.world.engine().resolve(&session.token).is_ok();
        if lives && !model.is_active(now) {
            return Err(format!("account {account} is pending deletion and has a valid session"));
        }
        let mfa = model.credentials.mfa.is_some();
        let is_fresh = now < session.proven_at + FRESH;
        let everything = is_fresh && (session.has_second || !mfa);
        let proof = Proof {
            fresh: lives && everything,
            unheld: lives && everything && !model.is_held(now),
            for_factor: lives && is_fresh && (session.has_second || session.recovered || !mfa),
            first: lives && now < session.first_at + FRESH,
        };
        if model.is_known {
            self.done(by, at, does, lives, &proof)
        } else {
            // While the credentials are being reviewed or unknown to the model, only the review continues.
            match does {
                Does::Review => self.review(by, at),
                Does::Look | Does::SignOut | Does::Reauthenticate => self.done(by, at, does, lives, &proof),
                _ => Ok(()),
            }
        }
    }

    fn in_session<T>(
        &mut self,
        by: By,
        at: usize,
        mut act: Value,
        want: Want,
        what: &str,
        run: impl FnOnce(&AccountHandle) -> Result<T, Error>,
    ) -> Result<Option<T>, Broken> {
        let token = self.sessions[at].token.clone();
        act["session"] = self.session_of(&token).into();
        let outcome = self.call(by, act, |engine| run(&engine.account(&token)?))?;
        self.held(want, &outcome, what)?;
        if by == By::Thief && outcome.is_ok() {
            self.reached("act with a stolen token");
        }
        Ok(outcome.ok())
    }

    fn done(&mut self, by: By, at: usize, does: Does, lives: bool, proof: &Proof) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let bare = Want::of(lives, !lives);
        let what = format!("{does:?} in session {at} of account {account}");
        let pending = self.sessions[at].pending.clone();
        match does {
            Does::Touch => {
                let token = self.sessions[at].token.clone();
                let act = json!({ "do": "touch", "session": self.session_of(&token) });
                let touched = self.call(by, act, |engine| engine.touch(&token))?;
                self.held(bare, &touched, &what)
            }
            Does::Look => {
                let shown =
                    self.in_session(by, at, bare_act("sessions"), bare, &what, AccountHandle::sessions)?;
                let mine = shown.iter().flatten().any(|session| session.id == self.sessions[at].id);
                if shown.is_some() && !mine {
                    Err(format!("{what}: the session is not listed"))
                } else {
                    Ok(())
                }
            }
            Does::SignOut => {
                if self
                    .in_session(by, at, bare_act("sign_out"), bare, &what, AccountHandle::sign_out)?
                    .is_none()
                {
                    return Ok(());
                }
                self.sessions[at].is_over = true;
                self.is_over(at)
            }
            Does::EndOthers => {
                match self.in_session(
                    by,
                    at,
                    bare_act("end_other_sessions"),
                    bare,
                    &what,
                    AccountHandle::end_other_sessions,
                )? {
                    Some(()) => self.sessions_end(account, Some(at)),
                    None => Ok(()),
                }
            }
            Does::Name(number) => {
                let name = format!("Name {number} of {account}");
                let act = json!({ "do": "set_display_name", "name": name });
                if self.in_session(by, at, act, bare, &what, |it| it.set_display_name(Some(&name)))?.is_some()
                {
                    self.accounts[account].name = Some(name);
                }
                Ok(())
            }
            Does::Open(number) => {
                let act = json!({ "do": "open_product", "product": product(number).as_str() });
                let opened =
                    self.in_session(by, at, act, bare, &what, |it| it.open_product(&product(number)))?;
                if opened.is_some() { self.memberships_now(account, number) } else { Ok(()) }
            }
            Does::Enroll => self.enroll(by, at, proof, &what),
            Does::Confirm(right) => self.confirm(by, at, right, lives, &what),
            Does::Saved => self.saved(by, at, &what),
            Does::OtherCodes => self.other_codes(by, at, proof, &what),
            Does::MfaOff => self.mfa_off(by, at, proof, &what),
            Does::Add { identity, claims } => self.add(by, at, (identity, claims), proof, &what),
            Does::AddPassword(to) => self.add_password(by, at, to, proof, &what),
            Does::Remove(method) => self.remove(by, at, method, proof, &what),
            Does::Move(to) => {
                let is_contact = self.accounts[account].contact == Some(to);
                let want = Want::of(proof.unheld && !is_contact, !proof.unheld || is_contact);
                let act = json!({ "do": "change_email", "email": mail(to) });
                match self.in_session(by, at, act, want, &what, |it| it.change_email(&mail(to)))? {
                    Some(_) => self.waits_for(at, to, Wanted::Contact),
                    None => Ok(()),
                }
            }
            Does::Prove(to) => {
                let must_not = !proof.unheld || self.accounts[account].verified.contains(&to);
                let act = json!({ "do": "verify_address", "email": mail(to) });
                let asked = self.in_session(by, at, act, Want::of(false, must_not), &what, |it| {
                    it.verify_address(&mail(to))
                })?;
                if asked.is_some() { self.waits_for(at, to, Wanted::Proof) } else { Ok(()) }
            }
            Does::Code(right) => self.prove(by, at, right, pending, lives, &what),
            Does::Contact(to) => {
                let model = &self.accounts[account];
                let fits = model.verified.contains(&to) && model.contact != Some(to);
                let want = Want::of(proof.unheld && fits, !proof.unheld || !fits);
                let act = json!({ "do": "set_contact", "email": mail(to) });
                if self.in_session(by, at, act, want, &what, |it| it.set_contact(&mail(to)))?.is_some() {
                    self.accounts[account].version += 1;
                    self.sessions_end(account, Some(at))?;
                }
                Ok(())
            }
            Does::Password(right) => self.other_password(by, at, right, proof, &what),
            Does::Review => {
                let act = json!({ "do": "review", "stays": [] });
                let refused =
                    self.in_session(by, at, act, Want::No, &what, |it| it.review(&[], false, None))?;
                refused.map_or(Ok(()), |()| Err(format!("{what}: no code was pending")))
            }
            Does::Compromised => self.compromised(by, at, lives, &what),
            Does::Delete => self.ask_deletion(by, at, proof, &what),
            Does::Reauthenticate => self.prove_again(by, at, lives, &what),
            Does::Export => self.export(by, at, proof, &what),
            Does::AskErasure if by == By::Thief => Ok(()),
            Does::AskErasure => self.ask_erasure(by, at, proof, &what),
        }
    }

    fn ask_deletion(&mut self, by: By, at: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let want = Want::of(proof.first, !proof.first);
        let act = bare_act("request_deletion");
        let asked = self.in_session(by, at, act, want, what, AccountHandle::request_deletion)?;
        self.deleted(account, asked, what)
    }

    fn ask_erasure(&mut self, by: By, at: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let is_held = self.accounts[account].is_held(self.now());
        let want = Want::of(proof.first && !is_held, !proof.first || is_held);
        let request = told::request(self.requests.len());
        let act = json!({ "do": "request_privacy", "kind": "Erasure", "request": request });
        let asked =
            self.in_session(by, at, act, want, what, |it| it.request_privacy(RequestKind::Erasure))?;
        let Some(asked) = asked else { return Ok(()) };
        let by_first_factor = !proof.fresh;
        self.requests.push(Request { account, id: asked.id, by_first_factor, is_withdrawn: false });
        self.deleted(account, asked.deletion, what)
    }

    fn deleted(&mut self, account: usize, asked: Option<Deletion>, what: &str) -> Result<(), Broken> {
        let now = self.now();
        if let Some(deletion) = asked {
            if deletion.purge_at != now + days(30) {
                return Err(format!("{what}: the purge is at {:?}", deletion.purge_at));
            }
            self.reached("deletion requested");
            self.accounts[account].pending = Some((now, deletion.purge_at));
            self.accounts[account].version += 1;
            self.sessions_end(account, None)?;
        }
        Ok(())
    }

    fn export(&mut self, by: By, at: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let want = Want::of(proof.unheld, !proof.unheld);
        let document = self.in_session(by, at, bare_act("export"), want, what, AccountHandle::export)?;
        let mut others = self.accounts.iter().filter(|it| it.id != self.accounts[account].id);
        let is_in = |id: String| document.as_ref().is_some_and(|document| document.contains(&id));
        if others.any(|other| is_in(other.id.to_string())) {
            return Err(format!("{what}: the export names another account"));
        }
        Ok(())
    }

    fn prove_again(&mut self, by: By, at: usize, lives: bool, what: &str) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        // A session that has ended cannot read the account, so nothing else follows.
        let mut act = bare_act("account");
        if lives {
            act = json!({ "do": "reauthenticate", "flow": self.next_flow() });
        }
        let begun =
            self.in_session(by, at, act, Want::of(lives, !lives), what, AccountHandle::reauthenticate)?;
        let Some(progress) = begun else { return Ok(()) };
        let who = self.sessions[at].holder;
        let mut flow = self.begin(who, &progress, Kind::Reauthenticate { session: at });
        flow.account = Some(account);
        flow.version = self.accounts[account].version;
        self.begun(flow, progress)
    }

    fn add(
        &mut self,
        by: By,
        at: usize,
        (identity, claims): (usize, Option<usize>),
        proof: &Proof,
        what: &str,
    ) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let owner = self.accounts[account].owner;
        let want = Want::of(proof.unheld, !proof.unheld);
        let provider = Self::provider(identity);
        let act = json!({ "do": "begin_add", "provider": provider.as_str(), "flow": self.next_flow() });
        let begun = self.in_session(by, at, act, want, what, |it| it.begin_add(&provider))?;
        let Some(progress) = begun else { return Ok(()) };
        let mut flow = self.begin(owner, &progress, Kind::Add { session: at, identity, claims });
        flow.account = Some(account);
        flow.version = self.accounts[account].version;
        self.begun(flow, progress)
    }

    fn add_password(
        &mut self,
        by: By,
        at: usize,
        to: usize,
        proof: &Proof,
        what: &str,
    ) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let owner = self.accounts[account].owner;
        let text = self.password(owner);
        let given = Secret::from(text.as_str());
        let has_one = self.accounts[account].credentials.password.is_some();
        let must_not = !proof.unheld || has_one;
        // An email of the account may still be the identifier of another account's password.
        let mine = self.accounts[account].verified.contains(&to);
        let want = Want::of(proof.unheld && !has_one && !mine, must_not);
        let act = json!({ "do": "add_password", "email": mail(to), "password": text });
        match self.in_session(by, at, act, want, what, |it| it.add_password(&mail(to), &given))? {
            Some(AddressStep::Done { .. }) => self.password_added(account, to, text),
            Some(_) => self.waits_for(at, to, Wanted::Password(text)),
            None => Ok(()),
        }
    }

    fn waits_for(&mut self, at: usize, to: usize, wanted: Wanted) -> Result<(), Broken> {
        let version = self.accounts[self.sessions[at].account].version;
        // A newer code replaces the older one. Over the rate limit, the last valid code for the same purpose
        // stays (SPEC 12.5).
        let earlier = self.sessions[at]
            .pending
            .take()
            .filter(|earlier| earlier.mail == to && earlier.version == version);
        let code = earlier
            .filter(|earlier| (earlier.wanted == Wanted::Contact) == (wanted == Wanted::Contact))
            .and_then(|it| it.code);
        let account = self.sessions[at].account;
        for session in self.sessions.iter_mut().filter(|session| session.account == account) {
            session.pending = None;
        }
        self.sessions[at].pending = Some(Pending { mail: to, wanted, code, version });
        Ok(())
    }

    fn prove(
        &mut self,
        by: By,
        at: usize,
        right: bool,
        pending: Option<Pending>,
        lives: bool,
        what: &str,
    ) -> Result<(), Broken> {
        let now = self.now();
        let account = self.sessions[at].account;
        let holder = self.sessions[at].holder;
        let waits = pending.as_ref();
        let code = waits.and_then(|it| it.code.clone()).filter(|code| code.to / MAILS == holder && right);
        let given = code.as_ref().map_or("00000000".into(), |code| code.secret.clone());
        let is_over = code.as_ref().is_none_or(|code| now >= code.over_at || code.wrong >= 5);
        let fits = waits.is_some_and(|it| {
            it.version == self.accounts[account].version
                && self.by_password(it.mail).is_none_or(|other| other == account)
                && !self.may_be_reserved(|credentials| credentials.password == Some(it.mail))
        });
        let sure = lives && fits && self.knows_all_of(self.accounts[account].owner);
        let want = Want::of(sure && !is_over, !lives || is_over);
        let act = json!({ "do": "prove_address", "code": self.told.code(&given) });
        let proven = self.in_session(by, at, act, want, what, |it| it.prove_address(&given))?;
        let Some(step) = proven else {
            if let Some(code) = self.sessions[at].pending.as_mut().and_then(|it| it.code.as_mut()) {
                code.wrong += 1;
            }
            return Ok(());
        };
        self.reached("an address proven");
        self.sessions[at].pending = None;
        let Some(Pending { mail: to, wanted, .. }) = pending else {
            return Err(format!("{what}: nothing was pending"));
        };
        let model = &mut self.accounts[account];
        let was_password = model.credentials.password == model.contact && model.contact.is_some();
        model.version += 1;
        if let AddressStep::ReviewMethods { .. } = step {
            model.is_known = false;
            self.reached("a review started");
        }
        let model = &mut self.accounts[account];
        match wanted {
            Wanted::Contact => {
                if was_password {
                    model.credentials.password = Some(to);
                }
                if let AddressStep::Done { .. } = step {
                    self.sessions_end(account, Some(at))
                } else {
                    Ok(())
                }
            }
            Wanted::Proof => Ok(()),
            Wanted::Password(text) => self.password_added(account, to, text),
        }
    }

    fn password_added(&mut self, account: usize, to: usize, text: String) -> Result<(), Broken> {
        let model = &mut self.accounts[account];
        model.credentials.password = Some(to);
        (model.text, model.leaked, model.compromised) = (text, false, false);
        model.version += 1;
        Ok(())
    }

    fn remove(&mut self, by: By, at: usize, method: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let Some(view) = self.view(at) else { return Ok(()) };
        let credentials = &self.accounts[account].credentials;
        let count = credentials.identities.len() + usize::from(credentials.password.is_some());
        let Some(gone) = view.methods.get(method % view.methods.len().max(1)).cloned() else { return Ok(()) };
        let is_last = count <= 1;
        let want = Want::of(proof.unheld && !is_last, !proof.unheld || is_last);
        let act = json!({ "do": "remove_method", "method": method_name(&gone) });
        if self.in_session(by, at, act, want, what, |it| it.remove_method(gone.id))?.is_none() {
            return Ok(());
        }
        let model = &mut self.accounts[account];
        model.version += 1;
        match &gone.handle {
            None => model.credentials.password = None,
            Some(handle) => model.credentials.identities.retain(|of| crate::acts::identity(*of).1 != *handle),
        }
        self.reached("a method removed");
        let this = self.world.engine().resolve(&self.sessions[at].token).is_ok().then_some(at);
        self.sessions_end(account, this)
    }

    pub(crate) fn view(&self, at: usize) -> Option<selfsame::AccountView> {
        let handle = self.world.engine().account(&self.sessions[at].token).ok()?;
        handle.view().ok()
    }

    fn other_password(
        &mut self,
        by: By,
        at: usize,
        right: bool,
        proof: &Proof,
        what: &str,
    ) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let model = self.accounts[account].clone();
        let new = self.password(model.owner);
        let current = if right && by != By::Thief { model.text.as_str() } else { "not the password" };
        let is_right = current == model.text;
        let has_one = model.credentials.password.is_some();
        let may = proof.fresh && has_one;
        let want = Want::of(may && is_right, !may || !is_right);
        let (given, fresh) = (Secret::from(current), Secret::from(new.as_str()));
        let act = json!({ "do": "change_password", "current": current, "new": new });
        match self.in_session(by, at, act, want, what, |it| it.change_password(&given, &fresh))? {
            Some(()) => {
                let model = &mut self.accounts[account];
                (model.text, model.leaked, model.compromised) = (new, false, false);
                model.version += 1;
                self.sessions_end(account, Some(at))
            }
            None => Ok(()),
        }
    }

    fn compromised(&mut self, by: By, at: usize, lives: bool, what: &str) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let Some(view) = self.view(at).filter(|_| by != By::Thief) else { return Ok(()) };
        let password =
            view.methods.iter().find(|method| method.handle.is_none() && method.provider.is_none());
        let Some(password) = password else { return Ok(()) };
        if self
            .in_session(by, at, bare_act("mark_compromised"), Want::of(lives, !lives), what, |it| {
                it.mark_compromised(password.id)
            })?
            .is_some()
        {
            self.accounts[account].compromised = true;
            self.accounts[account].version += 1;
        }
        Ok(())
    }

    /// Keeps every method of the owner, and sets a new password.
    fn review(&mut self, by: By, at: usize) -> Result<(), Broken> {
        let account = self.sessions[at].account;
        let Some(view) = self.view(at).filter(|_| by != By::Thief) else { return Ok(()) };
        let suspended: Vec<_> = view.methods.iter().filter(|method| method.suspended).collect();
        if suspended.is_empty() && !view.second_factor_suspended {
            return Ok(());
        }
        let new = self.password(self.accounts[account].owner);
        let given = Secret::from(new.as_str());
        let wants_password = suspended.iter().any(|method| method.provider.is_none());
        let keep: Vec<_> = suspended.iter().map(|method| method.id).collect();
        let names: Vec<_> = suspended.iter().map(|method| method_name(method)).collect();
        let act = json!({
            "do": "review", "stays": names, "new_password": wants_password.then_some(new.as_str()),
        });
        let done = self.in_session(by, at, act, Want::Any, "a review", |it| {
            it.review(&keep, false, wants_password.then_some(&given))
        })?;
        if done.is_some() {
            let model = &mut self.accounts[account];
            if wants_password {
                (model.text, model.leaked, model.compromised) = (new, false, false);
            }
            model.credentials.mfa = None;
            model.version += 1;
        }
        Ok(())
    }

    /// Reads the product's new state, and checks that no other product changed.
    pub(crate) fn memberships_now(&mut self, account: usize, number: usize) -> Result<(), Broken> {
        let own = |session: &&crate::model::Session| session.account == account && !session.is_over;
        let engine = self.world.engine();
        let lists = self
            .sessions
            .iter()
            .rev()
            .filter(own)
            .filter_map(|it| engine.account(&it.token).ok()?.memberships().ok());
        let Some(now) = lists.take(1).next() else { return Ok(()) };
        watch::only_one_product(&self.accounts[account].memberships, &now, &product(number))?;
        self.accounts[account].memberships = now;
        Ok(())
    }
}
