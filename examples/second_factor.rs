//! How do I give an account a second factor, and what if the phone with it is gone?
//!
//! `cargo run --example second_factor`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use selfsame::{Aal, Answer, Client, Clock, Engine, Environment, Flow, Policy, Refusal, Secret};
use selfsame_examples::{Watch, sign_up};

/// What an authenticator app shows: another program than the engine, which has nothing but the secret (RFC 6238).
fn shown(secret: &Secret, watch: &Watch) -> Result<Secret, Box<dyn Error>> {
    let text = secret.reveal_text().ok_or("base32 is text")?;
    let app = totp_rs::Builder::new().with_secret(totp_rs::Secret::try_from_base32(text)?).build()?;
    Ok(app.generate(watch.read().wall_ms / 1_000).to_string().as_str().into())
}

/// Email and password, and then the question for the second factor.
fn first_factor(engine: &Engine, password: &Secret) -> Result<Flow, Box<dyn Error>> {
    let asked = engine.sign_in("ada@example.org", password, &Client::on("Ada's tablet"))?;
    println!("asked for: {:?}", asked.step);
    Ok(asked)
}

fn main() -> Result<(), Box<dyn Error>> {
    let watch = Arc::new(Watch::default());
    let environment = Environment::system().with_clock(watch.clone());
    let engine = Engine::in_memory(Policy::builder().realm("Field Notes").build()?, environment)?;
    let password = Secret::from("correct horse battery staple");
    let account = engine.account(&sign_up(&engine, "ada@example.org", &password)?)?;

    // The app takes the secret by its camera; the code that it shows then proves that it has.
    let enrolment = account.enroll_totp()?;
    println!("{}", enrolment.qr.terminal().reveal_text().ok_or("lines of text")?);
    let recovery = account.confirm_totp(&shown(&enrolment.secret, &watch)?)?;
    // Nothing is on yet: a factor without a way around it would lock out whoever closes the page here.
    assert!(account.view()?.mfa.is_none());
    println!("{} recovery codes to be saved", recovery.codes.len());
    account.recovery_codes_saved()?;
    assert!(account.view()?.mfa.is_some());

    // A code is taken once. The app shows the next one half a minute later.
    let asked = first_factor(&engine, &password)?;
    let again = engine.answer(&asked, Answer::Totp(shown(&enrolment.secret, &watch)?));
    println!("the same code again: {:?}", again.as_ref().err());
    assert_eq!(again.err(), Some(Refusal::InvalidCode.into()));
    watch.later(Duration::from_secs(30));
    let done = engine.answer(&asked, Answer::Totp(shown(&enrolment.secret, &watch)?))?;
    let signed_in = done.signed_in()?;
    println!("signed in at {:?} by {:?}", signed_in.aal, signed_in.amr);
    assert_eq!(signed_in.aal, Aal::Aal2);

    // The phone is gone: a recovery code stands in for it, and is no proof of as much.
    let asked = first_factor(&engine, &password)?;
    let code = recovery.codes.first().ok_or("there are codes")?;
    let done = engine.answer(&asked, Answer::RecoveryCode(code.clone()))?;
    let recovered = done.signed_in()?;
    println!("signed in at {:?}, recovered: {}", recovered.aal, recovered.recovered);
    assert!(recovered.recovered && recovered.aal == Aal::Aal1);
    let account = engine.account(&recovered.token)?;
    let left = account.view()?.mfa.ok_or("MFA stays on")?.recovery_codes_left;
    println!("{left} recovery codes are left");
    assert_eq!(left, recovery.codes.len() - 1);
    // Whoever got hold of a code could have come in so: every address of the account is told.
    for message in engine.messages(10)? {
        println!("mail to {}: {}", message.to, message.kind.code());
    }
    Ok(())
}
