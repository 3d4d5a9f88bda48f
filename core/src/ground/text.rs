//! Unicode for the rules: one normal form, and the check for unassigned code points.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory,
    GeneralCategoryGroup, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use zeroize::Zeroizing;

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';

/// Returns the text in Normalization Form C (Unicode Standard Annex 15).
pub(crate) fn nfc(text: &str) -> Zeroizing<String> {
    // NFC makes UTF-8 at most three times as long (Unicode's normalization FAQ, "expansion factors"). So one
    // allocation is enough, and no growing leaves a copy of a password behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    // Writing to a String cannot fail.
    let _infallible = ComposingNormalizerBorrowed::new_nfc().normalize_to(text, &mut *normal);
    normal
}

/// Returns the text in Normalization Form D (Unicode Standard Annex 15).
pub(crate) fn nfd(text: &str) -> Zeroizing<String> {
    // The same holds for NFD.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    let _infallible = DecomposingNormalizerBorrowed::new_nfd().normalize_to(text, &mut *normal);
    normal
}

/// Returns the first code point that Unicode has not assigned (General_Category=Cn), if there is one.
///
/// A password must not contain one, because its normal form may change when it is assigned (SPEC 2.2).
pub(crate) fn first_unassigned(text: &str) -> Option<char> {
    let category = CodePointMapData::<GeneralCategory>::new();
    text.chars().find(|&c| category.get(c) == GeneralCategory::Unassigned)
}

/// Returns whether the joiner at this place has an effect there (RFC 5892 appendix A.1 and A.2): after a virama, or,
/// for the non-joiner, between two letters that would join.
pub(crate) fn joins(text: &[char], at: usize) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    let joining = CodePointMapData::<JoiningType>::new();
    let (before, after) = text.split_at(at);
    if before.last().is_some_and(|before| class.get(*before) == CanonicalCombiningClass::Virama) {
        return true;
    }
    let is_seen = |c: &&char| joining.get(**c) != JoiningType::Transparent;
    let left = before.iter().rev().find(is_seen).map(|c| joining.get(*c));
    let right = after.iter().skip(1).find(is_seen).map(|c| joining.get(*c));
    text.get(at) == Some(&ZWNJ)
        && matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// Returns whether the character at this place can be shown to people without harm (SPEC 1.13): no control, no
/// invisible and no unassigned one, but the joiners and variation selectors that scripts and emoji need.
pub(crate) fn is_shown(text: &[char], at: usize) -> bool {
    let Some(&c) = text.get(at) else { return false };
    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
    match c {
        ZWNJ | ZWJ => joins(text, at) || c == ZWJ && joins_emoji(text, at),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => before.is_some_and(is_plain),
        _ => is_plain(c),
    }
}

/// Returns whether the character is visible, or a blank, by itself.
pub(crate) fn is_plain(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        && !matches!(
            category,
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::PrivateUse
                | GeneralCategory::Surrogate
                | GeneralCategory::Unassigned
        )
}

/// Returns whether something in the text is invisible, without judging joiners. To a parser of email addresses, fillers
/// are letters, and UTS 46 drops what is invisible from a domain only after it was shown.
pub(crate) fn hides(text: &str) -> bool {
    text.contains(|c| !is_plain(c) && !is_joiner(c))
}

/// Returns whether the joiner stands between two pictures (UTS 51, `emoji_zwj_sequence`). The first may have a
/// variation selector or a skin tone.
fn joins_emoji(text: &[char], at: usize) -> bool {
    let is_picture = |c: &char| CodePointSetData::new::<ExtendedPictographic>().contains(*c);
    let is_style = |c: &&char| **c == '\u{fe0f}' || CodePointSetData::new::<EmojiModifier>().contains(**c);
    let (before, after) = text.split_at(at);
    before.iter().rev().find(|c| !is_style(c)).is_some_and(is_picture) && after.get(1).is_some_and(is_picture)
}

/// Returns the text without the marks that its letters carry and the joiners between them. Many scripts write most
/// words with them, and a parser of email addresses knows letters and digits only.
pub(crate) fn without_marks(text: &str) -> String {
    let text: Vec<char> = text.chars().collect();
    let category = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |c: char| GeneralCategoryGroup::Mark.contains(category.get(c));
    let carries = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        before.is_some_and(|before| before.is_alphanumeric() || is_mark(*before) || is_joiner(*before))
    };
    let is_carried =
        |at: usize, c: char| is_mark(c) && carries(at) && is_plain(c) || is_joiner(c) && joins(&text, at);
    text.iter().enumerate().filter(|(at, c)| !is_carried(*at, **c)).map(|(_, c)| *c).collect()
}

fn is_joiner(c: char) -> bool {
    matches!(c, ZWNJ | ZWJ)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_2_both_spellings_of_a_letter_become_one() {
        assert_eq!(nfc("e\u{301}").as_str(), "é");
        assert_eq!(nfc("é").as_str(), "é");
        assert_eq!(nfd("é").as_str(), "e\u{301}");
        assert_eq!(nfd("\u{ac01}").as_str(), "\u{1100}\u{1161}\u{11a8}");
        assert_eq!(
            nfc("ﬀ\u{212A}").as_str(),
            "ﬀK",
            "a compatibility form changed, or the Kelvin sign did not"
        );
    }

    #[test]
    fn r1_9_marks_and_joiners_are_dropped_only_where_a_script_has_them() {
        for (text, letters) in [
            ("ada", "ada"),
            ("नमस्ते", "नमसत"),
            ("தமிழ்", "தமழ"),
            ("ผู้ใช้", "ผใช"),
            ("क्\u{200d}ष", "कष"),
            ("نامه\u{200c}ای", "نامهای"),
            ("a\u{200c}b", "a\u{200c}b"),
            ("a\u{200d}b", "a\u{200d}b"),
            ("\u{bcd}a", "\u{bcd}a"),
            ("a.\u{bcd}", "a.\u{bcd}"),
            ("a\u{fe0f}", "a\u{fe0f}"),
            ("a\u{200b}b", "a\u{200b}b"),
        ] {
            assert_eq!(without_marks(text), letters, "{text:?}");
        }
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
