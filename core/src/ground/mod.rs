//! Floor 0: values. Knows nothing of cryptography, rules or storage.

pub(crate) mod codec;
pub mod email;
pub mod entropy;
pub mod id;
pub mod secret;
pub(crate) mod text;
pub mod time;
