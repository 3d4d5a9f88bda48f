//! A store's file in this process: open, released, broken or closed; and commits to it.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use super::anchor::{self, Anchor};
use super::commit_queue::{Ended, NotDone};
use super::medium::{Identity, Medium};
use super::open::{Keyring, Open};
use super::port::{Read, StoreError};
use super::settings::Settings;
use super::stage::Changes;
use super::stamp::Stamp;
use crate::crypto::tally::TallyKey;

/// Holds the file and opens it again. Only the holder of the ticket may call what changes the file.
pub(super) struct Handle {
    pub(super) medium: Arc<dyn Medium>,
    pub(super) anchor: Option<Arc<dyn Anchor>>,
    pub(super) keyring: Arc<dyn Keyring>,
    pub(super) settings: Settings,
    /// Only the holder of the ticket changes it, except that any caller may wake a suspended store.
    state: RwLock<State>,
    pub(super) commits: AtomicU64,
}

pub(super) enum State {
    Open(Open),
    /// The file is released. The next call opens it again if it is the same file. The key is `None` if the
    /// keyring must be asked for it.
    Released(Option<Identity>, Option<Arc<TallyKey>>),
    /// The store must be reopened.
    Broken,
    /// The host has closed the store. Nothing opens the file again.
    Closed,
}

