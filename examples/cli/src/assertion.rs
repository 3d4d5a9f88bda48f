//! What a provider says of a person, as the program reads it.

use selfsame::{Assertion, FlowId, HostStatement};
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

/// The assertion in a text, made for the flow. A statement is JSON, an ID token three parts with dots
/// between; what else is wrong with a token the engine says.
pub(crate) fn read(mut text: String, flow: FlowId) -> Result<Assertion, Trouble> {
    text.truncate(text.trim_ascii_end().len());
    text.drain(..text.len() - text.trim_ascii_start().len());
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.contains('.') && text.bytes().all(is_of_token) {
        return Ok(Assertion::IdToken(text.into()));
    }
    // The reader's own words would repeat what was given; where it stopped is enough.
    let stated: Statement = serde_json::from_str(&text).map_err(|error| {
        let what = match text.starts_with('{') {
            true => format!("no statement (line {}, column {})", error.line(), error.column()),
            false => "neither a statement nor an ID token".to_owned(),
        };
        Trouble::Unusable(format!(
            "that is {what}; a statement is {{\"provider\": \"x\", \"subject\": \"1815\"}}, and may have \
             handle, email and email_verified"
        ))
    })?;
    let provider = stated
        .provider
        .parse()
        .map_err(|_| Trouble::Unusable("the statement's provider is no provider's name".into()))?;
    Ok(Assertion::Stated(HostStatement {
        flow,
        provider,
        subject: stated.subject,
        handle: stated.handle,
        email: stated.email,
        email_verified: stated.email_verified,
    }))
}
