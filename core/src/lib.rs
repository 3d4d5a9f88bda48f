//! Selfsame: an identity engine that an application embeds.

mod crypto;
mod engine;
mod ground;
mod rules;
mod store;

pub use ground::secret::Secret;
