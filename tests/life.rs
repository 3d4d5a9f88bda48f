//! Does every act of the public API once, in the life of one account, so that the acts can be counted and
//! timed.

use std::fmt::Debug;

use selfsame::{
    AccountHandle, AddressStep, Answer, Billing, BillingStatus, Client, Engine, Error, Flow, Intent, Managed,
    ManagedBy, Planned, ProductId, ProviderId, RequestKind, Secret, SessionToken, Step,
};
use selfsame_world::{Identity, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const ANOTHER: &str = "another horse battery staple";
const ONE_MORE: &str = "one more horse battery staple";

/// Observes each act.
pub(crate) trait Watch {
    fn act<T>(&mut self, name: &'static str, act: impl FnOnce() -> T) -> T;
}

/// The life of one account: `engine` uses the clock of `world`, and no other account has `name`.
pub(crate) struct Life<'a, W> {
    pub(crate) engine: &'a Engine,
    pub(crate) world: &'a World,
    pub(crate) name: String,
    pub(crate) watch: &'a mut W,
}

impl<W: Watch> Life<'_, W> {
    pub(crate) fn live(mut self) {
        let (first, second, phone) = self.signs_in();
        self.reads(&second);
        self.changes(&second);
        self.turns_mfa_on(&second, &phone);
        self.uses_products(&phone);
        self.resets_password();
        self.deletes(&first);
    }

    fn email(&self) -> String {
        format!("{}@example.org", self.name)
    }

    fn new_email(&self) -> String {
        format!("{}@example.net", self.name)
    }

    /// Delivers all messages and returns the last code.
    fn mailed(&self) -> Option<Secret> {
        let mut code = None;
        loop {
            let messages = self.engine.messages(32).unwrap();
            if messages.is_empty() {
                return code;
            }
            for message in messages {
                self.engine.delivered(message.id).unwrap();
                code = message.kind.mailed_code().cloned().or(code);
            }
        }
    }

    fn code(&self) -> Answer {
        Answer::Code(self.mailed().unwrap())
    }

    fn answer(&mut self, name: &'static str, to: &Flow, answer: &Answer) -> Flow {
        let engine = self.engine;
        self.watch.act(name, || engine.answer(to, answer.clone()).unwrap())
    }

    fn done<T>(&mut self, name: &'static str, act: impl FnOnce(&Engine) -> Result<T, Error>) -> T {
        let engine = self.engine;
        self.watch.act(name, || act(engine).unwrap())
    }

    fn refused<T: Debug>(&mut self, name: &'static str, act: impl FnOnce(&Engine) -> Result<T, Error>) {
        let engine = self.engine;
        self.watch.act(name, || refused(act(engine)));
    }

    fn handle(&self, token: &SessionToken) -> AccountHandle {
        self.engine.account(token).unwrap()
    }

    /// Signs up and signs in: by password and by provider, with known and unknown identities, right and wrong
    /// codes.
    fn signs_in(&mut self) -> (SessionToken, SessionToken, Client) {
        let (email, password, phone) = (self.email(), Secret::from(PASSWORD), Client::on("a phone"));
        let asked = self.done("sign-up", |engine| engine.sign_up(&email, &password, &phone));
        let messages = self.done("fetch a message", |engine| engine.messages(10));
        let message = messages.into_iter().next_back().unwrap();
        self.done("confirm the delivery of a message", |engine| engine.delivered(message.id));
        let right = Answer::Code(message.kind.mailed_code().cloned().unwrap());
        self.refused("sign-up, wrong code", |engine| engine.answer(&asked, Answer::Code("00000000".into())));
        let made = signed_in(self.answer("sign-up, right code: account created", &asked, &right));
        let (first, phone) = (made.token, phone.recognized_by(made.recognition));
        self.world.later(minutes(5));
        self.done("sign-in that also stores the engine time", |engine| {
            engine.sign_in(&email, &password, &phone)
        });
        self.done("sign-in", |engine| engine.sign_in(&email, &password, &phone));
        self.refused("sign-in, wrong password", |engine| engine.sign_in(&email, &"wrong".into(), &phone));
        let nobody = format!("nobody-{email}");
        self.refused("sign-in, unknown email", |engine| engine.sign_in(&nobody, &password, &phone));
        self.done("sign-in from a new place", |engine| {
            engine.sign_in(&email, &password, &Client::on("another phone"))
        });
        self.mailed();
        self.done("resolve a session", |engine| engine.resolve(&first));
        self.world.later(hours(1));
        self.done("touch a session, update due", |engine| engine.touch(&first));
        self.done("touch a session, no update due", |engine| engine.touch(&first));

        let x = "x".parse::<ProviderId>().unwrap();
        let begun = self.done("begin a federated sign-in", |engine| engine.begin_federated(&x, &phone));
        let identity = Identity::at("x", &self.name);
        let brought = identity.clone().with_email(&email).assertion(&begun);
        let asked = self.done("assertion of an unknown identity", |engine| {
            engine.continue_with(&begun, &brought, Intent::SignUp)
        });
        let right = self.code();
        let prompt = self.answer("prove the address: link prompt", &asked, &right);
        self.done("resume the flow", |engine| engine.resume(prompt.token.as_ref().unwrap()));
        let chosen = self.answer("choose a candidate account", &prompt, &Answer::LinkTo(1));
        self.answer("prove ownership by password: linked", &chosen, &Answer::Password(PASSWORD.into()));
        let begun = self.engine.begin_federated(&x, &phone).unwrap();
        let brought = identity.assertion(&begun);
        let second = token(self.done("assertion of a known identity", |engine| {
            engine.continue_with(&begun, &brought, Intent::SignIn)
        }));
        (first, second, phone)
    }

    fn reads(&mut self, token: &SessionToken) {
        let account = self.handle(token);
        self.done("the account page", |engine| engine.account(token).unwrap().view());
        self.done("list the sessions", |_| account.sessions());
        self.done("list the activity", |_| account.activity());
        self.done("verify the audit chain", |_| account.verify_audit());
        self.done("explain an act", |_| account.explain(&Planned::EnrollTotp));
        self.done("export the data", |_| account.export());
        self.done("check the health of the store", Engine::health);
    }

    fn changes(&mut self, token: &SessionToken) {
        let account = self.handle(token);
        let (email, new_email) = (self.email(), self.new_email());
        self.done("set the display name", |_| account.set_display_name(Some("Ada")));
        self.done("change the password", |_| account.change_password(&PASSWORD.into(), &ANOTHER.into()));
        let asked = self.done("change the email: request a code", |_| account.change_email(&new_email));
        assert!(matches!(asked, AddressStep::ProveAddress { .. }));
        let code = self.mailed().unwrap();
        self.done("change the email: prove the address", |_| account.prove_address(&code));
        self.done("change the contact address", |_| account.set_contact(&email));
        self.mailed();
        self.done("begin a reauthentication", |_| account.reauthenticate());
    }

    fn turns_mfa_on(&mut self, token: &SessionToken, phone: &Client) {
        let account = self.handle(token);
        let (email, password) = (self.new_email(), Secret::from(ANOTHER));
        let secret = self.done("MFA: enrol an app", |_| account.enroll_totp()).secret;
        let (world, shown) = (self.world, secret.clone());
        let shown = move || world.totp(&shown).unwrap();
        let codes = self.done("MFA: turn on", |_| account.confirm_totp(&shown()));
        self.done("MFA: confirm the saved codes", |_| account.recovery_codes_saved());
        self.world.later(minutes(1));
        let asked =
            self.done("sign-in with MFA: password", |engine| engine.sign_in(&email, &password, phone));
        self.answer("sign-in with MFA: code", &asked, &Answer::Totp(shown()));
        let asked = self.engine.sign_in(&email, &password, phone).unwrap();
        let code = codes.codes.into_iter().next().unwrap();
        self.answer("sign-in with MFA: recovery code", &asked, &Answer::RecoveryCode(code));
        self.mailed();
        self.world.later(days(2));
        let asked = self.engine.sign_in(&email, &password, phone).unwrap();
        let fresh = self.engine.answer(&asked, Answer::Totp(shown()));
        let account = self.handle(&signed_in(fresh.unwrap()).token);
        self.done("MFA: new recovery codes", |_| account.regenerate_recovery_codes());
        self.done("MFA: turn off", |_| account.turn_off_mfa());
        self.mailed();
    }

    fn uses_products(&mut self, phone: &Client) {
        let done = self.engine.sign_in(&self.new_email(), &ANOTHER.into(), phone).unwrap();
        let account = self.handle(&token(done));
        let id = account.view().unwrap().id;
        let grok = "grok".parse::<ProductId>().unwrap();
        let billing = Billing {
            customer: self.name.parse().unwrap(),
            plan: "pro".to_owned(),
            status: BillingStatus::Active,
            period_end: None,
            managed_by: ManagedBy::Direct,
        };
        self.done("open a product", |_| account.open_product(&grok));
        self.done("set the billing of a product", |engine| engine.set_billing(id, &grok, &billing));
        self.done("list the products", |_| account.memberships());
        self.done("get the billing destination", |_| account.billing_destination(&grok));
        self.done("get the management destination", |_| {
            account.manage_destination(&Managed::Product { product: grok.clone() })
        });
        let request = self.done("make a privacy request", |_| account.request_privacy(RequestKind::Access));
        self.done("list the account's privacy requests", |_| account.privacy_requests());
        self.done("list open privacy requests", |engine| engine.open_requests(10));
        self.done("close a privacy request", |engine| engine.close_request(id, request.id, "sent"));
        let desk = self.engine.support("grace").unwrap();
        let email = self.new_email();
        self.done("support: find an account", |_| desk.find(&email));
        self.done("support: list the activity", |_| desk.activity(id));
        self.done("support: list the support records", |engine| engine.support_records(id));
        self.mailed();
    }

    fn resets_password(&mut self) {
        let (email, phone) = (self.new_email(), Client::on("a phone"));
        let asked =
            self.done("password reset: request a code", |engine| engine.reset_password(&email, &phone));
        let right = self.code();
        let asked = self.answer("password reset: prove the address", &asked, &right);
        self.answer("password reset: set the password", &asked, &Answer::NewPassword(ONE_MORE.into()));
        self.mailed();
    }

    fn deletes(&mut self, ended: &SessionToken) {
        self.refused("resolve an ended session", |engine| engine.resolve(ended));
        self.world.later(days(2));
        let (email, password, phone) = (self.new_email(), Secret::from(ONE_MORE), Client::on("a phone"));
        let sign_in = |engine: &Engine| signed_in(engine.sign_in(&email, &password, &phone).unwrap());
        let other = self.handle(&sign_in(self.engine).token);
        self.done("sign out", |_| other.sign_out());
        let account = self.handle(&sign_in(self.engine).token);
        let session = sign_in(self.engine).session;
        self.done("end a session", |_| account.end_session(session));
        self.done("end all other sessions", |_| account.end_other_sessions());
        self.done("request deletion", |_| account.request_deletion());
        let asked =
            self.done("sign-in, pending deletion", |engine| engine.sign_in(&email, &password, &phone));
        let back = self.answer("restore", &asked, &Answer::Restore);
        assert!(matches!(back.step, Step::SignedIn { .. }));
        self.done("purge, nothing due", |engine| engine.purge_due(10));
        self.mailed();
    }
}

fn token(flow: Flow) -> SessionToken {
    signed_in(flow).token
}
