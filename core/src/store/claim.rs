//! Who holds an identifier, and whether an act may take it (SPEC 1.3, 9.3).

use super::port::StoreError;
use super::tables;
use super::view::View;
use crate::ground::id::AccountId;
use crate::ground::time::{DAY, Timestamp};
use crate::records::account::{Account, Status};
use crate::records::claim::Claim;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::refusal::Refusal;
use crate::records::verdict::Change;
use crate::rules::purge;

/// Whether an account can take an identifier.
enum Claimable {
    Yes,
    /// Another account has it.
    No,
    /// An absent account had it, and its purge still waits for the second look.
    After(Timestamp),
}

impl View<'_> {
    /// The account that has the identifier.
    pub(crate) fn holder(&self, identifier: &Identifier) -> Result<Option<Account>, StoreError> {
        Ok(self.claimant(identifier)?.filter(|account| account.owns(identifier)))
    }

    /// The account that had the identifier and may take it back with an undo code (SPEC 7.6).
    pub(crate) fn reserver(&self, identifier: &Identifier) -> Result<Option<Account>, StoreError> {
        let claimant = self.claimant(identifier)?.filter(|account| !account.owns(identifier));
        Ok(claimant.filter(|account| account.reserves(identifier, self.slow())))
    }

    /// The account of the identifier's claim. The claim outlives an expired reservation.
    fn claimant(&self, identifier: &Identifier) -> Result<Option<Account>, StoreError> {
        match self.claimed_by(&self.claim_hash(identifier))? {
            Some(id) => self.account(id),
            None => Ok(None),
        }
    }

    /// The account that the claim of this hash names, even if it is absent.
    pub(crate) fn claimed_by(&self, hash: &[u8; 32]) -> Result<Option<AccountId>, StoreError> {
        if let Some(known) = self.claims.borrow().get(hash) {
            return Ok(*known);
        }
        let claim: Option<Claim> = self.row(&tables::claim(hash))?;
        let account = claim.map(|Claim(account)| account);
        self.claims.borrow_mut().insert(*hash, account);
        Ok(account)
    }

    /// Why these changes cannot take the identifiers that they claim, if they cannot. This is the one place that
    /// keeps an identifier from having two accounts.
    pub(crate) fn not_free(
        &self,
        changes: &[Change],
        ctx: &Context<'_>,
    ) -> Result<Option<Refusal>, StoreError> {
        for change in changes {
            let Change::Claimed { identifier, account } = change else { continue };
            match self.claimable(identifier, Some(*account), ctx)? {
                Claimable::Yes => {}
                Claimable::No => {
                    return Ok(Some(match identifier {
                        Identifier::Identity(_) => Refusal::IdentityInUse,
                        _ => Refusal::IdentifierInUse,
                    }));
                }
                Claimable::After(at) => return Ok(Some(Refusal::TooEarly { at })),
            }
        }
        Ok(None)
    }

    /// Returns whether the account, or a new one, can have the identifier although nobody proves it now: in an undo
    /// or an import. Another account must neither have it nor reserve it for an undo. An absent account has it until
    /// the second look of its purge.
    pub(crate) fn is_free(
        &self,
        identifier: &Identifier,
        account: Option<AccountId>,
        ctx: &Context<'_>,
    ) -> Result<bool, StoreError> {
        if self.claimed_by(&self.claim_hash(identifier))?.is_none() {
            return Ok(true);
        }
        let claimable = self.claimable(identifier, account, ctx)?;
        let reserver = self.reserver(identifier)?.filter(|other| Some(other.id) != account);
        Ok(matches!(claimable, Claimable::Yes) && reserver.is_none())
    }

    fn claimable(
        &self,
        identifier: &Identifier,
        account: Option<AccountId>,
        ctx: &Context<'_>,
    ) -> Result<Claimable, StoreError> {
        let hash = self.claim_hash(identifier);
        let Some(other) = self.claimed_by(&hash)?.filter(|other| Some(*other) != account) else {
            return Ok(Claimable::Yes);
        };
        // An identifier that an account only reserves is free, even while the account is absent.
        if let Some(other) = self.stored(other)?.filter(|other| other.owns(identifier)) {
            if let (true, Status::PendingDeletion { purge_at, .. }) =
                (other.is_absent(self.slow()), &other.status)
            {
                let sightings = self.clock()?.sightings;
                if !purge::is_ripe(*purge_at, &sightings, ctx) {
                    let at = purge::ripens(*purge_at, &sightings, ctx).unwrap_or(ctx.now + DAY);
                    return Ok(Claimable::After(at));
                }
            } else {
                return Ok(Claimable::No);
            }
        }
        self.taken_over.borrow_mut().insert(hash);
        Ok(Claimable::Yes)
    }

    /// Whether this act has seen that the claim's account no longer needs it (SPEC 9.3).
    pub(crate) fn is_taken_over(&self, hash: &[u8; 32]) -> bool {
        self.taken_over.borrow().contains(hash)
    }

    pub(crate) fn claim_hash(&self, identifier: &Identifier) -> [u8; 32] {
        let lookup = |parts: &[&[u8]]| self.keys().lookup(tables::CLAIM.kind, parts);
        match identifier {
            Identifier::PasswordEmail(email) => lookup(&[b"password", email.canonical().as_bytes()]),
            Identifier::Identity(identity) => {
                lookup(&[b"identity", identity.issuer.as_bytes(), identity.subject.as_bytes()])
            }
            Identifier::Passkey(id) => lookup(&[b"passkey", id]),
            Identifier::Customer(customer) => lookup(&[b"customer", customer.as_str().as_bytes()]),
            Identifier::External(id) => lookup(&[b"external", id.as_bytes()]),
        }
    }
}
