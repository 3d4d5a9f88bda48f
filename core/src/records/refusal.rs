//! Why the rules say no.

use crate::ground::email::InvalidEmail;
use crate::ground::named::worded;
use crate::ground::nickname::InvalidName;
use crate::ground::time::Timestamp;
use crate::records::proof::Accepted;

worded! {
    /// Why the rules say no. The names are the SPEC's; nothing that a caller gave is in them.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub enum Refusal {
        /// The account has it already; nothing changed (SPEC 1.6).
        AlreadyYours => "the account has it already";
        /// The assertion does not prove what it says; sign in at the provider again (SPEC 2.9).
        AssertionRejected {
            /// What is wrong with it.
            reason: AssertionProblem,
        } => "the assertion is refused: {reason}; sign in at the provider again";
        /// A cap of the store is reached; try again later (SPEC 2.10).
        Busy => "too many flows are open; try again later";
        /// The flow is over, or never was; begin again (SPEC 2.10).
        FlowExpired => "the flow is over; begin again";
        /// Another account, or another product of this one, has the identifier (SPEC 1.3, 8.3).
        IdentifierInUse => "this identifier belongs to another; use its own";
        /// Another account holds the identity (SPEC 1.6).
        IdentityInUse => "another account holds this identity; sign in with it";
        /// The code is wrong, spent, void or over; ask for another (SPEC 12.5).
        InvalidCode => "the code is wrong or over; ask for another";
        /// The credentials do not fit; whether there is an account is deliberately not told (SPEC 4.2).
        InvalidCredentials => "these credentials do not fit; check them or sign in another way";
        /// The text is no email address that the engine takes (SPEC 1.9).
        InvalidEmail {
            /// What is wrong with it.
            reason: InvalidEmail,
        } => "not an email address: {reason}";
        /// The text does not do as a display name (SPEC 1.11).
        InvalidName {
            /// What is wrong with it.
            reason: InvalidName,
        } => "this is no name: {reason}";
        /// The text does not do as a password (SPEC 2.2).
        InvalidPassword {
            /// The rule that it breaks.
            rule: PasswordRule,
        } => "not usable as a password: {rule}";
        /// The text is no key set that signatures can be checked with; nothing changed (SPEC 2.9).
        InvalidKeys {
            /// What is wrong with it.
            reason: KeysProblem,
        } => "not usable as a key set: {reason}";
        /// The account could not be signed in to without it: add another way in first (SPEC 1.7).
        LastMethod => "it is the last way in; add another first";
        /// The account, or the address, has as much of it as policy allows (SPEC 1.6).
        LimitReached => "there are as many as there may be";
        /// The provider's keys are not here, too old, or lack the one that signed: give its key set anew and
        /// bring the same token again (SPEC 2.9).
        NeedsKeys {
            /// The provider's issuer, as policy has it.
            issuer: String,
        } => "the keys of {issuer} are needed anew; set them";
        /// The step, or the account, does not offer that now; look at it (SPEC 2.10).
        NotOffered => "this is not offered now; look at the step or at the account";
        /// The act has to wait until a recovery is some time ago (SPEC 5.5).
        OnHold {
            /// Until when.
            until: Timestamp,
        } => "the account was just recovered; this has to wait";
        /// The act wants fresher proof: reauthenticate (SPEC 6.4).
        ReauthenticationRequired {
            /// What the first factor can be proven with.
            accepted: Vec<Accepted>,
        } => "this wants fresh proof; reauthenticate";
        /// The session has ended; sign in again (SPEC 6.2).
        SessionEnded => "the session has ended; sign in again";
        /// Too many failures; wait (SPEC 12.1).
        Throttled {
            /// When a try is taken again; nothing where the factor is locked.
            retry_at: Option<Timestamp>,
        } => "too many failures; {}",
                if retry_at.is_some() {
                    "wait before the next try"
                } else {
                    "sign in another way or reset the password"
                };
        /// What is asked for can be asked for later (SPEC 12.6).
        TooEarly {
            /// When.
            at: Timestamp,
        } => "it is too early for this; wait";
        /// The code undoes nothing, or no longer (SPEC 7.3).
        UndoExpired => "this code undoes nothing, or no longer";
        /// There is no such account here: said to the host and to support alone.
        UnknownAccount => "there is no such account";
        /// Policy names no such product (SPEC 8.1).
        UnknownProduct => "policy names no such product";
        /// The account has no such request open: said to the host alone (SPEC 10.2).
        UnknownRequest => "the account has no such request open";
        /// Policy names no such provider, or not for this kind of assertion (SPEC 2.9).
        UnknownProvider => "policy names no such provider for this kind of assertion";
    }
}

