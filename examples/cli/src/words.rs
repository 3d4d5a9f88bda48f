//! Acts and answers in words.

use std::collections::BTreeMap;

use selfsame_world::Identity;
use selfsame_world::story::{Act, Give, Span, Wanted};
use serde_json::Value;

use crate::calendar;

/// What the ids in answers are called in the story.
pub(crate) type Names = BTreeMap<String, String>;

/// What an answer means for who got it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// There is something to do next.
    Asks,
    /// It is done.
    Done,
    /// It was refused.
    Refused,
    /// A plain fact.
    Tells,
}

/// An answer in words: one line, and more lines that belong to it.
pub(crate) struct Said {
    pub(crate) tone: Tone,
    pub(crate) line: String,
    pub(crate) more: Vec<String>,
}

/// What somebody does, to stand behind their name.
pub(crate) fn act(act: &Act) -> String {
    match act {
        Act::SignUp { email, device, .. } => format!("signs up as {email} with a password{}", on(device)),
        Act::BeginFederated { provider, device, .. } => format!("goes to {}{}", called(provider), on(device)),
        Act::ContinueWith { identity, intent, .. } => {
            let wanted = match intent {
                Wanted::SignUp => "to sign up",
                Wanted::SignIn => "to sign in",
            };
            format!("comes back as {}, {wanted}", person(identity))
        }
        Act::Answer { give, number, .. } => {
            let again = number.map_or_else(String::new, |number| format!(", as answer to step {number}"));
            format!("{}{again}", answers(give))
        }
        Act::CurrentStep { flow } => format!("looks where \u{201c}{flow}\u{201d} stands"),
        Act::SignIn { email, device, .. } => format!("signs in as {email} with a password{}", on(device)),
        Act::Picker {} => "looks at whom the device remembers".to_owned(),
        Act::SignInTo { account, device, .. } => format!("picks {account}, with a password{}", on(device)),
        Act::ForgetHere { account } => format!("has the device forget {account}"),
        Act::ResetPassword { email, device, .. } => {
            format!("says that the password of {email} is forgotten{}", on(device))
        }
        Act::Reauthenticate { session, .. } => format!("renews the proof of session {session}"),
        Act::EnrollTotp { session, app } => {
            format!("gives the app \u{201c}{app}\u{201d} its secret, in session {session}")
        }
        Act::ConfirmTotp { app, .. } => format!("types what the app \u{201c}{app}\u{201d} shows"),
        Act::UnsavedRecoveryCodes { session } => {
            format!("looks at the recovery codes again in session {session}")
        }
        Act::RecoveryCodesSaved { session } => format!("has saved the recovery codes, in session {session}"),
        Act::RegenerateRecoveryCodes { session, .. } => {
            format!("makes other recovery codes in session {session}")
        }
        Act::TurnOffMfa { session } => format!("turns MFA off in session {session}"),
        Act::MarkCompromised { session } => {
            format!("says that others know the password, in session {session}")
        }
        Act::BeginAdd { provider, session, .. } => {
            format!("adds {} to the account in session {session}", called(provider))
        }
        Act::AddPassword { email, session, .. } => {
            format!("adds a password with {email} in session {session}")
        }
        Act::RemoveMethod { method, session, waive_undo } => {
            let waived = if *waive_undo { ", for good" } else { "" };
            format!("removes {} in session {session}{waived}", called(method))
        }
        Act::TakeSeenEmail { method, session } => {
            format!("takes the email that {} tells of, in session {session}", called(method))
        }
        Act::ChangeEmail { email, session, .. } => {
            format!("changes the email to {email} in session {session}")
        }
        Act::VerifyAddress { email, session } => format!("wants to prove {email} in session {session}"),
        Act::ProveAddress { session, .. } => format!("types the code in session {session}"),
        Act::SetContact { email, session } => format!("wants messages at {email}, in session {session}"),
        Act::SetDisplayName { name: Some(name), session } => {
            format!("wants to be called \u{201c}{name}\u{201d}, in session {session}")
        }
        Act::SetDisplayName { name: None, session } => format!("wants no name, in session {session}"),
        Act::ChangePassword { session, .. } => format!("changes the password in session {session}"),
        Act::Review { session, .. } => format!("says which ways in stay, in session {session}"),
        Act::Undo { undo, .. } => format!("types the undo code \u{201c}{undo}\u{201d}"),
        Act::Resolve { session } => format!("shows session {session}"),
        Act::Touch { session } => format!("uses session {session}"),
        Act::Account { session } => format!("opens the account page in session {session}"),
        Act::Sessions { session } => format!("lists the sessions in session {session}"),
        Act::EndSession { session, ends } => format!("ends session {ends} in session {session}"),
        Act::EndOtherSessions { session } => format!("ends all sessions but {session}"),
        Act::SignOut { session } => format!("signs out of session {session}"),
        Act::RequestDeletion { session } => format!("asks for deletion in session {session}"),
        Act::Activity { session } => format!("reads what happened, in session {session}"),
        Act::VerifyAudit { session } => format!("has the history checked, in session {session}"),
        Act::Mail { to, .. } => format!("opens the newest mail to {to}"),
        Act::Wait(span) => format!("{} later", calendar::span(span.duration())),
        Act::TurnWall { forward, back } => {
            let by = |span: Span| calendar::span(span.duration());
            match (forward, back) {
                (Some(span), None) => format!("the clock is set forward by {}", by(*span)),
                (None, Some(span)) => format!("the clock is set back by {}", by(*span)),
                _ => "the clock is set".to_owned(),
            }
        }
        Act::Reopen {} => "the store is closed and opened again".to_owned(),
        Act::Health {} => "asks how the store is".to_owned(),
        other => format!("does: {}", other.name().replace('_', " ")),
    }
}

