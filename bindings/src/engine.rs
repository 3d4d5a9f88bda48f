//! The engine on one store.

use std::path::PathBuf;
use std::sync::Arc;

use selfsame::{
    AccountId, Answer, Assertion, Client, Environment, FlowToken, Intent, MethodKind, PickerEntry, Progress,
    ProviderId, Secret, Session, SessionToken,
};

use crate::anchor::{Anchor, held};
use crate::error::SelfsameError;
use crate::policy::Policy;
use crate::unlock::Unlock;

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

impl From<selfsame::Engine> for Engine {
    fn from(engine: selfsame::Engine) -> Self {
        Self(engine)
    }
}

impl Engine {
    pub(crate) fn core(&self) -> &selfsame::Engine {
        &self.0
    }
}

#[uniffi::export]
impl Engine {
    /// Makes a new store in a file, and opens it. A crash leaves no file or a whole one. With an anchor an older
    /// copy of the file is refused from the beginning; what the anchor held before is replaced.
    ///
    /// Raises `AlreadyExists` where anything is at `path`, which then stays as it is; `Storage` where the
    /// machine refuses; what the keystore raises; `Anchor`; `InvalidHostKey`; `InvalidPolicy`.
    #[uniffi::constructor(default(policy), default(anchor = None))]
    pub fn create(
        path: PathBuf,
        unlock: Unlock,
        policy: Policy,
        anchor: Option<Arc<dyn Anchor>>,
    ) -> Result<Arc<Self>, SelfsameError> {
        let (policy, environment) = (policy.build()?, Environment::system());
        let engine = selfsame::Engine::create(path, &unlock.into(), held(anchor), policy, environment)?;
        Ok(Arc::new(Self(engine)))
    }

    /// Opens the store in a file. One that is refused stays byte for byte as it was. A store that has once been
    /// opened with an anchor opens with that alone.
    ///
    /// Raises `NotFound`, `AlreadyOpen`, `NotAStore`, `NewerFormat` or `WrongKey`; `Damaged` where the file
    /// does not hold what was written to it; what the keystore raises, as `KeyLocked`, `KeyLost` or
    /// `KeyChanged`; `RolledBack`, `AnchorMissing` or `Anchor`; `InvalidHostKey`; `InvalidPolicy`.
    #[uniffi::constructor(default(policy), default(anchor = None))]
    pub fn open(
        path: PathBuf,
        unlock: Unlock,
        policy: Policy,
        anchor: Option<Arc<dyn Anchor>>,
    ) -> Result<Arc<Self>, SelfsameError> {
        let (policy, environment) = (policy.build()?, Environment::system());
        let engine = selfsame::Engine::open(path, &unlock.into(), held(anchor), policy, environment)?;
        Ok(Arc::new(Self(engine)))
    }

    /// An engine whose store is in memory and goes with it.
    ///
    /// Raises `Machine` where the machine has no randomness; `InvalidPolicy`.
    #[uniffi::constructor(default(policy))]
    pub fn in_memory(policy: Policy) -> Result<Arc<Self>, SelfsameError> {
        Ok(Arc::new(Self(selfsame::Engine::in_memory(policy.build()?, Environment::system())?)))
    }

    /// Releases the file and its lock and forgets the keys, as an app does that goes to the background. The
    /// next call opens it again, with what `Unlock` keeps.
    ///
    /// Raises `Storage` where the file could not be closed cleanly.
    pub fn suspend(&self) -> Result<(), SelfsameError> {
        Ok(self.0.suspend()?)
    }

    /// From now on the store opens with `unlock`. The old key still opens copies, and what is left in the file
    /// of the earlier header: to be rid of it for good, `rekey`. Keep both keys until this has answered, and
    /// after `Unknown` until the store is open again.
    ///
    /// Raises what the keystore raises, as `KeyLocked`, `KeyLost` or `KeyChanged`; `InvalidHostKey`.
    pub fn change_key(&self, unlock: Unlock) -> Result<(), SelfsameError> {
        Ok(self.0.change_key(&unlock.into())?)
    }

    /// Writes the file anew under new keys, behind `unlock`: with the keys that are left, nothing of what was
    /// deleted can be read from it. It is due within 7 days of a purge (`health`), and it is for the host to
    /// destroy the old key then. It needs as much room again as the file has, and acts wait meanwhile.
    /// Interrupted it leaves the old file or the new one, whole. Keep both keys until this has answered, and
    /// after `Unknown` until the store is open again.
    ///
    /// Raises what the keystore raises, as `KeyLocked`, `KeyLost` or `KeyChanged`; `InvalidHostKey`; `Storage`.
    pub fn rekey(&self, unlock: Unlock) -> Result<(), SelfsameError> {
        Ok(self.0.rekey(&unlock.into())?)
    }

