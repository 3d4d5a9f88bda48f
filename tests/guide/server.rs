page!("server");

use selfsame_world::{World, days, signed_in};

#[test]
fn a_request_is_authenticated_by_its_token() {
    let world = World::new();
    let ada = world.ada();
    let flow = sign_in(world.engine(), &ada.email, &ada.password.as_str().into()).unwrap();
    let token = signed_in(flow).token;
    let session = authenticate(world.engine(), token.reveal()).unwrap().unwrap();
    assert_eq!(session.account, ada.account);
    assert_eq!(authenticate(world.engine(), "not a token"), Ok(None));
    world.later(days(31));
    assert_eq!(authenticate(world.engine(), token.reveal()), Ok(None));
}
