page!("link");

use selfsame::SignInOutcome;
use selfsame_world::{Identity, World, days, signed_in};

fn prompted(world: &World, subject: &str) -> Flow {
    world.later(days(1));
    let identity = Identity::at("x", subject).with_email("ada@example.org");
    let flow = world.federated(&identity);
    world.prove(&flow, "ada@example.org")
}

#[test]
fn the_prompt_links_or_creates() {
    let world = World::new();
    let ada = world.ada();
    let flow = prompted(&world, "1");
    let lines = prompt(&flow);
    assert_eq!(lines, ["1. your account of 2026-01 with ada@example.org", "or create a new account"]);
    let linked = signed_in(link(world.engine(), &flow, 1, ada.password.as_str().into()).unwrap());
    assert_eq!((linked.outcome, linked.account), (SignInOutcome::Linked, ada.account));

    let flow = prompted(&world, "2");
    let created = signed_in(create_separate(world.engine(), &flow).unwrap());
    assert_eq!(created.outcome, SignInOutcome::Created);
    assert_ne!(created.account, ada.account);
}
