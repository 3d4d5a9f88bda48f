//! The only file that uses bincode.
//!
//! A record is `[version][body]`. The body is bincode 2's `standard()` encoding: little-endian, integers as varints,
//! an enum by the varint index of its variant. No codec here tolerates a changed struct. So a change of shape is a
//! new version, and only [`Record::upgrade`] knows the old shape.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::enc::write::SizeWriter;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The longest body of a record, in bytes.
const LIMIT: usize = 65_536;

/// bincode's own limit. It counts the memory that a value may take and not the bytes read: a `u64` counts 8 and a
/// `u128` 16, however short the varint is. No body within [`LIMIT`] exceeds sixteen times its length, so everything
/// that was encoded can be decoded. A false length prefix is still refused before memory is allocated.
const CLAIMS: usize = 16 * LIMIT;

/// A type that the store keeps as one value.
///
/// Fields must not hold elements of size zero (`Vec<()>`). No limit counts them, so a length prefix alone would keep
/// the decoder busy for ever.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The version of the present shape.
    const VERSION: u8;

    /// Reads a body of another version. This is the only place for old shapes.
    fn upgrade(from: u8, body: &[u8]) -> Result<Self, Malformed> {
        let _ = (from, body);
        Err(Malformed)
    }
}

/// The bytes are not such a record, or the record is too large.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// Encodes a record, with its version first.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    // Computes the size first, because growing would leave copies behind that nothing overwrites.
    let mut size = SizeWriter::default();
    bincode::serde::encode_into_writer(record, &mut size, config()).map_err(|_| Malformed)?;
    if size.bytes_written > LIMIT {
        return Err(Malformed);
    }
    let mut bytes = Zeroizing::new(vec![R::VERSION; 1 + size.bytes_written]);
    let (_, body) = bytes.split_first_mut().ok_or(Malformed)?;
    let written = bincode::serde::encode_into_slice(record, body, config()).map_err(|_| Malformed)?;
    if written == size.bytes_written { Ok(bytes) } else { Err(Malformed) }
}

/// Decodes a record from all of `bytes`.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, Malformed> {
    match bytes.split_first() {
        Some((&version, body)) if version == R::VERSION => decode_body(body),
        Some((&version, body)) => R::upgrade(version, body),
        None => Err(Malformed),
    }
}

/// Decodes a body without its version, for [`Record::upgrade`].
pub(crate) fn decode_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    if body.len() > LIMIT {
        return Err(Malformed);
    }
    let (value, read) = bincode::serde::decode_from_slice(body, config()).map_err(|_| Malformed)?;
    // bincode ignores trailing bytes, which a record must not have.
    if read == body.len() { Ok(value) } else { Err(Malformed) }
}

