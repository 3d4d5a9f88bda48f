//! One runnable answer for each "how do I …?": the files beside this one. Here is what they begin with: somebody who
//! has an account, as `first_account` shows step by step, and a clock to turn where an example is about time.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selfsame::{
    Answer, Client, Clock, Engine, Flow, MessageKind, Reading, Secret, SessionToken, SystemClock,
};

/// The machine's clocks, and what was added to both.
#[derive(Debug, Default)]
pub struct Watch(AtomicU64);

impl Watch {
    /// Time passes, in milliseconds no faster than a program runs.
    pub fn later(&self, span: Duration) {
        self.0.fetch_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }
}

impl Clock for Watch {
    fn read(&self) -> Reading {
        let (shown, added) = (SystemClock.read(), self.0.load(Ordering::Acquire));
        Reading { wall_ms: shown.wall_ms + added, elapsed_ms: shown.elapsed_ms + added }
    }
}

/// Makes an account, and gives the token of the session that opens with it.
///
/// # Errors
/// What the engine answers, and a text where it answers what it never should.
pub fn sign_up(engine: &Engine, email: &str, password: &Secret) -> Result<SessionToken, Box<dyn Error>> {
    let begun = engine.sign_up(email, password, &Client::on("laptop"))?;
    Ok(prove_address(engine, &begun)?.signed_in()?.token)
}

/// Delivers what is in the outbox to a person who types the newest code.
///
/// # Errors
/// What the engine answers; a text where no code was sent.
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
