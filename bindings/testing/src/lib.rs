//! The world that an engine lives in, for tests in Swift, Kotlin and Python. Whoever tests loads this library
//! instead of `selfsame_ffi`, all of which is in it.

mod story;
mod world;

pub use story::{StoryError, transcript};
pub use world::{World, assertion, panic_with, totp, world_policy};

uniffi::setup_scaffolding!();
// Without a mention the linker leaves the face out.
selfsame_ffi::uniffi_reexport_scaffolding!();
