//! Codes of 120 random bits that people keep on paper or get by mail, and type.

use std::fmt;

use zeroize::Zeroizing;

use super::digest::same;
use super::kdf::Mac;
use crate::ground::secret::Secret;
use crate::ground::typed;

/// The number of recovery codes that are made at a time (SPEC 5.3).
pub(crate) const CODES: usize = 10;

const BYTES: usize = 15;
const DIGITS: usize = 24;
const GROUP: usize = 4;

/// Crockford's base32: without I, L and O, which are read as digits, and without U. 15 bytes are exactly 24
/// digits, so every code has one value and every value one code.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code, or the code that undoes a change. Overwritten when dropped.
///
/// Nobody can guess 120 bits (OWASP ASVS 5.0 6.5.2 asks for 112), so the store may keep a fast keyed hash of its
/// bytes. A code of eight digits needs a limit on attempts instead.
#[derive(Clone)]
pub(crate) struct LongCode(Box<Zeroizing<[u8; BYTES]>>);

/// The recovery codes of a seed. They are the same whenever they are shown again.
pub(crate) fn codes(seed: &[u8; 32]) -> Vec<LongCode> {
    let seed = Mac::new(seed);
    (0..CODES).map(|number| LongCode::new(*seed.expand(&format!("selfsame/recovery/{number}")))).collect()
}

impl LongCode {
    pub(crate) fn new(bytes: [u8; BYTES]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// The bytes to hash. They are the same however the code was typed.
    pub(crate) fn as_bytes(&self) -> &[u8; BYTES] {
        &self.0
    }

    /// Parses a code as somebody typed it. Ignores case, blanks, dashes and invisible characters. Reads a letter
    /// that looks like a digit as that digit. Refuses a U, which may be a mistyped V, and everything else.
    pub(crate) fn parse(typed: &[u8]) -> Option<Self> {
        let mut number = Zeroizing::new(0_u128);
        let mut digits = 0;
        for typed in typed::plain(typed)?.chars() {
            let plain = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|letter| char::from(*letter) == plain)?;
            digits += 1;
            if digits > DIGITS {
                return None;
            }
            *number = *number << 5 | digit as u128;
        }
        let mut bytes = Box::new(Zeroizing::new([0; BYTES]));
        bytes.copy_from_slice(number.to_be_bytes().last_chunk::<BYTES>()?);
        (digits == DIGITS).then_some(Self(bytes))
    }

    /// The code as it is shown: six groups of four, with dashes.
    pub(crate) fn print(&self) -> Secret {
        let mut number = Zeroizing::new([0; 16]);
        number.iter_mut().skip(1).zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let number = Zeroizing::new(u128::from_be_bytes(*number));
        let mut text = Zeroizing::new(String::with_capacity(DIGITS + DIGITS / GROUP - 1));
        for place in 0..DIGITS {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            let digit = (*number >> (5 * (DIGITS - 1 - place)) & 31) as usize;
            text.extend(ALPHABET.get(digit).copied().map(char::from));
        }
        Secret::from(text.as_str())
    }
}

/// Compares in constant time, like every comparison of secrets.
impl PartialEq for LongCode {
    fn eq(&self, other: &Self) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for LongCode {}

impl fmt::Debug for LongCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LongCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crypto::hex;

    fn parse(typed: &str) -> Option<[u8; 15]> {
        LongCode::parse(typed.as_bytes()).map(|code| *code.as_bytes())
    }

    fn print(bytes: [u8; 15]) -> String {
        LongCode::new(bytes).print().reveal_text().unwrap().to_owned()
    }

    /// Another implementation (Python's base64, with Crockford's alphabet) gave these codes.
    #[test]
    fn r5_3_a_code_is_printed_in_six_groups_of_four() {
        for (bytes, printed) in [
            ("000000000000000000000000000000", "0000-0000-0000-0000-0000-0000"),
            ("ffffffffffffffffffffffffffffff", "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ"),
            ("000102030405060708090a0b0c0d0e", "000G-40R4-0M30-E209-185G-R38E"),
            ("800000000000000000000000000001", "G000-0000-0000-0000-0000-0001"),
            ("00443214c74254b635cf84653a56d7", "0123-4567-89AB-CDEF-GHJK-MNPQ"),
        ] {
            let bytes: [u8; 15] = hex(bytes).try_into().unwrap();
            assert_eq!(print(bytes), printed);
            assert_eq!(parse(printed), Some(bytes));
        }
    }

