//! Renders the engine's answers as JSON and as transcripts.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Returns what the program and the stories show of an answer: its JSON form, with secrets hidden.
pub fn shown(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_else(|error| json!({ "failed": error.to_string() }))
}

/// Members that a transcript leaves out. If an object has the member on the left, the members on the right are
/// left out: the numbers of messages, what `health` says about the place of the store, and details of a view.
const LEFT_OUT: [(&str, &[&str]); 4] = [
    ("undo", &["id"]),
    ("outbox", &["file_size", "has_reserve", "on_network"]),
    ("requested_by", &["operator", "ticket", "request"]),
    ("source", &["method"]),
];

/// Returns an answer as stories expect it and as the other languages show it from their own types. Secrets are
/// left out.
pub(crate) fn told(answer: &Value) -> Value {
    match answer {
        Value::Array(items) => items.iter().map(told).collect(),
        // The owner's export has a form of its own.
        Value::Object(members) if !members.contains_key("format") => told_members(members).into(),
        other => other.clone(),
    }
}

fn told_members(members: &Map<String, Value>) -> Map<String, Value> {
    let is_left_out = |name: &str| {
        LEFT_OUT.iter().any(|(mark, names)| members.contains_key(*mark) && names.contains(&name))
    };
    let mut shown = Map::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            (_, Value::String(text)) if text == "…" => {}
            (name, _) if is_left_out(name) => {}
            ("accepted", Value::Array(proofs)) => {
                shown.insert(name.clone(), proofs.iter().map(accepted).collect());
            }
            ("effects", Value::Array(effects)) => {
                let says = effects.iter().map(|effect| effect.get("says").cloned().unwrap_or_default());
                shown.insert(name.clone(), says.collect());
            }
            ("recovery_codes", Value::Array(codes)) => {
                shown.insert(name.clone(), json!(codes.len()));
            }
            ("undo", Value::Object(offer)) if offer.contains_key("code") => {
                shown.insert("undo_until".to_owned(), offer.get("until").cloned().unwrap_or_default());
            }
            _ => {
                shown.insert(name.clone(), told(value));
            }
        }
    }
    if let Some(token) = members.get("token").filter(|_| members.contains_key("step")) {
        shown.insert("in_flow".to_owned(), json!(!token.is_null()));
    }
    shown
}

/// Renders a proof that a step accepts as one text. A second factor is a text already.
fn accepted(proof: &Value) -> Value {
    match (proof.get("kind"), proof.get("provider").and_then(Value::as_str)) {
        (Some(_), Some(provider)) => json!(format!("Federated {provider}")),
        (Some(kind), None) => kind.clone(),
        (None, _) => proof.clone(),
    }
}

/// Returns an answer in the form that every language writes: texts, integers, lists and members. Booleans are
/// the words yes and no, and missing values are left out.
pub(crate) fn plain(answer: &Value) -> Value {
    match answer {
        Value::Bool(yes) => Value::from(if *yes { "yes" } else { "no" }),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        other => other.clone(),
    }
}
