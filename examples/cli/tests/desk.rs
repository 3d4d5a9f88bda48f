//! A folder with a store, and calls of the program in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
#[cfg(unix)]
use std::sync::{LazyLock, atomic::AtomicBool};
use std::time::Duration;

use selfsame::{Clock, Engine, Environment, Flow, HostKey, Secret, SystemClock, Table, Timestamp, Unlock};
use selfsame_world::{Forge, Hand, TokenProvider, totp};
use serde_json::json;
#[cfg(unix)]
use signal_hook::{consts::SIGINT, flag::register_conditional_default};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_selfsame");
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const ADA: &str = r#"{"provider": "x", "subject": "1815", "email": "ada@example.org"}"#;

pub(crate) const BRIAN: &str = "brian@example.org";

/// The option that enables [`TokenProvider`].
pub(crate) const OIDC: &str = "https://id.tokens.example,field-notes";

/// The environment variables that the program reads.
pub(crate) const VARIABLES: [&str; 6] = [
    "SELFSAME_STORE",
    "SELFSAME_KEY_FILE",
    "SELFSAME_KEY",
    "SELFSAME_GOOGLE",
    "SELFSAME_APPLE",
    "SELFSAME_OIDC",
];

/// A shell starts background jobs, and all their children, with SIGINT ignored. A handled signal is reset to its
/// default in a new program, so this handler does what the default does.
#[cfg(unix)]
static SIGINT_AT_ITS_DEFAULT: LazyLock<()> = LazyLock::new(|| {
    register_conditional_default(SIGINT, Arc::new(AtomicBool::new(true))).unwrap();
});

/// A folder with a store `s` and its key `k`.
pub(crate) struct Desk(pub(crate) TempDir);

/// The second factor of somebody who turned MFA on.
pub(crate) struct Mfa {
    /// The secret of the app.
    pub(crate) secret: Secret,
    /// The recovery codes.
    pub(crate) codes: Vec<String>,
    /// The code that confirmed the app.
    pub(crate) spent: String,
}

