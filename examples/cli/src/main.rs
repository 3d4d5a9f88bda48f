//! `selfsame`: accounts in one sealed file, by command or as a story.

mod acts;
mod arguments;
mod assertion;
mod calendar;
mod confirm;
mod input;
mod key;
mod man;
mod narrate;
mod next;
mod playing;
mod policy;
mod prompt;
mod state;
mod tell;
mod trouble;
mod words;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::FromArgMatches;
use clap_complete::Shell;

use crate::acts::{Store, Who};
use crate::arguments::{Arguments, Command, Data, Methods, Mfa, Place, Sessions, Ways};
use crate::tell::Report;
use crate::trouble::Trouble;

fn main() -> ExitCode {
    let parsed =
        arguments::command().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(asked) => {
            // If help cannot be printed, no error can be printed either.
            _ = asked.print();
            return if asked.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let trouble = match run(arguments.command) {
        Ok(()) => return ExitCode::SUCCESS,
        // The reader closed the pipe, which is not an error.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(trouble) => trouble,
    };
    _ = writeln!(anstream::stderr(), "selfsame: {}", trouble.sentence());
    ExitCode::from(trouble.exit_code())
}

fn run(command: Command) -> Result<(), Trouble> {
    match command {
        Command::Play { story, store, json } => playing::play(&story, store.as_deref(), json),
        Command::Man { of, to } => man::pages(&of, to.as_deref()),
        Command::Completions { shell } => Ok(completions(shell)?),
        Command::Init { place } => act(&place, Store::init),
        Command::SignUp { email, password, device, place } => {
            act(&place, |store| store.sign_up(&email, &password, &device))
        }
        Command::SignIn { email, account, password, device, place } => {
            let who = match account {
                Some(account) => Who::Account(account),
                None => Who::Email(email.unwrap_or_default()),
            };
            act(&place, |store| store.sign_in(&who, &password, &device))
        }
        Command::ResetPassword { email, device, place } => {
            act(&place, |store| store.reset_password(&email, &device))
        }
        Command::Reauthenticate { place } => act(&place, Store::reauthenticate),
        Command::BeginFederated { provider, device, place } => {
            act(&place, |store| store.begin_federated(&provider, &device))
        }
        Command::Continue { file, intent, place } => act(&place, |store| store.continue_with(file, intent)),
        Command::SetKeys { provider, file, place } => {
            act(&place, |store| store.set_keys(&provider, file.as_deref()))
        }
        Command::Step { place } => act(&place, Store::step),
        Command::Answer { answer, place } => act(&place, |store| store.answer(answer)),
        Command::Account { place } => act(&place, Store::account),
        Command::Sessions { what, place } => {
            act(&place, |store| store.sessions(&what.unwrap_or(Sessions::List)))
        }
        Command::SignOut { place } => act(&place, Store::sign_out),
        Command::Ways(ways) => run_ways(ways),
        Command::Data(data) => run_data(data),
        Command::Mfa { what, place } => act(&place, |store| store.mfa(&what.unwrap_or(Mfa::Show))),
        Command::Products { place } => act(&place, Store::products),
        Command::OpenProduct { product, place } => act(&place, |store| store.open_product(&product)),
        Command::Billing { product, place } => act(&place, |store| store.billing(&product)),
        Command::Manage { managed, place } => act(&place, |store| store.manage(&managed)),
        Command::Delete { confirmed, place } => act(&place, |store| store.delete(&confirmed)),
        Command::Picker { place } => act(&place, Store::picker),
        Command::RemoveFromPicker { account, place } => {
            act(&place, |store| store.remove_from_picker(account))
        }
        Command::SetBilling { account, product, bill, place } => {
            act(&place, |store| store.set_billing(account, &product, &bill))
        }
        Command::MarkCompromised { account, method, confirmed, place } => {
            act(&place, |store| store.mark_compromised(account, method, &confirmed))
        }
        Command::Renumber { provider, old, new, confirmed, place } => {
            act(&place, |store| store.renumber(&provider, &old, &new, &confirmed))
        }
        Command::Messages { delivered, place } => act(&place, |store| store.messages(delivered)),
        Command::Audit { place } => act(&place, Store::audit),
        Command::Health { place } => act(&place, Store::health),
    }
}

fn run_ways(ways: Ways) -> Result<(), Trouble> {
    match ways {
        Ways::Methods { what, place } => act(&place, |store| store.methods(&what.unwrap_or(Methods::List))),
        Ways::Password { what, place } => act(&place, |store| store.password(&what)),
        Ways::Email { what, place } => act(&place, |store| store.email(&what)),
        Ways::Name { name, place, .. } => act(&place, |store| store.name(name.as_deref())),
        Ways::Contact { email, place } => act(&place, |store| store.contact(&email)),
        Ways::ConfirmChanges { number, place } => act(&place, |store| store.confirm_changes(number)),
        Ways::Undo { device, place } => act(&place, |store| store.undo(&device)),
    }
}

fn run_data(data: Data) -> Result<(), Trouble> {
    match data {
        Data::Export { file, place } => act(&place, |store| store.export(file.as_deref())),
        Data::Explain { what, place } => act(&place, |store| store.explain(what)),
        Data::Privacy { what, place } => act(&place, |store| store.privacy(&what)),
        Data::Support { what, place } => act(&place, |store| store.support(&what)),
        Data::Purge { limit, confirmed, place } => act(&place, |store| store.purge(limit, &confirmed)),
        Data::Import { file, dry_run, place } => act(&place, |store| store.import(&file, dry_run)),
        Data::Rekey { new_key, place } => act(&place, |store| store.rekey(&new_key)),
    }
}

/// Runs the action and prints the answer. With `--json`, errors are JSON too.
fn act(place: &Place, does: impl FnOnce(&Store) -> Result<Report, Trouble>) -> Result<(), Trouble> {
    match Store::at(place).and_then(|store| does(&store)) {
        Ok(report) => {
            let printed = report.print(place.json);
            // An error of the action matters more than closed output.
            match report.trouble {
                Some(trouble) => Err(trouble),
                None => Ok(printed?),
            }
        }
        Err(trouble) => {
            if place.json {
                let mut out = anstream::stdout();
                _ = writeln!(out, "{}", trouble.value()).and_then(|()| out.flush());
            }
            Err(trouble)
        }
    }
}

fn completions(shell: Shell) -> io::Result<()> {
    // Generated into memory first, because the generator panics on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut arguments::command(), "selfsame", &mut script);
    let mut out = BufWriter::new(io::stdout().lock());
    out.write_all(&script)?;
    out.flush()
}
