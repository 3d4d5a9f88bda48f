//! Products that share the accounts, and what they cost.

use selfsame::{
    AccountId, Billing, BillingStatus, CustomerRef, Destination, Managed, ManagedBy, Membership, Product,
    ProductId, ProviderId, Timestamp,
};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;

#[uniffi::export]
impl Engine {
    /// Sets what a product costs an account, as the biller told the host. Changes no profile of another
    /// product and no other account.
    ///
    /// Raises `IdentifierInUse` if another product or account has the customer reference; `UnknownProduct`;
    /// `UnknownAccount`; `InvalidCustomerRef`.
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

/// Returns the product Grok (`grok`).
#[uniffi::export]
pub fn product_grok() -> Product {
    Product::grok()
}

/// Returns the product xAI API (`api`).
#[uniffi::export]
pub fn product_api() -> Product {
    Product::api()
}

/// A product that shares the accounts.
#[uniffi::remote(Record)]
pub struct Product {
    /// Its short name.
    pub id: ProductId,
    /// What people call it: 1 to 64 characters.
    pub display_name: String,
    /// Where the account is managed.
    pub manage_account_url: String,
    /// Where what it costs is managed, unless a store sold it.
    pub manage_billing_url: String,
}

/// What an account has with one product.
#[uniffi::remote(Record)]
pub struct Membership {
    /// The product.
    pub product: ProductId,
    /// When it was first used.
    pub since: Timestamp,
    /// What it costs, if the host has said so.
    pub billing: Option<Billing>,
}

/// A billing profile. The host keeps it true; the engine decides nothing by it but where to send people and
/// what to warn them of.
#[uniffi::remote(Record)]
pub struct Billing {
    /// What the biller calls the customer.
    pub customer: CustomerRef,
    /// What was bought; the first 64 characters count.
    pub plan: String,
    /// How it stands.
    pub status: BillingStatus,
    /// Until when it is paid.
    #[uniffi(default)]
    pub period_end: Option<Timestamp>,
    /// Who bills.
    pub managed_by: ManagedBy,
}

/// How a subscription stands.
#[uniffi::remote(Enum)]
pub enum BillingStatus {
    /// It costs nothing yet, and will.
    Trial,
    /// It is paid, and will be renewed.
    Active,
    /// A payment is missing; it is asked for again.
    PastDue,
    /// It runs to the end of its period and is not renewed.
    Canceled,
    /// It is over.
    Ended,
}

/// Who bills.
#[uniffi::remote(Enum)]
pub enum ManagedBy {
    /// The service itself.
    Direct,
    /// Apple's App Store sold it.
    AppleAppStore,
    /// Google Play sold it.
    GooglePlay,
}

/// Where to send the person.
#[uniffi::remote(Enum)]
pub enum Destination {
    /// To the product.
    Product {
        /// The page.
        url: String,
    },
    /// To the store that sold it.
    Store {
        /// Which one.
        store: ManagedBy,
        /// The page.
        url: String,
    },
    /// To somebody else, who alone can do it: a provider's account is the provider's.
    ManagedElsewhere {
        /// The page, where policy knows it.
        url: Option<String>,
    },
}

/// What the person wants to manage.
#[uniffi::remote(Enum)]
pub enum Managed {
    /// The account, from this product.
    Product(ProductId),
    /// The account at this provider.
    Provider(ProviderId),
}
