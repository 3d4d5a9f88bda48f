//! Text that comes from outside and is shown to somebody: one profile for all of it (SPEC 1.13).

use crate::ground::named::worded;
use crate::ground::text::{is_shown, nfc};

/// The most bytes that are examined. A text of the most code points never has more.
pub(crate) const LONGEST_TYPED: usize = 4 * 1024;
/// The most code points that a provider's text keeps.
const LONGEST: usize = 64;

worded! {
    /// A text that a caller gives and that is shown to somebody (SPEC 1.13).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum TextField {
        /// The label of a device, in [`Client`](crate::Client).
        Device => "device label";
        /// The name that an owner chose.
        DisplayName => "display name";
        /// The name of a support operator.
        Operator => "operator";
        /// The plan of a billing profile.
        Plan => "plan";
        /// A provider's identifier for a person.
        Subject => "subject";
        /// The ticket of a support case.
        Ticket => "ticket";
    }
}

impl TextField {
    /// Returns the most code points of such a text.
    pub(crate) fn longest(self) -> usize {
        if self == Self::Ticket { 200 } else { LONGEST }
    }
}

worded! {
    /// Why a text cannot be shown (SPEC 1.13).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum TextProblem {
        /// It is empty or has only blanks.
        Empty => "it is empty";
        /// It has more than 64 characters, as a ticket more than 200, or as a subject more than 255 bytes.
        TooLong => "it is too long";
        /// It has a character that is not allowed: a control, an invisible one, or one that Unicode has not
        /// assigned.
        Character => "it has a character that is not allowed";
    }
}

/// Returns a caller's text as it is kept, in NFC and without blanks at the ends.
pub(crate) fn checked(typed: &str, longest: usize) -> Result<String, TextProblem> {
    if typed.len() > LONGEST_TYPED {
        return Err(TextProblem::TooLong);
    }
    let text: Vec<char> = nfc(typed.trim()).chars().collect();
    if text.is_empty() {
        Err(TextProblem::Empty)
    } else if text.len() > longest {
        Err(TextProblem::TooLong)
    } else if (0..text.len()).all(|at| is_shown(&text, at)) {
        Ok(text.into_iter().collect())
    } else {
        Err(TextProblem::Character)
    }
}

/// Returns whether the text has the form in which [`checked`] keeps it.
pub(crate) fn is_label(text: &str) -> bool {
    checked(text, LONGEST).is_ok_and(|kept| kept == text)
}

/// Removes the characters of a provider's text that must not be shown, and cuts it. Returns `None` if no character
/// is left.
pub(crate) fn cleaned(given: &str) -> Option<String> {
    let mut text: String = given.chars().take(LONGEST_TYPED).collect();
    // Removing a character can let its neighbours compose or leave a joiner without effect, so repeat.
    loop {
        let kept: Vec<char> = nfc(&text.split_whitespace().collect::<Vec<_>>().join(" ")).chars().collect();
        let shown = kept.iter().enumerate().filter(|(at, _)| is_shown(&kept, *at));
        let shown: String = shown.map(|(_, c)| *c).take(LONGEST).collect();
        if shown == text {
            return Some(text).filter(|text| !text.is_empty());
        }
        text = shown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: [&str; 9] = [
        "Ada's laptop",
        "Büro 2",
        "क्\u{200d}ष",
        "نامه\u{200c}ای",
        "❤\u{fe0f} phone",
        "👩🏽\u{200d}🚀",
        "日本\u{3000}語",
        "a\u{a0}b",
        "<a href=//evil.example>",
    ];

    #[test]
    fn r1_13_a_text_is_kept_in_nfc_and_without_blanks_at_its_ends() {
        for text in SHOWN {
            assert_eq!(checked(text, 64).as_deref(), Ok(text));
            assert_eq!(checked(&format!(" \u{3000}{text}\r\n"), 64).as_deref(), Ok(text));
            assert!(is_label(text) && !is_label(&format!("{text} ")));
        }
        assert_eq!(checked("e\u{301}", 1).as_deref(), Ok("é"));
        assert!(!is_label("e\u{301}"));
    }

    #[test]
    fn r1_13_a_text_that_hides_something_is_refused() {
        for bad in [
            "a\r\nBcc: b",
            "a\tb",
            "a\0b",
            "a\u{9b}31m",
            "\u{1b}[31m",
            "a\u{200b}b",
            "a\u{200c}b",
            "a\u{200d}b",
            "🚀\u{200d}",
            "\u{fe0f}a",
            "a\u{ad}b",
            "\u{202e}a",
            "\u{2066}a",
            "a\u{2028}b",
            "a\u{2029}b",
            "\u{feff}a",
            "\u{e000}",
            "\u{378}",
            "\u{ffff}",
            "\u{e0041}",
        ] {
            assert_eq!(checked(bad, 64), Err(TextProblem::Character), "{bad:?}");
        }
        for blank in ["", " ", "\r\n", "\u{a0}\u{3000}"] {
            assert_eq!(checked(blank, 64), Err(TextProblem::Empty), "{blank:?}");
        }
        for field in [TextField::Device, TextField::Ticket] {
            let most = field.longest();
            assert!(checked(&"é".repeat(most), most).is_ok());
            assert_eq!(checked(&"é".repeat(most + 1), most), Err(TextProblem::TooLong));
        }
        assert_eq!(checked(&"x".repeat(1 << 20), 64), Err(TextProblem::TooLong));
        assert_eq!((TextField::Device.longest(), TextField::Ticket.longest()), (64, 200));
    }

    #[test]
    fn r1_13_a_provider_s_text_is_cleaned_and_cut() {
        for (given, kept) in [
            ("Ada  Lovelace\n", "Ada Lovelace"),
            ("a\r\nBcc: b", "a Bcc: b"),
            ("a\u{1b}[31mb", "a[31mb"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("e\u{200b}\u{301}", "é"),
            ("👩\u{200d}\u{200d}🚀", "👩🚀"),
            ("\u{200b} a", "a"),
            ("a\u{e000}\u{378}", "a"),
        ] {
            assert_eq!(cleaned(given).as_deref(), Some(kept), "{given:?}");
        }
        for text in SHOWN.iter().filter(|text| !text.contains(['\u{3000}', '\u{a0}'])) {
            assert_eq!(cleaned(text).as_deref(), Some(*text));
        }
        for none in ["", " \n", "\u{200b}\u{202e}", "\u{fe0f}"] {
            assert_eq!(cleaned(none), None, "{none:?}");
        }
        assert_eq!(cleaned(&"é".repeat(1 << 20)), Some("é".repeat(64)));
        // The cut leaves no joiner without a second picture, and no blank at the end.
        assert_eq!(
            cleaned(&format!("{}👩\u{200d}🚀", "a".repeat(62))),
            Some(format!("{}👩", "a".repeat(62)))
        );
        assert_eq!(cleaned(&format!("{} b", "a".repeat(63))), Some("a".repeat(63)));
        for text in SHOWN.iter().flat_map(|text| (0..70).map(move |blanks| "x".repeat(blanks) + text)) {
            assert!(cleaned(&text).is_some_and(|text| is_label(&text)), "{text:?}");
        }
    }
}
