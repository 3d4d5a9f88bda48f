page!("second-factor");

use selfsame_world::{World, minutes, signed_in, totp};

#[test]
fn mfa_is_turned_on_used_and_recovered() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let (enrolment, picture) = start(&account).unwrap();
    assert!(picture.reveal_text().unwrap().starts_with("<svg"));
    let shown = || totp(&enrolment.secret, world.now()).unwrap();
    let recovery = confirm(&account, &shown()).unwrap();
    saved(&account).unwrap();

    world.later(minutes(1));
    let sign_in = || world.sign_in(&ada.email, &ada.password).unwrap();
    let done = second_factor(world.engine(), &sign_in(), shown(), false).unwrap();
    assert_eq!(second_factor(world.engine(), &done, shown(), false), Ok(done.clone()));
    assert!(!signed_in(done).recovered);
    let lost = second_factor(world.engine(), &sign_in(), recovery.codes[0].clone(), true).unwrap();
    let recovered = signed_in(lost);
    assert!(recovered.recovered);
    world.engine().account(&recovered.token).unwrap().turn_off_mfa().unwrap();
}
