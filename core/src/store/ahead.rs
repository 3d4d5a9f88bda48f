//! The rows that an act is about to read, so that a store on another machine fetches them together. Nothing depends
//! on this list: a row that is missing here costs one more round trip.

use super::port::{StoreError, Want};
use super::range::Range;
use super::tables::{self, NOBODY, OPEN_FLOW, RECOGNITION, SUSPENDED, WAITING};
use super::view::View;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, MessageId, SessionId};
use crate::records::caller::{Caller, Share, recognition_hash};
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::CodePurpose;
use crate::records::message::Body;
use crate::records::session::Client;
use crate::records::throttle::UnknownSlot;
use crate::records::verdict::Change;

/// Collects the rows.
pub(crate) struct Ahead<'a> {
    view: &'a View<'a>,
    wants: Vec<Want>,
}

impl View<'_> {
    /// Names the rows that this act reads next. `name` is called only if the store makes use of it.
    pub(crate) fn ahead(&self, name: impl Fn(&mut Ahead<'_>)) -> Result<(), StoreError> {
        self.prefetch(&|| {
            let mut ahead = Ahead { view: self, wants: Vec::new() };
            name(&mut ahead);
            ahead.wants
        })
    }
}

impl Ahead<'_> {
    fn row(&mut self, key: Vec<u8>) {
        self.wants.push(Want::Row(key));
    }

    fn rows(&mut self, range: Range) {
        self.wants.push(Want::Rows { from: range.from, to: range.to, most: usize::MAX });
    }

    pub(crate) fn account(&mut self, id: AccountId) {
        self.row(tables::account(&id));
    }

    pub(crate) fn session(&mut self, account: AccountId, id: SessionId) {
        self.row(tables::session(&account, &id));
    }

    pub(crate) fn pending(&mut self, account: AccountId) {
        self.row(tables::pending(&account));
    }

    pub(crate) fn flow(&mut self, id: FlowId) {
        self.row(tables::FLOW.key(&NOBODY, &[id.as_bytes()]));
    }

    pub(crate) fn message(&mut self, id: MessageId) {
        self.row(tables::message(&id));
    }

    pub(crate) fn undos(&mut self, account: AccountId) {
        self.rows(tables::undos(&account));
    }

    /// The recognitions that a client presents.
    pub(crate) fn client(&mut self, client: &Client) {
        for token in client.recognitions() {
            self.row(tables::recognition(&token.account(), &recognition_hash(token, self.view.keys())));
        }
    }

    pub(crate) fn caller(&mut self, caller: &Caller) {
        for presented in &caller.recognitions {
            self.row(tables::recognition(&presented.account, &presented.hash));
        }
    }

    pub(crate) fn claim(&mut self, identifier: &Identifier) {
        self.row(tables::claim(&self.view.claim_hash(identifier)));
    }

    /// The account that is known to hold an identifier.
    pub(crate) fn holder(&mut self, identifier: &Identifier) {
        // A failure comes up again where the row is read.
        if let Ok(Some(account)) = self.view.claimed_by(&self.view.claim_hash(identifier)) {
            self.account(account);
        }
    }

    /// Who has verified this email.
    pub(crate) fn proven(&mut self, email: &EmailAddress) {
        self.row(tables::email(&self.view.email_hash(email)));
    }

    /// The accounts that are known to have verified this email.
    pub(crate) fn sharing(&mut self, email: &EmailAddress) {
        self.view.proven(email).into_iter().flatten().for_each(|account| self.account(account));
    }

    pub(crate) fn unproven(&mut self, email: &EmailAddress) {
        self.rows(tables::all_unproven(&self.view.email_hash(email)));
    }

    /// The failures that count against an identifier that nobody holds.
    pub(crate) fn unknown(&mut self, identifier: [u8; 32]) {
        self.row(tables::unknown(UnknownSlot::new(identifier).slot));
    }

    pub(crate) fn pace(&mut self, purpose: CodePurpose, to: &EmailAddress, share: Share) {
        self.row(tables::pace(&purpose.pace_hash(to, share, self.view.keys())));
    }

    /// What a mailed code depends on.
    pub(crate) fn mail(&mut self, purpose: CodePurpose, to: &EmailAddress, caller: &Caller) {
        self.proven(to);
        self.claim(&Identifier::PasswordEmail(to.clone()));
        let address = purpose.address_hash(to, self.view.keys());
        let accounts = caller.recognitions.iter().map(|presented| presented.account);
        let known = accounts.chain(caller.session.map(|(account, _)| account));
        for share in known.map(|account| caller.share_of(Some(account))).chain([Share::Strangers]) {
            self.pace(purpose, to, share);
            self.rows(tables::within(&WAITING, &NOBODY, &[address.as_slice(), &share.key()].concat()));
        }
    }

    /// What writing these changes reads.
    pub(crate) fn changes(&mut self, changes: &[Change], ctx: &Context<'_>) {
        let mut sent = 0;
        for change in changes {
            match change {
                Change::Send(message) if !matches!(message.body, Body::Code { .. }) => {
                    sent += 1;
                    self.message(message.clone().numbered(sent, ctx).id);
                }
                change => self.change(change),
            }
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Account { account, .. } => self.account(account.id),
            Change::Claimed { identifier, .. } | Change::Released { identifier, .. } => {
                self.claim(identifier);
            }
            Change::Dropped(id) | Change::Postponed(id, _) => self.message(*id),
            Change::GivenUp(id) => {
                self.message(*id);
                self.row(tables::meta());
            }
            Change::Message(message) | Change::Send(message) => self.message(message.id),
            Change::Buried { tombstone, .. } => {
                self.account(tombstone.account);
                self.row(tables::meta());
            }
            Change::Flow(flow) => {
                let whose = flow.caller.whose();
                if let Some(kind) = flow.state.kind().filter(|_| whose.is_known) {
                    let prefix = [&[kind as u8, u8::from(whose.is_known)], whose.id.as_slice()].concat();
                    self.rows(tables::within(&OPEN_FLOW, &NOBODY, &prefix));
                }
            }
            Change::FlowEnded(id) | Change::FlowOver(id) => self.flow(*id),
            Change::Proven { email, .. } | Change::Unproven { email, .. } => self.proven(email),
            Change::PendingVoid(account) => self.pending(*account),
            Change::Undoable { account, .. } => self.undos(*account),
            Change::Supported(record) => self.rows(tables::support_records(&record.account)),
            Change::RecognitionsCrowded { account } => self.recognitions(*account),
            Change::SessionsCrowded { account, .. } | Change::SessionsSuspended { account } => {
                self.pending(*account);
                self.rows(tables::sessions(account));
            }
            Change::SessionsResumed { account } => self.rows(tables::all_of(&SUSPENDED, account)),
            Change::SessionEnded { account, session, .. } => {
                self.pending(*account);
                self.recognitions(*account);
                self.row(tables::suspended(account, session));
            }
            Change::SessionsEnded { account, .. } => {
                self.pending(*account);
                self.recognitions(*account);
                self.rows(tables::sessions(account));
                self.rows(tables::all_of(&SUSPENDED, account));
            }
            Change::Keys { .. }
            | Change::DeletionScheduled { .. }
            | Change::DeletionUnscheduled { .. }
            | Change::PaceOver(_)
            | Change::Paced { .. }
            | Change::Pending { .. }
            | Change::FoundUnproven { .. }
            | Change::Remembered { .. }
            | Change::Purging { .. }
            | Change::Reminded(_)
            | Change::Request(_)
            | Change::RowsPurged(_)
            | Change::Recognized { .. }
            | Change::Unrecognized { .. }
            | Change::Session { .. }
            | Change::UndoVoid { .. }
            | Change::Unknown(_) => {}
        }
    }

    fn recognitions(&mut self, account: AccountId) {
        self.rows(tables::all_of(&RECOGNITION, &account));
    }
}
