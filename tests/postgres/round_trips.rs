//! Counts how often each act waits for the database. `docs/SPEED.md` shows the figures, and
//! `UPDATE=1 bash tests/postgres/run round_trips` writes them again.

use std::fmt::Write as _;
use std::sync::Arc;

use selfsame::testing::PostgresStore;
use selfsame::{Client, Engine};
use selfsame_world::World;

use crate::life::{Life, Watch};
use crate::server::{database, keyring};

const HEADING: &str = "\n## On PostgreSQL\n";

struct Counting {
    engine: Engine,
    store: Arc<PostgresStore>,
    table: String,
}

impl Watch for Counting {
    fn act<T>(&mut self, act: &'static str, run: impl FnOnce() -> T) -> T {
        // The first call of a minute also writes the time. One row of the table shows that.
        if !act.contains("engine time") {
            self.engine.health().unwrap();
        }
        let before = self.store.round_trips();
        let answer = run();
        writeln!(self.table, "| {act} | {} |", self.store.round_trips() - before).unwrap();
        answer
    }
}

#[test]
fn every_act_makes_as_many_round_trips_as_the_page_says() {
    let store = Arc::new(PostgresStore::connect(&database(), keyring()).unwrap());
    let world = World::new();
    let engine = world.options().create_in(store.clone()).unwrap();
    // The first flow of a process also counts those that are open.
    engine
        .sign_up("grace@example.org", &"correct horse battery staple".into(), &Client::on("a desk"))
        .unwrap();
    let mut counting = Counting { engine: engine.clone(), store, table: String::new() };
    Life { engine: &engine, world: &world, name: "ada".to_owned(), watch: &mut counting }.live();
    assert_eq!(counting.store.runs_again(), 0, "an act ran again");

    let table = counting.table;
    for (act, most) in [
        ("resolve a session", 1),
        ("sign-in", 4),
        ("sign-up", 3),
        ("change the email: request a code", 4),
        ("change the email: prove the address", 5),
        ("sign-up, right code: account created", 4),
    ] {
        assert!(of(&table, act) <= most, "{act}: {} round trips, {most} at most", of(&table, act));
    }

    let section = format!(
        "{HEADING}\nA round trip is one message to the database that the caller waits for. Several statements share one. \
         The figures are counted, and a test that needs a server checks each one: `bash tests/postgres/run`. Each is for an \
         act that nothing overtakes.\n\n| act | round trips |\n|---|---|\n{table}"
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SPEED.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, held) = page.split_at(page.find(HEADING).unwrap_or(page.len()));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, [before, &section].concat()).unwrap();
    } else {
        assert_eq!(held, section, "stale: UPDATE=1 bash tests/postgres/run round_trips");
    }
}

fn of(table: &str, act: &str) -> u64 {
    let row = format!("| {act} | ");
    let count = table.lines().find_map(|line| line.strip_prefix(&row)?.strip_suffix(" |")?.parse().ok());
    count.unwrap_or_else(|| panic!("no row for {act}"))
}
