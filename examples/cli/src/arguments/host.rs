//! What the host says.

use clap::{Args, ValueEnum};
use selfsame::{BillingStatus, ManagedBy, Timestamp};

use crate::calendar;

/// What a product costs an account.
#[derive(Args)]
pub(crate) struct Bill {
    /// What the biller calls the customer; it belongs to one product of one account
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) customer: String,
    /// What was bought; the first 64 characters count
    #[arg(long)]
    pub(crate) plan: String,
    /// How it stands
    #[arg(long, value_enum, default_value_t = Stands::Active)]
    pub(crate) status: Stands,
    /// The day until which it is paid, at 0:00 UTC
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) paid_until: Option<Timestamp>,
    /// Who bills
    #[arg(long, value_enum, default_value_t = Biller::Direct)]
    pub(crate) billed_by: Biller,
}

/// How a subscription stands.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Stands {
    /// It costs nothing yet
    Trial,
    /// It is paid and will be renewed
    Active,
    /// A payment is missing
    PastDue,
    /// It is not renewed
    Canceled,
    /// It is over
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

/// Who bills.
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
    calendar::parse_day(text).map(Timestamp::from_millis).ok_or("a day is written as in 2027-01-31")
}
