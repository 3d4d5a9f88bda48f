//! The products of an account (SPEC 8).

use crate::ground::id::SessionId;
use crate::ground::short_name::ProductId;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::policy::Policy;
use crate::records::product::{Billing, Destination, Managed, ManagedBy, Membership};
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};

/// Records the use of a product. The first use makes its membership (SPEC 8.2). Returns whether this was the first.
pub(crate) fn used(account: &mut Account, product: &ProductId, now: Timestamp) -> bool {
    let is_new = account.membership(product).is_none();
    if is_new {
        account.memberships.push(Membership { product: product.clone(), since: now, billing: None });
    }
    is_new
}

/// Opens a product for the owner.
pub(crate) fn open(
    mut account: Account,
    session: SessionId,
    product: &ProductId,
    ctx: &Context<'_>,
) -> Verdict<Membership> {
    if !ctx.policy.has_product(product) {
        return Verdict::refused(Refusal::UnknownProduct);
    }
    let is_new = used(&mut account, product, ctx.now);
    let Some(membership) = account.membership(product).cloned() else {
        return Verdict::refused(Refusal::UnknownProduct);
    };
    let mut changes = Vec::new();
    if is_new {
        let event = Event::done(Action::ProductOpened, Some(session), ctx.now);
        changes.push(Change::account(account, event));
    }
    Verdict::done(membership, changes)
}

/// Sets an account's billing profile for a product. Every other profile stays unchanged, because only this one
/// is written (SPEC 8.3). `holder` is the account that the customer reference belongs to.
pub(crate) fn set_billing(
    mut account: Account,
    holder: Option<&Account>,
    product: &ProductId,
    billing: Billing,
    ctx: &Context<'_>,
) -> Verdict<()> {
    if !ctx.policy.has_product(product) && account.membership(product).is_none() {
        return Verdict::refused(Refusal::UnknownProduct);
    }
    let is_anothers = holder.is_some_and(|holder| holder.id != account.id)
        || account.memberships.iter().any(|other| {
            other.product != *product
                && other.billing.as_ref().is_some_and(|taken| taken.customer == billing.customer)
        });
    if is_anothers {
        return Verdict::refused(Refusal::IdentifierInUse);
    }
    used(&mut account, product, ctx.now);
    let id = account.id;
    let Some(membership) = account.memberships.iter_mut().find(|other| other.product == *product) else {
        return Verdict::refused(Refusal::UnknownProduct);
    };
    if membership.billing.as_ref() == Some(&billing) {
        return Verdict::done((), Vec::new());
    }
    let mut changes = Vec::new();
    let earlier = membership.billing.replace(billing.clone()).map(|earlier| earlier.customer);
    if earlier.as_ref() != Some(&billing.customer) {
        let released = earlier.map(Identifier::Customer);
        changes.extend(released.map(|identifier| Change::Released { identifier, account: id }));
        let identifier = Identifier::Customer(billing.customer);
        changes.push(Change::Claimed { identifier, account: id });
    }
    let event = Event::done(Action::BillingSet, None, ctx.now).by(Actor::Host);
    changes.push(Change::account(account, event));
    Verdict::done((), changes)
}

/// Where the billing of a product is managed: at the store that sold it, otherwise at the product (SPEC 8.4).
pub(crate) fn billing_destination(
    account: &Account,
    product: &ProductId,
    policy: &Policy,
) -> Result<Destination, Refusal> {
    let named = policy.product(product).ok_or(Refusal::UnknownProduct)?;
    let managed_by = account
        .membership(product)
        .and_then(|membership| membership.billing.as_ref())
        .map_or(ManagedBy::Direct, |billing| billing.managed_by);
    Ok(match managed_by.store_url() {
        Some(url) => Destination::Store { store: managed_by, url: url.to_owned() },
        None => Destination::Product { url: named.manage_billing_url.clone() },
    })
}

/// Where an account is managed. An account at a provider is managed there (SPEC 8.5).
pub(crate) fn manage_destination(managed: &Managed, policy: &Policy) -> Result<Destination, Refusal> {
    match managed {
        Managed::Product { product: id } => {
            let product = policy.product(id).ok_or(Refusal::UnknownProduct)?;
            Ok(Destination::Product { url: product.manage_account_url.clone() })
        }
        Managed::Provider { provider: id } => {
            let provider = policy.provider(id).ok_or(Refusal::UnknownProvider)?;
            Ok(Destination::ManagedElsewhere { url: provider.manage_url.clone() })
        }
    }
}
