//! How do I give somebody everything that is held about them, and answer who asks for more?
//!
//! `cargo run --example export_my_data`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use selfsame::{
    Answer, Engine, Environment, Error as Refused, Policy, Refusal, RequestKind, RequestStatus, Secret,
};
use selfsame_examples::{Watch, sign_up};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let watch = Arc::new(Watch::default());
    let environment = Environment::system().with_clock(watch.clone());
    let engine = Engine::in_memory(Policy::builder().realm("Field Notes").build()?, environment)?;
    let password = Secret::from("correct horse battery staple");
    let account = engine.account(&sign_up(&engine, "ada@example.org", &password)?)?;
    account.set_display_name(Some("Ada"))?;

    // A device that was left unlocked on a table must not give everything away: the proof has to be fresh.
    watch.later(Duration::from_secs(6 * 60));
    let Err(Refused::Refused(Refusal::ReauthenticationRequired { accepted })) = account.export() else {
        return Err("a proof of six minutes ago is not fresh".into());
    };
    println!("first prove again that it is you: {accepted:?}");
    let asked = account.reauthenticate()?;
    let again = engine.answer(&asked, Answer::Password(password))?.signed_in()?;
    // The session has another token from here on.
    let account = engine.account(&again.token)?;

    // One JSON document, of the schema `selfsame::EXPORT_SCHEMA`.
    let text = account.export()?;
    let document: Value = serde_json::from_str(&text)?;
    let held = document.get("account").ok_or("a document has the account")?;
    println!("{}", serde_json::to_string_pretty(held)?);
    assert_eq!(held.get("display_name"), Some(&Value::from("Ada")));
    for (member, held) in document.as_object().ok_or("a document")? {
        if let Some(list) = held.as_array() {
            println!("{member}: {}", list.len());
        }
    }
    // It is everything but the secrets, so that a copy that gets lost opens nothing.
    assert!(!text.contains("argon2") && !text.contains("correct horse"));

    // The host may hold more, of which the engine knows nothing. Who asks for that has an answer in a month.
    let request = account.request_privacy(RequestKind::Access)?;
    let open = engine.open_requests(100)?;
    println!("open: {} {:?}, due in {}", open.len(), request.kind, request.due_at.year_month());
    assert_eq!(open, slice::from_ref(&request));
    engine.close_request(request.account, request.id, "sent by the shop on paper")?;
    for request in account.privacy_requests()? {
        println!("{:?}: {}", request.kind, request.receipt.as_deref().unwrap_or("open"));
        assert!(matches!(request.status, RequestStatus::Closed { .. }));
    }
    Ok(())
}
