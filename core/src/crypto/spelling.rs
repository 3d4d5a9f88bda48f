//! The spellings of password hashes of other services (SPEC 13.2).

use argon2::{Algorithm, Params, Version};
use base64ct::{Base64ShaCrypt, Base64Unpadded, Encoding as _};
use zeroize::Zeroizing;

use super::cost::HashCost;
use super::foreign::{ForeignHash, Pbkdf2, Prehash, Scheme, ScryptCost, ShaVariant};

/// No hash is longer than this.
const LONGEST_TEXT: usize = 1024;
/// The lengths of a tag, in bytes. A shorter one would fit many passwords.
const TAG: std::ops::RangeInclusive<usize> = 10..=128;
/// The lengths of Firebase's encrypted key, in bytes.
const SIGNER_KEY: std::ops::RangeInclusive<usize> = 16..=256;

/// Why a text is not a hash that can be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ForeignProblem {
    /// Its kind is unknown, or it is malformed.
    Unknown,
    /// Its cost would make a phone hang.
    TooCostly,
}

impl ForeignHash {
    /// Reads a hash in the spelling of its service.
    pub(crate) fn parse(text: &str) -> Result<Self, ForeignProblem> {
        let hash = (text.len() <= LONGEST_TEXT).then(|| spelled(text)).flatten();
        let hash = hash.ok_or(ForeignProblem::Unknown)?;
        if hash.is_within_caps() { Ok(hash) } else { Err(ForeignProblem::TooCostly) }
    }
}

/// Returns the hash, or `None` if no service spells one so.
fn spelled(text: &str) -> Option<ForeignHash> {
    let (kind, rest) = match text.strip_prefix('$') {
        Some(modular) => modular.split_once('$')?,
        // Django and Werkzeug begin with the kind.
        None => return by_kind(text),
    };
    let (prehash, scheme) = match kind {
        "2a" | "2b" | "2y" => (Prehash::None, bcrypt(text)?),
        "wp" => (Prehash::WordPress, bcrypt(text.strip_prefix("$wp")?)?),
        "bcrypt-sha256" => passlib_bcrypt(rest)?,
        "P" | "H" => (Prehash::None, phpass(rest)?),
        "5" => (Prehash::None, sha_crypt(ShaVariant::Sha256, text, rest)?),
        "6" => (Prehash::None, sha_crypt(ShaVariant::Sha512, text, rest)?),
        "firescrypt" => (Prehash::None, firebase(rest)?),
        "scrypt" => (Prehash::None, scrypt(rest)?),
        "argon2d" | "argon2i" | "argon2id" => (Prehash::None, argon2(kind, rest)?),
        "pbkdf2" | "pbkdf2-sha1" => (Prehash::None, pbkdf2(Pbkdf2::Sha1, rest)?),
        "pbkdf2-sha256" => (Prehash::None, pbkdf2(Pbkdf2::Sha256, rest)?),
        "pbkdf2-sha512" => (Prehash::None, pbkdf2(Pbkdf2::Sha512, rest)?),
        _ => return None,
    };
    Some(ForeignHash { prehash, scheme })
}

/// Reads the spellings of Django (`pbkdf2_sha256$…`) and Werkzeug (`pbkdf2:sha256:…$…`).
fn by_kind(text: &str) -> Option<ForeignHash> {
    let (kind, rest) = text.split_once('$')?;
    let plain = |scheme| Some(ForeignHash { prehash: Prehash::None, scheme });
    let kinds: Vec<_> = kind.split(':').collect();
    match kinds[..] {
        ["argon2"] if rest.starts_with("argon2") => spelled(&format!("${rest}")),
        ["bcrypt"] => plain(bcrypt(rest)?),
        ["bcrypt_sha256"] => Some(ForeignHash { prehash: Prehash::HexSha256, scheme: bcrypt(rest)? }),
        ["pbkdf2_sha256"] => plain(django_pbkdf2(Pbkdf2::Sha256, rest)?),
        ["pbkdf2_sha1"] => plain(django_pbkdf2(Pbkdf2::Sha1, rest)?),
        ["scrypt"] => {
            let [n, salt, r, p, tag] = fields(rest)?;
            let cost = ScryptCost { log_n: logarithm(n)?, r: number(r)?, p: number(p)? };
            plain(Scheme::Scrypt { cost: cost.checked()?, salt: salt.into(), tag: tag_of(base64(tag)?)? })
        }
        ["scrypt", n, r, p] => {
            let [salt, tag] = fields(rest)?;
            let cost = ScryptCost { log_n: logarithm(n)?, r: number(r)?, p: number(p)? };
            plain(Scheme::Scrypt { cost: cost.checked()?, salt: salt.into(), tag: tag_of(hex(tag)?)? })
        }
        ["pbkdf2", name, iterations] => {
            let variant = match name {
                "sha1" => Pbkdf2::Sha1,
                "sha256" => Pbkdf2::Sha256,
                "sha512" => Pbkdf2::Sha512,
                _ => return None,
            };
            let ([salt, tag], iterations) = (fields(rest)?, number(iterations)?.try_into().ok()?);
            plain(Scheme::Pbkdf2 { variant, iterations, salt: salt.into(), tag: tag_of(hex(tag)?)? })
        }
        _ => None,
    }
}

