page!("fresh-proof");

use selfsame_world::{World, minutes};

#[test]
fn an_old_proof_is_renewed() {
    let world = World::new();
    let ada = world.ada();
    assert!(export(world.engine(), &ada.token).unwrap().is_ok());
    world.later(minutes(6));
    let flow = export(world.engine(), &ada.token).unwrap().unwrap_err();
    let token = renew(world.engine(), &flow, ada.password.as_str().into()).unwrap().unwrap();
    assert!(export(world.engine(), &token).unwrap().is_ok());
    assert_eq!(export(world.engine(), &ada.token), Err(Error::Refused(Refusal::SessionEnded)));
}