impl Handle {
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        settings: Settings,
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
        open: Open,
    ) -> Self {
        let state = RwLock::new(State::Open(open));
        Self { medium, anchor, keyring, settings, state, commits: AtomicU64::new(0) }
    }

    pub(super) fn commit(&self, staged: &Changes) -> Ended {
        let attempted = match &self.anchor {
            None => self.with_open(|open| self.attempt(open, staged, None)),
            // The lock keeps readers out until the commit is final, because it could still be undone.
            Some(anchor) => match &*self.state_mut() {
                State::Open(open) => self.attempt(open, staged, Some(&**anchor)),
                State::Released(..) | State::Broken | State::Closed => Err(StoreError::Broken),
            },
        };
        match attempted {
            Ok(Attempt::Done) => {
                self.commits.fetch_add(1, Ordering::AcqRel);
                Ended::Done
            }
            Ok(Attempt::Unanchored) => Ended::NotDone(NotDone::Anchor),
            Ok(Attempt::Failed { before, next, kind }) => self.find_out(&before, &next, kind),
            Ok(Attempt::NotFinal) => {
                // The next opening finalises the commit. Until then no caller gets its answer.
                self.release(&mut self.state_mut());
                Ended::Unknown
            }
            // Another file is at the path: a commit would go to a file that nobody finds again.
            Err(_) => {
                *self.state_mut() = State::Broken;
                Ended::Broken
            }
        }
    }

    fn attempt(
        &self,
        open: &Open,
        staged: &Changes,
        anchor: Option<&dyn Anchor>,
    ) -> Result<Attempt, StoreError> {
        if open.identity.is_some() && self.medium.identity()? != open.identity {
            return Err(StoreError::Broken);
        }
        let (before, next) = (open.stamp(), open.next(staged, anchor.is_some()));
        if anchor.is_some_and(|anchor| anchor::reserve(anchor, &before, &next.stamp).is_err()) {
            return Ok(Attempt::Unanchored);
        }
        if let Err(kind) = open.commit(staged, &next) {
            return Ok(Attempt::Failed { before, next: next.stamp, kind });
        }
        let is_final = anchor.is_none_or(|anchor| anchor::finalise(anchor, &next.stamp).is_ok());
        Ok(if is_final { Attempt::Done } else { Attempt::NotFinal })
    }

    /// Opens the store again after a failed commit and looks whether the commit is in the file.
    fn find_out(&self, before: &Stamp, next: &Stamp, kind: ErrorKind) -> Ended {
        let mut state = self.state_mut();
        let State::Open(open) = std::mem::replace(&mut *state, State::Broken) else {
            return Ended::Broken;
        };
        let (identity, key) = (open.identity, open.key.clone());
        // The failure is known already, so an error from closing adds nothing.
        _ = open.close();
        if self.start(&mut state, identity, &move |_: &dyn Read| Ok(key.clone())).is_err() {
            return Ended::Unknown;
        }
        let found = match &*state {
            State::Open(open) => Some(open.stamp()),
            State::Released(..) | State::Broken | State::Closed => None,
        };
        if found.as_ref() == Some(before) {
            Ended::NotDone(NotDone::Storage(kind))
        } else if found.as_ref() == Some(next) {
            self.commits.fetch_add(1, Ordering::AcqRel);
            Ended::Done
        } else {
            *state = State::Broken;
            Ended::Unknown
        }
    }

    /// Closes the file. The next call opens it again. Ignores an error from closing, because the failure that
    /// led here has been reported already.
    fn release(&self, state: &mut State) {
        if let State::Open(open) = std::mem::replace(state, State::Broken) {
            *state = State::Released(open.identity, Some(open.key.clone()));
            _ = open.close();
        }
    }

    /// Releases the database if a read failed, because redb then refuses everything until it is opened again.
    pub(super) fn heal(&self) {
        if self.is_ailing() {
            self.release(&mut self.state_mut());
        }
    }

    pub(super) fn is_ailing(&self) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(open) => open.is_ailing(),
            State::Released(..) | State::Broken | State::Closed => false,
        }
    }

    /// Calls `with` with the database and keeps it open meanwhile. Wakes a suspended store.
    pub(super) fn with_open<T>(
        &self,
        with: impl FnOnce(&Open) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
                State::Open(open) => return with(open),
                State::Broken => return Err(StoreError::Broken),
                State::Closed => return Err(StoreError::Closed),
                State::Released(..) => {}
            }
            let mut state = self.state_mut();
            match &*state {
                State::Released(identity, Some(key)) => {
                    let (identity, key) = (*identity, key.clone());
                    self.start(&mut state, identity, &move |_: &dyn Read| Ok(key.clone()))?;
                }
                State::Released(identity, None) => {
                    let identity = *identity;
                    self.start(&mut state, identity, &*self.keyring).inspect_err(|_| self.keyring.close())?;
                }
                State::Open(_) | State::Broken | State::Closed => {}
            }
        }
    }

    fn start(
        &self,
        state: &mut State,
        only: Option<Identity>,
        keyring: &dyn Keyring,
    ) -> Result<(), StoreError> {
        let open = Open::judged(&*self.medium, self.settings, only, self.anchor.as_deref(), keyring)
            .inspect_err(|error| {
                if *error == StoreError::Broken {
                    *state = State::Broken;
                }
            })?;
        *state = State::Open(open);
        Ok(())
    }

    /// Opens the file as if for the first time.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn reopen(&self) -> Result<(), StoreError> {
        let mut state = self.state_mut();
        *state = State::Broken;
        self.keyring.close();
        self.start(&mut state, None, &*self.keyring)
    }

    /// Releases the file. The next call opens it again with a key from the keyring.
    pub(super) fn suspend(&self) -> Result<(), StoreError> {
        let mut state = self.state_mut();
        let (next, closed) = match std::mem::replace(&mut *state, State::Broken) {
            State::Open(open) => (State::Released(open.identity, None), open.close()),
            State::Released(identity, _) => (State::Released(identity, None), Ok(())),
            State::Broken => (State::Broken, Ok(())),
            State::Closed => (State::Closed, Err(StoreError::Closed)),
        };
        *state = next;
        self.keyring.close();
        closed
    }

    /// Releases the file. Every later call fails. Closing again has no effect.
    pub(super) fn close(&self) -> Result<(), StoreError> {
        let mut state = self.state_mut();
        let closed = match std::mem::replace(&mut *state, State::Closed) {
            State::Open(open) => open.close(),
            State::Released(..) | State::Broken | State::Closed => Ok(()),
        };
        self.keyring.close();
        closed
    }

    /// Forgets the database without closing it. The file stays open until the process ends.
    pub(super) fn abandon(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(open) = std::mem::replace(state, State::Broken) {
            open.abandon();
        }
    }

    /// Marks the store as broken.
    pub(super) fn fail(&self) {
        *self.state_mut() = State::Broken;
    }

    pub(super) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How an attempt to commit ended.
enum Attempt {
    Done,
    /// The anchor did not answer; nothing was written.
    Unanchored,
    /// redb failed at some point.
    Failed {
        before: Stamp,
        next: Stamp,
        kind: ErrorKind,
    },
    /// The commit is in the file, but the anchor did not answer.
    NotFinal,
}
