//! The ways in and the addresses, changed by their owner, and such a change taken back.

use selfsame::{AddressStep, Error, MethodView, ProviderId, Refusal, Secret, Step};
use selfsame_world::render;
use serde_json::json;

use super::{Reported, SignedIn, Store, entry, put};
use crate::arguments::{Device, Email, Methods, Password};
use crate::input;
use crate::next::hint;
use crate::tell::Report;
use crate::trouble::{Trouble, advising, otherwise};
use crate::words::{self, Tone};

impl Store {
    pub(crate) fn methods(&self, what: &Methods) -> Reported {
        match what {
            Methods::List => {
                let view = self.signed_in()?.account.view()?;
                let mut report = Report::of(json!({ "methods": render::shown(&view.methods) }));
                report.next = vec![
                    hint("selfsame methods add PROVIDER", "an identity at a provider"),
                    hint("selfsame password add EMAIL", "a password"),
                    hint("selfsame methods remove ID", "one less"),
                ];
                Ok(report)
            }
            Methods::Add { provider } => {
                self.ready(&[&self.flow, &self.session])?;
                let provider = provider.parse::<ProviderId>().map_err(|_| Refusal::UnknownProvider)?;
                self.came_to(&self.signed_in()?.account.begin_add(&provider)?)
            }
            Methods::Remove { method, waive_undo, confirmed } => {
                let is_confirmed = confirmed.yes || !waive_undo;
                let what = "This removes the way in for good, and its identifier is free at once";
                let SignedIn { account, session } = self.sure(is_confirmed, what)?;
                account.remove_method(*method, *waive_undo).map_err(no_such_way)?;
                let how = if *waive_undo { "for good" } else { "a message tells how to undo it" };
                let line = format!("the way in is removed, {how}, and all other sessions have ended");
                Ok(Report::done(json!({ "removed": method.to_string() }), line)
                    .then(vec![hint("selfsame account", "see the account")])
                    .but(self.session.remove_if(session.method == *method)))
            }
            Methods::TakeEmail { method } => {
                let taken = self.signed_in()?.account.take_seen_email(*method);
                taken.map_err(otherwise(
                    &Refusal::NotOffered,
                    "no provider tells of another email there: selfsame methods lists what they tell",
                ))?;
                let value = json!({ "taken_from": method.to_string() });
                Ok(Report::done(value, "the address is the account's, and not proven yet")
                    .then(vec![hint("selfsame email verify EMAIL", "prove it")]))
            }
            Methods::Review { keep, keep_second_factor, password, confirmed } => {
                let what = "This removes what is not kept of the ways in from before";
                let SignedIn { account, .. } = self.sure(confirmed.yes, what)?;
                let methods = account.view()?.methods;
                let keeps_password = methods.iter().any(|method| is_kept_password(method, keep));
                // The store is closed while somebody types.
                drop(account);
                let new = match keeps_password {
                    true => Some(input::password(password.password_stdin, true)?),
                    false => None,
                };
                let account = self.signed_in()?.account;
                account.review(keep, *keep_second_factor, new.as_ref()).map_err(otherwise(
                    &Refusal::NotOffered,
                    "nothing waits to be reviewed, or what is to be kept does not: selfsame account",
                ))?;
                Ok(Report::done(
                    json!({ "reviewed": true }),
                    "what was kept leads in again, the rest is removed",
                )
                .then(vec![hint("selfsame account", "see the account")]))
            }
        }
    }

    pub(crate) fn password(&self, what: &Password) -> Reported {
        // Whether anybody is signed in is found out before they type.
        self.ready(&[])?;
        self.session.session()?;
        match what {
            Password::Change { password_stdin } => {
                let (now, new) = input::two_passwords(*password_stdin)?;
                let changed = self.signed_in()?.account.change_password(&now, &new);
                changed.map_err(otherwise(
                    &Refusal::NotOffered,
                    "the account has no password: selfsame password add EMAIL",
                ))?;
                Ok(Report::done(
                    json!({ "password": "changed" }),
                    "the account has another password, and all other sessions have ended",
                ))
            }
            Password::Add { email, password } => {
                let password = input::password(password.password_stdin, true)?;
                let step = self.signed_in()?.account.add_password(email, &password);
                Ok(came_to(&step.map_err(otherwise(
                    &Refusal::NotOffered,
                    "the account has a password: selfsame password change",
                ))?))
            }
        }
    }

