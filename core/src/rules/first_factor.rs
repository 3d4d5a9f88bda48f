//! Proving the first factor (SPEC 4.1, 12.1).

use crate::records::account::Account;
use crate::records::assertion::Asserted;
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::method::Credential;
use crate::records::proof::{PasswordProof, Proof};
use crate::records::refusal::Refusal;
use crate::records::verdict::Change;

impl PasswordProof {
    /// Whether the account's password is still the one that was hashed.
    pub(crate) fn is_current(&self, account: &Account) -> bool {
        account.id == self.account
            && account
                .password()
                .is_some_and(|(method, .., version)| method.id == self.credential && version == self.version)
    }
}

/// Judges a password that was tried for an account. Returns the proof if it was right. Otherwise returns the
/// refusal, and the account with the failure counted (SPEC 12.1, 12.3).
pub(crate) fn try_password(
    mut account: Account,
    proof: Option<PasswordProof>,
    ctx: &Context<'_>,
) -> Result<(Account, Proof), (Refusal, Vec<Change>)> {
    if let Err(throttled) = account.first.check(ctx.now, ctx.throttle_clock, account.first_lockout()) {
        account.first.settle(ctx.throttle_clock);
        let event = Event::refused(Action::Throttled, ctx.now);
        return Err((throttled, vec![Change::account(account, event)]));
    }
    let Some(proof) = proof.filter(|proof| proof.matches) else {
        account.first.fail(ctx.throttle_clock);
        let event = Event::refused(Action::PasswordTried, ctx.now);
        return Err((Refusal::InvalidCredentials, vec![Change::account(account, event)]));
    };
    Ok((account, proof.proven(ctx.now)))
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
