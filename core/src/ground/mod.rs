//! Floor 0: values. It knows nothing about cryptography, rules or storage.

pub(crate) mod codec;
pub(crate) mod email;
pub(crate) mod entropy;
pub(crate) mod id;
#[cfg(feature = "json")]
pub(crate) mod json;
pub(crate) mod label;
#[cfg(feature = "json")]
pub(crate) mod member;
pub(crate) mod named;
pub(crate) mod nickname;
pub(crate) mod secret;
pub(crate) mod short_name;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod typed;
