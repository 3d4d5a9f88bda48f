//! An identity that its provider gave a new subject (SPEC 13.2).

use super::Engine;
use crate::error::Error;
use crate::ground::id::AccountId;
use crate::ground::label::{TextField, TextProblem};
use crate::ground::short_name::ProviderId;
use crate::records::identifier::Identifier;
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::renumber;

impl Engine {
    /// Moves an identity to the subject that its provider gave it anew, and returns its account. Call it for each
    /// person if your application gets other subjects from a provider, as when it changes its Apple team. The provider
    /// says which new subject belongs to which old one. Nothing proves it to the engine.
    ///
    /// The sign-in method stays the same otherwise. Every verified address of the account is notified. There is no undo
    /// code: to go back, call this with the subjects exchanged.
    ///
    /// Call it before the first person signs in with a new subject. That sign-in would create a new account, which has
    /// the new subject then.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// use selfsame::{Error, ImportedAccount, ImportedIdentity, ProviderId, Refusal};
    ///
    /// let x: ProviderId = "x".parse()?;
    /// let identity = ImportedIdentity { provider: x.clone(), subject: "2244994945".to_owned(), handle: None };
    /// # let (created_at, display_name, email, password_hash, totp) = (None, None, None, None, None);
    /// # let email_verified = false;
    /// let ada = ImportedAccount {
    ///     external_id: "1042".to_owned(),
    ///     identities: vec![identity],
    ///     // and nothing else
    /// #   created_at, display_name, email, email_verified, password_hash, totp,
    /// };
    /// engine.import_accounts(&[ada], false)?;
    ///
    /// engine.renumber(&x, "2244994945", "17")?;
    /// let again = engine.renumber(&x, "2244994945", "17");
    /// assert_eq!(again, Err(Error::Refused(Refusal::UnknownAccount)), "nobody has the old subject now");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownProvider`] if the policy has no such provider; [`Refusal::InvalidText`] if the new
    /// subject is empty or longer than 255 bytes; [`Refusal::UnknownAccount`] if no account has the old one;
    /// [`Refusal::AlreadyYours`] if the same account has the new one, and [`Refusal::IdentityInUse`] if another has it
    /// or reserves it for an undo.
    pub fn renumber(&self, provider: &ProviderId, old: &str, new: &str) -> Result<AccountId, Error> {
        let provider = self.inner()?.policy.provider(provider).ok_or(Refusal::UnknownProvider)?;
        let old = provider.identity(old).ok_or(Refusal::UnknownAccount)?;
        let new = provider.identity(new).ok_or(Refusal::InvalidText {
            field: TextField::Subject,
            reason: if new.is_empty() { TextProblem::Empty } else { TextProblem::TooLong },
        })?;
        let [freed, taken] = [&old, &new].map(|identity| Identifier::Identity(identity.clone()));
        self.act(|view, ctx| {
            let account = match view.holder(&freed)? {
                Some(account) => account,
                None => match view.reserver(&freed)? {
                    Some(account) => account,
                    None => return Ok(Verdict::refused(Refusal::UnknownAccount)),
                },
            };
            if account.owns(&taken) {
                return Ok(Verdict::refused(Refusal::AlreadyYours));
            }
            // The host proves nothing, so it does not take what an undo may restore.
            if !view.is_free(&taken, None, ctx)? {
                return Ok(Verdict::refused(Refusal::IdentityInUse));
            }
            let undos = view.undos(account.id)?;
            Ok(renumber::renumber(account, &old, &new, undos, ctx))
        })
    }
}
