//! The end of every help and man page: what the command reads, and the exit codes.

use clap::CommandFactory;

use super::{Arguments, answers};
use crate::trouble;

const HOST: &str = "the store and its key";
pub(super) const FLOW: &str = "the store, its key and the open flow";
const OWNER: &str = "the store, its key and the session";

/// A command, the files that it reads, and the input that it asks for.
pub(super) type Reads = (&'static str, &'static str, &'static str);

/// What each command reads, except the answers to a step.
const READS: &[Reads] = &[
    ("init", "the key file, if it exists", ""),
    ("sign-up", HOST, PASSWORD),
    ("sign-in", HOST, PASSWORD),
    ("reset-password", HOST, ""),
    ("reauthenticate", OWNER, ""),
    ("begin-federated", HOST, ""),
    ("continue", FLOW, FILE),
    ("set-keys", HOST, FILE),
    ("step", FLOW, ""),
    ("account", OWNER, ""),
    ("sessions", OWNER, ""),
    ("sessions list", OWNER, ""),
    ("sessions end", OWNER, ""),
    ("sessions end-others", OWNER, ""),
    ("sign-out", OWNER, ""),
    ("methods", OWNER, ""),
    ("methods list", OWNER, ""),
    ("methods add", OWNER, ""),
    ("methods remove", OWNER, ""),
    ("methods adopt-email", OWNER, ""),
    (
        "methods review",
        OWNER,
        "a confirmation from the terminal unless you give --yes; and the new password, if you keep it",
    ),
    ("password", OWNER, ""),
    ("password change", OWNER, "both passwords, hidden on the terminal or from standard input"),
    ("password add", OWNER, PASSWORD),
    ("password report-compromised", OWNER, YES),
    ("email", OWNER, ""),
    ("email change", OWNER, ""),
    ("email send-code", OWNER, ""),
    ("email verify", OWNER, "the code, from the terminal or standard input"),
    ("name", OWNER, ""),
    ("contact", OWNER, ""),
    ("confirm-changes", OWNER, ""),
    ("undo", HOST, HIDDEN),
    ("mfa", OWNER, ""),
    ("mfa show", OWNER, ""),
    ("mfa enroll", OWNER, ""),
    ("mfa confirm", OWNER, HIDDEN),
    ("mfa codes", OWNER, ""),
    ("mfa confirm-saved", OWNER, ""),
    ("mfa new-codes", OWNER, YES),
    ("mfa off", OWNER, YES),
    ("products", OWNER, ""),
    ("open-product", OWNER, ""),
    ("billing", OWNER, ""),
    ("manage", OWNER, ""),
    ("export", OWNER, ""),
    ("explain", OWNER, ""),
    ("explain mfa-enroll", OWNER, ""),
    ("explain mfa-confirm-saved", OWNER, ""),
    ("explain mfa-new-codes", OWNER, ""),
    ("explain mfa-off", OWNER, ""),
    ("explain password-report-compromised", OWNER, ""),
    ("explain open-product", OWNER, ""),
    ("explain session-end", OWNER, ""),
    ("explain sessions-end-others", OWNER, ""),
    ("explain sign-out", OWNER, ""),
    ("explain delete", OWNER, ""),
    ("explain export", OWNER, ""),
    ("privacy", HOST, ""),
    ("privacy request", OWNER, ""),
    ("privacy list", OWNER, ""),
    ("privacy list-open", HOST, ""),
    ("privacy close", HOST, ""),
    ("privacy announce", HOST, YES),
    ("privacy erase", HOST, YES),
    ("support", HOST, ""),
    ("support find", HOST, ""),
    ("support activity", HOST, ""),
    ("support delete", HOST, YES),
    ("support records", HOST, ""),
    ("purge", HOST, YES),
    ("rekey", HOST, ""),
    ("import", HOST, "the accounts, from the file"),
    ("renumber", HOST, YES),
    ("delete", OWNER, YES),
    ("picker", HOST, ""),
    ("remove-from-picker", HOST, ""),
    ("messages", HOST, ""),
    ("set-billing", HOST, ""),
    ("mark-compromised", HOST, YES),
    ("audit", OWNER, ""),
    ("health", HOST, ""),
    ("play", "the story's file", ""),
    ("man", "nothing", ""),
    ("completions", "nothing", ""),
];

pub(super) const PASSWORD: &str =
    "the password, hidden on the terminal, or from standard input with --password-stdin";
pub(super) const HIDDEN: &str = "the code, hidden on the terminal or from standard input";
pub(super) const FILE: &str = "the file, or standard input";
pub(super) const YES: &str = "a confirmation from the terminal unless you give --yes";

fn reads() -> impl Iterator<Item = &'static Reads> {
    READS.iter().chain(answers::READS)
}

/// The whole command line.
pub(crate) fn command() -> clap::Command {
    completed(Arguments::command(), "")
}

fn completed(command: clap::Command, path: &str) -> clap::Command {
    let mut help = match command.get_after_help() {
        Some(help) => format!("{help}\n\n"),
        None if path.is_empty() => String::new(),
        None => {
            let given = command.get_positionals().map(|given| format!(" {}", given.get_id()).to_uppercase());
            format!("Example:\n  selfsame {path}{}\n\n", given.collect::<String>())
        }
    };
    if let Some((_, files, asked)) = reads().find(|(of, ..)| *of == path) {
        help += &format!("Reads {files}");
        if !asked.is_empty() {
            help += &format!("; {asked}");
        }
        help += ".\n\n";
    }
    help += trouble::CODES;
    command.after_help(help).mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name()).trim_start().to_owned();
        completed(below, &path)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_command_and_every_argument_has_its_help() {
        let mut whole = command();
        whole.build();
        let mut paths = BTreeSet::new();
        walk(&whole, "", &mut paths);
        assert!(paths.len() > 50, "{}", paths.len());
        assert_eq!(
            paths,
            reads().map(|(of, ..)| (*of).to_owned()).collect(),
            "the commands whose input is described"
        );
        whole.debug_assert();
    }

    fn walk(command: &clap::Command, path: &str, paths: &mut BTreeSet<String>) {
        let help = command.clone().render_long_help().to_string();
        for part in ["Example", "  0  done", "  5  busy"] {
            assert!(help.contains(part), "{path} has no {part:?}: {help}");
        }
        assert!(
            command.get_about().is_some_and(|about| !about.to_string().is_empty()),
            "{path} has no description"
        );
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{path}: {} has no help", argument.get_id());
            let values = argument.get_possible_values();
            let undescribed = values.iter().find(|value| value.get_help().is_none());
            let is_of_clap = argument.get_id() == "shell" || argument.get_action().takes_values().eq(&false);
            assert!(is_of_clap || undescribed.is_none(), "{path} {}: {undescribed:?}", argument.get_id());
        }
        if !path.is_empty() {
            assert!(help.contains("Reads "), "{path} does not say what it reads");
            paths.insert(path.to_owned());
        }
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            walk(below, format!("{path} {}", below.get_name()).trim_start(), paths);
        }
    }
}
