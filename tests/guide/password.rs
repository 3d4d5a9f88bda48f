page!("password");

use selfsame_world::{World, minutes};

#[test]
fn a_sign_in_shows_a_screen_or_a_text() {
    let world = World::new();
    let ada = world.ada();
    let right = Secret::from(ada.password.as_str());
    let flow = sign_in(world.engine(), &ada.email, &right).unwrap();
    assert_eq!(screen(&flow), "home");
    let mut texts = Vec::new();
    for _ in 0..6 {
        texts.push(sign_in(world.engine(), &ada.email, &"wrong".into()).unwrap_err());
    }
    assert_eq!((texts[0].as_str(), texts[5].as_str()), (WRONG, "Too many tries. Wait a moment."));
    assert!(sign_in(world.engine(), "ada", &right).unwrap_err().starts_with("invalid email address"));

    world.later(minutes(2));
    world.turn_on_mfa(&ada.token);
    let flow = sign_in(world.engine(), &ada.email, &right).unwrap();
    assert_eq!(screen(&flow), "type the code from your authenticator app");
}

const WRONG: &str = "The email or the password is wrong.";
