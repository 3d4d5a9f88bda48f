page!("sessions");

use selfsame_world::World;

#[test]
fn sessions_are_kept_listed_and_ended() {
    let world = World::new();
    let ada = world.ada();
    let account = reopen(world.engine(), ada.token.reveal()).unwrap().unwrap();
    world.fresh(&ada);
    world.fresh(&ada);
    assert_eq!(devices(&account).unwrap().len(), 3);
    let sessions = account.sessions().unwrap();
    let other = sessions.iter().find(|session| session.id != ada.session).unwrap();
    end(&account, other.id).unwrap();
    assert_eq!(devices(&account).unwrap().len(), 2);
    end_others(&account).unwrap();
    assert_eq!(devices(&account).unwrap().len(), 1);
    account.sign_out().unwrap();
    assert!(reopen(world.engine(), ada.token.reveal()).unwrap().is_none());
    assert!(reopen(world.engine(), "not a token").unwrap().is_none());
}
