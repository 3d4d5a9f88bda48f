//! What the host reports.

use clap::{Args, ValueEnum};
use selfsame::{BillingStatus, ManagedBy, Timestamp};

use crate::calendar;

/// What a product costs an account.
#[derive(Args)]
pub(crate) struct Bill {
    /// The biller's reference for the customer; unique to one product of one account
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) customer: String,
    /// The plan that was bought: 1 to 64 characters
    #[arg(long)]
    pub(crate) plan: String,
    /// The status of the subscription
    #[arg(long, value_enum, default_value_t = Stands::Active)]
    pub(crate) status: Stands,
    /// The date when the paid period ends, at 0:00 UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) paid_until: Option<Timestamp>,
    /// Who bills the customer
    #[arg(long, value_enum, default_value_t = Biller::Direct)]
    pub(crate) billed_by: Biller,
}

/// The status of a subscription.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Stands {
    /// Free trial
    Trial,
    /// Paid, and renews
    Active,
    /// A payment is overdue
    PastDue,
    /// Paid, but does not renew
    Canceled,
    /// No longer active
    Ended,
}

impl From<Stands> for BillingStatus {
    fn from(stands: Stands) -> Self {
        match stands {
            Stands::Trial => Self::Trial,
            Stands::Active => Self::Active,
            Stands::PastDue => Self::PastDue,
            Stands::Canceled => Self::Canceled,
            Stands::Ended => Self::Ended,
        }
    }
}

/// Who bills the customer.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Biller {
    /// The service itself
    Direct,
    /// Apple's App Store
    AppStore,
    /// Google Play
    GooglePlay,
}

impl From<Biller> for ManagedBy {
    fn from(biller: Biller) -> Self {
        match biller {
            Biller::Direct => Self::Direct,
            Biller::AppStore => Self::AppleAppStore,
            Biller::GooglePlay => Self::GooglePlay,
        }
    }
}

fn day(text: &str) -> Result<Timestamp, &'static str> {
    calendar::parse_day(text).map(Timestamp::from_millis).ok_or("write a date like 2027-01-31")
}
