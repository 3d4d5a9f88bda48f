//! Codes as people type or paste them (SPEC 12.5): with blanks and dashes between the groups, with the digits of
//! their own script, and with characters that nobody sees.

use std::ops::RangeInclusive;

use icu_properties::props::{Dash, DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace};
use icu_properties::{CodePointMapData, CodePointSetData};
use zeroize::Zeroizing;

/// The most bytes that are read. The longest code has 24 characters.
const LONGEST: usize = 512;

/// Returns the code without blanks, dashes and invisible characters, with decimal digits of any script and letters
/// of any width in ASCII. Returns `None` if the text is not UTF-8 or is too long for a code.
pub(crate) fn plain(typed: &[u8]) -> Option<Zeroizing<String>> {
    if typed.len() > LONGEST {
        return None;
    }
    let mut plain = Zeroizing::new(String::with_capacity(typed.len()));
    let kept = std::str::from_utf8(typed).ok()?.chars().filter(|typed| !is_dropped(*typed));
    plain.extend(kept.map(in_ascii));
    Some(plain)
}

/// Returns the digits, if the code has nothing but digits and as many as `count` allows.
pub(crate) fn digits(typed: &[u8], count: RangeInclusive<usize>) -> Option<Zeroizing<String>> {
    plain(typed).filter(|code| {
        count.contains(&code.len()) && code.bytes().all(|character| character.is_ascii_digit())
    })
}

fn is_dropped(typed: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(typed)
        || CodePointSetData::new::<Dash>().contains(typed)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(typed)
        || CodePointMapData::<GeneralCategory>::new().get(typed) == GeneralCategory::Format
}

fn in_ascii(typed: char) -> char {
    let is_digit = |code: u32| {
        let categories = CodePointMapData::<GeneralCategory>::new();
        categories.get32(code) == GeneralCategory::DecimalNumber
    };
    let code = u32::from(typed);
    if is_digit(code) {
        // Unicode encodes the decimal digits of a script as a run that starts at zero, and several runs may follow
        // each other (The Unicode Standard, section 4.6).
        let before = (0..code).rev().take_while(|before| is_digit(*before)).count();
        let value = u32::try_from(before % 10).unwrap_or(0);
        return char::from_digit(value, 10).unwrap_or(typed);
    }
    match typed {
        // The fullwidth forms have the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xfee0).unwrap_or(typed),
        _ => typed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Option<String> {
        digits(typed.as_bytes(), 6..=8).map(|code| code.to_string())
    }

    #[test]
    fn r12_5_a_code_is_read_however_it_was_typed() {
        for typed in [
            "123456",
            " 123 456\n",
            "123\u{a0}456",
            "123\u{202f}456\u{3000}",
            "12-34-56",
            "12\u{2011}34\u{2212}56",
            "\u{feff}123\u{200b}456\u{200e}",
            "12\u{ad}34\u{2060}56",
            "１２３４５６",
            "١٢٣٤٥٦",
            "۱۲۳۴۵۶",
            "१२३४५६",
            "๑๒๓๔๕๖",
            "1２٣४๕6",
            "𝟏𝟐𝟑𝟺𝟻𝟼",
        ] {
            assert_eq!(read(typed).as_deref(), Some("123456"), "{typed:?}");
        }
    }

    #[test]
    fn r12_5_a_text_without_the_form_of_a_code_is_none() {
        for typed in ["", "12345", "123456789", "12345a", "12 34 5६7 8 9", "½23456", "²23456", "一二三四五六"]
        {
            assert_eq!(read(typed), None, "{typed:?}");
        }
        assert_eq!(digits(&[0xff; 6], 6..=8), None);
        assert_eq!(read(&" ".repeat(1 << 20)), None);
    }

    #[test]
    fn r12_5_every_decimal_digit_of_unicode_has_its_value() {
        let categories = CodePointMapData::<GeneralCategory>::new();
        let all = ('\0'..=char::MAX).filter(|c| categories.get(*c) == GeneralCategory::DecimalNumber);
        let values: Vec<_> = all.map(in_ascii).collect();
        assert!(values.len() >= 680, "{}", values.len());
        for run in values.chunks(10) {
            assert_eq!(run, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        }
    }
}
