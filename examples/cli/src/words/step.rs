//! Steps: the question, the commands that answer it, and the answers of people in stories.

use selfsame::{Accepted, ProviderId, SecondFactor, Step};
use selfsame_world::render;
use selfsame_world::story::Give;
use serde_json::Value;

use super::page::{changes, methods, mfa};
use super::story::person;
use super::{
    Names, Said, Tone, called, candidate, count, is, list, moment, name, proof, said, sign_in_method, text,
};
use crate::next::{Hint, hint};
use crate::policy;

/// The question of the engine.
pub(super) fn at_step(step: &str, answer: &Value, names: &Names) -> Said {
    let asks = |line: String| said(Tone::Asks, line);
    match step {
        "PresentAssertion" => asks(format!("sign in at {} and come back", called(text(answer, "provider")))),
        "VerifyEmail" => {
            let skip = if is(answer, "can_skip") { ", or skip this step" } else { "" };
            asks(format!("type the code {}{skip}", goes(answer, text(answer, "to"))))
        }
        "ConfirmCreate" => {
            asks(format!("no account has this identity at {}; create one?", called(text(answer, "provider"))))
        }
        "LinkOrCreate" => {
            let mut more: Vec<_> = list(answer, "candidates")
                .iter()
                .map(|one| format!("{}  link to {}", count(one, "place"), candidate(one)))
                .collect();
            match text(answer, "blocked") {
                "" => more.push("or create a new account".to_owned()),
                blocked => more.push(format!("you cannot create a new account: {blocked}")),
            }
            let what = match text(answer, "email") {
                "" => "an account had this sign-in method until recently and can take it back".to_owned(),
                email => format!("{email} is verified"),
            };
            Said { tone: Tone::Asks, line: format!("{what}; which account do you want to use?"), more }
        }
        "ProveOwnership" => {
            let proofs: Vec<_> = list(answer, "accepted").iter().map(proof).collect();
            let adding = answer.get("adding").filter(|adding| !adding.is_null());
            let more = vec![match adding {
                Some(adding) => format!("this will be added: {}", sign_in_method(adding)),
                None => "the new password will be dropped".to_owned(),
            }];
            Said {
                tone: Tone::Asks,
                line: format!("prove with {} that the account is yours", proofs.join(" or ")),
                more,
            }
        }
        "SecondFactor" => {
            let of = if is(answer, "is_former") { " that the account had before the change" } else { "" };
            asks(format!("type the code from your authenticator app, or a recovery code{of}"))
        }
        "EnrollSecondFactor" => {
            asks("add the account to an authenticator app, and type the code that it shows".to_owned())
        }
        "SaveRecoveryCodes" => asks("save the recovery codes, and say that you have".to_owned()),
        "NewPassword" => asks("set a new password".to_owned()),
        "PresentPasskey" => asks("sign in with a passkey".to_owned()),
        "CreatePasskey" => asks("make a passkey".to_owned()),
        "Reauthenticate" => asks("prove again who you are".to_owned()),
        "ConfirmRestore" => {
            asks(format!("the account will be deleted on {}; restore it?", moment(answer, "purge_at")))
        }
        "SignedIn" => {
            let how = match text(answer, "outcome") {
                "Created" => "account created, signed in",
                "Linked" => "linked, signed in",
                "Restored" => "account restored, signed in",
                "Reset" => "password reset, signed in",
                "Undone" => "change undone, signed in",
                "Reauthenticated" => "fresh proof given, still signed in",
                _ => "signed in",
            };
            let how =
                if is(answer, "recovered") { format!("{how} with a recovery code") } else { how.to_owned() };
            let line = format!("{how} to {}", name(answer, "account", names));
            Said {
                tone: Tone::Done,
                line,
                more: [left_out(answer), other_access(answer), unconfirmed(answer)].concat(),
            }
        }
        "AlreadySignedIn" => {
            let account = name(answer, "account", names);
            said(
                Tone::Done,
                format!("already signed in to {account}; an earlier call returned the session token"),
            )
        }
        "Done" => {
            let more = [was_reserved(answer), left_out(answer)].concat();
            Said { tone: Tone::Done, line: "done".to_owned(), more }
        }
        _ => said(Tone::Tells, "the flow is over".to_owned()),
    }
}