/// What the engine answered.
pub(crate) fn answer(answer: &Value, names: &Names) -> Said {
    if let Some(code) = answer.get("refused").or(answer.get("failed")).and_then(Value::as_str) {
        return said(Tone::Refused, format!("{code}{}", refused_because(answer)));
    }
    if let Some(step) = answer.get("step").and_then(Value::as_str) {
        return at_step(step, answer, names);
    }
    let list = |member: &str| answer.get(member).and_then(Value::as_array);
    if let Some(sessions) = list("sessions") {
        let more = sessions.iter().map(|one| session(one, names)).collect();
        return Said { tone: Tone::Tells, line: counted(sessions.len(), "session"), more };
    }
    if let Some(events) = list("events") {
        let more = events.iter().map(event).collect();
        return Said { tone: Tone::Tells, line: counted(events.len(), "event"), more };
    }
    if let Some(methods) = list("methods") {
        let status = answer.get("status").map_or("", |status| text(status, "is"));
        let contact = answer.get("contact").and_then(Value::as_str).unwrap_or("no contact address");
        let line = format!("account {}: {status}, {contact}", name(answer, "id", names));
        return Said { tone: Tone::Tells, line, more: methods.iter().map(method).collect() };
    }
    said(Tone::Tells, plain(answer, names))
}

fn at_step(step: &str, answer: &Value, names: &Names) -> Said {
    let asks = |line: String| said(Tone::Asks, line);
    match step {
        "PresentAssertion" => asks(format!("sign in at {} and come back", called(text(answer, "provider")))),
        "VerifyEmail" => {
            let skip = if is(answer, "can_skip") { ", or skip that" } else { "" };
            asks(format!("type the code that was sent to {}{skip}", text(answer, "to")))
        }
        "ConfirmCreate" => asks(format!(
            "nobody is known by this identity at {}; make an account?",
            called(text(answer, "provider"))
        )),
        "LinkOrCreate" => {
            let candidates =
                answer.get("candidates").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let mut more: Vec<_> = candidates
                .iter()
                .map(|one| format!("{}  link to {}", count(one, "place"), candidate(one)))
                .collect();
            match text(answer, "blocked") {
                "" => more.push("or a new account".to_owned()),
                blocked => more.push(format!("no new account: {blocked}")),
            }
            Said {
                tone: Tone::Asks,
                line: format!("{} is proven; which account?", text(answer, "email")),
                more,
            }
        }
        "ProveOwnership" => {
            let accepted = answer.get("accepted").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let proofs: Vec<_> = accepted.iter().filter_map(Value::as_str).map(proof).collect();
            let adding = answer.get("adding").filter(|adding| !adding.is_null());
            let more = vec![match adding {
                Some(adding) => format!("to be added: {}", way_in(adding)),
                None => "the new password will be dropped".to_owned(),
            }];
            Said {
                tone: Tone::Asks,
                line: format!("prove that the account is yours by {}", proofs.join(" or ")),
                more,
            }
        }
        "SecondFactor" => asks("the second factor too: what the app shows, or a recovery code".to_owned()),
        "NewPassword" => asks("set a new password".to_owned()),
        "Reauthenticate" => asks("prove again that it is you".to_owned()),
        "ConfirmRestore" => asks(format!("to be deleted at {}; restore it?", moment(answer, "purge_at"))),
        "SignedIn" => {
            let how = match text(answer, "outcome") {
                "Created" => "a new account, signed in",
                "Linked" => "linked, signed in",
                "Restored" => "restored, signed in",
                "Reset" => "a new password, signed in",
                "Reauthenticated" => "proven anew, still signed in",
                "Undone" => "undone, signed in",
                _ => "signed in",
            };
            let how =
                if is(answer, "recovered") { format!("{how} with a recovery code") } else { how.to_owned() };
            let again = if is(answer, "token_given") { "" } else { ", as before: no second token" };
            said(Tone::Done, format!("{how} to {}{again}", name(answer, "account", names)))
        }
        "Done" => said(Tone::Done, "done".to_owned()),
        _ => said(Tone::Tells, "the flow is over".to_owned()),
    }
}

