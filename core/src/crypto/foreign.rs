//! Password hashes of other services, which an import brings (SPEC 13.2). The engine verifies them and never makes
//! one.

use std::fmt;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64, Base64Unpadded, Encoding};
use phc::{Output, ParamsString, PasswordHash};
use ring::pbkdf2;
use zeroize::Zeroizing;

use super::cost::{HashCost, HashFailed};
use super::digest::same;

/// The most memory of one hash: 256 MiB, as for the engine's own.
const MOST_MEMORY: u64 = 256 << 20;
/// The most of scrypt's memory times its parallel runs, which the engine makes in turn.
const MOST_SCRYPT: u64 = 1 << 30;
const MOST_ITERATIONS: u32 = 2_000_000;
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=14;

/// A password's hash that another service made.
///
/// Argon2, scrypt and PBKDF2 (SHA-1, SHA-256, SHA-512) in the [PHC string format], bcrypt as it writes itself, and
/// Firebase's scrypt as `$firescrypt$ln=…,r=…,p=…$salt$hash$separator$signer key`, in base64.
///
/// [PHC string format]: https://github.com/P-H-C/phc-string-format
pub struct ForeignHash(Scheme);

/// Why a text is not a hash that can be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ForeignProblem {
    /// Its kind is unknown, or it is malformed.
    Unknown,
    /// Its cost would make a phone hang.
    TooCostly,
}

enum Scheme {
    Argon2 { algorithm: Algorithm, version: Version, params: Params, salt: Vec<u8>, tag: Vec<u8> },
    Scrypt { params: scrypt::Params, salt: Vec<u8>, tag: Vec<u8> },
    Pbkdf2 { algorithm: pbkdf2::Algorithm, iterations: std::num::NonZeroU32, salt: Vec<u8>, tag: Vec<u8> },
    Bcrypt(Zeroizing<String>),
    Firebase { params: scrypt::Params, salt: Vec<u8>, signer_key: Zeroizing<Vec<u8>>, tag: Vec<u8> },
}

impl ForeignHash {
    pub(crate) fn parse(text: &str) -> Result<Self, ForeignProblem> {
        let scheme = match text.split('$').nth(1).ok_or(ForeignProblem::Unknown)? {
            "2a" | "2b" | "2y" => bcrypt(text),
            "firescrypt" => firebase(text),
            _ => phc(text),
        };
        scheme.map(Self)
    }

    /// Returns whether this is the hashed password, in the bytes that were typed.
    ///
    /// ```
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// use selfsame::{Argon2Hasher, ForeignHash, HashFailed, Hasher};
    ///
    /// /// Verifies imported hashes at once, without waiting for an arena.
    /// struct Eager(Argon2Hasher);
    ///
    /// impl Hasher for Eager {
    /// #   fn derive(
    /// #       &self, cost: selfsame::HashCost, password: &[u8], salt: &[u8; 16], pepper: &[u8; 32],
    /// #   ) -> Result<[u8; 32], HashFailed> {
    /// #       self.0.derive(cost, password, salt, pepper)
    /// #   }
    ///     fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
    ///         hash.verify(password)
    ///     }
    /// }
    /// # let hasher = std::sync::Arc::new(Eager(Argon2Hasher::new(1)));
    /// # let environment = selfsame::Environment::system().with_hasher(hasher);
    /// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), environment)?;
    /// # let hash = selfsame::Secret::from("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    /// # let email = Some("ada@example.org".to_owned());
    /// # engine.import_accounts(&[selfsame::ImportedAccount {
    /// #     external_id: "1".to_owned(), created_at: None, display_name: None, email, email_verified: true,
    /// #     password_hash: Some(hash), identities: Vec::new(), totp: None,
    /// # }], false)?;
    /// # engine.sign_in("ada@example.org", &selfsame::Secret::from("U*U"), &client)?.signed_in()?;
    /// # assert!(engine.sign_in("ada@example.org", &password, &client).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`HashFailed::Unusable`] if the machine has too little memory for it.
    pub fn verify(&self, password: &[u8]) -> Result<bool, HashFailed> {
        let unusable = |_| HashFailed::Unusable;
        match &self.0 {
            Scheme::Argon2 { algorithm, version, params, salt, tag } => {
                let mut made = vec![0; tag.len()];
                Argon2::new(*algorithm, *version, params.clone())
                    .hash_password_into(password, salt, &mut made)
                    .map_err(|_| HashFailed::Unusable)?;
                Ok(same(&made, tag))
            }
            Scheme::Scrypt { params, salt, tag } => {
                let mut made = vec![0; tag.len()];
                scrypt::scrypt(password, salt, params, &mut made).map_err(unusable)?;
                Ok(same(&made, tag))
            }
            Scheme::Pbkdf2 { algorithm, iterations, salt, tag } => {
                Ok(pbkdf2::verify(*algorithm, *iterations, salt, password, tag).is_ok())
            }
            // A text that bcrypt cannot hash, such as one with a zero byte, is not the hashed password either.
            Scheme::Bcrypt(text) => Ok(bcrypt::verify(password, text).unwrap_or(false)),
            Scheme::Firebase { params, salt, signer_key, tag } => {
                let mut key = Zeroizing::new([0; 32]);
                scrypt::scrypt(password, salt, params, &mut *key).map_err(unusable)?;
                Ok(same(&encrypted(&key, signer_key), tag))
            }
        }
    }
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignHash(…)")
    }
}

