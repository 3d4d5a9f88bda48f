//! Answers to steps, and what the model predicts of each.

use selfsame::{Accepted, Answer, SecondFactor, Secret, Step, Timestamp};
use selfsame_world::{days, minutes, totp};

use crate::acts::{Give, IDENTITIES, MAILS, mail};
use crate::model::{Flow, Kind, Spent, Want};
use crate::stage::Stage;

/// How an answer changes the model once the engine has accepted it.
#[derive(Debug)]
pub(crate) enum Taken {
    Nothing,
    Code(Secret),
    First { by_password: bool },
    Totp(Secret, u64),
    Recovery(Secret),
    SkippedSecond,
    NewPassword(String),
    Chosen(usize),
    Restored,
    LeftOut,
    Erased,
    Moved(usize),
    Added,
}

/// The cost of a refused answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Missed {
    Nothing,
    Code,
    First,
    Second,
}

/// An answer, the model's prediction, and the change to the model if it is accepted or refused.
type Prepared = (Answer, Want, Taken, Missed);

impl Stage {
    pub(crate) fn may_create(&self, at: usize, give: Give) -> bool {
        let flow = &self.flows[at];
        let is_newcomer =
            matches!(flow.kind, Kind::SignUp { .. } | Kind::Federated { .. }) && flow.account.is_none();
        is_newcomer
            && match (&flow.step, give) {
                (Step::VerifyEmail { .. }, Give::Right) => {
                    !self.accounts.iter().any(|it| flow.mail.is_some_and(|mail| it.verified.contains(&mail)))
                }
                (_, Give::Skip | Give::Create) | (Step::ConfirmCreate { .. }, Give::Right) => true,
                _ => false,
            }
    }

