//! The check of a host's statement about an identity (SPEC 2.9).

use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
use crate::ground::label;
use crate::ground::time::Timestamp;
use crate::records::assertion::{Asserted, HostStatement};
use crate::records::provider::Provider;
use crate::records::refusal::AssertionProblem;

impl Asserted {
    /// Checks a host's statement for a flow (SPEC 2.9).
    pub(crate) fn stated(
        statement: &HostStatement,
        flow: FlowId,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<Self, AssertionProblem> {
        if statement.flow_id != flow {
            return Err(AssertionProblem::OtherFlow);
        }
        let identity = provider.identity(&statement.subject).ok_or(AssertionProblem::Subject)?;
        // An invalid address does not count as an email, so the person can still sign in (SPEC 1.4).
        let email = statement.email.as_deref().and_then(|text| EmailAddress::parse(text).ok());
        let email_proven =
            statement.email_verified && email.as_ref().is_some_and(|email| provider.proves(email));
        let handle = statement.handle.as_deref().and_then(label::cleaned);
        Ok(Self { at: now, identity, handle, email, email_proven })
    }
}
