//! Sessions: resolved, used, listed and ended (SPEC 6.1 to 6.3), and their proof renewed (SPEC 6.4).

use super::account::{AccountHandle, live, not_open, owned, waiting};
use super::{Engine, room};
use crate::crypto::token::SessionToken;
use crate::error::Error;
use crate::flow::reauthenticate;
use crate::ground::id::SessionId;
use crate::records::account::Owner;
use crate::records::flow::FlowKind;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::step::Flow;
use crate::records::verdict::{Change, Verdict};
use crate::rules::session;

impl Engine {
    /// Returns the session of a token. Reads one row and writes nothing.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::{Error, Refusal};
    ///
    /// assert_eq!(engine.resolve(&session.token)?.account, session.account);
    ///
    /// engine.account(&session.token)?.sign_out()?;
    /// assert_eq!(engine.resolve(&session.token), Err(Error::Refused(Refusal::SessionEnded)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::SessionEnded`] if the token opens no session; [`Refusal::ReauthenticationRequired`]
    /// if the session waits until its account is restored ([`Self::reauthenticate`]).
    pub fn resolve(&self, token: &SessionToken) -> Result<Session, Error> {
        self.look(|view, ctx| match live(view, token, ctx)? {
            Some(session) => Ok(Ok(session)),
            None => Ok(Err(not_open(view, token, ctx)?)),
        })
    }

    /// Starts to renew the proof of a session, as [`AccountHandle::reauthenticate`] does. This works also for
    /// a session that waits because support started a deletion: it continues once its account is restored
    /// (SPEC 9.5).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::{Answer, Error, Refusal};
    ///
    /// engine.support("Grace")?.start_deletion(session.account, "ticket 1042")?;
    /// let waits = engine.resolve(&session.token);
    /// assert!(matches!(waits, Err(Error::Refused(Refusal::ReauthenticationRequired { .. }))));
    ///
    /// let flow = engine.reauthenticate(&session.token)?;
    /// let flow = engine.answer(&flow, Answer::Password(password))?;
    /// assert_eq!(flow.step.code(), "ConfirmRestore");
    /// let session = engine.answer(&flow, Answer::Restore)?.signed_in()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::SessionEnded`] if the session has ended.
    pub fn reauthenticate(&self, token: &SessionToken) -> Result<Flow, Error> {
        self.begin(FlowKind::SignIn, |view, ctx| {
            let session = match live(view, token, ctx)? {
                Some(session) => Some(session),
                None => waiting(view, token, ctx)?,
            };
            let owner = match session {
                Some(session) => view.account(session.account)?.map(|account| Owner { session, account }),
                None => None,
            };
            Ok(match owner {
                Some(owner) => reauthenticate::begin(&owner, ctx),
                None => Verdict::refused(Refusal::SessionEnded),
            })
        })
    }

    /// Returns the session of a token and records its use: at most once an hour, and at least 12 times in the
    /// span after which an unused session ends (SPEC 6.2).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// // Call it for each request of the signed-in person.
    /// let used = engine.touch(&session.token)?;
    /// assert_eq!(used.id, session.session);
    /// assert_eq!(used.client.device(), "laptop");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`Self::resolve`].
    pub fn touch(&self, token: &SessionToken) -> Result<Session, Error> {
        let session = self.resolve(token)?;
        if !session.is_touch_due(self.inner()?.moment()?.now(), &self.inner()?.policy) {
            return Ok(session);
        }
        self.act(|view, ctx| {
            let Some(Owner { mut session, .. }) = owned(view, token, ctx)? else {
                return Ok(Verdict::refused(Refusal::SessionEnded));
            };
            session.used_at = ctx.now;
            let change = Change::Session { session: Box::new(session.clone()), secret: *token.secret() };
            Ok(Verdict::done(session, vec![change]))
        })
    }

    /// Opens the account of the session.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// let account = engine.account(&session.token)?;
    /// assert_eq!(account.view()?.id, session.account);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`Self::resolve`].
    pub fn account(&self, token: &SessionToken) -> Result<AccountHandle, Error> {
        self.resolve(token)?;
        Ok(AccountHandle::new(self.clone(), token.clone()))
    }
}

impl AccountHandle {
    /// Returns the account's sessions, oldest first (SPEC 6.3).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// for session in account.sessions()? {
    ///     println!("{}, last used {:?}", session.client.device(), session.used_at);
    /// }
    /// # engine.sign_in("ada@example.org", &password, &selfsame::Client::on("phone"))?.signed_in()?;
    /// assert_eq!(account.sessions()?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn sessions(&self) -> Result<Vec<Session>, Error> {
        self.look(|view, ctx, account| {
            let mut sessions = view.sessions(account.id)?;
            sessions.retain(|session| session.is_live(ctx.now, ctx.policy));
            Ok(sessions)
        })
    }

    /// Ends this session.
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
    /// account.sign_out()?;
    /// assert_eq!(account.view(), Err(Error::Refused(Refusal::SessionEnded)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn sign_out(&self) -> Result<(), Error> {
        self.end(Some(self.token().session()))
    }

    /// Ends one session of the account, this one or another.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # engine.sign_in("ada@example.org", &password, &selfsame::Client::on("phone"))?.signed_in()?;
    /// for session in account.sessions()? {
    ///     if session.client.device() == "phone" {
    ///         account.end_session(session.id)?;
    ///     }
    /// }
    /// assert_eq!(account.sessions()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::SessionEnded`] if `session` has
    /// ended or belongs to another account.
    pub fn end_session(&self, session: SessionId) -> Result<(), Error> {
        self.end(Some(session))
    }

    /// Ends all sessions of the account except this one.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # engine.sign_in("ada@example.org", &password, &selfsame::Client::on("phone"))?.signed_in()?;
    /// account.end_other_sessions()?;
    /// assert_eq!(account.sessions()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn end_other_sessions(&self) -> Result<(), Error> {
        self.end(None)
    }

    /// Starts to renew the proof of this session, for acts that require fresh proof (SPEC 6.4): the first
    /// factor, then the second if MFA is on. At the end the session has a new token, and the old one opens
    /// nothing. The fifth failure ends the session.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::Answer;
    ///
    /// let flow = account.reauthenticate()?;
    /// let renewed = engine.answer(&flow, Answer::Password(password))?.signed_in()?;
    ///
    /// // The same session goes on, under the new token.
    /// assert_eq!(renewed.session, session.session);
    /// assert!(engine.resolve(&session.token).is_err());
    /// let account = engine.account(&renewed.token)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn reauthenticate(&self) -> Result<Flow, Error> {
        self.engine().in_room(FlowKind::SignIn, || {
            self.act(|view, ctx, owner| room::counted(view, reauthenticate::begin(owner, ctx), ctx))
        })
    }

    fn end(&self, ended: Option<SessionId>) -> Result<(), Error> {
        self.act(|view, ctx, owner| {
            let sessions = match ended {
                Some(_) => view.sessions(owner.account.id)?,
                None => Vec::new(),
            };
            Ok(session::end(owner, ended, &sessions, ctx))
        })
    }
}
