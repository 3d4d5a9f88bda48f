//! Unicode as rules ask for it: one normal form, and no code point that means nothing yet.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use zeroize::Zeroizing;

/// The text in Normalization Form C (Unicode Standard Annex 15).
pub(crate) fn nfc(text: &str) -> Zeroizing<String> {
    // NFC makes UTF-8 at most three times as long (Unicode's normalization FAQ, "expansion factors"): one allocation, and so no
    // copy of a password that growing would leave behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    // Writing to a String has no way to fail.
    let _infallible = ComposingNormalizerBorrowed::new_nfc().normalize_to(text, &mut *normal);
    normal
}

/// The first code point that Unicode has assigned to nothing (General_Category=Cn), if there is one.
///
/// Its normal form may change when it is assigned, so a password must not contain it (SPEC 2.2).
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
        assert_eq!(nfc("ﬀ\u{212A}").as_str(), "ﬀK", "compatibility forms stay, the Kelvin sign is canonical");
    }

    #[test]
    fn r2_2_normalising_needs_no_second_allocation() {
        // The longest growth there is: U+1D160 has no composed form, its 4 bytes become 12.
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
