//! What people do in a story.

use selfsame::Intent;
use selfsame_world::Identity;
use selfsame_world::story::{Act, Span};

use super::called;
use super::step::answers;
use crate::calendar;

/// What a person does, worded to follow the person's name.
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
        Act::Resume { flow } => format!("looks up the step of \u{201c}{flow}\u{201d}"),
        Act::SignIn { email, device, .. } => format!("signs in as {email} with a password{}", on(device)),
        Act::Picker {} => "looks at the accounts that the device remembers".to_owned(),
        Act::SignInTo { account, device, .. } => format!("picks {account}, with a password{}", on(device)),
        Act::RemoveFromPicker { account } => format!("removes {account} from the picker"),
        Act::ResetPassword { email, device, .. } => {
            format!("resets the forgotten password of {email}{}", on(device))
        }
        Act::Reauthenticate { session, .. } => format!("gives fresh proof in session {session}"),
        Act::EnrollTotp { session, app } => {
            format!("sets up the app \u{201c}{app}\u{201d} in session {session}")
        }
        Act::ConfirmTotp { app, .. } => format!("types the code from the app \u{201c}{app}\u{201d}"),
        Act::UnsavedRecoveryCodes { session } => {
            format!("looks at the recovery codes again in session {session}")
        }
        Act::RecoveryCodesSaved { session } => {
            format!("confirms saving the recovery codes, in session {session}")
        }
        Act::RegenerateRecoveryCodes { session, .. } => {
            format!("creates new recovery codes in session {session}")
        }
        Act::TurnOffMfa { session } => format!("turns MFA off in session {session}"),
        Act::MarkCompromised { session } => {
            format!("reports that others know the password, in session {session}")
        }
        Act::PurgeDue { .. } => "purges the accounts that are due".to_owned(),
        Act::SupportFind { operator, named } => format!("searches for {named}, as {operator} of support"),
        Act::SupportActivity { operator, account } => {
            format!("reads the activity of {account}, as {operator} of support")
        }
        Act::SupportDelete { operator, account, ticket } => {
            format!("starts the deletion of {account} for {ticket}, as {operator} of support")
        }
        Act::SupportRecords { account } => format!("reads what support did to {account}"),
        Act::Export { session } => format!("exports the account in session {session}"),
        Act::RequestPrivacy { session, kind, .. } => format!("asks for {} in session {session}", kind.code()),
        Act::PrivacyRequests { session } => {
            format!("lists the privacy requests in session {session}")
        }
        Act::OpenRequests {} => "lists the open privacy requests".to_owned(),
        Act::CloseRequest { request, .. } => format!("closes the request {request}"),
        Act::AnnounceErasure { request } => format!("announces the erasure of request {request}"),
        Act::Erase { request } => format!("erases the account of request {request}"),
        Act::OpenProduct { session, product } => format!("uses {product} in session {session}"),
        Act::Memberships { session } => format!("lists the products in session {session}"),
        Act::SetBilling { account, product, .. } => format!("sets the billing of {product} for {account}"),
        Act::BillingDestination { session, product } => {
            format!("asks where to manage the billing of {product}, in session {session}")
        }
        Act::ManageDestination { session, product, provider } => {
            let what = product.as_ref().or(provider.as_ref()).map_or("", String::as_str);
            format!("asks where to manage the account at {what}, in session {session}")
        }
        Act::BeginAdd { provider, session, .. } => {
            format!("adds {} to the account in session {session}", called(provider))
        }
        Act::AddPassword { email, session, .. } => {
            format!("adds a password with {email} in session {session}")
        }
        Act::RemoveMethod { method, session } => format!("removes {} in session {session}", called(method)),
        Act::TakeSeenEmail { method, session } => {
            format!("adds the email address that {} now reports, in session {session}", called(method))
        }
        Act::ChangeEmail { email, session, .. } => {
            format!("changes the email to {email} in session {session}")
        }
        Act::VerifyAddress { email, session } => {
            format!("asks for a code to verify {email} in session {session}")
        }
        Act::ProveAddress { session, .. } => format!("types the code in session {session}"),
        Act::SetContact { email, session } => format!("moves messages to {email}, in session {session}"),
        Act::SetDisplayName { name: Some(name), session } => {
            format!("sets the display name \u{201c}{name}\u{201d}, in session {session}")
        }
        Act::SetDisplayName { name: None, session } => {
            format!("removes the display name, in session {session}")
        }
        Act::ChangePassword { session, .. } => format!("changes the password in session {session}"),
        Act::Review { session, .. } => format!("reviews the sign-in methods in session {session}"),
        Act::Undo { undo, .. } => format!("types the undo code \u{201c}{undo}\u{201d}"),
        Act::ConfirmProtectedActs { session } => format!("confirms the changes in session {session}"),
        Act::Resolve { session } => format!("looks up session {session}"),
        Act::Touch { session } => format!("uses session {session}"),
        Act::Account { session } => format!("opens the account page in session {session}"),
        Act::Sessions { session } => format!("lists the sessions in session {session}"),
        Act::EndSession { session, ends } => format!("ends session {ends} in session {session}"),
        Act::EndOtherSessions { session } => format!("ends all sessions but {session}"),
        Act::SignOut { session } => format!("signs out of session {session}"),
        Act::RequestDeletion { session } => format!("asks for deletion in session {session}"),
        Act::Activity { session } => format!("reads the activity in session {session}"),
        Act::VerifyAudit { session } => format!("verifies the audit trail in session {session}"),
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
        Act::Rekey {} => "re-encrypts the store under a new key".to_owned(),
        Act::Health {} => "checks the state of the store".to_owned(),
        #[allow(unreachable_patterns, reason = "an action without a text is shown by its name")]
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
