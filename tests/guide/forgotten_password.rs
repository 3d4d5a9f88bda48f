page!("forgotten-password");

use selfsame::SignInOutcome;
use selfsame_world::{World, minutes, signed_in};

#[test]
fn a_forgotten_password_is_reset_with_a_code_and_the_second_factor() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(2));
    let flow = forgot(world.engine(), &ada.email).unwrap();
    let code = world.mailbox().code(&ada.email).unwrap();
    let flow = next(world.engine(), &flow, code).unwrap();
    let shown = selfsame_world::totp(&app.secret, world.now()).unwrap();
    let flow = next(world.engine(), &flow, shown).unwrap();
    assert!(matches!(flow.step, Step::NewPassword), "{flow:?}");
    let done = next(world.engine(), &flow, "another horse battery staple".into()).unwrap();
    let stays = next(world.engine(), &done, "anything".into()).unwrap();
    assert_eq!(stays, done);
    assert_eq!(signed_in(done).outcome, SignInOutcome::Reset);
}
