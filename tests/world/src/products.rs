//! Acts about products and their billing.

use selfsame::{Billing, BillingStatus, Engine, Managed, ManagedBy, ProductId, Timestamp};
use serde_json::{Value, json};

use crate::play::{Stage, all, done, short, shown, unknown};
use crate::render;
use crate::story::{Act, Cost};

impl Stage {
    pub(crate) fn products(&self, act: &Act, engine: &Engine) -> Result<Value, String> {
        Ok(match act {
            Act::OpenProduct { session, product } => {
                let (product, account) = (product_id(product)?, engine.account(self.token(session)?));
                let opened = account.and_then(|account| account.open_product(&product));
                shown(opened.map(|membership| render::membership(&membership)))
            }
            Act::Memberships { session } => {
                let account = engine.account(self.token(session)?);
                let listed = account.and_then(|account| account.memberships());
                shown(listed.map(|listed| json!({ "memberships": all(&listed, render::membership) })))
            }
            Act::SetBilling { account, product, billing } => {
                let account = self.account(account)?;
                shown(engine.set_billing(account, &product_id(product)?, &billing.told()?).map(done))
            }
            Act::BillingDestination { session, product } => {
                let (product, account) = (product_id(product)?, engine.account(self.token(session)?));
                let place = account.and_then(|account| account.billing_destination(&product));
                shown(place.map(|place| render::destination(&place)))
            }
            Act::ManageDestination { session, product, provider } => {
                let managed = match (product, provider) {
                    (Some(product), None) => Managed::Product(product_id(product)?),
                    (None, Some(provider)) => Managed::Provider(short(provider)?),
                    _ => return Err("name either a product or a provider".to_owned()),
                };
                let account = engine.account(self.token(session)?);
                let place = account.and_then(|account| account.manage_destination(&managed));
                shown(place.map(|place| render::destination(&place)))
            }
            other => return Err(format!("{} is not an act about products", other.name())),
        })
    }
}

impl Cost {
    fn told(&self) -> Result<Billing, String> {
        let customer = self.customer.parse().map_err(|_| unknown("customer", &self.customer))?;
        Ok(Billing {
            customer,
            plan: self.plan.clone(),
            status: match self.status.as_str() {
                "Trial" => BillingStatus::Trial,
                "Active" => BillingStatus::Active,
                "PastDue" => BillingStatus::PastDue,
                "Canceled" => BillingStatus::Canceled,
                "Ended" => BillingStatus::Ended,
                other => return Err(unknown("status", other)),
            },
            period_end: self.period_end.map(Timestamp::from_millis),
            managed_by: match self.managed_by.as_str() {
                "Direct" => ManagedBy::Direct,
                "AppleAppStore" => ManagedBy::AppleAppStore,
                "GooglePlay" => ManagedBy::GooglePlay,
                other => return Err(unknown("biller", other)),
            },
        })
    }
}

fn product_id(name: &str) -> Result<ProductId, String> {
    name.parse::<ProductId>().map_err(|_| format!("{name:?} is not a valid short name"))
}
