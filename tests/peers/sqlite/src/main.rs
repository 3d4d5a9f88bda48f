//! The same engine and the same sealed rows on SQLite, as a speaker for `tests/benches/speakers.rs`.

mod store;

use std::error::Error;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::{OptionalExtension, params};
use selfsame::testing::SeededEntropy;
use selfsame::{
    Answer, Client, Engine, Entropy, ForeignHash, HashCost, HashFailed, Hasher, ImportedAccount, MessageKind,
    Secret, SessionToken,
};
use selfsame_world::{World, minutes, signed_in};
use store::SqliteStore;

const PASSWORD: &str = "correct horse battery staple";
const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf4Z+cJbPLqew";

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A hash that costs nothing.
struct Free;

impl Hasher for Free {
    fn derive(
        &self,
        _: HashCost,
        password: &[u8],
        _: &[u8; 16],
        _: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        Ok([password.iter().fold(0, |sum, byte| sum ^ byte); 32])
    }

    fn verify_foreign(&self, _: &ForeignHash, _: &[u8]) -> Result<bool, HashFailed> {
        Ok(true)
    }
}

struct Peer {
    accounts: usize,
    world: World,
    engine: Engine,
    store: Arc<SqliteStore>,
    chance: SeededEntropy,
    tokens: Vec<SessionToken>,
    claims: Vec<Vec<u8>>,
    roots: Vec<Vec<u8>>,
    new: usize,
}

impl Peer {
    fn new(folder: &std::path::Path) -> Outcome<Self> {
        let accounts =
            std::env::var("SELFSAME_PEER_ACCOUNTS").ok().map_or(Ok(20_000), |text| text.parse())?;
        let store = Arc::new(SqliteStore::create(&folder.join("accounts"))?);
        // The world gives only its clock, hasher and randomness.
        let world = World::builder().real_entropy().hasher(Arc::new(Free)).build();
        let policy = World::policy().build()?;
        let engine = Engine::options(world.unlock()).policy(policy).environment(world.environment()).create_in(store.clone())?;
        let all: Vec<_> = (0..accounts).map(account).collect();
        engine.import_accounts(&all, false)?;
        let (mut claims, mut roots) = (Vec::new(), Vec::new());
        engine.look_at(&mut |read| {
            read.scan(&[], &[u8::MAX; 64], usize::MAX, &mut |key, _| {
                let nobody = key.iter().take(16).all(|byte| *byte == 0);
                match (nobody, key.len(), key.get(16)) {
                    (true, 49, Some(0x10)) => claims.push(key.to_vec()),
                    (false, 17, Some(0)) => roots.push(key.to_vec()),
                    _ => {}
                }
                ControlFlow::Continue(())
            })
        })?;
        let chance = SeededEntropy::new(1);
        let tokens = Vec::new();
        let mut peer = Self { accounts, world, engine, store, chance, tokens, claims, roots, new: 0 };
        for _ in 0..200 {
            peer.sign_in()?;
        }
        Ok(peer)
    }

    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        // The chance comes from a seed, and only the machine's own randomness can fail.
        _ = self.chance.fill(&mut bytes);
        (u64::from_be_bytes(bytes) % bound as u64) as usize
    }

    fn once(&mut self, part: &str) -> Outcome<u128> {
        match part {
            "sign_in_bare" => self.sign_in(),
            "sign_up_bare" => self.sign_up(),
            "session" => {
                let token = &self.tokens[self.below(self.tokens.len())];
                Ok(timed(|| self.engine.resolve(token).map(drop))?.0)
            }
            "get_email" => self.get_email(),
            "commit" => self.commit(),
            other => Err(format!("no part {other}").into()),
        }
    }

    fn sign_in(&mut self) -> Outcome<u128> {
        let (email, password, client) =
            (email(self.below(self.accounts)), Secret::from(PASSWORD), Client::on("laptop"));
        let (took, flow) = timed(|| self.engine.sign_in(&email, &password, &client))?;
        if self.tokens.len() < 200 {
            self.tokens.push(signed_in(flow).token);
        }
        Ok(took)
    }

    fn sign_up(&mut self) -> Outcome<u128> {
        self.new += 1;
        let email = format!("new{}@example.org", self.new);
        let (password, client) = (Secret::from(PASSWORD), Client::on("laptop"));
        let (first, asked) = timed(|| self.engine.sign_up(&email, &password, &client))?;
        let message = self.engine.messages(10)?.pop().ok_or("no message")?;
        self.engine.delivered(message.id)?;
        let MessageKind::VerifyEmail { code } = message.kind else { return Err("no code".into()) };
        let (second, _) = timed(|| self.engine.answer(&asked, Answer::Code(code)))?;
        self.world.later(minutes(1));
        Ok(first + second)
    }

    /// Looks an email up as an application on rusqlite does: with two prepared statements in one transaction.
    fn get_email(&self) -> Outcome<u128> {
        let (claim, root) =
            (&self.claims[self.below(self.claims.len())], &self.roots[self.below(self.roots.len())]);
        let mut connection = self.store.connection();
        let look_up = || {
            let transaction = connection.transaction()?;
            for key in [claim, root] {
                let mut get = transaction.prepare_cached("SELECT value FROM rows WHERE key = ?1")?;
                let found: Option<Vec<u8>> = get.query_row([key], |row| row.get(0)).optional()?;
                found.ok_or("a row is gone")?;
            }
            Outcome::Ok(())
        };
        Ok(timed(look_up)?.0)
    }

    fn commit(&self) -> Outcome<u128> {
        let root = &self.roots[self.below(self.roots.len())];
        // Writes a separate row beside the account, so that the account still opens.
        let key = [root.as_slice(), &[0xff]].concat();
        let connection = self.store.connection();
        let commit = || {
            let mut put = connection.prepare_cached("INSERT OR REPLACE INTO rows VALUES (?1, ?2)")?;
            put.execute(params![key, [7_u8; 400].as_slice()])
        };
        Ok(timed(commit)?.0)
    }
}

