//! The candidate accounts of the link prompt (SPEC 2.4).

use crate::ground::named::coded;
use crate::ground::short_name::ProviderId;
use crate::ground::time::YearMonth;
use crate::records::method::MethodKind;

/// A candidate account in the link prompt. It shows nothing that the caller has not proven (SPEC 2.4).
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Candidate {
    /// The account's place in the prompt, counted from 1. An answer names the account by this place. The
    /// account's id would reveal when the account was created, and the caller has proven no right to know that.
    pub place: u8,
    /// The kinds of the account's sign-in methods, each once.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, each once.
    pub providers: Vec<ProviderId>,
    /// The month in which the account was created.
    pub created: YearMonth,
    /// Whether choosing the account drops the new password, because the account already has one (SPEC 2.5).
    pub drops_new_password: bool,
}

coded! {
    /// Why the person may not create a new account.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum CreateBlocked {
        /// Another account has a password with this email (SPEC 1.3).
        PasswordTaken,
        /// The policy's limit of accounts with this verified email is reached (SPEC 1.6).
        TooManyAccounts,
    }
}
