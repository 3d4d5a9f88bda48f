page!("offline");

use selfsame_world::{World, signed_in};

#[test]
fn a_device_signs_in_whom_it_knows() {
    let world = World::builder().policy(policy().unwrap()).build();
    let created = signed_in(world.sign_up("ada@example.org", super::PASSWORD));
    assert!(!should_offer_a_password(&created));
    let known = accounts(world.engine()).unwrap();
    let [(entry, line)] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!(line, "account without a name");
    let session = signed_in(sign_in_to(world.engine(), entry, &super::PASSWORD.into()).unwrap());
    assert_eq!(session.account, created.account);
    world.engine().account(&session.token).unwrap().set_display_name(Some("Ada")).unwrap();
    assert_eq!(accounts(world.engine()).unwrap()[0].1, "Ada");
}
