//! How do I let somebody who has a password sign in with X as well, and not to a second account?
//!
//! `cargo run --example link_a_provider`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use selfsame::{
    Answer, Assertion, Client, Engine, Environment, HostStatement, Intent, Policy, Progress, Provider,
    ProviderId, Secret, SignInOutcome, Step,
};
use selfsame_examples::{Watch, prove_address, sign_up};

/// What the host states once it has been to X with the person: X issues no ID token that the engine could check.
/// The statement is made for one flow, so that it is of no use in another.
fn at_x(engine: &Engine) -> Result<Progress, Box<dyn Error>> {
    let x = ProviderId::new("x").ok_or("a short name")?;
    let Progress { flow: Some(token), step: Step::PresentAssertion { flow, .. }, .. } =
        engine.begin_federated(&x, &Client::on("Ada's phone"))?
    else {
        return Err("a federated flow begins at the provider".into());
    };
    let statement = HostStatement {
        flow,
        provider: x,
        subject: "1815".to_owned(),
        handle: Some("ada".to_owned()),
        email: Some("ada@example.org".to_owned()),
        email_verified: true,
    };
    Ok(engine.continue_with(&token, &Assertion::Stated(statement), Intent::SignIn)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::builder().realm("Field Notes").providers(vec![Provider::x()]).build()?;
    let watch = Arc::new(Watch::default());
    let engine = Engine::in_memory(policy, Environment::system().with_clock(watch.clone()))?;
    let password = Secret::from("correct horse battery staple");
    let ada = engine.resolve(&sign_up(&engine, "ada@example.org", &password)?)?.account;

    // Another day, when mail may go to her again. X is unknown to the account, and nothing is linked by an email alone: whoever says so might be anybody.
    watch.later(Duration::from_secs(24 * 60 * 60));
    let asked = at_x(&engine)?;
    let flow = asked.flow.clone().ok_or("nobody is in yet")?;
    println!("{}: does she want an account?", asked.step.code());
    let asked = engine.answer(&flow, asked.number, &Answer::Confirm)?;
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
    let place = candidates.first().ok_or("Ada's account")?.place;
    let asked = engine.answer(&flow, asked.number, &Answer::LinkTo(place))?;
    // The mailbox was proven, the account was not: a link needs a way in that it already has.
    println!("{}: is the account hers?", asked.step.code());
    let done = engine.answer(&flow, asked.number, &Answer::Password(password.clone()))?;
    let Step::SignedIn(linked) = done.step else {
        return Err(format!("the link was proven, and she is at {}", done.step.code()).into());
    };
    println!("{}: {}", linked.outcome.code(), linked.account == ada);
    assert_eq!((linked.outcome, linked.account), (SignInOutcome::Linked, ada));

    // From now on either leads to the same account, without a question.
    let Step::SignedIn(by_x) = at_x(&engine)?.step else { return Err("X is a way in now".into()) };
    assert_eq!((by_x.outcome, by_x.account), (SignInOutcome::SignedIn, ada));
    let account = engine.account(&by_x.token.ok_or("handed out once, here")?)?;
    let methods = account.view()?.methods;
    for method in &methods {
        println!("way in: {:?} {}", method.kind, method.handle.as_deref().unwrap_or_default());
    }
    assert_eq!(methods.len(), 2);
    Ok(())
}
