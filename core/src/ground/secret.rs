//! Bytes that must stay hidden.

use std::fmt;

use zeroize::Zeroizing;

#[cfg(feature = "json")]
use crate::ground::json;

/// Bytes that must stay hidden: a password, a code, a token.
///
/// Overwritten when dropped. `Debug` does not show the content, and there is no `Display`.
///
/// ```
/// use selfsame::Secret;
/// let password = Secret::from("correct horse battery staple");
/// assert_eq!(format!("{password:?}"), "Secret(…)");
/// assert_eq!(password.reveal(), b"correct horse battery staple");
/// assert_eq!(password.reveal_text(), Some("correct horse battery staple"));
/// assert_eq!(Secret::from(vec![0xff]).reveal_text(), None);
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Returns the bytes, for the one place that needs them.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes as text, or `None` if they are not UTF-8.
    pub fn reveal_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

/// Copies the bytes into a box of the exact size and overwrites the source.
impl From<Vec<u8>> for Secret {
    fn from(mut bytes: Vec<u8>) -> Self {
        let exact = bytes.as_slice().into();
        zeroize::Zeroize::zeroize(&mut bytes);
        Self(Zeroizing::new(exact))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().into()))
    }
}

/// Compares every byte, so that the time does not reveal where two secrets of equal length differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let bytes = self.0.iter().zip(other.0.iter());
        let differing =
            bytes.fold(0, |differing, (one, other)| std::hint::black_box(differing | (one ^ other)));
        self.0.len() == other.0.len() && differing == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(feature = "json")]
impl serde::Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json::secret(self.reveal_text(), serializer)
    }
}

#[cfg(feature = "json")]
impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::text(deserializer).map(|text| Self::from(text.as_str()))
    }
}

#[cfg(feature = "json")]
json::text_schema! {
    Secret schemars::json_schema!({ "type": "string" });
}
