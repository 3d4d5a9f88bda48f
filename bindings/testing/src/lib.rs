//! The surroundings of an engine, for tests in Swift, Kotlin and Python. Tests load this library instead of
//! `selfsame_ffi`, which it contains.

mod story;
mod world;

pub use story::{StoryError, transcript};
pub use world::{World, panic_with, world_policy};

uniffi::setup_scaffolding!();
// Without this line the linker leaves the bindings out.
selfsame_ffi::uniffi_reexport_scaffolding!();
