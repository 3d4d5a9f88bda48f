//! Shortcuts for the first acts of nearly every test.
#![expect(clippy::expect_used, clippy::panic, reason = "a test world stops the test")]

use selfsame::{
    AccountHandle, AccountId, Answer, Client, Error, Flow, Intent, RecognitionToken, Refusal, Secret,
    SessionId, SessionToken, SignedIn, Step,
};

use crate::provider::Identity;
use crate::world::World;

/// Somebody who has an account, with a session on it.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The session's token.
    pub token: SessionToken,
    /// The recognition that the sign-up on their laptop has earned.
    pub recognition: Option<RecognitionToken>,
    /// The email that the account's password belongs to.
    pub email: String,
    /// The password.
    pub password: String,
}

impl World {
    /// Returns Ada, who has an account with the email `ada@example.org` and a password.
    pub fn ada(&self) -> Person {
        self.person("ada@example.org", "correct horse battery staple")
    }

    /// Returns a person who has an account with this email and password.
    pub fn person(&self, email: &str, password: &str) -> Person {
        let done = self.prove(&self.sign_up(email, password), email);
        let SignedIn { account, session, token, recognition, .. } = signed_in(done);
        let (email, password) = (email.to_owned(), password.to_owned());
        Person { account, session, token, recognition, email, password }
    }

    /// Starts a sign-up, and returns the flow at its first step.
    pub fn sign_up(&self, email: &str, password: &str) -> Flow {
        self.engine()
            .sign_up(email, &password.into(), &laptop())
            .unwrap_or_else(|error| panic!("sign-up of {email}: {error}"))
    }

    /// Answers with the newest code that was sent to the address, and returns the flow at its next step.
    pub fn prove(&self, flow: &Flow, email: &str) -> Flow {
        let code = self.mailbox().code(email).unwrap_or_else(|| panic!("no code was sent to {email}"));
        self.answer(flow, Answer::Code(code)).unwrap_or_else(|error| panic!("code to {email}: {error}"))
    }

    /// Starts a sign-up with an identity, and presents the provider's assertion.
    pub fn federated(&self, identity: &Identity) -> Flow {
        self.present(identity, Intent::SignUp)
            .unwrap_or_else(|error| panic!("{} at {}: {error}", identity.subject, identity.provider))
    }

    /// Starts a sign-up with an X identity, and presents X's assertion. X says that it has verified the email.
    pub fn x_identity(&self, subject: &str, email: Option<&str>) -> Flow {
        let identity = Identity::at("x", subject).called(subject);
        self.federated(&match email {
            Some(email) => identity.with_email(email),
            None => identity,
        })
    }

    /// Starts a flow with an identity, and presents the provider's assertion.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn present(&self, identity: &Identity, intent: Intent) -> Result<Flow, Error> {
        let begun = self.engine().begin_federated(&identity.provider(), &laptop())?;
        self.engine().continue_with(&begun, &self.assertion(identity, &begun)?, intent)
    }

    /// Answers the step that the flow is at.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn answer(&self, flow: &Flow, answer: Answer) -> Result<Flow, Error> {
        self.engine().answer(flow, answer)
    }

    /// Turns MFA on in a person's session. Returns the authenticator app and the recovery codes.
    pub fn turn_on_mfa(&self, token: &SessionToken) -> Authenticator {
        let account = self.engine().account(token).expect("the session is live");
        self.turn_mfa_on(&account)
    }

    /// Returns the code that an app shows now, as an answer. The engine takes each code once: let time pass
    /// before the next.
    pub fn shown_by(&self, app: &Authenticator) -> Answer {
        Answer::Totp(self.totp(&app.secret).expect("the engine's secrets are base32"))
    }

    /// Signs in with email and password.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn sign_in(&self, email: &str, password: &str) -> Result<Flow, Error> {
        self.engine().sign_in(email, &Secret::from(password), &laptop())
    }

    /// Signs in with email and password on the laptop where the person signed up.
    ///
    /// # Errors
    /// [`Error`] from the engine.
    pub fn sign_in_known(&self, person: &Person, password: &str) -> Result<Flow, Error> {
        self.engine().sign_in(&person.email, &Secret::from(password), &person.laptop())
    }

    /// Returns the account of a person's session.
    pub fn account(&self, person: &Person) -> AccountHandle {
        self.engine().account(&person.token).expect("the session is live")
    }
}

impl Person {
    /// Returns the laptop where the person signed up, with its recognition.
    pub fn laptop(&self) -> Client {
        laptop().recognized_by(self.recognition.clone())
    }
}

/// An authenticator app, and the recovery codes that belong to it.
#[derive(Clone, Debug)]
pub struct Authenticator {
    /// The secret that was typed into the app.
    pub secret: Secret,
    /// The codes that were saved.
    pub recovery_codes: Vec<Secret>,
}

/// Returns why the engine refused. Panics if the engine did not refuse.
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// Returns the session that the flow has opened. Panics if the flow is at another step.
pub fn signed_in(flow: Flow) -> SignedIn {
    match flow.step {
        Step::SignedIn { session } => session,
        other => panic!("signed in was expected, not {}", other.code()),
    }
}

fn laptop() -> Client {
    Client::on("laptop")
}
