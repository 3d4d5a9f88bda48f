//! The account on which the acts are measured: Ada's, which is 24 days old and has a password and an identity, two
//! verified addresses, MFA (20 days after the sign-up), and a contact that was changed an hour ago.

use std::collections::BTreeSet;
use std::time::Duration;

use super::By;
use super::rows::Act;
use selfsame::{
    Accepted, AccountHandle, Answer, Client, Error, Flow, Intent, Message, MethodId, MethodKind, RequestId,
    RequestKind, Secret, Step,
};
use selfsame_world::{Authenticator, Device, Identity, Person, World, days, hours, minutes, signed_in};

/// The state in which an act is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Situation {
    /// Every factor was just proven.
    Fresh,
    /// Every factor was proven, but too long ago.
    Stale,
    /// The first factor was just proven, the second too long ago.
    FirstOnly,
    /// A recovery code was the second factor, and the policy has no hold.
    Recovered,
    /// Every factor was just proven, and the account is on hold.
    OnHold,
    /// The password was just reset, with a recovery code as the second factor.
    ResetWithCode,
}

/// How the steps of a flow are answered where there is a choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    App,
    RecoveryCode,
    Skip,
}

/// An account, its owner's session, and what the owner knows.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) account: AccountHandle,
    pub(super) ada: Person,
    /// The identity with which the owner signs in if the account has no password.
    pub(super) identity: Identity,
    pub(super) has_password: bool,
    pub(super) passkey: Device,
    pub(super) app: Option<Authenticator>,
    /// The app before the act.
    former: Option<Authenticator>,
    /// The recovery codes that were used.
    used: usize,
    /// The addresses that were verified before the act.
    verified: BTreeSet<String>,
    /// The messages before the act.
    earlier: usize,
    pub(super) second: Second,
    /// The answer to `ConfirmRestore`.
    pub(super) restores: Answer,
    /// What the act has asked for.
    pub(super) asked: Vec<String>,
}

/// The contact of seven days ago, which is not on the account any more.
pub(super) const FIRST: &str = "ada@example.org";
pub(super) const CONTACT: &str = "ada@example.net";
pub(super) const OTHER: &str = "ada@provider.example";

impl Stage {
    /// Sets the stage: the account, what must have happened before the act, and the situation.
    pub(super) fn new(act: &Act, situation: Situation) -> Self {
        let hold = if situation == Situation::Recovered { Duration::ZERO } else { days(7) };
        let world = World::builder().policy(World::policy().hold(hold).build().unwrap()).build();
        let ada = world.ada();
        world.later(days(20));
        let account = world.fresh(&ada);
        let identity = Identity::at("example", "1").with_email(OTHER);
        world.add(&account, &identity).unwrap();
        let mut stage = Self::of(world, ada, account, identity);
        if act.mfa {
            stage.turns_mfa_on().unwrap();
        }
        if act.has_passkey {
            stage.adds_a_passkey();
        }
        stage.world.later(days(4));
        stage.enters(Situation::Fresh);
        stage.world.move_to(&stage.account, CONTACT);
        stage.ada.email = CONTACT.to_owned();
        stage.world.later(hours(1));
        if act.by == By::Session {
            (act.starts)(&mut stage);
            stage.enters(situation);
        } else {
            if situation == Situation::OnHold {
                stage.enters(situation);
            }
            (act.starts)(&mut stage);
        }
        stage
    }

    fn of(world: World, ada: Person, account: AccountHandle, identity: Identity) -> Self {
        Self {
            world,
            account,
            ada,
            identity,
            has_password: true,
            passkey: Device::new(1),
            app: None,
            former: None,
            used: 0,
            verified: BTreeSet::new(),
            earlier: 0,
            second: Second::App,
            restores: Answer::Restore,
            asked: Vec::new(),
        }
    }

    /// Replaces the account by one whose first address was just proven, so that its owner reviews the methods.
    pub(super) fn waits_for_review(&mut self) {
        self.world.later(hours(1));
        let made = self.world.answer(&self.world.x_identity("squatter", Some(FIRST)), Answer::Skip).unwrap();
        let squatter = self.world.engine().account(&signed_in(made).token).unwrap();
        self.identity = Identity::at("other", "1");
        self.world.add(&squatter, &self.identity).unwrap();
        self.has_password = false;
        self.enters(Situation::Fresh);
        self.account.verify_address(FIRST).unwrap();
        self.world.prove_address(&self.account, FIRST).unwrap();
    }

