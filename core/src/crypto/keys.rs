//! The keys in order of derivation: host key, store key, derived keys, data keys of accounts.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::data_key::DataKey;
use super::digest::length;
use super::kdf::Mac;
use super::raw_key::{Raw, random, raw};
use super::seal::{OpenFailed, Place, SealKey};
use super::tally::TallyKey;
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::ground::id::{AccountId, SessionId};

/// The key from which all keys of one file are derived, in two halves. The file's header holds it, wrapped.
pub(crate) struct StoreKey {
    /// The half for sealing and for the code over the rows. A rewritten file gets a new one, so that nobody can open
    /// the remains of the earlier file.
    sealing: Raw,
    /// The half for password hashes and lookup hashes, which cannot be made again without what people typed. It
    /// lasts as long as the store.
    lasting: Raw,
}

impl StoreKey {
    pub(crate) fn make(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        Ok(Self { sealing: random(entropy)?, lasting: random(entropy)? })
    }

    /// Makes a key that cannot open what this one sealed, but gives the same lookup hashes.
    pub(crate) fn renewed(&self, entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        Ok(Self { sealing: random(entropy)?, lasting: self.lasting.clone() })
    }

    /// Both halves and all keys derived from them, with each byte XORed with `mask`. A test looks for them in memory
    /// and must not hold them itself.
    #[cfg(feature = "testing")]
    pub(crate) fn masked(&self, mask: u8) -> Vec<[u8; 32]> {
        let masked = |key: &[u8; 32]| key.map(|byte| byte ^ mask);
        let derived = |root: &Raw, labels: [&str; 3]| {
            let root = Mac::new(root);
            labels.map(|label| masked(&root.expand(label)))
        };
        let sealing = derived(&self.sealing, ["selfsame/rows", "selfsame/accounts", "selfsame/tally"]);
        let lasting = derived(&self.lasting, ["selfsame/lookup", "selfsame/code", "selfsame/pepper"]);
        [&[masked(&self.sealing), masked(&self.lasting)][..], &sealing, &lasting].concat()
    }

    /// Seals the key under `kek`, and authenticates the header's readable bytes `clear` with it.
    pub(crate) fn wrap(
        &self,
        kek: &[u8; 32],
        entropy: &dyn Entropy,
        clear: &[u8],
    ) -> Result<Vec<u8>, EntropyFailed> {
        let mut both = Zeroizing::new([0; 64]);
        for (to, from) in both.iter_mut().zip(self.sealing.iter().chain(self.lasting.iter())) {
            *to = *from;
        }
        SealKey::new(kek).seal(entropy, &header(clear), &both[..])
    }

    pub(crate) fn unwrap(kek: &[u8; 32], wrapped: &[u8], clear: &[u8]) -> Result<Self, OpenFailed> {
        let both = SealKey::new(kek).open(&header(clear), wrapped)?;
        let (sealing, lasting) = both.split_first_chunk::<32>().ok_or(OpenFailed)?;
        Ok(Self { sealing: raw(sealing)?, lasting: raw(lasting)? })
    }
}

fn header(clear: &[u8]) -> Place<'_> {
    Place { key: b"selfsame/store key", part: 0, clear }
}

/// The keys derived from the store key: HKDF-SHA256 of one half with one label each, so that no key reveals
/// anything about another.
pub(crate) struct Keys {
    rows: SealKey,
    accounts: SealKey,
    tally: Arc<TallyKey>,
    lookup: Mac,
    code: Mac,
    pepper: Raw,
}

impl Keys {
    pub(crate) fn derive(store_key: &StoreKey) -> Self {
        let (sealing, lasting) = (Mac::new(&store_key.sealing), Mac::new(&store_key.lasting));
        Self {
            rows: SealKey::new(&sealing.expand("selfsame/rows")),
            accounts: SealKey::new(&sealing.expand("selfsame/accounts")),
            tally: Arc::new(TallyKey::new(&sealing.expand("selfsame/tally"))),
            lookup: Mac::new(&lasting.expand("selfsame/lookup")),
            code: Mac::new(&lasting.expand("selfsame/code")),
            pepper: Box::new(lasting.expand("selfsame/pepper")),
        }
    }

    /// The key that seals rows of no account.
    pub(crate) fn rows(&self) -> &SealKey {
        &self.rows
    }

    /// The lookup hash of something that must not be readable: HMAC-SHA256 of the kind and the parts. Two are equal
    /// only if the kinds, the parts and their boundaries are equal.
    pub(crate) fn lookup(&self, kind: u8, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.lookup, &[kind], parts)
    }

    /// The keyed hash of a mailed code or a flow token. Without a key, anybody could find eight digits by trying all
    /// of them.
    pub(crate) fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.code, &[], parts)
    }

    /// The pepper of every password hash. Without the host key, nobody can try guesses against a hash.
    pub(crate) fn pepper(&self) -> &[u8; 32] {
        &self.pepper
    }

    /// The key of the code over all rows.
    pub(crate) fn tally(&self) -> Arc<TallyKey> {
        Arc::clone(&self.tally)
    }

    /// Wraps an account's data key for its row: `WRAPPED_LEN` bytes.
    pub(crate) fn wrap_account(
        &self,
        entropy: &dyn Entropy,
        account: &AccountId,
        key: &DataKey,
    ) -> Result<Vec<u8>, EntropyFailed> {
        self.accounts.seal(entropy, &data_key_of(account), &key.raw[..])
    }

    pub(crate) fn unwrap_account(&self, account: &AccountId, wrapped: &[u8]) -> Result<DataKey, OpenFailed> {
        unwrapped(&self.accounts, &data_key_of(account), wrapped).map(DataKey::from_raw)
    }
}

