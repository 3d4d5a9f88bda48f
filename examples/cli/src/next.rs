//! What can be typed next.

use selfsame::{Accepted, AccountView, ProviderId, SecondFactor, Step};
use selfsame_world::render;

use crate::{policy, words};

/// A command, and what it does.
pub(crate) type Hint = (String, String);

/// The answers that a step takes.
pub(crate) fn at(step: &Step) -> Vec<Hint> {
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
                    let whose = words::candidate(&render::candidate(one));
                    hint(&format!("selfsame answer link {}", one.place), format!("link to {whose}"))
                })
                .collect();
            if *can_create {
                hints
                    .push(hint("selfsame answer create-new", "make a new account, separate from the others"));
            }
            hints
        }
        Step::ProveOwnership { accepted, .. } => accepted.iter().map(proof).collect(),
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
        Step::Reauthenticate { accepted, .. } => accepted.iter().map(proof).collect(),
        Step::ConfirmRestore { .. } => vec![
            hint("selfsame answer restore", "restore the account"),
            hint("selfsame answer keep-deleted", "leave it to be deleted"),
            hint("selfsame answer erase-now", "erase it now, 72 hours or more after it was asked for"),
        ],
        Step::SignedIn(signed_in) if signed_in.token.is_some() => {
            if signed_in.recovered {
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
        Step::SignedIn(_) | Step::Ended => {
            return vec![hint("selfsame sign-in EMAIL", "or selfsame begin-federated PROVIDER")];
        }
    };
    hints.push(hint("selfsame answer cancel", "give up"));
    hints
}

/// What can be done about the account.
pub(crate) fn on_page(account: &AccountView) -> Vec<Hint> {
    let mfa = match &account.mfa {
        None => Some(hint("selfsame mfa enroll", "turn MFA on")),
        Some(mfa) if mfa.few_recovery_codes => {
            Some(hint("selfsame mfa new-codes", "few recovery codes are left: make others"))
        }
        Some(_) => None,
    };
    mfa.into_iter().collect()
}

fn proof(accepted: &Accepted) -> Hint {
    match accepted {
        Accepted::Password => hint("selfsame answer password", "the account's password"),
        Accepted::Federated(provider) => hint("selfsame answer assertion FILE", says(provider)),
    }
}

fn says(provider: &ProviderId) -> String {
    let called = words::called(provider.as_str());
    match policy::signs(provider) {
        true => format!("the ID token of {called}"),
        false => format!("what {called} says of you, as JSON"),
    }
}

pub(crate) fn hint(command: &str, what: impl Into<String>) -> Hint {
    (command.to_owned(), what.into())
}
