//! The acts that a thief can try. If any step of an act is refused, the state stays as it was. Beginning something
//! without finishing it is therefore a separate act.

use std::time::Duration;

use selfsame::{AccountHandle, AddressStep, MethodId, MethodKind, RequestKind, Session, Step};
use selfsame_world::{Authenticator, days, hours, minutes, totp};

use super::scene::{ADA, MALLORY, No, OTHER, Plan, Proof, Scene, Who, no};

pub(crate) struct Act {
    pub(crate) name: &'static str,
    /// Whether the thief can try the act. Without this check, the engine would refuse the act, so the check only saves
    /// time.
    pub(crate) may: fn(&mut Scene<'_>) -> bool,
    pub(crate) run: fn(&mut Scene<'_>) -> Result<(), No>,
}

/// Each jump passes the end of something: of a fresh proof, of a hold and the 72 hours, of the seven days of an undo.
pub(crate) const JUMPS: [(&str, Duration); 3] =
    [("6 minutes pass", minutes(6)), ("73 hours pass", hours(73)), ("8 days pass", days(8))];

const T: Who = Who::Thief;

pub(crate) fn has_session(scene: &mut Scene<'_>) -> bool {
    !scene.sessions(T).is_empty()
}

fn reads_mail(scene: &mut Scene<'_>) -> bool {
    let now = scene.now();
    scene.story.thief.visits_until.is_some_and(|until| now < until)
}

fn has_undo_code(scene: &mut Scene<'_>) -> bool {
    !scene.undo_codes(T).is_empty()
}

fn has_flow(scene: &mut Scene<'_>) -> bool {
    !scene.story.thief.flows.is_empty()
}

fn anybody(_: &mut Scene<'_>) -> bool {
    true
}

pub(crate) const ACTS: &[Act] = &[
    Act {
        name: "adds an identity",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, _, account| {
                let identity = scene.story.thief.identities[0].clone();
                let begun = account.begin_add(&identity.provider())?;
                scene.engine.continue_with(&begun, &identity.assertion(&begun), selfsame::Intent::SignIn)?;
                Ok(())
            })
        },
    },
    Act {
        name: "begins to add an identity",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, _, account| {
                let begun = account.begin_add(&scene.story.thief.identities[0].provider())?;
                scene.story.thief.flows.push(begun);
                Ok(())
            })
        },
    },
    Act { name: "finishes what was begun", may: has_flow, run: finish },
    Act { name: "moves the email", may: has_session, run: |scene| move_email(scene) },
    Act {
        name: "begins to move the email",
        may: has_session,
        run: |scene| {
            in_session(scene, |_, _, account| {
                account.change_email(MALLORY[1])?;
                Ok(())
            })
        },
    },
    Act {
        name: "types the code of the begun move",
        may: has_session,
        run: |scene| in_session(scene, type_code),
    },
    Act {
        name: "makes the owner's other address the contact",
        may: has_session,
        run: |scene| in_session(scene, |_, _, account| Ok(account.set_contact(OTHER)?)),
    },
    Act {
        name: "removes the password",
        may: has_session,
        run: |scene| {
            in_session(scene, |_, _, account| {
                Ok(account.remove_method(removing(account, MethodKind::Password, "")?)?)
            })
        },
    },
    Act {
        name: "removes the owner's identity",
        may: has_session,
        run: |scene| {
            in_session(scene, |_, _, account| {
                Ok(account.remove_method(removing(account, MethodKind::Federated, "ada")?)?)
            })
        },
    },
    Act {
        name: "removes their own identity",
        may: has_session,
        run: |scene| {
            in_session(scene, |_, _, account| {
                Ok(account.remove_method(removing(account, MethodKind::Federated, "mallory")?)?)
            })
        },
    },
    Act {
        name: "changes the password",
        may: has_session,
        run: |scene| {
            let Some(current) = scene.story.thief.passwords.last().cloned() else { return no("no password") };
            let chosen = scene.story.thief.choose();
            in_session(scene, |_, _, account| {
                Ok(account.change_password(&current.as_str().into(), &chosen.as_str().into())?)
            })
        },
    },
    Act {
        name: "adds a password",
        may: has_session,
        run: |scene| {
            let chosen = scene.story.thief.choose();
            in_session(scene, |scene, session, account| {
                match account.add_password(MALLORY[1], &chosen.as_str().into())? {
                    AddressStep::Done { .. } => Ok(()),
                    _ => type_code(scene, session, account),
                }
            })
        },
    },
    Act {
        name: "reports the password as compromised",
        may: has_session,
        run: |scene| {
            in_session(scene, |_, _, account| {
                Ok(account.mark_compromised(removing(account, MethodKind::Password, "")?)?)
            })
        },
    },
    Act {
        name: "turns MFA on or replaces the factor",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, session, account| {
                scene.story.thief.enrolling = Some(account.enroll_totp()?.secret);
                enrol(scene, session, account)
            })
        },
    },
    Act {
        name: "begins to enrol a factor",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, _, account| {
                scene.story.thief.enrolling = Some(account.enroll_totp()?.secret);
                Ok(())
            })
        },
    },
    Act { name: "finishes the enrolment", may: has_session, run: |scene| in_session(scene, enrol) },
    Act {
        name: "turns MFA off",
        may: has_session,
        run: |scene| in_session(scene, |_, _, account| Ok(account.turn_off_mfa()?)),
    },
    Act {
        name: "makes other recovery codes",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, _, account| {
                let recovery_codes = account.regenerate_recovery_codes()?.codes;
                account.recovery_codes_saved()?;
                let secret = "A".repeat(32).as_str().into();
                scene.story.thief.apps.insert(0, Authenticator { secret, recovery_codes });
                Ok(())
            })
        },
    },
    Act {
        name: "ends the other sessions",
        may: has_session,
        run: |scene| in_session(scene, |_, _, account| Ok(account.end_other_sessions()?)),
    },
    Act {
        name: "asks for the deletion",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, session, account| {
                let proof = proof(scene, session);
                account.request_deletion()?;
                asked(scene, proof);
                Ok(())
            })
        },
    },
    Act {
        name: "asks for the erasure",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, session, account| {
                let proof = proof(scene, session);
                account.request_privacy(RequestKind::Erasure)?;
                asked(scene, proof);
                Ok(())
            })
        },
    },
    Act {
        name: "reauthenticates",
        may: has_session,
        run: |scene| {
            in_session(scene, |scene, _, account| {
                let flow = account.reauthenticate()?;
                let done = scene.through(T, flow, Plan::Enter)?;
                scene.keep(T, done)
            })
        },
    },
    Act {
        name: "signs in with the password",
        may: anybody,
        run: |scene| {
            let done = scene.sign_in(T, Plan::Enter)?;
            scene.keep(T, done)
        },
    },
    Act {
        name: "signs in with their identity",
        may: anybody,
        run: |scene| {
            let identity = scene.story.thief.identities[0].clone();
            let done = scene.present(T, &identity, Plan::Enter)?;
            scene.keep(T, done)
        },
    },
    Act {
        name: "signs in with the password and erases the account",
        may: anybody,
        run: |scene| {
            let done = scene.sign_in(T, Plan::Erase)?;
            erased(scene, &done.step)
        },
    },
    Act {
        name: "signs in with their identity and erases the account",
        may: anybody,
        run: |scene| {
            let identity = scene.story.thief.identities[0].clone();
            let done = scene.present(T, &identity, Plan::Erase)?;
            erased(scene, &done.step)
        },
    },
    Act { name: "resets the password", may: reads_mail, run: |scene| reset(scene, Plan::Enter) },
    Act { name: "begins to reset the password", may: reads_mail, run: |scene| reset(scene, Plan::Begin) },
    Act {
        name: "resets the password of their own address",
        may: anybody,
        run: |scene| {
            let flow = scene.engine.reset_password(MALLORY[1], &scene.story.thief.client())?;
            let done = scene.through(T, flow, Plan::Enter)?;
            scene.keep(T, done)
        },
    },
    Act { name: "undoes by the newest code", may: has_undo_code, run: |scene| undo(scene, 0, Plan::Enter) },
    Act {
        name: "undoes by the oldest code",
        may: has_undo_code,
        run: |scene| undo(scene, usize::MAX, Plan::Enter),
    },
    Act {
        name: "begins an undo by the oldest code",
        may: has_undo_code,
        run: |scene| undo(scene, usize::MAX, Plan::Begin),
    },
    Act { name: "arrives with their identity", may: anybody, run: |scene| arrive(scene, 0, Plan::Enter) },
    Act {
        name: "arrives with an identity and the owner's address",
        may: reads_mail,
        run: |scene| arrive(scene, 1, Plan::Enter),
    },
    Act {
        name: "makes an account with their identity",
        may: anybody,
        run: |scene| arrive(scene, 0, Plan::Create),
    },
    Act {
        name: "makes an account with the owner's address",
        may: reads_mail,
        run: |scene| arrive(scene, 1, Plan::Create),
    },
    Act {
        name: "signs up with the owner's address",
        may: reads_mail,
        run: |scene| {
            let chosen = scene.story.thief.choose();
            let flow = scene.engine.sign_up(ADA, &chosen.as_str().into(), &scene.story.thief.client())?;
            scene.through(T, flow, Plan::Create).map(|_| ())
        },
    },
];

