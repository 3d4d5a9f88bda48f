//! A folder with a store in it, and the program.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_selfsame");
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const ADA: &str = r#"{"provider": "x", "subject": "1815", "email": "ada@example.org"}"#;

/// A folder with `s` in it, a store, and `k`, its key.
pub(crate) struct Desk(pub(crate) TempDir);

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.done(&["init"], "");
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program in this folder, with this store and key.
    pub(crate) fn program(&self) -> Command {
        let mut program = self.bare();
        program.env("SELFSAME_STORE", "s").env("SELFSAME_KEY_FILE", "k");
        program
    }

    /// The program in this folder, told of no store and key.
    pub(crate) fn bare(&self) -> Command {
        let mut program = Command::new(PROGRAM);
        program.current_dir(self.0.path()).stdin(Stdio::null());
        for name in ["SELFSAME_STORE", "SELFSAME_KEY_FILE", "SELFSAME_KEY"] {
            program.env_remove(name);
        }
        program
    }

    pub(crate) fn run(&self, args: &[&str], stdin: &[u8]) -> Ran {
        ran(self.program().args(args), stdin)
    }

    /// A call that does what it is told; what it prints.
    pub(crate) fn done(&self, args: &[&str], stdin: &str) -> String {
        let ran = self.run(args, stdin.as_bytes());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}: {ran:?}");
        ran.out
    }

    /// Ada signs up by way of X, as far as the code.
    pub(crate) fn ada_comes(&self) {
        self.done(&["begin-federated", "x"], "");
        self.done(&["continue", "--intent", "sign-up"], ADA);
    }

    /// Ada has an account and a session.
    pub(crate) fn ada_is_there(&self) {
        self.ada_comes();
        self.done(&["answer", "code"], &self.code());
    }

    /// The code of the newest message.
    pub(crate) fn code(&self) -> String {
        let messages: serde_json::Value =
            serde_json::from_str(&self.done(&["messages", "--json"], "")).unwrap();
        let newest = messages["messages"].as_array().unwrap().last().unwrap();
        newest["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn ran(program: &mut Command, stdin: &[u8]) -> Ran {
    let mut child =
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may end before it has read everything.
        _ = pipe.write_all(&stdin);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        code: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
