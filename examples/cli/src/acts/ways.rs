//! Changes of sign-in methods and addresses by their owner, and undoing a change.

use selfsame::{AddressStep, Error, MethodView, ProviderId, Refusal, Secret, Step};
use selfsame_world::render;
use serde_json::json;

use super::{Reported, SignedIn, Store, put};
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
                    hint("selfsame methods add PROVIDER", "add an identity at a provider"),
                    hint("selfsame password add EMAIL", "add a password"),
                    hint("selfsame methods remove ID", "remove a sign-in method"),
                ];
                Ok(report)
            }
            Methods::Add { provider } => {
                self.ready(&[&self.flow, &self.session])?;
                let provider = provider.parse::<ProviderId>().map_err(|_| Refusal::UnknownProvider)?;
                self.came_to(&self.signed_in()?.account.begin_add(&provider)?)
            }
            Methods::Remove { method } => {
                let SignedIn { account, session } = self.signed_in()?;
                account.remove_method(*method).map_err(no_such_method)?;
                let line = "the sign-in method is removed (the message about it has an undo code), and all other \
                            sessions have ended";
                Ok(Report::done(json!({ "removed": method.to_string() }), line)
                    .then(vec![hint("selfsame account", "see the account")])
                    .but(self.session.remove_if(session.method == *method)))
            }
            Methods::AdoptEmail { method } => {
                let taken = self.signed_in()?.account.take_seen_email(*method);
                taken.map_err(otherwise(
                    &Refusal::NotOffered,
                    "the provider reports no new address for this method; list the methods: selfsame methods",
                ))?;
                let value = json!({ "taken_from": method.to_string() });
                Ok(Report::done(value, "the address is added to the account, but not verified")
                    .then(vec![hint("selfsame email send-code EMAIL", "verify it")]))
            }
            Methods::Review { keep, keep_second_factor, password, confirmed } => {
                let what = "This removes every suspended sign-in method that you do not keep";
                let SignedIn { account, .. } = self.sure(confirmed.yes, what)?;
                let methods = account.view()?.methods;
                let keeps_password = methods.iter().any(|method| is_kept_password(method, keep));
                // Closes the store while the person types.
                drop(account);
                let new = match keeps_password {
                    true => Some(input::password(password.password_stdin, true)?),
                    false => None,
                };
                let account = self.signed_in()?.account;
                account.review(keep, *keep_second_factor, new.as_ref()).map_err(otherwise(
                    &Refusal::NotOffered,
                    "there is nothing to review, or an id to keep is not under review; look at the account: selfsame account",
                ))?;
                Ok(Report::done(
                    json!({ "reviewed": true }),
                    "the methods that you kept work again, and the others are removed",
                )
                .then(vec![hint("selfsame account", "see the account")]))
            }
        }
    }

    pub(crate) fn password(&self, what: &Password) -> Reported {
        // Refuse before the person types, if there is no session.
        self.ready(&[])?;
        self.session.session()?;
        match what {
            Password::ReportCompromised { method, confirmed } => self.report_compromised(*method, confirmed),
            Password::Change { password_stdin } => {
                let (now, new) = input::two_passwords(*password_stdin)?;
                let changed = self.signed_in()?.account.change_password(&now, &new);
                changed.map_err(otherwise(
                    &Refusal::NotOffered,
                    "the account has no password; add one: selfsame password add EMAIL",
                ))?;
                Ok(Report::done(
                    json!({ "password": "changed" }),
                    "the password is changed, and all other sessions have ended",
                ))
            }
            Password::Add { email, password } => {
                let password = input::password(password.password_stdin, true)?;
                let step = self.signed_in()?.account.add_password(email, &password);
                Ok(came_to(&step.map_err(otherwise(
                    &Refusal::NotOffered,
                    "the account already has a password; change it: selfsame password change",
                ))?))
            }
        }
    }

    pub(crate) fn email(&self, what: &Email) -> Reported {
        let step = match what {
            Email::Change { email } => self.signed_in()?.account.change_email(email)?,
            Email::SendCode { email } => {
                let step = self.signed_in()?.account.verify_address(email);
                step.map_err(otherwise(
                    &Refusal::NotOffered,
                    "this is not an address of the account; add it: selfsame email change EMAIL",
                ))?
            }
            Email::Verify => {
                self.ready(&[])?;
                self.session.session()?;
                let code = input::code()?;
                let step = self.signed_in()?.account.prove_address(&code);
                let is_wrong = |refusal: &Refusal| *refusal == Refusal::InvalidCode;
                step.map_err(advising(
                    is_wrong,
                    "get a new one with selfsame email change EMAIL or selfsame email send-code EMAIL",
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
            Some(name) => format!("your display name is now {name}"),
            None => "your display name is removed".to_owned(),
        };
        Ok(Report::done(json!({ "display_name": name }), line))
    }

    pub(crate) fn contact(&self, email: &str) -> Reported {
        let set = self.signed_in()?.account.set_contact(email);
        set.map_err(otherwise(
            &Refusal::NotOffered,
            "this is not a verified address of the account; verify it: selfsame email send-code EMAIL",
        ))?;
        let line = "messages now go to this address, and all other sessions have ended";
        Ok(Report::done(json!({ "contact": email }), line))
    }

    pub(crate) fn confirm_changes(&self, up_to: u64) -> Reported {
        let confirmed = self.signed_in()?.account.confirm_protected_acts(up_to);
        confirmed.map_err(otherwise(
            &Refusal::NotOffered,
            "no change of the last 30 days has this number or a lower one; list them: selfsame account",
        ))?;
        let line = "the changes are confirmed, and sign-ins here no longer list them";
        Ok(Report::done(json!({ "confirmed_up_to": up_to }), line))
    }

    pub(crate) fn undo(&self, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let client = self.client(device)?;
        let code: Secret = input::long_code("Undo code")?;
        let progress = self.open(&unlock)?.undo(&code, &client)?;
        let mut report = self.came_to(&progress)?;
        if let Step::Done { .. } = progress.step {
            report.said.line = "the change is undone, and all sessions have ended".to_owned();
            report.next = vec![hint("selfsame begin-federated PROVIDER", "sign in with a restored method")];
        }
        Ok(report)
    }
}

fn is_kept_password(method: &MethodView, keep: &[selfsame::MethodId]) -> bool {
    method.kind == selfsame::MethodKind::Password && keep.contains(&method.id)
}

fn no_such_method(error: Error) -> Trouble {
    otherwise(
        &Refusal::NotOffered,
        "the account has no sign-in method with this id; list them: selfsame methods",
    )(error)
}

/// Reports the result of an action on an address.
fn came_to(step: &AddressStep) -> Report {
    let mut value = render::shown(step);
    match step {
        AddressStep::Done { .. } => {
            let more = words::was_reserved(&value);
            Report::telling(value, Tone::Done, "done; the message about it has an undo code", more)
                .then(vec![hint("selfsame account", "see the account")])
        }
        AddressStep::ProveAddress { to, .. } => {
            let goes = words::step::goes(&value, to);
            let line = format!("type the code {goes}; nothing changes until then");
            Report::telling(value, Tone::Asks, line, Vec::new()).then(vec![
                hint("selfsame messages", "show the message with the code"),
                hint("selfsame email verify", "type the code"),
            ])
        }
        AddressStep::ReviewMethods { second_factor, .. } => {
            let more = [words::was_reserved(&value), words::methods(&value)].concat();
            let line = "this is the first verified address of the account; which of these sign-in methods are yours?";
            put(&mut value, "to_review", json!(true));
            let mut report = Report::telling(value, Tone::Asks, line, more).then(vec![
                hint("selfsame methods review --keep ID", "keep this one and remove the others"),
                hint("selfsame methods review", "remove all of them"),
            ]);
            if *second_factor {
                report.said.more.push("to keep the second factor too, add --keep-second-factor".to_owned());
            }
            report
        }
    }
}
