//! Every story plays on PostgreSQL as it plays in memory.

use std::fs;
use std::path::Path;

use selfsame_world::story::Story;
use selfsame_world::{World, play};

use crate::server::database;

/// The story that changes the store's key, which a store on PostgreSQL cannot do yet.
const REKEYS: [&str; 1] = [
    "purge_second_look: act 20: the answer is {\"failed\":\"Storage\",\"kind\":\"unsupported\"}, which nobody expected",
];

#[test]
fn r13_6_a_story_plays_the_same_on_postgresql_as_in_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    let mut played = 0;
    let mut unlike = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let story = Story::read(&fs::read_to_string(&path).unwrap()).unwrap();
        let (mut there, mut here) =
            (World::of(&story).database(database()).build(), World::of(&story).build());
        let (on_postgres, in_memory) = (play(&story, &mut there), play(&story, &mut here));
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if let Some(failure) = &on_postgres.failure {
            unlike.push(format!("{name}: {failure}"));
        } else if on_postgres.transcript() != in_memory.transcript() {
            unlike.push(format!("{name}: the transcript"));
        } else if rows(&there) != rows(&here) {
            unlike.push(format!("{name}: the rows"));
        }
        played += 1;
    }
    assert!(played >= 60, "{played} stories");
    assert_eq!(unlike, REKEYS, "{}", unlike.join("\n"));
}

/// All rows except the stamp, which is of redb's file alone.
fn rows(world: &World) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows: Vec<_> = world.engine().dump().unwrap().into_iter().collect();
    rows.retain(|(key, _)| *key != [0; 17]);
    rows
}
