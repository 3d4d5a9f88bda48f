//! What opens a store.

use selfsame::{HostKey, Secret, Unlock};

/// What opens a store: it never is in the file.
#[uniffi::remote(Enum)]
pub enum Unlock {
    /// A key that the host keeps, in the platform's keystore for instance.
    HostKey(HostKey),
    /// A passphrase that a person types.
    Passphrase(Secret),
}
