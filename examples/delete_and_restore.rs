//! How do I let somebody delete their account, come back, and at last go for good?
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

    // She is out at once, everywhere, and has 30 days to think again.
    engine.account(&token)?.request_deletion()?;
    let outcome = engine.resolve(&token).err();
    println!("her session after it: {outcome:?}");
    assert_eq!(outcome, Some(Refusal::SessionEnded.into()));

    // Whoever signs in meanwhile is asked, because signing in alone might be a habit.
    watch.later(12 * DAY);
    let asked = engine.sign_in(email, &password, &phone)?;
    let Step::ConfirmRestore { requested_at, purge_at } = asked.step else {
        return Err("an account that is to be deleted opens no session by itself".into());
    };
    println!("it can be restored for {} days in all", purge_at.since(requested_at).as_secs() / DAY.as_secs());
    let restored = engine.answer(&asked, Answer::Restore)?.signed_in()?;
    println!("{}", restored.outcome.code());
    assert_eq!(restored.outcome, SignInOutcome::Restored);

    // This time she means it. The host keeps the clock of it: it calls once a day.
    let deletion = engine.account(&restored.token)?.request_deletion()?;
    watch.later(30 * DAY);
    // The account is gone from this moment on, for everybody; its rows follow.
    let outcome = engine.sign_in(email, &password, &phone).err();
    println!("signing in after 30 days: {outcome:?}");
    assert_eq!(outcome, Some(Refusal::InvalidCredentials.into()));
    // What cannot be taken back is looked at twice, a day apart: a clock that is a year ahead for a moment is
    // seen once.
    let first = engine.purge_due(100)?;
    println!("purged at the first look: {}", first.receipts.len());
    assert!(first.receipts.is_empty() && first.next_look.is_some());
    watch.later(DAY);
    let second = engine.purge_due(100)?;
    let receipt = second.receipts.first().ok_or("the account is purged at the second look")?;
    assert_eq!(receipt.purge_at, deletion.purge_at);
    for removed in &receipt.removed {
        println!("removed: {} of {}", removed.rows, removed.table);
    }

    // In a file the pages that were freed are still there, sealed: `Engine::rekey` makes an end of them.
    println!("rekey is due: {}", engine.health()?.erasure_pending.is_some());
    // The address is free again, and who comes by it is somebody new.
    let account = engine.resolve(&sign_up(&engine, email, &password)?)?.account;
    assert_ne!(account, receipt.account);
    Ok(())
}
