//! The account page: the view and the actions of its owner.

use selfsame::{MethodId, MethodKind, Refusal};
use selfsame_world::render;
use serde_json::json;

use super::{Reported, SignedIn, Store, put};
use crate::arguments::{Confirmed, Sessions};
use crate::next::{self, hint};
use crate::tell::Report;
use crate::trouble::{Trouble, otherwise};

impl Store {
    pub(crate) fn account(&self) -> Reported {
        let SignedIn { account, .. } = self.signed_in()?;
        let view = account.view()?;
        let mut value = render::shown(&view);
        put(&mut value, "memberships", render::shown(&account.memberships()?));
        Ok(Report::of(value).then(next::on_page(&view)))
    }

    pub(crate) fn sessions(&self, what: &Sessions) -> Reported {
        let SignedIn { account, session } = self.signed_in()?;
        match what {
            Sessions::List => {
                let sessions: Vec<_> = account
                    .sessions()?
                    .iter()
                    .map(|one| {
                        let mut value = render::shown(one);
                        put(&mut value, "this", json!(one.id == session.id));
                        value
                    })
                    .collect();
                Ok(Report::of(json!({ "sessions": sessions })).then(vec![
                    hint("selfsame sessions end ID", "end one session"),
                    hint("selfsame sessions end-others", "end all other sessions"),
                ]))
            }
            Sessions::End { id } => {
                account.end_session(*id)?;
                let report = Report::done(json!({ "ended": id.to_string() }), "the session has ended");
                Ok(report.but(self.session.remove_if(*id == session.id)))
            }
            Sessions::EndOthers => {
                account.end_other_sessions()?;
                Ok(Report::done(json!({ "ended": "others" }), "all other sessions have ended"))
            }
        }
    }

    pub(crate) fn sign_out(&self) -> Reported {
        self.signed_in()?.account.sign_out()?;
        Ok(Report::done(json!({ "ended": "this" }), "signed out").but(self.session.remove()))
    }

    pub(crate) fn delete(&self, confirmed: &Confirmed) -> Reported {
        let what = "This ends all sessions, and deletes the account for good in 30 days";
        let deletion = self.sure(confirmed.yes, what)?.account.request_deletion()?;
        Ok(Report::of(render::shown(&deletion))
            .then(vec![hint("selfsame sign-in EMAIL", "restore the account until then")])
            .but(self.session.remove()))
    }

    pub(super) fn report_compromised(&self, method: Option<MethodId>, confirmed: &Confirmed) -> Reported {
        let what = "This ends all sessions that the password opened, and the next sign-in requires a new one";
        let SignedIn { account, session } = self.sure(confirmed.yes, what)?;
        let methods = account.view()?.methods;
        let password = methods.iter().find(|method| method.kind == MethodKind::Password);
        let method = match (method, password) {
            (Some(method), _) => method,
            (None, Some(password)) => password.id,
            (None, None) => return Err(Trouble::Unusable("the account has no password".into())),
        };
        account.mark_compromised(method).map_err(no_password)?;
        let value = json!({ "compromised": method.to_string() });
        Ok(Report::done(value, "the next sign-in with the password requires a new one")
            .then(vec![hint("selfsame sign-in EMAIL", "sign in and set a new one")])
            .but(self.session.remove_if(session.method == method)))
    }

    pub(crate) fn audit(&self) -> Reported {
        let SignedIn { account, .. } = self.signed_in()?;
        let mut report = Report::of(json!({ "events": render::shown(&account.activity()?) }));
        let holds = account.verify_audit()?;
        put(&mut report.value, "holds", json!(holds));
        let verdict =
            if holds { "nothing was removed, reordered or changed" } else { "the history was changed" };
        report.said.line = format!("{}: {verdict}", report.said.line);
        Ok(if holds { report } else { report.but(Err(selfsame::Error::Damaged.into())) })
    }
}

/// Replaces the engine's text, which is about steps, by one about the id.
pub(super) fn no_password(error: selfsame::Error) -> Trouble {
    otherwise(
        &Refusal::NotOffered,
        "the account has no password with this id; list its sign-in methods: selfsame account",
    )(error)
}
