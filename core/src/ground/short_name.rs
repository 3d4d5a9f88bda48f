//! The short names of providers and products in the policy.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The short name of a provider in the policy: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ProviderId(String);

/// The short name of a product in the policy: 1 to 32 of `a-z`, `0-9` and `-` (SPEC 8.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ProductId(String);

macro_rules! short_names {
    ($($name:ident)*) => {$(
        impl $name {
            /// Returns the short name, or `None` if the text is not one.
            pub fn new(text: &str) -> Option<Self> {
                is_short_name(text).then(|| Self(text.to_owned()))
            }

            /// Returns the name of a preset. Its text in the source is a short name.
            pub(crate) fn preset(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// Returns the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

short_names!(ProviderId ProductId);

fn is_short_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}
