//! An account at every limit still opens, changes and exports.

use selfsame::{Billing, BillingStatus, Client, Intent, ManagedBy, Product, ProductId};
use selfsame_world::{Identity, World, minutes, signed_in};

const PASSWORD: &str = "correct horse battery staple";

/// The largest value of a row: 64 KiB.
const LARGEST_VALUE: usize = 64 * 1024;

#[test]
fn r1_6_an_account_with_twenty_methods_fifty_sessions_and_two_thousand_events_works() {
    let mut products = selfsame_world::products();
    products.push(Product { id: "notes".parse().unwrap(), ..products[0].clone() });
    let policy = World::policy().products(products).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    let account = world.account(&ada);
    for number in 1..20 {
        let provider = "other".parse::<selfsame::ProviderId>().unwrap();
        let begun = account.begin_add(&provider).unwrap();
        let identity = Identity::at("other", &format!("{number:0>200}")).called(&"h".repeat(64));
        let assertion = identity.assertion(&begun);
        world.engine().continue_with(&begun, &assertion, Intent::SignIn).unwrap();
    }
    for (number, product) in ["grok", "api", "notes"].into_iter().enumerate() {
        let product = product.parse::<ProductId>().unwrap();
        account.open_product(&product).unwrap();
        let billing = Billing {
            customer: format!("cus_{number}").parse().unwrap(),
            plan: "p".repeat(64),
            status: BillingStatus::Active,
            period_end: None,
            managed_by: ManagedBy::Direct,
        };
        world.engine().set_billing(ada.account, &product, &billing).unwrap();
    }
    world.later(minutes(1));
    let device = Client::on(&"d".repeat(64));
    while account.activity().unwrap().len() < 2_000 {
        for _ in 0..100 {
            signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &device).unwrap());
            if account.sessions().unwrap().len() > 50 {
                account.end_other_sessions().unwrap();
            }
        }
    }
    while account.sessions().unwrap().len() < 50 {
        signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &device).unwrap());
    }
    let view = account.view().unwrap();
    assert_eq!((view.methods.len(), account.memberships().unwrap().len()), (20, 3));
    assert!(account.verify_audit().unwrap());

    let before = world.engine().commits().unwrap();
    world.turn_on_mfa(&ada.token);
    account.remove_method(view.methods.last().unwrap().id).unwrap();
    let document = account.export().unwrap();
    account.request_deletion().unwrap();
    assert!(world.engine().commits().unwrap() > before);
    let rows = world.engine().dump().unwrap();
    let largest = rows.values().map(Vec::len).max().unwrap();
    assert!(largest < LARGEST_VALUE, "{largest}");
    assert!(document.len() > 100_000, "{}", document.len());
}
