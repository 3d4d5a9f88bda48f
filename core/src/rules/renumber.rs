//! The host enters a subject that a provider gave an identity anew (SPEC 13.2).

use crate::ground::id::AccountId;
use crate::records::account::Account;
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::credentials::Credentials;
use crate::records::identifier::Identifier;
use crate::records::message::Body;
use crate::records::method::Credential;
use crate::records::provider::Identity;
use crate::records::undo::{Undo, UndoHash};
use crate::records::verdict::{Change, Verdict};
use crate::rules::notices;

/// Gives the identity `old` of the account its new subject, wherever the account has it: among its sign-in methods, in
/// what its undo codes restore, and in what it reserves for them. Otherwise an undo would restore a subject with which
/// nobody can sign in.
pub(crate) fn renumber(
    mut account: Account,
    old: &Identity,
    new: &Identity,
    undos: Vec<(UndoHash, Undo)>,
    ctx: &Context<'_>,
) -> Verdict<AccountId> {
    let id = account.id;
    let (freed, taken) = (Identifier::Identity(old.clone()), Identifier::Identity(new.clone()));
    let mut changes: Vec<_> = undos
        .into_iter()
        .filter(|(_, undo)| ctx.throttle_clock < undo.expires_at && undo.before.has(&freed))
        .map(|(hash, mut undo)| {
            undo.before.renumber(&freed, new);
            Change::Undoable { account: id, hash, undo: Box::new(undo) }
        })
        .collect();
    account.credentials.renumber(&freed, new);
    for held in account.reserved.iter_mut().filter(|held| held.identifier == freed) {
        held.identifier = taken.clone();
    }
    changes.push(Change::Released { identifier: freed, account: id });
    changes.push(Change::Claimed { identifier: taken, account: id });
    let notice = Body::IdentityRenumbered { provider: new.provider.clone() };
    changes.extend(notices::to_verified(&account, &notice, "", ctx));
    let event = Event::done(Action::IdentityRenumbered, None, ctx.now).by(Actor::Host);
    changes.push(Change::account(account, event));
    Verdict::done(id, changes)
}

impl Credentials {
    fn renumber(&mut self, old: &Identifier, new: &Identity) {
        for method in self.methods.iter_mut().filter(|method| method.credential.identifier() == *old) {
            if let Credential::Federated { identity, .. } = &mut method.credential {
                *identity = new.clone();
            }
        }
    }
}
