#![doc = include_str!("../../README.md")]

mod crypto;
mod engine;
mod error;
mod ground;
mod rules;
mod store;

#[cfg(feature = "testing")]
pub mod testing;

pub use crypto::entropy::SystemEntropy;
pub use crypto::foreign::ForeignHash;
pub use crypto::jwk::Algorithm;
pub use crypto::keys::HostKey;
pub use crypto::password::{Argon2Hasher, HashCost, HashFailed, Hasher};
pub use crypto::qr::QrCode;
pub use crypto::token::{FlowToken, InvalidToken, SessionToken};
pub use crypto::totp::{TotpAlgorithm, TotpParameters};
pub use engine::Engine;
pub use engine::account::AccountHandle;
pub use engine::clock::SystemClock;
pub use engine::environment::Environment;
pub use engine::host::Health;
pub use engine::support::SupportDesk;
pub use engine::unlock::{Keystore, KeystoreProblem, Unlock};
pub use error::{Error, OpenProblem};
pub use ground::email::{EmailAddress, InvalidEmail};
pub use ground::entropy::{Entropy, EntropyFailed};
pub use ground::id::{AccountId, FlowId, InvalidId, MethodId, RequestId, SessionId};
pub use ground::nickname::InvalidName;
pub use ground::secret::Secret;
pub use ground::time::{Clock, Reading, Timestamp, YearMonth};
pub use rules::account::{
    AccountView, AddressSource, AddressView, Candidate, MethodKind, MethodView, Status,
};
pub use rules::audit::{Action, Activity, Actor, Event, Outcome};
pub use rules::change::AddressStep;
pub use rules::deletion::{Deletion, Grant, RequestedBy, StillBilled};
pub use rules::explain::{Effect, Explanation, Planned};
pub use rules::export::EXPORT_SCHEMA;
pub use rules::flow::{
    Accepted, Adding, Answer, Arrived, Blocked, Intent, Progress, SecondFactor, SignedIn, Step,
};
pub use rules::id_token::IdTokenRules;
pub use rules::import::{ImportOutcome, ImportProblem, ImportedAccount, ImportedIdentity, ImportedTotp};
pub use rules::mail::{Message, MessageKind, UndoOffer};
pub use rules::mfa::{MfaView, RecoveryCodes, TotpEnrolment};
pub use rules::password::PasswordRule;
pub use rules::picker::PickerEntry;
pub use rules::policy::{EmailProof, Policy, PolicyBuilder, PolicyError};
pub use rules::privacy::{PrivacyRequest, RequestKind, RequestStatus};
pub use rules::product::{
    Billing, BillingStatus, CustomerRef, Destination, Managed, ManagedBy, Membership, Product,
};
pub use rules::provider::{Assertion, HostStatement, ProductId, Provider, ProviderId, Word};
pub use rules::purge::{PurgeReceipt, PurgeReport, RemovedRows};
pub use rules::refusal::{AssertionProblem, KeysProblem, Refusal};
pub use rules::session::{Aal, Amr, Client, Session};
pub use rules::support::{SupportAct, SupportRecord, SupportView};
pub use store::anchor::{Anchor, AnchorFailed};
pub use store::tables::{InExport, OnPurge, Sealed, TABLES, Table};
