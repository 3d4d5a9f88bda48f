//! The errors of a world.

use std::fmt;

/// Why a world did not do what a test asked. It is a mistake in the test, not an error of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WorldError {
    /// The secret is not base32, so no authenticator app takes it.
    NotBase32,
    /// The new time is before the time that the clock shows.
    InThePast,
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBase32 => "the secret is not base32; pass the secret of the enrolment",
            Self::InThePast => "this time is before the clock's; to go back, set the wall clock back",
        })
    }
}

impl std::error::Error for WorldError {}
