//! What people do in a story.

use selfsame::Intent;
use selfsame_world::Identity;
use selfsame_world::story::{Act, Span};

use super::called;
use super::step::answers;
use crate::calendar;

/// What somebody does, to stand behind their name.
pub(crate) fn act(act: &Act) -> String {
    match act {
        Act::SignUp { email, device, .. } => format!("signs up as {email} with a password{}", on(device)),
        Act::BeginFederated { provider, device, .. } => format!("goes to {}{}", called(provider), on(device)),
        Act::ContinueWith { identity, intent, .. } => {
            let wanted = match intent {
                Intent::SignUp => "to sign up",
                Intent::SignIn => "to sign in",
            };
            format!("comes back as {}, {wanted}", person(identity))
        }
        Act::Answer { give, number, .. } => {
            let again = number.map_or_else(String::new, |number| format!(", as answer to step {number}"));
            format!("{}{again}", answers(give))
        }
        Act::Resume { flow } => format!("looks where \u{201c}{flow}\u{201d} stands"),
        Act::SignIn { email, device, .. } => format!("signs in as {email} with a password{}", on(device)),
        Act::Picker {} => "looks at whom the device remembers".to_owned(),
        Act::SignInTo { account, device, .. } => format!("picks {account}, with a password{}", on(device)),
        Act::RemoveFromPicker { account } => format!("has the device forget {account}"),
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
        Act::PurgeDue { .. } => "has the accounts purged that are due".to_owned(),
        Act::SupportFind { operator, named } => format!("looks for {named}, as {operator} of support"),
        Act::SupportActivity { operator, account } => {
            format!("reads what happened to {account}, as {operator} of support")
        }
        Act::SupportDelete { operator, account, ticket } => {
            format!("starts the deletion of {account} for {ticket}, as {operator} of support")
        }
        Act::SupportRecords { account } => format!("reads what support did to {account}"),
        Act::Export { session } => format!("has everything about them written, in session {session}"),
        Act::RequestPrivacy { session, kind, .. } => format!("asks for {} in session {session}", kind.code()),
        Act::PrivacyRequests { session } => {
            format!("looks at what was asked for about the data, in session {session}")
        }
        Act::OpenRequests {} => "looks at the requests that are open".to_owned(),
        Act::CloseRequest { request, .. } => format!("answers the request {request}"),
        Act::AnnounceErasure { request } => format!("announces the erasure of request {request}"),
        Act::Erase { request } => format!("erases the account of request {request}"),
        Act::OpenProduct { session, product } => format!("uses {product} in session {session}"),
        Act::Memberships { session } => format!("looks at the products in session {session}"),
        Act::SetBilling { account, product, .. } => format!("tells what {product} costs {account}"),
        Act::BillingDestination { session, product } => {
            format!("asks where {product} is paid for, in session {session}")
        }
        Act::ManageDestination { session, product, provider } => {
            let what = product.as_ref().or(provider.as_ref()).map_or("", String::as_str);
            format!("asks where the account at {what} is managed, in session {session}")
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
        Act::Rekey {} => "has the store written anew under new keys".to_owned(),
        Act::Health {} => "asks how the store is".to_owned(),
        #[allow(unreachable_patterns, reason = "an act that has no words yet is told by its name")]
        other => format!("does: {}", other.name().replace('_', " ")),
    }
}

pub(super) fn person(identity: &Identity) -> String {
    let known = match &identity.handle {
        Some(handle) => format!("@{handle}"),
        None => identity.subject.clone(),
    };
    match &identity.email {
        Some(email) => format!("{known} ({email})"),
        None => known,
    }
}

fn on(device: &Option<String>) -> String {
    device.as_ref().map_or_else(String::new, |device| format!(", on {device}"))
}