/// Answers that are one line.
fn plain(answer: &Value, names: &Names) -> String {
    if let Some(kind) =
        answer.get("kind").filter(|_| answer.get("to").is_some() || answer.get("device").is_none())
    {
        return match kind.as_str() {
            None => "there is none".to_owned(),
            Some("VerifyEmail" | "ResetPassword" | "ChangeEmail") => "a code".to_owned(),
            Some("MethodAdded") => match text(answer, "provider") {
                "" => "a password was added to the account".to_owned(),
                provider => format!("{} was added to the account", called(provider)),
            },
            Some("DeletionRequested") => {
                format!("the account will be deleted at {}", moment(answer, "purge_at"))
            }
            Some(other) => news(other).to_owned(),
        };
    }
    if answer.get("recovery_codes").is_some() {
        return format!("{} recovery codes to save", count(answer, "recovery_codes"));
    }
    if answer.get("device").is_some() {
        return session(answer, names);
    }
    if let Some(holds) = answer.get("holds") {
        let holds = holds.as_bool() == Some(true);
        return if holds { "nothing removed, reordered or changed" } else { "it was tampered with" }
            .to_owned();
    }
    if answer.get("purge_at").is_some() {
        return format!("it can be restored until {}", moment(answer, "purge_at"));
    }
    if answer.get("now").is_some() {
        return moment(answer, "now");
    }
    if answer.get("outbox").is_some() {
        let count = |member: &str| answer.get(member).and_then(Value::as_u64).unwrap_or(0);
        let behind =
            answer.get("clock_rolled_back_by").and_then(Value::as_u64).map_or_else(String::new, |ms| {
                format!(", the clock is {} behind", calendar::span(std::time::Duration::from_millis(ms)))
            });
        return format!(
            "{} to deliver, {} waiting{behind}",
            count("outbox"),
            counted_u64(count("waiting_flows"), "flow")
        );
    }
    String::new()
}

/// What a message says that carries nothing else.
pub(crate) fn news(kind: &str) -> &str {
    match kind {
        "Restored" => "the account was restored",
        "PasswordChanged" => "the account has another password",
        "PasswordReset" => "the account has another password, set by a mailed code",
        "PasswordCompromised" => "others may know the password; the next sign-in asks for a new one",
        "MfaTurnedOn" => "MFA was turned on",
        "MfaReplaced" => "the second factor was replaced",
        "MfaTurnedOff" => "MFA was turned off",
        "RecoveryCodeUsed" => "a recovery code was used",
        "MethodRemoved" => "a way in was removed",
        "MethodsReviewed" => "the ways in were reviewed",
        "EmailChanged" => "the account has another address for messages",
        "Undone" => "a change of the account was undone",
        other => other,
    }
}

