//! Products that share the account, and what they cost (SPEC 8).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::AccountId;
use crate::ground::short_name::ProductId;
use crate::records::identifier::Identifier;
use crate::records::product::{Billing, Destination, Managed, Membership};
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::product;

impl Engine {
    /// Says what a product costs an account, as the biller told the host. No other product's profile and
    /// no other account changes (SPEC 8.3).
    ///
    /// # Errors
    /// [`Refusal::IdentifierInUse`] where the customer reference is another product's or account's;
    /// [`Refusal::UnknownProduct`]; [`Refusal::UnknownAccount`].
    pub fn set_billing(
        &self,
        account: AccountId,
        product: &ProductId,
        billing: &Billing,
    ) -> Result<(), Error> {
        self.act(|view, ctx| {
            let Some(account) = view.account(account)? else {
                return Ok(Verdict::refused(Refusal::UnknownAccount));
            };
            let holder = view.holder(&Identifier::Customer(billing.customer.clone()))?;
            Ok(product::set_billing(account, holder.as_ref(), product, billing.clone(), ctx))
        })
    }
}

impl AccountHandle {
    /// The products that the account is used with, in the order of their first use.
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn memberships(&self) -> Result<Vec<Membership>, Error> {
        self.look(|_, _, account| Ok(account.memberships.clone()))
    }

    /// Uses a product: the first time makes its membership, any other changes nothing. A session that is
    /// opened from a product does the same (SPEC 8.2).
    ///
    /// # Errors
    /// [`Refusal::UnknownProduct`].
    pub fn open_product(&self, product: &ProductId) -> Result<Membership, Error> {
        self.act(|_, ctx, owner| Ok(product::open(owner.account.clone(), owner.session.id, product, ctx)))
    }

    /// Where what the product costs is managed: at the product, or at the store that sold it (SPEC 8.4).
    ///
    /// # Errors
    /// [`Refusal::UnknownProduct`].
    pub fn billing_destination(&self, product: &ProductId) -> Result<Destination, Error> {
        let answer =
            self.look(|_, ctx, account| Ok(product::billing_destination(account, product, ctx.policy)))?;
        Ok(answer?)
    }

    /// Where the account is managed, from a product or at a provider. A provider's account is the
    /// provider's business alone: [`Destination::ManagedElsewhere`] (SPEC 8.5).
    ///
    /// # Errors
    /// [`Refusal::UnknownProduct`], [`Refusal::UnknownProvider`].
    pub fn manage_destination(&self, managed: &Managed) -> Result<Destination, Error> {
        let answer = self.look(|_, ctx, _| Ok(product::manage_destination(managed, ctx.policy)))?;
        Ok(answer?)
    }
}
