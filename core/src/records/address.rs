//! The addresses of an account (SPEC 1.4).

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::ground::time::Timestamp;
use crate::records::method::MethodView;

/// An email of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) email: EmailAddress,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) source: AddressSource,
}

/// Where an address came from (SPEC 1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AddressSource {
    /// A sign-in method carries it.
    Method(MethodId),
    /// The owner gave it.
    Contact,
    /// It came with the account from another service.
    Import,
}

/// An address as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressView {
    /// As it was typed.
    pub email: String,
    /// When it was proven, if it was.
    pub verified_at: Option<Timestamp>,
    /// Where it came from.
    pub source: AddressSource,
    /// How many other accounts have proven it too; nought while this one has not (SPEC 2.8).
    pub others: usize,
}

/// What an act on an account's addresses has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AddressStep {
    /// It is done.
    Done,
    /// A code went to the address: prove it in this session, and it will be done.
    ProveAddress {
        /// The address, masked.
        to: String,
    },
    /// It is done, and was the account's first proof of an address: say which of the ways in that were
    /// there before are yours. They lead in no more until then (SPEC 3.7).
    ReviewMethods {
        /// The ways in that wait for it.
        methods: Vec<MethodView>,
        /// Whether a second factor waits for it too.
        second_factor: bool,
    },
}
