//! The second factor, and the recovery codes in its place.

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
            Mfa::Saved => self.mfa_saved(),
            Mfa::NewCodes { confirmed } => {
                let what = "The recovery codes from before end once the new ones are saved";
                let codes = self.sure(confirmed.yes, what)?.account.regenerate_recovery_codes();
                Ok(to_be_saved(&codes.map_err(is_off)?))
            }
            Mfa::Off { confirmed } => {
                let what = "This ends MFA, its recovery codes and all other sessions";
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
                hint("selfsame mfa new-codes", "other recovery codes"),
                hint("selfsame mfa enroll", "another authenticator app in the place of this one"),
                hint("selfsame mfa off", "turn it off"),
            ],
            None => vec![hint("selfsame mfa enroll", "turn it on")],
        };
        let line = words::mfa(&value);
        Ok(Report::telling(value, Tone::Tells, line, Vec::new()).then(hints))
    }

    fn mfa_enroll(&self, svg: Option<&Path>) -> Reported {
        if let Some(svg) = svg {
            // Before a secret is made that would be drawn nowhere.
            state::can_be_made(svg)?;
        }
        let enrolment = self.signed_in()?.account.enroll_totp()?;
        let text = |secret: &Secret| secret.reveal_text().unwrap_or_default().to_owned();
        let drawn = svg.map(|svg| svg.display().to_string());
        let mut value = render::shown(&Revealed(&enrolment));
        put(&mut value, "svg", json!(drawn));
        let mut more = vec![format!("secret: {}", text(&enrolment.secret)), text(&enrolment.uri)];
        if let Some(drawn) = drawn {
            more.push(format!("the QR code is in {drawn}: whoever sees it has the second factor"));
        }
        let line = format!(
            "have an authenticator app scan this or take the secret, until {}",
            calendar::moment(enrolment.expires_at.as_millis())
        );
        let mut report = Report::telling(value, Tone::Asks, line, more)
            .then(vec![hint("selfsame mfa confirm", "type what the app shows")]);
        report.picture = Some(enrolment.qr.terminal());
        Ok(report.but(
            svg.map_or(Ok(()), |svg| state::make(svg, |file| file.write_all(enrolment.qr.svg().reveal()))),
        ))
    }

    fn mfa_confirm(&self) -> Reported {
        // Whether there is anything to confirm is found out before somebody types.
        self.ready(&[])?;
        self.session.session()?;
        let code = input::totp()?;
        let is_wrong = |refusal: &Refusal| *refusal == Refusal::InvalidCode;
        let advice = "what the app shows now, five times at most";
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

/// The codes are shown as they are: that is what they are for.
fn to_be_saved(codes: &RecoveryCodes) -> Report {
    let texts: Vec<_> =
        codes.codes.iter().map(|code| code.reveal_text().unwrap_or_default().to_owned()).collect();
    let value = render::shown(&Revealed(codes));
    let line = "save these recovery codes where the phone is not; each stands in for it once";
    Report::telling(value, Tone::Asks, line, texts).then(vec![
        hint("selfsame mfa saved", "they are saved: only that makes them count"),
        hint("selfsame mfa codes", "see them again for 15 minutes"),
    ])
}

fn none_waits(error: Error) -> Trouble {
    match error {
        Error::Refused(Refusal::FlowExpired) => {
            Trouble::Said(error, "nothing waits for this in the session: selfsame mfa enroll".into())
        }
        Error::Refused(Refusal::NotOffered) => Trouble::Said(
            error,
            "the enrolment is at another point: selfsame mfa confirm, or mfa saved".into(),
        ),
        error => error.into(),
    }
}

fn is_off(error: Error) -> Trouble {
    otherwise(&Refusal::NotOffered, "MFA is off: selfsame mfa enroll turns it on")(error)
}
