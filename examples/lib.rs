//! Helpers for the examples beside this file: signing up, as `first_account` shows step by step, and a clock that
//! an example can advance. Each example is a program that answers one "how do I …?".

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selfsame::{
    Answer, Client, Clock, Engine, Flow, MessageKind, Reading, Secret, SessionToken, SystemClock,
};

/// The system clocks, plus an offset.
#[derive(Debug, Default)]
pub struct Watch(AtomicU64);

impl Watch {
    /// Advances the time by `span`, in whole milliseconds.
    pub fn later(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }
}

impl Clock for Watch {
    fn read(&self) -> Reading {
        let (shown, added) = (SystemClock.read(), self.0.load(Ordering::Acquire));
        Reading { wall_ms: shown.wall_ms + added, elapsed_ms: shown.elapsed_ms + added, ..shown }
    }
}

/// Signs up, verifies the address, and returns the session token.
///
/// # Errors
/// Returns an error if the engine refuses or does not sign the person in.
pub fn sign_up(engine: &Engine, email: &str, password: &Secret) -> Result<SessionToken, Box<dyn Error>> {
    let begun = engine.sign_up(email, password, &Client::on("laptop"))?;
    Ok(prove_address(engine, &begun)?.signed_in()?.token)
}

/// Delivers all messages, and answers the flow with the newest code.
///
/// # Errors
/// Returns an error if the engine refuses, or if no code was sent.
pub fn prove_address(engine: &Engine, flow: &Flow) -> Result<Flow, Box<dyn Error>> {
    let mut typed = Err("no code was sent");
    for message in engine.messages(10)? {
        engine.delivered(message.id)?;
        if let MessageKind::VerifyEmail { code } = message.kind {
            typed = Ok(code);
        }
    }
    Ok(engine.answer(flow, Answer::Code(typed?))?)
}