fn data_key_of(account: &AccountId) -> Place<'_> {
    Place { key: account.as_bytes(), part: 0, clear: b"selfsame/data key" }
}

fn keyed(key: &Mac, kind: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        kind.len() + parts.iter().map(|part| part.len() + 8).sum::<usize>(),
    ));
    bytes.extend_from_slice(kind);
    for part in parts {
        bytes.extend_from_slice(&length(part));
        bytes.extend_from_slice(part);
    }
    *key.of(&[&bytes])
}

/// The key of the part of a session's row that only the bearer of the session's secret can open.
pub(crate) fn session_key(secret: &[u8; 32], session: &SessionId) -> SealKey {
    SealKey::new(&Mac::new(secret).expand::<32>(&format!("selfsame/session/{session}")))
}

fn unwrapped(key: &SealKey, place: &Place<'_>, wrapped: &[u8]) -> Result<Raw, OpenFailed> {
    raw(&key.open(place, wrapped)?)
}

#[cfg(test)]
mod tests {
    use super::super::data_key::WRAPPED_LEN;
    use super::super::host_key::HostKey;
    use super::super::seal::OVERHEAD;
    use super::*;
    use crate::crypto::digest::sha256;
    use crate::crypto::entropy::{SeededEntropy, SystemEntropy};
    use crate::crypto::hex;

    const ROW: Place<'_> = Place { key: b"row", part: 1, clear: b"" };

    fn store_key() -> StoreKey {
        StoreKey { sealing: Box::new(Zeroizing::new([5; 32])), lasting: Box::new(Zeroizing::new([4; 32])) }
    }

    fn account(byte: u8) -> AccountId {
        AccountId::from_bytes([byte; 16])
    }

    #[test]
    fn the_store_key_opens_only_with_its_host_key_and_header() {
        let host = HostKey::generate(&SystemEntropy).unwrap();
        let wrapped = store_key().wrap(host.reveal(), &SystemEntropy, b"header").unwrap();
        assert_eq!(wrapped.len(), 64 + OVERHEAD);
        let opened = StoreKey::unwrap(host.reveal(), &wrapped, b"header").unwrap();
        assert_eq!((opened.sealing, opened.lasting), (store_key().sealing, store_key().lasting));
        assert!(StoreKey::unwrap(host.reveal(), &wrapped, b"Header").is_err());
        assert!(StoreKey::unwrap(&[1; 32], &wrapped, b"header").is_err());
        assert!(StoreKey::unwrap(host.reveal(), &wrapped[..wrapped.len() - 1], b"header").is_err());
    }

    #[test]
    fn a_sealed_value_of_another_length_is_not_a_key() {
        let kek = [6; 32];
        for plain in [&b""[..], &[1; 32], &[1; 63], &[1; 65]] {
            let sealed = SealKey::new(&kek).seal(&SystemEntropy, &header(b""), plain).unwrap();
            assert!(StoreKey::unwrap(&kek, &sealed, b"").is_err());
        }
    }

    #[test]
    fn a_data_key_opens_only_for_its_account() {
        let keys = Keys::derive(&store_key());
        let key = DataKey::make(&SystemEntropy).unwrap();
        let wrapped = keys.wrap_account(&SystemEntropy, &account(1), &key).unwrap();
        assert_eq!(wrapped.len(), WRAPPED_LEN);
        let sealed = key.seal_key().seal(&SystemEntropy, &ROW, b"body").unwrap();
        let opened = keys.unwrap_account(&account(1), &wrapped).unwrap();
        assert_eq!(opened.seal_key().open(&ROW, &sealed).unwrap().as_slice(), b"body");
        assert!(keys.unwrap_account(&account(2), &wrapped).is_err());
        assert!(keys.rows().open(&data_key_of(&account(1)), &wrapped).is_err(), "wrapped under its own key");
    }

    #[test]
    fn keyed_hashes_differ_by_kind_boundary_purpose_and_file() {
        let keys = Keys::derive(&store_key());
        let other = Keys::derive(&StoreKey::make(&SystemEntropy).unwrap());
        let hashes = [
            keys.lookup(1, &[b"ab", b"c"]),
            keys.lookup(1, &[b"a", b"bc"]),
            keys.lookup(1, &[b"abc"]),
            keys.lookup(1, &[b"abc", b""]),
            keys.lookup(2, &[b"abc"]),
            keys.lookup(1, &[]),
            keys.code(&[b"abc"]),
            keys.code(&[]),
            other.lookup(1, &[b"abc"]),
            other.code(&[b"abc"]),
            *keys.pepper(),
            *other.pepper(),
        ];
        for (at, hash) in hashes.iter().enumerate() {
            assert_eq!(hashes.iter().filter(|other| *other == hash).count(), 1, "number {at}");
        }
    }

