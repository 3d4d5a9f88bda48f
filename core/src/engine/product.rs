//! Products that share the account, and their billing profiles (SPEC 8).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::AccountId;
use crate::ground::label::TextField;
use crate::ground::short_name::ProductId;
use crate::records::identifier::Identifier;
use crate::records::product::{Billing, Destination, Managed, Membership};
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::product;

impl Engine {
    /// Sets an account's billing profile for a product, as the biller told the host. All other profiles stay
    /// as they are (SPEC 8.3).
    ///
    /// ```
    /// # let notes = selfsame::Product {
    /// #     id: "notes".parse()?,
    /// #     display_name: "Field Notes".to_owned(),
    /// #     manage_account_url: "https://notes.example.org/account".to_owned(),
    /// #     manage_billing_url: "https://notes.example.org/billing".to_owned(),
    /// # };
    /// # let policy = selfsame::Policy::builder().products(vec![notes]).email_proof(selfsame::EmailProof::Later);
    /// # let engine = selfsame::Engine::in_memory(policy.build()?, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Billing, BillingStatus, ManagedBy};
    ///
    /// let billing = Billing {
    ///     customer: "customer-1042".parse()?,
    ///     plan: "yearly".to_owned(),
    ///     status: BillingStatus::Active,
    ///     period_end: None,
    ///     managed_by: ManagedBy::AppleAppStore,
    /// };
    /// engine.set_billing(session.account, &"notes".parse()?, &billing)?;
    /// assert_eq!(account.memberships()?[0].billing, Some(billing));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::IdentifierInUse`] if another product or account has the customer reference;
    /// [`Refusal::UnknownProduct`] or [`Refusal::UnknownAccount`]; [`Refusal::InvalidText`] if the plan cannot
    /// be shown.
    pub fn set_billing(
        &self,
        account: AccountId,
        product: &ProductId,
        billing: &Billing,
    ) -> Result<(), Error> {
        let billing = &Billing { plan: TextField::Plan.kept(&billing.plan)?, ..billing.clone() };
        self.act(|view, ctx| {
            let Some(account) = view.account(account)? else {
                return Ok(Verdict::refused(Refusal::UnknownAccount));
            };
            let holder = view.holder(&Identifier::Customer(billing.customer.clone()))?;
            Ok(product::set_billing(account, holder.as_ref(), product, billing.clone(), ctx))
        })
    }
}

impl AccountHandle {
    /// Returns the products that the account uses, in the order of their first use.
    ///
    /// ```
    /// # let notes = selfsame::Product {
    /// #     id: "notes".parse()?,
    /// #     display_name: "Field Notes".to_owned(),
    /// #     manage_account_url: "https://notes.example.org/account".to_owned(),
    /// #     manage_billing_url: "https://notes.example.org/billing".to_owned(),
    /// # };
    /// # let policy = selfsame::Policy::builder().products(vec![notes]).email_proof(selfsame::EmailProof::Later);
    /// # let engine = selfsame::Engine::in_memory(policy.build()?, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// account.open_product(&"notes".parse()?)?;
    /// for membership in account.memberships()? {
    ///     println!("{} since {:?}", membership.product, membership.since);
    /// }
    /// assert_eq!(account.memberships()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn memberships(&self) -> Result<Vec<Membership>, Error> {
        self.look(|_, _, account| Ok(account.memberships.clone()))
    }

    /// Uses a product. The first use creates a membership. Later uses change nothing. Opening a session from
    /// a product does the same (SPEC 8.2).
    ///
    /// ```
    /// # let notes = selfsame::Product {
    /// #     id: "notes".parse()?,
    /// #     display_name: "Field Notes".to_owned(),
    /// #     manage_account_url: "https://notes.example.org/account".to_owned(),
    /// #     manage_billing_url: "https://notes.example.org/billing".to_owned(),
    /// # };
    /// # let policy = selfsame::Policy::builder().products(vec![notes]).email_proof(selfsame::EmailProof::Later);
    /// # let engine = selfsame::Engine::in_memory(policy.build()?, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Error, Refusal};
    ///
    /// let membership = account.open_product(&"notes".parse()?)?;
    /// assert_eq!(account.open_product(&"notes".parse()?)?, membership);
    ///
    /// let refused = account.open_product(&"maps".parse()?);
    /// assert_eq!(refused, Err(Error::Refused(Refusal::UnknownProduct)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProduct`].
    pub fn open_product(&self, product: &ProductId) -> Result<Membership, Error> {
        self.act(|_, ctx, owner| Ok(product::open(owner.account.clone(), owner.session.id, product, ctx)))
    }

    /// Returns where the owner manages the product's billing: at the product, or at the app store that sold
    /// it (SPEC 8.4).
    ///
    /// ```
    /// # let notes = selfsame::Product {
    /// #     id: "notes".parse()?,
    /// #     display_name: "Field Notes".to_owned(),
    /// #     manage_account_url: "https://notes.example.org/account".to_owned(),
    /// #     manage_billing_url: "https://notes.example.org/billing".to_owned(),
    /// # };
    /// # let policy = selfsame::Policy::builder().products(vec![notes]).email_proof(selfsame::EmailProof::Later);
    /// # let engine = selfsame::Engine::in_memory(policy.build()?, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::Destination;
    ///
    /// match account.billing_destination(&"notes".parse()?)? {
    ///     Destination::Product { url } => assert_eq!(url, "https://notes.example.org/billing"),
    ///     Destination::Store { url, .. } => println!("The app store bills it: {url}"),
    ///     Destination::ManagedElsewhere { .. } => println!("Somebody else bills it."),
    /// }
    /// # let at = account.billing_destination(&"notes".parse()?)?;
    /// # assert!(matches!(at, Destination::Product { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProduct`].
    pub fn billing_destination(&self, product: &ProductId) -> Result<Destination, Error> {
        let answer =
            self.look(|_, ctx, account| Ok(product::billing_destination(account, product, ctx.policy)))?;
        Ok(answer?)
    }

    /// Returns where the owner manages the account, from a product or at a provider. Only the provider can
    /// manage its own account: [`Destination::ManagedElsewhere`] (SPEC 8.5).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Destination, Managed};
    ///
    /// let elsewhere = account.manage_destination(&Managed::Provider { provider: "x".parse()? })?;
    /// let url = Some("https://x.com/settings/account".to_owned());
    /// assert_eq!(elsewhere, Destination::ManagedElsewhere { url });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProduct`] or
    /// [`Refusal::UnknownProvider`].
    pub fn manage_destination(&self, managed: &Managed) -> Result<Destination, Error> {
        let answer = self.look(|_, ctx, _| Ok(product::manage_destination(managed, ctx.policy)))?;
        Ok(answer?)
    }
}
