//! The review of sign-in methods after an account's first proven address (SPEC 3.7).

use crate::crypto::password::StoredPassword;
use crate::ground::id::MethodId;
use crate::records::account::Account;
use crate::records::address::AddressStep;
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::message::Body;
use crate::records::method::{Credential, Method, MethodKind};
use crate::records::protected::ProtectedAct;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::protected::Protected;
use crate::rules::session;

/// The owner's choice among the credentials that were set before the account's first address was proven.
pub(crate) struct Kept {
    pub(crate) methods: Vec<MethodId>,
    pub(crate) second_factor: bool,
    /// The new password, if the password is kept but was not the method in use. The person who set the old one may
    /// still know it.
    pub(crate) new_password: Option<StoredPassword>,
}

impl Account {
    /// Suspends all sign-in methods if this act proved the account's first address, except the method in use and
    /// the one that the act adds. They stay suspended until the owner keeps them. All other sessions end.
    pub(crate) fn review_at_first_proof(
        &mut self,
        before: &Account,
        session: &Session,
        added: Option<MethodId>,
        was_reserved: bool,
        changes: &mut Vec<Change>,
    ) -> AddressStep {
        if before.verified().next().is_some() || self.verified().next().is_none() {
            return AddressStep::Done { was_reserved };
        }
        for method in &mut self.credentials.methods {
            method.suspended |= method.id != session.method && Some(method.id) != added;
        }
        if let Some(second_factor) = self.credentials.mfa.clone() {
            self.credentials.suspended_mfa = Some(second_factor);
            self.set_second_factor(None);
        }
        self.enrolments.clear();
        session::end_others(self, session, false, changes);
        self.review(was_reserved).unwrap_or(AddressStep::Done { was_reserved })
    }

    /// The step that asks what to keep, if anything is suspended.
    pub(crate) fn review(&self, was_reserved: bool) -> Option<AddressStep> {
        let methods: Vec<_> = self.suspended().map(Method::view).collect();
        let second_factor = self.credentials.suspended_mfa.is_some();
        (!methods.is_empty() || second_factor).then_some(AddressStep::ReviewMethods {
            methods,
            second_factor,
            was_reserved,
        })
    }

    fn suspended(&self) -> impl Iterator<Item = &Method> {
        self.credentials.methods.iter().filter(|method| method.suspended)
    }
}

/// Keeps what the owner chose, and removes the rest.
pub(crate) fn review(fresh: &Fresh<'_, Unheld>, kept: Kept, ctx: &Context<'_>) -> Verdict<()> {
    let (session, before) = (fresh.session(), fresh.account());
    let is_kept = |method: &Method| !method.suspended || kept.methods.contains(&method.id);
    let all_wait = kept.methods.iter().all(|id| before.suspended().any(|method| method.id == *id));
    let keeps_password =
        before.suspended().any(|method| is_kept(method) && method.kind() == MethodKind::Password);
    let has_factor = before.credentials.suspended_mfa.is_some();
    if before.review(false).is_none()
        || !all_wait
        || keeps_password != kept.new_password.is_some()
        || (kept.second_factor && !has_factor)
    {
        return Verdict::refused(Refusal::NotOffered);
    }
    let mut after = before.clone();
    // Even if a stranger added a verified address, its owner typed the code.
    after.drop_methods(true, |method| !is_kept(method));
    for method in &mut after.credentials.methods {
        if !std::mem::take(&mut method.suspended) {
            continue;
        }
        if let (Credential::Password { hash, version, .. }, Some(new)) =
            (&mut method.credential, &kept.new_password)
        {
            *hash = new.clone();
            *version = version.saturating_add(1);
            method.compromised_at = None;
        }
    }
    let second_factor = after.credentials.suspended_mfa.take();
    if kept.second_factor {
        after.set_second_factor(second_factor);
    }
    let mut changes = Vec::new();
    let protected =
        Protected::in_session(before, session, ProtectedAct::MethodsReviewed, Body::MethodsReviewed);
    let mut after = match protected.write(after, &mut changes, ctx) {
        Ok(after) => after,
        Err(refusal) => return Verdict::refused(refusal),
    };
    session::end_others(&mut after, session, false, &mut changes);
    let event = Event::done(Action::MethodsReviewed, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done((), changes)
}
