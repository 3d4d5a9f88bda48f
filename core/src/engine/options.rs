//! The options for opening an engine: how to unlock the store, and the services that the engine gets from
//! outside.

use std::path::Path;
use std::sync::Arc;

use super::Engine;
use super::environment::Environment;
use super::keyring::StoreKeys;
use super::unlock::{Unlock, Way};
use crate::crypto::keys::{Keys, StoreKey};
use crate::error::{Error, OpenProblem};
use crate::records::clock::Timeline;
use crate::records::header::Header;
use crate::records::policy::Policy;
use crate::store::anchor::Anchor;
use crate::store::file::FileMedium;
use crate::store::lower;
use crate::store::medium::Medium;
use crate::store::port::{Row, Store, StoreError};
#[cfg(feature = "postgres")]
use crate::store::postgres::{database::Database, store::PostgresStore};
use crate::store::redb::RedbStore;
use crate::store::settings::Settings;

/// How to create or open a store. [`Engine::options`] returns the defaults.
///
/// ```
/// use selfsame::{Engine, HostKey, Policy, SystemEntropy, Unlock};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("accounts.selfsame");
/// let key = HostKey::generate(&SystemEntropy)?;
/// let options = Engine::options(Unlock::HostKey(key)).policy(Policy::builder().realm("Field Notes").build()?);
/// drop(options.create(&path)?);
///
/// // Later, with the same key and policy:
/// let engine = options.open(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EngineOptions {
    unlock: Unlock,
    anchor: Option<Arc<dyn Anchor>>,
    policy: Policy,
    environment: Environment,
    #[cfg(feature = "testing")]
    around: Option<Around>,
}

/// Wraps the engine's store in a store of a test's own.
#[cfg(feature = "testing")]
type Around = Arc<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync>;

impl Engine {
    /// Returns the options for a store that `unlock` opens: no anchor, the default policy, and the machine's
    /// clock, randomness and password hash.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// use selfsame::{Engine, Secret, Unlock};
    ///
    /// let passphrase = Secret::from("the passphrase that a person types");
    /// let engine = Engine::options(Unlock::Passphrase(passphrase)).create(&path)?;
    /// assert!(!engine.health()?.rollback_protected, "the options have no anchor");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn options(unlock: Unlock) -> EngineOptions {
        EngineOptions {
            unlock,
            anchor: None,
            policy: Policy::default(),
            environment: Environment::system(),
            #[cfg(feature = "testing")]
            around: None,
        }
    }
}

impl EngineOptions {
    /// Sets the policy.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Sets the anchor, with which the engine refuses an older copy of the file. A store that was once opened
    /// with an anchor opens only with that anchor.
    #[must_use]
    pub fn anchor(self, anchor: Arc<dyn Anchor>) -> Self {
        Self { anchor: Some(anchor), ..self }
    }

