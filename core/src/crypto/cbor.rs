//! CBOR (RFC 8949) in the form that authenticators must write: definite lengths, shortest heads, no tags.

/// How deep values may be nested. The deepest that the W3C's vectors have is 4, a certificate in a list in the
/// statement of an attestation object. CTAP 2 allows 4 levels of maps and lists.
const DEEPEST: u8 = 5;
const MOST_ITEMS: u8 = 64;

/// A CBOR value. Byte and text strings are those of the input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value<'a> {
    /// An integer that fits into 64 bits with its sign.
    Whole(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Self>),
    /// The members in the order of the input. Names are integers or texts, each at most once.
    Map(Vec<(Self, Self)>),
    /// `false`, `true` or `null`.
    Simple,
}

impl<'a> Value<'a> {
    /// Returns the member of a map that has this name.
    pub(crate) fn get(&self, name: &Value<'_>) -> Option<&Value<'a>> {
        match self {
            Self::Map(members) => members.iter().find(|(other, _)| other == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns how many members a map has.
    pub(crate) fn members(&self) -> Option<usize> {
        match self {
            Self::Map(members) => Some(members.len()),
            _ => None,
        }
    }
}

/// Reads all of `bytes` as one value.
pub(crate) fn whole(bytes: &[u8]) -> Option<Value<'_>> {
    first(bytes).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

/// Reads the value that `bytes` begin with. Returns it with the bytes that follow.
pub(crate) fn first(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut reader = Reader { rest: bytes, items: MOST_ITEMS };
    let value = reader.value(DEEPEST)?;
    Some((value, reader.rest))
}

struct Reader<'a> {
    rest: &'a [u8],
    /// How many values may still come.
    items: u8,
}

impl<'a> Reader<'a> {
    fn value(&mut self, levels: u8) -> Option<Value<'a>> {
        self.items = self.items.checked_sub(1)?;
        let levels = levels.checked_sub(1)?;
        let (kind, number) = self.head()?;
        Some(match kind {
            0 => Value::Whole(i64::try_from(number).ok()?),
            // RFC 8949 section 3.1: "The value of the item is -1 minus the argument."
            1 => Value::Whole(-1 - i64::try_from(number).ok()?),
            2 => Value::Bytes(self.take(number)?),
            3 => Value::Text(str::from_utf8(self.take(number)?).ok()?),
            4 => {
                // No room is set aside for the stated length: each item takes at least one byte of the input.
                let mut items = Vec::new();
                for _ in 0..number {
                    items.push(self.value(levels)?);
                }
                Value::List(items)
            }
            5 => {
                let mut members: Vec<(Value<'a>, Value<'a>)> = Vec::new();
                for _ in 0..number {
                    let name = self.value(levels)?;
                    let is_name = matches!(name, Value::Whole(_) | Value::Text(_));
                    // Readers differ in which duplicate they take.
                    if !is_name || members.iter().any(|(other, _)| *other == name) {
                        return None;
                    }
                    members.push((name, self.value(levels)?));
                }
                Value::Map(members)
            }
            7 if (20..=22).contains(&number) => Value::Simple,
            // Tags, and what major type 7 has beside the three: floats, `undefined`, other simple values.
            _ => return None,
        })
    }

    /// Reads a head: the major type and its argument, in the shortest form (RFC 8949 section 4.2.1).
    fn head(&mut self) -> Option<(u8, u64)> {
        let [head] = *self.chunk::<1>()?;
        let (number, least) = match head & 0b1_1111 {
            short @ 0..=23 => return Some((head >> 5, u64::from(short))),
            // With more bytes, major type 7 is a float or a simple value of two bytes.
            _ if head >> 5 == 7 => return None,
            24 => (u64::from(u8::from_be_bytes(*self.chunk()?)), 24),
            25 => (u64::from(u16::from_be_bytes(*self.chunk()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(*self.chunk()?)), 1 << 16),
            27 => (u64::from_be_bytes(*self.chunk()?), 1 << 32),
            // 28 to 30 are reserved, and 31 is an indefinite length.
            _ => return None,
        };
        (number >= least).then_some((head >> 5, number))
    }

    fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(chunk)
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    fn read(text: &str) -> Option<String> {
        whole(&hex(text)).map(|value| format!("{value:?}"))
    }

    /// Of the examples in RFC 8949 appendix A, those that an authenticator may write.
    #[test]
    fn r5_8_the_examples_of_the_standard_are_read() {
        for (bytes, value) in [
            ("00", "Whole(0)"),
            ("17", "Whole(23)"),
            ("1818", "Whole(24)"),
            ("1903e8", "Whole(1000)"),
            ("1a000f4240", "Whole(1000000)"),
            ("1b000000e8d4a51000", "Whole(1000000000000)"),
            ("20", "Whole(-1)"),
            ("3863", "Whole(-100)"),
            ("3903e7", "Whole(-1000)"),
            ("f4", "Simple"),
            ("f6", "Simple"),
            ("4401020304", "Bytes([1, 2, 3, 4])"),
            ("6449455446", "Text(\"IETF\")"),
            ("62c3bc", "Text(\"ü\")"),
            ("8301820203820405", "List([Whole(1), List([Whole(2), Whole(3)]), List([Whole(4), Whole(5)])])"),
            ("a201020304", "Map([(Whole(1), Whole(2)), (Whole(3), Whole(4))])"),
            ("a16161820203", "Map([(Text(\"a\"), List([Whole(2), Whole(3)]))])"),
        ] {
            assert_eq!(read(bytes).as_deref(), Some(value), "{bytes}");
            assert_eq!(read(&format!("{bytes}00")), None, "{bytes} with a byte left over");
            let whole = hex(bytes);
            for end in 0..whole.len() {
                assert!(first(&whole[..end]).is_none(), "{bytes} cut at {end}");
            }
            let more = [whole.as_slice(), &[7]].concat();
            assert_eq!(first(&more).map(|(_, rest)| rest), Some(&[7][..]), "{bytes}");
        }
    }

    #[test]
    fn r5_8_other_spellings_and_kinds_are_refused() {
        for (bytes, why) in [
            ("1817", "23 in two bytes"),
            ("190018", "24 in three bytes"),
            ("1a000003e8", "1,000 in five bytes"),
            ("1b00000000000f4240", "1,000,000 in nine bytes"),
            ("580101", "a length that fits into the head"),
            ("5f42010243030405ff", "bytes of indefinite length"),
            ("7f657374726561646d696e67ff", "a text of indefinite length"),
            ("9f0102ff", "a list of indefinite length"),
            ("bf0102ff", "a map of indefinite length"),
            ("ff", "an end without its beginning"),
            ("1c", "a reserved head"),
            ("1bffffffffffffffff", "beyond 64 bits with a sign"),
            ("c11a514b67b0", "a tag"),
            ("f93c00", "a float"),
            ("f7", "undefined"),
            ("e0", "a simple value without a meaning"),
            ("f814", "a simple value in two bytes"),
            ("61ff", "not UTF-8"),
            ("a201020103", "a name twice"),
            ("a1410102", "bytes as a name"),
            ("a1", "a map without its member"),
            ("a101", "a name without its value"),
            ("5bffffffffffffffff", "a length beyond the input"),
            ("9bffffffffffffffff", "a list that never ends"),
        ] {
            assert_eq!(read(bytes), None, "{why}");
        }
    }

    #[test]
    fn r5_8_depth_and_items_are_bounded() {
        assert!(read("8181818100").is_some());
        assert_eq!(read("818181818100"), None, "a level too many");
        let list = |items: usize| [&[0x98, u8::try_from(items).unwrap()][..], &vec![0; items]].concat();
        assert!(whole(&list(63)).is_some());
        assert!(whole(&list(64)).is_none(), "an item too many");
        assert!(whole(&[0x81; 100_000]).is_none());
    }
}
