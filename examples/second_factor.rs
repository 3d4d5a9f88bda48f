//! How do I add a second factor to an account, and sign in if the phone is lost?
//!
//! `cargo run --example second_factor`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use selfsame::{Aal, Answer, Client, Clock, Engine, Environment, Flow, Policy, Refusal, Secret};
use selfsame_examples::{Watch, sign_up};

/// Returns the code of an authenticator app, which has only the secret (RFC 6238).
fn shown(secret: &Secret, watch: &Watch) -> Result<Secret, Box<dyn Error>> {
    let text = secret.reveal_text().ok_or("base32 is text")?;
    let app = totp_rs::Builder::new().with_secret(totp_rs::Secret::try_from_base32(text)?).build()?;
    Ok(app.generate(watch.read().wall_ms / 1_000).to_string().as_str().into())
}

/// Signs in with email and password, up to the second factor.
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

    // The app scans the QR code. Its first code proves that it has the secret.
    let enrolment = account.enroll_totp()?;
    println!("{}", enrolment.qr.terminal().reveal_text().ok_or("lines of text")?);
    let recovery = account.confirm_totp(&shown(&enrolment.secret, &watch)?)?;
    // MFA is still off. If she closed the page now, MFA without recovery codes could lock her out.
    assert!(account.view()?.mfa.is_none());
    println!("{} recovery codes to save", recovery.codes.len());
    account.recovery_codes_saved()?;
    assert!(account.view()?.mfa.is_some());

    // Each code works once. The app shows the next one half a minute later.
    let asked = first_factor(&engine, &password)?;
    let again = engine.answer(&asked, Answer::Totp(shown(&enrolment.secret, &watch)?));
    println!("the same code again: {:?}", again.as_ref().err());
    assert_eq!(again.err(), Some(Refusal::InvalidCode.into()));
    watch.later(Duration::from_secs(30));
    let done = engine.answer(&asked, Answer::Totp(shown(&enrolment.secret, &watch)?))?;
    let signed_in = done.signed_in()?;
    println!("signed in at {:?} by {:?}", signed_in.aal, signed_in.amr);
    assert_eq!(signed_in.aal, Aal::Aal2);

    // The phone is lost. A recovery code replaces it, but gives a lower assurance level.
    let asked = first_factor(&engine, &password)?;
    let code = recovery.codes.first().ok_or("there are codes")?;
    let done = engine.answer(&asked, Answer::RecoveryCode(code.clone()))?;
    let recovered = done.signed_in()?;
    println!("signed in at {:?}, recovered: {}", recovered.aal, recovered.recovered);
    assert!(recovered.recovered && recovered.aal == Aal::Aal1);
    let account = engine.account(&recovered.token)?;
    let left = account.view()?.mfa.ok_or("MFA stays on")?.recovery_codes_left;
    println!("{left} recovery codes left");
    assert_eq!(left, 9);
    // A thief could have used the code, so every address of the account gets a message.
    for message in engine.messages(10)? {
        println!("mail to {}: {}", message.to, message.kind.code());
    }
    Ok(())
}
