//! The decisions of rules 2.3 to 3.6 as a table, produced by running the rules.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::crypto::argon::Argon2Hasher;
use crate::crypto::cost::HashCost;
use crate::crypto::draw::Draw;
use crate::crypto::password::{StoredPassword, hash};
use crate::flow::facts::{Facts, Input};
use crate::flow::{sign_up, transition, turn};
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, MethodId};
use crate::ground::time::DAY;
use crate::records::account::{Account, Status};
use crate::records::address::AddressSource;
use crate::records::assertion::Asserted;
use crate::records::caller::Caller;
use crate::records::deletion::RequestedBy;
use crate::records::flow::{Arrival, Entry, FlowRecord, Purpose, Registration, State};
use crate::records::message::Body;
use crate::records::method::{Credential, Method};
use crate::records::proof::{PasswordProof, Proof};
use crate::records::provider::Identity;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::{Answer, Intent, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::bench::{Bench, NOW};
use crate::rules::deletion::RESTORE_WINDOW;

impl Bench {
    /// Judges one answer with a new draw.
    fn judge(&self, flow: FlowRecord, input: Input, facts: Facts) -> Verdict<Step> {
        let draw = Draw::new(&self.entropy).unwrap();
        transition::answer(flow, input, facts, &self.context(&draw))
    }

    fn begin(&self, state: State) -> FlowRecord {
        let draw = Draw::new(&self.entropy).unwrap();
        let ctx = self.context(&draw);
        turn::begin(state, &Caller::stranger(&Client::on("a phone"), ctx.keys), &ctx).0
    }
}

fn email() -> EmailAddress {
    EmailAddress::parse("ada@example.org").unwrap()
}

fn identity(subject: &str) -> Identity {
    Identity {
        provider: "x".parse().unwrap(),
        issuer: "https://x.com".to_owned(),
        subject: subject.to_owned(),
    }
}

fn stored() -> StoredPassword {
    static STORED: LazyLock<StoredPassword> = LazyLock::new(|| {
        let cost = HashCost::new(8, 1, 1);
        hash(&Argon2Hasher::new(1), cost, b"correct horse battery staple", [0; 16], &[0; 32]).unwrap()
    });
    STORED.clone()
}

/// Returns an account with the address verified and these methods.
fn account(number: u8, password: bool, subject: Option<&str>) -> Account {
    let mut account = Account::new(AccountId::v7(NOW, [number; 10]), NOW);
    account.revision = 1;
    let mut add = |id: u8, credential| {
        let id = MethodId::from_bytes([id; 16]);
        account.credentials.methods.push(Method::new(id, credential, NOW));
    };
    if password {
        add(1, Credential::Password { email: email(), hash: stored(), version: 1 });
    }
    if let Some(subject) = subject {
        let identity = identity(subject);
        add(2, Credential::Federated { identity, handle: None, email: None, seen_email: None });
    }
    account.take_address(&email(), Some(NOW), AddressSource::Contact);
    account
}

fn asserted(subject: &str, with_email: bool, email_proven: bool) -> Asserted {
    let (handle, email) = (None, with_email.then(email));
    Asserted { at: NOW, identity: identity(subject), handle, email, email_proven }
}

/// Returns a proof for the password of [`account`].
fn password_proof(account: &Account, matches: bool) -> Option<PasswordProof> {
    let (method, .., version) = account.password()?;
    Some(PasswordProof { account: account.id, credential: method.id, version, matches, rehashed: None })
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Password,
    NoEmail,
    Unproven,
    Proven,
}

#[derive(Clone, Copy)]
enum Others {
    Nobody,
    One,
    Three,
    PasswordHolder,
    Eight,
}

impl Others {
    fn facts(self, is_password: bool) -> Facts {
        let sharing: Vec<_> = match self {
            Self::Nobody => Vec::new(),
            Self::One => vec![account(1, false, Some("1"))],
            Self::Three => (1..4).map(|n| account(n, false, Some(&n.to_string()))).collect(),
            Self::PasswordHolder => vec![account(1, false, Some("1")), account(2, true, None)],
            Self::Eight => (1..9).map(|n| account(n, false, Some(&n.to_string()))).collect(),
        };
        let holder = sharing.iter().find(|account| is_password && account.password().is_some()).cloned();
        Facts { holder, sharing, ..Facts::default() }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Nobody => "none",
            Self::One => "one account with an identity",
            Self::Three => "three accounts with an identity each",
            Self::PasswordHolder => "one with an identity, one with a password",
            Self::Eight => "eight accounts",
        }
    }
}

