//! Password hashes: Argon2id (RFC 9106) with a pepper, in PHC string form.

use std::fmt;

use phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::cost::{HashCost, HashFailed};
use super::digest::same;
use super::foreign::ForeignHash;
use super::hasher::Hasher;
use super::spelling::ForeignProblem;
use crate::ground::secret::Secret;
use crate::ground::text::nfd;

/// A password's hash as it is stored: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. The prefix [`IMPORTED`] marks an
/// imported hash, which has no pepper. [`UNSET`] stands for no hash at all.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPassword(String);

const IMPORTED: &str = "imported:";
const UNSET: &str = "unset";

/// The text is not a password hash that this engine can verify.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct InvalidHash;

/// The parts of the string.
struct Parts {
    cost: HashCost,
    salt: [u8; 16],
    tag: [u8; 32],
}

/// Hashes a new password.
pub(crate) fn hash(
    hasher: &dyn Hasher,
    cost: HashCost,
    password: &[u8],
    salt: [u8; 16],
    pepper: &[u8; 32],
) -> Result<StoredPassword, HashFailed> {
    // The engine would refuse to verify a hash beyond the caps.
    if !cost.within_caps() {
        return Err(HashFailed::Unusable);
    }
    let tag = hasher.derive(cost, password, &salt, pepper)?;
    let string = write(&Parts { cost, salt, tag }).map_err(|_| HashFailed::Unusable)?;
    Ok(StoredPassword(string))
}

impl StoredPassword {
    /// Parses a string that this engine can verify: Argon2id version 1.3 in its only spelling, with a salt of 16 bytes,
    /// a tag of 32, and a cost within the caps.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidHash> {
        read(text).map(|_| Self(text.to_owned()))
    }

    /// Parses the hash that another service made.
    pub(crate) fn imported(text: &Secret) -> Result<Self, ForeignProblem> {
        let text = text.reveal_text().ok_or(ForeignProblem::Unknown)?;
        ForeignHash::parse(text)?;
        Ok(Self(format!("{IMPORTED}{text}")))
    }

    /// Returns what an account has whose old service gave no hash. No password matches it. The next one is set in a
    /// reset.
    pub(crate) fn unset() -> Self {
        Self(UNSET.to_owned())
    }

    /// Whether this is the hashed password: in its normal form, or in one of three forms if another service hashed it.
    /// Hashes nothing if the stored string is beyond the caps or spelled differently.
    pub(crate) fn verify(
        &self,
        hasher: &dyn Hasher,
        password: &str,
        typed: &[u8],
        pepper: &[u8; 32],
    ) -> Result<bool, HashFailed> {
        if self.0 == UNSET {
            return Ok(false);
        }
        if let Some(foreign) = self.0.strip_prefix(IMPORTED) {
            let foreign = ForeignHash::parse(foreign).map_err(|_| HashFailed::Unusable)?;
            for form in forms(password, typed) {
                if hasher.verify_foreign(&foreign, &form)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let parts = read(&self.0).map_err(|_| HashFailed::Unusable)?;
        let tag = hasher.derive(parts.cost, password.as_bytes(), &parts.salt, pepper)?;
        Ok(same(&tag, &parts.tag))
    }

    /// Returns a hash of the same kind and cost with no trace of this one, if another service made this one.
    pub(crate) fn specimen(&self) -> Option<Self> {
        let foreign = ForeignHash::parse(self.0.strip_prefix(IMPORTED)?).ok()?;
        Some(Self(format!("{IMPORTED}{}", foreign.specimen())))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether the next successful sign-in replaces the hash (SPEC 4.5): if it is weaker than `cost` in memory or
    /// passes, or of another kind.
    pub(crate) fn needs_rehash(&self, cost: HashCost) -> bool {
        match read(&self.0) {
            Ok(Parts { cost: made, .. }) => made.memory_kib < cost.memory_kib || made.passes < cost.passes,
            Err(InvalidHash) => true,
        }
    }

    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPassword(…)")
    }
}

/// Returns the forms in which another service may have hashed a password: NFC, as typed and NFD. Most passwords have
/// only one. How many there are depends on the typed password alone, so the time of a refusal tells nothing about the
/// account (SPEC 4.2).
fn forms(normal: &str, typed: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(normal.as_bytes().to_vec())];
    // A text that cannot be a password has no normal form, and may be very long.
    if !normal.is_empty() {
        for form in [typed, nfd(normal).as_bytes()] {
            if forms.iter().all(|other| other.as_slice() != form) {
                forms.push(Zeroizing::new(form.to_vec()));
            }
        }
    }
    forms
}

