//! Proving the first factor (SPEC 4.1, 12.1).

use crate::records::account::Account;
use crate::records::assertion::Asserted;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::method::Credential;
use crate::records::proof::{PasswordProof, Proof};
use crate::records::refusal::Refusal;
use crate::records::verdict::Change;
use crate::rules::throttle::{self, Guessed};

impl PasswordProof {
    /// Whether the account's password is still the one that was hashed.
    pub(crate) fn is_current(&self, account: &Account) -> bool {
        account.id == self.account
            && account
                .password()
                .is_some_and(|(method, .., version)| method.id == self.credential && version == self.version)
    }
}

impl Account {
    /// Whether every factor of the proof is still usable and unchanged (SPEC 4.6, 5.10).
    pub(crate) fn holds(&self, proof: &Proof) -> bool {
        let first = self.usable().any(|method| {
            method.id == proof.method
                && match &method.credential {
                    Credential::Password { version, .. } => *version == proof.version,
                    Credential::Federated { .. } | Credential::Passkey(_) => true,
                }
        });
        first && proof.second.is_none_or(|(factor, _)| self.generations.of(factor) == proof.generation)
    }
}

/// Judges a password that a caller tried for an account. Returns the proof if it was right (SPEC 12.1, 12.3).
pub(crate) fn try_password(
    account: Account,
    caller: &mut Caller,
    proof: Option<PasswordProof>,
    ctx: &Context<'_>,
) -> Result<(Account, Proof), (Refusal, Vec<Change>)> {
    let proven = proof.filter(|proof| proof.matches).map(|proof| proof.proven(ctx.now));
    throttle::judge(account, caller, Guessed::Password, ctx, |_| proven)
}

/// Records what else an assertion of a known identity says. An email that differs from the snapshot is shown
/// to the owner and changes nothing (SPEC 1.4).
pub(crate) fn note_assertion(account: &mut Account, asserted: &Asserted) -> Option<Proof> {
    let id = account.federated(&asserted.identity)?.id;
    let method = account.method_mut(id)?;
    if let Credential::Federated { email, seen_email, handle, .. } = &mut method.credential {
        if asserted.handle.is_some() {
            handle.clone_from(&asserted.handle);
        }
        if asserted.email.is_some() {
            *seen_email = asserted.email.clone().filter(|seen| Some(seen) != email.as_ref());
        }
    }
    Some(Proof::of_identity(id, asserted.at))
}
