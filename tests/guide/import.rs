page!("import");

use selfsame_world::{Identity, World, signed_in};

/// The hash of "U*U", from crypt_blowfish.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

#[test]
fn an_imported_account_signs_in_with_its_old_password_and_its_identity() {
    let world = World::new();
    let example: ProviderId = "example".parse().unwrap();
    let good = account("1", "ada@example.org", BCRYPT, vec![identity(&example, "815")]);
    let bad = account("2", "not an address", BCRYPT, Vec::new());
    assert_eq!(import(world.engine(), &[good.clone(), bad]), Ok(vec!["2".to_owned()]));
    assert_eq!(world.engine().health().unwrap().accounts, 0);

    assert_eq!(import(world.engine(), &[good]), Ok(Vec::new()));
    let by_password = signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    let by_identity = signed_in(world.federated(&Identity::at("example", "815")));
    assert_eq!(by_password.account, by_identity.account);
}
