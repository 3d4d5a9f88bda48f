page!("export");

use selfsame::RequestStatus;
use selfsame_world::World;

#[test]
fn a_person_gets_the_data_and_an_answer() {
    let world = World::new();
    let account = world.account(&world.ada());
    assert!(export(&account).unwrap().contains("ada@example.org"));
    let request = ask_for_more(&account).unwrap();
    assert_eq!(request.status, RequestStatus::Open);
    assert_eq!(work_off(world.engine(), |_| None), Ok(0));
    assert_eq!(work_off(world.engine(), |_| Some("sent on paper".to_owned())), Ok(1));
    assert!(world.engine().open_requests(100).unwrap().is_empty());
}