/// The result of a call.
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

    /// The program in this folder, with this store and key and one provider of ID tokens.
    pub(crate) fn program(&self) -> Command {
        let mut program = self.bare();
        program.env("SELFSAME_STORE", "s").env("SELFSAME_KEY_FILE", "k").env("SELFSAME_OIDC", OIDC);
        program
    }

    /// The program in this folder, without a store or a key.
    pub(crate) fn bare(&self) -> Command {
        #[cfg(unix)]
        LazyLock::force(&SIGINT_AT_ITS_DEFAULT);
        let mut program = Command::new(PROGRAM);
        program.current_dir(self.0.path()).stdin(Stdio::null());
        VARIABLES.iter().for_each(|name| _ = program.env_remove(name));
        program
    }

    pub(crate) fn run(&self, args: &[&str], stdin: &[u8]) -> Ran {
        ran(self.program().args(args), stdin)
    }

    /// Makes a call that succeeds, and returns its output.
    pub(crate) fn done(&self, args: &[&str], stdin: &str) -> String {
        let ran = self.run(args, stdin.as_bytes());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}: {ran:?}");
        ran.out
    }

    /// Ada signs up with X, up to the code.
    pub(crate) fn ada_comes(&self) {
        self.done(&["begin-federated", "x"], "");
        self.done(&["continue", "--intent", "sign-up"], ADA);
    }

    /// Ada has an account and a session.
    pub(crate) fn ada_is_there(&self) {
        self.ada_comes();
        self.done(&["answer", "code"], &self.code());
    }

    /// Brian has an account with a password, and a session.
    pub(crate) fn brian_is_there(&self) {
        self.done(&["sign-up", BRIAN, "--password-stdin"], PASSWORD);
        self.done(&["answer", "code"], &self.code());
    }

    /// Brian has MFA too.
    pub(crate) fn brian_has_mfa(&self) -> Mfa {
        self.brian_is_there();
        self.mfa_is_on()
    }

    /// Turns MFA on for the signed-in account.
    pub(crate) fn mfa_is_on(&self) -> Mfa {
        let enrolment = self.json(&["mfa", "enroll"], "");
        let secret = Secret::from(enrolment["secret"].as_str().unwrap());
        let spent = shown(&secret, 0);
        let codes = self.json(&["mfa", "confirm"], &spent);
        let codes = codes["recovery_codes"].as_array().unwrap().iter();
        let codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
        self.done(&["mfa", "confirm-saved"], "");
        Mfa { secret, codes, spent }
    }

    /// Makes a call that succeeds, and returns its JSON.
    pub(crate) fn json(&self, args: &[&str], stdin: &str) -> serde_json::Value {
        serde_json::from_str(&self.done(&[args, &["--json"]].concat(), stdin)).unwrap()
    }

    /// All messages that were fetched so far, oldest first. A fetched message does not come again for a minute.
    pub(crate) fn messages(&self) -> Vec<serde_json::Value> {
        let kept = self.path("mailbox");
        let mut all: Vec<serde_json::Value> =
            fs::read(&kept).map(|kept| serde_json::from_slice(&kept).unwrap()).unwrap_or_default();
        let fetched = self.json(&["messages"], "")["messages"].as_array().unwrap().clone();
        all.retain(|message| fetched.iter().all(|again| again["id"] != message["id"]));
        all.extend(fetched);
        fs::write(&kept, serde_json::to_vec(&all).unwrap()).unwrap();
        all
    }

    /// The codes that were sent, oldest first.
    pub(crate) fn codes(&self) -> Vec<String> {
        let messages = self.messages();
        messages.iter().filter_map(|it| it["code"].as_str()).map(str::to_owned).collect()
    }

    /// The code of the newest message.
    pub(crate) fn code(&self) -> String {
        self.codes().pop().unwrap()
    }

    /// The key of the store.
    pub(crate) fn unlock(&self) -> Unlock {
        let text = fs::read_to_string(self.path("k")).unwrap();
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap();
        }
        Unlock::HostKey(HostKey::from_bytes(bytes))
    }

    pub(crate) fn open(&self) -> Engine {
        self.at(Environment::system())
    }

    /// Opens the store with a clock that is behind by this much.
    pub(crate) fn ago(&self, ago: Duration) -> Engine {
        self.at(Environment::system().with_clock(clock_of(ago)))
    }

    fn at(&self, environment: Environment) -> Engine {
        Engine::options(self.unlock()).environment(environment).open(self.path("s")).unwrap()
    }

    /// A folder with an empty store that was created this long ago.
    pub(crate) fn of(ago: Duration) -> Self {
        let desk = Self::new();
        fs::remove_file(desk.path("s")).unwrap();
        let environment = Environment::system().with_clock(clock_of(ago));
        drop(Engine::options(desk.unlock()).environment(environment).create(desk.path("s")).unwrap());
        desk
    }

    /// Gives a session of the engine to the program.
    pub(crate) fn keep(&self, signed_in: &Flow) {
        let token = signed_in.clone().signed_in().unwrap().token;
        fs::write(self.path("s.session"), json!({ "session": token.reveal() }).to_string()).unwrap();
    }

    /// The rows of the store, without those of its clock, which every call may write. Opening a file changes only
    /// the database's bookkeeping, not the rows.
    pub(crate) fn rows(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut rows = self.open().dump().unwrap();
        rows.retain(|key, _| {
            !Table::of(key).is_some_and(|table| ["stamp", "time", "clock"].contains(&table.name))
        });
        rows
    }

    /// Every file of the folder except stores.
    pub(crate) fn beside(&self) -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap());
        let named = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
        named
            .filter(|(name, path)| name != "s" && path.is_file())
            .map(|(name, path)| (name, fs::read(path).unwrap()))
            .collect()
    }
}

/// Checks that a failed call prints one line on standard error and nothing else.
pub(crate) fn told(ran: &Ran, code: i32, what: &str, about: &str) {
    assert_eq!(ran.code, code, "{about}: {ran:?}");
    assert_eq!(ran.out, "", "{about}");
    assert!(ran.err.starts_with("selfsame: ") || ran.err.starts_with("error: "), "{about}: {}", ran.err);
    assert!(ran.err.contains(what), "{about}: {}", ran.err);
    assert!(!ran.err.contains("panicked"), "{about}: {}", ran.err);
}

/// A valid ID token.
pub(crate) fn forge<'a>(provider: &'a TokenProvider, subject: &str, nonce: &str) -> Forge<'a> {
    provider.token(subject, nonce, now())
}

/// The code of the app this many steps of 30 seconds from now. The engine also takes the code of the next step, but
/// each code only once.
pub(crate) fn shown(secret: &Secret, steps: u64) -> String {
    let at = Timestamp::from_millis(now().as_millis() + steps * 30_000);
    totp(secret, at).unwrap().reveal_text().unwrap().to_owned()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(SystemClock.read().wall_ms)
}

pub(crate) fn ran(program: &mut Command, stdin: &[u8]) -> Ran {
    let mut child =
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // The program can end before it reads all input.
        _ = pipe.write_all(&stdin);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The clock of a device that runs since 1970, this long ago.
fn clock_of(ago: Duration) -> Arc<Hand> {
    let hand = Hand::at(Timestamp::from_millis(0));
    hand.later(Duration::from_millis(now().as_millis()) - ago);
    Arc::new(hand)
}
