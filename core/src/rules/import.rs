//! The import of accounts from another service (SPEC 13.2).

use crate::crypto::password::StoredPassword;
use crate::crypto::spelling::ForeignProblem;
use crate::crypto::totp::{TotpParameters, TotpSecret};
use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::ground::label::{self, TextProblem};
use crate::ground::nickname::nickname;
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::address::AddressSource;
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::import::{ImportOutcome, ImportProblem, ImportedAccount, ImportedIdentity, Origin};
use crate::records::method::{Credential, Method};
use crate::records::mfa::{Mfa, TakenSteps};
use crate::records::policy::{EmailProof, Policy};
use crate::records::verdict::Change;
use crate::rules::protected;

/// The longest external id, in bytes.
const LONGEST_EXTERNAL_ID: usize = 255;

/// An account to import, parsed and well formed.
pub(crate) struct Reading {
    origin: Origin,
    created_at: Option<Timestamp>,
    display_name: Option<String>,
    /// Why the given name was dropped.
    dropped_name: Option<TextProblem>,
    email: Option<EmailAddress>,
    email_verified: bool,
    credentials: Vec<Credential>,
    totp: Option<TotpSecret>,
}

/// The facts about other accounts with the same identifiers or email.
pub(crate) struct Rivals {
    /// Whether somebody holds one of its identifiers.
    pub(crate) is_taken: bool,
    /// The number of accounts that have proven its email.
    pub(crate) sharing: usize,
}

impl Reading {
    /// Parses an account. `brought` is the keyed hash of all its data.
    pub(crate) fn of(
        given: &ImportedAccount,
        brought: [u8; 32],
        ctx: &Context<'_>,
    ) -> Result<Self, ImportProblem> {
        let external_id = given.external_id.clone();
        if !(1..=LONGEST_EXTERNAL_ID).contains(&external_id.len()) {
            return Err(ImportProblem::InvalidExternalId);
        }
        let email = given.email.as_deref().map(EmailAddress::parse).transpose();
        let email = email.map_err(|reason| ImportProblem::InvalidEmail { reason })?;
        // The owner can choose another name later, so an invalid one does not prevent the import.
        let (display_name, dropped_name) = match given.display_name.as_deref().map(nickname).transpose() {
            Ok(name) => (name, None),
            Err(problem) => (None, Some(problem)),
        };
        let mut credentials = Vec::new();
        if let Some(hash) = &given.password_hash {
            credentials.push(password(hash, email.as_ref(), given.email_verified, ctx.policy)?);
        }
        for identity in &given.identities {
            credentials.push(federated(identity, ctx.policy)?);
        }
        if credentials.is_empty() {
            // A reset is the way in, so it takes the email that a reset goes by (SPEC 4.7).
            let email = email.clone().filter(|_| given.email_verified).ok_or(ImportProblem::NoMethod)?;
            credentials.push(Credential::Password { email, hash: StoredPassword::unset(), version: 1 });
        }
        let totp = given.totp.as_ref().map(|totp| {
            TotpSecret::imported(&totp.secret, totp.parameters).ok_or(ImportProblem::InvalidTotp)
        });
        if credentials.len() > ctx.policy.max_methods() {
            return Err(ImportProblem::LimitReached);
        }
        Ok(Self {
            origin: Origin { external_id, brought },
            created_at: given.created_at,
            display_name,
            dropped_name,
            email,
            email_verified: given.email_verified,
            credentials,
            totp: totp.transpose()?,
        })
    }

