//! Floor 1: bytes in, bytes out. Pure, given entropy.

mod argon;
pub(crate) mod draw;
pub(crate) mod entropy;
mod kdf;
pub(crate) mod keys;
pub(crate) mod password;
pub(crate) mod seal;
pub(crate) mod token;
