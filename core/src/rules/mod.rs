//! Floor 3: decisions. A rule turns facts into a verdict and uses no file, no clock and no random numbers.

pub(crate) mod address;
pub(crate) mod assertion;
#[cfg(test)]
pub(crate) mod bench;
mod blocklist;
pub(crate) mod compromise;
mod contact;
pub(crate) mod deletion;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod first_factor;
pub(crate) mod fresh;
pub(crate) mod id_token;
pub(crate) mod import;
pub(crate) mod mailed_code;
pub(crate) mod message;
pub(crate) mod method;
pub(crate) mod mfa;
pub(crate) mod notices;
pub(crate) mod opening;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod picker;
pub(crate) mod privacy;
pub(crate) mod product;
pub(crate) mod protected;
pub(crate) mod purge;
pub(crate) mod recognition;
pub(crate) mod recovery;
pub(crate) mod renumber;
pub(crate) mod review;
pub(crate) mod session;
pub(crate) mod support;
pub(crate) mod throttle;
pub(crate) mod time;
pub(crate) mod undo;