    /// Other implementations (Python's `hmac` and `cryptography`), written from the comments here, gave these bytes. A
    /// change of any of them makes every existing file unreadable.
    #[test]
    fn keys_are_those_of_the_first_release() {
        let wrapped = hex("dccfb99fef67d3c95df41217d9ad101832162ea62159e20f8459cdf28725161a\
                           bfa0f7b17730225134669c623c5b9f9ce3b424917f40ee2d6294ab585617afac\
                           89abdf4bc8ba45573a9df6c42996eedd7c8b1aeeb26a65b50a79a4fcca76d46a\
                           ee10243e575b318c");
        assert_eq!(store_key().wrap(&[6; 32], &SeededEntropy::new(2), b"header"), Ok(wrapped));

        let keys = Keys::derive(&store_key());
        let lookup = "710c78ca7499ae92480dd3d4a1eb9f74d30aa1233be099506ad10906a226495d";
        assert_eq!(keys.lookup(3, &[b"ada@example.org", b"x"])[..], hex(lookup));
        let code = "eec9b5fe4223e3351e4b8f3238417a3afbce6ba14317eaa5ea68dc296a2d087f";
        assert_eq!(keys.code(&[b"12345678"])[..], hex(code));
        let pepper = "7900ca89f299ba18ef95ce6cd7c1fdf46e809eaf6fd4d3735a629a5f167dd16b";
        assert_eq!(keys.pepper()[..], hex(pepper));

        let id: [u8; 16] = hex("000102030405060708090a0b0c0d0e0f").try_into().unwrap();
        let data_key = DataKey::from_raw(Box::new(Zeroizing::new([9; 32])));
        let wrapped = hex("eff1eb742f55e7779e687f3232302f97aad0e4e92a81c39270e4b5a31fb4e38e\
                           a309956818a3bbfd5dcc823abe3ed79c667bdd3e8e37023e3b62e914dabeb222\
                           e0b06b5c354cd958");
        let ours = keys.wrap_account(&SeededEntropy::new(3), &AccountId::from_bytes(id), &data_key);
        assert_eq!(ours, Ok(wrapped));

        let session = session_key(&[8; 32], &SessionId::from_bytes(id));
        let nonce = "c9a2fd61ad6bbfda01ad72ee9772540806e5f72c36da8ed5";
        for (key, sealed) in [
            (data_key.seal_key(), "3dd93a0a0ae1678606c5db267a6229d62c38157f"),
            (keys.rows(), "56674b09b113e91b197a9ffb2ae1b098a641cbef"),
            (&session, "947ab22b71d7f10fb12b7ac37e98e13a4ba9a992"),
        ] {
            let sealed = hex(&format!("{nonce}{sealed}"));
            assert_eq!(key.seal(&SeededEntropy::new(4), &ROW, b"body"), Ok(sealed));
        }
        let hash = "5275cd81a7ab85c7219cbe049231f08aab0913631cfd098890af6791862ef41e";
        assert_eq!(sha256(&[b"ab", b""])[..], hex(hash));
    }

    #[test]
    fn a_renewed_key_opens_nothing_sealed_before_but_finds_everything() {
        let (before, after) = (store_key(), store_key().renewed(&SystemEntropy).unwrap());
        let (before, after) = (Keys::derive(&before), Keys::derive(&after));
        let sealed = before.rows().seal(&SystemEntropy, &ROW, b"body").unwrap();
        assert!(after.rows().open(&ROW, &sealed).is_err());
        let data_key = DataKey::make(&SystemEntropy).unwrap();
        let wrapped = before.wrap_account(&SystemEntropy, &account(1), &data_key).unwrap();
        assert!(after.unwrap_account(&account(1), &wrapped).is_err());
        assert_ne!(before.tally().row(b"key", b"value"), after.tally().row(b"key", b"value"));
        assert_eq!(before.lookup(1, &[b"ada"]), after.lookup(1, &[b"ada"]));
        assert_eq!(before.code(&[b"123"]), after.code(&[b"123"]));
        assert_eq!(before.pepper(), after.pepper());
    }

    #[test]
    fn a_session_key_belongs_to_one_secret_and_one_session() {
        let id = |byte| SessionId::from_bytes([byte; 16]);
        let sealed = session_key(&[1; 32], &id(1)).seal(&SystemEntropy, &ROW, b"body").unwrap();
        assert!(session_key(&[1; 32], &id(1)).open(&ROW, &sealed).is_ok());
        assert!(session_key(&[2; 32], &id(1)).open(&ROW, &sealed).is_err());
        assert!(session_key(&[1; 32], &id(2)).open(&ROW, &sealed).is_err());
    }

    #[test]
    fn a_host_key_is_shown_only_by_reveal() {
        let key = HostKey::from_bytes([0xab; 32]);
        assert_eq!(format!("{key:?}"), "HostKey(…)");
        assert_eq!(key.reveal(), &[0xab; 32]);
    }
}
