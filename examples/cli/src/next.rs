//! Hints: the commands to type next.

use selfsame::AccountView;

/// A command, and its effect.
pub(crate) type Hint = (String, String);

/// Returns the hints for an account.
pub(crate) fn on_page(account: &AccountView) -> Vec<Hint> {
    let mfa = match &account.mfa {
        None => Some(hint("selfsame mfa enroll", "turn MFA on")),
        Some(mfa) if mfa.few_recovery_codes => {
            Some(hint("selfsame mfa new-codes", "few recovery codes are left; create new ones"))
        }
        Some(mfa) if mfa.has_weak_secret => {
            Some(hint("selfsame mfa enroll", "the app's secret is short; replace the second factor"))
        }
        Some(_) => None,
    };
    mfa.into_iter().collect()
}

pub(crate) fn hint(command: &str, what: impl Into<String>) -> Hint {
    (command.to_owned(), what.into())
}
