page!("products");

use selfsame_world::{World, signed_in};

#[test]
fn one_account_uses_two_products_with_billing_of_their_own() {
    let (notes, maps): (ProductId, ProductId) = ("notes".parse().unwrap(), "maps".parse().unwrap());
    let world = World::builder().policy(policy(notes.clone(), maps.clone()).unwrap()).build();
    let ada = world.ada();
    let from_notes =
        world.engine().sign_in(&ada.email, &ada.password.as_str().into(), &client(notes.clone()));
    let account = world.engine().account(&signed_in(from_notes.unwrap()).token).unwrap();
    account.open_product(&maps).unwrap();

    paid(world.engine(), ada.account, &notes, "cus_1".parse().unwrap()).unwrap();
    let memberships = account.memberships().unwrap();
    let paid_for: Vec<_> =
        memberships.iter().map(|one| (one.product.clone(), one.billing.is_some())).collect();
    assert_eq!(paid_for, [(notes.clone(), true), (maps, false)]);
    assert_eq!(billing_page(&account, &notes).unwrap().as_deref(), Some("https://notes.example/billing"));
}
