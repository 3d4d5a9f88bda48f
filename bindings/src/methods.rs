//! How owners manage sign-in methods, addresses and the password.

use selfsame::{
    AddressStep, Flow, MethodId, MethodView, ProtectedAct, ProtectedActView, ProviderId, Secret, Timestamp,
    UndoView,
};

use crate::account::AccountHandle;
use crate::error::SelfsameError;

#[uniffi::export]
impl AccountHandle {
    /// Starts a flow in this session that adds a federated identity. The identity of the assertion that you
    /// pass to the flow becomes a sign-in method. The flow ends with `Done`.
    ///
    /// Raises `UnknownProvider`, `ReauthenticationRequired` or `OnHold`. The assertion is refused with
    /// `AlreadyYours`, `IdentityInUse` or `LimitReached`.
    pub fn begin_add(&self, provider: ProviderId) -> Result<Flow, SelfsameError> {
        Ok(self.core().begin_add(&provider)?)
    }

    /// Starts a flow in this session that adds a passkey. The step has the options for the browser or the platform, whose
    /// answer goes to `answer` as `Answer.Passkey`. The flow ends with `Done`.
    ///
    /// Raises `NotOffered` if the policy has no relying party; `ReauthenticationRequired` or `OnHold`. The answer is
    /// refused with `PasskeyRejected`, `AlreadyYours`, `IdentifierInUse` or `LimitReached`.
    pub fn begin_add_passkey(&self) -> Result<Flow, SelfsameError> {
        Ok(self.core().begin_add_passkey()?)
    }

    /// Adds a password with this email as its identifier. If the email is not a verified address of the
    /// account, sends a code to it first. Prove the code in this session.
    ///
    /// Raises `InvalidEmail`, `InvalidPassword`, `ReauthenticationRequired` or `OnHold`; `NotOffered` if the
    /// account has a password already; `IdentifierInUse` if another account uses the email, but only after
    /// the caller has proven the mailbox.
    pub fn add_password(&self, email: String, password: Secret) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().add_password(&email, &password)?)
    }

    /// Removes a sign-in method. Ends all other sessions, and this one too if the method is its proof. The owner can
    /// undo this for 7 days. Until then, a person who proves the identifier elsewhere is offered this account too.
    ///
    /// Raises `LastMethod`, `ReauthenticationRequired` or `OnHold`; `NotOffered` if the account does not have
    /// this method.
    pub fn remove_method(&self, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().remove_method(method)?)
    }

    /// Adds the email of a later assertion of this identity to the account, as an unverified address.
    ///
    /// Raises `NotOffered` if there is no such email; `ReauthenticationRequired`, `OnHold` or `LimitReached`.
    pub fn take_seen_email(&self, method: MethodId) -> Result<(), SelfsameError> {
        Ok(self.core().take_seen_email(method)?)
    }

    /// Changes the email: the contact address, and also the identifier of the password if that is the old
    /// contact address. Sends a code to the new address. Nothing changes until the code is proven in this
    /// session.
    ///
    /// Raises `InvalidEmail`, `AlreadyYours`, `ReauthenticationRequired`, `OnHold` or `LimitReached`.
    pub fn change_email(&self, new_email: String) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().change_email(&new_email)?)
    }

    /// Sends a code to an unverified address of the account. Prove the code in this session.
    ///
    /// Raises `InvalidEmail`, `AlreadyYours`, `ReauthenticationRequired` or `OnHold`; `NotOffered` if the
    /// account does not have this address.
    pub fn verify_address(&self, email: String) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().verify_address(&email)?)
    }

    /// Takes the mailed code and completes the change that waits for it in this session. If this is the first
    /// address that the account proves, its other sign-in methods are disabled until the owner has reviewed
    /// them.
    ///
    /// Raises `InvalidCode` if the code is wrong or nothing waits in this session; `IdentifierInUse` if
    /// another account signs in with the address; `LimitReached` if policy allows no further account with the
    /// address.
    pub fn prove_address(&self, code: Secret) -> Result<AddressStep, SelfsameError> {
        Ok(self.core().prove_address(&code)?)
    }

    /// Makes another verified address the contact address. Ends all other sessions.
    ///
    /// Raises `InvalidEmail`, `AlreadyYours`, `ReauthenticationRequired` or `OnHold`; `NotOffered` if it is
    /// not a verified address of the account.
    pub fn set_contact(&self, email: String) -> Result<(), SelfsameError> {
        Ok(self.core().set_contact(&email)?)
    }

    /// Sets or removes the owner's display name: at most 64 characters, stored in the form of RFC 8266
    /// (Nickname). Display names are not unique, and no account can be found by one.
    ///
    /// Raises `InvalidText`.
    pub fn set_display_name(&self, name: Option<String>) -> Result<(), SelfsameError> {
        Ok(self.core().set_display_name(name.as_deref())?)
    }

    /// Changes the password. Ends all other sessions.
    ///
    /// Raises `InvalidCredentials` if `current` is wrong, which counts as a failed reauthentication, so the fifth ends
    /// the session; `InvalidPassword` or `ReauthenticationRequired`; `NotOffered` if the account has no password.
    pub fn change_password(&self, current: Secret, new_password: Secret) -> Result<(), SelfsameError> {
        Ok(self.core().change_password(&current, &new_password)?)
    }

    /// Keeps the listed sign-in methods among those that the account had before it proved its first address, and
    /// removes the others. Keeping a password requires a new password, because the person who set the old one may know
    /// it.
    ///
    /// Raises `InvalidPassword`, `ReauthenticationRequired` or `OnHold`; `NotOffered` if nothing waits for
    /// the review, if a listed method does not wait for it, or if a new password is missing or not needed.
    #[uniffi::method(default(new_password))]
    pub fn review(
        &self,
        keep: Vec<MethodId>,
        keep_second_factor: bool,
        new_password: Option<Secret>,
    ) -> Result<(), SelfsameError> {
        Ok(self.core().review(&keep, keep_second_factor, new_password.as_ref())?)
    }

    /// Confirms that the owner knows of the protected acts up to this number (`ProtectedActView`). Sign-ins from the
    /// same place no longer list these acts (`unconfirmed` of `SignedIn`). Sign-ins without a recognition do not list
    /// them either. A sign-in from another place with a recognition lists them until the owner confirms them there
    /// too.
    ///
    /// Raises `NotOffered` if no protected act has this number or a lower one.
    pub fn confirm_protected_acts(&self, up_to: u64) -> Result<(), SelfsameError> {
        Ok(self.core().confirm_protected_acts(up_to)?)
    }
}

