//! The JSON form of what callers read and give: hidden secrets, and shapes that serde does not derive.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error as _, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The text in place of a secret in JSON, unless it is revealed.
const HIDDEN: &str = "…";

thread_local! {
    /// The number of [`Revealed`] values that this thread is serialising.
    static REVEALING: Cell<u32> = const { Cell::new(0) };
}

/// Serialises a value with the secrets in it: passwords, codes and tokens. Without this wrapper, every secret
/// is `"…"`.
///
/// Use it only for the answer to the person or the program that the secrets are for.
///
/// ```
/// use selfsame::{Revealed, Secret};
///
/// let code = Secret::from("31415926");
/// assert_eq!(serde_json::to_string(&code)?, "\"…\"");
/// assert_eq!(serde_json::to_string(&Revealed(&code))?, "\"31415926\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Revealed<T>(pub T);

impl<T: Serialize> Serialize for Revealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let _revealing = Revealing::begin();
        self.0.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Revealed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Ends when it is dropped, so an error or a panic in the middle ends it too.
struct Revealing;

impl Revealing {
    fn begin() -> Self {
        REVEALING.with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Revealing {
    fn drop(&mut self) {
        REVEALING.with(|depth| depth.set(depth.get() - 1));
    }
}

/// Serialises a secret: hidden, unless a [`Revealed`] value is being serialised. `None` stands for a secret that is
/// not text.
pub(crate) fn secret<S: Serializer>(text: Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    let shown = if REVEALING.get() > 0 { text } else { Some(HIDDEN) };
    serializer.serialize_str(shown.ok_or_else(|| S::Error::custom("a secret is not text"))?)
}

/// Reads a text. The error never contains the value, because a code may be written as a number. Only
/// `deserialize_any` passes every kind of value to this visitor; the other methods make errors of their own.
struct SecretText;

macro_rules! refuse {
    ($why:literal; $($visit:ident $type:ty;)*) => {$(
        fn $visit<E: serde::de::Error>(self, _: $type) -> Result<Self::Value, E> {
            Err(E::custom($why))
        }
    )*};
}

pub(crate) use refuse;

impl Visitor<'_> for SecretText {
    type Value = Zeroizing<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(text))
    }

    refuse! {
        "a secret is a text";
        visit_i64 i64;
        visit_u64 u64;
        visit_i128 i128;
        visit_u128 u128;
        visit_f64 f64;
    }
}

/// Reads a secret text.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    deserializer.deserialize_any(SecretText)
}

/// Parses a secret text.
pub(crate) fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    text(deserializer)?.parse().map_err(D::Error::custom)
}

/// Implements serde's traits for types with a secret in them, from their forms by `serde(remote = "Self")`. They are
/// read from an object alone, because serde's error about a text or number in its place quotes it.
macro_rules! objects {
    ($($name:ident)*) => {$(
        const _: () = {
            struct Object;

            impl<'de> serde::de::Visitor<'de> for Object {
                type Value = $name;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                    $name::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                }

                $crate::ground::json::refuse! {
                    "an object was expected";
                    visit_str &str;
                    visit_i64 i64;
                    visit_u64 u64;
                    visit_i128 i128;
                    visit_u128 u128;
                    visit_f64 f64;
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    Self::serialize(self, serializer)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_any(Object)
                }
            }
        };
    )*};
}

pub(crate) use objects;

/// Gives types the schema of a text.
macro_rules! text_schema {
    ($($name:ident $text:expr;)*) => {$(
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $text
            }
        }
    )*};
}

pub(crate) use text_schema;

/// A value and its `Display`, for people.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Said<T> {
    #[serde(flatten)]
    value: T,
    /// The same in words.
    says: String,
}

/// Serialises a value with its words.
pub(crate) fn said<T: Serialize + Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Said { value, says: value.to_string() }.serialize(serializer)
}

/// Serialises each value with its words.
pub(crate) fn each_said<T: Serialize + Display, S: Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| Said { value, says: value.to_string() }))
}

/// A duration in milliseconds, for serde's `with`.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(crate) struct Millis(#[expect(dead_code, reason = "the schema's alone")] Option<u64>);

impl Millis {
    pub(crate) fn of(span: Duration) -> u64 {
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        span.map(Self::of).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
