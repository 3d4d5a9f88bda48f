//! A step: what it asks, in words and in commands, and what people answer.

use selfsame::{Accepted, ProviderId, SecondFactor, Step};
use selfsame_world::render;
use selfsame_world::story::Give;
use serde_json::Value;

use super::story::person;
use super::{Names, Said, Tone, called, candidate, count, is, moment, name, proof, said, text, way_in};
use crate::next::{Hint, hint};
use crate::policy;

/// What the engine asks.
pub(super) fn at_step(step: &str, answer: &Value, names: &Names) -> Said {
    let asks = |line: String| said(Tone::Asks, line);
    match step {
        "PresentAssertion" => asks(format!("sign in at {} and come back", called(text(answer, "provider")))),
        "VerifyEmail" => {
            let skip = if is(answer, "can_skip") { ", or skip that" } else { "" };
            asks(format!("type the code that was sent to {}{skip}", text(answer, "to")))
        }
        "ConfirmCreate" => asks(format!(
            "nobody is known by this identity at {}; make an account?",
            called(text(answer, "provider"))
        )),
        "LinkOrCreate" => {
            let candidates =
                answer.get("candidates").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let mut more: Vec<_> = candidates
                .iter()
                .map(|one| format!("{}  link to {}", count(one, "place"), candidate(one)))
                .collect();
            match text(answer, "blocked") {
                "" => more.push("or a new account".to_owned()),
                blocked => more.push(format!("no new account: {blocked}")),
            }
            Said {
                tone: Tone::Asks,
                line: format!("{} is proven; which account?", text(answer, "email")),
                more,
            }
        }
        "ProveOwnership" => {
            let accepted = answer.get("accepted").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let proofs: Vec<_> = accepted.iter().map(proof).collect();
            let adding = answer.get("adding").filter(|adding| !adding.is_null());
            let more = vec![match adding {
                Some(adding) => format!("to be added: {}", way_in(adding)),
                None => "the new password will be dropped".to_owned(),
            }];
            Said {
                tone: Tone::Asks,
                line: format!("prove that the account is yours by {}", proofs.join(" or ")),
                more,
            }
        }
        "SecondFactor" => asks("the second factor too: what the app shows, or a recovery code".to_owned()),
        "NewPassword" => asks("set a new password".to_owned()),
        "Reauthenticate" => asks("prove again that it is you".to_owned()),
        "ConfirmRestore" => asks(format!("to be deleted at {}; restore it?", moment(answer, "purge_at"))),
        "SignedIn" => {
            let how = match text(answer, "outcome") {
                "Created" => "a new account, signed in",
                "Linked" => "linked, signed in",
                "Restored" => "restored, signed in",
                "Reset" => "a new password, signed in",
                "Undone" => "undone, signed in",
                "Reauthenticated" => "proven anew, still signed in",
                _ => "signed in",
            };
            let how =
                if is(answer, "recovered") { format!("{how} with a recovery code") } else { how.to_owned() };
            said(Tone::Done, format!("{how} to {}", name(answer, "account", names)))
        }
        "AlreadySignedIn" => {
            let account = name(answer, "account", names);
            said(Tone::Done, format!("already signed in to {account}: its token was handed out before"))
        }
        "Done" => said(Tone::Done, "done".to_owned()),
        _ => said(Tone::Tells, "the flow is over".to_owned()),
    }
}

