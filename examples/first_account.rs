//! How do I make a store, sign somebody up, and sign them in again?
//!
//! `cargo run --example first_account`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;

use selfsame::{
    Answer, Client, Engine, Environment, HostKey, MessageKind, Policy, Progress, Secret, Step, SystemEntropy,
    Unlock,
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("accounts.selfsame");
    // The host keeps this key where the platform keeps keys: never beside the file.
    let key = HostKey::generate(&SystemEntropy)?;
    let unlock = Unlock::HostKey(key);
    let policy = Policy::builder().realm("Field Notes").build()?;

    let engine = Engine::create(&path, &unlock, None, policy.clone(), Environment::system())?;
    let laptop = Client::on("Ada's laptop");
    let password = Secret::from("correct horse battery staple");

    let Progress { flow: Some(flow), number, .. } = engine.sign_up("ada@example.org", &password, &laptop)?
    else {
        return Err("a sign-up always asks for the proof of the address".into());
    };
    // The host delivers messages; here it reads the code out of the one there is.
    let message = engine.messages(1)?.pop().ok_or("the code is in the outbox")?;
    let MessageKind::VerifyEmail { code } = message.kind else {
        return Err("the first message proves the address".into());
    };
    engine.delivered(message.id)?;
    let done = engine.answer(&flow, number, &Answer::Code(code))?;
    println!("signed up: {}", done.step.code());

    // Another day: the file is all that stayed.
    drop(engine);
    let engine = Engine::open(&path, &unlock, None, policy, Environment::system())?;
    let Step::SignedIn(signed_in) = engine.sign_in("Ada@Example.org", &password, &laptop)?.step else {
        return Err("the password is all that this account asks for".into());
    };
    let token = signed_in.token.ok_or("handed out once, here")?;
    let account = engine.account(&token)?;
    for session in account.sessions()? {
        println!("session on {}, {:?}", session.client.device(), session.aal);
    }
    for activity in account.activity()? {
        println!("{} {}", activity.sequence, activity.event.action.code());
    }
    Ok(())
}