/// Reads `iterations$salt$tag`, with the salt as it is.
fn django_pbkdf2(variant: Pbkdf2, rest: &str) -> Option<Scheme> {
    let [iterations, salt, tag] = fields(rest)?;
    let iterations = number(iterations)?.try_into().ok()?;
    Some(Scheme::Pbkdf2 { variant, iterations, salt: salt.into(), tag: tag_of(base64(tag)?)? })
}

/// Reads `i=iterations$salt$tag` of the [PHC string format], or passlib's `iterations$salt$tag`.
///
/// [PHC string format]: https://github.com/P-H-C/phc-string-format
fn pbkdf2(variant: Pbkdf2, rest: &str) -> Option<Scheme> {
    let [cost, salt, tag] = fields(rest)?;
    let tag = tag_of(base64(tag)?)?;
    let iterations = match number(cost) {
        Some(iterations) => iterations,
        None => {
            let mut named = Named::read(cost)?;
            let (iterations, length) = (named.take("i")?, named.take("l"));
            named.end()?;
            (length.is_none_or(|length| length as usize == tag.len())).then_some(iterations)?
        }
    };
    Some(Scheme::Pbkdf2 { variant, iterations: iterations.try_into().ok()?, salt: base64(salt)?, tag })
}

fn argon2(kind: &str, rest: &str) -> Option<Scheme> {
    // The first hashes named no version.
    let (version, rest) = match rest.strip_prefix("v=") {
        Some(rest) => rest.split_once('$').and_then(|(version, rest)| Some((number(version)?, rest)))?,
        None => (0x10, rest),
    };
    let [cost, salt, tag] = fields(rest)?;
    let mut named = Named::read(cost)?;
    let cost = HashCost::new(named.take("m")?, named.take("t")?, named.take("p")?);
    named.end()?;
    let salt = Some(base64(salt)?).filter(|salt| salt.len() >= argon2::MIN_SALT_LEN)?;
    let (algorithm, version) = (Algorithm::new(kind).ok()?, Version::try_from(version).ok()?);
    let tag = tag_of(base64(tag)?)?;
    Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(tag.len())).ok()?;
    Some(Scheme::Argon2 { algorithm, version, cost, salt, tag })
}

fn scrypt(rest: &str) -> Option<Scheme> {
    let [cost, salt, tag] = fields(rest)?;
    Some(Scheme::Scrypt { cost: scrypt_cost(cost)?, salt: base64(salt)?, tag: tag_of(base64(tag)?)? })
}

fn scrypt_cost(text: &str) -> Option<ScryptCost> {
    let mut named = Named::read(text)?;
    let (log_n, r, p) = (named.take("ln")?.try_into().ok()?, named.take("r")?, named.take("p")?);
    named.end()?;
    ScryptCost { log_n, r, p }.checked()
}

impl ScryptCost {
    /// RFC 7914 section 2 wants an N above 1, and an r and a p above 0.
    fn checked(self) -> Option<Self> {
        (self.log_n > 0 && self.r > 0 && self.p > 0).then_some(self)
    }
}

/// Reads `$2b$`, a cost of two digits, 22 characters of salt and 31 of hash.
fn bcrypt(text: &str) -> Option<Scheme> {
    let cost = text.parse::<bcrypt::HashParts>().ok()?.get_cost();
    let is_variant = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
    let scheme = Scheme::Bcrypt { cost, text: Zeroizing::new(text.to_owned()) };
    (is_variant && (4..=31).contains(&cost)).then_some(scheme)
}

