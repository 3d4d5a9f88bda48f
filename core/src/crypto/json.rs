//! The only file that uses serde_json. It reads other people's JSON strictly and writes the engine's.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A JSON object without duplicate members.
pub(crate) type Object = BTreeMap<String, Json>;

/// A JSON value. It has no `Debug`, because its contents may be personal.
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// A number that is written as an integer and fits into 64 bits.
    Whole(u64),
    /// Any other number: negative, with a fraction or exponent, or too large.
    Number,
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

impl Json {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }
}

/// Parses all of `bytes` as one object. Returns `None` if they are not one, or if any object in it has a
/// duplicate member.
pub(crate) fn object(bytes: &[u8]) -> Option<Object> {
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(object)) => Some(object),
        _ => None,
    }
}

/// Writes the value as readable JSON. Returns `None` if JSON cannot express it.
pub(crate) fn written(value: &impl Serialize) -> Option<String> {
    serde_json::to_string_pretty(value).ok()
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Whole(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Object::new();
        while let Some((name, value)) = members.next_entry()? {
            // RFC 7515 section 4: "The Header Parameter names within the JOSE Header MUST be unique". RFC 7519
            // section 4 says the same of claims. Readers differ in which duplicate they take.
            match object.entry(name) {
                Entry::Vacant(vacant) => vacant.insert(value),
                Entry::Occupied(_) => return Err(A::Error::custom("duplicate member")),
            };
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_whole_and_without_duplicate_members() {
        let read = object(br#" {"a": [null, true, {"b": 1}], "c": "\u00e9", "d": 18446744073709551615} "#);
        let read = read.unwrap();
        assert_eq!(read.get("c").and_then(Json::text), Some("é"));
        assert_eq!(read.get("d").and_then(Json::whole), Some(u64::MAX));
        assert!(matches!(read.get("a"), Some(Json::List(items)) if items.len() == 3));
        for bad in [
            "",
            "{",
            "[]",
            "1",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            r#"{"a":1,}"#,
            r#"{'a':1}"#,
            r#"{"a":01}"#,
            r#"{"a":NaN}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[[{"b":1,"b":2}]]}"#,
        ] {
            assert!(object(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_none(), "not UTF-8");
        assert!(
            object("[".repeat(100_000).as_bytes()).is_none(),
            "deep nesting is refused and does not end the process"
        );
    }

    #[test]
    fn only_an_integer_is_a_whole_number() {
        for text in ["-1", "1.0", "1e3", "-0", "18446744073709551616", "1E400"] {
            let number = object(format!("{{\"n\":{text}}}").as_bytes());
            assert!(number.is_none_or(|object| object.get("n").and_then(Json::whole).is_none()), "{text}");
        }
    }
}