fn answers(give: &Give) -> String {
    match give {
        Give::Code(_) => "types the code".to_owned(),
        Give::TypedCode(_) => "types a code of their own".to_owned(),
        Give::Skip => "skips that".to_owned(),
        Give::Confirm => "says yes".to_owned(),
        Give::CreateNew => "wants a new account".to_owned(),
        Give::LinkTo(place) => format!("chooses {place}"),
        Give::Password(_) => "gives a password".to_owned(),
        Give::Assertion(identity) => {
            format!("comes from {} as {}", called(&identity.provider), person(identity))
        }
        Give::Totp(_) => "types what the app shows".to_owned(),
        Give::TypedTotp(_) => "types a code of their own".to_owned(),
        Give::RecoveryCode { number, .. } => format!("types recovery code {number}"),
        Give::NewPassword(_) => "sets a new password".to_owned(),
        Give::Restore => "restores the account".to_owned(),
        Give::KeepDeleted => "leaves it deleted".to_owned(),
        Give::EraseNow => "wants it erased at once".to_owned(),
        Give::Resend => "asks for another code".to_owned(),
        Give::CorrectAddress(address) => format!("means {address}"),
        Give::Cancel => "gives up".to_owned(),
    }
}

fn refused_because(answer: &Value) -> String {
    if let Some(at) = answer.get("retry_at") {
        return at
            .as_u64()
            .map_or_else(|| ", locked".to_owned(), |at| format!(" until {}", calendar::moment(at)));
    }
    let reason = ["reason", "rule", "what"]
        .into_iter()
        .map(|member| text(answer, member))
        .find(|text| !text.is_empty());
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

pub(crate) fn candidate(candidate: &Value) -> String {
    let providers = candidate.get("providers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has_password = candidate
        .get("methods")
        .and_then(Value::as_array)
        .is_some_and(|kinds| kinds.iter().any(|kind| kind.as_str() == Some("Password")));
    let ways: Vec<_> = has_password
        .then(|| "password".to_owned())
        .into_iter()
        .chain(providers.iter().filter_map(Value::as_str).map(called))
        .collect();
    let drops = if is(candidate, "drops_new_password") { ", dropping the new password" } else { "" };
    format!("the account of {}, by {}{drops}", text(candidate, "created"), ways.join(" and "))
}

fn session(session: &Value, names: &Names) -> String {
    let product = match text(session, "product") {
        "" => String::new(),
        product => format!(", {product}"),
    };
    let way = if text(session, "kind") == "Password" { "password" } else { "provider" };
    format!(
        "{} on {}{product}, by {way}, last used {}",
        name(session, "id", names),
        text(session, "device"),
        moment(session, "used_at")
    )
}

fn event(event: &Value) -> String {
    let times = match event.get("count").and_then(Value::as_u64) {
        Some(count) if count > 1 => format!(" \u{d7}{count}"),
        _ => String::new(),
    };
    let refused = if is(event, "done") { "" } else { ", refused" };
    format!("{}  {}{times}{refused}", moment(event, "first"), text(event, "action"))
}

fn method(method: &Value) -> String {
    let added = method.get("added_at").and_then(Value::as_u64).map(calendar::day).unwrap_or_default();
    format!("{}, since {added}", way_in(method))
}

/// A password with its email, or an identity with what its provider calls the person.
fn way_in(method: &Value) -> String {
    let known_as = match (text(method, "handle"), text(method, "email")) {
        ("", "") => String::new(),
        ("", email) => format!(" {email}"),
        (handle, _) => format!(" @{handle}"),
    };
    match text(method, "kind") {
        "Password" => format!("password{known_as}"),
        _ => format!("{}{known_as}", called(text(method, "provider"))),
    }
}

fn proof(accepted: &str) -> String {
    accepted.strip_prefix("Federated ").map_or_else(|| "password".to_owned(), called)
}

fn person(identity: &Identity) -> String {
    let known = match &identity.handle {
        Some(handle) => format!("@{handle}"),
        None => identity.subject.clone(),
    };
    match &identity.email {
        Some(email) => format!("{known} ({email})"),
        None => known,
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

fn on(device: &Option<String>) -> String {
    device.as_ref().map_or_else(String::new, |device| format!(", on {device}"))
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

fn count(answer: &Value, member: &str) -> u64 {
    answer.get(member).and_then(Value::as_u64).unwrap_or_default()
}

fn is(answer: &Value, member: &str) -> bool {
    answer.get(member).and_then(Value::as_bool) == Some(true)
}

fn counted(count: usize, what: &str) -> String {
    counted_u64(u64::try_from(count).unwrap_or(u64::MAX), what)
}

fn counted_u64(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn said(tone: Tone, line: String) -> Said {
    Said { tone, line, more: Vec::new() }
}
