//! The products that share the accounts, and their billing (SPEC 8).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ground::label::is_label;
use crate::ground::named::coded;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::Timestamp;

/// The largest number of products in a policy, and so of memberships in an account (SPEC 1.6).
pub(crate) const MOST_PRODUCTS: usize = 16;
const LONGEST_REFERENCE: usize = 255;

/// A product that shares the accounts (SPEC 8.1).
///
/// ```
/// use selfsame::{Policy, Product};
///
/// let notes = Product {
///     id: "notes".parse()?,
///     display_name: "Field Notes".to_owned(),
///     manage_account_url: "https://notes.example.org/account".to_owned(),
///     manage_billing_url: "https://notes.example.org/billing".to_owned(),
/// };
/// let policy = Policy::builder().products(vec![notes]).build()?;
/// assert!(policy.has_product(&"notes".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Product {
    /// The product's short name.
    pub id: ProductId,
    /// The name that people know the product by: 1 to 64 characters, none of them invisible (SPEC 1.13), in
    /// NFC and without blanks at the ends.
    pub display_name: String,
    /// The page where people manage the account.
    pub manage_account_url: String,
    /// The page where people manage the billing, unless a store sold the product.
    pub manage_billing_url: String,
}

impl Product {
    pub(crate) fn is_usable(&self) -> bool {
        let is_place = |url: &str| url.starts_with("https://") && url.len() <= 2_048;
        is_label(&self.display_name)
            && is_place(&self.manage_account_url)
            && is_place(&self.manage_billing_url)
    }
}

/// An account's use of one product (SPEC 8.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub struct Membership {
    /// The product.
    pub product: ProductId,
    /// When the product was first used.
    pub since: Timestamp,
    /// The billing profile, if the host has set one.
    pub billing: Option<Billing>,
}

/// A billing profile. The host keeps it up to date. The engine uses it only to decide where to send people
/// and what to warn them of (SPEC 8.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub struct Billing {
    /// The biller's reference for the customer.
    pub customer: CustomerRef,
    /// The plan that was bought: 1 to 64 characters, none of them invisible (SPEC 1.13).
    pub plan: String,
    /// The state of the subscription.
    pub status: BillingStatus,
    /// The end of the period that is paid for, if known.
    pub period_end: Option<Timestamp>,
    /// The biller.
    pub managed_by: ManagedBy,
}

/// A biller's reference for a customer: 1 to 255 bytes. It belongs to one product of one account (SPEC 8.3).
///
/// ```
/// use selfsame::CustomerRef;
///
/// let customer: CustomerRef = "customer-1042".parse()?;
/// assert_eq!(customer.as_str(), "customer-1042");
/// assert!("".parse::<CustomerRef>().is_err());
/// # Ok::<(), selfsame::InvalidCustomerRef>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CustomerRef(String);

impl CustomerRef {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a customer reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidCustomerRef;

impl fmt::Display for InvalidCustomerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a customer reference has 1 to 255 bytes")
    }
}

impl std::error::Error for InvalidCustomerRef {}

impl FromStr for CustomerRef {
    type Err = InvalidCustomerRef;

    fn from_str(text: &str) -> Result<Self, InvalidCustomerRef> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for CustomerRef {
    type Error = InvalidCustomerRef;

    fn try_from(text: String) -> Result<Self, InvalidCustomerRef> {
        if (1..=LONGEST_REFERENCE).contains(&text.len()) { Ok(Self(text)) } else { Err(InvalidCustomerRef) }
    }
}

#[cfg(feature = "json")]
crate::ground::json::text_schema! {
    CustomerRef schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": LONGEST_REFERENCE });
}

impl fmt::Display for CustomerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

coded! {
    /// The state of a subscription.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
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
}

impl BillingStatus {
    /// Returns whether the subscription will cost more money.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, Self::Trial | Self::Active | Self::PastDue)
    }
}

coded! {
    /// Who bills.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum ManagedBy {
        /// The service itself.
        Direct,
        /// Apple's App Store.
        AppleAppStore,
        /// Google Play.
        GooglePlay,
    }
}

impl ManagedBy {
    /// Returns the page where the store's customers manage their purchases.
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
    #[cfg_attr(
        feature = "json",
        derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
        serde(tag = "to")
    )]
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
}

/// What the person wants to manage.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "manage")
)]
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
