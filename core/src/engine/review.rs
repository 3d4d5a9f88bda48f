//! The owner confirms the sign-in methods (SPEC 3.7).

use super::Attempt;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::MethodId;
use crate::ground::secret::Secret;
#[cfg(doc)]
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::fresh::Unheld;
use crate::rules::review;
use crate::rules::review::Kept;

impl AccountHandle {
    /// Keeps the listed sign-in methods among those that the account had before it proved its first address, and
    /// removes the others. Keeping a password requires a new password, because the person who set the old one may know
    /// it.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let stated = |flow: &selfsame::Flow, email: Option<&str>| match &flow.step {
    /// #     selfsame::Step::PresentAssertion { provider, flow_id, .. } => {
    /// #         let (email, provider) = (email.map(str::to_owned), provider.clone());
    /// #         let (subject, handle) = ("2244994945".to_owned(), Some("ada".to_owned()));
    /// #         selfsame::Assertion::Stated(selfsame::HostStatement {
    /// #             flow_id: *flow_id, provider, subject, handle, email, email_verified: false,
    /// #         })
    /// #     }
    /// #     other => panic!("{other:?}"),
    /// # };
    /// use selfsame::AddressStep;
    ///
    /// # let flow = account.begin_add(&"x".parse()?)?;
    /// # engine.continue_with(&flow, &stated(&flow, None), selfsame::Intent::SignIn)?;
    /// # account.change_email("ada@example.com")?;
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// // The first address that an account proves disables its other sign-in methods.
    /// if let AddressStep::ReviewMethods { methods, .. } = account.prove_address(&code)? {
    ///     // The owner ticks those that are theirs. There is no second factor and no password among them.
    ///     let kept: Vec<_> = methods.iter().map(|method| method.id).collect();
    ///     account.review(&kept, false, None)?;
    /// }
    /// assert!(account.view()?.methods.iter().all(|method| !method.suspended));
    /// # assert_eq!(account.view()?.methods.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidPassword`],
    /// [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]; [`Refusal::NotOffered`] if nothing waits
    /// for the review, if a listed method does not wait for it, or if a new password is missing or not
    /// needed.
    pub fn review(
        &self,
        keep: &[MethodId],
        keep_second_factor: bool,
        new_password: Option<&Secret>,
    ) -> Result<(), Error> {
        self.check_fresh::<Unheld>()?;
        self.engine().settled(|| {
            let (identifier, compromised) = self.look(|_, _, account| {
                Ok((account.any_password_email().cloned(), account.compromised.clone()))
            })?;
            let hash = |password| self.engine().hash_for(password, identifier.as_ref(), &compromised);
            let new_password = new_password.map(hash).transpose()?;
            self.act_fresh(|_, ctx, fresh| {
                if fresh.account().compromised != compromised {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                let kept = Kept {
                    methods: keep.to_vec(),
                    second_factor: keep_second_factor,
                    new_password: new_password.clone(),
                };
                Ok(review::review(fresh, kept, ctx).map(Attempt::Done))
            })
        })
    }
}
