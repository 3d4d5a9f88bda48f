//! Floor 2: the values that are stored, shown and changed. They make no decisions.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod account_view;
pub(crate) mod adding;
pub(crate) mod address;
pub(crate) mod assertion;
pub(crate) mod audit;
pub(crate) mod caller;
pub(crate) mod candidate;
pub(crate) mod chain;
pub(crate) mod claim;
pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod credentials;
pub(crate) mod deletion;
pub(crate) mod explain;
pub(crate) mod export;
mod export_account;
pub(crate) mod flow;
pub(crate) mod header;
pub(crate) mod identifier;
pub(crate) mod import;
pub(crate) mod mailed_code;
pub(crate) mod message;
pub(crate) mod meta;
pub(crate) mod method;
pub(crate) mod mfa;
pub(crate) mod passkey;
pub(crate) mod pending;
pub(crate) mod picker;
pub(crate) mod policy;
pub(crate) mod policy_builder;
pub(crate) mod privacy;
pub(crate) mod product;
pub(crate) mod proof;
pub(crate) mod protected;
pub(crate) mod provider;
pub(crate) mod purge;
pub(crate) mod refusal;
pub(crate) mod session;
pub(crate) mod step;
pub(crate) mod support;
pub(crate) mod throttle;
pub(crate) mod undo;
pub(crate) mod verdict;

/// Calls a macro with every record that the store keeps. The golden bytes and the fuzzer use this list. A
/// record's place is its number in the fuzzer, so add a new one at the end.
#[cfg(any(test, feature = "testing"))]
macro_rules! every_record {
    ($callback:ident) => {
        $callback! {
            account::Account,
            session::Session,
            audit::Event,
            caller::Recognition,
            flow::FlowRecord,
            message::Outgoing,
            mailed_code::Pace,
            throttle::UnknownSlot,
            claim::Claim,
            clock::ClockEvent,
            meta::Meta,
            header::Header,
            provider::GivenKeys,
            purge::Purging,
            deletion::Reminder,
            purge::Tombstone,
            support::SupportRecord,
            privacy::PrivacyRequest,
            undo::Undo,
            method::Specimen,
            pending::Pending,
            claim::Marker,
            claim::ProvenBy,
            caller::Recognition,
            clock::StoredClock,
        }
    };
}

#[cfg(any(test, feature = "testing"))]
pub(crate) use every_record;
