//! Display names, in the Nickname profile of PRECIS (RFC 8266 section 2).
//!
//! A name follows these rules of RFC 8264's FreeformClass: no unassigned code points, no controls, no private
//! use, no noncharacters, no ignorable code points, no old Hangul Jamo, and joiners only where a script needs them.
//! Unlike there, emoji keep their joiners and variation selectors (SPEC 1.13). The other contextual rules (RFC 5892
//! appendix A.3 to A.9) do not apply, because a name is only shown and never compared (SPEC 1.10, 1.11).

use crate::ground::label::{LONGEST_TYPED, TextField, TextProblem};
use crate::ground::text;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// How often preparing a name may change it before the name is refused (RFC 8264 section 7).
const ROUNDS: usize = 4;

/// Returns the name as it is kept, in NFKC. Blanks of all kinds become spaces: one between words and none at
/// the ends.
pub(crate) fn nickname(typed: &str) -> Result<String, TextProblem> {
    if typed.len() > LONGEST_TYPED {
        return Err(TextProblem::TooLong);
    }
    let mut name = typed.to_owned();
    for _ in 0..ROUNDS {
        check(&name)?;
        let again = prepared(&name);
        if again == name {
            return match name.chars().count() {
                0 => Err(TextProblem::Empty),
                length if length > TextField::DisplayName.longest() => Err(TextProblem::TooLong),
                _ => Ok(name),
            };
        }
        name = again;
    }
    Err(TextProblem::Character)
}

fn prepared(name: &str) -> String {
    let category = CodePointMapData::<GeneralCategory>::new();
    let words = name.split(|c| category.get(c) == GeneralCategory::SpaceSeparator);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&words.join(" ")).into_owned()
}

fn check(name: &str) -> Result<(), TextProblem> {
    let name: Vec<char> = name.chars().collect();
    let is_old_jamo =
        |c: char| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97c}' | '\u{d7b0}'..='\u{d7fb}');
    let is_fine = |(at, c): (usize, &char)| !is_old_jamo(*c) && text::is_shown(&name, at);
    if name.iter().enumerate().all(is_fine) { Ok(()) } else { Err(TextProblem::Character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 8266 section 3, except for case, which is folded only for comparison.
    #[test]
    fn r1_11_a_name_is_stored_in_the_form_of_rfc_8266() {
        for (typed, kept) in [
            ("Foo", "Foo"),
            ("foo", "foo"),
            ("Foo Bar", "Foo Bar"),
            ("foo bar", "foo bar"),
            ("  Foo  Bar     ", "Foo Bar"),
            ("Ada\u{a0}\u{2003}Lovelace\u{3000}", "Ada Lovelace"),
            ("\u{3a3}", "\u{3a3}"),
            ("\u{3c3}", "\u{3c3}"),
            ("\u{3c2}", "\u{3c2}"),
            ("\u{265a}", "\u{265a}"),
            ("Richard \u{2163}", "Richard IV"),
            ("e\u{301}", "é"),
            ("\u{212b}ngstr\u{f6}m", "Ångström"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("Ada 🔑", "Ada 🔑"),
            ("عائشة", "عائشة"),
            ("نامه\u{200c}ای", "نامه\u{200c}ای"),
            ("Mia ❤\u{fe0f}", "Mia ❤\u{fe0f}"),
            ("👩🏽\u{200d}🚀 Ada", "👩🏽\u{200d}🚀 Ada"),
            ("🏳\u{fe0f}\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
        ] {
            assert_eq!(nickname(typed).as_deref(), Ok(kept), "{typed:?}");
            assert_eq!(nickname(kept).as_deref(), Ok(kept), "{typed:?} again");
        }
    }

    #[test]
    fn r1_11_a_name_with_invisible_characters_is_refused() {
        for bad in [
            "a\nb",
            "a\tb",
            "a\0",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{200c}b",
            "🚀\u{200d}",
            "\u{fe0f}a",
            "a\u{200b}\u{fe0f}",
            "a\u{202e}b",
            "a\u{ad}b",
            "a\u{2028}b",
            "\u{378}",
            "\u{e000}",
            "\u{ffff}",
            "\u{1112}\u{1161}",
            "a\u{feff}",
            "\u{e0041}",
        ] {
            assert_eq!(nickname(bad), Err(TextProblem::Character), "{bad:?}");
        }
        for blank in ["", " ", "\u{a0}\u{3000} "] {
            assert_eq!(nickname(blank), Err(TextProblem::Empty), "{blank:?}");
        }
        assert!(nickname(&"é".repeat(64)).is_ok());
        assert_eq!(nickname(&"é".repeat(65)), Err(TextProblem::TooLong));
        assert_eq!(nickname(&"x".repeat(1 << 20)), Err(TextProblem::TooLong));
        // One character can become a long text in NFKC.
        assert_eq!(nickname(&"\u{fdfa}".repeat(4)), Err(TextProblem::TooLong));
    }
}
