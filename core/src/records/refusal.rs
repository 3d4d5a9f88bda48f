//! Why the rules refuse an act.

use crate::ground::email::InvalidEmail;
use crate::ground::label::{self, TextField, TextProblem};
use crate::ground::named::worded;
use crate::ground::nickname::nickname;
use crate::ground::time::Timestamp;
use crate::records::passkey::PasskeyProblem;
use crate::records::proof::Accepted;

worded! {
    /// Why the rules refuse an act. The names are those of SPEC. No variant contains input from the caller.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use selfsame::Refusal;
    ///
    /// // An application has its own text for each refusal, in each of its languages.
    /// let texts = BTreeMap::from([("SessionEnded", "Please sign in."), ("InvalidCode", "Check the code.")]);
    /// assert_eq!(texts.get(Refusal::SessionEnded.code()), Some(&"Please sign in."));
    ///
    /// // A test of the application finds the refusals without a text.
    /// let missing = Refusal::CODES.iter().filter(|code| !texts.contains_key(*code));
    /// assert_eq!(missing.count(), Refusal::CODES.len() - 2);
    /// ```
    #[derive(Clone, PartialEq, Eq, Debug)]
    #[cfg_attr(
        feature = "json",
        derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
        serde(tag = "refused")
    )]
    #[non_exhaustive]
    pub enum Refusal {
        /// The account already has this identity or address. Nothing changed (SPEC 1.6).
        AlreadyYours => "the account already has this identity or address";
        /// The assertion does not prove what it says. Sign in at the provider again (SPEC 2.9).
        AssertionRejected {
            /// What is wrong with the assertion.
            reason: AssertionProblem,
        } => "assertion rejected: {reason}; sign in at the provider again";
        /// A limit of the store is reached. Try again later (SPEC 2.10).
        Busy => "too many flows are open; try again later";
        /// The flow has ended or never existed. Start again (SPEC 2.10).
        FlowExpired => "the flow has expired; begin again";
        /// Another account, or another product of this account, has the identifier (SPEC 1.3, 8.3).
        IdentifierInUse => "the identifier belongs to another account or product; use another one";
        /// Another account has the identity (SPEC 1.6).
        IdentityInUse => "the identity belongs to another account; sign in to that account with it";
        /// The code is wrong, used, void or expired. Ask for another (SPEC 12.5).
        InvalidCode => "the code is wrong or has expired; ask for a new one";
        /// The credentials are wrong. The refusal deliberately does not tell whether an account exists
        /// (SPEC 4.2).
        InvalidCredentials => "the credentials are wrong; check them or sign in another way";
        /// The text is not an email address that the engine accepts (SPEC 1.9).
        InvalidEmail {
            /// What is wrong with the address.
            reason: InvalidEmail,
        } => "invalid email address: {reason}";
        /// The text is not usable as a password (SPEC 2.2).
        InvalidPassword {
            /// The rule that the password breaks.
            rule: PasswordRule,
        } => "invalid password: {rule}";
        /// The text is not a key set that can verify signatures. Nothing changed (SPEC 2.9).
        InvalidKeys {
            /// What is wrong with the key set.
            reason: KeysProblem,
        } => "invalid key set: {reason}";
        /// The text cannot be shown to somebody (SPEC 1.13).
        InvalidText {
            /// Which text.
            field: TextField,
            /// What is wrong with the text.
            reason: TextProblem,
        } => "invalid {field}: {reason}";
        /// The policy requires a second factor, so it can be replaced but not turned off (SPEC 5.9).
        LastFactor => "a second factor is required; replace it instead of turning it off";
        /// This is the last sign-in method that works. Add another one first (SPEC 1.7).
        LastMethod => "this is the last usable sign-in method; add another one first";
        /// The account or the address has reached a limit of the policy (SPEC 1.6).
        LimitReached => "limit reached";
        /// The provider's keys are missing or too old, or the signing key is not among them. Set the
        /// provider's key set again and present the same token again (SPEC 2.9).
        NeedsKeys {
            /// The provider's issuer, as in the policy.
            issuer: String,
        } => "the keys of {issuer} are missing or too old; set the key set again";
        /// The step or the account does not allow this now. Look at the step or the account (SPEC 2.10).
        NotOffered => "not offered now; look at the current step or at the account";
        /// The account was recovered a short time ago, so the act must wait (SPEC 5.5).
        OnHold {
            /// When the hold ends.
            until: Timestamp,
        } => "the account was recovered recently; wait";
        /// The passkey's answer is not accepted. A sign-in tells only one reason: the backup eligibility has changed. Then
        /// the owner signs in in another way, and adds the passkey anew (SPEC 5.8).
        PasskeyRejected {
            /// What is wrong with the answer.
            reason: PasskeyProblem,
        } => "passkey rejected: {reason}";
        /// The act needs a fresher proof. Reauthenticate (SPEC 6.4).
        ReauthenticationRequired {
            /// The accepted proofs of the first factor.
            accepted: Vec<Accepted>,
        } => "this needs fresh proof; reauthenticate";
        /// The session has ended. Sign in again (SPEC 6.2).
        SessionEnded => "the session has ended; sign in again";
        /// There were too many failures of this caller, or of all strangers if the caller presents no recognition.
        /// Wait (SPEC 12.1, 12.7).
        Throttled {
            /// When the next attempt is accepted. Absent if the factor is locked.
            retry_at: Option<Timestamp>,
        } => "too many failures; {}",
                if retry_at.is_some() {
                    "wait before the next try"
                } else {
                    "this factor is locked, so use another one"
                };
        /// It is too early for this. Ask again later (SPEC 12.6).
        TooEarly {
            /// When to ask again.
            at: Timestamp,
        } => "too early; wait";
        /// The undo code is invalid or has expired (SPEC 7.3).
        UndoExpired => "the undo code is invalid or has expired";
        /// There is no such account. Only the host and support get this refusal.
        UnknownAccount => "there is no such account";
        /// The policy has no such product (SPEC 8.1).
        UnknownProduct => "the policy has no such product";
        /// The account has no such open request. Only the host gets this refusal (SPEC 10.2).
        UnknownRequest => "the account has no such open request";
        /// The policy has no such provider for this kind of assertion (SPEC 2.9).
        UnknownProvider => "the policy has no such provider for this kind of assertion";
    }
}

