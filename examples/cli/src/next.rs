//! What can be typed next.

use selfsame::AccountView;

/// A command, and what it does.
pub(crate) type Hint = (String, String);

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

pub(crate) fn hint(command: &str, what: impl Into<String>) -> Hint {
    (command.to_owned(), what.into())
}
