//! How the owner turns the second factor on and off, and gets recovery codes.

use selfsame::AccountHandle;
use selfsame_world::{minutes, totp};
use serde_json::json;

use super::Proof;
use crate::model::{Mfa, Unsaved, Want};
use crate::stage::{By, Stage};
use crate::told::bare_act;
use crate::watch::Broken;

impl Stage {
    pub(super) fn enroll(&mut self, by: By, at: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let now = self.now();
        // On hold, a second factor can be replaced but not turned on.
        let model = &self.accounts[self.sessions[at].account];
        let may = proof.for_factor && (model.credentials.mfa.is_some() || !model.is_held(self.now()));
        let want = Want::of(may, !may);
        let act = json!({ "do": "enroll_totp", "app": format!("p{}", self.told.apps.len() + 1) });
        if let Some(begun) = self.in_session(by, at, act, want, what, AccountHandle::enroll_totp)? {
            self.told.apps.push(begun.secret.clone());
            let session = &mut self.sessions[at];
            session.enrolment = Some((begun.secret, now, 0));
            session.unsaved = None;
        }
        Ok(())
    }

    pub(super) fn confirm(
        &mut self,
        by: By,
        at: usize,
        right: bool,
        lives: bool,
        what: &str,
    ) -> Result<(), Broken> {
        let now = self.now();
        let enrolment = self.sessions[at].enrolment.clone();
        let (secret, begun, wrong) = match enrolment {
            Some(enrolment) if by != By::Thief => enrolment,
            _ => {
                let none = self.sessions[at].enrolment.is_none();
                let act = json!({ "do": "confirm_totp", "app": "000000", "codes": self.next_codes() });
                let tried = self.in_session(by, at, act, Want::of(false, none), what, |it| {
                    it.confirm_totp(&"000000".into())
                })?;
                return tried.map_or(Ok(()), |_| Err(format!("{what}: an invented code was accepted")));
            }
        };
        let code = totp(&secret, now).map_err(|error| error.to_string())?;
        let given = if right { code } else { "no code".into() };
        let is_over = now >= begun + minutes(15) || wrong >= 5;
        let want = Want::of(lives && right && !is_over, !lives || !right || is_over);
        // If another session changes the account, this session and its enrolment end.
        let act = json!({ "do": "confirm_totp", "app": self.app(&given), "codes": self.next_codes() });
        match self.in_session(by, at, act, want, what, |it| it.confirm_totp(&given))? {
            Some(codes) => {
                self.told.recovery_codes.push(codes.codes.clone());
                let factor = Some((secret, now.as_millis() / 30_000));
                self.sessions[at].enrolment = None;
                self.sessions[at].unsaved = Some(Unsaved { codes: codes.codes, factor, at: now });
            }
            None => {
                if let Some(enrolment) = &mut self.sessions[at].enrolment {
                    enrolment.2 += 1;
                }
            }
        }
        Ok(())
    }

    pub(super) fn saved(&mut self, by: By, at: usize, what: &str) -> Result<(), Broken> {
        let now = self.now();
        let account = self.sessions[at].account;
        let unsaved = self.sessions[at].unsaved.take();
        let want = Want::of(false, unsaved.is_none());
        let done = self.in_session(
            by,
            at,
            bare_act("recovery_codes_saved"),
            want,
            what,
            AccountHandle::recovery_codes_saved,
        )?;
        let (Some(()), Some(unsaved)) = (done, unsaved) else { return Ok(()) };
        self.reached("codes saved");
        let model = &mut self.accounts[account];
        match (unsaved.factor, &mut model.credentials.mfa) {
            (Some((secret, last_step)), mfa) => {
                *mfa = Some(Mfa { secret, codes: unsaved.codes, last_step });
                model.second.clear();
                model.version += 1;
                let session = &mut self.sessions[at];
                session.has_second = true;
                session.recovered = false;
                session.proven_at = session.proven_at.min(unsaved.at.min(now));
                self.sessions_end(account, Some(at))
            }
            (None, Some(mfa)) => {
                mfa.codes = unsaved.codes;
                Ok(())
            }
            (None, None) => Err(format!("{what}: recovery codes without a second factor")),
        }
    }

    pub(super) fn other_codes(&mut self, by: By, at: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let now = self.now();
        let account = self.sessions[at].account;
        let on = self.accounts[account].credentials.mfa.is_some();
        let want = Want::of(proof.fresh && on, !proof.fresh || !on);
        let act = json!({ "do": "regenerate_recovery_codes", "codes": self.next_codes() });
        let made = self.in_session(by, at, act, want, what, AccountHandle::regenerate_recovery_codes)?;
        if let Some(made) = made {
            self.told.recovery_codes.push(made.codes.clone());
            self.sessions[at].unsaved = Some(Unsaved { codes: made.codes, factor: None, at: now });
            self.sessions[at].enrolment = None;
        }
        Ok(())
    }

    pub(super) fn mfa_off(&mut self, by: By, at: usize, proof: &Proof, what: &str) -> Result<(), Broken> {
        let now = self.now();
        let account = self.sessions[at].account;
        let on = self.accounts[account].credentials.mfa.is_some();
        // Eve knows the password, so it must not become the only factor.
        if self.accounts[account].leaked {
            return Ok(());
        }
        let held = self.accounts[account].is_held(now);
        let want = Want::of(proof.for_factor && on && !held, !proof.for_factor || !on);
        if self
            .in_session(by, at, bare_act("turn_off_mfa"), want, what, AccountHandle::turn_off_mfa)?
            .is_some()
        {
            let model = &mut self.accounts[account];
            model.credentials.mfa = None;
            model.version += 1;
            self.reached("MFA off");
            self.sessions_end(account, Some(at))?;
        }
        Ok(())
    }
}
