page!("host");

use std::sync::Mutex;

use selfsame::{Client, Flow};
use selfsame_world::{World, days};

fn sign_up(engine: &Engine) -> Result<Flow, Error> {
    engine.sign_up("ada@example.org", &super::PASSWORD.into(), &Client::on("laptop"))
}

#[test]
fn the_loop_delivers_and_purges_until_it_is_told_to_stop() {
    let world = World::new();
    sign_up(world.engine()).unwrap();
    world.sign_up("grace@example.org", super::PASSWORD);
    let (stop, sent) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let mut tries = 0;
    let send = |message: &Message| {
        tries += 1;
        if tries == 2 {
            sent.lock().unwrap().push(message.to.clone());
            stop.store(true, Ordering::Release);
        }
        tries == 2
    };
    run(world.engine(), send, &stop).unwrap();
    assert_eq!(*sent.lock().unwrap(), ["grace@example.org"]);
    assert_eq!(world.engine().health().unwrap().outbox, 1, "the message that failed comes again");
    world.later(Duration::from_secs(60));
    deliver(world.engine(), &mut |message| message.to == "ada@example.org").unwrap();
    assert_eq!(world.engine().health().unwrap().outbox, 0);
}

#[test]
fn a_deleted_account_is_purged_at_the_second_look_and_a_new_key_erases_it() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    assert_eq!(purge(world.engine(), world.now()), Ok(world.now() + DAY));
    world.later(days(30));
    let next = purge(world.engine(), world.now()).unwrap();
    let looked = world.engine().health().unwrap();
    assert!(complaints(&looked).iter().any(|line| line.contains("call purge_due")), "{looked:?}");
    world.later(next.since(world.now()));
    purge(world.engine(), world.now()).unwrap();
    let purged = world.engine().health().unwrap();
    assert_eq!((purged.due_purges, purged.erasure_pending.is_some()), (0, true));
    assert!(complaints(&purged).iter().any(|line| line.contains("call rekey")), "{purged:?}");
    renew(world.engine(), &HostKey::from_bytes([8; 32])).unwrap();
    assert_eq!(world.engine().health().unwrap().erasure_pending, None);
}

#[test]
fn complaints_name_the_clock_and_the_outbox() {
    let world = World::new();
    let mut health = world.engine().health().unwrap();
    assert!(complaints(&health).is_empty());
    (health.outbox, health.clock_rolled_back_by) = (101, Some(Duration::from_secs(9)));
    assert_eq!(complaints(&health).len(), 2);
}

#[test]
fn a_copy_of_a_suspended_store_opens() {
    let folder = tempfile::tempdir().unwrap();
    let (store, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let world = World::builder().file(&store).build();
    sign_up(world.engine()).unwrap();
    back_up(world.engine(), &store, &copy).unwrap();
    world.mailbox();
    let restored = world.options().open(&copy).unwrap();
    let waiting = |engine: &Engine| engine.health().unwrap().outbox;
    assert_eq!((waiting(world.engine()), waiting(&restored)), (0, 1));
}
