//! Products that share the account, and their billing (SPEC 8).

use selfsame::{
    AccountHandle, Action, Actor, Billing, BillingStatus, Client, CustomerRef, Destination, Managed,
    ManagedBy, Membership, Policy, Product, ProductId, ProviderId, Refusal,
};
use selfsame_world::{Person, World, days, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn product(name: &str) -> ProductId {
    name.parse::<ProductId>().unwrap()
}

fn billing(customer: &str, managed_by: ManagedBy) -> Billing {
    Billing {
        customer: customer.parse::<CustomerRef>().unwrap(),
        plan: "plus".to_owned(),
        status: BillingStatus::Active,
        period_end: None,
        managed_by,
    }
}

fn of(account: &AccountHandle, name: &str) -> Option<Membership> {
    account.memberships().unwrap().into_iter().find(|membership| membership.product == product(name))
}

fn bill(world: &World, person: &Person, name: &str, billing: &Billing) {
    world.engine().set_billing(person.account, &product(name), billing).unwrap();
}

#[test]
fn r8_1_a_product_that_is_not_in_the_policy_is_refused() {
    let world = World::new();
    let client = Client::on("a phone").using(product("unheard-of"));
    let outcome = world.engine().sign_up("ada@example.org", &PASSWORD.into(), &client);
    assert_eq!(refused(outcome), Refusal::UnknownProduct);
    let account = world.account(&world.ada());
    assert_eq!(refused(account.open_product(&product("unheard-of"))), Refusal::UnknownProduct);
    assert_eq!(refused(account.billing_destination(&product("unheard-of"))), Refusal::UnknownProduct);
}

fn grok() -> Product {
    selfsame_world::products().swap_remove(0)
}

#[test]
fn r8_1_policy_takes_sixteen_products_with_distinct_names_and_https_addresses() {
    let named = |id: &str| Product { id: product(id), ..grok() };
    let fits = |products: Vec<Product>| Policy::builder().products(products).build().is_ok();
    let sixteen: Vec<_> = (0..16).map(|n| named(&format!("p{n}"))).collect();
    assert!(fits(sixteen.clone()));
    assert!(!fits([sixteen, vec![named("p16")]].concat()));
    assert!(!fits(vec![named("p0"), named("p0")]));
    assert!(!fits(vec![Product { manage_billing_url: "http://grok.com".to_owned(), ..grok() }]));
    assert!(!fits(vec![Product { manage_account_url: String::new(), ..grok() }]));
    assert!(!fits(vec![Product { display_name: String::new(), ..grok() }]));
    let policy = World::policy().build().unwrap();
    assert_eq!(policy.product(&product("api")), selfsame_world::products().get(1));
}

#[test]
fn r8_2_one_account_and_one_password_serve_every_product_of_policy() {
    let world = World::new();
    let ada = world.ada();
    for name in ["grok", "api"] {
        world.later(minutes(1));
        let client = Client::on("a phone").using(product(name));
        let done = signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &client).unwrap());
        assert_eq!(done.account, ada.account);
    }
    let sessions = world.account(&ada).sessions().unwrap();
    let products: Vec<_> =
        sessions.iter().map(|session| session.client.product().map(ToString::to_string)).collect();
    assert_eq!(products, [None, Some("grok".to_owned()), Some("api".to_owned())]);
}

#[test]
fn r8_2_the_first_use_of_a_product_creates_its_membership() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    assert_eq!(account.memberships().unwrap(), []);
    let first = world.now();
    let client = Client::on("a phone").using(product("grok"));
    for _ in 0..2 {
        signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &client).unwrap());
        world.later(days(1));
    }
    let opened = account.open_product(&product("api")).unwrap();
    let commits = world.engine().commits().unwrap();
    assert_eq!(account.open_product(&product("api")).unwrap(), opened);
    assert_eq!(world.engine().commits().unwrap(), commits, "a second call changes nothing");
    let since: Vec<_> = account.memberships().unwrap().iter().map(|each| each.since).collect();
    assert_eq!(since, [first, world.now()]);
    assert_eq!(account.activity().unwrap().last().unwrap().event.action, Action::ProductOpened);
}

#[test]
fn r8_2_a_new_account_is_a_member_of_the_product_that_created_it() {
    let world = World::new();
    let client = Client::on("a phone").using(product("grok"));
    let asked = world.engine().sign_up("ada@example.org", &PASSWORD.into(), &client).unwrap();
    let token = signed_in(world.prove(&asked, "ada@example.org")).token;
    assert!(of(&world.engine().account(&token).unwrap(), "grok").is_some());
}

