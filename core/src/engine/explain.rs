//! Predicts what an act would do, without doing it (SPEC 13.5).

use super::account::AccountHandle;
use super::export::holdings;
use crate::error::Error;
use crate::records::account::Owner;
use crate::records::context::Context;
use crate::records::explain::{Explanation, Planned};
use crate::records::verdict::Verdict;
use crate::rules::fresh::{Fresh, Level};
use crate::rules::{compromise, deletion, explain, export, method, mfa, product, session};

impl AccountHandle {
    /// Returns whether an act would succeed now, which rules decide, and what would change. Writes nothing
    /// and counts nothing.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Effect, Planned};
    ///
    /// let explanation = account.explain(&Planned::RequestDeletion)?;
    /// assert_eq!(explanation.outcome, Ok(()));
    /// assert!(explanation.effects.contains(&Effect::AllSessionsEnd));
    /// assert!(explanation.rules.contains(&"9.1"));
    ///
    /// // Nothing happened.
    /// assert_eq!(account.sessions()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call. If the act itself would be refused, the
    /// explanation says so; that is not an error.
    pub fn explain(&self, planned: &Planned) -> Result<Explanation, Error> {
        let secret = self.token().secret();
        self.look_owner(|view, ctx, owner| {
            let verdict = match planned {
                Planned::EnrollTotp => fresh(owner, ctx, |fresh| done(mfa::enroll(fresh, ctx))),
                Planned::RecoveryCodesSaved => {
                    mfa::saved(owner, secret, &view.sessions(owner.account.id)?, ctx)
                }
                Planned::RegenerateRecoveryCodes => {
                    fresh(owner, ctx, |fresh| done(mfa::regenerate(fresh, ctx)))
                }
                Planned::TurnOffMfa => fresh(owner, ctx, |fresh| mfa::turn_off(fresh, secret, ctx)),
                Planned::MarkCompromised { method } => {
                    let sessions = view.sessions(owner.account.id)?;
                    compromise::by_owner(owner, *method, &sessions, ctx)
                }
                Planned::RemoveMethod { method } => {
                    fresh(owner, ctx, |fresh| method::remove(fresh, *method, ctx))
                }
                Planned::TakeSeenEmail { method } => {
                    fresh(owner, ctx, |fresh| method::take_seen_email(fresh, *method, ctx))
                }
                Planned::OpenProduct { product } => {
                    done(product::open(owner.account.clone(), owner.session.id, product, ctx))
                }
                Planned::EndSession { session: ended } => {
                    session::end(owner, Some(*ended), &view.sessions(owner.account.id)?, ctx)
                }
                Planned::EndOtherSessions => session::end(owner, None, &[], ctx),
                Planned::SignOut => {
                    session::end(owner, Some(owner.session.id), &view.sessions(owner.account.id)?, ctx)
                }
                Planned::RequestDeletion => fresh(owner, ctx, |fresh| done(deletion::request(fresh, ctx))),
                Planned::Export => {
                    let holdings = holdings(view, owner.account.id)?;
                    fresh(owner, ctx, |fresh| done(export::export(fresh, &holdings, ctx)))
                }
            };
            Ok(Ok(explain::explained(planned, verdict)))
        })
    }
}

fn fresh<L: Level>(
    owner: &Owner,
    ctx: &Context<'_>,
    decide: impl FnOnce(&Fresh<'_, L>) -> Verdict<()>,
) -> Verdict<()> {
    match owner.prove(ctx) {
        Ok(fresh) => decide(&fresh),
        Err(refusal) => Verdict::refused(refusal),
    }
}

fn done<T>(verdict: Verdict<T>) -> Verdict<()> {
    verdict.map(drop)
}