impl std::error::Error for Refusal {}

impl TextField {
    /// Returns a caller's text as it is kept (SPEC 1.13).
    pub(crate) fn kept(self, typed: &str) -> Result<String, Refusal> {
        let kept = match self {
            Self::DisplayName => nickname(typed),
            _ => label::checked(typed, self.longest()),
        };
        kept.map_err(|reason| Refusal::InvalidText { field: self, reason })
    }
}

worded! {
    /// What is wrong with an assertion (SPEC 2.9).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum AssertionProblem {
        /// The policy does not allow its algorithm for the provider, or the key does not support it.
        Algorithm => "the signature algorithm is not allowed";
        /// It is for another application, or for several and not issued to this one.
        Audience => "it was issued for another application";
        /// It has expired, or has no expiry time.
        Expired => "it has expired";
        /// Its header has an unsupported parameter.
        Header => "its header has an unsupported parameter";
        /// The person signed in at the provider too long ago for fresh proof, or the time is not a number.
        AuthTime => "the person did not sign in at the provider recently";
        /// It was issued more than 10 minutes ago or more than 60 seconds in the future, or has no time of
        /// issue.
        IssuedAt => "it was not issued recently";
        /// It comes from another issuer.
        Issuer => "it comes from another issuer";
        /// It is a token for another purpose.
        Kind => "it is a token for another purpose";
        /// It is not a signed token in the compact form.
        Malformed => "it is not a signed token";
        /// It does not have the nonce of the step.
        Nonce => "it does not have the nonce of this step";
        /// It is not valid yet.
        NotYet => "it is not valid yet";
        /// It was made for another flow.
        OtherFlow => "it was made for another flow";
        /// It comes from a provider other than the one that the flow started with.
        OtherProvider => "it comes from another provider";
        /// Its signature is wrong.
        Signature => "its signature is wrong";
        /// Its subject is empty or longer than 255 bytes.
        Subject => "its subject is empty or too long";
        /// It is longer than 8 KiB.
        TooLong => "it is longer than 8 KiB";
        /// The provider's key set does not have the key that signed it, and neither has the set that the
        /// engine asked for.
        UnknownKey => "the provider has no such key";
    }
}

worded! {
    /// What is wrong with a key set (SPEC 2.9).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum KeysProblem {
        /// It is not a JSON object with a list `keys`, or a member occurs twice in it.
        Malformed => "it is not a JSON Web Key Set";
        /// It has no usable key: RSA of 2,048 bits or more, P-256 or Ed25519, for signatures.
        NoKey => "it has no usable key";
        /// It has a private or symmetric key. Anybody who reads the key can sign.
        PrivateKey => "it contains a private key";
        /// Two of its keys have the same name.
        SameName => "two of its keys have the same name";
        /// It is longer than 64 KiB or has more than 32 keys.
        TooLarge => "it is too large";
    }
}

worded! {
    /// The rule that a password breaks.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum PasswordRule {
        /// It is not UTF-8.
        NotText => "it must be text";
        /// It has fewer than 15 code points, or fewer than 8 where policy requires a second factor.
        TooShort => "it must have at least 15 characters, or 8 if the service requires a second factor";
        /// It has more than 1,024 bytes.
        TooLong => "it must have at most 1,024 bytes";
        /// It has a code point that Unicode has not assigned.
        Unassigned => "it has a character that Unicode does not assign";
        /// It is the email address, its local part or the service's name.
        Guessable => "it must not be the email address or the name of the service";
        /// It is a password of the account that others may know (SPEC 4.10).
        Compromised => "others may know this password of the account";
        /// It is on the list of commonly used passwords.
        Common => "it is on a list of passwords that are commonly used";
    }
}