    pub(crate) fn email(&self, what: &Email) -> Reported {
        let step = match what {
            Email::Change { email, old_is_lost, confirmed } => {
                let is_confirmed = confirmed.yes || !old_is_lost;
                let what = "No code to undo this goes to the old mailbox";
                let account = self.sure(is_confirmed, what)?.account;
                account.change_email(email, *old_is_lost).map_err(otherwise(
                    &Refusal::NotOffered,
                    "that the mailbox is lost is taken from a session that has proven a second factor",
                ))?
            }
            Email::Verify { email } => {
                let step = self.signed_in()?.account.verify_address(email);
                step.map_err(otherwise(
                    &Refusal::NotOffered,
                    "it is no address of the account: selfsame email change EMAIL",
                ))?
            }
            Email::Prove => {
                self.ready(&[])?;
                self.session.session()?;
                let code = input::code()?;
                let step = self.signed_in()?.account.prove_address(&code);
                let is_wrong = |refusal: &Refusal| *refusal == Refusal::InvalidCode;
                step.map_err(advising(
                    is_wrong,
                    "selfsame email change EMAIL, or selfsame email verify EMAIL",
                ))?
            }
        };
        Ok(came_to(&step))
    }

    pub(crate) fn name(&self, name: Option<&str>) -> Reported {
        let account = self.signed_in()?.account;
        account.set_display_name(name)?;
        let name = account.view()?.display_name;
        let line = match &name {
            Some(name) => format!("you are called {name} from now on"),
            None => "you are called nothing from now on".to_owned(),
        };
        Ok(Report::done(json!({ "display_name": name }), line))
    }

    pub(crate) fn contact(&self, email: &str) -> Reported {
        let set = self.signed_in()?.account.set_contact(email);
        set.map_err(otherwise(
            &Refusal::NotOffered,
            "it is no verified address of the account: selfsame email verify EMAIL",
        ))?;
        let line = "messages go there from now on, and all other sessions have ended";
        Ok(Report::done(json!({ "contact": email }), line))
    }

    pub(crate) fn undo(&self, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let client = entry::client(device)?;
        let code: Secret = input::long_code("Undo code")?;
        let progress = self.open(&unlock)?.undo(&code, &client)?;
        let mut report = self.came_to(&progress)?;
        if progress.step == Step::Done {
            report.said.line = "the account is as it was before, and all sessions have ended".to_owned();
            report.next = vec![hint("selfsame begin-federated PROVIDER", "sign in by what is back")];
        }
        Ok(report)
    }
}

fn is_kept_password(method: &MethodView, keep: &[selfsame::MethodId]) -> bool {
    method.kind == selfsame::MethodKind::Password && keep.contains(&method.id)
}

fn no_such_way(error: Error) -> Trouble {
    otherwise(&Refusal::NotOffered, "the account has no such way in: selfsame methods lists them")(error)
}

/// What an act on an address has come to.
fn came_to(step: &AddressStep) -> Report {
    let mut value = render::shown(step);
    match step {
        AddressStep::Done => Report::done(value, "done; a message tells how to undo it")
            .then(vec![hint("selfsame account", "see the account")]),
        AddressStep::ProveAddress { to } => {
            let line = format!("type the code that was sent to {to}; nothing changes before");
            Report::telling(value, Tone::Asks, line, Vec::new()).then(vec![
                hint("selfsame messages", "what was sent"),
                hint("selfsame email prove", "type the code"),
            ])
        }
        AddressStep::ReviewMethods { second_factor, .. } => {
            let more = words::methods(&value);
            let line =
                "it is the account's first proven address: which of the ways in from before are yours?";
            put(&mut value, "to_review", json!(true));
            let mut report = Report::telling(value, Tone::Asks, line, more).then(vec![
                hint("selfsame methods review --keep ID", "keep these and remove the rest"),
                hint("selfsame methods review", "remove them all"),
            ]);
            if *second_factor {
                report.said.more.push("a second factor waits too: --keep-second-factor".to_owned());
            }
            report
        }
    }
}