/// Reads passlib's `2b,12$salt$hash` and `v=2,t=2b,r=12$salt$hash`.
fn passlib_bcrypt(rest: &str) -> Option<(Prehash, Scheme)> {
    let [cost, salt, hash] = fields(rest)?;
    let (variant, rounds, prehash) = match cost.strip_prefix("v=2,t=") {
        Some(cost) => {
            let (variant, rounds) = cost.split_once(",r=")?;
            (variant, rounds, Prehash::Base64HmacSha256(salt.to_owned()))
        }
        None => {
            let (variant, rounds) = cost.split_once(',')?;
            (variant, rounds, Prehash::Base64Sha256)
        }
    };
    Some((prehash, bcrypt(&format!("${variant}${:02}${salt}{hash}", number(rounds)?))?))
}

/// Reads one digit of cost, 8 characters of salt and 22 of hash.
fn phpass(rest: &str) -> Option<Scheme> {
    let (digit, rest) = rest.split_at_checked(1)?;
    let (salt, tag) = rest.split_at_checked(8)?;
    let log_rounds = *Base64ShaCrypt::decode_vec(&format!("{digit}.")).ok()?.first()?;
    let tag = Base64ShaCrypt::decode_vec(tag).ok()?;
    Base64ShaCrypt::decode_vec(salt).ok()?;
    let scheme = Scheme::Phpass { log_rounds, salt: salt.to_owned(), tag };
    // The bounds of the authors.
    ((7..=30).contains(&log_rounds) && rest.len() == 8 + 22).then_some(scheme)
}

/// Reads `rounds=N$salt$hash`, or `salt$hash` with the default of 5,000 rounds.
fn sha_crypt(variant: ShaVariant, text: &str, rest: &str) -> Option<Scheme> {
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => rest.split_once('$').and_then(|(rounds, rest)| Some((number(rounds)?, rest)))?,
        None => (sha_crypt::Params::RECOMMENDED_ROUNDS, rest),
    };
    let [salt, hash] = fields(rest)?;
    let scheme = Scheme::ShaCrypt { variant, rounds, text: Zeroizing::new(text.to_owned()) };
    let is_one = sha_crypt::Params::new(rounds).is_ok()
        && salt.len() <= 16
        && hash.len() == variant.digits()
        && Base64ShaCrypt::decode_vec(hash).is_ok()
        && sha_crypt::PasswordHashRef::new(text).is_ok();
    is_one.then_some(scheme)
}

/// Reads Firebase's form: the signer key, encrypted under the scrypt of the password.
fn firebase(rest: &str) -> Option<Scheme> {
    let [cost, salt, tag, separator, signer_key] = fields(rest)?;
    let salt = [base64(salt)?, base64(separator)?].concat();
    let (signer_key, tag) = (Zeroizing::new(base64(signer_key)?), base64(tag)?);
    let is_one = signer_key.len() == tag.len() && SIGNER_KEY.contains(&tag.len());
    is_one.then_some(Scheme::Firebase { cost: scrypt_cost(cost)?, salt, signer_key, tag })
}

/// Numbers with names: `ln=14,r=8,p=1`.
struct Named<'a>(Vec<(&'a str, u32)>);

impl<'a> Named<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let pairs = text.split(',').map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name, number(value)?))
        });
        pairs.collect::<Option<_>>().map(Self)
    }

    fn take(&mut self, name: &str) -> Option<u32> {
        let at = self.0.iter().position(|(other, _)| *other == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Refuses names that nobody took, because they may change the hash.
    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}

/// Reads a decimal number in its only spelling.
fn number(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Returns the logarithm of a power of two.
fn logarithm(text: &str) -> Option<u8> {
    let number = number(text).filter(|number| number.is_power_of_two())?;
    number.trailing_zeros().try_into().ok()
}

fn tag_of(bytes: Vec<u8>) -> Option<Vec<u8>> {
    TAG.contains(&bytes.len()).then_some(bytes)
}

/// Decodes base64 of the standard alphabet, of the one for URLs (Firebase) or of passlib's, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text
        .trim_end_matches('=')
        .chars()
        .map(|char| match char {
            '-' | '.' => '+',
            '_' => '/',
            char => char,
        })
        .collect();
    Base64Unpadded::decode_vec(&text).ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|char| char.to_digit(16)).collect::<Option<Vec<_>>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(16 * high + low).ok(),
        _ => None,
    });
    bytes.collect()
}
