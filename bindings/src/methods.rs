//! What owners do with the ways in, the addresses and the password.

use selfsame::{AddressStep, MethodId, MethodView, Progress, ProviderId, Secret};

use crate::account::AccountHandle;
use crate::error::SelfsameError;

#[uniffi::export]
impl AccountHandle {
    /// Begins a flow in this session: the assertion that it is brought becomes one more way in. It ends with
    /// `Done`.
    ///
    /// Raises `UnknownProvider`, `ReauthenticationRequired`, `OnHold`. The assertion is refused with
    /// `AlreadyYours`, `IdentityInUse` or `LimitReached`.
    pub fn begin_add(&self, provider: ProviderId) -> Result<Progress, SelfsameError> {
        Ok(self.core().begin_add(&provider)?)
    }

    /// Adds a password that goes with this email. Where the email is no verified address of the account, a
    /// code goes to it first, to be proven in this session.
    ///
    /// Raises `InvalidEmail`, `InvalidPassword`, `ReauthenticationRequired`, `OnHold`; `NotOffered` where
    /// there is a password already; `IdentifierInUse` to the proven owner of the mailbox alone.
    pub fn add_password(&self, email: String, password: Secret) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().add_password(&email, &password)?)
    }

    /// Removes a way in. All other sessions end, and this one when the method was its proof. It can be undone
    /// for 7 days, and its identifier is nobody else's until then; `waive_undo` frees it at once, to be added
    /// to another account.
    ///
    /// Raises `LastMethod`, `ReauthenticationRequired`, `OnHold`; `NotOffered` where the account has no such
    /// method.
    #[uniffi::method(default(waive_undo = false))]
    pub fn remove_method(&self, method: MethodId, waive_undo: bool) -> Result<(), SelfsameError> {
        Ok(self.core().remove_method(method, waive_undo)?)
    }

    /// Takes the email that a later assertion of the identity carried, as an address that is not proven yet.
    ///
    /// Raises `NotOffered` where there is none, `ReauthenticationRequired`, `OnHold`, `LimitReached`.
    pub fn take_seen_email(&self, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().take_seen_email(method)?)
    }

    /// Changes the email: the contact address, and the identifier of the password where the old one is that.
    /// A code goes to the new one, and nothing changes before it is proven in this session. `old_is_lost`
    /// says that the old mailbox is lost: no undo code goes there. That wants a session that has proven a
    /// second factor.
    ///
    /// Raises `InvalidEmail`, `AlreadyYours`, `ReauthenticationRequired`, `OnHold`, `LimitReached`;
    /// `NotOffered` where a lost mailbox cannot be declared.
    #[uniffi::method(default(old_is_lost = false))]
    pub fn change_email(&self, new_email: String, old_is_lost: bool) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().change_email(&new_email, old_is_lost)?)
    }

    /// Sends a code to an address of the account that is not verified yet, to be proven in this session.
    ///
    /// Raises `InvalidEmail`, `AlreadyYours`, `ReauthenticationRequired`, `OnHold`; `NotOffered` where it is
    /// no address of the account.
    pub fn verify_address(&self, email: String) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().verify_address(&email)?)
    }

    /// The code that was mailed for what waits in this session: it is done now. Where it was the account's
    /// first proven address, its other ways in lead in no more until they are reviewed.
    ///
    /// Raises `InvalidCode` for a wrong code, and where nothing waits here any more; `IdentifierInUse` where
    /// another account signs in with the address; `LimitReached` where as many accounts as may be have it.
    pub fn prove_address(&self, code: Secret) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().prove_address(&code)?)
    }

    /// Makes another of the verified addresses the one for messages. All other sessions end.
    ///
    /// Raises `InvalidEmail`, `AlreadyYours`, `ReauthenticationRequired`, `OnHold`; `NotOffered` where it is
    /// no verified address of the account.
    pub fn set_contact(&self, email: String) -> Result<(), SelfsameError> {
        Ok(self.core().set_contact(&email)?)
    }

    /// Sets what the owner wants to be called, or nothing: at most 64 characters, kept in the form of RFC 8266
    /// (Nickname). It finds no account, and need not be anybody's own.
    ///
    /// Raises `InvalidName`.
    pub fn set_display_name(&self, name: Option<String>) -> Result<(), SelfsameError> {
        Ok(self.core().set_display_name(name.as_deref())?)
    }

    /// Sets another password. All other sessions end.
    ///
    /// Raises `InvalidCredentials` where `current` is not the password, which counts as at sign-in, and
    /// `Throttled`; `InvalidPassword`, `ReauthenticationRequired`; `NotOffered` where there is no password.
    pub fn change_password(&self, current: Secret, new_password: Secret) -> Result<(), SelfsameError> {
        Ok(self.core().change_password(&current, &new_password)?)
    }

    /// Says which of the ways in stay that were there before the account's first address was proven; the
    /// others are removed. A password is kept only with a new one: whoever set it may know it.
    ///
    /// Raises `InvalidPassword`, `ReauthenticationRequired`, `OnHold`; `NotOffered` where nothing waits for
    /// it, or what is kept does not, or a new password is missing or not wanted.
    #[uniffi::method(default(new_password))]
    pub fn review(
        &self,
        keep: Vec<MethodId>,
        keep_second_factor: bool,
        new_password: Option<Secret>,
    ) -> Result<(), SelfsameError> {
        Ok(self.core().review(&keep, keep_second_factor, new_password.as_ref())?)
    }
}

/// What an act on an account's addresses has come to.
#[uniffi::remote(Enum)]
pub enum AddressStep {
    /// It is done.
    Done,
    /// A code went to the address: prove it in this session, and it will be done.
    ProveAddress {
        /// The address, masked.
        to: String,
    },
    /// It is done, and was the account's first proof of an address: say which of the ways in that were
    /// there before are yours. They lead in no more until then.
    ReviewMethods {
        /// The ways in that wait for it.
        methods: Vec<MethodView>,
        /// Whether a second factor waits for it too.
        second_factor: bool,
    },
}