fn read(text: &str) -> Result<Parts, InvalidHash> {
    let phc = PasswordHash::new(text).map_err(|_| InvalidHash)?;
    let number = |name| phc.params.get_decimal(name).ok_or(InvalidHash);
    let cost = HashCost::new(number("m")?, number("t")?, number("p")?);
    let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec).ok_or(InvalidHash);
    let parts = Parts {
        cost,
        salt: bytes(phc.salt.as_deref())?.try_into().map_err(|_| InvalidHash)?,
        tag: bytes(phc.hash.as_ref().map(Output::as_bytes))?.try_into().map_err(|_| InvalidHash)?,
    };
    // Writing the parts again must give the same text. This rules out other algorithms, versions, parameters and
    // spellings.
    if cost.within_caps() && write(&parts).map_err(|_| InvalidHash)? == text {
        Ok(parts)
    } else {
        Err(InvalidHash)
    }
}

fn write(parts: &Parts) -> Result<String, phc::Error> {
    let mut params = ParamsString::new();
    params.add_decimal("m", parts.cost.memory_kib)?;
    params.add_decimal("t", parts.cost.passes)?;
    params.add_decimal("p", parts.cost.lanes)?;
    let phc = PasswordHash {
        algorithm: Ident::new("argon2id")?,
        version: Some(argon2::Version::V0x13.into()),
        params,
        salt: Some(Salt::new(&parts.salt)?),
        hash: Some(Output::new(&parts.tag)?),
    };
    Ok(phc.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::crypto::argon::Argon2Hasher;
    use crate::ground::codec::{Record, decode, encode};

    const COST: HashCost = HashCost::new(64, 2, 1);
    const PEPPER: [u8; 32] = [0x2a; 32];
    const SALT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const PASSWORD: &str = "correct horse battery staple";
    const STORED: &str = "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
                          CyKomn6GZ75+N7SeZKDGSe/0Pwurofk+TVREGWvswAI";

    /// Counts the hashes that it makes.
    struct Counting(Argon2Hasher, AtomicU32);

    impl Hasher for Counting {
        fn derive(
            &self,
            cost: HashCost,
            password: &[u8],
            salt: &[u8; 16],
            pepper: &[u8; 32],
        ) -> Result<[u8; 32], HashFailed> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.derive(cost, password, salt, pepper)
        }
    }

    fn hasher() -> Counting {
        Counting(Argon2Hasher::new(1), AtomicU32::new(0))
    }

    /// The reference implementation (libargon2) gave the tag, with the pepper as its secret.
    #[test]
    fn a_password_is_stored_as_a_phc_string_and_verifies() {
        let hasher = hasher();
        let stored = hash(&hasher, COST, PASSWORD.as_bytes(), SALT, &PEPPER).unwrap();
        assert_eq!(stored.as_str(), STORED);
        assert_eq!(StoredPassword::parse(STORED), Ok(stored.clone()));
        assert_eq!(stored.verify(&hasher, PASSWORD, PASSWORD.as_bytes(), &PEPPER), Ok(true));
        assert_eq!(stored.verify(&hasher, "correct horse battery stapl", b"", &PEPPER), Ok(false));
        assert_eq!(
            stored.verify(&hasher, PASSWORD, PASSWORD.as_bytes(), &[0x2b; 32]),
            Ok(false),
            "another pepper"
        );
        assert_eq!(format!("{stored:?}"), "StoredPassword(…)");
    }

    #[test]
    fn a_changed_tag_or_salt_does_not_verify() {
        for changed in
            [STORED.replace("wAI", "wAM"), STORED.replace("CyKo", "DyKo"), STORED.replace("AAEC", "BAEC")]
        {
            let stored = StoredPassword::parse(&changed).unwrap();
            assert_eq!(
                stored.verify(&hasher(), PASSWORD, PASSWORD.as_bytes(), &PEPPER),
                Ok(false),
                "{changed}"
            );
        }
    }

    #[test]
    fn a_foreign_or_malformed_hash_is_refused_before_hashing() {
        let with = |from: &str, to: &str| STORED.replace(from, to);
        for text in [
            String::new(),
            "$".into(),
            with("m=64", "m=262145"),
            with("m=64", "m=4294967295"),
            with("m=64", "m=4294967296"),
            with("m=64", "m=7"),
            with("t=2", "t=11"),
            with("t=2", "t=0"),
            with("p=1", "p=9"),
            with("p=1", "p=0"),
            with("m=64", "m=064"),
            with("m=64", "m=+64"),
            with("m=64,t=2", "t=2,m=64"),
            with("p=1", "p=1,keyid=AA"),
            with("p=1", "p=1,p=1"),
            with(",p=1", ""),
            with("v=19", "v=16"),
            with("$v=19", ""),
            with("argon2id", "argon2i"),
            with("argon2id", "scrypt"),
            with("$AAECAwQFBgcICQoLDA0ODw", "$AAECAwQFBgcICQoLDA0O"),
            with("$AAECAwQFBgcICQoLDA0ODw", "$AAECAwQFBgcICQoLDA0ODxA"),
            with("ODw$", "ODx$"),
            with("ODw$", "ODw==$"),
            with("wAI", "wAJ"),
            with("wAI", "wA"),
            with("wAI", "wAI="),
            with("wAI", "wAI$"),
            with("wAI", "wAI\n"),
            with("wAI", "wAI$AAAA"),
            format!(" {STORED}"),
            STORED.rsplit_once('$').unwrap().0.into(),
        ] {
            assert_eq!(StoredPassword::parse(&text), Err(InvalidHash), "{text}");
            let (stored, hasher) = (StoredPassword(text), hasher());
            assert_eq!(
                stored.verify(&hasher, PASSWORD, PASSWORD.as_bytes(), &PEPPER),
                Err(HashFailed::Unusable)
            );
            assert!(stored.needs_rehash(COST));
            assert_eq!(hasher.1.into_inner(), 0, "a hash was made");
        }
    }

    #[test]
    fn a_hash_that_could_not_be_verified_is_never_made() {
        let hasher = hasher();
        for (memory_kib, passes, lanes) in [(262_145, 2, 1), (64, 11, 1), (128, 2, 9), (7, 1, 1), (0, 0, 0)] {
            let cost = HashCost::new(memory_kib, passes, lanes);
            assert_eq!(hash(&hasher, cost, PASSWORD.as_bytes(), SALT, &PEPPER), Err(HashFailed::Unusable));
        }
        assert_eq!(hasher.1.into_inner(), 0);
    }

    #[test]
    fn r4_5_a_hash_is_replaced_if_it_is_weaker_in_memory_or_passes() {
        let stored = StoredPassword::parse(STORED).unwrap();
        for (memory_kib, passes, lanes, anew) in [
            (64, 2, 1, false),
            (63, 1, 1, false),
            (65, 2, 1, true),
            (64, 3, 1, true),
            (65, 1, 1, true),
            (64, 2, 4, false),
        ] {
            assert_eq!(
                stored.needs_rehash(HashCost::new(memory_kib, passes, lanes)),
                anew,
                "{memory_kib} {passes}"
            );
        }
    }

    #[test]
    fn a_busy_hasher_does_not_mean_a_wrong_password() {
        struct Full;
        impl Hasher for Full {
            fn derive(
                &self,
                _: HashCost,
                _: &[u8],
                _: &[u8; 16],
                _: &[u8; 32],
            ) -> Result<[u8; 32], HashFailed> {
                Err(HashFailed::Busy { retry_after: Duration::from_secs(1) })
            }
        }
        let busy = HashFailed::Busy { retry_after: Duration::from_secs(1) };
        assert_eq!(hash(&Full, COST, PASSWORD.as_bytes(), SALT, &PEPPER), Err(busy));
        assert_eq!(
            StoredPassword::parse(STORED).unwrap().verify(&Full, PASSWORD, PASSWORD.as_bytes(), &PEPPER),
            Err(busy)
        );
    }

    #[test]
    fn r13_2_an_imported_hash_is_tried_with_each_distinct_form_of_the_typed_password() {
        let count = |password: &str, typed: &[u8]| forms(password, typed).len();
        let typed = "\u{e9}te\u{301}";
        assert_eq!(count("\u{e9}t\u{e9}", typed.as_bytes()), 3);
        assert_eq!(count("\u{e9}t\u{e9}", "\u{e9}t\u{e9}".as_bytes()), 2);
        assert_eq!(count("\u{e9}t\u{e9}", "e\u{301}te\u{301}".as_bytes()), 2);
        assert_eq!(count("summer", b"summer"), 1);
        assert_eq!(count("", &[0xff; 5_000]), 1);
    }

    #[test]
    fn r13_2_no_password_matches_an_unset_one() {
        let (hasher, unset) = (hasher(), StoredPassword::unset());
        for password in ["", "unset", PASSWORD] {
            assert_eq!(unset.verify(&hasher, password, password.as_bytes(), &PEPPER), Ok(false));
        }
        assert!(unset.needs_rehash(COST) && unset.specimen().is_none());
        assert_eq!(hasher.1.into_inner(), 0, "a hash was made");
    }

    #[test]
    fn a_record_stores_a_password_as_one_string() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Method(StoredPassword);
        impl Record for Method {
            const VERSION: u8 = 1;
        }
        let method = Method(StoredPassword::parse(STORED).unwrap());
        let bytes = encode(&method).unwrap();
        assert_eq!(&bytes[2..], STORED.as_bytes());
        assert_eq!(decode::<Method>(&bytes), Ok(method));
    }
}
