//! Codes of authenticator apps (RFC 6238).

use std::fmt;

use base32ct::{Base32UpperUnpadded, Encoding};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use super::digest::same;
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;

/// The shortest secret, in bytes: 80 bits, which many services give out.
const SHORTEST: usize = 10;
/// RFC 4226 section 4 (R6) requires 128 bits or more.
const STRONG: usize = 16;
/// SHA-1 hashes a key that is longer than its block, so more bytes add nothing.
const LONGEST: usize = 64;

/// How an authenticator app derives codes from a secret. The engine's own values are the defaults of the Key
/// URI format, which every app supports. Other values come with an import (SPEC 5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema), serde(default))]
pub struct TotpParameters {
    /// The hash. Default SHA-1.
    pub algorithm: TotpAlgorithm,
    /// The digits of a code: 6 to 8. Default 6.
    pub digits: u8,
    /// The length of a step (RFC 6238 section 4.1), in seconds: 15 to 120. Default 30.
    pub period: u8,
}

impl Default for TotpParameters {
    fn default() -> Self {
        Self { algorithm: TotpAlgorithm::Sha1, digits: 6, period: 30 }
    }
}

/// The hash of an HMAC-based code (RFC 6238 section 1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// The secret that an authenticator app and the account share. Overwritten when dropped; stored encrypted.
#[derive(Clone)]
pub(crate) struct TotpSecret {
    bytes: Zeroizing<Vec<u8>>,
    parameters: TotpParameters,
}

impl TotpSecret {
    pub(crate) fn new(bytes: [u8; 20]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self { bytes: Zeroizing::new(bytes.to_vec()), parameters: TotpParameters::default() }
    }

    /// Returns a secret from another service, in base32 (RFC 4648) as apps take it by hand: blanks and case
    /// do not matter. Returns `None` if the text is not base32, if the secret is too short, or if no app
    /// makes such codes.
    pub(crate) fn imported(text: &Secret, parameters: TotpParameters) -> Option<Self> {
        let mut letters = Zeroizing::new(Vec::with_capacity(text.reveal().len()));
        letters.extend(text.reveal().iter().filter(|byte| !byte.is_ascii_whitespace()));
        letters.make_ascii_uppercase();
        let letters = std::str::from_utf8(&letters).ok()?.trim_end_matches('=');
        let bytes = Zeroizing::new(Base32UpperUnpadded::decode_vec(letters).ok()?);
        let made = Self { bytes, parameters };
        made.is_one().then_some(made)
    }

    fn is_one(&self) -> bool {
        let TotpParameters { digits, period, .. } = self.parameters;
        (SHORTEST..=LONGEST).contains(&self.bytes.len())
            && (6..=8).contains(&digits)
            && (15..=120).contains(&period)
    }

    /// Returns whether the secret is shorter than RFC 4226 requires.
    pub(crate) fn is_weak(&self) -> bool {
        self.bytes.len() < STRONG
    }

    fn step(&self) -> u64 {
        u64::from(self.parameters.period)
    }

    /// Whether the code has as many digits as the app shows.
    pub(crate) fn reads(&self, code: &str) -> bool {
        code.len() == usize::from(self.parameters.digits)
    }

    /// Returns the step at a time.
    pub(crate) fn step_at(&self, at: Timestamp) -> u64 {
        at.as_millis() / 1_000 / self.step()
    }

    /// Returns the step of a correct code: within one step either side of `at` (RFC 6238 section 5.2), and
    /// later than `after`, the step that was accepted last.
    ///
    /// If a code fits several of the three steps (twice in a million), returns the latest. The caller stores
    /// it. With an earlier one, the same code would be accepted once more.
    ///
    /// Computes and compares all three steps, each in constant time, so that
    /// the time does not reveal which one fitted.
    pub(crate) fn step_of(&self, code: &str, at: Timestamp, after: Option<u64>) -> Option<u64> {
        let totp = self.totp();
        let now = self.step_at(at);
        let step = (now.saturating_sub(1)..=now + 1)
            .filter(|step| totp.check(code, step * self.step()).is_some())
            .fold(None, |_, step| Some(step))?;
        after.is_none_or(|after| step > after).then_some(step)
    }

