//! No story makes the player or the engine panic, whatever its acts are and in whatever order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use selfsame_world::{World, play, story::Story};

fuzz_target!(|text: &str| {
    let Ok(story) = Story::read(text) else { return };
    // A world is made in no time; years of acts are not.
    if story.scenes.len() <= 40 {
        let mut world = World::of(&story).build();
        let performance = play(&story, &mut world);
        let _ = performance.transcript();
    }
});
