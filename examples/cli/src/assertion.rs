//! Reading a provider's assertion.

use selfsame::{Assertion, FlowId, HostStatement};
use serde::Deserialize;

use crate::trouble::Trouble;

/// A statement of the host: what the host learned from the provider.
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

/// Reads an assertion for the flow. A statement is JSON. Text with dots and base64url characters only is an ID
/// token, which the engine checks.
pub(crate) fn read(mut text: String, flow: FlowId) -> Result<Assertion, Trouble> {
    text.truncate(text.trim_ascii_end().len());
    text.drain(..text.len() - text.trim_ascii_start().len());
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.contains('.') && text.bytes().all(is_of_token) {
        return Ok(Assertion::IdToken(text.into()));
    }
    // The parser's text could repeat the input, so report only the position.
    let stated: Statement = serde_json::from_str(&text).map_err(|error| {
        let what = match text.starts_with('{') {
            true => format!("not a valid statement (line {}, column {})", error.line(), error.column()),
            false => "neither a statement nor an ID token".to_owned(),
        };
        Trouble::Unusable(format!(
            "the input is {what}; a statement looks like {{\"provider\": \"x\", \"subject\": \"1815\"}}, with optional \
             handle, email and email_verified"
        ))
    })?;
    let provider = stated
        .provider
        .parse()
        .map_err(|_| Trouble::Unusable("the statement has an invalid provider name; use x or work".into()))?;
    Ok(Assertion::Stated(HostStatement {
        flow_id: flow,
        provider,
        subject: stated.subject,
        handle: stated.handle,
        email: stated.email,
        email_verified: stated.email_verified,
    }))
}
