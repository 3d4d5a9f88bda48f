//! The calls of support staff (SPEC 9.5): look up an account, and start a deletion.

use super::Engine;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::ground::label::TextField;
use crate::records::chain::Activity;
use crate::records::deletion::Deletion;
use crate::records::identifier::Identifier;
use crate::records::refusal::Refusal;
use crate::records::support::{SupportRecord, SupportView};
use crate::records::verdict::Verdict;
use crate::rules::support;

impl Engine {
    /// Returns the support desk of an operator. The host must authenticate the operator first.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// let desk = engine.support("Grace")?;
    /// desk.start_deletion(session.account, "ticket 1042")?;
    /// assert_eq!(engine.support_records(session.account)?[0].operator, "Grace");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::InvalidText`] if the operator's name is empty, longer than 64 characters or has a
    /// character that cannot be shown (SPEC 1.13).
    pub fn support(&self, operator: &str) -> Result<SupportDesk, Error> {
        Ok(SupportDesk { engine: self.clone(), operator: TextField::Operator.kept(operator)? })
    }

    /// Returns the actions of support on an account, earliest first. Also works for a deleted account.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::SupportAct;
    ///
    /// engine.support("Grace")?.start_deletion(session.account, "ticket 1042")?;
    /// let record = &engine.support_records(session.account)?[0];
    /// assert_eq!((record.act, record.ticket.as_str()), (SupportAct::DeletionStarted, "ticket 1042"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn support_records(&self, account: AccountId) -> Result<Vec<SupportRecord>, Error> {
        self.look(|view, _| Ok(Ok(view.support_records(account)?)))
    }
}

/// The calls of an operator. None of them changes a sign-in method, an address or a second factor, and none
/// opens an account.
///
/// ```
/// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
/// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
/// # let account = engine.account(&session.token)?;
/// # let mail = engine.messages(32)?;
/// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
/// # account.prove_address(&code)?;
/// let desk = engine.support("Grace")?;
/// let found = &desk.find("ada@example.org")?[0];
/// assert_eq!(found.contact.as_deref(), Some("a…@example.org"), "support sees it masked");
///
/// desk.start_deletion(found.id, "ticket 1042")?;
/// assert_eq!(engine.support_records(found.id)?[0].operator, "Grace");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SupportDesk {
    engine: Engine,
    operator: String,
}

impl SupportDesk {
    /// Returns the accounts with this id or exact email. First comes the account whose password uses the
    /// email, then those that have verified it, earliest first.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// # account.prove_address(&code)?;
    /// let desk = engine.support("Grace")?;
    /// for found in desk.find("ada@example.org")? {
    ///     assert_eq!(found.id, session.account);
    ///     assert_eq!(found.contact.as_deref(), Some("a…@example.org"), "support sees it masked");
    /// }
    /// # assert_eq!(desk.find("ada@example.org")?.len(), 1);
    /// assert_eq!(desk.find(&session.account.to_string())?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::InvalidEmail`] if the text is neither an id nor an email.
    pub fn find(&self, named: &str) -> Result<Vec<SupportView>, Error> {
        if let Ok(id) = named.trim().parse::<AccountId>() {
            return self.engine.look(|view, ctx| {
                let account = view.account(id)?;
                Ok(Ok(account.iter().map(|account| account.support_view(ctx)).collect()))
            });
        }
        let email = EmailAddress::parse(named).map_err(|reason| Refusal::InvalidEmail { reason })?;
        self.engine.look(|view, ctx| {
            let holder = view.holder(&Identifier::PasswordEmail(email.clone()))?;
            let mut found: Vec<_> = holder.iter().map(|account| account.support_view(ctx)).collect();
            for account in view.sharing(&email)? {
                if !found.iter().any(|view| view.id == account.id) {
                    found.push(account.support_view(ctx));
                }
            }
            Ok(Ok(found))
        })
    }

    /// Returns the events of an account, oldest first, without network details (SPEC 11.3).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// let desk = engine.support("Grace")?;
    /// for activity in desk.activity(session.account)? {
    ///     println!("{:?}: {}", activity.event.actor, activity.event.action);
    /// }
    /// # assert!(!desk.activity(session.account)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownAccount`] if there is no such account.
    pub fn activity(&self, account: AccountId) -> Result<Vec<Activity>, Error> {
        self.engine.look(|view, _| match view.account(account)? {
            Some(account) => Ok(Ok(view.events(account.id, 0, usize::MAX)?)),
            None => Ok(Err(Refusal::UnknownAccount)),
        })
    }

    /// Starts a deletion, with the same 30 days to restore as a deletion by the owner. The sessions wait
    /// instead of ending: each continues when its owner gives fresh proof and restores the account. If a
    /// deletion is pending, returns the pending one, changes nothing and records this request.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::{Error, Refusal};
    ///
    /// let desk = engine.support("Grace")?;
    /// let deletion = desk.start_deletion(session.account, "ticket 1042")?;
    /// assert_eq!(desk.start_deletion(session.account, "ticket 1043")?, deletion);
    ///
    /// let waits = engine.account(&session.token).map(|_| ());
    /// assert!(matches!(waits, Err(Error::Refused(Refusal::ReauthenticationRequired { .. }))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownAccount`]; [`Refusal::TooEarly`] within 30 days of a restore;
    /// [`Refusal::InvalidText`] if the ticket is empty, longer than 200 characters or has a character that
    /// cannot be shown (SPEC 1.13).
    pub fn start_deletion(&self, account: AccountId, ticket: &str) -> Result<Deletion, Error> {
        let ticket = &TextField::Ticket.kept(ticket)?;
        self.engine.act(|view, ctx| match view.account(account)? {
            Some(account) => Ok(support::start_deletion(account, &self.operator, ticket, ctx)),
            None => Ok(Verdict::refused(Refusal::UnknownAccount)),
        })
    }
}
