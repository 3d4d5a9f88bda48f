//! The products that share the accounts, and their billing.

use selfsame::{
    AccountId, Billing, BillingStatus, CustomerRef, Destination, Managed, ManagedBy, Membership, Product,
    ProductId, ProviderId, Timestamp,
};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;

#[uniffi::export]
impl Engine {
    /// Sets an account's billing profile for a product, as the biller told the host. All other profiles stay
    /// as they are.
    ///
    /// Raises `IdentifierInUse` if another product or account has the customer reference; `UnknownProduct`;
    /// `UnknownAccount`; `InvalidCustomerRef`; `InvalidText` if the plan cannot be shown.
    pub fn set_billing(
        &self,
        account: AccountId,
        product: ProductId,
        billing: Billing,
    ) -> Result<(), SelfsameError> {
        Ok(self.core().set_billing(account, &product, &billing)?)
    }
}

#[uniffi::export]
impl AccountHandle {
    /// Returns the products that the account uses, in the order of their first use.
    pub fn memberships(&self) -> Result<Vec<Membership>, SelfsameError> {
        Ok(self.core().memberships()?)
    }

    /// Uses a product. The first use creates a membership. Later uses change nothing. Opening a session from
    /// a product does the same.
    ///
    /// Raises `UnknownProduct`.
    pub fn open_product(&self, product: ProductId) -> Result<Membership, SelfsameError> {
        Ok(self.core().open_product(&product)?)
    }

    /// Returns where the owner manages the product's billing: at the product, or at the app store that sold
    /// it.
    ///
    /// Raises `UnknownProduct`.
    pub fn billing_destination(&self, product: ProductId) -> Result<Destination, SelfsameError> {
        Ok(self.core().billing_destination(&product)?)
    }

    /// Returns where the owner manages the account, from a product or at a provider. Only the provider can
    /// manage its own account: `ManagedElsewhere`.
    ///
    /// Raises `UnknownProduct` or `UnknownProvider`.
    pub fn manage_destination(&self, managed: Managed) -> Result<Destination, SelfsameError> {
        Ok(self.core().manage_destination(&managed)?)
    }
}

/// A product that shares the accounts.
#[uniffi::remote(Record)]
pub struct Product {
    /// The product's short name.
    pub id: ProductId,
    /// The name that people know the product by: 1 to 64 characters, none of them invisible, in NFC and without
    /// blanks at the ends.
    pub display_name: String,
    /// The page where people manage the account.
    pub manage_account_url: String,
    /// The page where people manage the billing, unless a store sold the product.
    pub manage_billing_url: String,
}

/// An account's use of one product.
#[uniffi::remote(Record)]
pub struct Membership {
    /// The product.
    pub product: ProductId,
    /// When the product was first used.
    pub since: Timestamp,
    /// The billing profile, if the host has set one.
    pub billing: Option<Billing>,
}

/// A billing profile. The host keeps it up to date. The engine uses it only to decide where to send people
/// and what to warn them of.
#[uniffi::remote(Record)]
pub struct Billing {
    /// The biller's reference for the customer.
    pub customer: CustomerRef,
    /// The plan that was bought: 1 to 64 characters, none of them invisible.
    pub plan: String,
    /// The state of the subscription.
    pub status: BillingStatus,
    /// The end of the period that is paid for, if known.
    #[uniffi(default)]
    pub period_end: Option<Timestamp>,
    /// The biller.
    pub managed_by: ManagedBy,
}

/// The state of a subscription.
#[uniffi::remote(Enum)]
pub enum BillingStatus {
    /// The subscription is free now and will cost money later.
    Trial,
    /// The subscription is paid and will be renewed.
    Active,
    /// A payment is overdue, and the biller asks for it again.
    PastDue,
    /// The subscription runs to the end of its period and is not renewed.
    Canceled,
    /// The subscription has ended.
    Ended,
}

/// Who bills.
#[uniffi::remote(Enum)]
pub enum ManagedBy {
    /// The service itself.
    Direct,
    /// Apple's App Store.
    AppleAppStore,
    /// Google Play.
    GooglePlay,
}

/// Where to send the person.
#[uniffi::remote(Enum)]
pub enum Destination {
    /// The product.
    Product {
        /// The page.
        url: String,
    },
    /// The app store that sold the product.
    Store {
        /// The store.
        store: ManagedBy,
        /// The page.
        url: String,
    },
    /// Another party. For example, only a provider can manage the accounts that it keeps.
    ManagedElsewhere {
        /// The page, if the policy has one.
        url: Option<String>,
    },
}

/// What the person wants to manage.
#[uniffi::remote(Enum)]
pub enum Managed {
    /// The account, from this product.
    Product {
        /// The product.
        product: ProductId,
    },
    /// The account at this provider.
    Provider {
        /// The provider.
        provider: ProviderId,
    },
}
