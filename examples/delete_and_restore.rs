//! How do I let somebody delete an account, restore it, and delete it for good?
//!
//! `cargo run --example delete_and_restore`
#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use selfsame::{Answer, Client, Engine, Environment, Policy, Refusal, Secret, SignInOutcome, Step};
use selfsame_examples::{Watch, sign_up};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn main() -> Result<(), Box<dyn Error>> {
    let watch = Arc::new(Watch::default());
    let environment = Environment::system().with_clock(watch.clone());
    let engine = Engine::in_memory(Policy::builder().realm("Field Notes").build()?, environment)?;
    let (email, password) = ("ada@example.org", Secret::from("correct horse battery staple"));
    let phone = Client::on("Ada's phone");
    let token = sign_up(&engine, email, &password)?;

    // The request ends all her sessions. She can restore the account for 30 days.
    engine.account(&token)?.request_deletion()?;
    let outcome = engine.resolve(&token).err();
    println!("her session after the request: {outcome:?}");
    assert_eq!(outcome, Some(Refusal::SessionEnded.into()));

    // If she signs in during that time, the engine asks whether to restore the account. It never restores it unasked.
    watch.later(12 * DAY);
    let asked = engine.sign_in(email, &password, &phone)?;
    let Step::ConfirmRestore { requested_at, purge_at } = asked.step else {
        return Err("the engine must ask before it restores an account".into());
    };
    println!(
        "the account can be restored for {} days in total",
        purge_at.since(requested_at).as_secs() / DAY.as_secs()
    );
    let restored = engine.answer(&asked, Answer::Restore)?.signed_in()?;
    println!("{}", restored.outcome.code());
    assert_eq!(restored.outcome, SignInOutcome::Restored);

    // She deletes it again. The host calls `purge_due` once a day.
    let deletion = engine.account(&restored.token)?.request_deletion()?;
    watch.later(30 * DAY);
    // After 30 days nobody can use the account. Its rows are removed later.
    let outcome = engine.sign_in(email, &password, &phone).err();
    println!("signing in after 30 days: {outcome:?}");
    assert_eq!(outcome, Some(Refusal::InvalidCredentials.into()));
    // Two calls, a day apart, must find the account due. A clock that is wrong for a moment purges nothing.
    let first = engine.purge_due(100)?;
    println!("purged by the first call: {}", first.receipts.len());
    assert!(first.receipts.is_empty() && first.next_call_at.is_some());
    watch.later(DAY);
    let second = engine.purge_due(100)?;
    let receipt = second.receipts.first().ok_or("the second call must purge the account")?;
    assert_eq!(receipt.purge_at, deletion.purge_at);
    for removed in &receipt.removed {
        println!("removed: {} of {}", removed.rows, removed.table);
    }

    // A file still contains the freed pages, encrypted. `Engine::rekey` makes them unreadable.
    println!("rekey is due: {}", engine.health()?.erasure_pending.is_some());
    // The address is free again. A sign-up with it creates a new account.
    let account = engine.resolve(&sign_up(&engine, email, &password)?)?.account;
    assert_ne!(account, receipt.account);
    Ok(())
}