/// Returns a hash of the same kind and cost with no trace of this one.
pub(crate) fn specimen(text: &str) -> String {
    let mut fields: Vec<_> = text.split('$').map(str::to_owned).collect();
    let last_two = fields.len().saturating_sub(2);
    // bcrypt writes zero as a full stop, base64 as an A. The fields before hold the kind and the cost.
    let (first, zero) = match fields.get(1).map(String::as_str) {
        Some("firescrypt") => (3, 'A'),
        Some("2a" | "2b" | "2y") => (3, '.'),
        _ => (last_two, 'A'),
    };
    for field in fields.iter_mut().skip(first) {
        *field = field.chars().map(|char| if char == '=' { char } else { zero }).collect();
    }
    fields.join("$")
}

fn phc(text: &str) -> Result<Scheme, ForeignProblem> {
    let phc = PasswordHash::new(text).map_err(|_| ForeignProblem::Unknown)?;
    let salt = phc.salt.as_deref().ok_or(ForeignProblem::Unknown)?.to_vec();
    let tag = phc.hash.as_ref().map(Output::as_bytes).ok_or(ForeignProblem::Unknown)?.to_vec();
    let number = |name| phc.params.get_decimal(name).ok_or(ForeignProblem::Unknown);
    match phc.algorithm.as_str() {
        "scrypt" => Ok(Scheme::Scrypt { params: scrypt_params(&phc.params)?, salt, tag }),
        name @ ("argon2d" | "argon2i" | "argon2id") => {
            let algorithm = Algorithm::new(name).map_err(|_| ForeignProblem::Unknown)?;
            let version =
                Version::try_from(phc.version.unwrap_or(0x10)).map_err(|_| ForeignProblem::Unknown)?;
            let cost = HashCost::new(number("m")?, number("t")?, number("p")?);
            if !cost.within_caps() {
                return Err(ForeignProblem::TooCostly);
            }
            let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(tag.len()))
                .map_err(|_| ForeignProblem::Unknown)?;
            Ok(Scheme::Argon2 { algorithm, version, params, salt, tag })
        }
        name => {
            let algorithm = match name {
                "pbkdf2" | "pbkdf2-sha1" => pbkdf2::PBKDF2_HMAC_SHA1,
                "pbkdf2-sha256" => pbkdf2::PBKDF2_HMAC_SHA256,
                "pbkdf2-sha512" => pbkdf2::PBKDF2_HMAC_SHA512,
                _ => return Err(ForeignProblem::Unknown),
            };
            let iterations = number("i")?;
            if iterations > MOST_ITERATIONS {
                return Err(ForeignProblem::TooCostly);
            }
            let iterations = iterations.try_into().map_err(|_| ForeignProblem::Unknown)?;
            Ok(Scheme::Pbkdf2 { algorithm, iterations, salt, tag })
        }
    }
}

fn scrypt_params(params: &ParamsString) -> Result<scrypt::Params, ForeignProblem> {
    let number = |name| params.get_decimal(name).ok_or(ForeignProblem::Unknown);
    let (log_n, r, p) = (number("ln")?, number("r")?, number("p")?);
    let memory = 1_u64.checked_shl(log_n).unwrap_or(u64::MAX).saturating_mul(128 * u64::from(r));
    // Without this check the shift would overflow to zero, which is within every cap.
    if log_n > 30 || memory > MOST_MEMORY || memory.saturating_mul(u64::from(p)) > MOST_SCRYPT {
        return Err(ForeignProblem::TooCostly);
    }
    let log_n = u8::try_from(log_n).map_err(|_| ForeignProblem::Unknown)?;
    scrypt::Params::new(log_n, r, p).map_err(|_| ForeignProblem::Unknown)
}

/// Parses `$2b$`, a cost of two digits, 22 characters of salt and 31 of hash.
fn bcrypt(text: &str) -> Result<Scheme, ForeignProblem> {
    let parts: bcrypt::HashParts = text.parse().map_err(|_| ForeignProblem::Unknown)?;
    if !BCRYPT_COSTS.contains(&parts.get_cost()) {
        return Err(ForeignProblem::TooCostly);
    }
    Ok(Scheme::Bcrypt(Zeroizing::new(text.to_owned())))
}

