//! What an undo restores, and what stays used up (SPEC 5.2, 7.3).

use crate::records::credentials::Credentials;
use crate::records::method::Credential;
use crate::records::mfa::{Mfa, TypedFactor};
use crate::records::undo::{Asks, Undo, Undoing};

impl Credentials {
    /// Restores these credentials after they became each of `since`, of which the newest is the present one. What
    /// was used in the meantime stays used up: no proof of an earlier password is current, and no step or
    /// recovery code of a second factor is accepted twice (SPEC 5.2, 7.3).
    pub(crate) fn put_back(&self, since: &[&Self]) -> Self {
        let mut credentials = self.clone();
        let versions = since.iter().copied().chain([self]).flat_map(Self::password_versions);
        let newest = versions.max().unwrap_or_default();
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
                factor.codes.retain(|code| other.codes.contains(code));
            }
        }
        credentials
    }

    fn password_versions(&self) -> impl Iterator<Item = u32> {
        self.methods.iter().filter_map(|method| match method.credential {
            Credential::Password { version, .. } => Some(version),
            Credential::Federated { .. } => None,
        })
    }
}

impl Undoing {
    /// What the undo still needs, if anything.
    pub(crate) fn missing(&self, undo: &Undo, second: Option<&TypedFactor>) -> Option<Asks> {
        if self.new_password.is_none() && undo.before.password_email().is_some() {
            return Some(Asks::NewPassword);
        }
        (second.is_none() && undo.before.mfa.is_some()).then_some(Asks::SecondFactor)
    }
}
