//! What a rule gives back: its answer, and what is written because of it.

use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::audit::Event;
use crate::records::deletion::Due;
use crate::records::flow::Flow;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{AddressHash, CodePurpose, RateLimit};
use crate::records::message::Outgoing;
use crate::records::pending::Pending;
use crate::records::privacy::PrivacyRequest;
use crate::records::provider::GivenKeys;
use crate::records::purge::{Purging, Tombstone};
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::support::SupportRecord;
use crate::records::throttle::UnknownSlot;
use crate::records::undo::{Undo, UndoHash};

/// What a rule decided, and what must be written because of it, also when the answer is no.
pub(crate) struct Verdict<T> {
    pub(crate) answer: Result<T, Refusal>,
    pub(crate) changes: Vec<Change>,
}

impl<T> Verdict<T> {
    /// A yes that writes the account alone.
    pub(crate) fn account(answer: T, account: Account, event: Event) -> Self {
        Self::done(answer, vec![Change::account(account, event)])
    }

    /// A yes that writes.
    pub(crate) fn done(answer: T, changes: Vec<Change>) -> Self {
        Self { answer: Ok(answer), changes }
    }

    /// A no that writes nothing.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { answer: Err(refusal), changes: Vec::new() }
    }

    /// The same verdict with another word for yes.
    pub(crate) fn map<U>(self, yes: impl FnOnce(T) -> U) -> Verdict<U> {
        Verdict { answer: self.answer.map(yes), changes: self.changes }
    }

    /// A no that counts.
    pub(crate) fn counted(refusal: Refusal, changes: Vec<Change>) -> Self {
        Self { answer: Err(refusal), changes }
    }
}

/// A domain row that a rule wants written. `lower` turns it into rows; rules never write.
#[derive(Clone)]
pub(crate) enum Change {
    /// The account as it is from now on, and the one event that says why (SPEC 11.1). Its revision and
    /// its audit chain grow by one when it is lowered.
    Account { account: Box<Account>, event: Event },
    /// The identifier belongs to the account (SPEC 1.3); it must not have belonged to another.
    Claimed { identifier: Identifier, account: AccountId },
    /// A flow waits for a provider's word, or does so no longer (SPEC 2.10).
    AtProvider { waits: bool },
    /// The provider of this issuer has these keys from now on.
    Keys { issuer: String, given: Box<GivenKeys> },
    /// Nothing is left of the account but this; its row had that revision.
    Buried { tombstone: Tombstone, revision: u64 },
    /// The account is to be purged then, and its owner reminded before (SPEC 9.1).
    DeletionScheduled { account: AccountId, purge_at: Timestamp, reminders: Vec<(u8, Timestamp)> },
    /// The account is not to be purged then.
    DeletionUnscheduled { account: AccountId, purge_at: Timestamp },
    /// The host has delivered the message.
    Delivered(u64),
    /// The flow and its row are gone.
    FlowEnded(FlowId),
    /// The flow as it is from now on.
    Flow(Box<Flow>),
    /// How many messages the address was sent, for this purpose.
    RateLimited { address: AddressHash, rate_limit: RateLimit },
    /// The message as it is from now on.
    Message(Outgoing),
    /// One more session than these may be one too many: those that are over go, and the oldest where that is not
    /// enough. Comes before the account, which no longer counts them then.
    SessionsCrowded { account: AccountId, sessions: u16 },
    /// A change of the account that waits for the proof of an address, as it is from now on (SPEC 7.1).
    Pending { account: AccountId, pending: Box<Pending> },
    /// No change of the account waits any more.
    PendingVoid(AccountId),
    /// The account's verified address can be found by others who prove it (SPEC 2.4).
    Proven { email: EmailAddress, account: AccountId },
    /// The account's password can be found by this email, which is not proven, or no longer (SPEC 2.8).
    FoundUnproven { email: EmailAddress, account: AccountId, is_found: bool },
    /// The picker offers the account from now on, or no longer (SPEC 1.11).
    Remembered { account: AccountId, is_remembered: bool },
    /// The identifier belongs to the account no longer, if it did.
    Released { identifier: Identifier, account: AccountId },
    /// The address is no verified one of the account any more.
    Unproven { email: EmailAddress, account: AccountId },
    /// The host shall deliver this.
    Send(Outgoing),
    /// How far the account's purge has come.
    Purging { account: AccountId, purge_at: Timestamp, progress: Purging },
    /// The owner was reminded.
    Reminded(Due),
    /// The request as it is from now on.
    Request(PrivacyRequest),
    /// These rows are gone with their account.
    RowsPurged(Vec<Vec<u8>>),
    /// When purges were seen to be due (SPEC 9.4).
    Sightings(Vec<Timestamp>),
    /// What support has done.
    Supported(SupportRecord),
    /// The session as it is from now on, and the secret that its holder resolves it with.
    Session { session: Box<Session>, secret: [u8; 32] },
    /// The session is over.
    SessionEnded { account: AccountId, session: SessionId },
    /// All sessions of the account are over but `except`.
    SessionsEnded { account: AccountId, except: Option<SessionId> },
    /// The account's sessions wait until it is restored (SPEC 9.5).
    SessionsSuspended { account: AccountId },
    /// The account's sessions that waited go on.
    SessionsResumed { account: AccountId },
    /// An act that can be undone by the code of this hash (SPEC 7.3).
    Undoable { account: AccountId, hash: UndoHash, undo: Box<Undo> },
    /// The undo code is spent or void.
    UndoVoid { account: AccountId, hash: UndoHash },
    /// Guesses at an identifier that nobody holds (SPEC 12.2).
    Unknown(UnknownSlot),
    /// The flow waits for a code of this purpose that went to this address, or does so no longer
    /// (SPEC 2.10).
    Waiting { purpose: CodePurpose, address: AddressHash, flow: FlowId, waits: bool },
}

impl Change {
    /// The account as it is from now on, and why.
    pub(crate) fn account(account: Account, event: Event) -> Self {
        Self::Account { account: Box::new(account), event }
    }

    /// Whether it ends what somebody has, so that it cannot wait for room on the disk.
    pub(crate) fn ends(&self) -> bool {
        matches!(
            self,
            Self::Buried { .. }
                | Self::Delivered(_)
                | Self::DeletionScheduled { .. }
                | Self::Purging { .. }
                | Self::Remembered { is_remembered: false, .. }
                | Self::RowsPurged(_)
                | Self::SessionEnded { .. }
                | Self::SessionsEnded { .. }
                | Self::SessionsSuspended { .. }
                | Self::Sightings(_)
        )
    }
}
