//! Floor 2: the law. Facts in, verdict out; no file, no clock, no generator.

pub(crate) mod account;
pub(crate) mod arrival;
pub(crate) mod audit;
mod blocklist;
pub(crate) mod change;
pub(crate) mod compromise;
#[cfg(test)]
pub(crate) mod decisions;
pub(crate) mod deletion;
pub(crate) mod entry;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod flow;
pub(crate) mod fresh;
pub(crate) mod id_token;
pub(crate) mod linking;
pub(crate) mod mail;
pub(crate) mod methods;
pub(crate) mod mfa;
pub(crate) mod password;
pub(crate) mod picker;
pub(crate) mod policy;
pub(crate) mod privacy;
pub(crate) mod product;
pub(crate) mod protected;
pub(crate) mod provider;
pub(crate) mod purge;
pub(crate) mod refusal;
pub(crate) mod reset;
pub(crate) mod review;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod support;
pub(crate) mod throttle;
pub(crate) mod transition;
pub(crate) mod undo;
pub(crate) mod verdict;
