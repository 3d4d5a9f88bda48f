#![doc = include_str!("../README.md")]
#![cfg_attr(feature = "json", doc = include_str!("json.md"))]

mod crypto;
mod engine;
mod error;
mod flow;
mod ground;
mod records;
mod rules;
mod store;

#[cfg(feature = "testing")]
pub mod testing;

pub use crypto::algorithm::Algorithm;
pub use crypto::argon::Argon2Hasher;
pub use crypto::cost::{HashCost, HashFailed};
pub use crypto::entropy::SystemEntropy;
pub use crypto::foreign::ForeignHash;
pub use crypto::hasher::Hasher;
pub use crypto::host_key::HostKey;
pub use crypto::qr::QrCode;
pub use crypto::token::{FlowToken, InvalidToken, RecognitionToken, SessionToken};
pub use crypto::totp::{TotpAlgorithm, TotpParameters};
pub use engine::Engine;
pub use engine::account::AccountHandle;
pub use engine::clock::SystemClock;
pub use engine::environment::Environment;
pub use engine::host::Health;
pub use engine::options::EngineOptions;
pub use engine::support::SupportDesk;
pub use engine::unlock::{Keystore, KeystoreProblem, Unlock};
pub use error::{Error, OpenProblem};
pub use ground::email::{EmailAddress, InvalidEmail};
pub use ground::entropy::{Entropy, EntropyFailed};
pub use ground::id::{AccountId, FlowId, InvalidId, MessageId, MethodId, RequestId, SessionId};
#[cfg(feature = "json")]
pub use ground::json::Revealed;
pub use ground::label::{TextField, TextProblem};
pub use ground::secret::Secret;
pub use ground::short_name::{InvalidShortName, ProductId, ProviderId};
pub use ground::time::{Clock, Reading, Timestamp, YearMonth};
pub use records::access::OtherAccess;
pub use records::account::Status;
pub use records::account_view::AccountView;
pub use records::adding::Adding;
pub use records::address::AddressStep;
pub use records::address::{AddressSource, AddressView};
pub use records::assertion::{Assertion, HostStatement};
pub use records::audit::{Action, Actor, Event, Outcome};
pub use records::candidate::{Candidate, CreateBlocked};
pub use records::chain::Activity;
pub use records::deletion::{Deletion, Grant, RequestedBy, StillBilled};
pub use records::explain::{Effect, Explanation, Planned};
pub use records::export::EXPORT_SCHEMA;
pub use records::import::{ImportOutcome, ImportProblem, ImportedAccount, ImportedIdentity, ImportedTotp};
pub use records::message::{Message, MessageKind, UndoOffer};
pub use records::method::{MethodKind, MethodView};
pub use records::mfa::SecondFactor;
pub use records::mfa::{MfaView, RecoveryCodes, TotpEnrolment};
pub use records::passkey::{PasskeyProblem, RelyingParty};
pub use records::picker::PickerEntry;
pub use records::policy::{EmailProof, MfaPolicy, Policy};
pub use records::policy_builder::{PolicyBuilder, PolicyError};
pub use records::privacy::{PrivacyRequest, RequestKind, RequestStatus};
pub use records::product::{
    Billing, BillingStatus, CustomerRef, Destination, InvalidCustomerRef, Managed, ManagedBy, Membership,
    Product,
};
pub use records::proof::Accepted;
pub use records::protected::{ProtectedAct, ProtectedActView, UndoView};
pub use records::provider::IdTokenRules;
pub use records::provider::{AssertionKind, Provider};
pub use records::purge::{PurgeReceipt, PurgeReport, RemovedRows};
pub use records::refusal::PasswordRule;
pub use records::refusal::{AssertionProblem, KeysProblem, Refusal};
pub use records::session::{Aal, Amr, Client, Session};
pub use records::step::{Answer, Flow, Intent, NotSignedIn, SignInOutcome, SignedIn, Step};
pub use records::support::{SupportAct, SupportRecord, SupportView};
pub use store::anchor::{Anchor, AnchorFailed};
#[cfg(feature = "postgres")]
pub use store::postgres::database::{Database, InvalidDatabase};
pub use store::tables::{InExport, OnPurge, Sealed, TABLES, Table};
