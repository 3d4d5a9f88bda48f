//! This test binary, run once more as a process for one test.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use selfsame::{Entropy, SystemEntropy};
use selfsame_world::World;

/// Tells a test that it is the process, and which file it works on.
const FILE: &str = "PROCESSES_FILE";

pub(crate) fn is_process() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// In one write, so that a killed process has said all of a line or nothing of it.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n> {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A process that does not outlive the test.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// This binary, for the one test of this name.
    pub(crate) fn command(test: &str, file: &Path) -> Command {
        Self::command_by(Command::new(std::env::current_exe().unwrap()), test, file)
    }

    /// The same by a copy of this binary, or by what runs it.
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

    /// The next line that it says; nothing once it has ended.
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

/// True randomness: when a process is killed is not to be repeated anyway.
pub(crate) fn below(bound: usize) -> usize {
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes).unwrap();
    (u64::from_be_bytes(bytes) % bound as u64) as usize
}

/// Somebody new comes to the store, and the audit chain holds.
pub(crate) fn goes_on(world: &World) {
    let somebody = world.person(&format!("next{}@example.com", below(1 << 30)), "a password of theirs");
    assert!(world.account(&somebody).verify_audit().unwrap());
}
