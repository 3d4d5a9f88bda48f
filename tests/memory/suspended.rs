//! Does every act that handles secrets, and then looks for the secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use selfsame::{
    Answer, Argon2Hasher, Client, Engine, Environment, HostKey, Keystore, KeystoreProblem, MessageKind,
    Secret, SessionToken, Timestamp, Unlock,
};
use selfsame_world::{Hand, minutes, signed_in, totp};

const MASK: u8 = 0x5a;
/// More stack than the engine and the hashes use.
const STACK: usize = 16 << 20;
/// The stack to overwrite after the engine's calls, because ring and Argon2 leave secrets there until then.
const SCRUBBED: usize = 12 << 20;

const fn masked<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    let mut at = 0;
    while at < N {
        bytes[at] ^= MASK;
        at += 1;
    }
    bytes
}

const PASSWORD: [u8; 28] = masked(*b"correct horse battery staple");
const WRONG: [u8; 29] = masked(*b"incorrect horse battery maple");
const PASSPHRASE: [u8; 26] = masked(*b"a phrase that opens it all");
const HOST_KEY: [u8; 32] = masked(*b"0123456789abcdefghijklmnopqrstuv");
const EMAIL: &str = "ada@example.org";

fn plain(masked: &[u8]) -> Secret {
    // Keeps the plain bytes out of the binary: a compiler that knew them might store them there.
    Secret::from(black_box(masked).iter().map(|byte| byte ^ MASK).collect::<Vec<u8>>())
}

struct Chest;

impl Keystore for Chest {
    fn load(&self) -> Result<HostKey, KeystoreProblem> {
        let key = plain(&HOST_KEY);
        Ok(HostKey::from_bytes(key.reveal().try_into().unwrap()))
    }
}

/// The secrets to look for: their names, and their flipped bytes.
#[derive(Default)]
struct Markers(Vec<(String, Vec<u8>)>);

impl Markers {
    fn add(&mut self, name: &str, secret: &[u8]) {
        self.add_masked(name, secret.iter().map(|byte| byte ^ MASK).collect());
    }

    fn add_masked(&mut self, name: &str, masked: Vec<u8>) {
        self.0.push((name.to_owned(), masked));
    }

    /// The names of the secrets that are in memory, and where they are.
    fn found(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let mut by_first: Vec<Vec<&(String, Vec<u8>)>> = vec![Vec::new(); 256];
        for marker in &self.0 {
            by_first[usize::from(marker.1[0])].push(marker);
        }
        let longest = self.0.iter().map(|(_, bytes)| bytes.len()).max().unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        let mut part = vec![0; (1 << 20) + longest];
        let mut found = BTreeMap::<_, BTreeSet<String>>::new();
        let mut seen = 0;
        for (from, to, name) in regions() {
            for at in (from..to).step_by(1 << 20) {
                let len = part.len().min((to - at) as usize);
                let Ok(len) = memory.read_at(&mut part[..len], at) else { continue };
                seen += len.min(1 << 20);
                let read = &part[..len];
                for (place, byte) in read.iter().enumerate() {
                    for (marker, bytes) in &by_first[usize::from(byte ^ MASK)] {
                        let there = read.get(place..place + bytes.len());
                        if there.is_some_and(|there| {
                            there.iter().zip(bytes).all(|(one, other)| one ^ MASK == *other)
                        }) {
                            found.entry(marker.as_str()).or_default().insert(name.clone());
                        }
                    }
                }
            }
        }
        part.fill(0);
        black_box(&part);
        println!("{} secrets looked for in {} MiB", self.0.len(), seen >> 20);
        assert!(seen > 1 << 20, "the memory cannot be read");
        found
    }
}

/// The writable memory of this process.
fn regions() -> Vec<(u64, u64, String)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let written = maps.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        let (from, to) = range.split_once('-')?;
        let at = |text| u64::from_str_radix(text, 16).ok();
        rights
            .starts_with("rw")
            .then(|| Some((at(from)?, at(to)?, words.nth(3).unwrap_or("anonymous").to_owned())))?
    });
    written.collect()
}

/// Overwrites the stack below this call.
#[inline(never)]
fn scrub(left: usize) {
    let mut page = [0x11_u8; 1 << 16];
    black_box(&mut page);
    if left > page.len() {
        scrub(left - page.len());
    }
    black_box(&mut page);
}

fn environment(hand: &Arc<Hand>) -> Environment {
    Environment::system().with_clock(hand.clone()).with_hasher(Arc::new(Argon2Hasher::new(1)))
}

