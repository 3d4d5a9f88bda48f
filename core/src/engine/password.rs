//! Passwords: hashed outside of an act, compared inside it (SPEC 4.6), and changed (SPEC 4.8).

use std::sync::PoisonError;
use std::time::Duration;

use super::account::AccountHandle;
use super::{Attempt, Engine};
use crate::crypto;
use crate::crypto::password::StoredPassword;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, MethodId};
use crate::ground::secret::Secret;
use crate::records::account::Account;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::proof::PasswordProof;
use crate::records::refusal::{PasswordRule, Refusal};
use crate::records::verdict::Verdict;
use crate::rules::fresh::Everything;
use crate::rules::password;
use crate::rules::throttle::{self, Guessed};

/// How long the engine relies on the kinds of imported hashes that it has read. Another process may import
/// meanwhile.
const SPECIMENS_KNOWN: Duration = Duration::from_secs(60 * 60);

impl Engine {
    /// Hashes a password and compares it with the stored hash. If there is none, does the same work.
    pub(super) fn hash_against(
        &self,
        stored: Option<&Stored>,
        password: &Secret,
    ) -> Result<Option<PasswordProof>, Error> {
        let inner = self.inner()?;
        let (hasher, keys) = (&*inner.environment.hasher, inner.keys()?);
        let pepper = keys.pepper();
        let cost = inner.policy.hash_cost();
        // A malformed password fails like a wrong one and takes as long.
        let normal = password::normal_form(password).unwrap_or_default();
        let Some(stored) = stored else {
            hasher.derive(cost, normal.as_bytes(), &[0; 16], pepper)?;
            return Ok(None);
        };
        let matches = stored.hash.verify(hasher, &normal, password.reveal(), pepper)? && !normal.is_empty();
        // A stored hash that is weaker than policy's would show by its time that it exists. Whatever the
        // result, the engine also makes a hash at policy's cost (SPEC 4.2, 4.5).
        let renewed = match stored.hash.needs_rehash(cost) {
            true => Some(self.hash_new(normal.as_bytes())?),
            false => None,
        };
        let rehashed = renewed.filter(|_| matches);
        Ok(Some(PasswordProof {
            account: stored.account,
            credential: stored.credential,
            version: stored.version,
            matches,
            rehashed,
        }))
    }

    /// Makes one hash of each kind of imported hash that is still in the store, except the kind of the hash that
    /// was just verified. So a refusal takes the same time for every email (SPEC 4.2).
    pub(super) fn hash_as_imported(&self, verified: Option<&Stored>, password: &Secret) -> Result<(), Error> {
        let verified = verified.and_then(|stored| stored.hash.specimen());
        let inner = self.inner()?;
        let (hasher, keys) = (&*inner.environment.hasher, inner.keys()?);
        let normal = password::normal_form(password).unwrap_or_default();
        for specimen in self.specimens()?.iter().filter(|specimen| Some(*specimen) != verified.as_ref()) {
            specimen.verify(hasher, &normal, password.reveal(), keys.pepper())?;
        }
        Ok(())
    }

