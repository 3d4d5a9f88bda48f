//! The acts that lead into an account, step by step.

use selfsame::{
    Accepted, Answer, Arrived, Intent, Progress, ProviderId, SecondFactor, Secret, SignedIn, Step, Timestamp,
};
use selfsame_world::{Identity, days, minutes, totp};

use crate::acts::{ACCOUNTS, EVE, Give, IDENTITIES, MAILS, Who, identity, mail};
use crate::model::{Account, Flow, Kind, Session, Spent, Throttle, Want, Ways};
use crate::stage::{By, Stage};
use crate::watch::{self, Broken};

/// What an answer comes to in the model once the engine has taken it.
#[derive(Debug)]
enum Taken {
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

/// What a refused answer costs.
#[derive(Clone, Copy, Debug)]
enum Missed {
    Nothing,
    Code,
    First,
    Second,
}

fn account_owner(flow: &Flow, accounts: &[Account]) -> Option<Who> {
    flow.account.map(|at| accounts[at].owner)
}

impl Stage {
    fn flow(who: Who, progress: &Progress, kind: Kind, now: Timestamp) -> Flow {
        Flow {
            who,
            token: progress.flow.clone(),
            number: progress.number,
            step: progress.step.clone(),
            kind,
            mail: None,
            code: None,
            account: None,
            version: 0,
            since: now,
            first_at: None,
            second_at: None,
            by_password: false,
            recovered: false,
            skipped: false,
            restored: false,
            new_password: None,
            left_out: Vec::new(),
            proven: None,
        }
    }

    /// Keeps a flow that was begun, and looks at where it is.
    pub(crate) fn begun(&mut self, flow: Flow, progress: Progress) -> Result<(), Broken> {
        self.flows.push(flow);
        self.stepped(self.flows.len() - 1, progress)
    }

    pub(crate) fn begin(&self, who: Who, progress: &Progress, kind: Kind) -> Flow {
        Self::flow(who, progress, kind, self.now())
    }

    pub(crate) fn sign_up(&mut self, who: Who, to: usize) -> Result<(), Broken> {
        let password = self.password(who);
        let given = Secret::from(password.as_str());
        let begun =
            self.call(By::Person(who), |engine| engine.sign_up(&mail(to), &given, &Self::client()))?;
        Self::held(Want::Yes, &begun, "a sign-up")?;
        let Ok(progress) = begun else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::SignUp { mail: to, password });
        flow.mail = Some(to);
        self.begun(flow, progress)
    }

    pub(crate) fn sign_in(&mut self, who: Who, to: usize, right: bool) -> Result<(), Broken> {
        let now = self.now();
        let target = self.by_password(to);
        let is_known = self.knows_all_of(to / MAILS);
        let text = target.filter(|_| right).and_then(|at| self.knows_password(who, at));
        let is_right = text.is_some();
        let given = Secret::from(text.unwrap_or_else(|| "a password that is none".to_owned()).as_str());
        let waits = target.is_some_and(|at| self.accounts[at].first.waits(now));
        let want = Want::of(is_known && is_right, is_known && (!is_right || waits));
        let begun =
            self.call(By::Person(who), |engine| engine.sign_in(&mail(to), &given, &Self::client()))?;
        Self::held(want, &begun, "a sign-in with a password")?;
        match begun {
            Ok(progress) => {
                let mut flow = self.begin(who, &progress, Kind::SignIn);
                flow.account = target;
                flow.version = target.map_or(0, |at| self.accounts[at].version);
                flow.first_at = Some(now);
                flow.by_password = true;
                self.begun(flow, progress)
            }
            Err(_) => {
                if let Some(at) = target.filter(|_| !waits) {
                    self.accounts[at].first.fail(now);
                }
                Ok(())
            }
        }
    }

    /// The password, if the person has it and it leads somewhere that the rules allow: Eve uses one that
    /// leaked only where it is one factor of two.
    fn knows_password(&self, who: Who, at: usize) -> Option<String> {
        let account = &self.accounts[at];
        let leaked = who == EVE && account.leaked && account.is_known && account.ways.mfa.is_some();
        (account.owner == who || leaked).then(|| account.text.clone())
    }

    fn assertion(of: usize, claims: Option<usize>, progress: &selfsame::FlowToken) -> selfsame::Assertion {
        let (provider, subject) = identity(of);
        let mut known = Identity::at(provider, &subject).called(&subject);
        if let Some(claims) = claims {
            known = known.with_email(&mail(claims));
        }
        known.assertion(progress).expect("a short name")
    }

