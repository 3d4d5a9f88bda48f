//! Rust's own player of stories. Players in other languages are compared with it.

use std::fmt;

use selfsame_world::story::Story;
use selfsame_world::{World, play};

/// Why a story has no transcript.
#[derive(Clone, PartialEq, Eq, Debug, uniffi::Error)]
pub enum StoryError {
    /// The text is not a story.
    Unreadable {
        /// The act, and what is wrong with it.
        why: String,
    },
    /// An answer differs from the story.
    OtherThanTold {
        /// The act, and what differs.
        why: String,
    },
}

impl fmt::Display for StoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { why } => write!(f, "not a story: {why}"),
            Self::OtherThanTold { why } => write!(f, "an answer differs from the story: {why}"),
        }
    }
}

impl std::error::Error for StoryError {}

/// Plays the story in this text in a new world. Returns its transcript as JSON without blanks.
#[uniffi::export]
pub fn transcript(story: &str) -> Result<String, StoryError> {
    let story = Story::read(story).map_err(|error| StoryError::Unreadable { why: error.to_string() })?;
    let mut world =
        World::of(&story).try_build().map_err(|error| StoryError::Unreadable { why: error.to_string() })?;
    let played = play(&story, &mut world);
    match &played.failure {
        Some(failure) => Err(StoryError::OtherThanTold { why: failure.to_string() }),
        None => Ok(played.transcript().to_string()),
    }
}