/// Parses Firebase's form: the signer key, encrypted under the scrypt of the password.
fn firebase(text: &str) -> Result<Scheme, ForeignProblem> {
    let fields: Vec<_> = text.split('$').collect();
    let ["", _, params, salt, tag, separator, signer_key] = fields[..] else {
        return Err(ForeignProblem::Unknown);
    };
    let params: ParamsString = params.parse().map_err(|_| ForeignProblem::Unknown)?;
    let bytes = |text: &str| {
        let padded = Base64::decode_vec(text).or_else(|_| Base64Unpadded::decode_vec(text));
        padded.map_err(|_| ForeignProblem::Unknown)
    };
    let (salt, signer_key, tag) =
        ([bytes(salt)?, bytes(separator)?].concat(), Zeroizing::new(bytes(signer_key)?), bytes(tag)?);
    if signer_key.len() != tag.len() || !(16..=256).contains(&tag.len()) || salt.len() > 128 {
        return Err(ForeignProblem::Unknown);
    }
    Ok(Scheme::Firebase { params: scrypt_params(&params)?, salt, signer_key, tag })
}

/// AES-256 in counter mode from zero (NIST SP 800-38A section 6.5).
fn encrypted(key: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(&(*key).into());
    let pad = (0_u128..).flat_map(|counter| {
        let mut block = counter.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        <[u8; 16]>::from(block)
    });
    plain.iter().zip(pad).map(|(byte, pad)| byte ^ pad).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each vector is from the algorithm's own tests: argon2's test.c, RFC 7914 section 12, RFC 6070, crypt_blowfish,
    /// and the README of Firebase's scrypt. Those of PBKDF2 with SHA-2 are from OpenSSL.
    const VECTORS: [(&str, &str); 8] = [
        ("password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
        (
            "password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
        (
            "pleaseletmein",
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        ),
        (
            "passwordPASSWORDpassword",
            "$pbkdf2-sha1$i=4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
        ),
        (
            "correct horse battery staple",
            "$pbkdf2-sha256$i=4096$c2FsdFNBTFRzYWx0U0FMVA$/+WbNSPTQk1XLlJJA3WQGPKXJJW7BPn2UC3bhMnOu/A",
        ),
        (
            "correct horse battery staple",
            "$pbkdf2-sha512$i=4096$c2FsdFNBTFRzYWx0U0FMVA$mLg7iNDTWDszf43AZpMv5/6B3+puvD4WS1JZlYy1ESlBmHAdldA6eBKmyCHO81Gm7S3BYjEro0l791ge9bICAg",
        ),
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        (
            "user1password",
            "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
        ),
    ];

    #[test]
    fn each_kind_of_hash_verifies_its_password_and_no_other() {
        for (password, text) in VECTORS {
            let hash = ForeignHash::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            assert_eq!(hash.verify(password.as_bytes()), Ok(true), "{text}");
            assert_eq!(hash.verify(format!("{password}!").as_bytes()), Ok(false), "{text}");
            assert_eq!(format!("{hash:?}"), "ForeignHash(…)");
        }
    }

    #[test]
    fn a_hash_that_would_hang_a_phone_is_refused_before_hashing() {
        for text in [
            "$argon2id$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=65536,t=11,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$scrypt$ln=19,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
            "$scrypt$ln=64,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
            "$scrypt$ln=14,r=8,p=999$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w",
            "$pbkdf2-sha256$i=2000001$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
            "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ] {
            let problem = ForeignHash::parse(text).err();
            assert_eq!(problem, Some(ForeignProblem::TooCostly), "{text}");
        }
    }

    #[test]
    fn r4_2_a_specimen_has_the_cost_of_a_hash_and_nothing_else_of_it() {
        for (password, text) in VECTORS {
            let made = specimen(text);
            let hash = ForeignHash::parse(&made).unwrap_or_else(|problem| panic!("{made}: {problem:?}"));
            assert_eq!(hash.verify(password.as_bytes()), Ok(false), "{made}");
            assert!(made.len() == text.len() && made.get(..7) == text.get(..7), "{made}");
            assert!(!made.contains(text.get(text.len() - 9..).unwrap()), "{made}");
            assert_eq!(specimen(&made), made);
        }
    }

    #[test]
    fn text_that_is_not_a_hash_is_refused() {
        for text in [
            "",
            "password",
            "$",
            "$1$salt$hash",
            "$md5$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
            "$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ",
            "$pbkdf2-sha256$i=0$c2FsdFNBTFQ$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
            "$2b$12$short",
            "$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95$Bw==$jxspr8Ki0RYycVU8zykbdA==",
        ] {
            assert_eq!(ForeignHash::parse(text).err(), Some(ForeignProblem::Unknown), "{text}");
        }
    }
}