    /// Adds the passkey.
    fn adds_a_passkey(&mut self) {
        self.enters(Situation::Fresh);
        let begun = self.account.begin_add_passkey().unwrap();
        let Step::CreatePasskey { options } = &begun.step else { panic!("{begun:?}") };
        self.world.engine().answer(&begun, self.passkey.create(options)).unwrap();
    }

    /// Removes the password.
    pub(super) fn loses_the_password(&mut self) {
        self.enters(Situation::Fresh);
        self.account.remove_method(self.method(MethodKind::Password)).unwrap();
        self.has_password = false;
    }

    /// Requests the deletion.
    pub(super) fn deletes(&mut self) {
        self.enters(Situation::Fresh);
        self.account.request_deletion().unwrap();
    }

    /// Requests the erasure of the data.
    pub(super) fn requests_erasure(&mut self) -> RequestId {
        self.enters(Situation::Fresh);
        self.account.request_privacy(RequestKind::Erasure).unwrap().id
    }

    /// Opens a session.
    pub(super) fn enters(&mut self, situation: Situation) {
        self.world.later(minutes(1));
        match situation {
            Situation::Fresh => self.signs_in(Second::App),
            Situation::Stale => {
                self.signs_in(Second::App);
                self.world.later(minutes(6));
            }
            Situation::FirstOnly => {
                self.enters(Situation::Stale);
                let begun = self.account.reauthenticate().unwrap();
                self.opens(begun, Second::Skip);
            }
            Situation::Recovered => self.signs_in(Second::RecoveryCode),
            Situation::OnHold if self.app.is_some() => {
                self.signs_in(Second::RecoveryCode);
                self.enters(Situation::Fresh);
            }
            Situation::OnHold => {
                self.signs_in(Second::App);
                self.world.add(&self.account, &Identity::at("other", "unwanted")).unwrap();
                let code = self.undo_code().unwrap().1;
                self.undo(&code).unwrap();
                self.enters(Situation::Fresh);
            }
            Situation::ResetWithCode => {
                let begun =
                    self.world.engine().reset_password(&self.ada.email, &Client::on("laptop")).unwrap();
                self.opens(begun, Second::RecoveryCode);
            }
        }
    }

    fn signs_in(&mut self, second: Second) {
        let begun = self.first_factor().unwrap();
        self.opens(begun, second);
    }

    /// Starts a sign-in with the password, or with the identity if there is none.
    pub(super) fn first_factor(&mut self) -> Result<Flow, Error> {
        if self.has_password {
            self.asks("the password");
            self.world.sign_in(&self.ada.email, &self.ada.password)
        } else {
            self.asks("the identity");
            self.world.present(&self.identity, Intent::SignIn)
        }
    }

    fn opens(&mut self, begun: Flow, second: Second) {
        self.second = second;
        let opened = self.goes_on(begun).unwrap();
        self.second = Second::App;
        self.ada.token = signed_in(opened).token;
        self.account = self.world.account(&self.ada);
    }

    /// Begins the act: forgets the steps until now, and remembers the addresses that were verified.
    pub(super) fn begins(&mut self) {
        self.earlier = self.world.mailbox().all().len();
        self.asked.clear();
        self.former = self.app.clone();
        self.verified = match self.account.view() {
            Ok(view) => {
                let verified = view.addresses.into_iter().filter(|address| address.verified_at.is_some());
                verified.map(|address| address.email).collect()
            }
            Err(_) => [CONTACT, OTHER].map(str::to_owned).into(),
        };
    }

    /// The messages since the act began.
    pub(super) fn told(&self) -> Vec<Message> {
        self.world.mailbox().all().split_off(self.earlier)
    }

    pub(super) fn asks(&mut self, what: &str) {
        if !self.asked.iter().any(|asked| asked == what) {
            self.asked.push(what.to_owned());
        }
    }

