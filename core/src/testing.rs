//! Doors for tests: seeded randomness, stores of other kinds, and the suite that every store passes.
//! Never part of a release of the bindings.

pub use crate::crypto::entropy::SeededEntropy;
pub use crate::store::testing::*;
