//! Products that share the account, and what each of them costs (SPEC 8).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ground::named::coded;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::Timestamp;

/// Most products that policy may name, and so most memberships that an account can open (SPEC 1.6).
pub(crate) const MOST_PRODUCTS: usize = 16;
const LONGEST_REFERENCE: usize = 255;

/// A product that shares the accounts (SPEC 8.1).
#[derive(Clone, PartialEq, Eq, Debug)]
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

impl Product {
    /// Grok: `grok`.
    pub fn grok() -> Self {
        Self::named("grok", "Grok", "https://grok.com/?_s=billing")
    }

    /// The xAI API: `api`.
    pub fn api() -> Self {
        Self::named("api", "xAI API", "https://console.x.ai")
    }

    fn named(id: &str, display_name: &str, manage_billing_url: &str) -> Self {
        Self {
            id: ProductId::preset(id),
            display_name: display_name.to_owned(),
            manage_account_url: "https://accounts.x.ai".to_owned(),
            manage_billing_url: manage_billing_url.to_owned(),
        }
    }

    pub(crate) fn is_usable(&self) -> bool {
        let is_place = |url: &str| url.starts_with("https://") && url.len() <= 2_048;
        (1..=64).contains(&self.display_name.chars().count())
            && is_place(&self.manage_account_url)
            && is_place(&self.manage_billing_url)
    }
}

/// What an account has with one product (SPEC 8.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Membership {
    /// The product.
    pub product: ProductId,
    /// When it was first used.
    pub since: Timestamp,
    /// What it costs, if the host has said so.
    pub billing: Option<Billing>,
}

/// A billing profile. The host keeps it true; the engine decides nothing by it but where to send people
/// and what to warn them of (SPEC 8.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Billing {
    /// What the biller calls the customer.
    pub customer: CustomerRef,
    /// What was bought; the first 64 characters count.
    pub plan: String,
    /// How it stands.
    pub status: BillingStatus,
    /// Until when it is paid.
    pub period_end: Option<Timestamp>,
    /// Who bills.
    pub managed_by: ManagedBy,
}

/// A biller's name for a customer: 1 to 255 bytes. One belongs to one product of one account (SPEC 8.3).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CustomerRef(String);

impl CustomerRef {
    /// Takes a text that can be one, else nothing.
    pub fn new(text: &str) -> Option<Self> {
        (1..=LONGEST_REFERENCE).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

coded! {
    /// How a subscription stands.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
}

impl BillingStatus {
    /// Whether more will be asked for.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, Self::Trial | Self::Active | Self::PastDue)
    }
}

coded! {
    /// Who bills.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    pub enum ManagedBy {
        /// The service itself.
        Direct,
        /// Apple's App Store sold it.
        AppleAppStore,
        /// Google Play sold it.
        GooglePlay,
    }
}

impl ManagedBy {
    /// Where the store's customers manage what they bought there.
    pub(crate) fn store_url(self) -> Option<&'static str> {
        match self {
            Self::Direct => None,
            Self::AppleAppStore => Some("https://apps.apple.com/account/subscriptions"),
            Self::GooglePlay => Some("https://play.google.com/store/account/subscriptions"),
        }
    }
}

coded! {
    /// Where to send the person (SPEC 8.4, 8.5).
    #[derive(Clone, PartialEq, Eq, Debug)]
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
}

/// What the person wants to manage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Managed {
    /// The account, from this product.
    Product(ProductId),
    /// The account at this provider.
    Provider(ProviderId),
}
