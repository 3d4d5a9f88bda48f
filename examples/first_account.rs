//! How do I create a store, sign somebody up, and sign them in again?
//!
//! `cargo run --example first_account`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;

use selfsame::{Answer, Client, Engine, HostKey, MessageKind, Policy, Secret, SystemEntropy, Unlock};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("accounts.selfsame");
    // Keep this key in the platform's keystore, never beside the file.
    let key = HostKey::generate(&SystemEntropy)?;
    let policy = Policy::builder().realm("Field Notes").build()?;
    let options = Engine::options(Unlock::HostKey(key)).policy(policy);

    let engine = options.create(&path)?;
    let laptop = Client::on("Ada's laptop");
    let password = Secret::from("correct horse battery staple");

    let mut flow = engine.sign_up("ada@example.org", &password, &laptop)?;
    // The host sends the messages. Here, the person types the code at once.
    for message in engine.messages(10)? {
        engine.delivered(message.id)?;
        if let MessageKind::VerifyEmail { code } = message.kind {
            flow = engine.answer(&flow, Answer::Code(code))?;
        }
    }
    println!("signed up: {}", flow.signed_in()?.account);

    // Another day, the application opens the file again.
    drop(engine);
    let engine = options.open(&path)?;
    let session = engine.sign_in("Ada@Example.org", &password, &laptop)?.signed_in()?;
    let account = engine.account(&session.token)?;
    for session in account.sessions()? {
        println!("session on {}, {:?}", session.client.device(), session.aal);
    }
    for activity in account.activity()? {
        println!("{} {}", activity.sequence, activity.event.action.code());
    }
    Ok(())
}