    /// Returns the secret as apps take it by hand: RFC 4648 base32, no padding.
    pub(crate) fn base32(&self) -> Secret {
        Secret::from(self.text().as_str())
    }

    /// Returns the secret as apps take it from a QR code, in the Key URI format, with the service as prefix
    /// of the label and as `issuer`. SHA-1, 6 digits and 30 seconds are that format's defaults and are left
    /// out: a shorter text makes a code that is easier to scan.
    pub(crate) fn uri(&self, realm: &str, label: &str) -> Secret {
        let (realm, label, secret) = (part(realm), part(label), self.text());
        // Sized before it is written: growing would leave copies behind that nothing overwrites.
        let parts = ["otpauth://totp/", &realm, ":", &label, "?secret=", &secret, "&issuer=", &realm];
        let mut uri = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| uri.push_str(part));
        Secret::from(uri.as_str())
    }

    /// The library would refuse a secret of a wrong length. This secret never has one.
    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(match self.parameters.algorithm {
                TotpAlgorithm::Sha1 => Algorithm::SHA1,
                TotpAlgorithm::Sha256 => Algorithm::SHA256,
                TotpAlgorithm::Sha512 => Algorithm::SHA512,
            })
            .with_digits(self.parameters.digits)
            .with_step_duration(self.step())
            .with_skew(0)
            .with_secret(self.bytes.as_slice())
            .build_noncompliant()
    }

    fn text(&self) -> Zeroizing<String> {
        // 64 bytes are 103 digits, so the buffer is never too short.
        let mut buffer = Zeroizing::new([0; 104]);
        let text = Base32UpperUnpadded::encode(&self.bytes, &mut *buffer).unwrap_or_default();
        Zeroizing::new(text.to_owned())
    }
}

