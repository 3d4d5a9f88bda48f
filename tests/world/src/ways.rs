//! Acts about the sign-in methods and addresses of an account.

use selfsame::{AccountHandle, Error, MethodId, MethodKind, Secret};
use serde_json::{Value, json};

use crate::render;
use crate::story::Act;

/// Acts that need only the account.
pub(crate) fn act(account: &AccountHandle, act: &Act) -> Result<Value, Error> {
    let done = |()| json!({ "done": true });
    match act {
        Act::RemoveMethod { method, .. } => account.remove_method(method_called(account, method)?).map(done),
        Act::TakeSeenEmail { method, .. } => {
            account.take_seen_email(method_called(account, method)?).map(done)
        }
        Act::ChangeEmail { email, .. } => account.change_email(email).map(|step| render::shown(&step)),
        Act::VerifyAddress { email, .. } => account.verify_address(email).map(|step| render::shown(&step)),
        Act::SetContact { email, .. } => account.set_contact(email).map(done),
        Act::ConfirmProtectedActs { .. } => {
            let newest = account.view()?.protected_acts.last().map_or(0, |act| act.number);
            account.confirm_protected_acts(newest).map(done)
        }
        Act::SetDisplayName { name, .. } => account.set_display_name(name.as_deref()).map(done),
        _ => Err(Error::Defect),
    }
}

pub(crate) fn add_password(
    act: &Act,
    account: Result<AccountHandle, Error>,
    password: &Secret,
) -> Result<Value, Error> {
    let Act::AddPassword { email, .. } = act else { return Err(Error::Defect) };
    account?.add_password(email, password).map(|step| render::shown(&step))
}

pub(crate) fn review(
    account: &AccountHandle,
    keep: &[String],
    keep_second_factor: bool,
    new_password: Option<&Secret>,
) -> Result<(), Error> {
    let keep: Vec<_> = keep.iter().map(|name| method_called(account, name)).collect::<Result<_, _>>()?;
    account.review(&keep, keep_second_factor, new_password)
}

/// Returns the method with this name in stories: `Password`, its provider, or its handle at the provider. If the
/// account has none, returns an id that no account has.
fn method_called(account: &AccountHandle, name: &str) -> Result<MethodId, Error> {
    let methods = account.view()?.methods;
    let called = methods.iter().find(|method| match &method.provider {
        Some(provider) => provider.as_str() == name || method.handle.as_deref() == Some(name),
        None => method.kind == MethodKind::Password && name == "Password",
    });
    match called {
        Some(method) => Ok(method.id),
        None => UNKNOWN.parse().map_err(|_| Error::Defect),
    }
}

const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";
