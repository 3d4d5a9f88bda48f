//! The short names of providers and products in the policy.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is not a short name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidShortName;

impl fmt::Display for InvalidShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a short name is 1 to 32 of a-z, 0-9 and -")
    }
}

impl std::error::Error for InvalidShortName {}

/// The short name of a provider in the policy: 1 to 32 of `a-z`, `0-9` and `-`.
///
/// ```
/// let google: selfsame::ProviderId = "google".parse()?;
/// assert_eq!(google.as_str(), "google");
/// # Ok::<(), selfsame::InvalidShortName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ProviderId(String);

/// The short name of a product in the policy: 1 to 32 of `a-z`, `0-9` and `-` (SPEC 8.1).
///
/// ```
/// let notes: selfsame::ProductId = "notes".parse()?;
/// assert_eq!(notes.as_str(), "notes");
/// assert!("Field Notes".parse::<selfsame::ProductId>().is_err());
/// # Ok::<(), selfsame::InvalidShortName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ProductId(String);

macro_rules! short_names {
    ($($name:ident)*) => {$(
        impl $name {
            /// Returns the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidShortName;

            fn from_str(text: &str) -> Result<Self, InvalidShortName> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidShortName;

            fn try_from(text: String) -> Result<Self, InvalidShortName> {
                if is_short_name(&text) { Ok(Self(text)) } else { Err(InvalidShortName) }
            }
        }

        #[cfg(feature = "json")]
        $crate::ground::json::text_schema! {
            $name schemars::json_schema!({ "type": "string", "pattern": "^[a-z0-9-]{1,32}$" });
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

short_names!(ProviderId ProductId);

impl ProviderId {
    /// Returns the name of a preset. Its text in the source is a short name.
    pub(crate) fn preset(text: &str) -> Self {
        Self(text.to_owned())
    }
}

fn is_short_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}
