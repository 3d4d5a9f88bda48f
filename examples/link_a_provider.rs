//! How do I let somebody who has a password sign in with X as well, and not to a second account?
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

/// Signs in with X. X issues no ID token that the engine could check, so the host states what X said after its own
/// OAuth exchange. The statement names one flow and is of no use in another.
fn at_x(engine: &Engine) -> Result<Flow, Box<dyn Error>> {
    let x: ProviderId = "x".parse()?;
    let begun = engine.begin_federated(&x, &Client::on("Ada's phone"))?;
    let Step::PresentAssertion { flow, .. } = &begun.step else {
        return Err("a federated flow begins at the provider".into());
    };
    let statement = HostStatement {
        flow: *flow,
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

    // Another day, when the rate limit allows another mail. The account does not know the X identity. An email alone
    // links nothing, because anybody could have typed it at X.
    watch.later(Duration::from_secs(24 * 60 * 60));
    let asked = at_x(&engine)?;
    println!("{}: does she want an account?", asked.step.code());
    let asked = engine.answer(&asked, Answer::Confirm)?;
    // X is the authority for no email domain, so its word that it verified the address is no proof.
    println!("{}: is the mailbox hers?", asked.step.code());
    let asked = prove_address(&engine, &asked)?;

    // Only now is she told that there is an account with this address, and as little as she needs to know it by.
    let Step::LinkOrCreate { email, candidates, .. } = &asked.step else {
        return Err(format!("she is to be asked, not at {}", asked.step.code()).into());
    };
    for candidate in candidates {
        let (place, methods, created) = (candidate.place, &candidate.methods, candidate.created);
        println!("{}: {place}. an account with {email}, {methods:?}, made in {created}", asked.step.code());
    }
    // She chooses the first.
    let asked = engine.answer(&asked, Answer::LinkTo(1))?;
    // The mailbox was proven, the account was not: a link needs a way in that it already has.
    println!("{}: is the account hers?", asked.step.code());
    let linked = engine.answer(&asked, Answer::Password(password))?.signed_in()?;
    println!("{}: {}", linked.outcome.code(), linked.account == ada);
    assert_eq!((linked.outcome, linked.account), (SignInOutcome::Linked, ada));

    // From now on either leads to the same account, without a question.
    let by_x = at_x(&engine)?.signed_in()?;
    assert_eq!((by_x.outcome, by_x.account), (SignInOutcome::SignedIn, ada));
    let account = engine.account(&by_x.token)?;
    let methods = account.view()?.methods;
    for method in &methods {
        println!("way in: {:?} {}", method.kind, method.handle.as_deref().unwrap_or_default());
    }
    assert_eq!(methods.len(), 2);
    Ok(())
}