/// Encodes one half of a label. The format cannot write a colon within a half (apps look for the first one
/// after decoding), so a colon becomes a blank. All characters except the unreserved ones of RFC 3986 section
/// 2.3 are percent-encoded. A plus for a blank would be shown as a plus.
fn part(text: &str) -> String {
    let mut out = String::with_capacity(3 * text.len());
    for byte in text.bytes().map(|byte| if byte == b':' { b' ' } else { byte }) {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Compares in constant time, like every comparison of secrets.
impl PartialEq for TotpSecret {
    fn eq(&self, other: &Self) -> bool {
        same(&self.bytes, &other.bytes) && self.parameters == other.parameters
    }
}

impl Eq for TotpSecret {}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl Serialize for TotpSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.bytes.as_slice(), self.parameters).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TotpSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (bytes, parameters) = Deserialize::deserialize(deserializer)?;
        let read = Self { bytes: Zeroizing::new(bytes), parameters };
        if read.is_one() {
            Ok(read)
        } else {
            Err(D::Error::custom("an authenticator's secret has 10 to 64 bytes, and codes of 6 to 8 digits"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::codec::{Record, decode, encode};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Factor(TotpSecret);

    impl Record for Factor {
        const VERSION: u8 = 1;
    }

    /// The secret of RFC 6238 appendix B is this text.
    fn secret() -> TotpSecret {
        TotpSecret::new(*b"12345678901234567890")
    }

    fn of_length(length: u8) -> TotpSecret {
        TotpSecret { bytes: Zeroizing::new((0..length).collect()), parameters: TotpParameters::default() }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn code(step: u64) -> String {
        secret().totp().generate(step * 30).to_string()
    }

    fn text(secret: &Secret) -> &str {
        secret.reveal_text().unwrap()
    }

    /// The appendix has codes of eight digits. A code of six digits is their last six (RFC 4226 section 5.3).
    #[test]
    fn codes_match_rfc_6238() {
        for (seconds, eight) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let step = seconds / 30;
            let (_, six) = eight.split_at(2);
            assert_eq!(code(step), six, "{seconds}");
            assert_eq!(secret().step_of(six, at(seconds), None), Some(step));
        }
    }

    #[test]
    fn r5_2_a_code_is_accepted_one_step_either_side() {
        for now in [1_000, 37_037_036] {
            for (step, taken) in
                [(now - 2, false), (now - 1, true), (now, true), (now + 1, true), (now + 2, false)]
            {
                // The first second of the step and the last.
                for seconds in [now * 30, now * 30 + 29] {
                    let found = secret().step_of(&code(step), at(seconds), None);
                    assert_eq!(found, taken.then_some(step), "{step} at {now}");
                }
            }
        }
        let last = Timestamp::from_millis(30_000 * 1_000 + 29_999);
        assert_eq!(secret().step_of(&code(1_001), last, None), Some(1_001));
    }

    #[test]
    fn r5_2_only_a_step_after_the_last_accepted_one_is_accepted() {
        for (step, after, taken) in [
            (1_000, None, true),
            (1_000, Some(0), true),
            (1_000, Some(999), true),
            (1_000, Some(1_000), false),
            (1_000, Some(u64::MAX), false),
            (999, Some(998), true),
            (999, Some(999), false),
            // The next step's code came first, so this step's code is too old.
            (1_000, Some(1_001), false),
            (1_001, Some(1_000), true),
            (1_001, Some(1_001), false),
        ] {
            let found = secret().step_of(&code(step), at(30_000), after);
            assert_eq!(found, taken.then_some(step), "{step} after {after:?}");
        }
    }

    /// Two steps with equal codes must not allow a replay.
    #[test]
    fn r5_2_a_code_that_two_steps_share_is_accepted_once() {
        let shared = (0..).find(|step| code(*step) == code(step + 1)).unwrap();
        let typed = code(shared);
        for now in [shared, shared + 1] {
            let taken = secret().step_of(&typed, at(now * 30), None);
            assert_eq!(taken, Some(shared + 1));
            for later in [now, now + 1, now + 2] {
                assert_eq!(secret().step_of(&typed, at(later * 30), taken), None);
            }
        }
    }

    #[test]
    fn the_first_and_the_last_step_of_time_have_codes() {
        assert_eq!(secret().step_of(&code(0), at(0), None), Some(0));
        assert_eq!(secret().step_of(&code(1), at(0), Some(0)), Some(1));
        let end = Timestamp::from_millis(u64::MAX);
        let last = u64::MAX / 30_000 + 1;
        assert_eq!(secret().step_of(&code(last), end, None), Some(last));
    }

    #[test]
    fn a_code_is_six_digits_and_keeps_its_leading_zeros() {
        let right = code(1_000);
        for (typed, taken) in [
            (right.clone(), true),
            (String::new(), false),
            (right.split_at(3).0.to_owned(), false),
            (format!("0{right}"), false),
            (format!("{right}0"), false),
            (format!("+{}", right.split_at(1).1), false),
        ] {
            assert_eq!(secret().step_of(&typed, at(30_000), None), taken.then_some(1_000), "{typed}");
        }
        let zero = (0..).find(|step| code(*step).starts_with('0')).unwrap();
        assert_eq!(secret().step_of(&code(zero), at(zero * 30), None), Some(zero));
        assert_eq!(secret().step_of(code(zero).split_at(1).1, at(zero * 30), None), None);
    }

    /// Another implementation (Python's base64) gave these texts.
    #[test]
    fn a_secret_as_text_is_base32_of_rfc_4648() {
        assert_eq!(text(&secret().base32()), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(text(&TotpSecret::new([0xff; 20]).base32()), "7".repeat(32));
        assert_eq!(text(&of_length(16).base32()), "AAAQEAYEAUDAOCAJBIFQYDIOB4");
        assert_eq!(text(&of_length(17).base32()), "AAAQEAYEAUDAOCAJBIFQYDIOB4IA");
        assert_eq!(text(&of_length(18).base32()), "AAAQEAYEAUDAOCAJBIFQYDIOB4IBC");
        assert_eq!(text(&of_length(19).base32()), "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQ");
        assert_eq!(text(&of_length(64).base32()).len(), 103);
    }

    #[test]
    fn the_uri_names_the_service_and_the_account() {
        let secret = secret();
        for (realm, label, uri) in [
            (
                "Field Notes",
                "ada@example.org",
                "otpauth://totp/Field%20Notes:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                 &issuer=Field%20Notes",
            ),
            (
                "A:B&C=D?#%+/",
                "Ünï:\u{1f511}",
                "otpauth://totp/A%20B%26C%3DD%3F%23%25%2B%2F:%C3%9Cn%C3%AF%20%F0%9F%94%91\
                 ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20B%26C%3DD%3F%23%25%2B%2F",
            ),
        ] {
            assert_eq!(text(&secret.uri(realm, label)), uri);
        }
    }

    #[test]
    fn r5_1_a_secret_is_stored_as_its_bytes_and_read_strictly() {
        let factor = Factor(secret());
        let bytes = encode(&factor).unwrap();
        assert_eq!(bytes.as_slice(), b"\x01\x1412345678901234567890\x00\x06\x1e");
        assert_eq!(decode::<Factor>(&bytes), Ok(factor));
        for length in 0..=80 {
            let read = decode::<Factor>(&encode(&Factor(of_length(length))).unwrap());
            assert_eq!(read.is_ok(), (10..=64).contains(&length), "{length}");
            assert_eq!(of_length(length).is_weak(), length < 16, "{length}");
        }
        for length in [10, 16, 64] {
            // An import may bring a secret of another length.
            let secret = of_length(length);
            let code = secret.totp().generate(30_000).to_string();
            assert_eq!(secret.step_of(&code, at(30_000), None), Some(1_000));
        }
    }

    /// The codes of RFC 6238 appendix B. Its secrets for SHA-256 and SHA-512 are as long as the hash.
    #[test]
    fn r5_1_an_imported_secret_makes_the_codes_that_its_app_shows() {
        let base32 = |length: usize| {
            let text = "1234567890".repeat(7);
            Secret::from(Base32UpperUnpadded::encode_string(&text.as_bytes()[..length]))
        };
        let of = |algorithm| TotpParameters { algorithm, digits: 8, period: 30 };
        for (length, algorithm, codes) in [
            (20, TotpAlgorithm::Sha1, ["94287082", "07081804", "65353130"]),
            (32, TotpAlgorithm::Sha256, ["46119246", "68084774", "77737706"]),
            (64, TotpAlgorithm::Sha512, ["90693936", "25091201", "47863826"]),
        ] {
            let secret = TotpSecret::imported(&base32(length), of(algorithm)).unwrap();
            for (seconds, code) in [59, 1_111_111_109, 20_000_000_000].into_iter().zip(codes) {
                assert_eq!(secret.step_of(code, at(seconds), None), Some(seconds / 30));
            }
            assert_eq!(
                secret.step_of(codes[0].split_at(2).1, at(59), None),
                None,
                "six of eight digits were accepted"
            );
        }
        let minute = TotpParameters { period: 60, ..TotpParameters::default() };
        let secret = TotpSecret::imported(&base32(20), minute).unwrap();
        let right = code(1_000);
        assert_eq!(secret.step_of(&right, at(60_000), None), Some(1_000));
    }

    #[test]
    fn r5_1_a_secret_that_no_app_supports_is_not_imported() {
        let right = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let default = TotpParameters::default();
        let read = |text: &str, parameters| TotpSecret::imported(&text.into(), parameters);
        for text in [right, "gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ===="]
        {
            assert!(read(text, default).is_some_and(|read| read == secret()), "{text}");
        }
        assert!(read("GEZDGNBVGY3TQOJQ", default).is_some_and(|read| read.is_weak()), "80 bits");
        assert!(read(right, default).is_some_and(|read| !read.is_weak()), "160 bits");
        for text in ["", "GEZDGNBVGY3TQO", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", &right.repeat(4)] {
            assert!(read(text, default).is_none(), "{text}");
        }
        for (digits, period, is_one) in
            [(5, 30, false), (6, 30, true), (8, 120, true), (9, 30, false), (6, 14, false), (6, 121, false)]
        {
            let parameters = TotpParameters { digits, period, ..default };
            assert_eq!(read(right, parameters).is_some(), is_one, "{digits} {period}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?} {:?}", secret(), secret().totp()).matches("1234").count(), 0);
        assert_eq!(format!("{:?}", secret()), "TotpSecret(…)");
        assert_ne!(secret(), of_length(20));
    }
}
