//! Proofs that were given in an open flow or a live session and no longer count (SPEC 4.3, 5.10).

use selfsame::{Aal, AccountHandle, Amr, Answer, Client, Flow, Intent, Refusal, Step};
use selfsame_world::{Authenticator, DONE, Identity, Person, World, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const CHOSEN: &str = "mallory chose this password";

fn ada_with_mfa(world: &World) -> (Person, Authenticator) {
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    (ada, app)
}

/// A new session in which Ada gave her password and her app's code.
fn by_app(world: &World, ada: &Person, app: &Authenticator) -> AccountHandle {
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let token = signed_in(world.answer(&asked, world.shown_by(app)).unwrap()).token;
    world.later(minutes(1));
    world.engine().account(&token).unwrap()
}

/// A reset by somebody who has the mailbox and a second factor, up to the new password.
fn reset(world: &World, ada: &Person, second: Answer) -> Flow {
    let asked = world.engine().reset_password(&ada.email, &Client::on("mallory's")).unwrap();
    let asked = world.answer(&world.prove(&asked, &ada.email), second).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    asked
}

/// What Ada does about a stolen second factor.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    Replaced,
    TurnedOff,
    OtherCodes,
}

impl End {
    fn happens(self, world: &World, ada: &Person, app: &Authenticator) {
        let account = by_app(world, ada, app);
        match self {
            Self::Replaced => drop(world.turn_mfa_on(&account)),
            Self::TurnedOff => account.turn_off_mfa().unwrap(),
            Self::OtherCodes => {
                account.regenerate_recovery_codes().unwrap();
                account.recovery_codes_saved().unwrap();
            }
        }
    }
}

#[test]
fn r5_10_a_flow_that_gave_a_second_factor_ends_when_the_factor_is_replaced_or_turned_off() {
    for end in [End::Replaced, End::TurnedOff, End::OtherCodes] {
        let world = World::new();
        let (ada, app) = ada_with_mfa(&world);
        let by_code = reset(&world, &ada, Answer::RecoveryCode(app.recovery_codes[0].clone()));
        world.later(minutes(1));
        let by_totp = reset(&world, &ada, world.shown_by(&app));
        end.happens(&world, &ada, &app);

        let chosen = Answer::NewPassword(CHOSEN.into());
        assert_eq!(refused(world.answer(&by_code, chosen.clone())), Refusal::FlowExpired, "{end:?}");
        // New recovery codes do not change the app.
        let totp_holds = end == End::OtherCodes;
        assert_eq!(world.answer(&by_totp, chosen).is_ok(), totp_holds, "{end:?}");
        assert_eq!(world.sign_in(&ada.email, CHOSEN).is_ok(), totp_holds, "{end:?}");
    }
}

#[test]
fn r5_10_a_sign_in_that_waits_for_a_new_password_ends_with_its_second_factor() {
    let world = World::new();
    let ada = world.ada();
    let x = Identity::at("x", "1815");
    assert_eq!(world.add(&world.account(&ada), &x).unwrap().step, DONE);
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let password = world.account(&ada).view().unwrap().methods[0].id;
    world.engine().mark_compromised(ada.account, password).unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let mallory = world.answer(&asked, world.shown_by(&app)).unwrap();
    assert_eq!(mallory.step, Step::NewPassword);
    world.later(minutes(1));
    let owner = world.present(&x, Intent::SignIn).unwrap();
    world.turn_on_mfa(&signed_in(world.answer(&owner, world.shown_by(&app)).unwrap()).token);
    assert_eq!(refused(world.answer(&mallory, Answer::NewPassword(CHOSEN.into()))), Refusal::FlowExpired);
}

/// An undo is the one act that changes the second factor of an account that is pending deletion.
#[test]
fn r5_10_a_restore_and_an_erasure_end_when_an_undo_takes_the_factor_away_or_puts_one_back() {
    for puts_back in [false, true] {
        let world = World::new();
        let ada = world.ada();
        let x = Identity::at("x", "1815");
        assert_eq!(world.add(&world.account(&ada), &x).unwrap().step, DONE);
        let first = world.turn_on_mfa(&ada.token);
        world.later(minutes(1));
        let stolen = if puts_back { world.turn_on_mfa(&ada.token) } else { first.clone() };
        let code = world.undo_code(&ada.email);
        world.account(&ada).request_deletion().unwrap();
        world.later(minutes(1));
        let asked = world.present(&x, Intent::SignIn).unwrap();
        let mallory = world.answer(&asked, world.shown_by(&stolen)).unwrap();
        assert!(matches!(mallory.step, Step::ConfirmRestore { .. }), "{mallory:?}");

        world.later(minutes(1));
        let asked = world.undo(&code).unwrap();
        let mut at = world.answer(&asked, Answer::NewPassword("her own new password".into())).unwrap();
        if puts_back {
            at = world.answer(&at, world.shown_by(&first)).unwrap();
        }
        assert!(matches!(at.step, Step::ConfirmRestore { .. }), "{at:?}");
        for answer in [Answer::Restore, Answer::EraseNow] {
            assert_eq!(refused(world.answer(&mallory, answer)), Refusal::FlowExpired, "{puts_back}");
        }
        // Leaving a flow needs no proof. The owner has proven the factor that was put back.
        assert_eq!(world.answer(&mallory, Answer::KeepDeleted).unwrap().step, Step::Ended);
        signed_in(world.answer(&at, Answer::Restore).unwrap());
    }
}

#[test]
fn r5_10_a_session_whose_factor_is_gone_is_at_the_first_level() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let account = by_app(&world, &ada, &app);
    account.turn_off_mfa().unwrap();
    let session = &account.sessions().unwrap()[0];
    assert_eq!((session.aal, session.amr.as_slice()), (Aal::Aal1, [Amr::Pwd].as_slice()));
}

#[test]
fn r5_10_a_recovered_session_ends_when_the_codes_of_its_set_are_replaced() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let stolen = Answer::RecoveryCode(app.recovery_codes[0].clone());
    let mallory = signed_in(world.answer(&asked, stolen).unwrap());
    let by_owner = by_app(&world, &ada, &app);
    End::OtherCodes.happens(&world, &ada, &app);
    assert_eq!(refused(world.engine().resolve(&mallory.token)), Refusal::SessionEnded);
    by_owner.view().unwrap();
}

#[test]
fn r4_3_a_proof_from_before_mfa_was_on_still_meets_the_second_factor() {
    let world = World::new();
    let ada = world.ada();
    let asked = world.engine().reset_password(&ada.email, &Client::on("mallory's")).unwrap();
    let mallory = world.prove(&asked, &ada.email);
    assert_eq!(mallory.step, Step::NewPassword);
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let asked = world.answer(&mallory, Answer::NewPassword(CHOSEN.into())).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { .. }), "{asked:?}");
    assert_eq!(signed_in(world.answer(&asked, world.shown_by(&app)).unwrap()).aal, Aal::Aal2);
}
