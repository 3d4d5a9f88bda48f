//! Writing a store anew, in place of itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::anchor;
use super::handle::{Handle, State};
use super::open::Open;
use super::port::{Recast, StoreError};
use crate::crypto::tally::TallyKey;

impl Handle {
    /// As the port's `rewrite`. Only for who has the turn.
    pub(super) fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        self.heal();
        self.with_open(|_| Ok(()))?;
        let mut state = self.state_mut();
        let State::Open(open) = &*state else { return Err(StoreError::Broken) };
        let (rewritten, keeps_key) = match key {
            Some(key) => (self.rewritten(open, recast, &key), false),
            None => (self.rewritten(open, recast, &open.key), true),
        };
        let is_final = match rewritten {
            Ok((now, is_final)) => {
                self.commits.fetch_add(1, Ordering::AcqRel);
                let key = keeps_key.then(|| Arc::clone(&now.key));
                let earlier = std::mem::replace(&mut *state, State::Released(now.identity, key));
                // All of it is durable, and nobody will read the earlier one again.
                _ = now.close();
                if let State::Open(earlier) = earlier {
                    _ = earlier.close();
                }
                is_final
            }
            // The path leads elsewhere, or may lead back after a power failure.
            Err(error @ (StoreError::Broken | StoreError::Unknown)) => {
                *state = State::Broken;
                self.keyring.close();
                return Err(error);
            }
            Err(error) => {
                // It was not done for `error`; what is left beside is removed by the next that looks.
                _ = self.medium.tidy();
                return Err(error);
            }
        };
        if !keeps_key {
            self.keyring.close();
        }
        if is_final { Ok(()) } else { Err(StoreError::Unknown) }
    }

    /// Writes all of it beside, reads that back, and puts it in its place: reserve, put in place, finalise. It is
    /// held open meanwhile, so that nobody else opens and changes it before the anchor knows it. Also whether the
    /// anchor does: if not, the next opening tells it.
    fn rewritten(
        &self,
        open: &Open,
        recast: Recast<'_>,
        key: &Arc<TallyKey>,
    ) -> Result<(Open, bool), StoreError> {
        if open.identity.is_some() && self.medium.identity()? != open.identity {
            return Err(StoreError::Broken);
        }
        let anchor = self.anchor.as_deref();
        let beside = self.medium.beside()?;
        let now = open.written_anew(&*beside, self.settings, recast, key, anchor.is_some())?;
        if let Some(anchor) = anchor {
            anchor::reserve(anchor, &open.stamp(), &now.stamp())?;
        }
        self.medium.put_in_place()?;
        let is_final = anchor.is_none_or(|anchor| anchor::finalise(anchor, &now.stamp()).is_ok());
        Ok((now, is_final))
    }
}
