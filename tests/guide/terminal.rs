//! A program that asks questions on its terminal: this test binary, run again for one test.
#![expect(clippy::unwrap_used, reason = "a test panics on anything unexpected")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const CHILD: &str = "SELFSAME_TUTORIAL";

/// Returns whether this process is the program.
pub(crate) fn is_program() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// The program of the tutorial, and the person at its terminal.
pub(crate) struct Terminal {
    child: Child,
    typed: ChildStdin,
    shown: BufReader<ChildStdout>,
    transcript: String,
}

impl Terminal {
    /// Runs a test of this binary again as the program, in the folder.
    pub(crate) fn open(test: &str, folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(CHILD, "1").current_dir(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (typed, shown) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, typed, shown, transcript: String::new() }
    }

    /// Waits for the question, and returns the text before it.
    pub(crate) fn asked(&mut self, question: &str) -> String {
        let mut shown = Vec::new();
        while !shown.ends_with(format!("{question}: ").as_bytes()) {
            let mut byte = [0];
            let ended = self.shown.read(&mut byte).unwrap() == 0;
            assert!(!ended, "{question:?} is not asked: {}", String::from_utf8_lossy(&shown));
            shown.extend(byte);
        }
        let shown = String::from_utf8(shown).unwrap();
        self.transcript.push_str(&shown);
        shown
    }

    pub(crate) fn transcript(&self) -> &str {
        &self.transcript
    }

    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.typed, "{line}").unwrap();
        self.transcript.push_str(&format!("{line}\n"));
    }

    pub(crate) fn begins(&mut self, password: &str, way: &str) {
        for (question, answer) in [
            ("Email", "ada@example.org"),
            ("Password, at least 15 characters", password),
            ("Sign up or sign in? (up/in)", way),
        ] {
            self.asked(question);
            self.types(answer);
        }
    }

    /// Ends the input, and returns the rest of the program's text.
    pub(crate) fn close(mut self) -> String {
        drop(self.typed);
        let rest = self.shown.lines().map(|line| line.unwrap()).collect::<Vec<_>>().join("\n");
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest
    }
}

/// Returns the text between this beginning and the end of the line.
pub(crate) fn after<'a>(shown: &'a str, beginning: &str) -> &'a str {
    shown.split_once(beginning).unwrap().1.lines().next().unwrap()
}
