//! Actions and answers in words.

mod data;
mod page;
pub(crate) mod step;
mod story;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::data::requests;
pub(crate) use self::page::{biller, message, methods, mfa, table};
pub(crate) use self::step::{hints, was_reserved};
pub(crate) use self::story::act;
use crate::calendar;

/// The names that the story gives to ids.
pub(crate) type Names = BTreeMap<String, String>;

/// What an answer means for the person who gets it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The person has to do something.
    Asks,
    /// It is done.
    Done,
    /// It was refused.
    Refused,
    /// A plain fact.
    Tells,
}

/// An answer in words: one line, and details.
pub(crate) struct Said {
    pub(crate) tone: Tone,
    pub(crate) line: String,
    pub(crate) more: Vec<String>,
}

/// The answer of the engine.
pub(crate) fn answer(answer: &Value, names: &Names) -> Said {
    if let Some(code) = answer.get("refused").or(answer.get("failed")).and_then(Value::as_str) {
        return said(Tone::Refused, format!("{code}{}", refused_because(answer)));
    }
    if let Some(step) = answer.get("step").and_then(Value::as_str) {
        return step::at_step(step, answer, names);
    }
    let list = |member: &str| answer.get(member).and_then(Value::as_array);
    let tells = |line: String, more| Said { tone: Tone::Tells, line, more };
    if list("methods").is_some() && answer.get("status").is_some() {
        return page::account(answer, names);
    }
    if let Some(methods) = list("methods") {
        return tells(counted(methods.len(), "sign-in method"), page::methods(answer));
    }
    if let Some(said) = data::answer(answer, names) {
        return said;
    }
    if let Some(sessions) = list("sessions") {
        return tells(counted(sessions.len(), "session"), page::sessions(sessions, names));
    }
    if let Some(events) = list("events") {
        return tells(counted(events.len(), "event"), page::events(events));
    }
    if let Some(used) = list("memberships") {
        return tells(counted(used.len(), "product"), page::memberships(used));
    }
    if let Some(entries) = list("accounts") {
        return tells(counted(entries.len(), "account"), page::picker(entries, names));
    }
    if answer.get("outbox").is_some() {
        return page::health(answer);
    }
    said(Tone::Tells, plain(answer, names))
}

/// Answers of one line.
fn plain(answer: &Value, names: &Names) -> String {
    if let Some(kind) =
        answer.get("kind").filter(|_| answer.get("to").is_some() || answer.get("device").is_none())
    {
        return match kind.as_str() {
            None => "no message".to_owned(),
            Some("VerifyEmail" | "ResetPassword" | "ChangeEmail" | "EnrollSecondFactor") => {
                "a code".to_owned()
            }
            Some(_) => message(answer),
        };
    }
    if let Some(to) = answer.get("to").and_then(Value::as_str).filter(|_| answer.get("url").is_some()) {
        let who = match to {
            "Store" => biller(text(answer, "store")),
            "ManagedElsewhere" => "at the provider",
            _ => "at the product",
        };
        return format!("{who}: {}", text(answer, "url"));
    }
    if let Some(codes) = answer.get("recovery_codes").and_then(Value::as_array) {
        return format!("{} recovery codes to save", codes.len());
    }
    if answer.get("device").is_some() {
        return page::session(answer, names);
    }
    if let Some(holds) = answer.get("holds") {
        let holds = holds.as_bool() == Some(true);
        return if holds { "nothing was removed, reordered or changed" } else { "the history was changed" }
            .to_owned();
    }
    if answer.get("purge_at").is_some() {
        return format!("the account can be restored until {}", moment(answer, "purge_at"));
    }
    if answer.get("now").is_some() {
        return moment(answer, "now");
    }
    String::new()
}

fn refused_because(answer: &Value) -> String {
    if let Some(at) = answer.get("retry_at") {
        return at
            .as_u64()
            .map_or_else(|| "; locked".to_owned(), |at| format!(" until {}", calendar::moment(at)));
    }
    let reason = ["reason", "rule", "what"]
        .into_iter()
        .map(|member| text(answer, member))
        .find(|text| !text.is_empty());
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

pub(crate) fn candidate(candidate: &Value) -> String {
    let providers = list(candidate, "providers");
    let kinds = list(candidate, "methods").iter().filter_map(Value::as_str);
    let ways: Vec<_> = kinds
        .filter_map(|kind| match kind {
            "Password" => Some("password".to_owned()),
            "Passkey" => Some("passkey".to_owned()),
            _ => None,
        })
        .chain(providers.iter().filter_map(Value::as_str).map(called))
        .collect();
    let drops = if is(candidate, "drops_new_password") { "; the new password is dropped" } else { "" };
    format!("the account created in {}, with {}{drops}", text(candidate, "created"), ways.join(" and "))
}

/// A password with its email address, or an identity with its handle or email address.
fn sign_in_method(method: &Value) -> String {
    let known_as = match (text(method, "handle"), text(method, "email")) {
        ("", "") => String::new(),
        ("", email) => format!(" {email}"),
        (handle, _) => format!(" @{handle}"),
    };
    match text(method, "kind") {
        "Password" => format!("password{known_as}"),
        "Passkey" => "passkey".to_owned(),
        _ => format!("{}{known_as}", called(text(method, "provider"))),
    }
}

fn proof(accepted: &Value) -> String {
    match text(accepted, "provider") {
        "" if text(accepted, "kind") == "Passkey" => "passkey".to_owned(),
        "" => "password".to_owned(),
        provider => called(provider),
    }
}

pub(crate) fn called(provider: &str) -> String {
    match provider {
        "x" => "X",
        "google" => "Google",
        "apple" => "Apple",
        other => other,
    }
    .to_owned()
}

fn name(answer: &Value, member: &str, names: &Names) -> String {
    let id = text(answer, member);
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

fn moment(answer: &Value, member: &str) -> String {
    answer.get(member).and_then(Value::as_u64).map(calendar::moment).unwrap_or_default()
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer.get(member).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(answer: &'a Value, member: &str) -> &'a [Value] {
    answer.get(member).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

fn count(answer: &Value, member: &str) -> u64 {
    answer.get(member).and_then(Value::as_u64).unwrap_or_default()
}

fn is(answer: &Value, member: &str) -> bool {
    answer.get(member).and_then(Value::as_bool) == Some(true)
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    counted_u64(u64::try_from(count).unwrap_or(u64::MAX), what)
}

fn counted_u64(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn said(tone: Tone, line: String) -> Said {
    Said { tone, line, more: Vec::new() }
}