fn code(engine: &Engine) -> Secret {
    let message = engine.messages(1).unwrap().pop().unwrap();
    engine.delivered(message.id).unwrap();
    let MessageKind::VerifyEmail { code } = message.kind else { unreachable!("a sign-up mails a code") };
    code
}

/// Does every act that handles secrets once. Returns the session's token.
fn at_work(engine: &Engine, hand: &Hand, markers: &mut Markers) -> SessionToken {
    let client = Client::on("laptop");
    let asked = engine.sign_up(EMAIL, &plain(&PASSWORD), &client).unwrap();
    markers.add("flow token", asked.token.as_ref().unwrap().reveal().as_bytes());
    let code = code(engine);
    markers.add("mailed code", code.reveal());
    let done = engine.answer(&asked, Answer::Code(code)).unwrap();
    let token = signed_in(done).token;
    markers.add("first session's token", token.reveal().as_bytes());

    let account = engine.account(&token).unwrap();
    let enrolment = account.enroll_totp().unwrap();
    markers.add("TOTP secret", enrolment.secret.reveal());
    markers.add("TOTP URI", &enrolment.uri.reveal()[..40]);
    let shown = totp(&enrolment.secret, hand.wall()).unwrap();
    let codes = account.confirm_totp(&shown).unwrap();
    for code in &codes.codes {
        markers.add("recovery code", code.reveal());
    }
    account.recovery_codes_saved().unwrap();

    hand.later(minutes(2));
    engine.sign_in(EMAIL, &plain(&WRONG), &client).unwrap_err();
    let asked = engine.sign_in(EMAIL, &plain(&PASSWORD), &client).unwrap();
    let shown = totp(&enrolment.secret, hand.wall()).unwrap();
    let done = engine.answer(&asked, Answer::Totp(shown)).unwrap();
    let token = signed_in(done).token;
    markers.add("session token", token.reveal().as_bytes());
    token
}

fn searched(folder: &Path) {
    let hand = Arc::new(Hand::at(Timestamp::from_millis(1_767_225_600_000)));
    let mut markers = Markers::default();
    for (name, bytes) in [
        ("password", &PASSWORD[..]),
        ("wrong password", &WRONG),
        ("passphrase", &PASSPHRASE),
        ("host key", &HOST_KEY),
    ] {
        markers.add_masked(name, bytes.to_vec());
    }
    let unlock = Unlock::Keystore(Arc::new(Chest));
    let path = folder.join("keystore");
    let engine = Engine::options(unlock.clone()).environment(environment(&hand)).create(&path).unwrap();
    let token = at_work(&engine, &hand, &mut markers);
    let names = ["sealing half", "lasting half", "rows", "accounts", "tally", "lookup", "code", "pepper"];
    for (name, key) in names.into_iter().zip(engine.masked_keys(MASK).unwrap()) {
        markers.add_masked(&format!("key: {name}"), key.to_vec());
    }

    // While the store is open, its keys and the caller's secrets are in memory. This shows that the search works.
    scrub(SCRUBBED);
    let found = markers.found();
    for name in ["session token", "key: pepper"] {
        assert!(found.contains_key(name), "{name} is not found although it is in memory: {found:?}");
    }
    for name in [
        "password",
        "wrong password",
        "mailed code",
        "flow token",
        "TOTP secret",
        "recovery code",
        "host key",
    ] {
        assert!(!found.contains_key(name), "{name} is in memory while the store is open: {found:?}");
    }

    drop(token);
    engine.suspend().unwrap();
    scrub(SCRUBBED);
    assert_eq!(markers.found(), BTreeMap::new(), "secrets after the store was suspended");

    // Opens and suspends it again, and then a store that a passphrase opens.
    assert_eq!(engine.health().unwrap().accounts, 1);
    engine.suspend().unwrap();
    let path = folder.join("passphrase");
    let unlock = Unlock::Passphrase(plain(&PASSPHRASE));
    let other = Engine::options(unlock.clone()).environment(environment(&hand)).create(&path).unwrap();
    drop(unlock);
    other.suspend().unwrap();
    other.health().unwrap();
    other.suspend().unwrap();
    scrub(SCRUBBED);
    assert_eq!(markers.found(), BTreeMap::new(), "secrets after both stores were suspended");
}

#[test]
fn after_suspend_no_secret_is_left_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        let searched = || searched(folder.path());
        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, searched).unwrap().join().unwrap();
    });
}
