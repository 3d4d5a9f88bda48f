//! Acts about products and their billing.

use selfsame::{Engine, Managed, ProductId};
use serde_json::{Value, json};

use crate::play::{Stage, done, short, shown};
use crate::story::Act;

impl Stage {
    pub(crate) fn products(&self, act: &Act, engine: &Engine) -> Result<Value, String> {
        Ok(match act {
            Act::OpenProduct { session, product } => {
                let (product, account) = (product_id(product)?, engine.account(self.token(session)?));
                shown(account.and_then(|account| account.open_product(&product)))
            }
            Act::Memberships { session } => {
                let account = engine.account(self.token(session)?);
                let listed = account.and_then(|account| account.memberships());
                shown(listed.map(|listed| json!({ "memberships": listed })))
            }
            Act::SetBilling { account, product, billing } => {
                let account = self.account(account)?;
                shown(engine.set_billing(account, &product_id(product)?, billing).map(done))
            }
            Act::BillingDestination { session, product } => {
                let (product, account) = (product_id(product)?, engine.account(self.token(session)?));
                shown(account.and_then(|account| account.billing_destination(&product)))
            }
            Act::ManageDestination { session, product, provider } => {
                let managed = match (product, provider) {
                    (Some(product), None) => Managed::Product { product: product_id(product)? },
                    (None, Some(provider)) => Managed::Provider { provider: short(provider)? },
                    _ => return Err("name either a product or a provider".to_owned()),
                };
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.manage_destination(&managed)))
            }
            other => return Err(format!("{} is not an act about products", other.name())),
        })
    }
}

fn product_id(name: &str) -> Result<ProductId, String> {
    name.parse::<ProductId>().map_err(|_| format!("{name:?} is not a valid short name"))
}