fn words(answer: &Result<Step, Refusal>) -> String {
    match answer {
        Err(refusal) => format!("refused: {}", refusal.code()),
        Ok(Step::LinkOrCreate { candidates, can_create, blocked, .. }) => {
            let why = blocked.map_or_else(String::new, |blocked| format!(", {}", blocked.code()));
            let create = if *can_create { "or create" } else { "not create" };
            format!("LinkOrCreate ({} to link, {create}{why})", candidates.len())
        }
        Ok(Step::ProveOwnership { adding, .. }) => {
            let adding = if adding.is_some() { "adds it" } else { "drops the new password" };
            format!("ProveOwnership ({adding})")
        }
        Ok(Step::VerifyEmail { can_skip: true, .. }) => "VerifyEmail (can skip)".to_owned(),
        Ok(Step::SignedIn { session: signed_in }) => format!("SignedIn ({})", signed_in.outcome.code()),
        Ok(step) => step.code().to_owned(),
    }
}

fn code_in(changes: &[Change]) -> Input {
    let code = changes.iter().find_map(|change| match change {
        Change::Send(message) => match &message.body {
            Body::Code { code, .. } => Some(code.clone()),
            _ => None,
        },
        _ => None,
    });
    Input::Code(code.unwrap())
}

fn flow_in(changes: &[Change]) -> Option<FlowRecord> {
    changes.iter().rev().find_map(|change| match change {
        Change::Flow(flow) => Some((**flow).clone()),
        _ => None,
    })
}

/// Returns the steps of an arrival until the person has a choice or a session. Every proof is given.
fn path(bench: &Bench, who: Who, intent: Intent, others: Others) -> String {
    let facts = || others.facts(who == Who::Password);
    let draw = Draw::new(&bench.entropy).unwrap();
    let ctx = bench.context(&draw);
    let mut verdict = if who == Who::Password {
        sign_up::sign_up(
            email(),
            stored(),
            &Caller::stranger(&Client::on("a phone"), ctx.keys),
            Facts::default(),
            &ctx,
        )
        .map(|flow| flow.step)
    } else {
        let asserted = asserted("new", who != Who::NoEmail, who == Who::Proven);
        let flow = bench.begin(State::Present { provider: "x".parse().unwrap() });
        bench.judge(flow, Input::Present { asserted: Box::new(asserted), intent }, facts())
    };
    let mut steps = Vec::new();
    loop {
        steps.push(words(&verdict.answer));
        let input = match &verdict.answer {
            Ok(Step::ConfirmCreate { .. }) => Input::Plain(Answer::Confirm),
            Ok(Step::VerifyEmail { .. }) => code_in(&verdict.changes),
            _ => return steps.join(", then "),
        };
        verdict = bench.judge(flow_in(&verdict.changes).unwrap(), input, facts());
    }
}

fn registration(is_password: bool) -> Registration {
    if is_password {
        Registration::Password { email: email(), hash: stored() }
    } else {
        Registration::Federated { identity: identity("new"), handle: None, email: Some(email()), at: NOW }
    }
}

/// Returns the states that a candidate can be in.
fn candidates() -> Vec<(&'static str, Option<Account>)> {
    let active = account(1, true, Some("1"));
    let pending = Account {
        status: Status::PendingDeletion {
            requested_at: NOW,
            purge_at: NOW + RESTORE_WINDOW,
            requested_by: RequestedBy::Owner,
        },
        ..active.clone()
    };
    let mut without = active.clone();
    without.credentials.addresses.clear();
    let mut throttled = active.clone();
    (0..5).for_each(|_| throttled.first.fail(NOW));
    vec![
        ("unchanged", Some(active)),
        ("pending deletion", Some(pending)),
        ("no longer has the address", Some(without)),
        ("throttled after five failures", Some(throttled)),
        ("gone", None),
    ]
}

