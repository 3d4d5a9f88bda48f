//! The addresses of an account (SPEC 1.4).

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::ground::named::two_forms;
use crate::ground::time::Timestamp;
use crate::records::method::MethodView;

/// An email address of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) email: EmailAddress,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) source: AddressSource,
}

two_forms! {
    json(tag = "source")
    /// Where an address came from (SPEC 1.4).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum AddressSource {
        /// A sign-in method carries the address.
        Method {
            /// The method.
            method: MethodId,
        },
        /// The owner gave the address.
        Contact,
        /// The address came with the account from another service.
        Import,
    }
}

/// An address as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct AddressView {
    /// The address as it was typed.
    pub email: String,
    /// When the address was proven, if it was.
    pub verified_at: Option<Timestamp>,
    /// Where the address came from.
    #[cfg_attr(feature = "json", serde(flatten))]
    pub source: AddressSource,
    /// The number of other accounts that have proven the address too. Zero until this account has proven it
    /// (SPEC 2.8).
    pub others: usize,
}

/// The result of an act on an account's addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "address_step")
)]
pub enum AddressStep {
    /// The act is done.
    Done {
        /// Whether another account had this email or identity and could take it back with an undo code. This account
        /// has it now, and an undo of the other account leaves it out (SPEC 7.6).
        was_reserved: bool,
    },
    /// A code goes to the address. Prove the address in this session to complete the act.
    ProveAddress {
        /// The address, masked.
        to: String,
        /// When the message with the code goes, if too many went to the address before. `None` if it is on its
        /// way (SPEC 12.5).
        send_at: Option<Timestamp>,
    },
    /// The act is done and was the account's first proof of an address. Say which of the earlier sign-in
    /// methods are yours. They are disabled until then (SPEC 3.7).
    ReviewMethods {
        /// The sign-in methods to review.
        methods: Vec<MethodView>,
        /// Whether there is a second factor to review too.
        second_factor: bool,
        /// As in [`Done`](Self::Done).
        was_reserved: bool,
    },
}