    pub(crate) fn prepared(&self, at: usize, give: Give) -> Option<Prepared> {
        let now = self.now();
        let flow = &self.flows[at];
        let account = flow.account.and_then(|account| self.accounts.get(account));
        let is_young = now < flow.since + minutes(9);
        // A proof from an earlier step may be void because the account has changed since.
        let is_same = account.is_none_or(|account| account.version == flow.version && !account.is_gone(now));
        let lives = match flow.kind {
            Kind::Reauthenticate { session } | Kind::Add { session, .. } => {
                self.world.engine().resolve(&self.sessions[session].token).is_ok()
            }
            _ => true,
        };
        let sure = is_young && is_same && lives;
        let nothing = |answer, want| Some((answer, want, Taken::Nothing, Missed::Nothing));
        let wrong = |answer, missed| Some((answer, Want::No, Taken::Nothing, missed));
        match (&flow.step, give) {
            (_, Give::Cancel) => nothing(Answer::Cancel, Want::Any),
            (_, Give::Resend) => {
                nothing(Answer::Resend, Want::of(false, !matches!(flow.step, Step::VerifyEmail { .. })))
            }
            (Step::VerifyEmail { .. }, Give::Correct(to)) => {
                Some((Answer::CorrectAddress(mail(to)), Want::Any, Taken::Moved(to), Missed::Nothing))
            }
            (Step::VerifyEmail { .. }, Give::Right) => Some(self.mailed_code(at)),
            (Step::VerifyEmail { .. }, Give::Wrong) => wrong(Answer::Code("00000000".into()), Missed::Code),
            (Step::VerifyEmail { .. }, Give::Spent) => {
                let spent = self.spent.iter().rev().find_map(|spent| match spent {
                    Spent::Mailed(code) => Some(code),
                    _ => None,
                })?;
                let living = flow.code.as_ref().is_some_and(|code| code.secret.reveal() == spent.reveal());
                if living { None } else { wrong(Answer::Code(spent.clone()), Missed::Code) }
            }
            (Step::VerifyEmail { can_skip, .. }, Give::Skip) => {
                nothing(Answer::Skip, Want::of(false, !can_skip))
            }
            (Step::ConfirmCreate { .. }, Give::Right) => nothing(Answer::Confirm, Want::Any),
            (Step::LinkOrCreate { can_create, .. }, Give::Create) => {
                nothing(Answer::CreateNew, Want::of(false, !can_create))
            }
            (Step::LinkOrCreate { candidates, .. }, Give::Link(_) | Give::Right) => {
                let place = if let Give::Link(place) = give { place } else { 1 };
                let chosen = self.candidates(flow).get(usize::from(place) - 1).copied();
                let offered = usize::from(place) <= candidates.len();
                let taken = chosen.map_or(Taken::Nothing, Taken::Chosen);
                Some((Answer::LinkTo(place), Want::of(false, !offered), taken, Missed::Nothing))
            }
            (Step::ProveOwnership { accepted, .. } | Step::Reauthenticate { accepted, .. }, Give::Right) => {
                self.first_factor(flow, accepted, sure)
            }
            (Step::ProveOwnership { accepted, .. } | Step::Reauthenticate { accepted, .. }, Give::Wrong) => {
                let links = matches!(flow.step, Step::ProveOwnership { .. });
                let missed = if links && accepted.contains(&Accepted::Password) {
                    Missed::First
                } else {
                    Missed::Nothing
                };
                wrong(Answer::Password("not the password".into()), missed)
            }
            (
                Step::SecondFactor { accepted, .. },
                Give::Right | Give::Wrong | Give::Spent | Give::Recovery,
            ) => self.second_factor(flow, give, accepted, sure),
            (Step::SecondFactor { can_skip, .. }, Give::Skip) => Some((
                Answer::Skip,
                Want::of(sure && *can_skip, !can_skip),
                Taken::SkippedSecond,
                Missed::Nothing,
            )),
            (Step::NewPassword, Give::Right) => {
                let text = format!("a new password of flow {at} at {}", flow.number);
                let undoes = matches!(flow.kind, Kind::Undo { .. });
                let want = Want::of(sure && !undoes, false);
                Some((
                    Answer::NewPassword(text.as_str().into()),
                    want,
                    Taken::NewPassword(text),
                    Missed::Nothing,
                ))
            }
            (Step::ConfirmRestore { .. }, Give::Restore | Give::Right) => {
                let links = matches!(flow.kind, Kind::SignUp { .. } | Kind::Federated { .. })
                    && flow.proven.is_some();
                let is_gone = account.is_none_or(|account| account.is_gone(now));
                let want = Want::of(sure && !links, is_gone);
                Some((Answer::Restore, want, Taken::Restored, Missed::Nothing))
            }
            (Step::ConfirmRestore { .. }, Give::Keep) => {
                Some((Answer::KeepDeleted, Want::Any, Taken::LeftOut, Missed::Nothing))
            }
            (Step::ConfirmRestore { .. }, Give::Erase) => {
                let requested = account.and_then(|account| account.pending).map(|(requested, _)| requested);
                let early = requested.is_none_or(|requested| now < requested + days(3));
                Some((Answer::EraseNow, Want::of(false, early), Taken::Erased, Missed::Nothing))
            }
            (Step::PresentAssertion { .. }, Give::Right) => {
                let Kind::Add { identity, claims, .. } = flow.kind else { return None };
                let assertion = Self::assertion(identity, claims, flow.token.as_ref()?);
                let held = account.is_some_and(|account| account.is_held(now));
                let taken_by = self.by_identity(identity).is_some();
                let must_not =
                    account.is_some_and(|it| it.is_known && it.credentials.identities.contains(&identity));
                Some((
                    Answer::Assertion(assertion),
                    Want::of(false, must_not || held || taken_by),
                    Taken::Added,
                    Missed::Nothing,
                ))
            }
            (_, Give::Skip) => nothing(Answer::Skip, Want::No),
            (_, Give::Create) => nothing(Answer::CreateNew, Want::No),
            (_, Give::Restore) => nothing(Answer::Restore, Want::No),
            (_, Give::Recovery) => nothing(Answer::RecoveryCode("0000-0000".into()), Want::No),
            _ => None,
        }
    }

    /// Returns the code that was mailed to the person, or a wrong one.
    fn mailed_code(&self, at: usize) -> Prepared {
        let (now, flow) = (self.now(), &self.flows[at]);
        let known = flow.code.as_ref().filter(|code| code.to / MAILS == flow.who);
        let Some(code) = known else {
            return (Answer::Code("00000000".into()), Want::No, Taken::Nothing, Missed::Code);
        };
        let is_over = now >= code.over_at || code.wrong >= 5;
        // Other sign-ups with the address may have ended this one (SPEC 2.10).
        let rivals = self.flows.iter().skip(at + 1).filter(|other| other.mail == flow.mail).count();
        let is_served = matches!(flow.kind, Kind::SignUp { .. } | Kind::Federated { .. });
        let reserved = match flow.kind {
            Kind::Federated { identity, .. } => {
                self.by_identity(identity).is_some()
                    || self.may_be_reserved(|credentials| credentials.identities.contains(&identity))
            }
            _ => false,
        };
        let want = Want::of(is_served && rivals < 2 && !reserved, is_over);
        let taken = Taken::Code(code.secret.clone());
        (Answer::Code(code.secret.clone()), want, taken, Missed::Code)
    }

    /// Returns the accounts that share the proven email, in the prompt's order.
    fn candidates(&self, flow: &Flow) -> Vec<usize> {
        let now = self.now();
        let Some(proven) = flow.proven else { return Vec::new() };
        if let (Kind::SignUp { .. }, Some(holder)) = (&flow.kind, self.by_password(proven)) {
            return vec![holder];
        }
        let shares = |at: &usize| {
            let account = &self.accounts[*at];
            account.verified.contains(&proven) && !account.is_gone(now) && !flow.left_out.contains(at)
        };
        let mut all: Vec<_> = (0..self.accounts.len()).filter(shares).collect();
        all.sort_by_key(|at| self.accounts[*at].id);
        all
    }

