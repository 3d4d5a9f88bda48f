//! What an undo restores, and what stays used up (SPEC 5.2, 7.3).

use crate::ground::email::EmailAddress;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::credentials::Credentials;
use crate::records::identifier::Identifier;
use crate::records::method::Credential;
use crate::records::mfa::Mfa;
use crate::records::refusal::Refusal;
use crate::records::undo::{Asks, Undo, Undoing};

impl Credentials {
    /// Restores these credentials after they became each of `since`, of which the newest is the present one. What
    /// was used in the meantime stays used up: no proof of an earlier password is current, no step or recovery code of a
    /// second factor is accepted twice, and no signature counter goes back (SPEC 5.2, 5.8, 7.3).
    pub(crate) fn put_back(&self, since: &[&Self]) -> Self {
        let mut credentials = self.clone();
        let newest = since.iter().copied().chain([self]).map(Self::newest_password).max().unwrap_or_default();
        for method in &mut credentials.methods {
            let later = since
                .iter()
                .flat_map(|credentials| &credentials.methods)
                .filter(|other| other.id == method.id);
            let later: Vec<_> = later.collect();
            method.used_at = later.iter().map(|other| other.used_at).max().flatten().max(method.used_at);
            // A copy of the passkey's device must not become usable again.
            for other in later {
                if let (Credential::Passkey(passkey), Credential::Passkey(other)) =
                    (&mut method.credential, &other.credential)
                {
                    passkey.counter = passkey.counter.max(other.counter);
                }
            }
            if let Credential::Password { version, .. } = &mut method.credential {
                *version = newest.saturating_add(1);
            }
        }
        for factor in [&mut credentials.mfa, &mut credentials.suspended_mfa].into_iter().flatten() {
            use_up(factor, since);
        }
        credentials
    }

    /// Returns the highest version of a password.
    pub(crate) fn newest_password(&self) -> u32 {
        let versions = self.methods.iter().filter_map(|method| match method.credential {
            Credential::Password { version, .. } => Some(version),
            Credential::Federated { .. } | Credential::Passkey(_) => None,
        });
        versions.max().unwrap_or_default()
    }
}

/// Uses up in the factor what was used of it while the account had each of these credentials.
fn use_up(factor: &mut Mfa, since: &[&Credentials]) {
    for other in since.iter().flat_map(|it| [&it.mfa, &it.suspended_mfa]).flatten() {
        if other.secret != factor.secret {
            continue;
        }
        factor.taken.join(&other.taken);
        // Another set replaced these codes. That set does not tell which of these codes are used.
        if other.codes_made == factor.codes_made {
            factor.codes.retain(|code| other.codes.contains(code));
        }
    }
}

/// Returns the factor that the present one replaced, if it was settled by then. While the present one is too young to
/// protect itself from an undo, the one that it replaced does (SPEC 7.5).
fn replaced(now: &Mfa, since: &[&Credentials], slow: Timestamp) -> Option<Mfa> {
    if now.is_settled(slow) {
        return None;
    }
    let earlier = since.iter().filter_map(|credentials| credentials.mfa.as_ref());
    let settled = earlier.filter(|mfa| mfa.is_settled(now.slow_since));
    let mut factor = settled.max_by_key(|mfa| (mfa.slow_since, mfa.codes_made)).cloned()?;
    use_up(&mut factor, since);
    Some(factor)
}

/// What an undo restores. It is worked out before the flow asks for anything.
pub(crate) struct Restored {
    pub(crate) credentials: Credentials,
    /// The second factor that the undo itself asks for: the one from before the act. If there was none, a settled one
    /// that was replaced since (SPEC 7.5).
    pub(crate) former: Option<Mfa>,
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
        ctx: &Context<'_>,
    ) -> Result<Restored, Refusal> {
        let mut credentials = self.before.put_back(since);
        let is_held = |identifier: &Identifier| held.contains(identifier);
        let left_out = credentials.identifiers().filter(is_held).collect();
        credentials.methods.retain(|method| !is_held(&method.credential.identifier()));
        let mut after = Account { credentials, ..account.clone() };
        // A new password starts without failed guesses.
        after.first.clear();
        let mut new_password_for = after.credentials.password_email().cloned();
        if new_password_for.is_none() && !after.has_first_factor(ctx.policy) {
            let mut possible = after.credentials.possible_passwords().filter(|email| !is_held(email));
            let Some(Identifier::PasswordEmail(email)) = possible.next() else {
                return Err(Refusal::LastMethod);
            };
            new_password_for = Some(email);
        }
        let now = account.credentials.mfa.as_ref();
        let replaced = || now.and_then(|now| replaced(now, since, ctx.throttle_clock));
        let former = after.credentials.mfa.clone().or_else(replaced);
        Ok(Restored { credentials: after.credentials, former, left_out, new_password_for })
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
        let former = restored.former.as_ref();
        let now = account.credentials.mfa.as_ref().filter(|mfa| mfa.is_settled(slow));
        let is_asked = |mfa: &&Mfa| former.is_none_or(|former| former.secret != mfa.secret);
        let is_proven = self.second.is_some_and(|(factor, of)| account.generations.of(factor) == of);
        if now.filter(is_asked).is_some() && !is_proven {
            return Some(Asks::SecondFactor);
        }
        (!former_given && former.is_some()).then_some(Asks::FormerSecondFactor)
    }
}