    pub(crate) fn provider(of: usize) -> ProviderId {
        ProviderId::new(identity(of).0).expect("a short name")
    }

    pub(crate) fn present(
        &mut self,
        who: Who,
        of: usize,
        claims: Option<usize>,
        signs_up: bool,
    ) -> Result<(), Broken> {
        let holder = self.by_identity(of);
        let is_known = self.knows_all_of(who);
        let may_be_reserved = self.may_be_reserved(|ways| ways.identities.contains(&of));
        let begun = self
            .call(By::Person(who), |engine| engine.begin_federated(&Self::provider(of), &Self::client()))?;
        Self::held(Want::Yes, &begun, "a flow with a provider")?;
        let Ok(begun) = begun else { return Ok(()) };
        let token = begun.flow.clone().ok_or("a flow has a token")?;
        let assertion = Self::assertion(of, claims, &token);
        let intent = if signs_up { Intent::SignUp } else { Intent::SignIn };
        // At the limit of the world nobody new comes.
        if holder.is_none() && self.living() >= ACCOUNTS {
            return Ok(());
        }
        let brought =
            self.call(By::Person(who), |engine| engine.continue_with(&token, &assertion, intent))?;
        let want = Want::of(is_known && (holder.is_some() || !may_be_reserved), false);
        Self::held(want, &brought, "an identity that was brought")?;
        let Ok(progress) = brought else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::Federated { identity: of, claims });
        flow.mail = claims;
        flow.proven = claims.filter(|claim| Self::is_authority(of, *claim));
        if let Some(at) = holder {
            flow.account = Some(at);
            flow.version = self.accounts[at].version;
            flow.first_at = Some(self.now());
        }
        self.begun(flow, progress)
    }

    fn is_authority(of: usize, claim: usize) -> bool {
        identity(of).0 == "example" && claim % MAILS == 2
    }

    pub(crate) fn forgot(&mut self, who: Who, to: usize) -> Result<(), Broken> {
        let begun = self.call(By::Person(who), |engine| engine.reset_password(&mail(to), &Self::client()))?;
        Self::held(Want::Yes, &begun, "a forgotten password")?;
        let Ok(progress) = begun else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::Reset);
        flow.mail = Some(to);
        flow.account = self.by_password(to);
        self.begun(flow, progress)
    }

    /// Answers the step that one of the person's flows is at.
    pub(crate) fn answer(&mut self, who: Who, place: usize, give: Give) -> Result<(), Broken> {
        let is_open = |flow: &Flow| {
            flow.who == who
                && flow.token.is_some()
                && (give == Give::Again || !matches!(flow.step, Step::SignedIn(_) | Step::Done | Step::Ended))
        };
        let Some(at) = Self::nth(&self.flows, place, is_open) else { return Ok(()) };
        if give == Give::Again {
            return self.again(at);
        }
        if self.living() >= ACCOUNTS && self.may_create(at, give) {
            return Ok(());
        }
        let Some((answer, want, taken, missed)) = self.prepared(at, give) else { return Ok(()) };
        let now = self.now();
        let flow = &self.flows[at];
        let (token, number) = (flow.token.clone().ok_or("an open flow has a token")?, flow.number);
        self.acting.flow = Some(at);
        self.acting.account = flow.account;
        self.acting.before = flow
            .account
            .map(|account| (self.accounts[account].ways.clone(), self.accounts[account].is_known));
        let what = format!("{give:?} to {} of {:?}", flow.step.code(), flow.kind);
        let by = match (&flow.kind, account_owner(flow, &self.accounts)) {
            (Kind::Reauthenticate { .. }, Some(owner)) if owner != who => By::Thief,
            _ => By::Person(who),
        };
        let stepped = self.call(by, |engine| engine.answer(&token, number, &answer))?;
        Self::held(want, &stepped, &what)?;
        if give == Give::Spent {
            watch::nothing_twice(true, stepped.is_ok())?;
        }
        match stepped {
            Ok(progress) => {
                self.taken(at, taken, now);
                self.stepped(at, progress)
            }
            Err(refusal) => {
                let is_counted = matches!(refusal.code(), "InvalidCode" | "InvalidCredentials");
                let flow = &mut self.flows[at];
                match (missed, flow.account) {
                    _ if !is_counted => {}
                    (Missed::Code, _) => flow.code.iter_mut().for_each(|code| code.wrong += 1),
                    (Missed::First, Some(account)) => self.accounts[account].first.fail(now),
                    (Missed::Second, Some(account)) => self.accounts[account].second.fail(now),
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// The same answer to the first step again has no second effect, and hands out no second token.
    fn again(&mut self, at: usize) -> Result<(), Broken> {
        let flow = &self.flows[at];
        let token = flow.token.clone().ok_or("an open flow has a token")?;
        if flow.number <= 1 {
            return Ok(());
        }
        let (who, step) = (flow.who, flow.step.code());
        let commits = self.world.engine().commits().map_err(|error| error.to_string())?;
        let again = self.call(By::Person(who), |engine| engine.answer(&token, 1, &Answer::Cancel))?;
        let after = self.world.engine().commits().map_err(|error| error.to_string())?;
        let opened =
            matches!(&again, Ok(Progress { step: Step::SignedIn(SignedIn { token: Some(_), .. }), .. }));
        watch::nothing_twice(true, opened || commits != after)?;
        match again {
            Ok(progress)
                if progress.step.code() != step && step != "LinkOrCreate" && step != "ProveOwnership" =>
            {
                Err(format!("the step is {} and was {step}", progress.step.code()))
            }
            _ => Ok(()),
        }
    }

    fn may_create(&self, at: usize, give: Give) -> bool {
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

    /// The answer, what the model says of it, and what it comes to either way.
    fn prepared(&self, at: usize, give: Give) -> Option<(Answer, Want, Taken, Missed)> {
        let now = self.now();
        let flow = &self.flows[at];
        let account = flow.account.and_then(|account| self.accounts.get(account));
        let is_young = now < flow.since + minutes(9);
        // What was proven before may be void by what happened to the account since.
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
            (Step::VerifyEmail { .. }, Give::Right) => {
                let known = flow.code.as_ref().filter(|code| code.to / MAILS == flow.who);
                let Some(code) = known else { return wrong(Answer::Code("00000000".into()), Missed::Code) };
                let is_over = now >= code.over_at || code.wrong >= 5;
                // Somebody else's sign-ups with the address may have pushed this one out (SPEC 2.10).
                let rivals = self.flows.iter().skip(at + 1).filter(|other| other.mail == flow.mail).count();
                let is_served = matches!(flow.kind, Kind::SignUp { .. } | Kind::Federated { .. });
                let reserved = match flow.kind {
                    Kind::Federated { identity, .. } => {
                        self.by_identity(identity).is_some()
                            || self.may_be_reserved(|ways| ways.identities.contains(&identity))
                    }
                    _ => false,
                };
                let want = Want::of(is_served && rivals < 2 && !reserved, is_over);
                let taken = Taken::Code(code.secret.clone());
                Some((Answer::Code(code.secret.clone()), want, taken, Missed::Code))
            }
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
                wrong(Answer::Password("a password that is none".into()), missed)
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
                    account.is_some_and(|it| it.is_known && it.ways.identities.contains(&identity));
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

    /// The accounts that share the proven email, as the prompt lists them.
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

    fn first_factor(
        &self,
        flow: &Flow,
        accepted: &[Accepted],
        sure: bool,
    ) -> Option<(Answer, Want, Taken, Missed)> {
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
            // A link may still find the identity in use or the account on hold, in the step after this.
            let want = Want::of(sure && account.is_known && !links, waits);
            return Some((
                Answer::Password(text.as_str().into()),
                want,
                Taken::First { by_password: true },
                missed,
            ));
        }
        let own = account
            .ways
            .identities
            .iter()
            .find(|of| accepted.contains(&Accepted::Federated(Self::provider(**of))))?;
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
    ) -> Option<(Answer, Want, Taken, Missed)> {
        let now = self.now();
        let account = &self.accounts[flow.account?];
        let undone = match flow.kind {
            Kind::Undo { offer } => Some(self.undone(offer)),
            _ => None,
        };
        let mfa = undone.as_ref().unwrap_or(&account.ways).mfa.as_ref();
        let in_session = matches!(flow.kind, Kind::Reauthenticate { .. });
        let links = matches!(flow.step, Step::SecondFactor { .. }) && flow.proven.is_some();
        let missed = if in_session { Missed::Nothing } else { Missed::Second };
        let waits = !in_session && account.second.waits(now);
        let window: Vec<_> = mfa
            .iter()
            .flat_map(|mfa| [0, 30_000, 60_000].map(|back| (mfa, now.as_millis() + 30_000 - back)))
            .filter_map(|(mfa, at)| totp(&mfa.secret, Timestamp::from_millis(at)))
            .collect();
        let would_fit = |code: &Secret| window.iter().any(|shown| shown.reveal() == code.reveal());
        // The factor may have been turned off meanwhile: then nothing is asked for any more.
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
                let (code, step) = (totp(&mfa.secret, now)?, now.as_millis() / 30_000);
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

    fn taken(&mut self, at: usize, taken: Taken, now: Timestamp) {
        let flow = &mut self.flows[at];
        let account = flow.account;
        match taken {
            Taken::Nothing => {}
            Taken::Code(code) => {
                self.spent.push(Spent::Mailed(code));
                flow.code = None;
                flow.proven = flow.mail;
                if flow.kind == Kind::Reset {
                    flow.first_at = Some(now);
                    flow.by_password = true;
                    flow.proven = None;
                    flow.version = account.map_or(0, |account| self.accounts[account].version);
                }
            }
            Taken::First { by_password } => {
                flow.first_at = Some(now);
                flow.by_password = by_password;
            }
            Taken::Totp(code, step) => {
                flow.second_at = Some(now);
                if let Some(account) = account {
                    self.spent.push(Spent::Totp(account, code, step));
                    self.accounts[account].second.clear();
                    if let Some(mfa) = &mut self.accounts[account].ways.mfa {
                        mfa.last_step = mfa.last_step.max(step);
                    }
                    if let Kind::Undo { offer } = self.flows[at].kind
                        && let Some(mfa) = &mut self.offers[offer].before.mfa
                    {
                        mfa.last_step = mfa.last_step.max(step);
                    }
                }
            }
            Taken::Recovery(code) => {
                flow.second_at = Some(now);
                flow.recovered = true;
                if let Some(account) = account {
                    self.accounts[account].second.clear();
                    let offer = if let Kind::Undo { offer } = flow.kind { Some(offer) } else { None };
                    let of_offer = offer.and_then(|offer| self.offers[offer].before.mfa.as_mut());
                    for mfa in self.accounts[account].ways.mfa.iter_mut().chain(of_offer) {
                        mfa.codes.retain(|other| other.reveal() != code.reveal());
                    }
                    self.spent.push(Spent::Recovery(account, code));
                }
            }
            Taken::SkippedSecond => flow.skipped = true,
            Taken::NewPassword(text) => flow.new_password = Some(text),
            Taken::Chosen(account) => {
                flow.account = Some(account);
                flow.version = self.accounts[account].version;
            }
            Taken::Restored => flow.restored = true,
            Taken::LeftOut => {
                flow.left_out.extend(account);
                flow.account = None;
            }
            Taken::Erased => {
                if let Some(account) = account {
                    self.accounts[account].pending = Some((now, now));
                }
            }
            Taken::Moved(to) => {
                flow.mail = Some(to);
                flow.code = None;
                if flow.kind == Kind::Reset {
                    self.flows[at].account = self.by_password(to);
                }
            }
            Taken::Added => self.added(at),
        }
    }

    /// Where a flow is now.
    fn stepped(&mut self, at: usize, progress: Progress) -> Result<(), Broken> {
        let now = self.now();
        self.acting.flow = Some(at);
        self.acting.account = self.acting.account.or(self.flows[at].account);
        let flow = &mut self.flows[at];
        (flow.number, flow.since) = (progress.number, now);
        flow.step = progress.step.clone();
        match progress.step {
            Step::SignedIn(signed_in) => self.arrived(at, signed_in),
            Step::LinkOrCreate { candidates, .. } => {
                flow.account = None;
                flow.first_at = None;
                flow.second_at = None;
                let foreign = flow.proven.is_some_and(|proven| proven / MAILS != flow.who);
                if foreign && !candidates.is_empty() {
                    return Err("somebody is shown who else has an address that is not theirs".to_owned());
                }
                Ok(())
            }
            Step::Done => self.undone_without_password(at),
            // An undo is done before the restore that it leads to (SPEC 7.3).
            Step::ConfirmRestore { .. } => self.undone_while_pending(at),
            _ => Ok(()),
        }
    }

    /// Somebody has a session: it must be the owner, who has given all that the account wants.
    fn arrived(&mut self, at: usize, signed_in: SignedIn) -> Result<(), Broken> {
        let now = self.now();
        let flow = self.flows[at].clone();
        let known = self.accounts.iter().position(|account| account.id == signed_in.account);
        let Some(account) = known else {
            if signed_in.outcome != Arrived::Created {
                return Err(format!("a session of an unknown account: {:?}", signed_in.outcome));
            }
            let account = self.created(&flow, signed_in.account);
            self.acting.account = Some(account);
            return self.opened(&flow, account, signed_in, now);
        };
        self.acting.account = Some(account);
        let model = &self.accounts[account];
        watch::the_owner_alone(model.owner, flow.who)?;
        if flow.account.is_some_and(|expected| expected != account) || signed_in.outcome == Arrived::Created {
            return Err(format!("flow {:?} came to account {account}", flow.kind));
        }
        if model.is_gone(now) || (model.pending.is_some() && !flow.restored) {
            return Err(format!("account {account} is on its way to deletion and was opened"));
        }
        let wants_second = model.is_known && model.ways.mfa.is_some() && !flow.skipped;
        let has_proof = flow.first_at.is_some() || matches!(flow.kind, Kind::Undo { .. });
        if !has_proof || (wants_second && flow.second_at.is_none() && !matches!(flow.kind, Kind::Undo { .. }))
        {
            return Err(format!("account {account} was opened without its factors"));
        }
        self.opened(&flow, account, signed_in, now)
    }

    fn created(&mut self, flow: &Flow, id: selfsame::AccountId) -> usize {
        let (password, text, identities) = match &flow.kind {
            Kind::SignUp { password, .. } => (flow.mail, password.clone(), Vec::new()),
            Kind::Federated { identity, .. } => (None, String::new(), vec![*identity]),
            _ => (None, String::new(), Vec::new()),
        };
        self.accounts.push(Account {
            id,
            owner: flow.who,
            ways: Ways { password, identities: identities.into_iter().collect(), mfa: None },
            is_known: true,
            text,
            leaked: false,
            stolen: false,
            compromised: false,
            verified: flow.proven.into_iter().collect(),
            contact: flow.proven,
            name: None,
            memberships: Vec::new(),
            first: Throttle::default(),
            second: Throttle::default(),
            hold_until: None,
            pending: None,
            is_purged: false,
            version: 1,
        });
        self.accounts.len() - 1
    }

    fn opened(
        &mut self,
        flow: &Flow,
        account: usize,
        signed_in: SignedIn,
        now: Timestamp,
    ) -> Result<(), Broken> {
        let renews = if let Kind::Reauthenticate { session } = flow.kind { Some(session) } else { None };
        let model = &mut self.accounts[account];
        if (flow.by_password && renews.is_none()) || model.first.failures >= 100 {
            model.first.clear();
        }
        if flow.restored {
            model.pending = None;
            model.version += 1;
        }
        let mut ends_others = flow.recovered && !matches!(flow.kind, Kind::Undo { .. });
        if signed_in.outcome == Arrived::Linked {
            model.version += 1;
            match flow.kind {
                Kind::SignUp { mail, .. } if model.ways.password.is_none() => {
                    model.ways.password = flow.mail.or(Some(mail));
                    if let Kind::SignUp { password, .. } = &flow.kind {
                        model.text.clone_from(password);
                    }
                }
                Kind::Federated { identity, .. } => _ = model.ways.identities.insert(identity),
                _ => {}
            }
        }
        if let Some(text) = &flow.new_password {
            (model.text, model.leaked, model.compromised) = (text.clone(), false, false);
            model.version += 1;
        }
        if flow.recovered || flow.kind == Kind::Reset {
            model.recover(now);
            ends_others = true;
        }
        if let Kind::Undo { offer } = flow.kind
            && signed_in.outcome == Arrived::Undone
        {
            self.undo_done(offer)?;
            ends_others = true;
        }
        let (first_at, second_at) = (flow.first_at.unwrap_or(now), flow.second_at);
        let mut session = Session {
            holder: flow.who,
            account,
            id: signed_in.session,
            token: signed_in.token.ok_or("a session that was just opened has a token")?,
            first_at,
            proven_at: second_at.map_or(first_at, |second| second.min(first_at)),
            has_second: second_at.is_some() && !flow.recovered,
            recovered: flow.recovered,
            is_over: false,
            enrolment: None,
            unsaved: None,
            pending: None,
        };
        let Some(old) = renews else {
            self.sessions.push(session);
            return if ends_others {
                self.sessions_end(account, Some(self.sessions.len() - 1))
            } else {
                Ok(())
            };
        };
        let before = self.sessions[old].clone();
        if flow.skipped {
            session.proven_at = before.proven_at;
            (session.has_second, session.recovered) = (before.has_second, before.recovered);
        }
        (session.enrolment, session.unsaved, session.pending) =
            (before.enrolment, before.unsaved, before.pending);
        // The token before opens nothing any more, whoever has it.
        let token = self.sessions[old].token.clone();
        for at in 0..self.sessions.len() {
            if self.sessions[at].token == token {
                self.sessions[at].is_over = true;
                self.is_over(at)?;
            }
        }
        self.sessions.push(session);
        if ends_others { self.sessions_end(account, Some(self.sessions.len() - 1)) } else { Ok(()) }
    }
}
