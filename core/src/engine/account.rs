//! What the owner of a session does with the account.

use super::Engine;
use crate::crypto::token::SessionToken;
use crate::error::Error;
use crate::flow::reauthenticate;
use crate::ground::id::SessionId;
use crate::records::account::{Account, AccountView, Owner};
use crate::records::chain::Activity;
use crate::records::context::Context;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::step::Progress;
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Level};
use crate::rules::session;
use crate::store::port::StoreError;
use crate::store::view::View;

impl Engine {
    /// Resolves a session token: one row is read, nothing is written.
    ///
    /// # Errors
    /// [`Refusal::SessionEnded`] for every token that opens no living session;
    /// [`Refusal::ReauthenticationRequired`] for one that waits until its account is restored
    /// ([`Self::reauthenticate`]).
    pub fn resolve(&self, token: &SessionToken) -> Result<Session, Error> {
        self.look(|view, ctx| match live(view, token, ctx)? {
            Some(session) => Ok(Ok(session)),
            None => Ok(Err(not_open(view, token, ctx)?)),
        })
    }

    /// Begins to renew the proof of a session, as [`AccountHandle::reauthenticate`] does, also of one that
    /// waits because support started a deletion: it goes on where its account is restored (SPEC 9.5).
    ///
    /// # Errors
    /// [`Refusal::SessionEnded`].
    pub fn reauthenticate(&self, token: &SessionToken) -> Result<Progress, Error> {
        self.act(|view, ctx| {
            let session = match live(view, token, ctx)? {
                Some(session) => Some(session),
                None => waiting(view, token, ctx)?,
            };
            let owner = match session {
                Some(session) => view.account(session.account)?.map(|account| Owner { session, account }),
                None => None,
            };
            Ok(match owner {
                Some(owner) => reauthenticate::reauthenticate(&owner, ctx),
                None => Verdict::refused(Refusal::SessionEnded),
            })
        })
    }

    /// Resolves a session token and notes that it was used: at most hourly, and at least 12 times in the
    /// span after which an unused session ends (SPEC 6.2).
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn touch(&self, token: &SessionToken) -> Result<Session, Error> {
        let session = self.resolve(token)?;
        if !session.is_touch_due(self.inner.time.moment().now, &self.inner.policy) {
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

    /// Opens the account that the session is of.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn account(&self, token: &SessionToken) -> Result<AccountHandle, Error> {
        self.resolve(token)?;
        Ok(AccountHandle { engine: self.clone(), token: token.clone() })
    }
}

/// An account, opened by a session of its owner. Every call asks first whether the session still lives:
/// [`Refusal::SessionEnded`] when it does not.
#[derive(Clone)]
pub struct AccountHandle {
    engine: Engine,
    token: SessionToken,
}

impl AccountHandle {
    /// The account page.
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn view(&self) -> Result<AccountView, Error> {
        self.look(|view, ctx, account| {
            let mut shown = account.view(ctx.now);
            for (address, shown) in account.ways.addresses.iter().zip(&mut shown.addresses) {
                if address.verified_at.is_some() {
                    shown.others = view.sharing(&address.email)?.len().saturating_sub(1);
                }
            }
            Ok(shown)
        })
    }

    /// The sessions that live, oldest first (SPEC 6.3).
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn sessions(&self) -> Result<Vec<Session>, Error> {
        self.look(|view, ctx, account| {
            let mut sessions = view.sessions(account.id)?;
            sessions.retain(|session| session.is_live(ctx.now, ctx.policy));
            Ok(sessions)
        })
    }

    /// What happened to the account, oldest first (SPEC 11.3).
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn activity(&self) -> Result<Vec<Activity>, Error> {
        self.look(|view, _, account| view.events(account.id, 0, usize::MAX))
    }