    #[test]
    fn r5_3_every_printed_code_is_read_back() {
        for seed in 0..1_000_u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&seed.to_be_bytes());
            let code = codes(&bytes).pop().unwrap();
            let printed = code.print();
            assert_eq!(printed.reveal().len(), 29);
            assert_eq!(LongCode::parse(printed.reveal()), Some(code));
        }
        // Each bit changes the code.
        for bit in 0..120 {
            let mut bytes = [0; 15];
            bytes[bit / 8] = 0x80 >> (bit % 8);
            assert_eq!(parse(&print(bytes)), Some(bytes), "{bit}");
        }
    }

    #[test]
    fn r5_3_a_code_is_read_as_people_type_it() {
        let expected = parse("0123-4567-89AB-CDEF-GHJK-MNPQ");
        assert!(expected.is_some());
        for typed in [
            "0123456789ABCDEFGHJKMNPQ",
            "0123-4567-89ab-cdef-ghjk-mnpq",
            "0123 4567 89AB cdEF GHJK mnpq",
            "  0123-4567-89AB-CDEF-GHJK-MNPQ\r\n",
            "0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-F-G-H-J-K-M-N-P-Q-",
            "---0123--4567 - 89AB\tCDEF\u{a0}GHJK\u{3000}MNPQ",
            "0123\u{2010}4567\u{2011}89AB\u{2013}CDEF\u{2014}GHJK\u{2212}MNPQ",
            "0123-4567-89AB-CDEF-GH\u{ad}JK-MNPQ",
            "O123-4567-89AB-CDEF-GHJK-MNPQ",
            "o1 23-4567-89AB-CDEF-GHJK-MNPQ",
            "0I23-4567-89AB-CDEF-GHJK-MNPQ",
            "0i23-4567-89AB-CDEF-GHJK-MNPQ",
            "0L23-4567-89AB-CDEF-GHJK-MNPQ",
            "ol23-4567-89ab-cdef-ghjk-mnpq",
            "\u{ff10}123-4567-89\u{ff21}\u{ff42}-CDEF-GHJK-MNPQ",
            "\u{feff}0123-4567-89AB-CDEF-GHJK-MNPQ\u{200b}",
        ] {
            assert_eq!(parse(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn r5_3_text_that_is_not_a_code_is_refused() {
        for typed in [
            "",
            "-",
            "0123-4567-89AB-CDEF-GHJK-MNP",
            "0123-4567-89AB-CDEF-GHJK-MNPQ-R",
            "00123-4567-89AB-CDEF-GHJK-MNPQ",
            "U123-4567-89AB-CDEF-GHJK-MNPQ",
            "0123-4567-89AB-CDEF-GHJK-MNPu",
            "0123-4567-89AB-CDEF-GHJK-MNP*",
            "0123-4567-89AB-CDEF-GHJK-MNP=",
            "0123_4567_89AB_CDEF_GHJK_MNPQ",
            "0123.4567.89AB.CDEF.GHJK.MNPQ",
            "0123-4567-89AB-CDEF-GHJK-MNP\0",
            // Capitals of other scripts, and characters that only a change of case turns into a letter.
            "0123-4567-89АВ-CDEF-GHJK-MNPQ",
            "0123-4567-89AB-CDEF-GHJ\u{212a}-MNPQ",
            "0ı23-4567-89AB-CDEF-GHJK-MNPQ",
            &"0".repeat(1 << 20),
        ] {
            assert_eq!(parse(typed), None, "{typed:.60}");
        }
        let mut bytes = b"0123-4567-89AB-CDEF-GHJK-MNPQ".to_vec();
        bytes[5] = 0xff;
        assert_eq!(LongCode::parse(&bytes), None);
    }

    /// In every place, every byte stands for one digit of the printed code or makes the code invalid.
    #[test]
    fn r5_3_each_typed_letter_has_at_most_one_meaning() {
        let right = *b"0123456789ABCDEFGHJKMNPQ";
        for place in 0..24 {
            let mut values = HashSet::new();
            for byte in 0..=u8::MAX {
                let mut typed = right;
                typed[place] = byte;
                let Some(code) = LongCode::parse(&typed) else { continue };
                let printed = code.print().reveal_text().unwrap().replace('-', "");
                let letter = printed.as_bytes()[place];
                let means = match byte.to_ascii_uppercase() {
                    b'O' => b'0',
                    b'I' | b'L' => b'1',
                    upper => upper,
                };
                assert_eq!(letter, means, "{byte}");
                typed[place] = letter;
                assert_eq!(printed.as_bytes(), typed);
                values.insert(*code.as_bytes());
            }
            assert_eq!(values.len(), 32, "{place}");
        }
    }

    /// Another implementation (Python's hmac) gave these codes: HKDF-Expand of the seed.
    #[test]
    fn r5_3_a_seed_always_gives_the_same_ten_codes() {
        let printed = |seed: u8| -> Vec<String> {
            codes(&[seed; 32]).iter().map(|code| print(*code.as_bytes())).collect()
        };
        assert_eq!(printed(7).len(), 10);
        assert_eq!(printed(7)[0], "VGCG-VFR3-77SN-98ZQ-ESEJ-F5YK");
        assert_eq!(printed(7)[9], "TSRM-Y6PA-TFAR-3PSQ-GGVC-RNVQ");
        assert_eq!(printed(7), printed(7));
        let different: HashSet<String> = printed(7).into_iter().chain(printed(8)).collect();
        assert_eq!(different.len(), 20);
    }

    #[test]
    fn a_code_does_not_show_itself() {
        assert_eq!(format!("{:?}", LongCode::new([7; 15])), "LongCode(…)");
        assert_eq!(format!("{:?}", codes(&[7; 32])[0].print()), "Secret(…)");
        assert_ne!(LongCode::new([7; 15]), LongCode::new([8; 15]));
    }
}