/// Says that a code was sent to the address, or when it will be.
pub(crate) fn goes(answer: &Value, to: &str) -> String {
    match moment(answer, "send_at") {
        at if at.is_empty() => format!("that was sent to {to}"),
        at => format!("that will be sent to {to} on {at}"),
    }
}

/// Says that another account had reserved the new email or identity.
pub(crate) fn was_reserved(answer: &Value) -> Vec<String> {
    let why =
        "another account had it until recently; it is yours now, even if that account undoes its change";
    is(answer, "was_reserved").then(|| why.to_owned()).into_iter().collect()
}

/// The sign-in methods that an undo left out.
fn left_out(answer: &Value) -> Vec<String> {
    let methods = list(answer, "left_out").iter().map(sign_in_method);
    methods.map(|method| format!("not restored, because another account has it now: {method}")).collect()
}

/// What else gives access to the account after a reset or an undo.
fn other_access(answer: &Value) -> Vec<String> {
    let Some(access) = answer.get("other_access").filter(|access| !access.is_null()) else {
        return Vec::new();
    };
    let mut more = methods(access);
    if !more.is_empty() {
        more.insert(0, "these also sign in; are they yours?".to_owned());
    }
    let is_on = access.get("mfa").is_some_and(|mfa| !mfa.is_null());
    more.extend(is_on.then(|| mfa(access)));
    more
}

/// The protected acts that nobody has confirmed here.
fn unconfirmed(answer: &Value) -> Vec<String> {
    let acts = changes(list(answer, "unconfirmed"));
    let asks = "these changes were made elsewhere; are they yours?".to_owned();
    if acts.is_empty() { acts } else { [vec![asks], acts].concat() }
}

/// The commands that answer a step.
pub(crate) fn hints(step: &Step) -> Vec<Hint> {
    let mut hints = match step {
        Step::PresentAssertion { provider, .. } => {
            let mut hints = vec![
                hint("selfsame continue FILE", says(provider)),
                hint(
                    "selfsame continue FILE --intent sign-up",
                    "the same, and create an account if there is none",
                ),
            ];
            if policy::signs(provider) {
                hints.push(hint(&format!("selfsame set-keys {provider} FILE"), "set its public keys"));
            }
            hints
        }
        Step::VerifyEmail { can_skip, .. } => {
            let mut hints = vec![
                hint("selfsame messages", "show the message with the code"),
                hint("selfsame answer code", "type the code"),
                hint("selfsame answer resend", "send another code"),
                hint("selfsame answer correct-address EMAIL", "use another address"),
            ];
            if *can_skip {
                hints.push(hint("selfsame answer skip", "leave the address unverified"));
            }
            hints
        }
        Step::ConfirmCreate { .. } => vec![hint("selfsame answer confirm", "create an account")],
        Step::LinkOrCreate { candidates, can_create, .. } => {
            let mut hints: Vec<_> = candidates
                .iter()
                .map(|one| {
                    let whose = candidate(&render::shown(one));
                    hint(&format!("selfsame answer link {}", one.place), format!("link to {whose}"))
                })
                .collect();
            if *can_create {
                hints.push(hint("selfsame answer create-new", "create a new, separate account"));
            }
            hints
        }
        // No policy of the program has a relying party.
        Step::PresentPasskey { .. } | Step::CreatePasskey { .. } => Vec::new(),
        Step::ProveOwnership { accepted, .. } => accepted.iter().filter_map(hint_to_prove).collect(),
        Step::SecondFactor { accepted, can_skip, .. } => {
            let mut hints: Vec<_> = accepted
                .iter()
                .map(|factor| match factor {
                    SecondFactor::Totp => {
                        hint("selfsame answer totp", "the code from your authenticator app")
                    }
                    SecondFactor::RecoveryCode => {
                        hint("selfsame answer recovery-code", "a recovery code instead")
                    }
                })
                .collect();
            if *can_skip {
                hints.push(hint("selfsame answer skip", "continue without it, to delete the account"));
            }
            hints
        }
        Step::EnrollSecondFactor { .. } => vec![hint("selfsame answer totp", "the code that the app shows")],
        Step::SaveRecoveryCodes { .. } => vec![hint("selfsame answer saved", "the recovery codes are saved")],
        Step::NewPassword => vec![hint("selfsame answer new-password", "set the new password")],
        Step::Reauthenticate { accepted, .. } => accepted.iter().filter_map(hint_to_prove).collect(),
        Step::ConfirmRestore { .. } => vec![
            hint("selfsame answer restore", "restore the account"),
            hint("selfsame answer decline-restore", "keep the deletion"),
            hint("selfsame answer erase-now", "erase it now, if the request is at least 72 hours old"),
        ],
        Step::SignedIn { session } => {
            let mut hints = Vec::new();
            if let Some(newest) = session.unconfirmed.last() {
                let confirm = format!("selfsame confirm-changes {}", newest.number);
                hints.push(hint(&confirm, "yes, I know of these changes"));
                hints.push(hint("selfsame undo", "no; undo one with the code from its message"));
            }
            if session.recovered {
                hints.push(hint("selfsame mfa enroll", "set up a new authenticator app"));
                hints.push(hint("selfsame mfa off", "turn MFA off"));
                return hints;
            }
            hints.push(hint("selfsame account", "show the account"));
            hints.push(hint("selfsame sessions", "list its sessions"));
            hints.push(hint("selfsame sign-out", "end this session"));
            return hints;
        }
        Step::Done { .. } => {
            return vec![
                hint("selfsame account", "show the account"),
                hint("selfsame begin-federated PROVIDER", "after an undo, sign in again"),
            ];
        }
        Step::AlreadySignedIn { .. } | Step::Ended => {
            return vec![hint("selfsame sign-in EMAIL", "sign in, or use selfsame begin-federated PROVIDER")];
        }
    };
    hints.push(hint("selfsame answer cancel", "cancel the flow"));
    hints
}