const fn config() -> Configuration<LittleEndian, Varint, Limit<CLAIMS>> {
    bincode::config::standard().with_limit::<CLAIMS>()
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Deserialize;
    use wincode::{SchemaRead, SchemaWrite};

    use super::*;

    #[derive(Serialize, Deserialize, SchemaWrite, SchemaRead, Clone, PartialEq, Debug)]
    enum Kind {
        Nothing,
        Number(u32),
        Named { id: [u8; 4], text: String },
    }

    #[derive(Serialize, Deserialize, SchemaWrite, SchemaRead, Clone, PartialEq, Debug)]
    struct Inner {
        flag: bool,
        signed: i64,
        kind: Kind,
    }

    #[derive(Serialize, Deserialize, SchemaWrite, SchemaRead, Clone, PartialEq, Debug)]
    struct Sample {
        small: u8,
        short: u16,
        middle: u32,
        long: u64,
        wide: u128,
        maybe: Option<u64>,
        bytes: Vec<u8>,
        text: String,
        list: Vec<Inner>,
        nested: Option<Inner>,
    }

    impl Record for Sample {
        const VERSION: u8 = 1;
    }

    macro_rules! plain {
        ($($name:ident($inner:ty))*) => {$(
            #[derive(Serialize, Deserialize, PartialEq, Debug)]
            struct $name($inner);
            impl Record for $name {
                const VERSION: u8 = 7;
            }
        )*};
    }
    plain! { Long(u64) Wide(u128) Signed(i64) Maybe(Option<u16>) Bytes(Vec<u8>) Longs(Vec<u64>) Wides(Vec<u128>) Text(String) One(Kind) Pair((bool, Inner)) }

    fn golden<R: Record + PartialEq + Debug>(record: R, body: &[u8]) {
        let mut bytes = vec![R::VERSION];
        bytes.extend_from_slice(body);
        assert_eq!(encode(&record).unwrap().as_slice(), bytes, "{record:?}");
        assert_eq!(decode::<R>(&bytes), Ok(record));
    }

    #[test]
    fn each_kind_of_field_keeps_its_encoding() {
        golden(Long(0), &[0]);
        golden(Long(250), &[250]);
        golden(Long(251), &[251, 251, 0]);
        golden(Long(65_536), &[252, 0, 0, 1, 0]);
        golden(Long(1 << 32), &[253, 0, 0, 0, 0, 1, 0, 0, 0]);
        golden(Wide(1 << 64), &[254, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        golden(Signed(-1), &[1]);
        golden(Signed(1), &[2]);
        golden(Signed(i64::MIN), &[253, 255, 255, 255, 255, 255, 255, 255, 255]);
        golden(Maybe(None), &[0]);
        golden(Maybe(Some(3)), &[1, 3]);
        golden(Bytes(vec![]), &[0]);
        golden(Bytes(vec![1, 255]), &[2, 1, 255]);
        golden(Text("é".into()), &[2, 0xc3, 0xa9]);
        golden(One(Kind::Nothing), &[0]);
        golden(One(Kind::Number(300)), &[1, 251, 44, 1]);
        golden(One(Kind::Named { id: [9; 4], text: "a".into() }), &[2, 9, 9, 9, 9, 1, b'a']);
        golden(Pair((true, Inner { flag: false, signed: -2, kind: Kind::Number(1) })), &[1, 0, 3, 1, 1]);
    }

    #[test]
    fn trailing_missing_and_foreign_bytes_are_refused() {
        assert_eq!(decode::<Long>(&[7, 5, 0]), Err(Malformed));
        assert_eq!(decode::<Long>(&[7]), Err(Malformed));
        assert_eq!(decode::<Long>(&[]), Err(Malformed));
        assert_eq!(decode::<Long>(&[8, 5]), Err(Malformed), "another version");
        assert_eq!(decode::<Text>(&[7, 1, 0xff]), Err(Malformed), "not UTF-8");
        assert_eq!(decode::<One>(&[7, 3]), Err(Malformed), "no such variant");
        assert_eq!(decode::<Maybe>(&[7, 2, 0]), Err(Malformed), "neither `None` nor `Some`");
    }

    #[test]
    fn a_false_length_prefix_is_refused_before_allocation() {
        // Without a limit, 41 of these bytes abort the process.
        for claimed in [1 << 17, 1 << 40, 1 << 62, u64::MAX] {
            let mut bytes = vec![7, 253];
            bytes.extend_from_slice(&claimed.to_le_bytes());
            bytes.resize(41, 0);
            assert_eq!(decode::<Bytes>(&bytes), Err(Malformed), "{claimed}");
            assert_eq!(decode::<Longs>(&bytes), Err(Malformed), "{claimed}");
            assert_eq!(decode::<Text>(&bytes), Err(Malformed), "{claimed}");
        }
    }

    #[test]
    fn every_encoded_record_up_to_the_limit_can_be_decoded() {
        let bytes = Bytes(vec![1; LIMIT - 5]);
        let encoded = encode(&bytes).unwrap();
        assert_eq!(encoded.len(), 1 + LIMIT - 2);
        assert_eq!(decode::<Bytes>(&encoded), Ok(bytes));
        assert_eq!(encode(&Bytes(vec![1; LIMIT])), Err(Malformed));

        // Each takes one byte, but counts eight or sixteen against bincode's own limit.
        let longs = Longs(vec![1; LIMIT - 3]);
        assert_eq!(decode::<Longs>(&encode(&longs).unwrap()), Ok(longs));
        let wides = Wides(vec![1; LIMIT - 3]);
        assert_eq!(decode::<Wides>(&encode(&wides).unwrap()), Ok(wides));
        assert_eq!(decode::<Bytes>(&vec![7; LIMIT + 2]), Err(Malformed));
    }

    #[test]
    fn only_upgrade_reads_an_old_version() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Grown {
            old: u8,
            added: u8,
        }
        impl Record for Grown {
            const VERSION: u8 = 2;

            fn upgrade(from: u8, body: &[u8]) -> Result<Self, Malformed> {
                match from {
                    1 => Ok(Self { old: decode_body(body)?, added: 9 }),
                    _ => Err(Malformed),
                }
            }
        }
        assert_eq!(decode(&[1, 4]), Ok(Grown { old: 4, added: 9 }));
        assert_eq!(decode(&[2, 4, 5]), Ok(Grown { old: 4, added: 5 }));
        assert_eq!(decode::<Grown>(&[1, 4, 5]), Err(Malformed));
        assert_eq!(decode::<Grown>(&[3, 4]), Err(Malformed));
    }

    /// The format does not depend on one library: another one writes and reads the same bytes.
    #[test]
    fn another_library_encodes_ten_thousand_random_records_alike() {
        let other = wincode::config::Configuration::default().with_varint_encoding();
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for _ in 0..10_000 {
            let sample = dice.sample();
            let ours = encode(&sample).unwrap();
            let theirs = wincode::config::serialize(&sample, other).unwrap();
            assert_eq!(&ours[1..], theirs, "{sample:?}");
            assert_eq!(wincode::config::deserialize::<Sample, _>(&ours[1..], other).unwrap(), sample);
            assert_eq!(decode::<Sample>(&ours), Ok(sample));
        }
    }

    /// Random numbers that are the same in every run (Marsaglia's xorshift).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        /// A number whose varint has each length equally often. Most numbers of 64 random bits have the longest.
        fn number(&mut self) -> u64 {
            let shift = self.roll() % 64;
            self.roll() >> shift
        }

        fn text(&mut self) -> String {
            let letters = ['a', 'Z', '0', 'é', '密', '🔑', '\0'];
            let length = self.roll() % 300;
            (0..length).map(|_| letters[self.roll() as usize % letters.len()]).collect()
        }

        fn inner(&mut self) -> Inner {
            let kind = match self.roll() % 3 {
                0 => Kind::Nothing,
                1 => Kind::Number(self.number() as u32),
                _ => Kind::Named { id: (self.roll() as u32).to_le_bytes(), text: self.text() },
            };
            Inner { flag: self.roll().is_multiple_of(2), signed: self.number() as i64, kind }
        }

        fn sample(&mut self) -> Sample {
            Sample {
                small: self.roll() as u8,
                short: self.number() as u16,
                middle: self.number() as u32,
                long: self.number(),
                wide: u128::from(self.number()) << (self.roll() % 65),
                maybe: (self.roll().is_multiple_of(2)).then(|| self.number()),
                bytes: (0..self.roll() % 400).map(|_| self.roll() as u8).collect(),
                text: self.text(),
                list: (0..self.roll() % 5).map(|_| self.inner()).collect(),
                nested: (self.roll().is_multiple_of(2)).then(|| self.inner()),
            }
        }
    }
}
