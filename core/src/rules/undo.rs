//! What an undo restores, and what stays used up (SPEC 5.2, 7.3).

use crate::ground::email::EmailAddress;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::credentials::Credentials;
use crate::records::identifier::Identifier;
use crate::records::method::Credential;
use crate::records::mfa::Mfa;
use crate::records::policy::Policy;
use crate::records::refusal::Refusal;
use crate::records::undo::{Asks, Undo, Undoing};

impl Credentials {
    /// Restores these credentials after they became each of `since`, of which the newest is the present one. What
    /// was used in the meantime stays used up: no proof of an earlier password is current, and no step or
    /// recovery code of a second factor is accepted twice (SPEC 5.2, 7.3).
    pub(crate) fn put_back(&self, since: &[&Self]) -> Self {
        let mut credentials = self.clone();
        let newest = since.iter().copied().chain([self]).map(Self::newest_password).max().unwrap_or_default();
        for method in &mut credentials.methods {
            let later = since
                .iter()
                .flat_map(|credentials| &credentials.methods)
                .filter(|other| other.id == method.id);
            method.used_at = later.map(|other| other.used_at).max().flatten().max(method.used_at);
            if let Credential::Password { version, .. } = &mut method.credential {
                *version = newest.saturating_add(1);
            }
        }
        let same_factor = |factor: &Mfa| {
            let secret = factor.secret.clone();
            let all =
                since.iter().flat_map(|credentials| [&credentials.mfa, &credentials.suspended_mfa]).flatten();
            all.filter(move |other| other.secret == secret).cloned().collect::<Vec<_>>()
        };
        for factor in [&mut credentials.mfa, &mut credentials.suspended_mfa].into_iter().flatten() {
            for other in same_factor(factor) {
                factor.taken.join(&other.taken);
                // Another set replaced these codes. That set does not tell which of these codes are used.
                if other.codes_made == factor.codes_made {
                    factor.codes.retain(|code| other.codes.contains(code));
                }
            }
        }
        credentials
    }

    /// Returns the highest version of a password.
    pub(crate) fn newest_password(&self) -> u32 {
        let versions = self.methods.iter().filter_map(|method| match method.credential {
            Credential::Password { version, .. } => Some(version),
            Credential::Federated { .. } => None,
        });
        versions.max().unwrap_or_default()
    }
}

/// What an undo restores. It is worked out before the flow asks for anything.
pub(crate) struct Restored {
    pub(crate) credentials: Credentials,
    /// The identifiers that other accounts have taken in the meantime (SPEC 7.6).
    pub(crate) left_out: Vec<Identifier>,
    /// The email of the password that the undo asks for, if it asks for one.
    pub(crate) new_password_for: Option<EmailAddress>,
}

impl Undo {
    /// Works out what the undo restores. `since` are the credentials after the act, the current ones last. `held` are
    /// the identifiers that other accounts have.
    ///
    /// # Errors
    /// Refuses the undo if nobody could sign in after it (SPEC 7.6).
    pub(crate) fn restored(
        &self,
        account: &Account,
        since: &[&Credentials],
        held: &[Identifier],
        policy: &Policy,
    ) -> Result<Restored, Refusal> {
        let mut credentials = self.before.put_back(since);
        let is_held = |identifier: &Identifier| held.contains(identifier);
        let left_out = credentials.identifiers().filter(is_held).collect();
        credentials.methods.retain(|method| !is_held(&method.credential.identifier()));
        let mut after = Account { credentials, ..account.clone() };
        // A new password starts without failed guesses.
        after.first.clear();
        let mut new_password_for = after.credentials.password_email().cloned();
        if new_password_for.is_none() && !after.has_first_factor(policy) {
            let mut possible = after.credentials.possible_passwords().filter(|email| !is_held(email));
            let Some(Identifier::PasswordEmail(email)) = possible.next() else {
                return Err(Refusal::LastMethod);
            };
            new_password_for = Some(email);
        }
        Ok(Restored { credentials: after.credentials, left_out, new_password_for })
    }
}

impl Undoing {
    /// Returns what the undo still needs, if anything: a new password, the current second factor if it is settled, and
    /// the second factor from before the act (SPEC 7.5).
    pub(crate) fn missing(
        &self,
        restored: &Restored,
        account: &Account,
        slow: Timestamp,
        former_given: bool,
    ) -> Option<Asks> {
        let has_password = self.new_password.as_ref().is_some_and(|new| account.takes(new));
        if !has_password && restored.new_password_for.is_some() {
            return Some(Asks::NewPassword);
        }
        let former = restored.credentials.mfa.as_ref();
        let now = account.credentials.mfa.as_ref().filter(|mfa| mfa.is_settled(slow));
        let is_asked = |mfa: &&Mfa| former.is_none_or(|former| former.secret != mfa.secret);
        let is_proven = self.second.is_some_and(|(factor, of)| account.generations.of(factor) == of);
        if now.filter(is_asked).is_some() && !is_proven {
            return Some(Asks::SecondFactor);
        }
        (!former_given && former.is_some()).then_some(Asks::FormerSecondFactor)
    }
}
