//! The keys, from the host's to one account's: host key, store key, derived keys, data keys.

use std::fmt;

use ctutils::CtEq;
use ring::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::kdf::Mac;
use super::seal::{OVERHEAD, OpenFailed, Place, SealKey};
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::ground::id::{AccountId, SessionId};

/// The length of a wrapped key: nonce, 32 bytes of key, tag.
pub(crate) const WRAPPED_LEN: usize = 32 + OVERHEAD;

/// 32 bytes in a box: moving the owner leaves no copy behind.
type Raw = Box<Zeroizing<[u8; 32]>>;

/// The key that the host keeps outside the file, in a keystore or with the operator.
///
/// Whoever has the file and this key reads everything. Overwritten when dropped.
#[derive(Clone)]
pub struct HostKey(Raw);

impl HostKey {
    /// The key with these bytes; all 32 must come from a good source of randomness.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// A new key.
    ///
    /// # Errors
    /// [`EntropyFailed`] when `entropy` has nothing to give.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        random(entropy).map(Self)
    }

    /// The key's bytes, for the host to keep.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKey(…)")
    }
}

/// The key from which all keys of one file come. It stands in the file's header, wrapped.
pub(crate) struct StoreKey(Raw);

impl StoreKey {
    pub(crate) fn make(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        random(entropy).map(Self)
    }

    /// Sealed under `kek`; `clear` are the header's readable bytes, which are authenticated with it.
    pub(crate) fn wrap(
        &self,
        kek: &[u8; 32],
        entropy: &dyn Entropy,
        clear: &[u8],
    ) -> Result<Vec<u8>, EntropyFailed> {
        SealKey::new(kek).seal(entropy, &header(clear), &self.0[..])
    }

    pub(crate) fn unwrap(kek: &[u8; 32], wrapped: &[u8], clear: &[u8]) -> Result<Self, OpenFailed> {
        unwrapped(&SealKey::new(kek), &header(clear), wrapped).map(Self)
    }
}

fn header(clear: &[u8]) -> Place<'_> {
    Place { key: b"selfsame/store key", part: 0, clear }
}

/// The keys derived from the store key: HKDF-SHA256, one label each, so that none says anything
/// about another.
pub(crate) struct Keys {
    rows: SealKey,
    accounts: SealKey,
    lookup: Mac,
    code: Mac,
    pepper: Raw,
}

impl Keys {
    pub(crate) fn derive(store_key: &StoreKey) -> Self {
        let root = Mac::new(&store_key.0);
        let raw = |label| root.expand::<32>(label);
        Self {
            rows: SealKey::new(&raw("selfsame/rows")),
            accounts: SealKey::new(&raw("selfsame/accounts")),
            lookup: Mac::new(&raw("selfsame/lookup")),
            code: Mac::new(&raw("selfsame/code")),
            pepper: Box::new(raw("selfsame/pepper")),
        }
    }

    /// Seals rows that belong to no account.
    pub(crate) fn rows(&self) -> &SealKey {
        &self.rows
    }

    /// The keyed hash under which something is found that must not be readable: HMAC-SHA256 of the
    /// kind and the parts. Equal only for equal kinds and equal parts with equal boundaries.
    pub(crate) fn lookup(&self, kind: u8, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.lookup, &[kind], parts)
    }

    /// The keyed hash of a mailed code or a flow token: eight digits would be found by trying all
    /// of them, if the hash had no key.
    pub(crate) fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed(&self.code, &[], parts)
    }

    /// Goes into every password hash, so that a hash without the host key cannot be guessed at.
    pub(crate) fn pepper(&self) -> &[u8; 32] {
        &self.pepper
    }

    /// An account's data key as it stands in its row: [`WRAPPED_LEN`] bytes.
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

/// One account's data key. Whoever destroys it destroys what the account was.
pub(crate) struct DataKey {
    raw: Raw,
    seal: SealKey,
}

impl DataKey {
    pub(crate) fn make(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        random(entropy).map(Self::from_raw)
    }

    fn from_raw(raw: Raw) -> Self {
        let seal = SealKey::new(&raw);
        Self { raw, seal }
    }

    pub(crate) fn seal_key(&self) -> &SealKey {
        &self.seal
    }
}

/// The key of the part of a session's row that only the bearer of its secret opens.
pub(crate) fn session_key(secret: &[u8; 32], session: &SessionId) -> SealKey {
    SealKey::new(&Mac::new(secret).expand::<32>(&format!("selfsame/session/{session}")))
}

/// Whether the two are equal, in a time that says nothing about where they differ. Their lengths
/// are no secret.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).to_bool()
}

/// SHA-256 of the parts with their boundaries: each behind its length (8 bytes, big-endian).
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&length(part));
        context.update(part);
    }
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

fn random(entropy: &dyn Entropy) -> Result<Raw, EntropyFailed> {
    let mut raw = Box::new(Zeroizing::new([0; 32]));
    entropy.fill(&mut raw[..])?;
    Ok(raw)
}

fn unwrapped(key: &SealKey, place: &Place<'_>, wrapped: &[u8]) -> Result<Raw, OpenFailed> {
    let plain = key.open(place, wrapped)?;
    let mut raw = Box::new(Zeroizing::new([0; 32]));
    if plain.len() != raw.len() {
        return Err(OpenFailed);
    }
    raw.copy_from_slice(&plain);
    Ok(raw)
}
