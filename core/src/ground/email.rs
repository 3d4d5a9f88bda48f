//! Email addresses.

use std::fmt;
use std::hash::{Hash, Hasher};

use email_address::Options;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use super::text::nfc;

/// The longest address, in octets of its normalised form (RFC 5321 section 4.5.3.1.3 less the two
/// angle brackets of a path, RFC 3696 erratum 1690).
const WHOLE_MAX: usize = 254;

/// The longest local part, in octets of its normalised form (RFC 5321 section 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// Longer than anything that could normalise to a valid address; keeps the work on input bounded.
const TYPED_MAX: usize = 2_048;

/// An email address (SPEC 1.9): as it was typed, for display, and in the form that is compared.
///
/// Two addresses are equal, sort and hash alike, when their *compared* form is the same, however
/// they were typed: the domain as lower-case A-labels (UTS 46, non-transitional), the local part in
/// Normalization Form C with ASCII letters in lower case. Dots and plus tags count.
///
/// `Debug` shows the masked form only. What is deserialised is taken as it was stored, because a
/// newer Unicode must not move an old address to another claim.
#[derive(Clone, Serialize, Deserialize)]
pub struct EmailAddress {
    typed: String,
    canonical: String,
}

impl EmailAddress {
    /// Reads an address; blanks at its ends are left out.
    ///
    /// # Errors
    /// The first reason why it is none that this engine takes.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let typed = text.trim_matches(is_blank);
        if typed.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        if typed.len() > TYPED_MAX {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(InvalidEmail::Syntax)?;
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
            .map_err(|_| InvalidEmail::Domain)?;
        let canonical = format!("{}@{domain}", local.as_str());
        if local.len() > LOCAL_MAX || canonical.len() > WHOLE_MAX {
            return Err(InvalidEmail::TooLong);
        }
        // The parser sees the normalised form: a fullwidth dot or sign has become what it stands for.
        email_address::EmailAddress::parse_with_options(&canonical, strict()).map_err(reason)?;
        Ok(Self { typed: typed.to_owned(), canonical })
    }

    /// The address as its owner typed it, for display and for sending to it.
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// The form that is compared, looked up and claimed.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What may be shown of it to someone who has not proven it: first character, `…`, domain.
    pub fn masked(&self) -> String {
        let first = self.local_part().chars().next();
        first.into_iter().chain("…@".chars()).chain(self.domain().chars()).collect()
    }

    /// What stands before the sign, in the compared form.
    pub(crate) fn local_part(&self) -> &str {
        self.parts().0
    }

    /// What stands behind the sign, as lower-case A-labels.
    pub(crate) fn domain(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.canonical.rsplit_once('@').unwrap_or((&self.canonical, ""))
    }
}

/// A blank as UTS 18 annex C has it: a space of any kind, or a tab. Not a line break: what stands
/// behind one is no address.
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

/// Why a text is no email address that this engine takes (SPEC 1.9).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InvalidEmail {
    /// There is nothing but blanks.
    Empty,
    /// The local part has more than 64 octets or the whole more than 254 (RFC 5321).
    TooLong,
    /// It does not read `local@domain` (RFC 5322 dot-atom, RFC 6531).
    Syntax,
    /// The local part is in quotation marks, which the engine does not take.
    QuotedLocalPart,
    /// The domain is an address in brackets, which the engine does not take.
    DomainLiteral,
    /// The domain is no name of two labels or more (UTS 46, STD3, RFC 1035 lengths).
    Domain,
}

impl InvalidEmail {
    /// The reason as a word that stays the same in every language and version.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Syntax => "syntax",
            Self::QuotedLocalPart => "quoted_local_part",
            Self::DomainLiteral => "domain_literal",
            Self::Domain => "domain",
        }
    }
}

impl fmt::Display for InvalidEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the email address is empty",
            Self::TooLong => "an email address has at most 64 octets before its sign and 254 in all",
            Self::Syntax => "an email address reads local@domain, without spaces or control characters",
            Self::QuotedLocalPart => "an email address with quotation marks is not accepted",
            Self::DomainLiteral => "an email address with a network address as its domain is not accepted",
            Self::Domain => "the domain of the email address is not valid",
        })
    }
}

impl std::error::Error for InvalidEmail {}