    /// Reads the kinds of imported hashes again before the next sign-in.
    pub(super) fn forget_specimens(&self) -> Result<(), Error> {
        *self.inner()?.specimens.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Returns the kinds of imported hashes in the store. Reads them again after an import, and every hour.
    fn specimens(&self) -> Result<Vec<StoredPassword>, Error> {
        let inner = self.inner()?;
        let now = inner.moment()?.now();
        let known = || inner.specimens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read_at, specimens)) = &*known()
            && now < *read_at + SPECIMENS_KNOWN
        {
            return Ok(specimens.clone());
        }
        let specimens = self.look(|view, _| Ok(Ok(view.specimens()?)))?;
        *known() = Some((now, specimens.clone()));
        Ok(specimens)
    }

    /// Returns the stored form of a new password for the account with this identifier. The password must follow the
    /// rules and must not be one of the account's `compromised` passwords.
    pub(super) fn hash_for(
        &self,
        password: &Secret,
        identifier: Option<&EmailAddress>,
        compromised: &[StoredPassword],
    ) -> Result<StoredPassword, Error> {
        let inner = self.inner()?;
        let normal = password::check_new(password, identifier, &inner.policy)
            .map_err(|rule| Refusal::InvalidPassword { rule })?;
        let (hasher, keys) = (&*inner.environment.hasher, inner.keys()?);
        for known in compromised {
            if known.verify(hasher, &normal, password.reveal(), keys.pepper())? {
                return Err(Refusal::InvalidPassword { rule: PasswordRule::Compromised }.into());
            }
        }
        self.hash_new(normal.as_bytes())
    }

    pub(super) fn hash_new(&self, normal: &[u8]) -> Result<StoredPassword, Error> {
        let inner = self.inner()?;
        let mut salt = [0; 16];
        inner.environment.entropy.fill(&mut salt)?;
        let hashed = crypto::password::hash(
            &*inner.environment.hasher,
            inner.policy.hash_cost(),
            normal,
            salt,
            inner.keys()?.pepper(),
        );
        Ok(hashed?)
    }
}

impl AccountHandle {
    /// Changes the password. Ends all other sessions.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Error, Refusal, Secret};
    ///
    /// let new = Secret::from("nine yellow umbrellas");
    /// let wrong = account.change_password(&Secret::from("not the password"), &new);
    /// assert_eq!(wrong, Err(Error::Refused(Refusal::InvalidCredentials)));
    ///
    /// account.change_password(&password, &new)?;
    /// engine.sign_in("ada@example.org", &new, &client)?.signed_in()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidCredentials`] if `current`
    /// is wrong, which counts as a failed reauthentication, so the fifth ends the session (SPEC 6.4);
    /// [`Refusal::InvalidPassword`] or [`Refusal::ReauthenticationRequired`]; [`Refusal::NotOffered`] if the
    /// account has no password.
    pub fn change_password(&self, current: &Secret, new: &Secret) -> Result<(), Error> {
        let engine = self.engine();
        engine.settled(|| {
            let tried = self.look_owner(|_, ctx, owner| {
                let account = &owner.account;
                let offered = owner.prove::<Everything>(ctx).map(|_| account.password());
                Ok(offered.and_then(|password| {
                    let (_, identifier, ..) = password.ok_or(Refusal::NotOffered)?;
                    Ok((Stored::of(account), identifier.clone(), account.compromised.clone()))
                }))
            })?;
            let (stored, identifier, compromised) = tried;
            let hash = engine.hash_for(new, Some(&identifier), &compromised)?;
            // A session's guesses have no waits (SPEC 6.4).
            let proof = engine.hash_against(stored.as_ref(), current)?;
            self.act_fresh::<_, Everything>(|_, ctx, fresh| {
                let caller = Caller::of_session(fresh.session());
                if is_overtaken(Some(fresh.account()), proof.as_ref(), &caller, false, ctx) {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                Ok(password::password(fresh, proof.clone(), hash.clone(), ctx).map(Attempt::Done))
            })
        })
    }
}

/// The password of an account as it is stored.
pub(super) struct Stored {
    pub(super) account: AccountId,
    credential: MethodId,
    version: u32,
    hash: StoredPassword,
}

impl Stored {
    pub(super) fn of(account: &Account) -> Option<Self> {
        let (method, _, hash, version) = account.password()?;
        Some(Self { account: account.id, credential: method.id, version, hash: hash.clone() })
    }
}

/// Returns whether the account changed between the hash and the act: its password, or a wait that has ended.
pub(super) fn is_overtaken(
    account: Option<&Account>,
    proof: Option<&PasswordProof>,
    caller: &Caller,
    was_throttled: bool,
    ctx: &Context<'_>,
) -> bool {
    let Some(account) = account else { return proof.is_some() };
    match proof {
        Some(proof) => !proof.is_current(account),
        // Nothing was hashed because there was no password or a wait was running. Either may have changed.
        None if account.password().is_none() => false,
        None => !was_throttled || throttle::check(account, caller, Guessed::Password, ctx).is_ok(),
    }
}
