//! Password hashes of other services, which an import brings (SPEC 13.2). The engine verifies them and never makes
//! one. [`spelling`](super::spelling) reads them.

use std::fmt;
use std::num::NonZeroU32;

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64, Base64Unpadded, Encoding as _};
use md5::{Digest as _, Md5};
use ring::digest::{self, SHA256};
use ring::hmac::{self, HMAC_SHA256, HMAC_SHA384};
use ring::pbkdf2;
use sha_crypt::{PasswordVerifier as _, ShaCrypt};
use zeroize::Zeroizing;

use super::cost::{HashCost, HashFailed};
use super::digest::same;

/// A password's hash that another service made.
///
/// [`ImportedAccount`](crate::ImportedAccount) lists the formats.
pub struct ForeignHash {
    pub(super) prehash: Prehash,
    pub(super) scheme: Scheme,
}

/// What happens to the password before the scheme hashes it.
pub(super) enum Prehash {
    None,
    /// Django's `bcrypt_sha256`: SHA-256 in hexadecimal.
    HexSha256,
    /// The first version of passlib's `bcrypt-sha256`: SHA-256 in base64.
    Base64Sha256,
    /// The second version: HMAC-SHA-256 in base64. Its key is bcrypt's salt as it is written.
    Base64HmacSha256(String),
    /// WordPress since 6.8: HMAC-SHA-384 in base64, without the blanks at the ends of the password.
    WordPress,
}

pub(super) enum Scheme {
    Argon2 { algorithm: Algorithm, version: Version, cost: HashCost, salt: Vec<u8>, tag: Vec<u8> },
    Scrypt { cost: ScryptCost, salt: Vec<u8>, tag: Vec<u8> },
    Pbkdf2 { variant: Pbkdf2, iterations: NonZeroU32, salt: Vec<u8>, tag: Vec<u8> },
    Bcrypt { cost: u32, text: Zeroizing<String> },
    Phpass { log_rounds: u8, salt: String, tag: Vec<u8> },
    ShaCrypt { variant: ShaVariant, rounds: u32, text: Zeroizing<String> },
    Firebase { cost: ScryptCost, salt: Vec<u8>, signer_key: Zeroizing<Vec<u8>>, tag: Vec<u8> },
}

/// The parameters of scrypt (RFC 7914 section 2). N is two to the power of `log_n`.
#[derive(Clone, Copy)]
pub(super) struct ScryptCost {
    pub(super) log_n: u8,
    pub(super) r: u32,
    pub(super) p: u32,
}

/// The hash function of PBKDF2.
#[derive(Clone, Copy)]
pub(super) enum Pbkdf2 {
    Sha1,
    Sha256,
    Sha512,
}

/// The hash function of SHA-crypt.
#[derive(Clone, Copy)]
pub(super) enum ShaVariant {
    Sha256,
    Sha512,
}

impl ForeignHash {
    /// Returns whether this is the hashed password, in the bytes that were typed.
    ///
    /// A password can be so long that its hash would take much longer than [the limit](crate::ImportProblem). It does
    /// not match then. This only concerns phpass and SHA-crypt, which hash the whole password in each round.
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
        if !self.is_affordable(password.len()) {
            return Ok(false);
        }
        // The libraries would abort the process if they could not allocate.
        let bytes = usize::try_from(self.memory()).map_err(|_| HashFailed::Unusable)?;
        Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| HashFailed::Unusable)?;
        self.scheme.verify(&self.prehash.of(password))
    }

    /// Returns a hash of the same cost with no trace of this one, in its only spelling. Two hashes that take the same
    /// time have the same specimen.
    pub(crate) fn specimen(&self) -> String {
        let zeros = |bytes: usize| Base64Unpadded::encode_string(&vec![0; bytes]);
        match &self.scheme {
            Scheme::Argon2 { algorithm, version, cost: HashCost { memory_kib, passes, lanes }, .. } => {
                format!(
                    "${algorithm}$v={}$m={memory_kib},t={passes},p={lanes}${}${}",
                    u32::from(*version),
                    zeros(16),
                    zeros(32)
                )
            }
            // Encrypting Firebase's key takes no time beside scrypt.
            Scheme::Scrypt { cost, .. } | Scheme::Firebase { cost, .. } => {
                format!("$scrypt$ln={},r={},p={}${}${}", cost.log_n, cost.r, cost.p, zeros(16), zeros(32))
            }
            Scheme::Pbkdf2 { variant, iterations, tag, .. } => {
                format!("${}$i={iterations}${}${}", variant.name(), zeros(16), zeros(tag.len()))
            }
            Scheme::Bcrypt { cost, .. } => format!("$2b${cost:02}${}", ".".repeat(53)),
            Scheme::Phpass { log_rounds, .. } => {
                let digit = base64ct::Base64ShaCrypt::encode_string(&[*log_rounds]);
                format!("$P${}{}", digit.get(..1).unwrap_or_default(), ".".repeat(8 + 22))
            }
            Scheme::ShaCrypt { variant, rounds, .. } => {
                let (id, digits) = (variant.id(), ".".repeat(variant.digits()));
                format!("${id}$rounds={rounds}${}${digits}", ".".repeat(16))
            }
        }
    }
}