/// A change to the sign-in methods, factors or contact of an account. The owner is notified of it and can undo it.
#[uniffi::remote(Enum)]
pub enum ProtectedAct {
    /// A sign-in method was added or linked.
    MethodAdded,
    /// A sign-in method was removed.
    MethodRemoved,
    /// The owner reviewed the sign-in methods after the first proof of an address.
    MethodsReviewed,
    /// The password was changed.
    PasswordChanged,
    /// The contact address was changed.
    ContactChanged,
    /// MFA was turned on.
    MfaTurnedOn,
    /// MFA was turned off.
    MfaTurnedOff,
    /// The second factor was replaced.
    MfaReplaced,
    /// New recovery codes replaced the old ones.
    RecoveryCodesReplaced,
}

/// A protected act of the last 30 days, as the account's owner sees it.
#[uniffi::remote(Record)]
pub struct ProtectedActView {
    /// The number of the act. A later act has a higher number.
    pub number: u64,
    /// What was done.
    pub act: ProtectedAct,
    /// When it was done.
    pub at: Timestamp,
    /// The label of the device on which it was done.
    pub device: String,
    /// How the act can be undone, if it can.
    pub undo: Option<UndoView>,
}

/// How a protected act can be undone.
#[uniffi::remote(Record)]
pub struct UndoView {
    /// The address that got the undo code, masked.
    pub sent_to: String,
    /// When the code expires.
    pub until: Timestamp,
    /// The time from which the undo also asks for the current second factor, because that factor was set after the act.
    /// Absent if there is no newer factor, or if the code expires before this time.
    pub second_factor_from: Option<Timestamp>,
}

/// The result of an act on an account's addresses.
#[uniffi::remote(Enum)]
pub enum AddressStep {
    /// The act is done.
    Done {
        /// Whether another account had this email or identity and could take it back with an undo code. This account
        /// has it now, and an undo of the other account leaves it out.
        was_reserved: bool,
    },
    /// A code goes to the address. Prove the address in this session to complete the act.
    ProveAddress {
        /// The address, masked.
        to: String,
        /// When the message with the code goes, if too many went to the address before. Absent if it is on its
        /// way.
        send_at: Option<Timestamp>,
    },
    /// The act is done and was the account's first proof of an address. Say which of the earlier sign-in
    /// methods are yours. They are disabled until then.
    ReviewMethods {
        /// The sign-in methods to review.
        methods: Vec<MethodView>,
        /// Whether there is a second factor to review too.
        second_factor: bool,
        /// As in `Done`.
        was_reserved: bool,
    },
}
