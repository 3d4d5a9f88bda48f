//! Codes that are mailed: 8 digits, or 120 bits.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::digest::same;
use super::long_code::LongCode;
use crate::ground::secret::Secret;
use crate::ground::typed;

/// A code that is mailed (SPEC 12.5, 12.7). Overwritten when dropped.
#[derive(Clone)]
pub(crate) enum MailCode {
    /// 8 decimal digits.
    Digits(Zeroizing<String>),
    /// 120 bits, for an address at which somebody guesses.
    Long(LongCode),
}

impl MailCode {
    /// Reads a code as somebody typed it. Its form says which kind it is. Returns `None` if it has neither form.
    pub(crate) fn parse(typed: &[u8]) -> Option<Self> {
        let digits = typed::digits(typed, 8..=8).map(Self::Digits);
        digits.or_else(|| LongCode::parse(typed).map(Self::Long))
    }

    /// The code as it is shown.
    pub(crate) fn print(&self) -> Secret {
        match self {
            Self::Digits(digits) => digits.as_str().into(),
            Self::Long(code) => code.print(),
        }
    }

    /// The bytes to hash. The two kinds differ in length.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Digits(digits) => digits.as_bytes(),
            Self::Long(code) => code.as_bytes(),
        }
    }
}

/// Compares in constant time, like every comparison of secrets.
impl PartialEq for MailCode {
    fn eq(&self, other: &Self) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for MailCode {}

impl fmt::Debug for MailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailCode(…)")
    }
}

impl Serialize for MailCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Digits(digits) => serializer.serialize_str(digits),
            Self::Long(code) => serializer.serialize_str(code.print().reveal_text().unwrap_or_default()),
        }
    }
}

impl<'de> Deserialize<'de> for MailCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let code = Self::parse(text.as_bytes());
        // Only the printed form is stored.
        let code = code.filter(|code| code.print().reveal() == text.as_bytes());
        code.ok_or_else(|| D::Error::custom("a mailed code has 8 digits or 24 letters and digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::draw::Draw;
    use crate::crypto::entropy::SeededEntropy;
    use crate::ground::codec::{Record, decode, encode};

    fn drawn(is_long: bool) -> MailCode {
        Draw::new(&SeededEntropy::new(5)).unwrap().code(is_long)
    }

    #[test]
    fn r12_7_the_form_of_a_code_says_which_kind_it_is() {
        let (short, long) = (drawn(false), drawn(true));
        assert_eq!((short.as_bytes().len(), long.as_bytes().len()), (8, 15));
        for code in [short, long] {
            let printed = code.print();
            let typed = format!("  {} ", printed.reveal_text().unwrap().to_lowercase());
            assert_eq!(MailCode::parse(typed.as_bytes()), Some(code));
        }
        for neither in ["", "1234567", "123456789", "1234567a", "0000-0000-0000-0000-0000-000", "no code"] {
            assert_eq!(MailCode::parse(neither.as_bytes()), None, "{neither}");
        }
    }

    #[test]
    fn r12_5_a_code_is_stored_as_it_is_printed_and_read_strictly() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Mail(MailCode);
        impl Record for Mail {
            const VERSION: u8 = 1;
        }
        let mail = Mail(drawn(false));
        let bytes = encode(&mail).unwrap();
        assert_eq!(bytes.as_slice(), b"\x01\x0891600932");
        assert_eq!(decode::<Mail>(&bytes), Ok(mail));
        let mail = Mail(drawn(true));
        assert_eq!(decode::<Mail>(&encode(&mail).unwrap()), Ok(mail));
        for bad in [&b"\x01\x079160093"[..], b"\x01\x08916o0932", b"\x01\x09916009321", b"\x01\x00"] {
            assert!(decode::<Mail>(bad).is_err());
        }
        assert!(decode::<Mail>("\u{1}\u{8}٣٣٣٣".as_bytes()).is_err(), "digits of another script");
        assert!(decode::<Mail>(b"\x01\x18000000000000000000000000").is_err(), "without its dashes");
    }

    #[test]
    fn a_code_does_not_show_itself() {
        assert_eq!(format!("{:?} {:?}", drawn(false), drawn(true)), "MailCode(…) MailCode(…)");
    }
}
