//! The result of a rule: its answer, and what to write because of it.

use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, MessageId, SessionId};
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::audit::Event;
use crate::records::caller::{Recognition, RecognitionHash};
use crate::records::deletion::Due;
use crate::records::flow::FlowRecord;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{Pace, PaceHash};
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

/// A rule's decision, and what to write because of it, even if the rule refuses the act.
pub(crate) struct Verdict<T> {
    pub(crate) answer: Result<T, Refusal>,
    pub(crate) changes: Vec<Change>,
}

impl<T> Verdict<T> {
    /// Accepts the act and writes only the account.
    pub(crate) fn account(answer: T, account: Account, event: Event) -> Self {
        Self::done(answer, vec![Change::account(account, event)])
    }

    /// Accepts the act and writes changes.
    pub(crate) fn done(answer: T, changes: Vec<Change>) -> Self {
        Self { answer: Ok(answer), changes }
    }

    /// Refuses the act and writes nothing.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self { answer: Err(refusal), changes: Vec::new() }
    }

    /// Returns the same verdict with another answer if it accepts the act.
    pub(crate) fn map<U>(self, yes: impl FnOnce(T) -> U) -> Verdict<U> {
        Verdict { answer: self.answer.map(yes), changes: self.changes }
    }

    /// Refuses the act and writes changes, for example a counted failure.
    pub(crate) fn counted(refusal: Refusal, changes: Vec<Change>) -> Self {
        Self { answer: Err(refusal), changes }
    }
}

/// A row of the domain that a rule wants to write. `lower` turns it into rows of the store. Rules never
/// write.
#[derive(Clone)]
pub(crate) enum Change {
    /// The account from now on, and the event that explains the change (SPEC 11.1). Lowering adds one to its
    /// revision and one event to its audit chain.
    Account { account: Box<Account>, event: Event },
    /// The identifier belongs to the account (SPEC 1.3). It must not belong to another.
    Claimed { identifier: Identifier, account: AccountId },
    /// The provider with this issuer has these keys from now on.
    Keys { issuer: String, given: Box<GivenKeys> },
    /// The account is gone, and only the tombstone stays. Its row had this revision.
    Buried { tombstone: Tombstone, revision: u64 },
    /// The engine will purge the account at this time, and remind its owner before (SPEC 9.1).
    DeletionScheduled { account: AccountId, purge_at: Timestamp, reminders: Vec<(u8, Timestamp)> },
    /// The engine will no longer purge the account at this time.
    DeletionUnscheduled { account: AccountId, purge_at: Timestamp },
    /// The message is gone: delivered, or no longer useful.
    Dropped(MessageId),
    /// The message is gone because its delivery failed for days.
    GivenUp(MessageId),
    /// The flow and its row are gone, because another flow needs its place.
    FlowEnded(FlowId),
    /// The flow and its row are gone, because it had ended.
    FlowOver(FlowId),
    /// The flow from now on.
    Flow(Box<FlowRecord>),
    /// The rate limit at this key has ended.
    PaceOver(Vec<u8>),
    /// The pace of a share of the messages to a mailbox from now on.
    Paced { hash: PaceHash, pace: Pace },
    /// The message from now on.
    Message(Outgoing),
    /// The turn of the message, which nobody has fetched, comes at this time on the slow clock.
    Postponed(MessageId, Timestamp),
    /// The account has this many sessions, and one more may be too many. Ended sessions are removed, and the
    /// oldest too if that is not enough. This change comes before the account, which then no longer counts
    /// them.
    SessionsCrowded { account: AccountId, sessions: u16 },
    /// A change of the account that waits for the proof of an address, from now on (SPEC 7.1).
    Pending { account: AccountId, pending: Box<Pending> },
    /// No change of the account waits any more.
    PendingVoid(AccountId),
    /// Others who prove the account's verified address can find the account by it (SPEC 2.4).
    Proven { email: EmailAddress, account: AccountId },
    /// The account's password can be found by this unproven email, or can no longer be found by it
    /// (SPEC 2.8).
    FoundUnproven { email: EmailAddress, account: AccountId, is_found: bool },
    /// The picker starts or stops offering the account (SPEC 1.11).
    Remembered { account: AccountId, is_remembered: bool },
    /// The identifier no longer belongs to the account, if it did.
    Released { identifier: Identifier, account: AccountId },
    /// The address is no longer a verified address of the account.
    Unproven { email: EmailAddress, account: AccountId },
    /// A message for the host to deliver.
    Send(Outgoing),
    /// The progress of the account's purge.
    Purging { account: AccountId, purge_at: Timestamp, progress: Purging },
    /// The owner was reminded.
    Reminded(Due),
    /// The request from now on.
    Request(PrivacyRequest),
    /// These rows were removed with their account.
    RowsPurged(Vec<Vec<u8>>),
    /// An act of support.
    Supported(SupportRecord),
    /// The recognition of the account from now on (SPEC 12.7).
    Recognized { account: AccountId, hash: RecognitionHash, recognition: Recognition },
    /// The account gets one more recognition. Those that have ended are removed, and the one unused longest too
    /// if that is not enough.
    RecognitionsCrowded { account: AccountId },
    /// The recognition has ended.
    Unrecognized { account: AccountId, hash: RecognitionHash },
    /// The session from now on, and the secret that its holder resolves it with.
    Session { session: Box<Session>, secret: [u8; 32] },
    /// The session has ended. If it `forgets`, its recognition ends too (SPEC 12.7).
    SessionEnded { account: AccountId, session: SessionId, forgets: bool },
    /// All sessions of the account but `except` have ended, and all recognitions but that of `except`.
    SessionsEnded { account: AccountId, except: Option<SessionId> },
    /// The account's sessions wait until it is restored (SPEC 9.5).
    SessionsSuspended { account: AccountId },
    /// The account's waiting sessions go on.
    SessionsResumed { account: AccountId },
    /// An act that the code with this hash can undo (SPEC 7.3).
    Undoable { account: AccountId, hash: UndoHash, undo: Box<Undo> },
    /// The undo code is used or void.
    UndoVoid { account: AccountId, hash: UndoHash },
    /// Guesses at an identifier that nobody has (SPEC 12.2).
    Unknown(UnknownSlot),
}

impl Change {
    /// Returns the change for an account and the event that explains it.
    pub(crate) fn account(account: Account, event: Event) -> Self {
        Self::Account { account: Box::new(account), event }
    }

    /// Returns whether the change ends or removes something, so that it must not wait for room on the disk.
    pub(crate) fn ends(&self) -> bool {
        matches!(
            self,
            Self::Buried { .. }
                | Self::Dropped(_)
                | Self::DeletionScheduled { .. }
                | Self::FlowOver(_)
                | Self::Purging { .. }
                | Self::PaceOver(_)
                | Self::Remembered { is_remembered: false, .. }
                | Self::RowsPurged(_)
                | Self::SessionEnded { .. }
                | Self::SessionsEnded { .. }
                | Self::SessionsSuspended { .. }
        )
    }
}
