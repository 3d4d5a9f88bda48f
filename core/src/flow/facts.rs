//! The facts for one step: the answer, and what the store knows.

use crate::crypto::cose::PublicKey;
use crate::crypto::mail_code::MailCode;
use crate::crypto::password::StoredPassword;
use crate::crypto::webauthn::{Assertion, Registration};
use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::assertion::Asserted;
use crate::records::caller::ShareKey;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::Pacing;
use crate::records::mfa::TypedFactor;
use crate::records::privacy::PrivacyRequest;
use crate::records::proof::PasswordProof;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::step::{Answer, Intent};
use crate::records::undo::{Undo, UndoHash};
use crate::rules::undo::Restored;

/// An answer in the form that a rule can judge: everything that needs hashing or checking is done.
#[derive(Clone)]
pub(crate) enum Input {
    Present {
        asserted: Box<Asserted>,
        intent: Intent,
    },
    /// `None` if no hash was needed: the account is throttled, has no password or is gone.
    Password(Option<PasswordProof>),
    Identity(Box<Asserted>),
    /// The answer of a passkey, and the key that signed it, if an account's passkey did.
    Passkey(Box<Assertion>, Option<PublicKey>),
    NewPasskey(Box<Registration>),
    /// A token of this issuer. It is signed by a key that the key set does not have.
    UnknownKey(String),
    SecondFactor(TypedFactor),
    /// A mailed code.
    Code(MailCode),
    NewPassword(StoredPassword),
    CorrectAddress(EmailAddress),
    /// An answer that needs no work outside the act, as it was given.
    Plain(Answer),
    /// An answer that no step takes, found before the act.
    NotOffered,
}

/// What the store knows that the step may need. Accounts that are absent (SPEC 9.3) are not in it.
#[derive(Default)]
pub(crate) struct Facts {
    /// The account that has the registration's identifier.
    pub(crate) holder: Option<Account>,
    /// The account that had the identifier and may take it back with an undo code (SPEC 7.6).
    pub(crate) reserver: Option<Account>,
    /// The accounts that have the registration's address verified, earliest first.
    pub(crate) sharing: Vec<Account>,
    /// The account that the state names.
    pub(crate) account: Option<Account>,
    /// The session that the state names, if it is valid.
    pub(crate) session: Option<Session>,
    /// Which protected acts the recognition that opened this session knows (SPEC 1.12).
    pub(crate) acts_known: Option<u64>,
    /// The address that a message would go to, and its pace.
    pub(crate) mail: MailFacts,
    /// The address that gets a code before a session opens on the account: the contact, if the person must enrol a
    /// second factor, or the unproven address of a new account.
    pub(crate) entrance: MailFacts,
    pub(crate) undo: UndoFacts,
    /// The account's privacy requests, if it can be restored.
    pub(crate) requests: Vec<PrivacyRequest>,
}

/// What the store knows of an address that a code would go to.
#[derive(Default)]
pub(crate) struct MailFacts {
    pub(crate) pacing: Pacing,
    /// When the message that the flow waits for goes, if it waits for its time.
    pub(crate) send_at: Option<Timestamp>,
    /// With whose flows the caller's are counted at this address.
    pub(crate) share: ShareKey,
    /// The flows of this share that wait for proof of this address, oldest first.
    pub(crate) waiting: Vec<FlowId>,
}

/// What the store knows of an account's undo codes.
#[derive(Default)]
pub(crate) struct UndoFacts {
    /// All stored undos, valid or not.
    pub(crate) records: Vec<(UndoHash, Undo)>,
    /// The identifiers that the undo could restore but that other accounts have now.
    pub(crate) held_by_others: Vec<Identifier>,
}

impl UndoFacts {
    /// Returns the undo of this code, if it is still valid.
    pub(crate) fn living(&self, code: &UndoHash, ctx: &Context<'_>) -> Option<&Undo> {
        let found = self.records.iter().find(|(hash, _)| hash == code);
        found.map(|(_, undo)| undo).filter(|undo| ctx.throttle_clock < undo.expires_at)
    }

    /// Works out what an undo restores.
    ///
    /// # Errors
    /// Refuses the undo if nobody could sign in after it.
    pub(crate) fn restored(
        &self,
        undo: &Undo,
        account: &Account,
        ctx: &Context<'_>,
    ) -> Result<Restored, Refusal> {
        let void = self.records.iter().filter(|(_, other)| other.revision >= undo.revision);
        let since = void.map(|(_, other)| &other.before).chain([&account.credentials]);
        undo.restored(account, &since.collect::<Vec<_>>(), &self.held_by_others, ctx)
    }
}
