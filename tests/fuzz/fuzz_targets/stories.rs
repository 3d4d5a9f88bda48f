//! No story makes the player or the engine panic, whatever its acts are and in whatever order. No act gets an internal
//! error of the engine, and the store opens again at the end.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use selfsame_world::{World, play, story::Story};
use serde_json::{Map, Value, json};

/// Making a world is fast, but many acts are slow.
const MOST_ACTS: usize = 40;

/// The acts of the repository's stories.
static TOLD: LazyLock<Vec<Vec<Value>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stories");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let stories =
        files.iter().filter_map(|file| serde_json::from_slice::<Value>(&fs::read(file).unwrap()).ok());
    stories.map(|story| story["acts"].as_array().unwrap().iter().map(bare).collect()).collect()
});

/// The same acts grouped by kind, because few stories have the rare ones.
static KINDS: LazyLock<Vec<Vec<Value>>> = LazyLock::new(|| {
    let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for act in TOLD.iter().flatten() {
        kinds.entry(act["do"].to_string()).or_default().push(act.clone());
    }
    kinds.into_values().collect()
});

fuzz_target!(|text: &str| {
    let Ok(mut story) = Story::read(text) else { return };
    if story.scenes.len() > MOST_ACTS {
        return;
    }
    for scene in &mut story.scenes {
        // A refusal is a valid answer.
        scene.expect = Some(json!({}));
    }
    let mut world = World::of(&story).build();
    let performance = play(&story, &mut world);
    for played in &performance.played {
        // The player itself fails this act if the account has no method to mark.
        let is_players = played.act == "mark_compromised";
        let failed = played.answer.get("failed").and_then(Value::as_str);
        assert!(is_players || failed.is_none_or(|failed| failed == "Busy"), "{}: {failed:?}", played.act);
    }
    let _ = performance.transcript();
    let rows = world.engine().dump().unwrap();
    world.reopen(None).unwrap();
    assert!(world.engine().dump().unwrap() == rows, "opening the store changed it");
});

// Mutating bytes rarely gives a story. Moving, repeating and importing whole acts often does.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut dice = Dice(u64::from(seed) | 1 << 40);
    let read = serde_json::from_slice::<Value>(&data[..size]).ok();
    let Some(mut story) = read.filter(|story| story["acts"].is_array() && dice.below(8) > 0) else {
        return fuzzer_mutate(data, size, max_size);
    };
    let mut acts: Vec<_> = story["acts"].as_array().unwrap().iter().map(bare).collect();
    for _ in 0..1 + dice.below(4) {
        change(&mut acts, &mut dice);
    }
    acts.truncate(MOST_ACTS);
    story["acts"] = Value::Array(acts);
    let text = story.to_string();
    if text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
});

fn change(acts: &mut Vec<Value>, dice: &mut Dice) {
    let told = &TOLD[dice.below(TOLD.len())];
    let at = dice.below(acts.len() + 1);
    match dice.below(8) {
        0 if !acts.is_empty() => {
            acts.remove(dice.below(acts.len()));
        }
        1 if !acts.is_empty() => {
            let (one, other) = (dice.below(acts.len()), dice.below(acts.len()));
            acts.swap(one, other);
        }
        2 if !acts.is_empty() => acts.insert(at, acts[dice.below(acts.len())].clone()),
        how @ (3 | 4) => {
            let kind = &KINDS[dice.below(KINDS.len())];
            let (source, most) = if how == 3 { (kind, 1) } else { (told, 4) };
            let from = dice.below(source.len());
            let mut taken: Vec<_> = source[from..].iter().take(1 + dice.below(most)).cloned().collect();
            for act in &mut taken {
                // Takes names from this story, if it has some.
                for (name, value) in members(act) {
                    if let Some(here) = given(acts, name, dice).filter(|_| dice.below(4) > 0) {
                        *value = here;
                    }
                }
            }
            acts.splice(at..at, taken);
        }
        5 => acts.insert(at, json!({ "do": "wait", "minutes": 1_u64 << dice.below(20) })),
        _ if !acts.is_empty() => {
            let chosen = dice.below(acts.len());
            let mut act = acts[chosen].clone();
            let mut members: Vec<_> = members(&mut act).filter(|(name, _)| *name != "do").collect();
            if !members.is_empty() {
                let (name, value) = &mut members.swap_remove(dice.below(members.len()));
                if let Some(other) = given(if dice.below(4) > 0 { acts } else { told }, name, dice) {
                    **value = other;
                }
            }
            acts[chosen] = act;
        }
        _ => {}
    }
}

/// The value of this member in one of the acts that have it.
fn given(acts: &[Value], name: &str, dice: &mut Dice) -> Option<Value> {
    let all: Vec<_> = acts.iter().filter_map(|act| act.get(name)).collect();
    (name != "do" && !all.is_empty()).then(|| all[dice.below(all.len())].clone())
}

fn members(act: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    act.as_object_mut().into_iter().flatten()
}

/// The act without its text for readers and without its expectation.
fn bare(act: &Value) -> Value {
    let mut members: Map<_, _> = act.as_object().cloned().unwrap_or_default();
    for name in ["who", "why", "expect"] {
        members.remove(name);
    }
    Value::Object(members)
}

/// Random numbers from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}
