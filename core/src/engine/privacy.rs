//! Requests of owners about their data (SPEC 10).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::{AccountId, RequestId};
use crate::records::deletion::Deletion;
use crate::records::privacy::{PrivacyRequest, RequestKind};
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::privacy;

/// How many open requests one call lists.
const LISTED_AT_ONCE: usize = 1_000;

impl AccountHandle {
    /// Files a request for access to the data, for its erasure, or for a portable copy. The request is due
    /// within a calendar month. If a request of this kind is open, returns that one (SPEC 10.2).
    ///
    /// A request for erasure starts the deletion of the account, as [`Self::request_deletion`] does: all its sessions
    /// end, and every verified address is notified. The answer contains the [`Deletion`]. If the owner restores the
    /// account, the request is withdrawn.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::RequestKind;
    ///
    /// let request = account.request_privacy(RequestKind::Access)?;
    /// assert_eq!(account.request_privacy(RequestKind::Access)?, request, "it is still open");
    /// assert!(request.due_at > request.made_at);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`] or
    /// [`Refusal::OnHold`]. For an erasure, fresh proof of the first factor is enough, so an owner who has lost the
    /// second factor can ask for it. The host cannot erase that account before the restore window ends.
    pub fn request_privacy(&self, kind: RequestKind) -> Result<PrivacyRequest, Error> {
        match kind {
            RequestKind::Erasure => self.act_fresh(|view, ctx, fresh| {
                Ok(privacy::request_erasure(fresh, view.requests(fresh.account().id)?, ctx))
            }),
            RequestKind::Access | RequestKind::Portability => self.act_fresh(|view, ctx, fresh| {
                Ok(privacy::request(fresh, kind, view.requests(fresh.account().id)?, ctx))
            }),
        }
    }

    /// Returns the account's requests, earliest first, each with its due date and its outcome.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{RequestKind, RequestStatus};
    ///
    /// account.request_privacy(RequestKind::Portability)?;
    /// for request in account.privacy_requests()? {
    ///     assert_eq!(request.status, RequestStatus::Open);
    /// }
    /// # assert_eq!(account.privacy_requests()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn privacy_requests(&self) -> Result<Vec<PrivacyRequest>, Error> {
        self.look(|view, _, account| view.requests(account.id))
    }
}

impl Engine {
    /// Returns up to `most` open requests (at most 1,000 in one call), ordered by due time. The requests of
    /// deleted accounts stay until you close them.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # account.request_privacy(selfsame::RequestKind::Access)?;
    /// for request in engine.open_requests(100)? {
    ///     println!("{} of {}, due {:?}", request.kind.code(), request.account, request.due_at);
    /// }
    /// assert_eq!(engine.open_requests(100)?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn open_requests(&self, most: usize) -> Result<Vec<PrivacyRequest>, Error> {
        self.look(|view, _| Ok(Ok(view.open_requests(most.min(LISTED_AT_ONCE))?)))
    }

    /// Closes a request that was answered. The receipt says how, in at most 255 characters. It must contain
    /// nothing personal because it outlives the account.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # account.request_privacy(selfsame::RequestKind::Access)?;
    /// for request in engine.open_requests(100)? {
    ///     // You have answered it.
    ///     engine.close_request(request.account, request.id, "sent the export by post")?;
    /// }
    /// assert!(engine.open_requests(100)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownRequest`] if the account has no such open request.
    pub fn close_request(
        &self,
        account: AccountId,
        request: RequestId,
        receipt: &str,
    ) -> Result<PrivacyRequest, Error> {
        self.act(|view, ctx| match view.request(account, request)? {
            Some(request) => Ok(privacy::close(request, view.account(account)?, receipt, ctx)),
            None => Ok(Verdict::refused(Refusal::UnknownRequest)),
        })
    }

    /// Announces that the account will be erased at the owner's request. Notifies every verified address. The owner
    /// can still restore the account, which withdraws the request (SPEC 10.3).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::RequestKind;
    ///
    /// let request = account.request_privacy(RequestKind::Erasure)?;
    /// engine.announce_erasure(request.account, request.id)?;
    ///
    /// let flow = engine.sign_in("ada@example.org", &password, &client)?;
    /// assert_eq!(flow.step.code(), "ConfirmRestore");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownRequest`] if the account has no such open erasure request; [`Refusal::TooEarly`] if
    /// the request was made with the first factor alone.
    pub fn announce_erasure(&self, account: AccountId, request: RequestId) -> Result<Deletion, Error> {
        self.act(|view, ctx| match (view.request(account, request)?, view.account(account)?) {
            (Some(request), Some(account)) => Ok(privacy::announce_erasure(request, account, ctx)),
            _ => Ok(Verdict::refused(Refusal::UnknownRequest)),
        })
    }

    /// Erases the account at the owner's request, at least 72 hours after the announcement. The account is
    /// absent at once. Later purges remove its rows (SPEC 10.3).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Error, Refusal};
    ///
    /// # let request = account.request_privacy(selfsame::RequestKind::Erasure)?;
    /// # engine.announce_erasure(request.account, request.id)?;
    /// match engine.erase(request.account, request.id) {
    ///     Ok(()) => println!("The account is gone."),
    ///     Err(Error::Refused(Refusal::TooEarly { at })) => println!("Call again at {at:?}."),
    ///     Err(other) => println!("{other}"),
    /// }
    /// # assert!(matches!(engine.erase(request.account, request.id), Err(Error::Refused(Refusal::TooEarly { .. }))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownRequest`] also if the owner has restored the account; [`Refusal::NotOffered`] if the
    /// erasure was not announced; [`Refusal::TooEarly`] or [`Refusal::OnHold`].
    pub fn erase(&self, account: AccountId, request: RequestId) -> Result<(), Error> {
        self.act(|view, ctx| match (view.request(account, request)?, view.account(account)?) {
            (Some(request), Some(account)) => Ok(privacy::erase(&request, account, ctx)),
            _ => Ok(Verdict::refused(Refusal::UnknownRequest)),
        })
    }
}
