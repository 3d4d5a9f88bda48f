//! Every kind of act, done by one person.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use selfsame::{
    AccountHandle, Answer, Billing, BillingStatus, Client, EmailProof, Engine, Error, Flow, ImportedAccount,
    Intent, Managed, ManagedBy, MethodId, MethodKind, Planned, PrivacyRequest, RequestKind, Secret,
    SessionToken, Step,
};
use selfsame_world::{Authenticator, Identity, Person, World, days, minutes, signed_in};

use super::noted::{Footprint, NotedStore, Notes, keys};

const PASSWORD: &str = "correct horse battery staple";
const ANOTHER: &str = "another horse battery staple";

/// A kind of act. Its name begins with the call in `tests/api.txt`.
pub(super) struct Act {
    pub(super) name: &'static str,
    /// Whether addresses are proven later.
    pub(super) later: bool,
    run: fn(&Stage),
}

/// Calls that concern no single account, with the rows that they read or write.
pub(super) const EVERYBODYS: [(&str, &str); 10] = [
    ("Engine::health", "counts"),
    ("Engine::messages", "messages and reminders that are due"),
    ("Engine::open_requests", "open requests"),
    ("Engine::picker", "the accounts of the device"),
    ("Engine::purge_due", "purges that are due, ended flows"),
    ("Engine::set_keys", "writes a key set"),
    ("Engine::set_trusted_time", "the clock"),
    ("Engine::support", "nothing: the call is not an act"),
    ("Engine::sweep", "ended flows"),
    ("Engine::verify_store", "all rows"),
];

/// Two people, and the notes of what an act does.
pub(super) struct Stage {
    world: World,
    notes: Arc<Notes>,
    people: Vec<(&'static str, Person)>,
    name: &'static str,
}

impl Stage {
    pub(super) fn new(later: bool) -> Self {
        let proof = if later { EmailProof::Later } else { EmailProof::BeforeAccount };
        let notes = Arc::new(Notes::default());
        let of_the_store = notes.clone();
        let world = World::builder()
            .policy(World::policy().email_proof(proof).build().unwrap())
            .around(move |below| Arc::new(NotedStore { below, notes: of_the_store.clone() }))
            .build();
        Self { world, notes, people: Vec::new(), name: "" }
    }

    /// Makes two people with the same credentials and data.
    pub(super) fn both(&mut self) {
        self.person("ada");
        self.person("grace");
    }

    /// Makes somebody with a password, an identity, a product and an act that can be undone.
    pub(super) fn person(&mut self, name: &'static str) {
        self.name = name;
        let email = self.email("");
        let flow = self.world.sign_up(&email, PASSWORD);
        let done = match flow.step {
            Step::SignedIn { session } => session,
            _ => signed_in(self.world.prove(&flow, &email)),
        };
        let (account, session, token) = (done.account, done.session, done.token);
        let (recognition, password) = (done.recognition, PASSWORD.to_owned());
        let person = Person { account, session, token, recognition, email, password };
        self.people.push((name, person));
        self.world.later(minutes(2));
        self.world.add(&self.account(), &Identity::at("x", name)).unwrap();
        self.bill("1").unwrap();
        self.mail();
        self.world.later(minutes(2));
    }

    /// Makes somebody, lets them begin flows and acts of every kind, and lets all of these end.
    pub(super) fn leave_everything_over(&mut self, name: &'static str) {
        self.person(name);
        let engine = self.engine();
        let (email, new) = (self.email(""), self.email("unfinished."));
        engine.sign_up(&new, &PASSWORD.into(), &client()).unwrap();
        engine.reset_password(&email, &client()).unwrap();
        engine.begin_federated(&"x".parse().unwrap(), &client()).unwrap();
        if let Some(code) = self.world.mailbox().undo(&email) {
            self.world.undo(&code).unwrap();
        }
        engine.sign_in(&email, &"wrong".into(), &client()).unwrap_err();
        let account = self.world.fresh(&self.me());
        account.reauthenticate().unwrap();
        _ = account.change_email(&self.email("moved."));
        account.request_privacy(RequestKind::Access).unwrap();
        account.request_privacy(RequestKind::Erasure).unwrap();
        self.world.sign_in(&email, PASSWORD).unwrap();
        self.world.later(days(400));
    }

