//! Email addresses.

use crate::ground::named::worded;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use email_address::Options;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use super::text::{self, nfc};

/// The longest address, in octets of its normalised form (RFC 5321 section 4.5.3.1.3 minus the two angle
/// brackets of a path, RFC 3696 erratum 1690).
const WHOLE_MAX: usize = 254;

/// The longest local part, in octets of its normalised form (RFC 5321 section 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// Longer than any text that could normalise to a valid address. It limits the work on an input.
const TYPED_MAX: usize = 2_048;

/// An email address: as it was typed, for display, and in the form that is compared (SPEC 1.9).
///
/// Two addresses are equal if their *compared* form is the same. They then also sort and hash the same. The
/// compared form has the domain as lower-case A-labels (UTS 46, non-transitional). It has the local part in
/// Normalization Form C, with ASCII letters in lower case. Dots and plus tags count.
///
/// ```
/// let ada: selfsame::EmailAddress = "Ada@Example.org".parse()?;
/// assert_eq!(ada, "ada@example.org".parse()?);
/// assert_eq!((ada.as_typed(), ada.masked().as_str()), ("Ada@Example.org", "a…@example.org"));
/// # Ok::<(), selfsame::InvalidEmail>(())
/// ```
///
/// `Debug` shows only the masked form. Deserialising takes an address as it was stored, because a newer
/// Unicode must not move an old address to another claim.
#[derive(Clone, Serialize, Deserialize)]
pub struct EmailAddress {
    typed: String,
    canonical: String,
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    /// Parses an address without the blanks at its ends. Returns the first reason why it is not accepted.
    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        Self::parse(text)
    }
}

impl EmailAddress {
    /// Returns the address, or the first reason why it is not accepted.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let typed = text.trim_matches(is_blank);
        if typed.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        if typed.len() > TYPED_MAX {
            return Err(InvalidEmail::TooLong);
        }
        let parts = typed.rsplit_once('@').filter(|(local, _)| !text::hides(local));
        let (local, domain) = parts.ok_or(InvalidEmail::Syntax)?;
        if local.starts_with('"') {
            return Err(InvalidEmail::QuotedLocalPart);
        }
        if domain.starts_with('[') {
            return Err(InvalidEmail::DomainLiteral);
        }
        let mut local = nfc(local);
        local.make_ascii_lowercase();
        let domain = Uts46::new()
            .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Verify)
            .ok()
            .filter(|_| !text::hides(domain))
            .ok_or(InvalidEmail::Domain)?;
        let canonical = format!("{}@{domain}", local.as_str());
        if local.len() > LOCAL_MAX || canonical.len() > WHOLE_MAX {
            return Err(InvalidEmail::TooLong);
        }
        // The parser sees the normalised form: a fullwidth dot or `@` is already the plain one.
        let parsed = format!("{}@{domain}", text::without_marks(&local));
        email_address::EmailAddress::parse_with_options(&parsed, strict()).map_err(reason)?;
        Ok(Self { typed: typed.to_owned(), canonical })
    }

    /// Returns the address as its owner typed it, for display and for sending to it.
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// Returns the form that is compared, looked up and claimed.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// Returns the masked address, for somebody who has not proven it: first character, `…`, domain.
    pub fn masked(&self) -> String {
        let first = self.local_part().chars().next();
        first.into_iter().chain("…@".chars()).chain(self.domain().chars()).collect()
    }

    /// Returns the part before the `@`, in the compared form.
    pub(crate) fn local_part(&self) -> &str {
        self.parts().0
    }

    /// Returns the part after the `@`, as lower-case A-labels.
    pub(crate) fn domain(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.canonical.rsplit_once('@').unwrap_or((&self.canonical, ""))
    }
}

/// Returns whether this is a blank of UTS 18 annex C: a space of any kind, or a tab. A line break is not a
/// blank, because text after one is not part of an address.
fn is_blank(c: char) -> bool {
    c == '\t' || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::SpaceSeparator
}

fn strict() -> Options {
    Options::default().with_required_tld().without_domain_literal().without_display_text()
}