/// Returns the page.
pub(crate) fn table() -> String {
    let bench = Bench::new();
    let mut out = String::from(
        "# What the rules decide\n\nA test generates this page by running the rules (SPEC 2.3 to 3.6).\n\n\
         ## Arrivals\n\nThe person gives every proof that a step asks for. \"Others\" are the accounts that \
         have the same address verified. An account whose address is unverified does not count (3.6).\n\n\
         | signs up with | intent | others | steps |\n|---|---|---|---|\n",
    );
    for (who, with) in [
        (Who::Password, "email and password"),
        (Who::NoEmail, "an identity without an email"),
        (Who::Unproven, "an identity with an unproven email"),
        (Who::Proven, "an identity with an email proven by the provider"),
    ] {
        for (intent, wants) in [(Intent::SignUp, "SignUp"), (Intent::SignIn, "SignIn")] {
            if who == Who::Password && intent == Intent::SignIn {
                continue;
            }
            for others in [Others::Nobody, Others::One, Others::Three, Others::PasswordHolder, Others::Eight]
            {
                let steps = path(&bench, who, intent, others);
                writeln!(out, "| {with} | {wants} | {} | {steps} |", others.words()).unwrap();
            }
        }
    }
    out.push_str(
        "\n## Proof of the chosen account\n\n| the candidate | signs up with | proof | result |\n\
         |---|---|---|---|\n",
    );
    for (state, candidate) in candidates() {
        for is_password in [false, true] {
            let proofs: [(&str, Input); 4] = [
                ("its password", Input::Password(candidate.as_ref().and_then(|c| password_proof(c, true)))),
                (
                    "a wrong password",
                    Input::Password(candidate.as_ref().and_then(|c| password_proof(c, false))),
                ),
                ("its identity", Input::Identity(Box::new(asserted("1", true, false)))),
                ("another identity", Input::Identity(Box::new(asserted("2", true, false)))),
            ];
            for (proof, input) in proofs {
                let arrival = Arrival {
                    registration: registration(is_password),
                    proven: Some(email()),
                    left_out: Vec::new(),
                    link_until: Some(NOW + DAY),
                };
                let flow = bench.begin(State::ProveOwnership {
                    arrival,
                    candidate: AccountId::v7(NOW, [1; 10]),
                    place: 1,
                });
                let sharing = candidate.iter().filter(|c| c.has_verified(&email())).cloned().collect();
                let holder = candidate.clone().filter(|c| is_password && c.has_verified(&email()));
                let facts = Facts { account: candidate.clone(), sharing, holder, ..Facts::default() };
                let result = words(&bench.judge(flow, input, facts).answer);
                let with = if is_password { "a password" } else { "an identity" };
                writeln!(out, "| {state} | {with} | {proof} | {result} |").unwrap();
            }
        }
    }
    out.push_str("\n## An account that is pending deletion\n\n| after | answer | result |\n|---|---|---|\n");
    let (_, pending) = candidates().swap_remove(1);
    let pending = pending.unwrap();
    for (after, link) in
        [("signing in", None), ("an identity's link", Some(false)), ("a password's link", Some(true))]
    {
        for (word, input) in
            [("Restore", Input::Plain(Answer::Restore)), ("KeepDeleted", Input::Plain(Answer::KeepDeleted))]
        {
            let link = link.map(|is_password| Arrival {
                registration: registration(is_password),
                proven: Some(email()),
                left_out: Vec::new(),
                link_until: Some(NOW + DAY),
            });
            let holder = pending.clone();
            let is_password = link.as_ref().is_some_and(|arrival| arrival.registration.is_password());
            let proof = Proof::of_password(pending.credentials.methods[0].id, 1, NOW);
            let purpose = link.map_or(Purpose::SignIn, |arrival| Purpose::Link(Box::new(arrival)));
            let flow = bench.begin(State::ConfirmRestore(Entry::new(&pending, proof, purpose)));
            let facts = Facts {
                account: Some(pending.clone()),
                sharing: vec![pending.clone()],
                holder: is_password.then_some(holder),
                ..Facts::default()
            };
            let result = words(&bench.judge(flow, input, facts).answer);
            writeln!(out, "| {after} | {word} | {result} |").unwrap();
        }
    }
    out
}