/// Does an act in the newest session that it is accepted in.
pub(crate) fn in_session(
    scene: &mut Scene<'_>,
    act: impl Fn(&mut Scene<'_>, &Session, &AccountHandle) -> Result<(), No>,
) -> Result<(), No> {
    let mut why = No("no session".into());
    for (session, account) in scene.sessions(T) {
        match act(scene, &session, &account) {
            Ok(()) => return Ok(()),
            Err(refused) => why = refused,
        }
    }
    Err(why)
}

fn move_email(scene: &mut Scene<'_>) -> Result<(), No> {
    in_session(scene, |scene, session, account| {
        account.change_email(MALLORY[1])?;
        type_code(scene, session, account)
    })
}

fn type_code(scene: &mut Scene<'_>, _: &Session, account: &AccountHandle) -> Result<(), No> {
    let since = scene.story.begun;
    let code = scene.code(T, since)?;
    account.prove_address(&code)?;
    Ok(())
}

fn enrol(scene: &mut Scene<'_>, _: &Session, account: &AccountHandle) -> Result<(), No> {
    let Some(secret) = scene.story.thief.enrolling.clone() else { return no("no enrolment") };
    let recovery_codes = account.confirm_totp(&totp(&secret, scene.now()).unwrap())?.codes;
    account.recovery_codes_saved()?;
    scene.story.thief.enrolling = None;
    scene.story.thief.apps.push(Authenticator { secret, recovery_codes });
    Ok(())
}

/// The method of this kind whose identity begins with `handle`.
pub(crate) fn removing(account: &AccountHandle, kind: MethodKind, handle: &str) -> Result<MethodId, No> {
    let methods = account.view()?.methods;
    let of = |method: &&selfsame::MethodView| {
        method.kind == kind && method.handle.as_deref().unwrap_or_default().starts_with(handle)
    };
    methods.iter().find(of).map(|method| method.id).ok_or_else(|| No("no such method".into()))
}

/// Returns the proof that a session has given in the last five minutes.
fn proof(scene: &Scene<'_>, session: &Session) -> Proof {
    let fresh = |at: selfsame::Timestamp| scene.now() < at + minutes(5);
    let highest = scene.page().is_none_or(|page| page.mfa.is_none()) || session.aal == selfsame::Aal::Aal2;
    match (highest && fresh(session.auth_time), fresh(session.first_at)) {
        (true, _) => Proof::Full,
        (false, true) => Proof::FirstFactor,
        (false, false) => Proof::Stale,
    }
}

fn asked(scene: &mut Scene<'_>, proof: Proof) {
    scene.story.erasure = scene.story.erasure.max(Some(proof));
}

/// Only a full sign-in leads to the answer `EraseNow`.
fn erased(scene: &mut Scene<'_>, step: &Step) -> Result<(), No> {
    if !matches!(step, Step::Ended | Step::Done { .. }) {
        return no(step.code());
    }
    asked(scene, Proof::Full);
    Ok(())
}

fn reset(scene: &mut Scene<'_>, plan: Plan) -> Result<(), No> {
    let flow = scene.engine.reset_password(ADA, &scene.story.thief.client())?;
    ends_or_waits(scene, flow, plan)
}

fn undo(scene: &mut Scene<'_>, place: usize, plan: Plan) -> Result<(), No> {
    let codes = scene.undo_codes(T);
    let Some((_, code)) = codes.get(place.min(codes.len().saturating_sub(1))) else { return no("no code") };
    let flow = scene.engine.undo(code, &scene.story.thief.client())?;
    ends_or_waits(scene, flow, plan)
}

fn ends_or_waits(scene: &mut Scene<'_>, flow: selfsame::Flow, plan: Plan) -> Result<(), No> {
    let flow = scene.through(T, flow, plan)?;
    if plan == Plan::Begin && !matches!(flow.step, Step::SignedIn { .. } | Step::Done { .. }) {
        scene.story.thief.flows.push(flow);
        return Ok(());
    }
    scene.keep(T, flow)
}

fn finish(scene: &mut Scene<'_>) -> Result<(), No> {
    let mut why = No("nothing was begun".into());
    for flow in std::mem::take(&mut scene.story.thief.flows) {
        match go_on(scene, flow) {
            Ok(()) => return Ok(()),
            Err(refused) => why = refused,
        }
    }
    Err(why)
}

pub(crate) fn go_on(scene: &mut Scene<'_>, flow: selfsame::Flow) -> Result<(), No> {
    let flow = match &flow.step {
        Step::PresentAssertion { .. } => {
            let assertion = scene.story.thief.identities[0].assertion(&flow);
            scene.engine.continue_with(&flow, &assertion, selfsame::Intent::SignIn)?
        }
        _ => flow,
    };
    let done = scene.through(T, flow, Plan::Enter)?;
    scene.keep(T, done)
}

/// Arrives with one of the thief's identities. The second one claims the owner's address.
fn arrive(scene: &mut Scene<'_>, identity: usize, plan: Plan) -> Result<(), No> {
    let identity = scene.story.thief.identities[identity].clone();
    let begun = scene.engine.begin_federated(&identity.provider(), &scene.story.thief.client())?;
    let flow = scene.engine.continue_with(&begun, &identity.assertion(&begun), selfsame::Intent::SignUp)?;
    let done = scene.through(T, flow, plan)?;
    match plan {
        Plan::Create => Ok(()),
        _ => scene.keep(T, done),
    }
}