fn reason(error: email_address::Error) -> InvalidEmail {
    use email_address::Error as E;
    match error {
        E::LocalPartTooLong | E::DomainTooLong => InvalidEmail::TooLong,
        E::DomainEmpty | E::SubDomainEmpty | E::SubDomainTooLong | E::DomainTooFew => InvalidEmail::Domain,
        E::UnsupportedDomainLiteral => InvalidEmail::DomainLiteral,
        _ => InvalidEmail::Syntax,
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for EmailAddress {}

impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

worded! {
    /// Why a text is not an email address that the engine accepts (SPEC 1.9).
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum InvalidEmail {
        /// It is empty or has only blanks.
        Empty => "the email address is empty";
        /// The local part has more than 64 octets, or the whole more than 254 (RFC 5321).
        TooLong => "an email address has at most 64 octets before the @ and 254 in all";
        /// It does not have the form `local@domain` (RFC 5322 dot-atom, RFC 6531).
        Syntax => "an email address has the form local@domain, without spaces or control characters";
        /// The local part is in quotation marks, which the engine does not accept.
        QuotedLocalPart => "an email address with quotation marks is not accepted";
        /// The domain is an address in brackets, which the engine does not accept.
        DomainLiteral => "an email address with a network address as its domain is not accepted";
        /// The domain is not a name of two labels or more (UTS 46, STD3, RFC 1035 lengths).
        Domain => "the domain of the email address is not valid";
    }
}

impl std::error::Error for InvalidEmail {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap_or_else(|reason| panic!("{text:?}: {reason}"))
    }

    #[test]
    fn r1_9_addresses_are_compared_in_one_form() {
        for (typed, canonical) in [
            ("ada@example.org", "ada@example.org"),
            ("Ada.Lovelace@Example.ORG", "ada.lovelace@example.org"),
            ("  ada@example.org\t", "ada@example.org"),
            ("\u{3000}ada@example.org\u{a0}", "ada@example.org"),
            ("a+news@example.org", "a+news@example.org"),
            ("a.b@gmail.com", "a.b@gmail.com"),
            ("!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"),
            ("1@2.example", "1@2.example"),
            ("a@b-c.example", "a@b-c.example"),
            ("a@bücher.de", "a@xn--bcher-kva.de"),
            ("a@BÜCHER.de", "a@xn--bcher-kva.de"),
            ("a@bu\u{308}cher.de", "a@xn--bcher-kva.de"),
            ("a@xn--bcher-kva.de", "a@xn--bcher-kva.de"),
            ("a@XN--BCHER-KVA.de", "a@xn--bcher-kva.de"),
            ("a@example。org", "a@example.org"),
            ("a@ｅｘａｍｐｌｅ．ｏｒｇ", "a@example.org"),
            ("a@faß.de", "a@xn--fa-hia.de"),
            ("a@fass.de", "a@fass.de"),
            ("É@example.org", "É@example.org"),
            ("E\u{301}@example.org", "É@example.org"),
            ("é@example.org", "é@example.org"),
            ("ﬀ@example.org", "ﬀ@example.org"),
            ("ff@example.org", "ff@example.org"),
            ("ı@example.org", "ı@example.org"),
            ("I@example.org", "i@example.org"),
            ("İ@example.org", "İ@example.org"),
            ("ß@example.org", "ß@example.org"),
            // NFC turns the Kelvin sign into K, and only K has a lower case.
            ("\u{212A}@example.org", "k@example.org"),
            ("我買@屋企.香港", "我買@xn--hoqu73a.xn--j6w193g"),
            ("नामक्\u{200d}ष@example.org", "नामक्\u{200d}ष@example.org"),
            ("a@نامه\u{200c}ای.com", "a@xn--mgba3gch31f060k.com"),
        ] {
            let address = email(typed);
            assert_eq!(address.canonical(), canonical, "{typed}");
            assert_eq!(address, email(canonical), "{typed}");
        }
    }

    #[test]
    fn r1_9_different_mailboxes_stay_different() {
        let different = [
            "a@faß.de",
            "a@fass.de",
            "ﬀ@x.org",
            "ff@x.org",
            "ı@x.org",
            "i@x.org",
            "İ@x.org",
            "É@x.org",
            "é@x.org",
            "e@x.org",
            "ß@x.org",
            "ss@x.org",
            "a.b@x.org",
            "ab@x.org",
            "ab+c@x.org",
            "ab@www.x.org",
            "раураl@x.org",
            "paypal@x.org",
        ];
        let seen: HashSet<EmailAddress> = different.iter().map(|text| email(text)).collect();
        assert_eq!(seen.len(), different.len());
    }

    #[test]
    fn r1_9_equality_order_and_hash_depend_only_on_the_compared_form() {
        let (one, two) = (email("Ada@bücher.de"), email("ada@xn--bcher-kva.de"));
        assert_ne!(one.as_typed(), two.as_typed());
        assert_eq!(one, two);
        assert_eq!(one.cmp(&two), std::cmp::Ordering::Equal);
        assert_eq!(HashSet::from([one.clone(), two]).len(), 1);
        assert!(one < email("b@a.de"));
    }

    #[test]
    fn r1_9_the_address_is_kept_as_typed_without_its_blanks() {
        assert_eq!(email(" Ada.Lovelace@Bücher.DE ").as_typed(), "Ada.Lovelace@Bücher.DE");
        assert_eq!(email("Ada@Bücher.DE").local_part(), "ada");
        assert_eq!(email("Ada@Bücher.DE").domain(), "xn--bcher-kva.de");
    }

    #[test]
    fn r1_11_only_the_first_character_and_the_domain_are_shown() {
        assert_eq!(email("Ada@Example.org").masked(), "a…@example.org");
        assert_eq!(email("我買@屋企.香港").masked(), "我…@xn--hoqu73a.xn--j6w193g");
        assert_eq!(email("a@example.org").masked(), "a…@example.org");
        assert_eq!(format!("{:?}", email("Ada@Example.org")), "a…@example.org");
    }

    #[test]
    fn r1_9_an_invalid_address_is_refused_with_the_reason() {
        use InvalidEmail::{Domain, DomainLiteral, Empty, QuotedLocalPart, Syntax, TooLong};
        let label = "a".repeat(64);
        let name = format!("{0}.{0}.{0}.{0}.org", "a".repeat(63));
        for (text, reason) in [
            ("", Empty),
            (" \t\u{a0}", Empty),
            ("a", Syntax),
            ("example.org", Syntax),
            ("@", Domain),
            ("@example.org", Syntax),
            ("a@", Domain),
            ("a@@example.org", Syntax),
            ("a@b@example.org", Syntax),
            ("a b@example.org", Syntax),
            ("a @example.org", Syntax),
            ("a@ example.org", Domain),
            ("a@exam ple.org", Domain),
            (".a@example.org", Syntax),
            ("a.@example.org", Syntax),
            ("a..b@example.org", Syntax),
            ("a\r@example.org", Syntax),
            ("a\n@example.org", Syntax),
            ("a\r\n@example.org", Syntax),
            ("a@example.org\n", Domain),
            ("\na@example.org", Syntax),
            ("a@example.org\r\nBcc: b@example.org", Syntax),
            ("a\0@example.org", Syntax),
            ("a@exa\0mple.org", Domain),
            ("a\u{7f}@example.org", Syntax),
            ("a@example.org\u{7f}", Domain),
            ("a\u{7}@example.org", Syntax),
            ("a\u{85}@example.org", Syntax),
            ("a\u{2028}b@example.org", Syntax),
            ("a\u{202e}b@example.org", Syntax),
            ("\u{3164}@example.org", Syntax),
            ("a(comment)@example.org", Syntax),
            ("(comment)a@example.org", Syntax),
            ("a@(comment)example.org", Domain),
            ("a@example.org(comment)", Domain),
            ("\"a\"@example.org", QuotedLocalPart),
            ("\"a b\"@example.org", QuotedLocalPart),
            ("\"\"@example.org", QuotedLocalPart),
            ("\"a@b\"@example.org", QuotedLocalPart),
            ("\"a\".b@example.org", QuotedLocalPart),
            ("a.\"b\"@example.org", Syntax),
            ("a\"@example.org", Syntax),
            ("a\\b@example.org", Syntax),
            ("a,b@example.org", Syntax),
            ("a;b@example.org", Syntax),
            ("a:b@example.org", Syntax),
            ("a<b@example.org", Syntax),
            ("Ada <a@example.org>", Domain),
            ("<a@example.org>", Domain),
            ("mailto:a@example.org", Syntax),
            ("a[b]@example.org", Syntax),
            ("a@[127.0.0.1]", DomainLiteral),
            ("a@[IPv6:::1]", DomainLiteral),
            ("a@[example.org]", DomainLiteral),
            ("a@localhost", Domain),
            ("a@.org", Domain),
            ("a@.example.org", Domain),
            ("a@example..org", Domain),
            ("a@example.org.", Domain),
            ("a@example.org。", Domain),
            ("a@-example.org", Domain),
            ("a@example-.org", Domain),
            ("a@example.-org", Domain),
            ("a@ex--ample.org", Domain),
            ("a@exam_ple.org", Domain),
            ("a@exam!ple.org", Domain),
            ("a@exam%2eple.org", Domain),
            ("a@example.org/x", Domain),
            ("a@example.org:25", Domain),
            ("a@xn--.org", Domain),
            ("a@xn--a.org", Domain),
            ("a@xn--bcher-kva-.org", Domain),
            ("a@xn--example-.org", Domain),
            ("a@xn--\u{fc}.org", Domain),
            ("a@אa.org", Domain),
            ("a@0א.org", Domain),
            ("a@a\u{200d}b.org", Domain),
            ("a@a\u{200c}b.org", Domain),
            ("a@\u{301}a.org", Domain),
            ("a@a\u{378}.org", Domain),
            ("a@exam\u{ad}ple.org", Domain),
            ("a@a℀b.org", Domain),
            (&format!("a@{label}.org"), Domain),
            (&format!("a@{name}"), Domain),
            (&format!("a@{}.org", "ü".repeat(63)), Domain),
            (&format!("{}@example.org", "a".repeat(65)), TooLong),
            (&format!("{}@example.org", "é".repeat(33)), TooLong),
            (&format!("a@{}example.org", "a.".repeat(121)), TooLong),
            (&format!("{}@example.org", "a".repeat(5_000)), TooLong),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn r1_9_the_longest_addresses_are_accepted() {
        email(&format!("{}@example.org", "a".repeat(64)));
        email(&format!("{}@example.org", "é".repeat(32)));
        // 96 octets as typed, 64 in NFC: the normalised form counts.
        email(&format!("{}@example.org", "e\u{301}".repeat(32)));
        email(&format!("a@{}.org", "a".repeat(63)));
        let longest = format!("{}@{}example.org", "a".repeat(64), "a.".repeat(89));
        assert_eq!(email(&longest).canonical().len(), 254);
        let longer = format!("{}@{}bexample.org", "a".repeat(64), "a.".repeat(89));
        assert_eq!(EmailAddress::parse(&longer), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn r1_9_normalising_the_compared_form_changes_nothing() {
        for text in ["Ada@BÜCHER.de", "E\u{301}@Faß.de", "\u{212A}@ｅxample。org"] {
            let once = email(text);
            assert_eq!(email(once.canonical()).canonical(), once.canonical());
        }
    }

    #[test]
    fn r1_9_a_stored_address_is_read_back_unchanged() {
        use crate::ground::codec::{Record, decode, encode};
        #[derive(Serialize, Deserialize)]
        struct Row(EmailAddress);
        impl Record for Row {
            const VERSION: u8 = 1;
        }
        let address = email("Ada@bücher.de");
        let bytes = encode(&Row(address.clone())).unwrap();
        assert_eq!(bytes.as_slice(), "\u{1}\u{e}Ada@bücher.de\u{14}ada@xn--bcher-kva.de".as_bytes());
        let Row(read) = decode(&bytes).unwrap();
        assert_eq!((read.as_typed(), read.canonical()), (address.as_typed(), address.canonical()));
    }

    #[test]
    fn a_reason_reveals_nothing_of_the_input() {
        for reason in [
            InvalidEmail::Empty,
            InvalidEmail::TooLong,
            InvalidEmail::Syntax,
            InvalidEmail::QuotedLocalPart,
            InvalidEmail::DomainLiteral,
            InvalidEmail::Domain,
        ] {
            assert!(reason.to_string().contains("email address"));
            assert!(reason.code().bytes().all(|byte| byte.is_ascii_alphabetic()));
        }
    }
}