/// The answers that a step takes.
pub(crate) fn hints(step: &Step) -> Vec<Hint> {
    let mut hints = match step {
        Step::PresentAssertion { provider, .. } => {
            let mut hints = vec![
                hint("selfsame continue FILE", says(provider)),
                hint("selfsame continue FILE --intent sign-up", "the same, and a new account if need be"),
            ];
            if policy::signs(provider) {
                hints
                    .push(hint(&format!("selfsame set-keys {provider} FILE"), "the keys that it signs with"));
            }
            hints
        }
        Step::VerifyEmail { can_skip, .. } => {
            let mut hints = vec![
                hint("selfsame messages", "what was sent"),
                hint("selfsame answer code", "type the code"),
                hint("selfsame answer resend", "have another code sent"),
                hint("selfsame answer correct-address EMAIL", "it is another address"),
            ];
            if *can_skip {
                hints.push(hint("selfsame answer skip", "leave the address unproven"));
            }
            hints
        }
        Step::ConfirmCreate { .. } => vec![hint("selfsame answer confirm", "make an account")],
        Step::LinkOrCreate { candidates, can_create, .. } => {
            let mut hints: Vec<_> = candidates
                .iter()
                .map(|one| {
                    let whose = candidate(&render::shown(one));
                    hint(&format!("selfsame answer link {}", one.place), format!("link to {whose}"))
                })
                .collect();
            if *can_create {
                hints
                    .push(hint("selfsame answer create-new", "make a new account, separate from the others"));
            }
            hints
        }
        Step::ProveOwnership { accepted, .. } => accepted.iter().map(hint_to_prove).collect(),
        Step::SecondFactor { accepted, can_skip } => {
            let mut hints: Vec<_> = accepted
                .iter()
                .map(|factor| match factor {
                    SecondFactor::Totp => hint("selfsame answer totp", "what your authenticator app shows"),
                    SecondFactor::RecoveryCode => {
                        hint("selfsame answer recovery-code", "one of your recovery codes instead")
                    }
                })
                .collect();
            if *can_skip {
                hints.push(hint("selfsame answer skip", "go on without, to have the account deleted"));
            }
            hints
        }
        Step::NewPassword => vec![hint("selfsame answer new-password", "the password from now on")],
        Step::Reauthenticate { accepted, .. } => accepted.iter().map(hint_to_prove).collect(),
        Step::ConfirmRestore { .. } => vec![
            hint("selfsame answer restore", "restore the account"),
            hint("selfsame answer keep-deleted", "leave it to be deleted"),
            hint("selfsame answer erase-now", "erase it now, 72 hours or more after it was asked for"),
        ],
        Step::SignedIn { session } => {
            if session.recovered {
                return vec![
                    hint("selfsame mfa enroll", "another authenticator app in the place of the lost one"),
                    hint("selfsame mfa off", "or none"),
                ];
            }
            return vec![
                hint("selfsame account", "see the account"),
                hint("selfsame sessions", "see where it is signed in"),
                hint("selfsame sign-out", "end this session"),
            ];
        }
        Step::Done => {
            return vec![
                hint("selfsame account", "see the account"),
                hint("selfsame begin-federated PROVIDER", "or sign in to it, after an undo"),
            ];
        }
        Step::AlreadySignedIn { .. } | Step::Ended => {
            return vec![hint("selfsame sign-in EMAIL", "or selfsame begin-federated PROVIDER")];
        }
    };
    hints.push(hint("selfsame answer cancel", "give up"));
    hints
}

/// What somebody answers, to stand behind their name.
pub(super) fn answers(give: &Give) -> String {
    match give {
        Give::Code(_) => "types the code".to_owned(),
        Give::TypedCode(_) => "types a code of their own".to_owned(),
        Give::Skip => "skips that".to_owned(),
        Give::Confirm => "says yes".to_owned(),
        Give::CreateNew => "wants a new account".to_owned(),
        Give::LinkTo(place) => format!("chooses {place}"),
        Give::Password(_) => "gives a password".to_owned(),
        Give::Assertion(identity) => {
            format!("comes from {} as {}", called(&identity.provider), person(identity))
        }
        Give::Totp(_) => "types what the app shows".to_owned(),
        Give::TypedTotp(_) => "types a code of their own".to_owned(),
        Give::TypedRecoveryCode(_) => "types a recovery code of their own".to_owned(),
        Give::RecoveryCode { number, .. } => format!("types recovery code {number}"),
        Give::NewPassword(_) => "sets a new password".to_owned(),
        Give::Restore => "restores the account".to_owned(),
        Give::KeepDeleted => "leaves it deleted".to_owned(),
        Give::EraseNow => "wants it erased at once".to_owned(),
        Give::Resend => "asks for another code".to_owned(),
        Give::CorrectAddress(address) => format!("means {address}"),
        Give::Cancel => "gives up".to_owned(),
    }
}

fn hint_to_prove(accepted: &Accepted) -> Hint {
    match accepted {
        Accepted::Password => hint("selfsame answer password", "the account's password"),
        Accepted::Federated { provider } => hint("selfsame answer assertion FILE", says(provider)),
    }
}

fn says(provider: &ProviderId) -> String {
    let called = called(provider.as_str());
    match policy::signs(provider) {
        true => format!("the ID token of {called}"),
        false => format!("what {called} says of you, as JSON"),
    }
}
