//! The second factor, and the recovery codes.

use std::io::Write;
use std::path::Path;

use selfsame::{Error, RecoveryCodes, Refusal, Revealed, Secret};
use selfsame_world::render;
use serde_json::json;

use super::{Reported, Store, put};
use crate::arguments::Mfa;
use crate::next::hint;
use crate::tell::Report;
use crate::trouble::{Trouble, advising, otherwise};
use crate::words::{self, Tone};
use crate::{calendar, input, state};

impl Store {
    pub(crate) fn mfa(&self, what: &Mfa) -> Reported {
        match what {
            Mfa::Show => self.mfa_show(),
            Mfa::Enroll { svg } => self.mfa_enroll(svg.as_deref()),
            Mfa::Confirm => self.mfa_confirm(),
            Mfa::Codes => {
                let codes = self.signed_in()?.account.unsaved_recovery_codes();
                Ok(to_be_saved(&codes.map_err(none_waits)?))
            }
            Mfa::ConfirmSaved => self.mfa_saved(),
            Mfa::NewCodes { confirmed } => {
                let what = "The old recovery codes stop working when you save the new ones";
                let codes = self.sure(confirmed.yes, what)?.account.regenerate_recovery_codes();
                Ok(to_be_saved(&codes.map_err(is_off)?))
            }
            Mfa::Off { confirmed } => {
                let what = "This turns MFA off, voids the recovery codes and ends all other sessions";
                self.sure(confirmed.yes, what)?.account.turn_off_mfa().map_err(is_off)?;
                Ok(Report::done(json!({ "mfa": null }), "MFA is off, and all other sessions have ended")
                    .then(vec![hint("selfsame mfa enroll", "turn it on again")]))
            }
        }
    }

    fn mfa_show(&self) -> Reported {
        let view = self.signed_in()?.account.view()?;
        let value = json!({ "mfa": render::shown(&view.mfa) });
        let hints = match view.mfa {
            Some(_) => vec![
                hint("selfsame mfa new-codes", "create new recovery codes"),
                hint("selfsame mfa enroll", "replace the authenticator app"),
                hint("selfsame mfa off", "turn it off"),
            ],
            None => vec![hint("selfsame mfa enroll", "turn it on")],
        };
        let line = words::mfa(&value);
        Ok(Report::telling(value, Tone::Tells, line, Vec::new()).then(hints))
    }

    fn mfa_enroll(&self, svg: Option<&Path>) -> Reported {
        if let Some(svg) = svg {
            // Check this first, so that no secret is created that cannot be saved.
            state::check_creatable(svg)?;
        }
        let enrolment = self.signed_in()?.account.enroll_totp()?;
        let text = |secret: &Secret| secret.reveal_text().unwrap_or_default().to_owned();
        let drawn = svg.map(|svg| svg.display().to_string());
        let mut value = render::shown(&Revealed(&enrolment));
        put(&mut value, "svg", json!(drawn));
        let mut more = vec![format!("secret: {}", text(&enrolment.secret)), text(&enrolment.uri)];
        if let Some(drawn) = drawn {
            more.push(format!("the QR code is in {drawn}; anyone who sees it has the second factor"));
        }
        let line = format!(
            "scan the QR code with an authenticator app, or type the secret into it, before {}",
            calendar::moment(enrolment.expires_at.as_millis())
        );
        let mut report = Report::telling(value, Tone::Asks, line, more)
            .then(vec![hint("selfsame mfa confirm", "type the code from the app")]);
        report.picture = Some(enrolment.qr.terminal());
        Ok(report.but(
            svg.map_or(Ok(()), |svg| state::make(svg, |file| file.write_all(enrolment.qr.svg().reveal()))),
        ))
    }

    fn mfa_confirm(&self) -> Reported {
        // Refuse before the person types, if there is no session.
        self.ready(&[])?;
        self.session.session()?;
        let code = input::totp()?;
        let is_wrong = |refusal: &Refusal| *refusal == Refusal::InvalidCode;
        let advice = "type the current code from the app; you have five attempts";
        let codes = self.signed_in()?.account.confirm_totp(&code);
        let codes = codes.map_err(|error| match error {
            Error::Refused(Refusal::FlowExpired | Refusal::NotOffered) => none_waits(error),
            error => advising(is_wrong, advice)(error),
        });
        Ok(to_be_saved(&codes?))
    }

    fn mfa_saved(&self) -> Reported {
        self.signed_in()?.account.recovery_codes_saved().map_err(none_waits)?;
        Ok(Report::done(json!({ "saved": true }), "MFA is on, with the recovery codes that you saved")
            .then(vec![hint("selfsame account", "see the account")]))
    }
}

/// Shows the codes, so that the person can save them.
fn to_be_saved(codes: &RecoveryCodes) -> Report {
    let texts: Vec<_> =
        codes.codes.iter().map(|code| code.reveal_text().unwrap_or_default().to_owned()).collect();
    let value = render::shown(&Revealed(codes));
    let line = "save these recovery codes, but not on the phone; each one replaces a code from the app, once";
    Report::telling(value, Tone::Asks, line, texts).then(vec![
        hint("selfsame mfa confirm-saved", "confirm that you saved them; they work only after that"),
        hint("selfsame mfa codes", "show them again, for 15 minutes"),
    ])
}

fn none_waits(error: Error) -> Trouble {
    match error {
        Error::Refused(Refusal::FlowExpired) => Trouble::Said(
            error,
            "no enrolment is open in this session; start one: selfsame mfa enroll".into(),
        ),
        Error::Refused(Refusal::NotOffered) => Trouble::Said(
            error,
            "the enrolment is at another step: selfsame mfa confirm, or selfsame mfa confirm-saved".into(),
        ),
        error => error.into(),
    }
}

fn is_off(error: Error) -> Trouble {
    otherwise(&Refusal::NotOffered, "MFA is off; turn it on: selfsame mfa enroll")(error)
}