    /// Notes what the act does if the person with this name does it.
    pub(super) fn footprint(&mut self, name: &'static str, act: &Act) -> Footprint {
        self.name = name;
        if name == "grace" {
            // Draws randomness, so that the two do not draw the same ids.
            (0..64).for_each(|_| assert!(!self.engine().sweep().unwrap()));
        }
        (act.run)(self);
        assert!(self.notes.are_taken(), "{} did nothing", act.name);
        self.notes.stop()
    }

    pub(super) fn keys(&self) -> BTreeSet<Vec<u8>> {
        let mut found = BTreeSet::new();
        self.engine()
            .look_at(&mut |read| {
                found = keys(read)?;
                Ok(())
            })
            .unwrap();
        found
    }

    /// Makes the last call of an act, and notes it.
    fn seen<T: Debug>(&self, call: impl FnOnce(&Engine) -> Result<T, Error>) {
        self.tried(call).unwrap();
    }

    /// Makes a call that the engine may refuse, and notes it.
    fn tried<T: Debug>(&self, call: impl FnOnce(&Engine) -> Result<T, Error>) -> Result<T, Error> {
        self.notes.start();
        call(self.engine())
    }

    fn engine(&self) -> &Engine {
        self.world.engine()
    }

    fn me(&self) -> Person {
        self.people.iter().find(|(name, _)| *name == self.name).unwrap().1.clone()
    }

    fn email(&self, prefix: &str) -> String {
        format!("{prefix}{}@example.org", self.name)
    }

    fn account(&self) -> AccountHandle {
        self.world.account(&self.me())
    }

    fn fresh(&self) -> AccountHandle {
        self.world.fresh(&self.me())
    }

    fn mail(&self) {
        self.world.fetch_mail().unwrap();
    }

    fn code(&self, email: &str) -> Answer {
        Answer::Code(self.world.mailbox().code(email).unwrap())
    }

    fn bill(&self, customer: &str) -> Result<(), Error> {
        let billing = Billing {
            customer: format!("{}-{customer}", self.name).parse().unwrap(),
            plan: "plus".to_owned(),
            status: BillingStatus::Active,
            period_end: None,
            managed_by: ManagedBy::Direct,
        };
        self.engine().set_billing(self.me().account, &"grok".parse().unwrap(), &billing)
    }

    fn method(&self, kind: MethodKind) -> MethodId {
        let methods = self.account().view().unwrap().methods;
        methods.iter().find(|method| method.kind == kind).unwrap().id
    }

    fn mfa(&self) -> Authenticator {
        let app = self.world.turn_mfa_on(&self.fresh());
        self.world.later(minutes(2));
        app
    }

    /// A session that has proven both factors.
    fn with_both(&self, app: &Authenticator) -> AccountHandle {
        let asked = self.world.sign_in(&self.email(""), PASSWORD).unwrap();
        let done = signed_in(self.world.answer(&asked, self.world.shown_by(app)).unwrap());
        self.engine().account(&done.token).unwrap()
    }

    fn signing_up(&self) -> (Flow, String) {
        let email = self.email("new.");
        (self.world.sign_up(&email, PASSWORD), email)
    }

    fn resetting(&self) -> Flow {
        self.engine().reset_password(&self.email(""), &client()).unwrap()
    }

    fn request(&self, kind: RequestKind) -> PrivacyRequest {
        self.fresh().request_privacy(kind).unwrap()
    }

    /// Somebody new who wants the same email and is asked which account to link.
    fn linking(&self) -> Flow {
        let identity = Identity::at("other", self.name).with_email(&self.email(""));
        let asked = self.world.prove(&self.world.federated(&identity), &self.email(""));
        self.world.answer(&asked, Answer::LinkTo(1)).unwrap()
    }

