//! This test binary, run again as a process for one test.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use selfsame::{Entropy, SystemEntropy};
use selfsame_world::World;

/// Tells a test that it is the child process, and which file to work on.
const FILE: &str = "PROCESSES_FILE";

pub(crate) fn is_process() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Prints the line in one write, so that a killed process has printed the whole line or nothing.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n> {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A process that is killed when the test ends.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// The command that runs this binary for one test.
    pub(crate) fn command(test: &str, file: &Path) -> Command {
        Self::command_by(Command::new(std::env::current_exe().unwrap()), test, file)
    }

    /// The same with a copy of this binary, or with a program that runs it.
    pub(crate) fn command_by(mut program: Command, test: &str, file: &Path) -> Command {
        program.args(["--exact", test, "--nocapture"]).env(FILE, file);
        program
    }

    pub(crate) fn run(command: Command) -> Self {
        Self::try_run(command).unwrap()
    }

    pub(crate) fn try_run(mut command: Command) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Ok(Self { child, stdin, lines: BufReader::new(stdout).lines() })
    }

    /// The next line that the process says. Returns `None` once it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut said = self.lines.by_ref().map(Result::unwrap);
        said.find_map(|line| line.strip_prefix("> ").map(str::to_owned))
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A truly random number. The moment of a kill cannot be reproduced anyway.
pub(crate) fn below(bound: usize) -> usize {
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes).unwrap();
    (u64::from_be_bytes(bytes) % bound as u64) as usize
}

/// Checks that the store still works: somebody new signs up, and their audit chain is intact.
pub(crate) fn goes_on(world: &World) {
    let somebody = world.person(&format!("next{}@example.com", below(1 << 30)), "a password of theirs");
    assert!(world.account(&somebody).verify_audit().unwrap());
}
