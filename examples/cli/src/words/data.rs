//! Personal data and its removal, in words.

use serde_json::Value;

use super::page::{at, biller, day, table};
use super::{Names, Said, Tone, called, counted, is, list, moment, name, refused_because, text};

/// Returns the text of an answer about personal data, or `None` for any other answer.
pub(super) fn answer(answer: &Value, names: &Names) -> Option<Said> {
    let list = |member: &str| answer.get(member).and_then(Value::as_array);
    let tells = |line: String, more| Some(Said { tone: Tone::Tells, line, more });
    if answer.get("still_billed").is_some() {
        return Some(deletion(answer));
    }
    if let Some(would) = answer.get("would") {
        return Some(explanation(answer, would));
    }
    if let Some(receipts) = list("receipts") {
        return tells(purged(answer, receipts.len()), receipts_table(receipts, names));
    }
    if let Some(all) = list("requests") {
        return tells(counted(all.len(), "request"), requests(answer));
    }
    if let Some(found) = list("found") {
        return tells(counted(found.len(), "account"), accounts(found, names));
    }
    if let Some(records) = list("records") {
        let rows = records
            .iter()
            .map(|one| ["operator", "ticket", "act"].map(|member| text(one, member).to_owned()).to_vec());
        let rows = rows.zip(records).map(|(mut row, one)| {
            row.insert(0, at(one, "at"));
            row
        });
        return tells(
            counted(records.len(), "record"),
            table(&["TIME", "OPERATOR", "TICKET", "ACTION"], rows.collect()),
        );
    }
    None
}

/// A requested deletion, and what goes on in spite of it.
fn deletion(answer: &Value) -> Said {
    let list = |member: &str| list(answer, member);
    let billed = list("still_billed").iter().map(|one| {
        let (product, biller) = (text(one, "product"), biller(text(one, "managed_by")));
        format!("{biller} still charges for {product} until you cancel it at {}", text(one, "url"))
    });
    let grants = list("grants").iter().map(|one| {
        let handle = Some(text(one, "handle")).filter(|handle| !handle.is_empty());
        let handle = handle.map_or_else(String::new, |handle| format!(" @{handle}"));
        format!("your grant at {}{handle} will then be revoked", called(text(one, "provider")))
    });
    let line = format!("the account can be restored until {}", moment(answer, "purge_at"));
    Said { tone: Tone::Done, line, more: billed.chain(grants).collect() }
}

/// A table of privacy requests.
pub(crate) fn requests(answer: &Value) -> Vec<String> {
    let all = list(answer, "requests");
    let rows = all.iter().map(|one| {
        let told = if one.get("told_at").is_some_and(|told| !told.is_null()) { "announced" } else { "" };
        vec![
            text(one, "kind").to_owned(),
            day(one, "made_at"),
            day(one, "due_at"),
            text(one, "is").to_owned(),
            text(one, "id").to_owned(),
            text(one, "account").to_owned(),
            told.to_owned(),
            text(one, "receipt").to_owned(),
        ]
    });
    table(&["REQUEST", "MADE", "DUE", "STATUS", "ID", "ACCOUNT", "NOTE", "RECEIPT"], rows.collect())
}

fn explanation(answer: &Value, would: &Value) -> Said {
    let list = |member: &str| list(answer, member);
    let line = match text(would, "refused") {
        "" => "the action would succeed".to_owned(),
        refused => format!("the action would be refused: {refused}{}", refused_because(would)),
    };
    let mut more: Vec<_> = list("effects").iter().map(|effect| text(effect, "says").to_owned()).collect();
    let rules: Vec<_> = list("rules").iter().filter_map(Value::as_str).collect();
    more.push(format!("rules: {}", rules.join(", ")));
    Said { tone: Tone::Tells, line, more }
}

fn purged(answer: &Value, gone: usize) -> String {
    let next = match answer.get("next_call_at").and_then(Value::as_u64) {
        _ if is(answer, "more") => "; more are due, so run it again".to_owned(),
        Some(_) => format!("; run it again after {}", moment(answer, "next_call_at")),
        None => "; no other is due".to_owned(),
    };
    format!("{} removed{next}", counted(gone, "account"))
}

fn receipts_table(receipts: &[Value], names: &Names) -> Vec<String> {
    let rows = receipts.iter().map(|one| {
        let removed = one.get("removed").and_then(Value::as_object);
        let count: u64 = removed.into_iter().flat_map(|of| of.values()).filter_map(Value::as_u64).sum();
        vec![name(one, "account", names), at(one, "purge_at"), count.to_string()]
    });
    table(&["ACCOUNT", "DELETED", "ROWS"], rows.collect())
}

fn accounts(found: &[Value], names: &Names) -> Vec<String> {
    let joined = |one: &Value, member: &str| {
        let list = list(one, member);
        list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let rows = found.iter().map(|one| {
        let status = one.get("status").map_or("", |status| text(status, "is"));
        let contact = Some(text(one, "contact")).filter(|contact| !contact.is_empty());
        vec![
            contact.unwrap_or("no address").to_owned(),
            status.to_owned(),
            joined(one, "methods"),
            joined(one, "providers"),
            joined(one, "products"),
            day(one, "created"),
            name(one, "id", names),
        ]
    });
    table(&["ACCOUNT", "STATUS", "METHODS", "PROVIDERS", "PRODUCTS", "SINCE", "ID"], rows.collect())
}