    /// The identifiers of its methods. An unproven email claims nothing (SPEC 2.8).
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        let claims = |identifier: &Identifier| {
            self.email_verified || !matches!(identifier, Identifier::PasswordEmail(_))
        };
        self.credentials.iter().map(Credential::identifier).filter(claims)
    }

    pub(crate) fn proven_email(&self) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// Decides whether to import it, and returns the changes to write.
    pub(crate) fn decide(self, rivals: &Rivals, ctx: &Context<'_>) -> (ImportOutcome, Vec<Change>) {
        let refused = |reason| (ImportOutcome::Refused { reason }, Vec::new());
        if rivals.is_taken {
            return refused(ImportProblem::IdentifierInUse);
        }
        if self.proven_email().is_some() && rivals.sharing >= ctx.policy.max_accounts_per_email() {
            return refused(ImportProblem::LimitReached);
        }
        let external = Identifier::External(self.origin.external_id.clone());
        let dropped_name = self.dropped_name;
        let weak_totp = self.totp.as_ref().is_some_and(TotpSecret::is_weak);
        let account = self.made(ctx);
        let id = account.id;
        let mut changes = protected::rows(&Account::new(id, account.made_at), &account);
        changes.push(Change::Claimed { identifier: external, account: id });
        let event = Event::done(Action::AccountImported, None, ctx.now).by(Actor::Host);
        changes.push(Change::account(account, event));
        (ImportOutcome::Imported { account: id, dropped_name, weak_totp }, changes)
    }

    fn made(self, ctx: &Context<'_>) -> Account {
        // The id contains this time, which must not be in the future.
        let created_at = self.created_at.unwrap_or(ctx.now).min(ctx.now);
        let mut account =
            Account::new(ctx.draw.account(created_at), ctx.throttle_clock.earlier(ctx.now.since(created_at)));
        account.display_name = self.display_name;
        if let Some(email) = &self.email {
            let verified_at = self.email_verified.then_some(ctx.now);
            account.take_address(email, verified_at, AddressSource::Import);
        }
        let methods = self.credentials.into_iter().enumerate().map(|(at, credential)| {
            Method::new(
                MethodId::v7(ctx.now, ctx.draw.bytes(&format!("id/method/{at}"))),
                credential,
                ctx.now,
            )
        });
        account.credentials.methods = methods.collect();
        account.credentials.mfa = self.totp.map(|secret| Mfa {
            secret,
            taken: TakenSteps::default(),
            since: ctx.now,
            slow_since: ctx.throttle_clock,
            codes: Vec::new(),
            codes_made: 0,
            owes_codes: true,
        });
        account.origin = Some(self.origin);
        account
    }
}

fn password(
    hash: &Secret,
    email: Option<&EmailAddress>,
    is_proven: bool,
    policy: &Policy,
) -> Result<Credential, ImportProblem> {
    let hash = StoredPassword::imported(hash).map_err(|problem| match problem {
        ForeignProblem::Unknown => ImportProblem::InvalidHash,
        ForeignProblem::TooCostly => ImportProblem::HashTooCostly,
    })?;
    // A password is found by its email. An unproven email counts only if the policy allows that (SPEC 2.8).
    let leads_in = is_proven || policy.email_proof() == EmailProof::Later;
    let email = email.filter(|_| leads_in).ok_or(ImportProblem::UnprovenEmail)?.clone();
    Ok(Credential::Password { email, hash, version: 1 })
}

fn federated(given: &ImportedIdentity, policy: &Policy) -> Result<Credential, ImportProblem> {
    let provider = policy.provider(&given.provider).ok_or(ImportProblem::UnknownProvider)?;
    let identity = provider.identity(&given.subject).ok_or(ImportProblem::InvalidSubject)?;
    let handle = given.handle.as_deref().and_then(label::cleaned);
    Ok(Credential::Federated { identity, handle, email: None, seen_email: None })
}

/// The keyed hash of all data of the account. Each part follows its length, so that no two imported accounts
/// have the same hash.
pub(crate) fn brought(given: &ImportedAccount, ctx: &Context<'_>) -> [u8; 32] {
    let mut row = zeroize::Zeroizing::new(Vec::new());
    let mut part = |bytes: Option<&[u8]>| {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        row.extend_from_slice(&length.to_be_bytes());
        row.extend_from_slice(bytes.unwrap_or_default());
    };
    part(Some(given.external_id.as_bytes()));
    part(given.created_at.map(|at| at.as_millis().to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice));
    part(given.display_name.as_deref().map(str::as_bytes));
    part(given.email.as_deref().map(str::as_bytes));
    part(Some(&[u8::from(given.email_verified)]));
    part(given.password_hash.as_ref().map(Secret::reveal));
    part(given.totp.as_ref().map(|totp| totp.secret.reveal()));
    if let Some(TotpParameters { algorithm, digits, period }) =
        given.totp.as_ref().map(|totp| totp.parameters)
    {
        part(Some(&[algorithm as u8, digits, period]));
    }
    for identity in &given.identities {
        part(Some(identity.provider.as_str().as_bytes()));
        part(Some(identity.subject.as_bytes()));
        part(identity.handle.as_deref().map(str::as_bytes));
    }
    ctx.keys.code(&[b"imported", &row])
}