    fn imported(&self) -> ImportedAccount {
        ImportedAccount {
            external_id: self.name.to_owned(),
            created_at: None,
            display_name: None,
            email: Some(self.email("old.")),
            email_verified: true,
            password_hash: Some(Secret::from("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")),
            identities: Vec::new(),
            totp: None,
        }
    }

    /// An account that has only an identity.
    fn by_identity(&self) -> SessionToken {
        signed_in(self.world.federated(&Identity::at("x", &format!("{}-alone", self.name)))).token
    }
}

fn client() -> Client {
    Client::on("laptop")
}

macro_rules! acts {
    ($($(#[$later:ident])? $name:literal: $run:expr,)*) => {
        /// Every kind of act.
        pub(super) const ACTS: &[Act] = &[$(Act { name: $name, later: acts!(@$($later)?), run: $run }),*];
    };
    (@later) => { true };
    (@) => { false };
}

acts! {
    "Engine::sign_up": |s| s.seen(|engine| engine.sign_up(&s.email("new."), &PASSWORD.into(), &client())),
    "Engine::sign_up/known": |s| s.seen(|engine| engine.sign_up(&s.email(""), &PASSWORD.into(), &client())),
    #[later] "Engine::sign_up/later": |s| {
        s.seen(|engine| engine.sign_up(&s.email("new."), &PASSWORD.into(), &client()));
    },
    "Engine::sign_in": |s| s.seen(|engine| engine.sign_in(&s.email(""), &PASSWORD.into(), &client())),
    "Engine::sign_in/wrong": |s| {
        s.tried(|engine| engine.sign_in(&s.email(""), &ANOTHER.into(), &client())).unwrap_err();
    },
    "Engine::sign_in/unknown": |s| {
        s.tried(|engine| engine.sign_in(&s.email("no."), &ANOTHER.into(), &client())).unwrap_err();
    },
    "Engine::sign_in/second factor": |s| {
        s.mfa();
        s.seen(|engine| engine.sign_in(&s.email(""), &PASSWORD.into(), &client()));
    },
    #[later] "Engine::sign_in/later": |s| {
        s.seen(|engine| engine.sign_in(&s.email(""), &PASSWORD.into(), &client()));
    },
    "Engine::sign_in_with_passkey": |s| s.seen(|engine| engine.sign_in_with_passkey(None, &client())),
    "Engine::sign_in_to": |s| s.seen(|engine| engine.sign_in_to(s.me().account, &PASSWORD.into(), &client())),
    "Engine::reset_password": |s| s.seen(|engine| engine.reset_password(&s.email(""), &client())),
    "Engine::reset_password/unknown": |s| s.seen(|engine| engine.reset_password(&s.email("no."), &client())),
    "Engine::begin_federated": |s| s.seen(|engine| engine.begin_federated(&"x".parse().unwrap(), &client())),
    "Engine::continue_with": |s| {
        let (begun, identity) = (s.engine().begin_federated(&"x".parse().unwrap(), &client()).unwrap(), s.name);
        let word = Identity::at("x", identity).assertion(&begun);
        s.seen(|engine| engine.continue_with(&begun, &word, Intent::SignIn));
    },
    "Engine::continue_with/new": |s| {
        let begun = s.engine().begin_federated(&"x".parse().unwrap(), &client()).unwrap();
        let word = Identity::at("x", &s.email("new")).with_email(&s.email("new.")).assertion(&begun);
        s.seen(|engine| engine.continue_with(&begun, &word, Intent::SignUp));
    },
    "Engine::answer/code": |s| {
        let (flow, email) = s.signing_up();
        let code = s.code(&email);
        s.seen(|engine| engine.answer(&flow, code));
    },
    "Engine::answer/wrong code": |s| {
        let (flow, _) = s.signing_up();
        s.tried(|engine| engine.answer(&flow, Answer::Code("00000000".into()))).unwrap_err();
    },
    "Engine::answer/resend": |s| {
        let (flow, _) = s.signing_up();
        s.world.later(minutes(2));
        s.seen(|engine| engine.answer(&flow, Answer::Resend));
    },
    "Engine::answer/correct address": |s| {
        let (flow, _) = s.signing_up();
        s.seen(|engine| engine.answer(&flow, Answer::CorrectAddress(s.email("corrected."))));
    },
    "Engine::answer/cancel": |s| {
        let (flow, _) = s.signing_up();
        s.seen(|engine| engine.answer(&flow, Answer::Cancel));
    },
    "Engine::answer/skip": |s| {
        let flow = s.world.federated(&Identity::at("x", &s.email("new")).with_email(&s.email("new.")));
        s.seen(|engine| engine.answer(&flow, Answer::Skip));
    },
    "Engine::answer/link": |s| {
        let flow = s.linking();
        s.seen(|engine| engine.answer(&flow, Answer::Password(PASSWORD.into())));
    },
    "Engine::answer/second factor": |s| {
        let app = s.mfa();
        let asked = s.world.sign_in(&s.email(""), PASSWORD).unwrap();
        s.seen(|engine| engine.answer(&asked, s.world.shown_by(&app)));
    },
    "Engine::answer/recovery code": |s| {
        let app = s.mfa();
        let asked = s.world.sign_in(&s.email(""), PASSWORD).unwrap();
        s.seen(|engine| engine.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone())));
    },
    "Engine::answer/reset": |s| {
        let flow = s.resetting();
        let code = s.code(&s.email(""));
        s.seen(|engine| engine.answer(&flow, code));
    },
    "Engine::answer/new password": |s| {
        let flow = s.resetting();
        let flow = s.engine().answer(&flow, s.code(&s.email(""))).unwrap();
        s.seen(|engine| engine.answer(&flow, Answer::NewPassword(ANOTHER.into())));
    },
    "Engine::answer/reauthenticate": |s| {
        let flow = s.account().reauthenticate().unwrap();
        s.seen(|engine| engine.answer(&flow, Answer::Password(PASSWORD.into())));
    },
    "Engine::answer/restore": |s| {
        s.fresh().request_deletion().unwrap();
        let asked = s.world.sign_in(&s.email(""), PASSWORD).unwrap();
        s.seen(|engine| engine.answer(&asked, Answer::Restore));
    },
    "Engine::answer/keep deleted": |s| {
        s.fresh().request_deletion().unwrap();
        let asked = s.world.sign_in(&s.email(""), PASSWORD).unwrap();
        s.seen(|engine| engine.answer(&asked, Answer::KeepDeleted));
    },
    "Engine::resume": |s| {
        let (flow, _) = s.signing_up();
        s.seen(|engine| engine.resume(flow.token.as_ref().unwrap()));
    },
    "Engine::undo": |s| {
        let code = s.world.undo_code(&s.email(""));
        s.seen(|engine| engine.undo(&code, &client()));
    },
    "Engine::announce_erasure": |s| {
        let request = s.request(RequestKind::Erasure);
        s.seen(|engine| engine.announce_erasure(s.me().account, request.id));
    },
    "Engine::erase": |s| {
        let request = s.request(RequestKind::Erasure);
        s.engine().announce_erasure(s.me().account, request.id).unwrap();
        s.world.later(days(8));
        s.seen(|engine| engine.erase(s.me().account, request.id));
    },
    "Engine::close_request": |s| {
        let request = s.request(RequestKind::Access);
        s.seen(|engine| engine.close_request(s.me().account, request.id, "sent"));
    },
    "Engine::delivered": |s| {
        s.signing_up();
        let message = s.engine().messages(32).unwrap().pop().unwrap();
        s.seen(|engine| engine.delivered(message.id));
    },
    "Engine::failed": |s| {
        s.signing_up();
        let message = s.engine().messages(32).unwrap().pop().unwrap();
        s.seen(|engine| engine.failed(message.id));
    },
    "Engine::import_accounts": |s| s.seen(|engine| engine.import_accounts(&[s.imported()], false)),
    "Engine::mark_compromised": |s| {
        let method = s.method(MethodKind::Password);
        s.seen(|engine| engine.mark_compromised(s.me().account, method));
    },
    "Engine::renumber": |s| s.seen(|engine| engine.renumber(&"x".parse().unwrap(), s.name, &format!("{}-2", s.name))),
    #[later] "Engine::remove_from_picker": |s| s.seen(|engine| engine.remove_from_picker(s.me().account)),
    "Engine::set_billing": |s| s.seen(|_| s.bill("2")),
    "Engine::support_records": |s| s.seen(|engine| engine.support_records(s.me().account)),
    "SupportDesk::activity": |s| s.seen(|engine| engine.support("sue").unwrap().activity(s.me().account)),
    "SupportDesk::find": |s| s.seen(|engine| engine.support("sue").unwrap().find(&s.email("")).map(|found| found.len())),
    "SupportDesk::start_deletion": |s| {
        s.seen(|engine| engine.support("sue").unwrap().start_deletion(s.me().account, "a ticket"));
    },
    "Engine::account": |s| s.seen(|engine| engine.account(&s.me().token).map(drop)),
    "Engine::reauthenticate": |s| s.seen(|engine| engine.reauthenticate(&s.me().token)),
    "Engine::resolve": |s| s.seen(|engine| engine.resolve(&s.me().token)),
    "Engine::touch": |s| {
        s.world.later(days(1));
        s.seen(|engine| engine.touch(&s.me().token));
    },
    "AccountHandle::activity": |s| {
        let account = s.account();
        s.seen(|_| account.activity());
    },
    "AccountHandle::add_password": |s| {
        let account = s.engine().account(&s.by_identity()).unwrap();
        s.seen(|_| account.add_password(&s.email("second."), &PASSWORD.into()));
    },
    "AccountHandle::begin_add": |s| {
        let account = s.fresh();
        s.seen(|_| account.begin_add(&"other".parse().unwrap()));
    },
    "AccountHandle::begin_add_passkey": |s| {
        let account = s.fresh();
        s.seen(|_| account.begin_add_passkey());
    },
    "AccountHandle::billing_destination": |s| {
        let account = s.account();
        s.seen(|_| account.billing_destination(&"grok".parse().unwrap()));
    },
    "AccountHandle::change_email": |s| {
        let account = s.fresh();
        s.seen(|_| account.change_email(&s.email("moved.")));
    },
    "AccountHandle::change_password": |s| {
        let account = s.fresh();
        s.seen(|_| account.change_password(&PASSWORD.into(), &ANOTHER.into()));
    },
    "AccountHandle::confirm_protected_acts": |s| {
        s.fresh().change_password(&PASSWORD.into(), &PASSWORD.into()).unwrap();
        let account = s.fresh();
        let newest = account.view().unwrap().protected_acts.last().unwrap().number;
        s.seen(|_| account.confirm_protected_acts(newest));
    },
    "AccountHandle::confirm_totp": |s| {
        let account = s.fresh();
        let code = s.world.totp(&account.enroll_totp().unwrap().secret).unwrap();
        s.seen(|_| account.confirm_totp(&code));
    },
    "AccountHandle::end_other_sessions": |s| {
        let account = s.fresh();
        s.seen(|_| account.end_other_sessions());
    },
    "AccountHandle::end_session": |s| {
        let account = s.fresh();
        s.seen(|_| account.end_session(s.me().session));
    },
    "AccountHandle::enroll_totp": |s| {
        let account = s.fresh();
        s.seen(|_| account.enroll_totp());
    },
    "AccountHandle::explain": |s| {
        let account = s.fresh();
        s.seen(|_| account.explain(&Planned::RequestDeletion));
    },
    "AccountHandle::export": |s| {
        let account = s.fresh();
        s.seen(|_| account.export());
    },
    "AccountHandle::manage_destination": |s| {
        let account = s.account();
        s.seen(|_| account.manage_destination(&Managed::Product { product: "grok".parse().unwrap() }));
    },
    "AccountHandle::mark_compromised": |s| {
        let (account, method) = (s.fresh(), s.method(MethodKind::Password));
        s.seen(|_| account.mark_compromised(method));
    },
    "AccountHandle::memberships": |s| {
        let account = s.account();
        s.seen(|_| account.memberships());
    },
    "AccountHandle::open_product": |s| {
        let account = s.account();
        s.seen(|_| account.open_product(&"api".parse().unwrap()));
    },
    "AccountHandle::privacy_requests": |s| {
        s.request(RequestKind::Access);
        let account = s.account();
        s.seen(|_| account.privacy_requests());
    },
    "AccountHandle::prove_address": |s| {
        let account = s.fresh();
        account.change_email(&s.email("moved.")).unwrap();
        let code = s.world.mailbox().code(&s.email("moved.")).unwrap();
        s.seen(|_| account.prove_address(&code));
    },
    #[later] "AccountHandle::prove_address/first": |s| {
        s.fresh().verify_address(&s.email("")).unwrap();
        let (account, code) = (s.fresh(), s.world.mailbox().code(&s.email("")).unwrap());
        s.tried(|_| account.prove_address(&code)).ok();
    },
    "AccountHandle::reauthenticate": |s| {
        let account = s.account();
        s.seen(|_| account.reauthenticate());
    },
    "AccountHandle::recovery_codes_saved": |s| {
        let account = s.fresh();
        let code = s.world.totp(&account.enroll_totp().unwrap().secret).unwrap();
        account.confirm_totp(&code).unwrap();
        s.seen(|_| account.recovery_codes_saved());
    },
    "AccountHandle::unsaved_recovery_codes": |s| {
        let account = s.fresh();
        let code = s.world.totp(&account.enroll_totp().unwrap().secret).unwrap();
        account.confirm_totp(&code).unwrap();
        s.seen(|_| account.unsaved_recovery_codes());
    },
    "AccountHandle::regenerate_recovery_codes": |s| {
        let account = s.with_both(&s.mfa());
        s.seen(|_| account.regenerate_recovery_codes());
    },
    "AccountHandle::turn_off_mfa": |s| {
        let account = s.with_both(&s.mfa());
        s.seen(|_| account.turn_off_mfa());
    },
    "AccountHandle::remove_method": |s| {
        let (account, method) = (s.fresh(), s.method(MethodKind::Federated));
        s.seen(|_| account.remove_method(method));
    },
    "AccountHandle::request_deletion": |s| {
        let account = s.fresh();
        s.seen(|_| account.request_deletion());
    },
    "AccountHandle::request_privacy": |s| {
        let account = s.fresh();
        s.seen(|_| account.request_privacy(RequestKind::Access));
    },
    "AccountHandle::review": |s| {
        let account = s.fresh();
        s.tried(|_| account.review(&[], false, None)).unwrap_err();
    },
    "AccountHandle::sessions": |s| {
        let account = s.account();
        s.seen(|_| account.sessions());
    },
    "AccountHandle::set_contact": |s| {
        let account = s.fresh();
        s.world.move_to(&account, &s.email("moved."));
        s.tried(|_| account.set_contact(&s.email(""))).ok();
    },
    "AccountHandle::set_display_name": |s| {
        let account = s.account();
        s.seen(|_| account.set_display_name(Some(s.name)));
    },
    "AccountHandle::sign_out": |s| {
        let account = s.account();
        s.seen(|_| account.sign_out());
    },
    "AccountHandle::take_seen_email": |s| {
        let (account, method) = (s.fresh(), s.method(MethodKind::Federated));
        s.tried(|_| account.take_seen_email(method)).unwrap_err();
    },
    "AccountHandle::verify_address": |s| {
        let account = s.fresh();
        s.tried(|_| account.verify_address(&s.email(""))).ok();
    },
    "AccountHandle::verify_audit": |s| {
        let account = s.account();
        s.seen(|_| account.verify_audit());
    },
    "AccountHandle::view": |s| {
        let account = s.account();
        s.seen(|_| account.view());
    },
}
