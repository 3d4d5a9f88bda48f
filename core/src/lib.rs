//! Selfsame: an identity engine that an application embeds.

mod crypto;
mod engine;
mod ground;
mod rules;
mod store;

pub use ground::secret::Secret;

/// Doors for tests: what the engine keeps to itself otherwise.
#[cfg(feature = "testing")]
pub mod testing {
    pub use crate::store::testing as store;
}
