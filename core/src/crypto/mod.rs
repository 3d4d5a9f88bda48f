//! Floor 1: cryptography on bytes. Apart from the entropy that it is given, it is pure.

pub(crate) mod algorithm;
pub(crate) mod argon;
pub(crate) mod authenticator_data;
pub(crate) mod cbor;
pub(crate) mod cose;
pub(crate) mod cost;
pub(crate) mod data_key;
pub(crate) mod digest;
pub(crate) mod draw;
pub(crate) mod entropy;
pub(crate) mod foreign;
mod foreign_cost;
#[cfg(test)]
mod foreign_tests;
pub(crate) mod hasher;
pub(crate) mod host_key;
pub(crate) mod jose;
pub(crate) mod json;
pub(crate) mod jwk;
mod kdf;
pub(crate) mod keys;
pub(crate) mod long_code;
pub(crate) mod mail_code;
pub(crate) mod password;
pub(crate) mod qr;
mod raw_key;
pub(crate) mod seal;
pub(crate) mod spelling;
pub(crate) mod tally;
pub(crate) mod token;
pub(crate) mod totp;
pub(crate) mod webauthn;
mod xaes;

/// Decodes the hexadecimal text of a test vector.
#[cfg(test)]
pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap(), 16).unwrap())
        .collect()
}
