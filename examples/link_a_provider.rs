//! How do I link X to an account that has a password, so that X opens the same account?
//!
//! `cargo run --example link_a_provider`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use selfsame::{
    Answer, Assertion, Client, Engine, Environment, Flow, HostStatement, Intent, Policy, Provider,
    ProviderId, Secret, SignInOutcome, Step,
};
use selfsame_examples::{Watch, prove_address, sign_up};

/// Signs in with X. X issues no ID token that the engine can verify. The host does the OAuth exchange, then states its
/// result. The statement is valid for one flow only.
fn at_x(engine: &Engine) -> Result<Flow, Box<dyn Error>> {
    let x: ProviderId = "x".parse()?;
    let begun = engine.begin_federated(&x, &Client::on("Ada's phone"))?;
    let Step::PresentAssertion { flow_id, .. } = &begun.step else {
        return Err("a federated flow must begin with an assertion".into());
    };
    let statement = HostStatement {
        flow_id: *flow_id,
        provider: x,
        subject: "1815".to_owned(),
        handle: Some("ada".to_owned()),
        email: Some("ada@example.org".to_owned()),
        email_verified: true,
    };
    Ok(engine.continue_with(&begun, &Assertion::Stated(statement), Intent::SignIn)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::builder().realm("Field Notes").providers(vec![Provider::x()]).build()?;
    let watch = Arc::new(Watch::default());
    let engine = Engine::in_memory(policy, Environment::system().with_clock(watch.clone()))?;
    let password = Secret::from("correct horse battery staple");
    let ada = engine.resolve(&sign_up(&engine, "ada@example.org", &password)?)?.account;

    // A day later, the rate limit allows another mail. No account has the X identity. An email address alone does not
    // link it, because anybody could have typed the address at X.
    watch.later(Duration::from_secs(24 * 60 * 60));
    let asked = at_x(&engine)?;
    println!("{}: does she want to create an account?", asked.step.code());
    let asked = engine.answer(&asked, Answer::Confirm)?;
    // X is not an authority for any email domain, so its claim does not verify the address.
    println!("{}: can she read the mailbox?", asked.step.code());
    let asked = prove_address(&engine, &asked)?;

    // Only now does she learn that an account has this address, with just enough detail to recognise it.
    let Step::LinkOrCreate { email: Some(email), candidates, .. } = &asked.step else {
        return Err(format!("the engine must ask for an account, not {}", asked.step.code()).into());
    };
    for candidate in candidates {
        let (place, methods, created) = (candidate.place, &candidate.methods, candidate.created);
        println!(
            "{}: {place}. an account with {email}, {methods:?}, created in {created}",
            asked.step.code()
        );
    }
    // She chooses the first.
    let asked = engine.answer(&asked, Answer::LinkTo(1))?;
    // She proved that the mailbox is hers, but not the account. She must use a sign-in method that the account has.
    println!("{}: is the account hers?", asked.step.code());
    let linked = engine.answer(&asked, Answer::Password(password))?.signed_in()?;
    println!("{}: {}", linked.outcome.code(), linked.account == ada);
    assert_eq!((linked.outcome, linked.account), (SignInOutcome::Linked, ada));

    // From now on, both sign-in methods open the same account directly.
    let by_x = at_x(&engine)?.signed_in()?;
    assert_eq!((by_x.outcome, by_x.account), (SignInOutcome::SignedIn, ada));
    let account = engine.account(&by_x.token)?;
    let methods = account.view()?.methods;
    for method in &methods {
        println!("sign-in method: {:?} {}", method.kind, method.handle.as_deref().unwrap_or_default());
    }
    assert_eq!(methods.len(), 2);
    Ok(())
}
