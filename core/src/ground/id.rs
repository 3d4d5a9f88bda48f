//! Ids that the engine assigns: 16 bytes each, a UUIDv7 (RFC 9562), each kind with a type of its own.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Timestamp;

/// A text is not an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is a UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12")
    }
}

impl std::error::Error for InvalidId {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use selfsame::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id: ", stringify!($name), " = \"0198f2d1-4400-7abc-8def-0123456789ab\".parse()?;")]
        /// assert_eq!(id.made_at().year_month().to_string(), "2025-08");
        ///
        /// // A database of the host keeps the bytes.
        /// let kept = *id.as_bytes();
        #[doc = concat!("assert_eq!(", stringify!($name), "::from_bytes(kept), id);")]
        /// # Ok::<(), selfsame::InvalidId>(())
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Returns the id with these bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Returns the id's bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Returns a new id from the time and 10 random bytes, in the layout of RFC 9562 section 5.7.
            pub(crate) fn v7(at: Timestamp, random: [u8; 10]) -> Self {
                let [t0, t1, t2, t3, t4, t5] = time48(at);
                let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
                Self([
                    t0, t1, t2, t3, t4, t5,
                    0x70 | (r0 & 0x0f), r1,
                    0x80 | (r2 & 0x3f), r3, r4, r5, r6, r7, r8, r9,
                ])
            }

            /// Returns when the id was made.
            pub fn made_at(&self) -> Timestamp {
                let [t0, t1, t2, t3, t4, t5, ..] = self.0;
                Timestamp::from_millis(u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5]))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_uuid(text).map(Self)
            }
        }

        impl Serialize for $name {
            /// Writes the bytes into the store, and a UUID into a text format.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(Self)
                }
            }
        }

        #[cfg(feature = "json")]
        $crate::ground::json::text_schema! {
            $name schemars::json_schema!({ "type": "string", "format": "uuid" });
        }
    )*};
}

ids! {
    /// The id of an account. It stays reserved as long as the store exists, even after the account's purge
    /// (SPEC 1.1).
    AccountId
    /// The id of a sign-in method (SPEC 1.2).
    MethodId
    /// The id of a session (SPEC 6.1).
    SessionId
    /// The id of a flow (SPEC 2.10).
    FlowId
    /// The id of a request about data (SPEC 10.2).
    RequestId
    /// The id of a message in the outbox (SPEC 13.1).
    MessageId
}

fn time48(at: Timestamp) -> [u8; 6] {
    let [_, _, bytes @ ..] = at.as_millis().to_be_bytes();
    bytes
}

fn write_uuid(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            f.write_str("-")?;
        }
        for digit in [byte >> 4, byte & 15] {
            f.write_char(char::from_digit(digit.into(), 16).unwrap_or_default())?;
        }
    }
    Ok(())
}

fn parse_uuid(text: &str) -> Result<[u8; 16], InvalidId> {
    let mut digits = 0_u128;
    let mut count = 0;
    for (at, byte) in text.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return Err(InvalidId);
            }
            continue;
        }
        let digit = char::from(byte).to_digit(16).ok_or(InvalidId)?;
        digits = digits << 4 | u128::from(digit);
        count += 1;
    }
    if count == 32 && text.len() == 36 { Ok(digits.to_be_bytes()) } else { Err(InvalidId) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_1_an_account_id_is_a_uuid_v7_that_prints_and_parses() {
        let at = Timestamp::from_millis(0x0123_4567_89ab);
        let id = AccountId::v7(at, [0xff; 10]);
        assert_eq!(id.to_string(), "01234567-89ab-7fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.made_at(), at);
    }

    #[test]
    fn text_that_is_not_a_uuid_is_refused() {
        for text in [
            "",
            "01234567",
            "0123456789ab7fffbfffffffffffffff",
            "01234567-89ab-7fff-bfff-fffffffffff",
            "01234567-89ab-7fff-bfff-fffffffffffff",
            "g1234567-89ab-7fff-bfff-ffffffffffff",
            "01234567-89ab-7fff-bfff-ffffffffffffff",
            "01234567x89ab-7fff-bfff-ffffffffffff",
            "é1234567-89ab-7fff-bfff-fffffffffff",
        ] {
            assert_eq!(text.parse::<AccountId>(), Err(InvalidId), "{text}");
        }
    }
}
