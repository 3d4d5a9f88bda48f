//! The engine on one store.

use std::path::PathBuf;
use std::sync::Arc;

use selfsame::{
    Answer, Assertion, Client, Environment, FlowToken, Intent, Progress, ProviderId, Secret, Session,
    SessionToken, Unlock,
};

use crate::error::SelfsameError;
use crate::policy::Policy;

uniffi::custom_type!(
    /// Where a store's file is.
    PathBuf, String, {
        remote,
        lower: |path| path.to_string_lossy().into_owned(),
        try_lift: |text| Ok(PathBuf::from(text)),
    }
);

/// An identity engine on one store; it can be used from any thread.
#[derive(uniffi::Object)]
pub struct Engine(selfsame::Engine);

impl Engine {
    pub(crate) fn core(&self) -> &selfsame::Engine {
        &self.0
    }
}

#[uniffi::export]
impl Engine {
    /// Makes a new store in a file, and opens it. A crash leaves no file or a whole one.
    ///
    /// Raises `AlreadyExists` where anything is at `path`, which then stays as it is; `Storage` where the
    /// machine refuses; `InvalidHostKey`; `InvalidPolicy`.
    #[uniffi::constructor(default(policy))]
    pub fn create(path: PathBuf, unlock: Unlock, policy: Policy) -> Result<Arc<Self>, SelfsameError> {
        let engine = selfsame::Engine::create(path, &unlock, policy.build()?, Environment::system())?;
        Ok(Arc::new(Self(engine)))
    }

    /// Opens the store in a file. One that is refused stays byte for byte as it was.
    ///
    /// Raises `NotFound`, `AlreadyOpen`, `NotAStore`, `NewerFormat` or `WrongKey`; `Damaged` where the file
    /// does not hold what was written to it; `InvalidHostKey`; `InvalidPolicy`.
    #[uniffi::constructor(default(policy))]
    pub fn open(path: PathBuf, unlock: Unlock, policy: Policy) -> Result<Arc<Self>, SelfsameError> {
        let engine = selfsame::Engine::open(path, &unlock, None, policy.build()?, Environment::system())?;
        Ok(Arc::new(Self(engine)))
    }

    /// An engine whose store is in memory and goes with it.
    ///
    /// Raises `Machine` where the machine has no randomness; `InvalidPolicy`.
    #[uniffi::constructor(default(policy))]
    pub fn in_memory(policy: Policy) -> Result<Arc<Self>, SelfsameError> {
        Ok(Arc::new(Self(selfsame::Engine::in_memory(policy.build()?, Environment::system())?)))
    }

    /// Releases the file and its lock, as an app does that goes to the background. The next call opens it
    /// again.
    ///
    /// Raises `Storage` where the file could not be closed cleanly.
    pub fn suspend(&self) -> Result<(), SelfsameError> {
        Ok(self.0.suspend()?)
    }

    /// Signs up with email and password. The first step is the proof of the address, whether or not anybody
    /// is known by it.
    ///
    /// Raises `InvalidEmail`, `InvalidPassword`; `Busy` when too many flows of the store wait for a proof.
    pub fn sign_up(
        &self,
        email: String,
        password: Secret,
        client: Client,
    ) -> Result<Progress, SelfsameError> {
        Ok(self.0.sign_up(&email, &password, &client)?)
    }

    /// Signs in with email and password.
    ///
    /// Raises `InvalidCredentials`, which tells unknown emails and wrong passwords apart in no way;
    /// `Throttled` after too many failures; `InvalidEmail` for what is none.
    pub fn sign_in(
        &self,
        email: String,
        password: Secret,
        client: Client,
    ) -> Result<Progress, SelfsameError> {
        Ok(self.0.sign_in(&email, &password, &client)?)
    }

    /// Begins a flow that a provider's assertion will be brought to.
    ///
    /// Raises `UnknownProvider`.
    pub fn begin_federated(&self, provider: ProviderId, client: Client) -> Result<Progress, SelfsameError> {
        Ok(self.0.begin_federated(&provider, &client)?)
    }

    /// Brings the assertion that the flow was begun for. It signs in where the identity is known; where it
    /// is not, `intent` says how to go on.
    ///
    /// Raises `AssertionRejected`; `NeedsKeys` where the provider's key set is to be given first;
    /// `FlowExpired` after 10 minutes.
    pub fn continue_with(
        &self,
        flow: FlowToken,
        assertion: Assertion,
        intent: Intent,
    ) -> Result<Progress, SelfsameError> {
        Ok(self.0.continue_with(&flow, &assertion, intent)?)
    }

    /// Answers the step `number` of a flow, and gets the next. A step that was answered before is left as
    /// it is: the current step comes back, and nothing is done twice.
    ///
    /// Raises `NotOffered` for an answer that the step does not take, and what the answer itself can be
    /// refused for. The flow stays where it is.
    pub fn answer(&self, flow: FlowToken, number: u32, answer: Answer) -> Result<Progress, SelfsameError> {
        Ok(self.0.answer(&flow, number, &answer)?)
    }

    /// The step that a flow is at.
    ///
    /// Raises `FlowExpired`.
    pub fn current_step(&self, flow: FlowToken) -> Result<Progress, SelfsameError> {
        Ok(self.0.current_step(&flow)?)
    }

    /// Resolves a session token: one row is read, nothing is written.
    ///
    /// Raises `SessionEnded` for every token that opens no living session.
    pub fn resolve(&self, token: SessionToken) -> Result<Session, SelfsameError> {
        Ok(self.0.resolve(&token)?)
    }

    /// Resolves a session token and notes that it was used: at most hourly, and at least 12 times in the
    /// span after which an unused session ends.
    ///
    /// Raises `SessionEnded`.
    pub fn touch(&self, token: SessionToken) -> Result<Session, SelfsameError> {
        Ok(self.0.touch(&token)?)
    }
}
