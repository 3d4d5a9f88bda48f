//! Products that share the account, and what each of them costs (SPEC 8).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::{Account, Identifier};
use super::audit::{Action, Actor, Event};
use super::policy::Policy;
use super::provider::{ProductId, ProviderId};
use super::refusal::Refusal;
use super::verdict::{Change, Context, Verdict};
use crate::ground::id::SessionId;
use crate::ground::time::Timestamp;

/// Most products that policy may name, and so most memberships that an account can open (SPEC 1.6).
pub(crate) const MOST_PRODUCTS: usize = 16;
const LONGEST_REFERENCE: usize = 255;
const LONGEST_PLAN: usize = 64;

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

impl BillingStatus {
    /// The status's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Trial => "Trial",
            Self::Active => "Active",
            Self::PastDue => "PastDue",
            Self::Canceled => "Canceled",
            Self::Ended => "Ended",
        }
    }

    /// Whether more will be asked for.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, Self::Trial | Self::Active | Self::PastDue)
    }
}

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

impl ManagedBy {
    /// The name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Direct => "Direct",
            Self::AppleAppStore => "AppleAppStore",
            Self::GooglePlay => "GooglePlay",
        }
    }

    /// Where the store's customers manage what they bought there.
    pub(crate) fn store_url(self) -> Option<&'static str> {
        match self {
            Self::Direct => None,
            Self::AppleAppStore => Some("https://apps.apple.com/account/subscriptions"),
            Self::GooglePlay => Some("https://play.google.com/store/account/subscriptions"),
        }
    }
}

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

impl Destination {
    /// The destination's name, the same in every language and release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Product { .. } => "Product",
            Self::Store { .. } => "Store",
            Self::ManagedElsewhere { .. } => "ManagedElsewhere",
        }
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

/// The first use of a product makes its membership (SPEC 8.2). Whether this was it.
pub(crate) fn used(account: &mut Account, product: &ProductId, now: Timestamp) -> bool {
    let is_new = account.membership(product).is_none();
    if is_new {
        account.memberships.push(Membership { product: product.clone(), since: now, billing: None });
    }
    is_new
}

/// The owner opens a product.
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
        changes.push(Change::Account { account: Box::new(account), event });
    }
    Verdict::done(membership, changes)
}

/// The host says what a product costs an account. Every other profile stays as it is, because nothing but
/// this one is written (SPEC 8.3). `holder` is the account that the customer reference belongs to.
pub(crate) fn set_billing(
    mut account: Account,
    holder: Option<&Account>,
    product: &ProductId,
    mut billing: Billing,
    ctx: &Context<'_>,
) -> Verdict<()> {
    if !ctx.policy.has_product(product) && account.membership(product).is_none() {
        return Verdict::refused(Refusal::UnknownProduct);
    }
    billing.plan = billing.plan.chars().take(LONGEST_PLAN).collect();
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
    changes.push(Change::Account { account: Box::new(account), event });
    Verdict::done((), changes)
}

/// Where what a product costs is managed: at the store that sold it, else at the product (SPEC 8.4).
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

/// Where an account is managed. One at a provider is somebody else's (SPEC 8.5).
pub(crate) fn manage_destination(managed: &Managed, policy: &Policy) -> Result<Destination, Refusal> {
    match managed {
        Managed::Product(id) => {
            let product = policy.product(id).ok_or(Refusal::UnknownProduct)?;
            Ok(Destination::Product { url: product.manage_account_url.clone() })
        }
        Managed::Provider(id) => {
            let provider = policy.provider(id).ok_or(Refusal::UnknownProvider)?;
            Ok(Destination::ManagedElsewhere { url: provider.manage_url.clone() })
        }
    }
}

impl Account {
    pub(crate) fn membership(&self, product: &ProductId) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.product == *product)
    }
}