impl std::error::Error for Refusal {}

worded! {
    /// What is wrong with an assertion (SPEC 2.9).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum AssertionProblem {
        /// It is signed in a way that policy does not name for the provider, or its key is not for.
        Algorithm => "it is signed in a way that is not taken";
        /// It is for another application, or for several and not issued to this one.
        Audience => "it is for another application";
        /// Its email is no email address.
        Email => "its email is no email address";
        /// It is over, or does not say until when it holds.
        Expired => "it is over";
        /// Its header has a parameter that is not taken.
        Header => "its header has what is not taken";
        /// The person signed in at the provider too long ago for fresh proof, or it says that in no number.
        AuthTime => "the person did not sign in there just now";
        /// It was issued more than 10 minutes ago, more than 60 seconds ahead, or does not say when.
        IssuedAt => "it was not issued just now";
        /// It comes from another issuer.
        Issuer => "it comes from another issuer";
        /// It is a token for another purpose.
        Kind => "it is a token for another purpose";
        /// It is no signed token in the compact form.
        Malformed => "it is no signed token";
        /// It does not have the nonce of the step.
        Nonce => "it does not have the nonce of the step";
        /// It does not hold yet.
        NotYet => "it does not hold yet";
        /// It was made for another flow.
        OtherFlow => "it was made for another flow";
        /// It comes from another provider than the flow was begun with.
        OtherProvider => "it comes from another provider";
        /// Its signature is wrong.
        Signature => "its signature is wrong";
        /// Its subject is empty or longer than 255 bytes.
        Subject => "its subject is empty or too long";
        /// It is longer than 8 KiB.
        TooLong => "it is longer than 8 KiB";
        /// No key of the provider's set signed it, nor of the one that was asked for.
        UnknownKey => "the provider has no such key";
    }
}

worded! {
    /// What is wrong with a key set (SPEC 2.9).
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum KeysProblem {
        /// It is no JSON object with a list `keys`, or a member stands twice in it.
        Malformed => "it is no JSON Web Key Set";
        /// It has no key that is used here: RSA of 2,048 bits or more, P-256 or Ed25519, for signatures.
        NoKey => "it has no key that can be used";
        /// It has a private or symmetric key: whoever reads it can sign.
        PrivateKey => "it has a private key in it";
        /// Two of its keys have the same name.
        SameName => "two of its keys have the same name";
        /// It is longer than 64 KiB or has more than 32 keys.
        TooLarge => "it is too large";
    }
}

worded! {
    /// The rule that a password breaks.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum PasswordRule {
        /// It is not UTF-8.
        NotText => "it must be text";
        /// It has fewer than 15 code points.
        TooShort => "it must have at least 15 characters";
        /// It has more than 1,024 bytes.
        TooLong => "it must have at most 1,024 bytes";
        /// It has a code point that Unicode has not assigned.
        Unassigned => "it has a character that Unicode does not assign";
        /// It is the email, its local part or the service's name.
        Guessable => "it must not be the email address or the name of the service";
        /// It is on the list of passwords that are commonly used.
        Common => "it is on a list of passwords that are commonly used";
    }
}