    /// Writes the file anew without what is free in it: after much was deleted it is smaller. The keys stay
    /// what they are. It needs as much room again as the file will have, and acts wait meanwhile.
    ///
    /// Raises `Storage`.
    pub fn vacuum(&self) -> Result<(), SelfsameError> {
        Ok(self.0.vacuum()?)
    }

    /// Signs up with email and password. The first step is the proof of the address, whether or not anybody
    /// is known by it. With `EmailProof.Later` the account is there at once, and the code that was mailed is
    /// proven in the session that opens.
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

    /// Signs in with the password of an account that was picked.
    ///
    /// Raises as `sign_in`.
    pub fn sign_in_to(
        &self,
        account: AccountId,
        password: Secret,
        client: Client,
    ) -> Result<Progress, SelfsameError> {
        Ok(self.0.sign_in_to(account, &password, &client)?)
    }

    /// The active accounts that were made or signed in to in this store, and whose owner wants to be
    /// remembered here, oldest first. Empty where policy has no picker.
    pub fn picker(&self) -> Result<Vec<PickerEntry>, SelfsameError> {
        Ok(self.0.picker()?)
    }

    /// Takes an account off the picker and ends its sessions in this store. Nothing of it is deleted. One
    /// that is not there is no error.
    pub fn remove_from_picker(&self, account: AccountId) -> Result<(), SelfsameError> {
        Ok(self.0.remove_from_picker(account)?)
    }

    /// Begins the way back in for who forgot the password that goes with this email. A code goes to it if it
    /// is somebody's; the answer is the same if it is nobody's. The code, the second factor where MFA is on,
    /// and a new password open a session; all others end.
    ///
    /// Raises `InvalidEmail`; `Busy` when too many such flows of the store wait.
    pub fn reset_password(&self, email: String, client: Client) -> Result<Progress, SelfsameError> {
        Ok(self.0.reset_password(&email, &client)?)
    }

    /// Takes back what was done to an account, with the undo code that a message about it had. The account
    /// gets its addresses, methods and second factor back as they were before; what was added since is
    /// dropped, all sessions end, and for a day nothing of it can be changed again. On the way a new
    /// password is set where there was one, and a factor of that time is asked for if MFA was on. Where there
    /// was no password it ends with `Done`: sign in by a method that is back.
    ///
    /// Raises `UndoExpired` for every code that undoes nothing, or no longer.
    pub fn undo(&self, code: Secret, client: Client) -> Result<Progress, SelfsameError> {
        Ok(self.0.undo(&code, &client)?)
    }

    /// Begins a flow that a provider's assertion will be brought to.
    ///
    /// Raises `UnknownProvider`; `Busy` when too many such flows of the store wait.
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
    /// Raises `SessionEnded` for every token that opens no living session; `ReauthenticationRequired` for
    /// one that waits until its account is restored.
    pub fn resolve(&self, token: SessionToken) -> Result<Session, SelfsameError> {
        Ok(self.0.resolve(&token)?)
    }

    /// Resolves a session token and notes that it was used: at most hourly, and at least 12 times in the
    /// span after which an unused session ends.
    ///
    /// Raises as `resolve`.
    pub fn touch(&self, token: SessionToken) -> Result<Session, SelfsameError> {
        Ok(self.0.touch(&token)?)
    }

    /// Begins to renew the proof of a session, as the account's own `reauthenticate` does, also of one that
    /// waits because support started a deletion: it goes on where its account is restored.
    ///
    /// Raises `SessionEnded`.
    pub fn reauthenticate(&self, token: SessionToken) -> Result<Progress, SelfsameError> {
        Ok(self.0.reauthenticate(&token)?)
    }
}

/// An account that a device offers to sign in to, as whoever holds the device sees it.
#[uniffi::remote(Record)]
pub struct PickerEntry {
    /// Its name, to sign in with.
    pub account: AccountId,
    /// What its owner wants to be called.
    pub display_name: Option<String>,
    /// The contact address, masked: first character and domain.
    pub email: Option<String>,
    /// The kinds of its methods, each once.
    pub methods: Vec<MethodKind>,
    /// Whether no way in works without a network: offer a password.
    pub needs_network: bool,
}
