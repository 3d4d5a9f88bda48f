//! `selfsame`: plays stories of accounts on a real sealed file.

mod calendar;
mod narrate;
mod playing;
mod words;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Accounts, sign-in and sessions in one sealed file.
#[derive(Parser)]
#[command(name = "selfsame", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play a story: who does what, and what the engine answers
    Play {
        /// A story's file, or `faq` for the one that comes with the program
        story: String,
        /// Keep the store in this new file. Its key comes from the story's seed, so it protects nothing
        #[arg(long, value_name = "FILE")]
        store: Option<PathBuf>,
        /// Print the transcript as JSON, one act a line
        #[arg(long)]
        json: bool,
    },
}

/// Why the program did not do it.
enum Trouble {
    /// The story went otherwise than told.
    Failed(String),
    /// It cannot be played as it was asked for.
    Unusable(String),
    /// Nobody reads on, or nothing can be written.
    Output(io::Error),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(asked) => {
            // Help and usage: there is nobody left to tell that they cannot be printed.
            _ = asked.print();
            return if asked.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let Command::Play { story, store, json } = arguments.command;
    let (code, why) = match playing::play(&story, store.as_deref(), json) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Trouble::Failed(why)) => (1, why),
        Err(Trouble::Unusable(why)) => (2, why),
        // Whoever closed the pipe has read enough.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Trouble::Output(error)) => (1, format!("the transcript cannot be written: {error}")),
    };
    _ = writeln!(anstream::stderr(), "selfsame: {why}");
    ExitCode::from(code)
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
