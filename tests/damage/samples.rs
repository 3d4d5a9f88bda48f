//! Files as the engine leaves them, and their true rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use selfsame::testing::{Medium, MemoryMedium};
use selfsame::{Anchor, AnchorFailed, Engine, Environment, Error, OpenProblem, SessionToken, Unlock};
use selfsame_world::World;

use crate::kinds::{MAGIC, SLOTS, STATE_AT, VERSIONS_AT};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store's file.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// An older copy of the file.
    pub(crate) older: Vec<u8>,
    rows: Rows,
    /// The rows before the last commit.
    rows_before: Rows,
    older_rows: Rows,
    /// Ada's session, which exists in every state of the file.
    pub(crate) token: SessionToken,
    unlock: Unlock,
    environment: Environment,
    is_closed: bool,
    /// The value in the anchor, if there is one.
    anchor: Option<Vec<u8>>,
}

/// Files of closed and of killed processes, with few accounts and with many, and one with an anchor.
pub(crate) fn samples() -> Vec<Sample> {
    vec![
        Sample::made("closed", 2, true, false),
        Sample::made("killed", 2, false, false),
        Sample::made("large, closed", 40, true, false),
        Sample::made("large, killed, with an anchor", 40, false, true),
    ]
}

impl Sample {
    fn made(name: &'static str, people: usize, is_closed: bool, is_anchored: bool) -> Self {
        let medium = Arc::new(MemoryMedium::new());
        let keystore = is_anchored.then(|| Keystore::holding(None));
        let builder = World::builder().medium(medium.clone());
        let world = match &keystore {
            Some(keystore) => builder.anchor(keystore.clone()).build(),
            None => builder.build(),
        };
        let copy = || {
            if is_closed {
                world.engine().suspend().unwrap();
            }
            medium.bytes()
        };
        let ada = world.ada();
        for number in 1..people {
            world.person(&format!("{number}@example.org"), "a password of theirs");
        }
        let (older_rows, older) = (world.engine().dump().unwrap(), copy());
        // No time passes, so each act is one commit: the clock is not written.
        for number in 1..people {
            world.sign_in(&format!("{number}@example.org"), "a password of theirs").unwrap();
        }
        let (rows_before, commits) = (world.engine().dump().unwrap(), world.engine().commits().unwrap());
        world.account(&ada).set_display_name(Some("Ada Lovelace")).unwrap();
        let rows = world.engine().dump().unwrap();
        assert_eq!(world.engine().commits().unwrap(), commits + 1);
        Self {
            name,
            bytes: copy(),
            older,
            rows,
            rows_before,
            older_rows,
            token: ada.token,
            unlock: world.unlock(),
            environment: world.environment(),
            is_closed,
            anchor: keystore.and_then(|keystore| keystore.load().unwrap()),
        }
    }

    pub(crate) fn open(&self, medium: Arc<dyn Medium>, verify: bool) -> Result<Engine, Error> {
        let policy = World::policy().verify_at_open(verify).build().unwrap();
        let options =
            Engine::options(self.unlock.clone()).policy(policy).environment(self.environment.clone());
        match self.anchor.clone() {
            Some(kept) => options.anchor(Keystore::holding(Some(kept))).open_on(medium),
            None => options.open_on(medium),
        }
    }

    /// Whether a file with these bytes may be refused with this error.
    pub(crate) fn may_be(&self, error: &Error, bytes: &[u8]) -> bool {
        let is_redbs = bytes.starts_with(&MAGIC);
        let versions = VERSIONS_AT.map(|at| bytes.get(at).copied().unwrap_or(0));
        match error {
            Error::Damaged => is_redbs,
            // No release of Selfsame wrote redb's first two formats.
            Error::Open(OpenProblem::NotAStore) => {
                !is_redbs || (versions[0] == versions[1] && [1, 2].contains(&versions[0]))
            }
            Error::Open(OpenProblem::NewerFormat) => {
                is_redbs && versions[0] == versions[1] && (4..16).contains(&versions[0])
            }
            Error::Open(OpenProblem::RolledBack) => self.anchor.is_some() && self.is_other_slot(bytes),
            _ => false,
        }
    }

    /// Returns which state of the store these rows are, if a file with these bytes may hold that state. Nothing checks
    /// the byte that says which of redb's two commit slots counts, so a file that was not closed may lose a commit.
    /// And if all pages of an older copy are restored, the file is that copy. An anchor detects both.
    pub(crate) fn state(&self, rows: &Rows, bytes: &[u8]) -> Option<&'static str> {
        if *rows == self.rows {
            Some("true")
        } else if self.anchor.is_some() {
            None
        } else if *rows == self.rows_before && !self.is_closed && self.is_other_slot(bytes) {
            Some("one before")
        } else if *rows == self.older_rows && bytes[SLOTS] == self.older[SLOTS] {
            Some("older copy")
        } else {
            None
        }
    }

    /// Whether these rows are a state that the store once had. Without an anchor or redb's checksums, nobody can tell
    /// older pages from the present ones.
    pub(crate) fn has_been(&self, rows: &Rows) -> bool {
        *rows == self.rows || self.anchor.is_none() && [&self.rows_before, &self.older_rows].contains(&rows)
    }

    /// Whether they are the present state.
    pub(crate) fn is_now(&self, rows: &Rows) -> bool {
        *rows == self.rows
    }

    fn is_other_slot(&self, bytes: &[u8]) -> bool {
        bytes[STATE_AT] != self.bytes[STATE_AT] || bytes[SLOTS] != self.bytes[SLOTS]
    }
}

/// An anchor that keeps its value in memory.
struct Keystore(Mutex<Option<Vec<u8>>>);

impl Keystore {
    fn holding(value: Option<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(value)))
    }
}

impl Anchor for Keystore {
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed> {
        *self.0.lock().unwrap() = Some(value.to_vec());
        Ok(())
    }
}