    /// Answers the steps of a flow until it ends, and notes what they ask for.
    pub(super) fn goes_on(&mut self, mut flow: Flow) -> Result<Flow, Error> {
        loop {
            let answer = match &flow.step {
                Step::VerifyEmail { .. } => Answer::Code(self.mailed_code()),
                Step::SecondFactor { is_former, .. } => self.second_factor(*is_former),
                Step::NewPassword => {
                    self.asks("a new password");
                    self.ada.password.push_str(" anew");
                    Answer::NewPassword(self.ada.password.as_str().into())
                }
                Step::Reauthenticate { .. } | Step::ProveOwnership { .. } => self.proves(&flow),
                Step::LinkOrCreate { .. } => Answer::LinkTo(1),
                Step::ConfirmRestore { .. } => {
                    self.asks("a confirmation");
                    self.restores.clone()
                }
                _ => return Ok(flow),
            };
            flow = self.world.answer(&flow, answer)?;
        }
    }

    fn proves(&mut self, flow: &Flow) -> Answer {
        if self.has_password {
            self.asks("the password");
            return Answer::Password(self.ada.password.as_str().into());
        }
        self.asks("the identity");
        Answer::Assertion(self.world.assertion(&self.identity, flow).unwrap())
    }

    fn second_factor(&mut self, is_former: bool) -> Answer {
        let app = if is_former { self.former.as_ref() } else { self.app.as_ref() };
        let app = app.unwrap().clone();
        match self.second {
            Second::Skip => Answer::Skip,
            Second::RecoveryCode => {
                self.asks("a recovery code");
                self.used += 1;
                Answer::RecoveryCode(app.recovery_codes[self.used].clone())
            }
            Second::App => {
                self.asks(if is_former {
                    "the second factor from before the act"
                } else {
                    "the second factor"
                });
                // The engine takes each code once.
                self.world.later(Duration::from_secs(30));
                self.world.shown_by(&app)
            }
        }
    }

    /// The newest mailed code.
    pub(super) fn mailed_code(&mut self) -> Secret {
        let all = self.world.mailbox().all();
        let newest =
            all.iter().rev().find_map(|message| Some((&message.to, message.kind.mailed_code()?.clone())));
        let (to, code) = newest.unwrap();
        let known = to == FIRST || self.verified.contains(to);
        self.asks(if known { "a code mailed to the address" } else { "a code mailed to the new address" });
        code
    }

    /// Types the newest mailed code in the session.
    pub(super) fn proves_address(&mut self) -> Result<(), Error> {
        let code = self.mailed_code();
        self.account.prove_address(&code).map(drop)
    }

    /// Turns MFA on, or replaces the second factor.
    pub(super) fn turns_mfa_on(&mut self) -> Result<(), Error> {
        let secret = self.account.enroll_totp()?.secret;
        self.asks("a code of the new app");
        let recovery_codes = self.account.confirm_totp(&self.world.totp(&secret).unwrap())?.codes;
        self.account.recovery_codes_saved()?;
        self.app = Some(Authenticator { secret, recovery_codes });
        Ok(())
    }

    /// Carries out an undo, and notes what it asks for besides the code.
    pub(super) fn undo(&mut self, code: &Secret) -> Result<(), Error> {
        self.asked.clear();
        let begun = self.world.undo(code)?;
        let ended = self.goes_on(begun)?;
        assert!(matches!(ended.step, Step::SignedIn { .. } | Step::Done { .. }), "{ended:?}");
        Ok(())
    }

    /// The newest message with an undo code, and the code.
    pub(super) fn undo_code(&self) -> Option<(Message, Secret)> {
        let all = self.world.mailbox().all().into_iter().rev();
        all.into_iter().find_map(|message| {
            let code = message.undo.as_ref()?.code.clone();
            Some((message, code))
        })
    }

    pub(super) fn reauthenticates_with(&self) -> Vec<Accepted> {
        match self.account.reauthenticate().unwrap().step {
            Step::Reauthenticate { accepted, .. } => accepted,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn method(&self, kind: MethodKind) -> MethodId {
        self.account.view().unwrap().methods.iter().find(|method| method.kind == kind).unwrap().id
    }

    /// Describes these addresses in the words of the page.
    pub(super) fn receivers(&self, to: &BTreeSet<String>) -> String {
        let mut words = Vec::new();
        if self.verified.is_subset(to) {
            words.push("every verified address");
        }
        for email in to.difference(&self.verified) {
            words.push(match email.as_str() {
                "" => "the host",
                FIRST => "the standing contact",
                other => panic!("{other} was told"),
            });
        }
        assert!(words.len() == 1 || self.verified.is_subset(to), "{to:?}");
        words.join(" and ")
    }
}