/// Returns the nanoseconds that the work took, and its result.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the machine's clock")]
fn timed<T, E: Into<Box<dyn Error>>>(work: impl FnOnce() -> Result<T, E>) -> Outcome<(u128, T)> {
    let began = Instant::now();
    let made = work();
    let took = began.elapsed().as_nanos();
    Ok((took, made.map_err(Into::into)?))
}

fn email(number: usize) -> String {
    format!("user{number}@example.org")
}

fn account(number: usize) -> ImportedAccount {
    ImportedAccount {
        external_id: format!("user-{number}"),
        created_at: None,
        display_name: Some(format!("User {number}")),
        email: Some(email(number)),
        email_verified: true,
        password_hash: Some(HASH.into()),
        identities: Vec::new(),
        totp: None,
    }
}

fn main() -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("selfsame-peer-sqlite-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let spoken = Peer::new(&folder).and_then(|mut peer| speak(&mut peer));
    std::fs::remove_dir_all(&folder)?;
    spoken
}

fn speak(peer: &mut Peer) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    for part in ["sign_in_bare", "sign_up_bare", "session", "get_email", "commit"] {
        writeln!(out, "part {part}")?;
    }
    writeln!(out, "note the same engine and the same sealed rows, on SQLite instead of redb")?;
    writeln!(out, "ready SQLite {}, WAL, synchronous=FULL", rusqlite::version())?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (part, count) = line.split_once(' ').ok_or("a line is: part count")?;
        let times = (0..count.parse()?).map(|_| peer.once(part).map(|time| time.to_string()));
        let times = times.collect::<Outcome<Vec<_>>>()?;
        writeln!(out, "{}", times.join(" "))?;
        out.flush()?;
    }
    Ok(())
}
