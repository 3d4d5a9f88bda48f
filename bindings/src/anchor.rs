//! The value that the host keeps outside the file.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::SelfsameError;
use crate::unlock::Unlock;

/// A place for one short value outside the file: the platform's keystore, or a row on a server. A person who has
/// only a copy of the file must not be able to write to that place. Each store has its own anchor.
///
/// The engine calls the anchor while other acts wait. The anchor must not call the engine.
#[uniffi::export(with_foreign)]
pub trait Anchor: Send + Sync {
    /// Returns the value that was stored last, at most 256 bytes. It is absent if nothing was ever stored.
    ///
    /// Raise `AnchorFailed` if the value cannot be read now.
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed>;

    /// Stores this value durably, in place of the old one. After an error, the anchor may hold either value.
    ///
    /// Raise `AnchorFailed` if it is not certain that the value is stored.
    fn store(&self, value: Vec<u8>) -> Result<(), AnchorFailed>;
}

/// The anchor did not answer.
#[derive(Debug, uniffi::Error)]
pub enum AnchorFailed {
    /// The reason does not matter, and the engine's errors do not contain it.
    NoAnswer,
}

impl fmt::Display for AnchorFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        selfsame::AnchorFailed.fmt(f)
    }
}

impl std::error::Error for AnchorFailed {}

#[uniffi::export]
impl AnchorFailed {
    /// Returns what happened, in English, for a log.
    pub fn explanation(&self) -> String {
        self.to_string()
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for AnchorFailed {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::NoAnswer
    }
}

/// Calls the host's anchor for the core.
struct Held(Arc<dyn Anchor>);

impl selfsame::Anchor for Held {
    fn load(&self) -> Result<Option<Vec<u8>>, selfsame::AnchorFailed> {
        self.0.load().map_err(|AnchorFailed::NoAnswer| selfsame::AnchorFailed)
    }

    fn store(&self, value: &[u8]) -> Result<(), selfsame::AnchorFailed> {
        self.0.store(value.to_vec()).map_err(|AnchorFailed::NoAnswer| selfsame::AnchorFailed)
    }
}

pub(crate) fn held(anchor: Arc<dyn Anchor>) -> Arc<dyn selfsame::Anchor> {
    Arc::new(Held(anchor))
}

/// Accepts the file as the latest one, whatever the anchor holds. Use it if the host has lost the anchor's
/// value, or if the user restored an older copy on purpose. The engine forgets the guesses, codes and
/// sessions that the file does not contain. A person must decide this.
///
/// Raises the errors of opening the store. The file stays unchanged.
#[uniffi::export]
pub fn adopt_file(path: PathBuf, unlock: Unlock, anchor: Arc<dyn Anchor>) -> Result<(), SelfsameError> {
    Ok(selfsame::Engine::options(unlock.into()).anchor(held(anchor)).adopt(path)?)
}
