//! The products that share the account, and their billing.

use selfsame::{Destination, Managed, ProductId, ProviderId, Refusal};
use selfsame_world::render;
use serde_json::json;

use super::{Reported, Store};
use crate::next::hint;
use crate::policy;
use crate::tell::Report;

impl Store {
    pub(crate) fn products(&self) -> Reported {
        let memberships = self.signed_in()?.account.memberships()?;
        let is_used = |product: &str| memberships.iter().any(|used| used.product.as_str() == product);
        let mut hints: Vec<_> = policy::PRODUCTS
            .iter()
            .filter(|product| !is_used(product))
            .map(|product| hint(&format!("selfsame open-product {product}"), "use it with this account"))
            .collect();
        hints.extend(memberships.iter().map(|used| {
            hint(&format!("selfsame billing {}", used.product), "show where to manage its billing")
        }));
        Ok(Report::of(json!({ "memberships": render::shown(&memberships) })).then(hints))
    }

    pub(crate) fn open_product(&self, product: &str) -> Reported {
        let membership = self.signed_in()?.account.open_product(&named(product)?)?;
        let value = render::shown(&membership);
        Ok(Report::done(value, format!("{} now uses this account", self.called(&membership.product)))
            .then(vec![hint("selfsame products", "list the products")]))
    }

    pub(crate) fn billing(&self, product: &str) -> Reported {
        let product = named(product)?;
        let place = self.signed_in()?.account.billing_destination(&product)?;
        Ok(report(&place, &format!("the billing of {}", self.called(&product))))
    }

    pub(crate) fn manage(&self, what: &str) -> Reported {
        let product = what.parse::<ProductId>().ok().filter(|product| self.policy.has_product(product));
        let provider =
            what.parse::<ProviderId>().ok().filter(|provider| self.policy.provider(provider).is_some());
        let (managed, called) = match (product, provider) {
            (Some(product), _) => (Managed::Product { product }, "the account".to_owned()),
            (None, Some(provider)) => {
                let called = format!("the account at {}", crate::words::called(provider.as_str()));
                (Managed::Provider { provider }, called)
            }
            (None, None) => return Err(Refusal::UnknownProduct.into()),
        };
        Ok(report(&self.signed_in()?.account.manage_destination(&managed)?, &called))
    }

    /// The display name of the product.
    fn called(&self, product: &ProductId) -> String {
        let named = self.policy.product(product);
        named.map_or_else(|| product.to_string(), |product| product.display_name.clone())
    }
}

pub(super) fn named(product: &str) -> Result<ProductId, Refusal> {
    product.parse::<ProductId>().map_err(|_| Refusal::UnknownProduct)
}

fn report(place: &Destination, what: &str) -> Report {
    let line = match place {
        Destination::Product { url } => format!("{what} is managed at {url}"),
        Destination::Store { store, url } => {
            format!("{what} is managed at {}, which sold it: {url}", crate::words::biller(store.code()))
        }
        Destination::ManagedElsewhere { url: Some(url) } => format!("{what} is managed only there: {url}"),
        Destination::ManagedElsewhere { url: None } => format!("{what} is managed only there"),
    };
    Report::telling(render::shown(place), crate::words::Tone::Tells, line, Vec::new())
}
