//! What a provider says of a person, as the program reads it.

use selfsame::{Assertion, FlowId, HostStatement, ProviderId};
use serde::Deserialize;

use crate::trouble::Trouble;

/// A host's statement: what it learnt from a provider in an exchange of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    provider: String,
    subject: String,
    #[serde(default)]
    handle: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
}

/// The assertion in a text, made for the flow. Every kind of assertion is told from the others here.
pub(crate) fn read(text: &str, flow: FlowId) -> Result<Assertion, Trouble> {
    // The reader's own words would repeat what was given; where it stopped is enough.
    let stated: Statement = serde_json::from_str(text).map_err(|error| {
        Trouble::Unusable(format!(
            "that is no statement (line {}, column {}); one is {{\"provider\": \"x\", \"subject\": \"1815\"}}, \
             and may have handle, email and email_verified",
            error.line(),
            error.column()
        ))
    })?;
    let provider = ProviderId::new(&stated.provider)
        .ok_or_else(|| Trouble::Unusable("the statement's provider is no provider's name".into()))?;
    Ok(Assertion::Stated(HostStatement {
        flow,
        provider,
        subject: stated.subject,
        handle: stated.handle,
        email: stated.email,
        email_verified: stated.email_verified,
    }))
}
