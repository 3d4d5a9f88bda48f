//! Passwords: hashed outside of an act, compared inside it (SPEC 4.6), and changed (SPEC 4.8).

use super::account::AccountHandle;
use super::{Attempt, Engine};
use crate::crypto;
use crate::crypto::password::StoredPassword;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, MethodId};
use crate::ground::secret::Secret;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::proof::PasswordProof;
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::fresh::Everything;
use crate::rules::password;

impl Engine {
    /// Hashes a password and compares it with the stored hash. If there is none, does the same work.
    pub(super) fn hash_against(
        &self,
        stored: Option<&Stored>,
        password: &Secret,
    ) -> Result<Option<PasswordProof>, Error> {
        let inner = &*self.inner;
        let (hasher, keys) = (&*inner.environment.hasher, inner.keys()?);
        let pepper = keys.pepper();
        let cost = inner.policy.hash_cost();
        // A malformed password fails like a wrong one and takes as long.
        let normal = password::normal_form(password).unwrap_or_default();
        let Some(stored) = stored else {
            hasher.derive(cost, normal.as_bytes(), &[0; 16], pepper)?;
            return Ok(None);
        };
        let matches =
            stored.hash.verify(hasher, normal.as_bytes(), password.reveal(), pepper)? && !normal.is_empty();
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

    /// Returns a new password for the account with this identifier in its stored form, if it keeps the rules.
    pub(super) fn hash_for(
        &self,
        password: &Secret,
        identifier: Option<&EmailAddress>,
    ) -> Result<StoredPassword, Error> {
        let normal = password::check_new(password, identifier, &self.inner.policy)
            .map_err(|rule| Refusal::InvalidPassword { rule })?;
        self.hash_new(normal.as_bytes())
    }

    pub(super) fn hash_new(&self, normal: &[u8]) -> Result<StoredPassword, Error> {
        let inner = &*self.inner;
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
    /// is wrong, which counts as a failed sign-in; [`Refusal::Throttled`], [`Refusal::InvalidPassword`] or
    /// [`Refusal::ReauthenticationRequired`]; [`Refusal::NotOffered`] if the account has no password.
    pub fn change_password(&self, current: &Secret, new: &Secret) -> Result<(), Error> {
        let engine = self.engine();
        engine.settled(|| {
            let tried = self.look_owner(|_, ctx, owner| {
                let account = &owner.account;
                let offered = owner.prove::<Everything>(ctx).map(|_| account.password());
                let tried = offered.and_then(|password| {
                    let (_, identifier, ..) = password.ok_or(Refusal::NotOffered)?;
                    Ok((Stored::of(account), identifier.clone()))
                });
                Ok(tried)
            })?;
            let (stored, identifier) = tried;
            let hash = engine.hash_for(new, Some(&identifier))?;
            let proof = engine.hash_against(stored.as_ref(), current)?;
            self.act_fresh::<_, Everything>(|_, ctx, fresh| {
                if is_overtaken(Some(fresh.account()), proof.as_ref(), false, ctx) {
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
    was_throttled: bool,
    ctx: &Context<'_>,
) -> bool {
    let Some(account) = account else { return proof.is_some() };
    match proof {
        Some(proof) => !proof.is_current(account),
        // Nothing was hashed because there was no password or a wait was running. Either may have changed.
        None if account.password().is_none() => false,
        None => {
            !was_throttled
                || account.first.check(ctx.now, ctx.throttle_clock, account.first_lockout()).is_ok()
        }
    }
}