    fn first_factor(&self, flow: &Flow, accepted: &[Accepted], sure: bool) -> Option<Prepared> {
        let now = self.now();
        let at = flow.account?;
        let account = &self.accounts[at];
        let links = matches!(flow.step, Step::ProveOwnership { .. });
        if accepted.contains(&Accepted::Password) {
            let text = self.knows_password(flow.who, at).filter(|_| account.is_known);
            let waits = links && account.first.waits(now);
            let missed = if links { Missed::First } else { Missed::Nothing };
            let Some(text) = text else {
                return Some((
                    Answer::Password("a guess of a password".into()),
                    Want::Any,
                    Taken::First { by_password: true },
                    missed,
                ));
            };
            // In a link, the next step can still fail because the identity is in use or the account is on
            // hold.
            let want = Want::of(sure && account.is_known && !links, waits);
            return Some((
                Answer::Password(text.as_str().into()),
                want,
                Taken::First { by_password: true },
                missed,
            ));
        }
        let own = account
            .credentials
            .identities
            .iter()
            .find(|of| accepted.contains(&Accepted::Federated { provider: Self::provider(**of) }))?;
        if own / IDENTITIES != flow.who {
            return None;
        }
        let assertion = Self::assertion(*own, None, flow.token.as_ref()?);
        let want = Want::of(sure && account.is_known && !links, false);
        Some((Answer::Assertion(assertion), want, Taken::First { by_password: false }, Missed::Nothing))
    }

    fn second_factor(
        &self,
        flow: &Flow,
        give: Give,
        accepted: &[SecondFactor],
        sure: bool,
    ) -> Option<Prepared> {
        let now = self.now();
        let account = &self.accounts[flow.account?];
        let undone = match flow.kind {
            Kind::Undo { offer } => Some(self.undone(offer)),
            _ => None,
        };
        let mfa = undone.as_ref().unwrap_or(&account.credentials).mfa.as_ref();
        let in_session = matches!(flow.kind, Kind::Reauthenticate { .. });
        let links = matches!(flow.step, Step::SecondFactor { .. }) && flow.proven.is_some();
        let missed = if in_session { Missed::Nothing } else { Missed::Second };
        let waits = !in_session && account.second.waits(now);
        let window: Vec<_> = mfa
            .iter()
            .flat_map(|mfa| [0, 30_000, 60_000].map(|back| (mfa, now.as_millis() + 30_000 - back)))
            .filter_map(|(mfa, at)| totp(&mfa.secret, Timestamp::from_millis(at)).ok())
            .collect();
        let would_fit = |code: &Secret| window.iter().any(|shown| shown.reveal() == code.reveal());
        // If MFA was turned off meanwhile, no factor is asked for.
        let asked = account.is_known && mfa.is_some();
        let no = if asked { Want::No } else { Want::Any };
        match give {
            Give::Recovery => {
                let offered = accepted.contains(&SecondFactor::RecoveryCode);
                let code = mfa.filter(|_| account.owner == flow.who)?.codes.last()?.clone();
                let want =
                    Want::of(sure && asked && undone.is_none() && !links, asked && (waits || !offered));
                Some((Answer::RecoveryCode(code.clone()), want, Taken::Recovery(code), missed))
            }
            Give::Spent => self.spent.iter().rev().find_map(|spent| match spent {
                Spent::Totp(of, code, step)
                    if Some(*of) == flow.account && mfa.is_some_and(|mfa| mfa.last_step >= *step) =>
                {
                    Some((Answer::Totp(code.clone()), no, Taken::Nothing, missed))
                }
                Spent::Recovery(of, code) if Some(*of) == flow.account => {
                    Some((Answer::RecoveryCode(code.clone()), no, Taken::Nothing, missed))
                }
                _ => None,
            }),
            Give::Right if account.owner == flow.who => {
                let mfa = mfa?;
                let (code, step) = (totp(&mfa.secret, now).ok()?, now.as_millis() / 30_000);
                let is_new = step > mfa.last_step;
                let want = Want::of(
                    sure && asked && is_new && undone.is_none() && !links,
                    asked && (waits || !is_new),
                );
                Some((Answer::Totp(code.clone()), want, Taken::Totp(code, step), missed))
            }
            _ => {
                let guess: Secret = "000000".into();
                if would_fit(&guess) { None } else { Some((Answer::Totp(guess), no, Taken::Nothing, missed)) }
            }
        }
    }
}
