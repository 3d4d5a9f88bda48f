page!("delete-and-restore");

use selfsame::SignInOutcome;
use selfsame_world::{World, days, signed_in};

#[test]
fn a_deletion_is_kept_or_taken_back() {
    let world = World::new();
    let ada = world.ada();
    let (deletion, subscriptions) = delete(&world.account(&ada)).unwrap();
    assert_eq!((deletion.purge_at.since(world.now()), subscriptions.len()), (days(30), 0));

    let again = || world.sign_in(&ada.email, &ada.password).unwrap();
    assert!(matches!(decide(world.engine(), &again(), false).unwrap().step, Step::Ended));
    let restored = signed_in(decide(world.engine(), &again(), true).unwrap());
    assert_eq!(restored.outcome, SignInOutcome::Restored);
    let at_once = decide(world.engine(), &again(), true).unwrap();
    assert!(matches!(at_once.step, Step::SignedIn { .. }));
}
