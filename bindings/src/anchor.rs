//! What the host keeps outside of the file.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use selfsame::Environment;

use crate::error::SelfsameError;
use crate::unlock::Unlock;

/// A place for one short value that is not in the file and that who can copy the file cannot write: the platform's
/// keystore, or a row on a server. One store has one anchor, and no two share one.
///
/// The engine calls it while acts wait. It must not call the engine.
#[uniffi::export(with_foreign)]
pub trait Anchor: Send + Sync {
    /// The value that was stored last, at most 256 bytes; nothing where none ever was.
    ///
    /// Raise `AnchorFailed` where it cannot be told now.
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed>;

    /// Keeps this value, durably, instead of the one before. When it fails, either may be kept.
    ///
    /// Raise `AnchorFailed` where it may not be kept.
    fn store(&self, value: Vec<u8>) -> Result<(), AnchorFailed>;
}

/// The anchor did not answer.
#[derive(Debug, uniffi::Error)]
pub enum AnchorFailed {
    /// Whatever the reason: nothing of it gets into the engine's errors.
    NoAnswer,
}

impl fmt::Display for AnchorFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        selfsame::AnchorFailed.fmt(f)
    }
}

impl std::error::Error for AnchorFailed {}

impl From<uniffi::UnexpectedUniFFICallbackError> for AnchorFailed {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::NoAnswer
    }
}

/// The host's anchor as the core calls it.
struct Held(Arc<dyn Anchor>);

impl selfsame::Anchor for Held {
    fn load(&self) -> Result<Option<Vec<u8>>, selfsame::AnchorFailed> {
        self.0.load().map_err(|AnchorFailed::NoAnswer| selfsame::AnchorFailed)
    }

    fn store(&self, value: &[u8]) -> Result<(), selfsame::AnchorFailed> {
        self.0.store(value.to_vec()).map_err(|AnchorFailed::NoAnswer| selfsame::AnchorFailed)
    }
}

pub(crate) fn held(anchor: Option<Arc<dyn Anchor>>) -> Option<Arc<dyn selfsame::Anchor>> {
    anchor.map(|anchor| Arc::new(Held(anchor)) as Arc<dyn selfsame::Anchor>)
}

/// Takes the file as it is for the latest there is, whatever the anchor holds: for a host that has lost what its
/// anchor held, or whose user has put an older copy back and means it. Guesses, codes and sessions that the file
/// has forgotten are as if they had never been, so this is a person's decision.
///
/// Raises what opening the store does; the file is not touched.
#[uniffi::export]
pub fn adopt_file(path: PathBuf, unlock: Unlock, anchor: Arc<dyn Anchor>) -> Result<(), SelfsameError> {
    Ok(selfsame::Engine::adopt(path, &unlock.into(), &Held(anchor), &Environment::system())?)
}
