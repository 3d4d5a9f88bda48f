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
    /// Sets what a product costs an account, as the biller told the host. Changes no profile of another
    /// product and no other account (SPEC 8.3).
    ///
    /// # Errors
    /// Returns [`Refusal::IdentifierInUse`] if another product or account has the customer reference;
    /// [`Refusal::UnknownProduct`] or [`Refusal::UnknownAccount`].
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
    /// Returns the products that the account uses, in the order of their first use.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn memberships(&self) -> Result<Vec<Membership>, Error> {
        self.look(|_, _, account| Ok(account.memberships.clone()))
    }

    /// Uses a product. The first use creates a membership. Later uses change nothing. Opening a session from
    /// a product does the same (SPEC 8.2).
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProduct`].
    pub fn open_product(&self, product: &ProductId) -> Result<Membership, Error> {
        self.act(|_, ctx, owner| Ok(product::open(owner.account.clone(), owner.session.id, product, ctx)))
    }

    /// Returns where the owner manages the product's billing: at the product, or at the app store that sold
    /// it (SPEC 8.4).
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProduct`].
    pub fn billing_destination(&self, product: &ProductId) -> Result<Destination, Error> {
        let answer =
            self.look(|_, ctx, account| Ok(product::billing_destination(account, product, ctx.policy)))?;
        Ok(answer?)
    }

    /// Returns where the owner manages the account, from a product or at a provider. Only the provider can
    /// manage its own account: [`Destination::ManagedElsewhere`] (SPEC 8.5).
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProduct`] or
    /// [`Refusal::UnknownProvider`].
    pub fn manage_destination(&self, managed: &Managed) -> Result<Destination, Error> {
        let answer = self.look(|_, ctx, _| Ok(product::manage_destination(managed, ctx.policy)))?;
        Ok(answer?)
    }
}
