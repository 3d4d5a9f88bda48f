page!("change-email");

use selfsame_world::{World, signed_in};

#[test]
fn a_change_of_the_email_is_proven_and_undone() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    assert!(matches!(change(&account, "ada@lovelace.example"), Ok(AddressStep::ProveAddress { .. })));
    let code = world.mailbox().code("ada@lovelace.example").unwrap();
    assert_eq!(prove(&account, &code), Ok(AddressStep::Done { was_reserved: false }));
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("ada@lovelace.example"));

    let codes = undo_codes(world.engine()).unwrap();
    let [(to, code)] = codes.as_slice() else { panic!("{} undo codes", codes.len()) };
    assert_eq!(to, "ada@example.org");
    let undone = signed_in(undo(world.engine(), code, "another horse battery staple".into()).unwrap());
    let account = world.engine().account(&undone.token).unwrap();
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("ada@example.org"));
}

#[test]
fn a_change_is_listed_at_each_sign_in_until_it_is_confirmed() {
    let world = World::new();
    let ada = world.ada();
    let new = "another horse battery staple";
    world.account(&ada).change_password(&ada.password.as_str().into(), &new.into()).unwrap();
    let session = signed_in(world.sign_in(&ada.email, new).unwrap());
    assert_eq!(unknown_changes(&session), ["PasswordChanged on laptop"]);
    let account = world.engine().account(&session.token).unwrap();
    confirm(&account, &session).unwrap();
    let again = signed_in(world.sign_in(&ada.email, new).unwrap());
    assert_eq!(unknown_changes(&again), [""; 0]);
    confirm(&account, &again).unwrap();
}