#[test]
fn r8_3_setting_one_billing_profile_changes_no_other() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    bill(&world, &ada, "grok", &billing("cus_1", ManagedBy::AppleAppStore));
    bill(&world, &grace, "grok", &billing("cus_2", ManagedBy::Direct));
    let (adas, graces) = (world.account(&ada), world.account(&grace));
    let (before, elsewhere) = (of(&adas, "grok"), graces.memberships().unwrap());

    world.later(days(1));
    let api = Billing {
        plan: "  x".repeat(20),
        period_end: Some(world.now()),
        ..billing("cus_3", ManagedBy::Direct)
    };
    bill(&world, &ada, "api", &api);
    bill(&world, &ada, "api", &Billing { status: BillingStatus::Ended, ..api.clone() });
    assert_eq!(of(&adas, "grok"), before);
    assert_eq!(graces.memberships().unwrap(), elsewhere);
    let kept = of(&adas, "api").unwrap().billing.unwrap();
    assert_eq!(
        kept,
        Billing { plan: "  x".repeat(20).trim().to_owned(), status: BillingStatus::Ended, ..api }
    );

    let events: Vec<_> = adas.activity().unwrap().into_iter().map(|kept| kept.event).collect();
    let set: Vec<_> = events.iter().filter(|event| event.action == Action::BillingSet).collect();
    assert_eq!(set.len(), 3);
    assert!(set.iter().all(|event| event.actor == Actor::Host));
    assert!(adas.verify_audit().unwrap());
}

#[test]
fn r8_3_a_customer_reference_belongs_to_one_product_of_one_account() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    let first = billing("cus_1", ManagedBy::Direct);
    bill(&world, &ada, "grok", &first);
    let engine = world.engine();
    assert_eq!(
        refused(engine.set_billing(ada.account, &product("api"), &first)),
        Refusal::IdentifierInUse,
        "another product"
    );
    assert_eq!(
        refused(engine.set_billing(grace.account, &product("grok"), &first)),
        Refusal::IdentifierInUse,
        "another account"
    );
    assert_eq!(world.account(&grace).memberships().unwrap(), []);
    let commits = engine.commits().unwrap();
    bill(&world, &ada, "grok", &first);
    assert_eq!(engine.commits().unwrap(), commits, "the same profile again changes nothing");

    // A new reference frees the first one.
    bill(&world, &ada, "grok", &billing("cus_2", ManagedBy::Direct));
    bill(&world, &grace, "grok", &first);
    assert_eq!(
        refused(engine.set_billing(grace.account, &product("nothing"), &first)),
        Refusal::UnknownProduct
    );
}

#[test]
fn r8_3_a_purged_account_has_no_billing_and_frees_its_customer_reference() {
    let world = World::new();
    let (ada, first) = (world.ada(), billing("cus_1", ManagedBy::Direct));
    bill(&world, &ada, "grok", &first);
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30));
    let set = world.engine().set_billing(ada.account, &product("grok"), &first);
    assert_eq!(refused(set), Refusal::UnknownAccount);
    let grace = world.person("grace@example.org", PASSWORD);
    assert!(world.engine().purge_due(1).unwrap().receipts.is_empty());
    let early = world.engine().set_billing(grace.account, &product("grok"), &first);
    assert_eq!(refused(early), Refusal::TooEarly { at: world.now() + days(1) });
    world.later(days(1));
    bill(&world, &grace, "grok", &first);
}

#[test]
fn r8_4_billing_is_managed_at_the_product_or_at_the_store_that_sold_it() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let at = |name| account.billing_destination(&product(name)).unwrap();
    let own = Destination::Product { url: "https://grok.com/?_s=billing".to_owned() };
    assert_eq!(at("grok"), own, "a destination exists before the first use");
    bill(&world, &ada, "grok", &billing("cus_1", ManagedBy::Direct));
    assert_eq!(at("grok"), own);
    for (store, url) in [
        (ManagedBy::AppleAppStore, "https://apps.apple.com/account/subscriptions"),
        (ManagedBy::GooglePlay, "https://play.google.com/store/account/subscriptions"),
    ] {
        bill(&world, &ada, "grok", &billing("cus_1", store));
        assert_eq!(at("grok"), Destination::Store { store, url: url.to_owned() });
    }
    assert_eq!(at("api"), Destination::Product { url: "https://console.x.ai".to_owned() });
}

#[test]
fn r8_5_a_provider_s_account_is_managed_at_the_provider() {
    let world = World::new();
    let account = world.account(&world.ada());
    let at = |managed: Managed| account.manage_destination(&managed);
    let provider = |name: &str| Managed::Provider { provider: name.parse::<ProviderId>().unwrap() };
    assert_eq!(
        at(provider("x")).unwrap(),
        Destination::ManagedElsewhere { url: Some("https://x.com/settings/account".to_owned()) }
    );
    assert_eq!(at(provider("example")).unwrap(), Destination::ManagedElsewhere { url: None });
    assert_eq!(refused(at(provider("unheard-of"))), Refusal::UnknownProvider);
    assert_eq!(
        at(Managed::Product { product: product("grok") }).unwrap(),
        Destination::Product { url: "https://accounts.x.ai".to_owned() }
    );
    assert_eq!(refused(at(Managed::Product { product: product("unheard-of") })), Refusal::UnknownProduct);
}