    /// Sets the clock, the source of randomness and the password hash.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// Wraps the engine's store in a store of the test's own, for example one that fails.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn around(self, around: impl Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync + 'static) -> Self {
        Self { around: Some(Arc::new(around)), ..self }
    }

    /// Creates a store in a new file and opens it. A crash leaves either no file or a complete one.
    ///
    /// With an anchor, an older copy of the file is refused from the beginning. The engine replaces what the
    /// anchor held before.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// use selfsame::{Error, OpenProblem};
    ///
    /// let engine = options.create(&path)?;
    /// assert_eq!(engine.health()?.accounts, 0);
    ///
    /// let again = options.create(&path);
    /// assert!(matches!(again, Err(Error::Open(OpenProblem::AlreadyExists))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Open`] with `AlreadyExists` if anything exists at `path`, which stays as it is;
    /// [`Error::Storage`] if the machine's storage fails.
    pub fn create(&self, path: impl AsRef<Path>) -> Result<Engine, Error> {
        let (keys, rows) = self.first_rows()?;
        let mut suffix = [0; 8];
        self.environment.entropy.fill(&mut suffix)?;
        let (anchor, opening) = (self.anchor.clone(), keys.clone());
        let store = RedbStore::create_file(path.as_ref(), self.settings(), rows, suffix, anchor, opening)?;
        self.on(Arc::new(store), keys)
    }

    /// Opens the store in a file. Checks the file before writing to it: a file that is refused stays
    /// unchanged, byte for byte.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// use selfsame::{Engine, Error, HostKey, OpenProblem, SystemEntropy, Unlock};
    ///
    /// # drop(options.create(&path)?);
    /// let other = Engine::options(Unlock::HostKey(HostKey::generate(&SystemEntropy)?));
    /// assert!(matches!(other.open(&path), Err(Error::Open(OpenProblem::WrongKey))));
    ///
    /// let engine = options.open(&path)?;
    /// assert!(matches!(options.open(&path), Err(Error::Open(OpenProblem::AlreadyOpen))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Open`] if the path, key, format or anchor does not fit; [`Error::Damaged`] if the
    /// file does not hold exactly what was written to it; [`Error::Anchor`] if the anchor did not answer.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Engine, Error> {
        self.opened(Arc::new(FileMedium::new(path.as_ref())))
    }

    /// Opens the store in a file, or creates it if there is no file. An app calls this at its start.
    ///
    /// A missing file looks like a first start, unless the anchor has a value: then there was a store, and the
    /// answer is [`OpenProblem::NotFound`]. If the file must exist, call [`open`](Self::open), which says when it
    /// is gone.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// // The first start creates the store. Later starts open it.
    /// drop(options.open_or_create(&path)?);
    /// let engine = options.open_or_create(&path)?;
    /// assert_eq!(engine.health()?.accounts, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`open`](Self::open) and [`create`](Self::create).
    pub fn open_or_create(&self, path: impl AsRef<Path>) -> Result<Engine, Error> {
        match self.open(&path) {
            // A new store would take over the anchor of the missing store, which could then never be opened.
            Err(Error::Open(OpenProblem::NotFound)) if !self.had_a_store()? => match self.create(&path) {
                // Another process has created it since.
                Err(Error::Open(OpenProblem::AlreadyExists)) => self.open(&path),
                created => created,
            },
            opened => opened,
        }
    }

    /// Accepts the file as the latest one, whatever the anchor holds. Use it if the host has lost the
    /// anchor's value, or if the user restored an older copy on purpose. The engine forgets the guesses,
    /// codes and sessions that the file does not contain. A person must decide this. Do not call it
    /// automatically on [`OpenProblem::RolledBack`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// # use std::sync::{Arc, Mutex};
    /// # #[derive(Default)]
    /// # struct Kept(Mutex<Option<Vec<u8>>>);
    /// # impl selfsame::Anchor for Kept {
    /// #     fn load(&self) -> Result<Option<Vec<u8>>, selfsame::AnchorFailed> {
    /// #         Ok(self.0.lock().map_err(|_| selfsame::AnchorFailed)?.clone())
    /// #     }
    /// #     fn store(&self, value: &[u8]) -> Result<(), selfsame::AnchorFailed> {
    /// #         *self.0.lock().map_err(|_| selfsame::AnchorFailed)? = Some(value.to_vec());
    /// #         Ok(())
    /// #     }
    /// # }
    /// # drop(options.clone().anchor(Arc::new(Kept::default())).create(&path)?);
    /// use selfsame::{Error, OpenProblem};
    ///
    /// // The host has lost the value of its anchor and begins with an empty one.
    /// let options = options.anchor(Arc::new(Kept::default()));
    /// assert!(matches!(options.open(&path), Err(Error::Open(OpenProblem::AnchorMissing))));
    ///
    /// // A person has decided that the file is the latest one.
    /// options.adopt(&path)?;
    /// let engine = options.open(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`open`](Self::open), and [`OpenProblem::AnchorMissing`] if the options have no
    /// anchor. The file stays unchanged.
    pub fn adopt(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let anchor = self.anchor.as_deref().ok_or(Error::Open(OpenProblem::AnchorMissing))?;
        Ok(RedbStore::adopt_file(path.as_ref(), Settings::default(), anchor, &self.keys())?)
    }

    /// Opens the store in a PostgreSQL database. If there is none, creates it, with its tables.
    ///
    /// Use one process for each database for now: several processes do not share a change of the key, the time, or
    /// who does due work. A database has no anchor, and [`Engine::rekey`] and [`Engine::vacuum`] return
    /// [`Error::Storage`] with `Unsupported`.
    ///
    /// ```
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// use selfsame::{Database, Error};
    ///
    /// // Nothing listens at this port, so the engine gives up after 5 seconds.
    /// match options.connect(&Database::at("postgres://app@localhost:1/accounts")?) {
    ///     Ok(engine) => println!("{} accounts", engine.health()?.accounts),
    ///     Err(Error::Storage { kind }) => println!("The database cannot be reached: {kind}"),
    ///     Err(other) => return Err(other.into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Open`] if the key or the format does not fit, or if there is no such database;
    /// [`Error::Storage`] if the database cannot be reached, refuses the role, or if the options have an anchor.
    #[cfg(feature = "postgres")]
    pub fn connect(&self, database: &Database) -> Result<Engine, Error> {
        if self.anchor.is_some() {
            return Err(StoreError::Io(std::io::ErrorKind::Unsupported).into());
        }
        let opening = Arc::new(self.keys());
        let store = PostgresStore::connect(database, opening.clone())?;
        if !store.is_empty()? {
            return self.on(Arc::new(store), opening);
        }
        let (keys, rows) = self.first_rows()?;
        let store = store.with_keyring(keys.clone());
        match store.create(&rows) {
            // Another engine has made it since.
            Err(StoreError::AlreadyExists) => {
                let opening = Arc::new(self.keys());
                self.on(Arc::new(store.with_keyring(opening.clone())), opening)
            }
            made => {
                made?;
                self.on(Arc::new(store), keys)
            }
        }
    }

    /// Creates a store on a medium that the test provides.
    ///
    /// # Errors
    /// Returns the errors of [`create`](Self::create).
    #[cfg(feature = "testing")]
    pub fn create_on(&self, medium: Arc<dyn Medium>) -> Result<Engine, Error> {
        let (keys, rows) = self.first_rows()?;
        let store = RedbStore::create(medium, self.settings(), rows, self.anchor.clone(), keys.clone())?;
        self.on(Arc::new(store), keys)
    }

    /// Opens the store on a medium that the test provides.
    ///
    /// # Errors
    /// Returns the errors of [`open`](Self::open).
    #[cfg(feature = "testing")]
    pub fn open_on(&self, medium: Arc<dyn Medium>) -> Result<Engine, Error> {
        self.opened(medium)
    }

    /// Creates a store in empty storage for rows that the test provides.
    ///
    /// # Errors
    /// Returns the errors of [`create`](Self::create).
    #[cfg(feature = "testing")]
    pub fn create_in(&self, store: Arc<dyn Store>) -> Result<Engine, Error> {
        let (keys, rows) = self.first_rows()?;
        store.write(&mut |_| Ok(rows.clone()))?;
        self.on(store, keys)
    }

    pub(super) fn create_in_memory(&self) -> Result<Engine, Error> {
        let (keys, rows) = self.first_rows()?;
        let store = RedbStore::memory(rows, keys.clone())?;
        self.on(Arc::new(store), keys)
    }

    fn had_a_store(&self) -> Result<bool, StoreError> {
        Ok(self.anchor.as_ref().map(|anchor| anchor.load()).transpose()?.flatten().is_some())
    }

    fn opened(&self, medium: Arc<dyn Medium>) -> Result<Engine, Error> {
        let keys = Arc::new(self.keys());
        let store = RedbStore::open(medium, self.settings(), self.anchor.clone(), keys.clone())?;
        self.on(Arc::new(store), keys)
    }

    fn on(&self, store: Arc<dyn Store>, keys: Arc<StoreKeys>) -> Result<Engine, Error> {
        #[cfg(feature = "testing")]
        let store = match &self.around {
            Some(around) => around(store),
            None => store,
        };
        Engine::on(store, keys, self.policy.clone(), self.environment.clone())
    }

    fn settings(&self) -> Settings {
        Settings { verify: self.policy.verify_at_open(), ..Settings::default() }
    }

    fn keys(&self) -> StoreKeys {
        StoreKeys::new(Way::Unlock(self.unlock.clone()), None, self.environment.hasher.clone())
    }

    fn first_rows(&self) -> Result<(Arc<StoreKeys>, Vec<Row>), Error> {
        let environment = &self.environment;
        let entropy = &*environment.entropy;
        let store_key = StoreKey::make(entropy)?;
        let (header, way) = Header::over(&store_key, &self.unlock, environment)?;
        let keys = Keys::derive(&store_key);
        let time = Timeline::new(environment.clock.read());
        let rows = lower::first_rows(header.encode()?, keys.rows(), entropy, time)?;
        Ok((Arc::new(StoreKeys::new(way, Some(keys), environment.hasher.clone())), rows))
    }
}
