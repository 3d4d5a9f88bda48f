//! Plays every story and checks its answers. If a story is played again, in memory or on a file, its
//! transcript and its rows are the same. No secret appears in them (SPEC 13.6).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use selfsame_world::story::Story;
use selfsame_world::{Performance, World, play};

/// The stories that the project ships.
const SHIPPED: [&str; 1] = ["faq"];

#[test]
fn r13_6_every_story_plays_as_written() {
    each(|name, story| {
        let played = play(story, &mut World::of(story).build());
        assert_eq!(played.failure.map(|failure| failure.to_string()), None, "{name}");
        assert_eq!(played.played.len(), story.scenes.len(), "{name}");
    });
}

#[test]
fn r13_6_a_story_played_again_gives_the_same_answers_and_rows() {
    each(|name, story| {
        let [(first, rows), (again, same_rows)] = [(); 2].map(|()| {
            let mut world = World::of(story).build();
            let played = play(story, &mut world);
            (played.transcript(), world.engine().dump().unwrap())
        });
        assert_eq!(first, again, "{name}");
        assert!(rows == same_rows, "{name}: the rows differ");
        assert!(rows.len() > 3, "{name}: the story left no rows");
    });
}

#[test]
fn r13_6_another_seed_gives_other_ids_and_other_rows() {
    each(|name, story| {
        let played = |seed| {
            let mut world = World::of(story).seed(seed).build();
            let played = play(story, &mut world);
            assert!(played.failure.is_none(), "{name} with seed {seed}: {:?}", played.failure);
            (played.transcript(), world.engine().dump().unwrap())
        };
        let (one, other) = (played(story.seed), played(story.seed + 1));
        assert_ne!(one.0, other.0, "{name}");
        assert!(one.1 != other.1, "{name}: the rows are the same");
    });
}

#[test]
fn r13_6_a_story_plays_the_same_on_a_file_as_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    each(|name, story| {
        let mut in_memory = World::of(story).build();
        let mut on_file = World::of(story).file(&folder.path().join(name)).build();
        let (there, here) = (play(story, &mut on_file), play(story, &mut in_memory));
        assert_eq!(there.failure, None, "{name}");
        assert_eq!(there.transcript(), here.transcript(), "{name}");
        assert!(on_file.engine().dump().unwrap() == in_memory.engine().dump().unwrap(), "{name}: the rows");
    });
}

#[test]
fn r13_1_no_transcript_and_no_row_contains_a_secret() {
    each(|name, story| {
        let mut world = World::of(story).build();
        let played = play(story, &mut world);
        let transcript = played.transcript().to_string();
        assert!(!secrets(&played).is_empty(), "{name} has no secret to look for");
        for secret in secrets(&played) {
            assert!(!transcript.contains(&secret), "{name}: the transcript contains a secret");
        }
        let rows = world.engine().dump().unwrap();
        for secret in secrets(&played) {
            let found = rows.iter().any(|(key, value)| has(key, &secret) || has(value, &secret));
            assert!(!found, "{name}: a row contains a secret");
        }
    });
}

#[test]
fn a_transcript_has_only_texts_and_integers_and_sorted_members() {
    each(|name, story| {
        let played = play(story, &mut World::of(story).build());
        plain_and_sorted(name, &played.transcript());
    });
}

#[test]
fn every_rule_that_a_story_names_exists() {
    let rules = rules();
    each(|name, story| {
        assert!(!story.rules.is_empty(), "{name} names no rule");
        for rule in &story.rules {
            assert!(rules.contains(rule.as_str()), "{name} names {rule}, which does not exist");
        }
    });
}

#[test]
fn the_shipped_stories_exist() {
    let names: BTreeSet<_> = stories().into_iter().map(|(name, _)| name).collect();
    for shipped in SHIPPED {
        assert!(names.contains(shipped), "{shipped}");
    }
    assert!(names.len() >= 21, "stories are missing: {names:?}");
}

#[test]
fn an_unreadable_story_says_which_act_and_why() {
    for (acts, why) in [
        (r#"{"do":"fly"}"#, "act 1: unknown variant `fly`"),
        (r#"{"do":"reopen"},{"do":"sign_out"}"#, "act 2: missing field `session`"),
        (r#"{"do":"sign_out","session":"a","sesion":"b"}"#, "act 1: unknown field `sesion`"),
        (r#"{"do":"reopen","keep":{"acount":"a"}}"#, "act 1: unknown field `acount`"),
        (r#"{"do":"answer","flow":"f","give":"Sing"}"#, "act 1: unknown variant `Sing`"),
        ("7", "act 1: an act is an object"),
    ] {
        let text = format!(r#"{{"title":"t","rules":[],"starts":0,"seed":1,"acts":[{acts}]}}"#);
        let error = Story::read(&text).unwrap_err().to_string();
        assert!(error.starts_with(why), "{error}");
    }
    let policy = r#"{"title":"t","rules":[],"starts":0,"seed":1,"policy":{"sessions":101},"acts":[]}"#;
    assert!(Story::read(policy).unwrap_err().to_string().contains("sessions"));
}

#[test]
fn a_story_that_fails_says_where() {
    for (acts, why) in [
        (
            r#"{"do":"health"},{"do":"health","expect":{"outbox":1}}"#,
            "act 2: the answer's outbox is 0, not 1",
        ),
        (r#"{"do":"sign_out","session":"a"}"#, "act 1: no session is called \"a\""),
        (
            r#"{"do":"sign_up","email":"ada","password":"p","flow":"f"}"#,
            "act 1: the answer is {\"reason\":\"Syntax\",\"refused\":\"InvalidEmail\"}, which nobody expected",
        ),
        (r#"{"do":"health","keep":{"account":"a"}}"#, "act 1: the act opened no session to name"),
    ] {
        let text = format!(r#"{{"title":"t","rules":[],"starts":0,"seed":1,"acts":[{acts}]}}"#);
        let story = Story::read(&text).unwrap();
        let played = play(&story, &mut World::of(&story).build());
        assert_eq!(played.failure.unwrap().to_string(), why);
    }
}

fn each(check: impl Fn(&str, &Story) + Sync) {
    let stories = stories();
    thread::scope(|scope| {
        for half in stories.chunks(stories.len().div_ceil(2).max(1)) {
            scope.spawn(|| half.iter().for_each(|(name, story)| check(name, story)));
        }
    });
}

fn stories() -> Vec<(String, Story)> {
    let mut found: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let story = Story::read(&fs::read_to_string(&path).unwrap());
            (name.clone(), story.unwrap_or_else(|error| panic!("{name}.json, {error}")))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

fn secrets(played: &Performance) -> Vec<String> {
    played.secrets.iter().map(|secret| secret.reveal_text().unwrap().to_owned()).collect()
}

fn has(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

fn plain_and_sorted(name: &str, value: &serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            assert!(members.keys().is_sorted(), "{name}: {members:?}");
            members.values().for_each(|value| plain_and_sorted(name, value));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| plain_and_sorted(name, value)),
        serde_json::Value::String(_) => {}
        other => assert!(other.is_u64(), "{name}: {other} is neither a text nor an integer"),
    }
}

/// Returns the numbers of the rules that the page lists.
fn rules() -> BTreeSet<String> {
    include_str!("../../docs/RULES.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|number| number.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}
