//! Signing in with a password (SPEC 4.1).

use super::{Attempt, Engine};
use crate::crypto::{self, password::StoredPassword};
use crate::error::Error;
use crate::flow::sign_in;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, MethodId};
use crate::ground::secret::Secret;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::policy::{EmailProof, Policy};
use crate::records::proof::PasswordProof;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Progress;
use crate::records::throttle::AtTheEnd;
use crate::records::verdict::Verdict;
use crate::rules::password;
use crate::store::port::StoreError;
use crate::store::view::View;

impl Engine {
    /// Signs in with email and password.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredentials`] tells unknown emails and wrong passwords apart in no way;
    /// [`Refusal::Throttled`] after too many failures; [`Refusal::InvalidEmail`] for what is none.
    pub fn sign_in(&self, email: &str, password: &Secret, client: &Client) -> Result<Progress, Error> {
        let email = EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })?;
        self.sign_in_as(&Who::Known(Identifier::PasswordEmail(email)), password, client)
    }

    pub(super) fn sign_in_as(
        &self,
        who: &Who,
        password: &Secret,
        client: &Client,
    ) -> Result<Progress, Error> {
        self.check_client(client)?;
        self.settled(|| {
            let tried = self.look(|view, ctx| {
                let holder = who.account(view, ctx.policy)?;
                let throttle = match &holder {
                    Some(account) => account.first.check(ctx.now, ctx.patient, account.end_of_first()),
                    None => view.unknown(who.unknown_hash(view))?.throttle.check(
                        ctx.now,
                        ctx.patient,
                        AtTheEnd::Lock,
                    ),
                };
                Ok(Ok(Tried {
                    stored: holder.as_ref().and_then(Stored::of),
                    is_throttled: throttle.is_err(),
                }))
            })?;
            // Within a wait right and wrong are answered alike, so nothing is hashed (SPEC 12.1).
            let proof =
                if tried.is_throttled { None } else { self.hash_against(tried.stored.as_ref(), password)? };
            self.act(|view, ctx| {
                let account = match &tried.stored {
                    Some(stored) => view.account(stored.account)?,
                    None => None,
                };
                if is_overtaken(account.as_ref(), proof.as_ref(), tried.is_throttled, ctx) {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                let holder = match account {
                    Some(account) => Ok(account),
                    None => Err(view.unknown(who.unknown_hash(view))?),
                };
                Ok(sign_in::password(holder, proof.clone(), client, ctx).map(Attempt::Done))
            })
        })
    }

    /// Hashes a password and compares it with what is stored; where nothing is, the same work is done.
    pub(super) fn hash_against(
        &self,
        stored: Option<&Stored>,
        password: &Secret,
    ) -> Result<Option<PasswordProof>, Error> {
        let inner = &*self.inner;
        let (hasher, keys) = (&*inner.environment.hasher, inner.keys()?);
        let pepper = keys.pepper();
        let cost = inner.policy.hash_cost();
        // What can be no password is as wrong as another, and costs as much.
        let normal = password::normal_form(password).unwrap_or_default();
        let Some(stored) = stored else {
            hasher.derive(cost, normal.as_bytes(), &[0; 16], pepper)?;
            return Ok(None);
        };
        let matches =
            stored.hash.verify(hasher, normal.as_bytes(), password.reveal(), pepper)? && !normal.is_empty();
        // A weaker hash than policy's tells by its time that there is one: whatever comes of it, one at
        // policy's cost is made too (SPEC 4.2, 4.5).
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

    /// A new password for the account with this identifier, if it keeps the rules, as it will be stored.
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

    pub(super) fn check_client(&self, client: &Client) -> Result<(), Error> {
        match client.product() {
            Some(product) if !self.inner.policy.has_product(product) => Err(Refusal::UnknownProduct.into()),
            _ => Ok(()),
        }
    }
}

/// Who somebody says that they are.
pub(super) enum Who {
    /// By an email.
    Known(Identifier),
    /// By the account that they picked.
    Picked(AccountId),
}

impl Who {
    fn account(&self, view: &View<'_>, policy: &Policy) -> Result<Option<Account>, StoreError> {
        match self {
            // An email that is only held back for an undo, or a suspended password's, is nobody's here.
            Self::Known(identifier) => {
                let holder = view.holder(identifier)?.filter(|account| account.is_found_by(identifier));
                match (holder, identifier) {
                    // Only where nobody has proven it, and policy lets it be (SPEC 2.8).
                    (None, Identifier::PasswordEmail(email)) if policy.email_proof() == EmailProof::Later => {
                        view.only_unproven(email)
                    }
                    (holder, _) => Ok(holder),
                }
            }
            Self::Picked(account) => view.account(*account),
        }
    }

    /// What guesses are counted under where it is nobody.
    fn unknown_hash(&self, view: &View<'_>) -> [u8; 32] {
        match self {
            Self::Known(identifier) => view.claim_hash(identifier),
            Self::Picked(account) => view.keys().code(&[b"picked", account.as_bytes()]),
        }
    }
}

struct Tried {
    stored: Option<Stored>,
    is_throttled: bool,
}

/// A password as it stands in an account.
pub(super) struct Stored {
    account: AccountId,
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

/// Whether the account changed between the hash and the act: its password, or a wait that has ended.
pub(super) fn is_overtaken(
    account: Option<&Account>,
    proof: Option<&PasswordProof>,
    was_throttled: bool,
    ctx: &Context<'_>,
) -> bool {
    let Some(account) = account else { return proof.is_some() };
    match proof {
        Some(proof) => !proof.is_current(account),
        // Nothing was hashed: there was no password, or a wait. Either may have changed.
        None if account.password().is_none() => false,
        None => !was_throttled || account.first.check(ctx.now, ctx.patient, account.end_of_first()).is_ok(),
    }
}
