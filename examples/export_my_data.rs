//! How do I export the data of an account, and answer a privacy request?
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

    // An export requires fresh proof, so that nobody can export from an unlocked device.
    watch.later(Duration::from_secs(6 * 60));
    let Err(Refused::Refused(Refusal::ReauthenticationRequired { accepted })) = account.export() else {
        return Err("proof from six minutes ago is not fresh".into());
    };
    println!("fresh proof is required: {accepted:?}");
    let asked = account.reauthenticate()?;
    let again = engine.answer(&asked, Answer::Password(password))?.signed_in()?;
    // The session now has a new token.
    let account = engine.account(&again.token)?;

    // The export is one JSON document. Its schema is `selfsame::EXPORT_SCHEMA`.
    let text = account.export()?;
    let document: Value = serde_json::from_str(&text)?;
    let held = document.get("account").ok_or("the document must have an account")?;
    println!("{}", serde_json::to_string_pretty(held)?);
    assert_eq!(held.get("display_name"), Some(&Value::from("Ada")));
    for (member, held) in document.as_object().ok_or("the export must be an object")? {
        if let Some(list) = held.as_array() {
            println!("{member}: {}", list.len());
        }
    }
    // The export contains no secrets, so a lost copy gives no access.
    assert!(!text.contains("argon2") && !text.contains("correct horse"));

    // The host may have more data than the engine. It must answer a request for that data within a month.
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