/// What a person answers, worded to follow the person's name.
pub(super) fn answers(give: &Give) -> String {
    match give {
        Give::Code(_) => "types the code".to_owned(),
        Give::TypedCode(_) => "types a made-up code".to_owned(),
        Give::Skip => "skips the step".to_owned(),
        Give::Confirm => "confirms".to_owned(),
        Give::CreateNew => "chooses a new account".to_owned(),
        Give::LinkTo(place) => format!("chooses {place}"),
        Give::Password(_) => "gives a password".to_owned(),
        Give::Assertion(identity) => {
            format!("comes from {} as {}", called(&identity.provider), person(identity))
        }
        Give::Totp(_) => "types the code from the app".to_owned(),
        Give::TypedTotp(_) => "types a made-up code".to_owned(),
        Give::TypedRecoveryCode(_) => "types a made-up recovery code".to_owned(),
        Give::RecoveryCode { number, .. } => format!("types recovery code {number}"),
        Give::Saved => "has saved the recovery codes".to_owned(),
        Give::NewPassword(_) => "sets a new password".to_owned(),
        Give::Restore => "restores the account".to_owned(),
        Give::KeepDeleted => "keeps the deletion".to_owned(),
        Give::EraseNow => "asks for erasure at once".to_owned(),
        Give::Resend => "asks for another code".to_owned(),
        Give::CorrectAddress(address) => format!("corrects the address to {address}"),
        Give::Cancel => "cancels".to_owned(),
    }
}

fn hint_to_prove(accepted: &Accepted) -> Option<Hint> {
    match accepted {
        Accepted::Password => Some(hint("selfsame answer password", "the account's password")),
        Accepted::Federated { provider } => Some(hint("selfsame answer assertion FILE", says(provider))),
        // The program has no authenticator.
        Accepted::Passkey => None,
    }
}

fn says(provider: &ProviderId) -> String {
    let called = called(provider.as_str());
    match policy::signs(provider) {
        true => format!("an ID token from {called}"),
        false => format!("a statement from {called}, as JSON"),
    }
}
