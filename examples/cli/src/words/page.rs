//! The account page, as tables.

use std::time::Duration;

use serde_json::Value;

use super::{Names, Said, Tone, called, count, counted, is, list, moment, name, sign_in_method, text};
use crate::{calendar, tell};

/// Lays out a table. Each column is as wide as its widest cell, and empty columns are left out.
pub(crate) fn table(heads: &[&str], rows: Vec<Vec<String>>) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Vec<String>> = vec![heads.iter().map(|head| (*head).to_owned()).collect()];
    // Escaping text from other people can widen it.
    lines.extend(rows.into_iter().map(|row| row.iter().map(|cell| tell::shown(cell)).collect()));
    let widths: Vec<_> = (0..heads.len())
        .map(|at| {
            let cells = || lines.iter().filter_map(move |line| line.get(at));
            let is_empty = cells().skip(1).all(String::is_empty);
            let widest = cells().map(|cell| cell.chars().count()).max();
            widest.filter(|_| !is_empty)
        })
        .collect();
    lines
        .iter()
        .map(|line| {
            let shown = line.iter().zip(&widths).filter_map(|(cell, width)| width.map(|width| (cell, width)));
            let cells: Vec<_> = shown.map(|(cell, width)| format!("{cell:width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// The whole account page.
pub(super) fn account(answer: &Value, names: &Names) -> Said {
    let list = |member: &str| list(answer, member);
    let status = answer.get("status").map_or("", |status| text(status, "is"));
    let contact = answer.get("contact").and_then(Value::as_str).unwrap_or("no contact address");
    let called = match text(answer, "display_name") {
        "" => String::new(),
        called => format!("{called}, "),
    };
    let line = format!("account {}: {status}, {called}{contact}", name(answer, "id", names));
    let mut more = methods(answer);
    let addresses = list("addresses").iter().map(|one| {
        let verified = Some(day(one, "verified_at")).filter(|day| !day.is_empty());
        let is_contact = one.get("email") == answer.get("contact");
        let others = match count(one, "others") {
            0 => None,
            1 => Some("also used by 1 other account".to_owned()),
            others => Some(format!("also used by {others} other accounts")),
        };
        let contact = is_contact.then(|| "receives messages".to_owned());
        let note: Vec<_> = contact.into_iter().chain(others).collect();
        vec![text(one, "email").to_owned(), verified.unwrap_or_else(|| "no".to_owned()), note.join(", ")]
    });
    more.extend(table(&["ADDRESS", "VERIFIED", "NOTE"], addresses.collect()));
    more.extend(memberships(list("memberships")));
    more.push(mfa(answer));
    if is(answer, "needs_address") {
        more.push(
            "somebody else has proven the email of the password; give another with `email change`".to_owned(),
        );
    }
    if let Some(until) = answer.get("hold_until").and_then(Value::as_u64) {
        more.push(format!(
            "on hold until {}; until then, no changes to sign-in methods or email, no export, no erasure",
            calendar::moment(until)
        ));
    }
    more.extend(changes(list("protected_acts")));
    Said { tone: Tone::Tells, line, more }
}

/// The protected acts, and how to undo each.
pub(super) fn changes(acts: &[Value]) -> Vec<String> {
    let rows = acts.iter().map(|one| {
        let undo = match one.get("undo").filter(|undo| !undo.is_null()) {
            None => "no longer possible".to_owned(),
            Some(undo) => {
                let second = match moment(undo, "second_factor_from") {
                    from if from.is_empty() => String::new(),
                    from => format!("; from {from} with the second factor too"),
                };
                let (to, until) = (text(undo, "sent_to"), moment(undo, "until"));
                format!("with the code sent to {to}, until {until}{second}")
            }
        };
        vec![
            count(one, "number").to_string(),
            change(text(one, "act")).to_owned(),
            at(one, "at"),
            text(one, "device").to_owned(),
            undo,
        ]
    });
    table(&["NUMBER", "CHANGE", "TIME", "DEVICE", "UNDO"], rows.collect())
}

/// A protected act.
fn change(act: &str) -> &str {
    match act {
        "MethodAdded" => "a sign-in method was added",
        "MethodRemoved" => "a sign-in method was removed",
        "ContactChanged" => "the email was changed",
        other => news(other),
    }
}

/// The sign-in methods.
pub(crate) fn methods(answer: &Value) -> Vec<String> {
    let list = |member: &str| list(answer, member);
    let methods = list("methods").iter().map(|one| {
        let marks = [("compromised_at", "others may know it"), ("suspended", "suspended until you keep it")];
        let is_marked = |member: &str| one.get(member).is_some_and(|it| !it.is_null() && it != false);
        let marked = marks.into_iter().filter(|(member, _)| is_marked(member)).map(|(_, mark)| mark);
        let seen = Some(text(one, "seen_email")).filter(|seen| !seen.is_empty());
        let notes: Vec<_> = marked
            .map(str::to_owned)
            .chain(seen.map(|seen| format!("the provider now reports {seen}")))
            .collect();
        vec![
            sign_in_method(one),
            day(one, "added_at"),
            at(one, "used_at"),
            text(one, "id").to_owned(),
            notes.join(", "),
        ]
    });
    table(&["METHOD", "SINCE", "LAST USED", "ID", "NOTE"], methods.collect())
}

/// The second factor.
pub(crate) fn mfa(answer: &Value) -> String {
    let Some(mfa) = answer.get("mfa").filter(|mfa| !mfa.is_null()) else {
        let waits = if is(answer, "second_factor_suspended") {
            "; a second factor is suspended until you keep it"
        } else {
            ""
        };
        return format!("MFA is off{waits}");
    };
    let left = counted(usize::try_from(count(mfa, "recovery_codes_left")).unwrap_or(0), "recovery code");
    let few = if is(mfa, "few_recovery_codes") { "; create new ones" } else { "" };
    let weak = if is(mfa, "has_weak_secret") { "; the app's secret is short, so replace it" } else { "" };
    format!("MFA has been on since {}; {left} left{few}{weak}", day(mfa, "since"))
}

/// The membership and the billing of each product.
pub(super) fn memberships(memberships: &[Value]) -> Vec<String> {
    let rows = memberships.iter().map(|one| {
        let bill = one.get("billing").unwrap_or(&Value::Null);
        vec![
            text(one, "product").to_owned(),
            day(one, "since"),
            text(bill, "plan").to_owned(),
            text(bill, "status").to_owned(),
            day(bill, "period_end"),
            biller(text(bill, "managed_by")).to_owned(),
            text(bill, "customer").to_owned(),
        ]
    });
    table(&["PRODUCT", "SINCE", "PLAN", "STATUS", "PAID UNTIL", "BILLED BY", "CUSTOMER"], rows.collect())
}

/// The sessions of an account.
pub(super) fn sessions(sessions: &[Value], names: &Names) -> Vec<String> {
    let rows = sessions.iter().map(|one| {
        vec![
            text(one, "device").to_owned(),
            text(one, "product").to_owned(),
            way(one).to_owned(),
            at(one, "used_at"),
            name(one, "id", names),
            note(one),
        ]
    });
    table(&["DEVICE", "PRODUCT", "METHOD", "LAST USED", "ID", "NOTE"], rows.collect())
}

fn note(session: &Value) -> String {
    let this = is(session, "this").then(|| "this session".to_owned());
    let ends = session.get("ends_at").filter(|end| !end.is_null());
    let ends = ends.map(|_| format!("ends {}", at(session, "ends_at")));
    this.into_iter().chain(ends).collect::<Vec<_>>().join(", ")
}

/// One session, in one line.
pub(super) fn session(session: &Value, names: &Names) -> String {
    let product = match text(session, "product") {
        "" => String::new(),
        product => format!(", {product}"),
    };
    format!(
        "{} on {}{product}, with {}, last used {}",
        name(session, "id", names),
        text(session, "device"),
        way(session),
        moment(session, "used_at")
    )
}

/// The account's history.
pub(super) fn events(events: &[Value]) -> Vec<String> {
    let rows = events.iter().map(|one| vec![at(one, "first"), text(one, "says").to_owned()]);
    table(&["TIME", "EVENT"], rows.collect())
}

/// The state of the store.
pub(super) fn health(answer: &Value) -> Said {
    let number = |member: &str| usize::try_from(count(answer, member)).unwrap_or(usize::MAX);
    let line = format!(
        "{}, {} to deliver, {} open",
        counted(number("accounts"), "account"),
        counted(number("outbox"), "message"),
        counted(number("waiting_flows"), "flow")
    );
    let mut more = Vec::new();
    if number("undelivered") > 0 {
        more.push(format!("{} could not be delivered", counted(number("undelivered"), "message")));
    }
    if let Some(behind) = answer.get("clock_rolled_back_by").and_then(Value::as_u64) {
        let behind = calendar::span(Duration::from_millis(behind));
        more.push(format!("the clock is {behind} behind the latest time in the store"));
    }
    if number("due_purges") > 0 {
        more.push(format!("{} to purge: selfsame purge", counted(number("due_purges"), "account")));
    }
    if answer.get("erasure_pending").is_some_and(|since| !since.is_null()) {
        let since = moment(answer, "erasure_pending");
        more.push(format!(
            "the current key can still read data that was purged since {since}: selfsame rekey NEW_KEY"
        ));
    }
    Said { tone: Tone::Tells, line, more }
}

/// The accounts that a device remembers.
pub(super) fn picker(entries: &[Value], names: &Names) -> Vec<String> {
    let rows = entries.iter().map(|one| {
        let kinds = list(one, "methods");
        let ways: Vec<_> = kinds
            .iter()
            .filter_map(Value::as_str)
            .map(|kind| if kind == "Password" { "password" } else { "provider" })
            .collect();
        let note = if is(one, "needs_network") { "needs a network" } else { "" };
        let email = Some(text(one, "email")).filter(|email| !email.is_empty());
        vec![
            email.unwrap_or("no address").to_owned(),
            text(one, "display_name").to_owned(),
            ways.join(", "),
            name(one, "account", names),
            note.to_owned(),
        ]
    });
    table(&["ACCOUNT", "NAME", "METHODS", "ID", "NOTE"], rows.collect())
}

/// The text of a message without a code.
pub(crate) fn message(message: &Value) -> String {
    match text(message, "kind") {
        "MethodAdded" => match text(message, "provider") {
            "" => "a password was added to the account".to_owned(),
            provider => format!("{} was added to the account", called(provider)),
        },
        "MethodRemoved" => match text(message, "provider") {
            "" => "the password was removed from the account".to_owned(),
            provider => format!("{} was removed from the account", called(provider)),
        },
        "DeletionRequested" => format!("your account will be deleted on {}", moment(message, "purge_at")),
        "DeletionReminder" => {
            format!("reminder: your account will be deleted on {}", moment(message, "purge_at"))
        }
        "ErasureAnnounced" => {
            format!("as you requested, your account will be erased on {} or later", moment(message, "from"))
        }
        "RevokeGrant" => {
            format!(
                "revoke the grant of {} at {}",
                text(message, "subject"),
                called(text(message, "provider"))
            )
        }
        "IdentityRenumbered" => {
            format!(
                "{} knows the account by another number now; sign in as before",
                called(text(message, "provider"))
            )
        }
        "NoPassword" => {
            let providers = list(message, "providers");
            let ways: Vec<_> = providers.iter().filter_map(Value::as_str).map(called).collect();
            format!("no account with this address has a password; sign in with {}", ways.join(" or "))
        }
        "RecoveryCodeUsed" => format!("a recovery code was used; {} left", count(message, "left")),
        other => news(other).to_owned(),
    }
}

/// The text of a message that carries no data.
fn news(kind: &str) -> &str {
    match kind {
        "NewSignIn" => "somebody signed in from a place where nobody had signed in before",
        "Restored" => "the account was restored",
        "Erased" => "the account was erased",
        "PasswordChanged" => "the password was changed",
        "PasswordReset" => "the password was reset with a code by email",
        "PasswordCompromised" => "others may know the password; the next sign-in requires a new one",
        "MfaTurnedOn" => "MFA was turned on",
        "MfaReplaced" => "the second factor was replaced",
        "MfaTurnedOff" => "MFA was turned off",
        "MethodsReviewed" => "the sign-in methods were reviewed",
        "RecoveryCodesReplaced" => "new recovery codes replaced the old ones",
        "EmailChanged" => "messages now go to another address",
        "Undone" => "a change of the account was undone",
        other => other,
    }
}

/// The biller.
pub(crate) fn biller(managed_by: &str) -> &str {
    match managed_by {
        "AppleAppStore" => "the App Store",
        "GooglePlay" => "Google Play",
        "Direct" => "the service",
        other => other,
    }
}

fn way(session: &Value) -> &'static str {
    match text(session, "kind") {
        "Password" => "password",
        "Passkey" => "passkey",
        _ => "provider",
    }
}

pub(super) fn day(answer: &Value, member: &str) -> String {
    answer.get(member).and_then(Value::as_u64).map(calendar::wide_day).unwrap_or_default()
}

pub(super) fn at(answer: &Value, member: &str) -> String {
    answer.get(member).and_then(Value::as_u64).map(calendar::wide_moment).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_empty_ones_are_left_out() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let lines = table(&["A", "LONG HEAD", "B"], vec![row(["ä\u{1b}x", "", "1"]), row(["short", "", ""])]);
        assert_eq!(lines, ["A         B", "ä\\u{1b}x  1", "short"]);
        assert!(table(&["A"], Vec::new()).is_empty());
    }
}
