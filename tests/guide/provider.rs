page!("provider");

use selfsame_world::{TokenProvider, World, signed_in};

#[test]
fn an_id_token_signs_in_after_its_keys_were_fetched() {
    assert!(policy().unwrap().provider(&"google".parse().unwrap()).is_some());
    let (world, provider) = (World::new(), TokenProvider::new());
    let (flow, nonce) = begin(world.engine(), &provider.id()).unwrap().unwrap();
    let token = provider.token("815", &nonce, world.now()).text();
    let asked = finish(world.engine(), &provider.id(), &flow, &token, || provider.jwks()).unwrap();
    assert_eq!(asked.step.code(), "ConfirmCreate");
}

#[test]
fn a_statement_signs_up() {
    let world = World::new();
    let (flow, _) = begin(world.engine(), &"x".parse().unwrap()).unwrap().unwrap();
    let created = finish_with_x(world.engine(), &flow, "1815", "ada").unwrap();
    assert_eq!(finish_with_x(world.engine(), &created, "1815", "ada"), Ok(created.clone()));
    let account = world.engine().account(&signed_in(created).token).unwrap();
    assert_eq!(account.view().unwrap().methods[0].handle.as_deref(), Some("ada"));
}
