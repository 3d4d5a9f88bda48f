//! Undoing a change to an account (SPEC 7.3).

use super::Engine;
use super::account::AccountHandle;
use super::facts::undo_facts;
use crate::error::Error;
use crate::flow::facts::UndoFacts;
use crate::flow::undo;
use crate::ground::secret::Secret;
use crate::records::flow::FlowKind;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Flow;
use crate::records::undo::UndoCode;
use crate::rules::recognition;

impl Engine {
    /// Undoes a change to an account, with the undo code from the message about it. Restores the addresses,
    /// sign-in methods and second factor as they were before the change, and drops what was added since. Ends
    /// all sessions. The account is then on hold for one day.
    ///
    /// If the account had a password, the flow asks for a new one. If the account has a second factor that is three
    /// days old or older, the flow asks for it, because an undo code alone never removes it. If MFA was on before the
    /// change, the flow asks for the second factor that was valid then. If the account had no password, the flow ends
    /// with [`Step::Done`](crate::Step::Done). The owner then signs in with a restored method.
    ///
    /// The undo leaves out an identifier that another account has taken in the meantime, and the last step says so. If
    /// no usable sign-in method would be left, the flow asks for a new password. If the account has no address for a
    /// password, the undo is refused with [`Refusal::LastMethod`].
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
    /// use selfsame::{Answer, Secret, SignInOutcome};
    ///
    /// # account.change_password(&password, &selfsame::Secret::from("nine yellow umbrellas"))?;
    /// # let code = engine.messages(32)?.iter().find_map(|it| it.undo.clone()).ok_or("no undo code")?.code;
    /// // Somebody has changed the password. The owner types the undo code of the message about it.
    /// let flow = engine.undo(&code, &client)?;
    /// assert_eq!(flow.step.code(), "NewPassword");
    ///
    /// let flow = engine.answer(&flow, Answer::NewPassword(Secret::from("twelve silver kettles")))?;
    /// assert_eq!(flow.signed_in()?.outcome, SignInOutcome::Undone);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UndoExpired`] if the code is invalid or has expired; [`Refusal::InvalidText`] if the
    /// device's label cannot be shown.
    pub fn undo(&self, code: &Secret, client: &Client) -> Result<Flow, Error> {
        let client = &self.check_client(client)?;
        let code = UndoCode::parse(code).ok_or(Refusal::UndoExpired)?;
        self.begin(FlowKind::Undo, |view, ctx| {
            let hash = code.hash(ctx.keys);
            let account = match view.undone_by(&hash)? {
                Some(account) => view.account(account)?,
                None => None,
            };
            let facts = match &account {
                Some(account) => undo_facts(view, account, &hash, ctx)?,
                None => UndoFacts::default(),
            };
            Ok(undo::begin(hash, account, facts, &view.caller(client)?, ctx))
        })
    }
}

impl AccountHandle {
    /// Confirms that the owner knows of the protected acts up to this [number](crate::ProtectedActView::number).
    /// Sign-ins from the same place no longer list these acts
    /// ([`SignedIn::unconfirmed`](crate::SignedIn::unconfirmed)). Sign-ins without a recognition do not list them
    /// either. A sign-in from another place with a recognition lists them until the owner confirms them there too
    /// (SPEC 1.12).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::Secret;
    ///
    /// let new = Secret::from("nine yellow umbrellas");
    /// engine.account(&session.token)?.change_password(&password, &new)?;
    ///
    /// let session = engine.sign_in("ada@example.org", &new, &client)?.signed_in()?;
    /// for act in &session.unconfirmed {
    ///     println!("{} on {}", act.act.code(), act.device);
    /// }
    /// let last = session.unconfirmed.iter().map(|act| act.number).max().unwrap_or_default();
    /// engine.account(&session.token)?.confirm_protected_acts(last)?;
    /// let again = engine.sign_in("ada@example.org", &new, &client)?.signed_in()?;
    /// assert!(again.unconfirmed.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::NotOffered`] if no other
    /// session did a protected act with this number or a lower one.
    pub fn confirm_protected_acts(&self, up_to: u64) -> Result<(), Error> {
        self.act(|view, ctx, owner| {
            let recognitions = view.recognitions(owner.account.id)?;
            Ok(recognition::confirm_acts(owner, up_to, recognitions, ctx))
        })
    }
}
