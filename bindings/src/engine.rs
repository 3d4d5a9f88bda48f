//! An engine on one store.

use std::path::PathBuf;
use std::sync::Arc;

use selfsame::{
    AccountId, Answer, Assertion, Client, EngineOptions, Environment, Flow, FlowToken, Intent, MethodKind,
    PickerEntry, ProviderId, Secret, Session, SessionToken,
};

use crate::anchor::{Anchor, held};
use crate::error::SelfsameError;
use crate::policy::Policy;
use crate::unlock::Unlock;

uniffi::custom_type!(
    /// The path of a store's file.
    PathBuf, String, {
        remote,
        lower: |path| path.to_string_lossy().into_owned(),
        try_lift: |text| Ok(PathBuf::from(text)),
    }
);

/// An identity engine on one store. You can use it from any thread.
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
    /// Creates a store in a new file and opens it. A crash leaves either no file or a complete one. With an
    /// anchor, an older copy of the file is refused from the beginning. The engine replaces what the anchor
    /// held before.
    ///
    /// Raises `AlreadyExists` if anything exists at `path`, which stays as it is; `Storage` if the machine's
    /// storage fails; the errors of the keystore; `Anchor`; `InvalidHostKey`; `InvalidPolicy`.
    #[uniffi::constructor(default(policy), default(anchor = None))]
    pub fn create(
        path: PathBuf,
        unlock: Unlock,
        policy: Policy,
        anchor: Option<Arc<dyn Anchor>>,
    ) -> Result<Arc<Self>, SelfsameError> {
        Ok(Arc::new(Self(opening(unlock, policy, anchor)?.create(path)?)))
    }

    /// Opens the store in a file. A file that is refused stays unchanged, byte for byte. A store that was
    /// once opened with an anchor opens only with that anchor.
    ///
    /// Raises `NotFound`, `AlreadyOpen`, `NotAStore`, `NewerFormat` or `WrongKey`; `Damaged` if the file does
    /// not hold exactly what was written to it; the errors of the keystore, as `KeyLocked`, `KeyLost` or
    /// `KeyChanged`; `RolledBack`, `AnchorMissing` or `Anchor`; `InvalidHostKey`; `InvalidPolicy`.
    #[uniffi::constructor(default(policy), default(anchor = None))]
    pub fn open(
        path: PathBuf,
        unlock: Unlock,
        policy: Policy,
        anchor: Option<Arc<dyn Anchor>>,
    ) -> Result<Arc<Self>, SelfsameError> {
        Ok(Arc::new(Self(opening(unlock, policy, anchor)?.open(path)?)))
    }

    /// Opens the store in a file, or creates it if there is no file. An app calls this at its start. A missing
    /// file looks like a first start, unless the anchor has a value: then there was a store, and the error is
    /// `NotFound`. If the file must exist, call `open`, which says when it is gone.
    ///
    /// Raises the errors of `open` and `create`.
    #[uniffi::constructor(default(policy), default(anchor = None))]
    pub fn open_or_create(
        path: PathBuf,
        unlock: Unlock,
        policy: Policy,
        anchor: Option<Arc<dyn Anchor>>,
    ) -> Result<Arc<Self>, SelfsameError> {
        Ok(Arc::new(Self(opening(unlock, policy, anchor)?.open_or_create(path)?)))
    }

    /// Creates an engine whose store is in memory. The store ends with the engine.
    ///
    /// Raises `Machine` if the machine has no randomness; `InvalidPolicy`.
    #[uniffi::constructor(default(policy))]
    pub fn in_memory(policy: Policy) -> Result<Arc<Self>, SelfsameError> {
        Ok(Arc::new(Self(selfsame::Engine::in_memory(policy.build()?, Environment::system())?)))
    }

    /// Releases the file and its lock and forgets the keys. Call it when an app goes to the background. The
    /// next call opens the file again, with the key that `Unlock` keeps or fetches.
    ///
    /// Raises `Storage` if the file could not be closed cleanly.
    pub fn suspend(&self) -> Result<(), SelfsameError> {
        Ok(self.0.suspend()?)
    }

    /// Releases the file and its lock and forgets the keys for good. Every later call on this engine, its accounts
    /// and its support desks raises `Closed`. Closing again has no effect. An app that only goes to the background
    /// calls `suspend`.
    ///
    /// Raises `Storage` if the file could not be closed cleanly. The engine is closed all the same.
    pub fn close(&self) -> Result<(), SelfsameError> {
        Ok(self.0.close()?)
    }

    /// Changes how the store is unlocked. It then opens with `unlock`. The old key still opens copies of the
    /// file, and also the remains of the old header in the file. If somebody may have a copy of the file and
    /// the old key, call `rekey`.
    /// Keep both keys until this call returns. After `Unknown`, keep both until the store is open again.
    ///
    /// Raises the errors of the keystore, as `KeyLocked`, `KeyLost` or `KeyChanged`; `InvalidPassphrase`; `InvalidHostKey`.
    pub fn change_key(&self, unlock: Unlock) -> Result<(), SelfsameError> {
        Ok(self.0.change_key(&unlock.into())?)
    }

    /// Rewrites the file under new keys and unlocks it with `unlock`. With the new keys, nobody can read
    /// deleted data from the file. With the old keys and an old copy, nobody can read the new file. Call it
    /// within 7 days of a purge (see `health`) and after a key was stolen, then destroy the old key.
    /// The call needs as much free space as the size of the file. Other acts wait meanwhile. If it is
    /// interrupted, the old file or the new one remains, complete. Keep both keys until this call returns.
    /// After `Unknown`, keep both until the store is open again.
    ///
    /// Raises the errors of the keystore, as `KeyLocked`, `KeyLost` or `KeyChanged`; `InvalidPassphrase`; `InvalidHostKey`;
    /// `Storage`.
    pub fn rekey(&self, unlock: Unlock) -> Result<(), SelfsameError> {
        Ok(self.0.rekey(&unlock.into())?)
    }

    /// Rewrites the file without its free space, so that it is smaller after many deletions. The keys stay
    /// the same. The call needs as much free space as the size of the new file. Other acts wait meanwhile.
    ///
    /// Raises `Storage`.
    pub fn vacuum(&self) -> Result<(), SelfsameError> {
        Ok(self.0.vacuum()?)
    }

    /// Signs up with email and password. The first step asks for proof of the address, whether or not an
    /// account has this address. With `EmailProof.Later`, the account exists at once. The mailed code is then
    /// proven in the session that opens.
    ///
    /// Raises `InvalidEmail`, `InvalidPassword`; `Busy` if the recognition that the client
    /// presents has too many sign-ups open.
    pub fn sign_up(&self, email: String, password: Secret, client: Client) -> Result<Flow, SelfsameError> {
        Ok(self.0.sign_up(&email, &password, &client)?)
    }

    /// Signs in with email and password.
    ///
    /// Raises `InvalidCredentials` for an unknown email and for a wrong password alike; `Throttled` after too
    /// many failures; `InvalidEmail` if `email` is not an email address.
    pub fn sign_in(&self, email: String, password: Secret, client: Client) -> Result<Flow, SelfsameError> {
        Ok(self.0.sign_in(&email, &password, &client)?)
    }

    /// Signs in with the password of an account from the picker.
    ///
    /// Raises the errors of `sign_in`.
    pub fn sign_in_to(
        &self,
        account: AccountId,
        password: Secret,
        client: Client,
    ) -> Result<Flow, SelfsameError> {
        Ok(self.0.sign_in_to(account, &password, &client)?)
    }

    /// Returns the active accounts that signed up or signed in through this store and whose owner wants to be
    /// remembered here, oldest first. Empty if policy turns the picker off.
    pub fn picker(&self) -> Result<Vec<PickerEntry>, SelfsameError> {
        Ok(self.0.picker()?)
    }

    /// Removes an account from the picker and ends its sessions in this store. The account itself stays as it
    /// is. Has no effect if the account is not in the picker.
    pub fn remove_from_picker(&self, account: AccountId) -> Result<(), SelfsameError> {
        Ok(self.0.remove_from_picker(account)?)
    }

    /// Starts the reset of a forgotten password. Sends a code to this email if an account signs in with it.
    /// The answer is the same if none does. To finish, the person gives the code, the second factor if MFA is
    /// on, and a new password. The engine then opens a session and ends all others.
    ///
    /// Raises `InvalidEmail`; `Busy` if the recognition that the client
    /// presents has too many such flows open.
    pub fn reset_password(&self, email: String, client: Client) -> Result<Flow, SelfsameError> {
        Ok(self.0.reset_password(&email, &client)?)
    }

    /// Undoes a change to an account, with the undo code from the message about it. Restores the addresses,
    /// sign-in methods and second factor as they were before the change, and drops what was added since. Ends
    /// all sessions. The account is then on hold for one day.
    ///
    /// If the account had a password, the flow asks for a new one. If the account has a second factor that is three
    /// days old or older, the flow asks for it, because an undo code alone never removes it. If MFA was on before the
    /// change, the flow asks for the second factor that was valid then. If the account had no password, the flow ends
    /// with `Done`. The owner then signs in with a restored method.
    ///
    /// The undo leaves out an identifier that another account has taken in the meantime, and the last step says so. If
    /// no usable sign-in method would be left, the flow asks for a new password.
    ///
    /// Raises `UndoExpired` if the code is invalid or has expired; `LastMethod` if nobody could sign in after the
    /// undo and the account has no address for a password.
    pub fn undo(&self, code: Secret, client: Client) -> Result<Flow, SelfsameError> {
        Ok(self.0.undo(&code, &client)?)
    }

    /// Starts a sign-in with a passkey. The step has the options for the browser or the platform, whose answer goes to
    /// `answer` as `Answer.Passkey`.
    ///
    /// Without an email, the person picks one of the passkeys that the device knows. With an email, the request lists the
    /// passkeys of the account that has the email verified, but only if the client presents a recognition of that
    /// account: nobody else may learn what an account has.
    ///
    /// Raises `NotOffered` if the policy has no relying party; `InvalidEmail`; `Busy` if the recognition that the client
    /// presents has too many flows open. The answer is refused with `InvalidCredentials`, or with `PasskeyRejected` if
    /// the passkey's backup eligibility has changed.
    pub fn sign_in_with_passkey(&self, email: Option<String>, client: Client) -> Result<Flow, SelfsameError> {
        Ok(self.0.sign_in_with_passkey(email.as_deref(), &client)?)
    }

    /// Starts a flow that takes an assertion of this provider.
    ///
    /// Raises `UnknownProvider`; `Busy` if the recognition that the client
    /// presents has too many such flows open.
    pub fn begin_federated(&self, provider: ProviderId, client: Client) -> Result<Flow, SelfsameError> {
        Ok(self.0.begin_federated(&provider, &client)?)
    }

    /// Takes the assertion that the flow waits for. Signs in if the identity is known. If it is not, `intent`
    /// decides how the flow continues.
    ///
    /// Raises `AssertionRejected`; `NeedsKeys` if the provider's keys must be set first; `FlowExpired` after
    /// 10 minutes.
    pub fn continue_with(
        &self,
        flow: Flow,
        assertion: Assertion,
        intent: Intent,
    ) -> Result<Flow, SelfsameError> {
        Ok(self.0.continue_with(&flow, &assertion, intent)?)
    }

    /// Answers the step that the flow is at and returns the flow at its next step. If that step was answered
    /// before, changes nothing and returns the flow at its current step.
    ///
    /// Raises `NotOffered` if the step does not take this answer, and the refusals of the answer itself. The
    /// flow then stays at its step.
    pub fn answer(&self, flow: Flow, answer: Answer) -> Result<Flow, SelfsameError> {
        Ok(self.0.answer(&flow, answer)?)
    }

    /// Returns the flow that the token names, at its current step. Call it after a restart of the program, or
    /// wherever only the token was kept.
    ///
    /// Raises `FlowExpired` if the flow has expired or never existed.
    pub fn resume(&self, token: FlowToken) -> Result<Flow, SelfsameError> {
        Ok(self.0.resume(&token)?)
    }

    /// Returns the session of a token. Reads one row and writes nothing.
    ///
    /// Raises `SessionEnded` if the token opens no session; `ReauthenticationRequired` if the session waits
    /// until its account is restored.
    pub fn resolve(&self, token: SessionToken) -> Result<Session, SelfsameError> {
        Ok(self.0.resolve(&token)?)
    }

    /// Returns the session of a token and records its use: at most once an hour, and at least 12 times in the
    /// span after which an unused session ends.
    ///
    /// Raises the errors of `resolve`.
    pub fn touch(&self, token: SessionToken) -> Result<Session, SelfsameError> {
        Ok(self.0.touch(&token)?)
    }

    /// Starts to renew the proof of a session, as the account's own `reauthenticate` does. This works also
    /// for a session that waits because support started a deletion: it continues once its account is
    /// restored.
    ///
    /// Raises `SessionEnded` if the session has ended.
    pub fn reauthenticate(&self, token: SessionToken) -> Result<Flow, SelfsameError> {
        Ok(self.0.reauthenticate(&token)?)
    }
}

fn opening(
    unlock: Unlock,
    policy: Policy,
    anchor: Option<Arc<dyn Anchor>>,
) -> Result<EngineOptions, SelfsameError> {
    let options = selfsame::Engine::options(unlock.into()).policy(policy.build()?);
    Ok(match anchor {
        Some(anchor) => options.anchor(held(anchor)),
        None => options,
    })
}

/// An account that a device offers to sign in to. Anybody who holds the device sees it.
#[uniffi::remote(Record)]
pub struct PickerEntry {
    /// The account's id, to sign in with.
    pub account: AccountId,
    /// The name that the owner chose, if any.
    pub display_name: Option<String>,
    /// The contact address, masked: first character and domain.
    pub email: Option<String>,
    /// The kinds of its sign-in methods, each once.
    pub methods: Vec<MethodKind>,
    /// Whether no sign-in method works without a network. If so, offer to add a password.
    pub needs_network: bool,
}
