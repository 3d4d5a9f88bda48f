//! Shortcuts for what owners do with their accounts.
#![expect(clippy::expect_used, clippy::panic, reason = "a test world stops the test")]

use selfsame::{AccountHandle, AddressStep, Client, Error, Flow, Intent, Refusal, Secret, Step};

use crate::person::{Authenticator, Person, signed_in};
use crate::provider::Identity;
use crate::world::World;

impl World {
    /// Returns the account, in a session that was just opened with the password.
    pub fn fresh(&self, person: &Person) -> AccountHandle {
        let done = self.sign_in(&person.email, &person.password);
        let done = signed_in(done.unwrap_or_else(|error| panic!("sign-in of {}: {error}", person.email)));
        self.engine().account(&done.token).expect("it was just opened")
    }

    /// Adds an identity to the account as a sign-in method.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn add(&self, account: &AccountHandle, identity: &Identity) -> Result<Flow, Error> {
        let begun = account.begin_add(&identity.provider())?;
        self.engine().continue_with(&begun, &self.assertion(identity, &begun)?, Intent::SignUp)
    }

    /// Types the newest code that was sent to the address, in the session of the account.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn prove_address(&self, account: &AccountHandle, email: &str) -> Result<AddressStep, Error> {
        let code = self.mailbox().code(email).unwrap_or_else(|| panic!("no code was sent to {email}"));
        account.prove_address(&code)
    }

    /// Changes the account's email, and types the code.
    pub fn move_to(&self, account: &AccountHandle, email: &str) {
        let asked = account.change_email(email);
        assert!(matches!(asked, Ok(AddressStep::ProveAddress { .. })), "{asked:?}");
        let done = self.prove_address(account, email);
        assert!(done.is_ok(), "{done:?}");
    }

    /// Takes the newest undo code that went to the address.
    pub fn undo_code(&self, to: &str) -> Secret {
        self.mailbox().undo(to).unwrap_or_else(|| panic!("no undo code was sent to {to}"))
    }

    /// Starts an undo, and returns the flow at its first step.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn undo(&self, code: &Secret) -> Result<Flow, Error> {
        self.engine().undo(code, &Client::on("laptop"))
    }

    /// Turns MFA on. Returns the authenticator app and the recovery codes.
    pub fn turn_mfa_on(&self, account: &AccountHandle) -> Authenticator {
        let secret = account.enroll_totp().expect("the session is fresh").secret;
        let code = self.totp(&secret).expect("the engine's secrets are base32");
        let recovery_codes = account.confirm_totp(&code).expect("the code is right").codes;
        account.recovery_codes_saved().expect("codes wait to be saved");
        Authenticator { secret, recovery_codes }
    }
}

/// The last step of a flow, without anything left out or taken from a reserve.
pub const DONE: Step = Step::Done { was_reserved: false, left_out: Vec::new() };

/// The answer of a completed act on the addresses.
pub const ADDRESS_DONE: AddressStep = AddressStep::Done { was_reserved: false };

/// The refusal of an undo code that has expired.
pub const UNDO_EXPIRED: Error = Error::Refused(Refusal::UndoExpired);
