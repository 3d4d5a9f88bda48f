//! Why an input is refused: the details of some errors.

use selfsame::{AssertionProblem, KeysProblem, PasswordRule, TextField, TextProblem};

/// Rust calls it `InvalidEmail`. Here that is the name of the error itself.
pub(crate) type EmailProblem = selfsame::InvalidEmail;

/// Why a text is not an email address that the engine accepts.
#[uniffi::remote(Enum)]
pub enum EmailProblem {
    /// It is empty or has only blanks.
    Empty,
    /// The local part has more than 64 octets, or the whole more than 254 (RFC 5321).
    TooLong,
    /// It does not have the form `local@domain` (RFC 5322 dot-atom, RFC 6531).
    Syntax,
    /// The local part is in quotation marks, which the engine does not accept.
    QuotedLocalPart,
    /// The domain is an address in brackets, which the engine does not accept.
    DomainLiteral,
    /// The domain is not a name of two labels or more (UTS 46, STD3, RFC 1035 lengths).
    Domain,
}

/// A text that a caller gives and that is shown to somebody.
#[uniffi::remote(Enum)]
pub enum TextField {
    /// The label of a device, in `Client`.
    Device,
    /// The name that an owner chose.
    DisplayName,
    /// The name of a support operator.
    Operator,
    /// The plan of a billing profile.
    Plan,
    /// A provider's identifier for a person.
    Subject,
    /// The ticket of a support case.
    Ticket,
}

/// Why a text cannot be shown.
#[uniffi::remote(Enum)]
pub enum TextProblem {
    /// It is empty or has only blanks.
    Empty,
    /// It has more than 64 characters, or as a ticket more than 200.
    TooLong,
    /// It has a character that is not allowed: a control, an invisible one, or one that Unicode has not
    /// assigned.
    Character,
}

/// The rule that a password breaks.
#[uniffi::remote(Enum)]
pub enum PasswordRule {
    /// It is not UTF-8.
    NotText,
    /// It has fewer than 15 code points, or fewer than 8 where policy requires a second factor.
    TooShort,
    /// It has more than 1,024 bytes.
    TooLong,
    /// It has a code point that Unicode has not assigned.
    Unassigned,
    /// It is the email address, its local part or the service's name.
    Guessable,
    /// It is a password of the account that others may know.
    Compromised,
    /// It is on the list of commonly used passwords.
    Common,
}

/// What is wrong with an assertion.
#[uniffi::remote(Enum)]
pub enum AssertionProblem {
    /// The policy does not allow its algorithm for the provider, or the key does not support it.
    Algorithm,
    /// It is for another application, or for several and not issued to this one.
    Audience,
    /// It has expired, or has no expiry time.
    Expired,
    /// Its header has an unsupported parameter.
    Header,
    /// The person signed in at the provider too long ago for fresh proof, or the time is not a number.
    AuthTime,
    /// It was issued more than 10 minutes ago or more than 60 seconds in the future, or has no time of issue.
    IssuedAt,
    /// It comes from another issuer.
    Issuer,
    /// It is a token for another purpose.
    Kind,
    /// It is not a signed token in the compact form.
    Malformed,
    /// It does not have the nonce of the step.
    Nonce,
    /// It is not valid yet.
    NotYet,
    /// It was made for another flow.
    OtherFlow,
    /// It comes from a provider other than the one that the flow started with.
    OtherProvider,
    /// Its signature is wrong.
    Signature,
    /// Its subject is empty or longer than 255 bytes.
    Subject,
    /// It is longer than 8 KiB.
    TooLong,
    /// The provider's key set does not have the key that signed it, and neither has the set that the engine
    /// asked for.
    UnknownKey,
}

/// What is wrong with a key set.
#[uniffi::remote(Enum)]
pub enum KeysProblem {
    /// It is not a JSON object with a list `keys`, or a member occurs twice in it.
    Malformed,
    /// It has no usable key: RSA of 2,048 bits or more, P-256 or Ed25519, for signatures.
    NoKey,
    /// It has a private or symmetric key. Anybody who reads the key can sign.
    PrivateKey,
    /// Two of its keys have the same name.
    SameName,
    /// It is longer than 64 KiB or has more than 32 keys.
    TooLarge,
}