    /// Whether no event of the account was removed, reordered or changed since it was written (SPEC 11.2).
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Error::Damaged`] when an event does not even open.
    pub fn verify_audit(&self) -> Result<bool, Error> {
        self.look(|view, _, account| Ok(account.chain.holds(&view.events(account.id, 0, usize::MAX)?)))
    }

    /// Ends this session.
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn sign_out(&self) -> Result<(), Error> {
        self.end(Some(self.token.session()))
    }

    /// Ends one session of the account, this one or another.
    ///
    /// # Errors
    /// [`Refusal::SessionEnded`] also when that session is not of this account or over.
    pub fn end_session(&self, session: SessionId) -> Result<(), Error> {
        self.end(Some(session))
    }

    /// Ends all sessions of the account but this one.
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn end_other_sessions(&self) -> Result<(), Error> {
        self.end(None)
    }

    /// Begins to renew the proof of this session, for acts that want it fresh (SPEC 6.4): the first factor,
    /// then the second where MFA is on. At its end the session has another token, and this one opens
    /// nothing any more. The fifth failure ends the session.
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn reauthenticate(&self) -> Result<Progress, Error> {
        self.act(|_, ctx, owner| Ok(reauthenticate::reauthenticate(owner, ctx)))
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

    pub(super) fn look<T>(
        &self,
        mut look: impl FnMut(&View<'_>, &Context<'_>, &Account) -> Result<T, StoreError>,
    ) -> Result<T, Error> {
        self.engine.look(|view, ctx| match owned(view, &self.token, ctx)? {
            Some(owner) => Ok(Ok(look(view, ctx, &owner.account)?)),
            None => Ok(Err(not_open(view, &self.token, ctx)?)),
        })
    }

    /// Looks at what only some states of the account have.
    pub(super) fn look_owner<T>(
        &self,
        mut look: impl FnMut(&View<'_>, &Context<'_>, &Owner) -> Result<Result<T, Refusal>, StoreError>,
    ) -> Result<T, Error> {
        self.engine.look(|view, ctx| match owned(view, &self.token, ctx)? {
            Some(owner) => look(view, ctx, &owner),
            None => Ok(Err(not_open(view, &self.token, ctx)?)),
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn token(&self) -> &SessionToken {
        &self.token
    }

    pub(super) fn act<T>(
        &self,
        mut decide: impl FnMut(&View<'_>, &Context<'_>, &Owner) -> Result<Verdict<T>, StoreError>,
    ) -> Result<T, Error> {
        self.engine.act(|view, ctx| match owned(view, &self.token, ctx)? {
            Some(owner) => decide(view, ctx, &owner),
            None => Ok(Verdict::refused(not_open(view, &self.token, ctx)?)),
        })
    }

    /// An act that wants fresh proof of the level `L`.
    pub(super) fn act_fresh<T, L: Level>(
        &self,
        mut decide: impl FnMut(&View<'_>, &Context<'_>, &Fresh<'_, L>) -> Result<Verdict<T>, StoreError>,
    ) -> Result<T, Error> {
        self.act(|view, ctx, owner| match owner.prove(ctx) {
            Ok(fresh) => decide(view, ctx, &fresh),
            Err(refusal) => Ok(Verdict::refused(refusal)),
        })
    }
}

/// The session that the token opens, if it lives.
fn live(view: &View<'_>, token: &SessionToken, ctx: &Context<'_>) -> Result<Option<Session>, StoreError> {
    let session = view.session(token.account(), token.session(), token.secret())?;
    Ok(session.filter(|session| session.is_live(ctx.now, ctx.policy)))
}

/// The session that the token will open again, if it waits and lives.
fn waiting(view: &View<'_>, token: &SessionToken, ctx: &Context<'_>) -> Result<Option<Session>, StoreError> {
    let session = view.suspended_session(token.account(), token.session(), token.secret())?;
    Ok(session.filter(|session| session.is_live(ctx.now, ctx.policy)))
}

/// Why the token opens nothing.
fn not_open(view: &View<'_>, token: &SessionToken, ctx: &Context<'_>) -> Result<Refusal, StoreError> {
    let account = match waiting(view, token, ctx)? {
        Some(session) => view.account(session.account)?,
        None => None,
    };
    Ok(account.map_or(Refusal::SessionEnded, |account| Refusal::ReauthenticationRequired {
        accepted: account.accepted(),
    }))
}

/// The session that the token opens, and its account.
fn owned(view: &View<'_>, token: &SessionToken, ctx: &Context<'_>) -> Result<Option<Owner>, StoreError> {
    let Some(session) = live(view, token, ctx)? else { return Ok(None) };
    Ok(view.account(session.account)?.map(|account| Owner { session, account }))
}
