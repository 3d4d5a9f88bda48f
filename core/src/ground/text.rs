//! Unicode for the rules: one normal form, and the check for unassigned code points.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use zeroize::Zeroizing;

/// Returns the text in Normalization Form C (Unicode Standard Annex 15).
pub(crate) fn nfc(text: &str) -> Zeroizing<String> {
    // NFC makes UTF-8 at most three times as long (Unicode's normalization FAQ, "expansion factors"). So one
    // allocation is enough, and no growing leaves a copy of a password behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    // Writing to a String cannot fail.
    let _infallible = ComposingNormalizerBorrowed::new_nfc().normalize_to(text, &mut *normal);
    normal
}

/// Returns the first code point that Unicode has not assigned (General_Category=Cn), if there is one.
///
/// A password must not contain one, because its normal form may change when it is assigned (SPEC 2.2).
pub(crate) fn first_unassigned(text: &str) -> Option<char> {
    let category = CodePointMapData::<GeneralCategory>::new();
    text.chars().find(|&c| category.get(c) == GeneralCategory::Unassigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_2_both_spellings_of_a_letter_become_one() {
        assert_eq!(nfc("e\u{301}").as_str(), "é");
        assert_eq!(nfc("é").as_str(), "é");
        assert_eq!(
            nfc("ﬀ\u{212A}").as_str(),
            "ﬀK",
            "a compatibility form changed, or the Kelvin sign did not"
        );
    }

    #[test]
    fn r2_2_normalising_needs_no_second_allocation() {
        // The greatest growth: U+1D160 has no composed form, and its 4 bytes become 12.
        for text in ["", "a", "\u{1D160}", &"\u{1D160}".repeat(300), &"\u{344}".repeat(300)] {
            let normal = nfc(text);
            assert!(normal.len() <= text.len() * 3, "{text}");
        }
        assert_eq!(nfc("\u{1D160}").len(), 12);
    }

    #[test]
    fn r2_2_unassigned_code_points_are_found() {
        assert_eq!(first_unassigned("pässwörd 密码 🔑 \u{E000}"), None);
        assert_eq!(first_unassigned("ab\u{378}c"), Some('\u{378}'));
        assert_eq!(first_unassigned("\u{FFFF}"), Some('\u{FFFF}'));
    }
}