impl fmt::Debug for ForeignHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignHash(…)")
    }
}

impl Prehash {
    /// Returns what the scheme hashes.
    fn of(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let base64 = |bytes: &[u8]| Base64::encode_string(bytes).into_bytes();
        Zeroizing::new(match self {
            Self::None => password.to_vec(),
            Self::HexSha256 => {
                let hash = digest::digest(&SHA256, password);
                hash.as_ref().iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
            }
            Self::Base64Sha256 => base64(digest::digest(&SHA256, password).as_ref()),
            Self::Base64HmacSha256(key) => {
                base64(hmac::sign(&hmac::Key::new(HMAC_SHA256, key.as_bytes()), password).as_ref())
            }
            Self::WordPress => {
                // What PHP's `trim` removes, with which WordPress begins.
                let is_blank = |byte: &u8| b" \t\n\r\0\x0b".contains(byte);
                let from = password.iter().position(|byte| !is_blank(byte)).unwrap_or(password.len());
                let to = password.iter().rposition(|byte| !is_blank(byte)).map_or(from, |last| last + 1);
                let trimmed = password.get(from..to).unwrap_or_default();
                base64(hmac::sign(&hmac::Key::new(HMAC_SHA384, b"wp-sha384"), trimmed).as_ref())
            }
        })
    }
}

impl Scheme {
    fn verify(&self, password: &[u8]) -> Result<bool, HashFailed> {
        match self {
            Self::Argon2 { algorithm, version, cost, salt, tag } => {
                let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(tag.len()))
                    .map_err(|_| HashFailed::Unusable)?;
                let mut made = vec![0; tag.len()];
                Argon2::new(*algorithm, *version, params)
                    .hash_password_into(password, salt, &mut made)
                    .map_err(|_| HashFailed::Unusable)?;
                Ok(same(&made, tag))
            }
            Self::Scrypt { cost, salt, tag } => {
                let mut made = vec![0; tag.len()];
                cost.derive(password, salt, &mut made)?;
                Ok(same(&made, tag))
            }
            Self::Pbkdf2 { variant, iterations, salt, tag } => {
                Ok(pbkdf2::verify(variant.algorithm(), *iterations, salt, password, tag).is_ok())
            }
            Self::Bcrypt { text, .. } => Ok(bcrypt::verify(password, text).unwrap_or(false)),
            Self::Phpass { log_rounds, salt, tag } => {
                let mut made = Md5::new().chain_update(salt).chain_update(password).finalize();
                for _ in 0..1_u32 << log_rounds {
                    made = Md5::new().chain_update(made).chain_update(password).finalize();
                }
                Ok(same(&made, tag))
            }
            Self::ShaCrypt { text, .. } => {
                Ok(ShaCrypt::default().verify_password(password, text.as_str()).is_ok())
            }
            Self::Firebase { cost, salt, signer_key, tag } => {
                let mut key = Zeroizing::new([0; 32]);
                cost.derive(password, salt, &mut *key)?;
                Ok(same(&encrypted(&key, signer_key), tag))
            }
        }
    }
}

impl ScryptCost {
    fn derive(self, password: &[u8], salt: &[u8], key: &mut [u8]) -> Result<(), HashFailed> {
        let params = scrypt::Params::new(self.log_n, self.r, self.p).map_err(|_| HashFailed::Unusable)?;
        scrypt::scrypt(password, salt, &params, key).map_err(|_| HashFailed::Unusable)
    }
}

impl Pbkdf2 {
    fn algorithm(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "pbkdf2-sha1",
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        }
    }

    /// Returns the bytes that one run of all iterations gives.
    fn block(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Returns how many runs a key of this length takes.
    pub(super) fn blocks(self, length: usize) -> usize {
        length.div_ceil(self.block())
    }
}

impl ShaVariant {
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "5",
            Self::Sha512 => "6",
        }
    }

    /// Returns the length of a written hash.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::Sha256 => 43,
            Self::Sha512 => 86,
        }
    }
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
