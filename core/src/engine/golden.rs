//! Golden files: the bytes of every record as they are stored, and the page of decisions. Changed bytes are a
//! changed format. `UPDATE=1 cargo test -p selfsame golden` rewrites both.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::crypto::argon::Argon2Hasher;
use crate::crypto::cost::HashCost;
use crate::crypto::draw::Draw;
use crate::crypto::entropy::SeededEntropy;
use crate::crypto::jwk::KeySet;
use crate::crypto::password::{StoredPassword, hash};
use crate::crypto::totp::TotpSecret;
use crate::flow::decisions;
use crate::ground::codec::{Record, decode, encode};
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, MessageId, MethodId, RequestId, SessionId};
use crate::ground::short_name::ProductId;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Hold, Status};
use crate::records::address::AddressSource;
use crate::records::audit::{Action, Event};
use crate::records::caller::{Caller, Presented, Recognition};
use crate::records::claim::{Claim, Marker, ProvenBy};
use crate::records::clock::{ClockEvent, Sighting, StoredClock, TimeAnchor, Timeline, TrustedTime};
use crate::records::context::Context;
use crate::records::deletion::{Reminder, RequestedBy};
use crate::records::every_record;
use crate::records::flow::{
    Arrival, Enrolling, Entry, FlowRecord, Proving, Purpose, Registration, Resetting, State, Verifying,
};
use crate::records::header::Header;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{CodePurpose, Pace, Paced, Pacing, TypedIn};
use crate::records::message::{Body, Outgoing};
use crate::records::meta::Meta;
use crate::records::method::Specimen;
use crate::records::method::{Credential, Method, MethodKind};
use crate::records::mfa::{Enrolment, Mfa, NewFactor, SecondFactor, TakenSteps};
use crate::records::passkey::Passkey;
use crate::records::pending::Pending;
use crate::records::privacy::{PrivacyRequest, RequestKind, RequestStatus};
use crate::records::product::{Billing, BillingStatus, ManagedBy, Membership};
use crate::records::proof::{NewPassword, Proof};
use crate::records::protected::{Acted, ProtectedAct, Reserved};
use crate::records::provider::{GivenKeys, Identity};
use crate::records::purge::{Purging, RemovedRows, Tombstone};
use crate::records::session::{Aal, Amr, Client, Session};
use crate::records::step::SignInOutcome;
use crate::records::support::{SupportAct, SupportRecord};
use crate::records::throttle::UnknownSlot;
use crate::records::undo::{Undo, UndoCode, Undoing};
use crate::rules::bench::Bench;
use crate::rules::mailed_code::Asking;

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// The public keys of RFC 7515 appendices A.2 and A.3 and of RFC 8037 appendix A.2.
const KEYS: &str = r#"{"keys":[
{"kty":"RSA","kid":"a","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"},
{"kty":"EC","crv":"P-256","kid":"b","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// Writes the record's bytes, and checks that they decode to a record that encodes to the same bytes.
fn line<R: Record>(out: &mut String, name: &str, record: &R) {
    let bytes = encode(record).unwrap();
    let again = encode(&decode::<R>(&bytes).unwrap()).unwrap();
    assert_eq!(*again, *bytes, "{name}");
    write!(out, "{name} ").unwrap();
    for byte in bytes.iter() {
        write!(out, "{byte:02x}").unwrap();
    }
    out.push('\n');
    WRITTEN.with_borrow_mut(|written| written.insert(std::any::type_name::<R>()));
}

thread_local! {
    /// The records whose bytes this thread wrote.
    static WRITTEN: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
const METHOD: MethodId = MethodId::from_bytes([2; 16]);
const SESSION: SessionId = SessionId::from_bytes([3; 16]);
const FLOW: FlowId = FlowId::from_bytes([4; 16]);
const REQUEST: RequestId = RequestId::from_bytes([5; 16]);
const MESSAGE: MessageId = MessageId::from_bytes([6; 16]);

fn email() -> EmailAddress {
    EmailAddress::parse("Ada@Bücher.example").unwrap()
}

fn password() -> StoredPassword {
    hash(&Argon2Hasher::new(1), HashCost::new(8, 1, 1), b"a password", [7; 16], &[8; 32]).unwrap()
}

fn identity() -> Identity {
    Identity { provider: "x".parse().unwrap(), issuer: "https://x.com".to_owned(), subject: "815".to_owned() }
}

fn client() -> Client {
    Client::on("Ada's phone").using("notes".parse::<ProductId>().unwrap())
}

fn golden() -> String {
    let mut out = String::new();
    let email = email();
    let account = account();
    line(&mut out, "account", &account);
    line(&mut out, "specimen", &Specimen(password()));
    let (first, second) = (account.first.clone(), account.second.clone());
    let recognition = Recognition { sessions: vec![SESSION], used_at: AT, first, second, acts_known: 299 };
    line(&mut out, "recognition", &recognition);
    line(
        &mut out,
        "session",
        &Session {
            id: SESSION,
            account: ACCOUNT,
            client: client(),
            method: METHOD,
            kind: MethodKind::Password,
            amr: vec![Amr::Pwd],
            aal: Aal::Aal1,
            recovered: false,
            auth_time: AT,
            first_at: AT,
            created_at: AT,
            used_at: AT,
            ends_at: Some(AT),
        },
    );
    line(&mut out, "event", &Event::refused(Action::Throttled, AT));
    let draw = Draw::new(&SeededEntropy::new(1)).unwrap();
    let bench = Bench::new();
    let ctx = Context { now: AT, ..bench.context(&draw) };
    flows(&mut out, &ctx);
    messages(&mut out, &ctx);
    let paced = Paced { at: AT, origin: [11; 16], message: MESSAGE };
    line(&mut out, "pace", &Pace { sent: vec![paced], wrong: vec![AT] });
    let mut message = Outgoing::new(email.as_typed(), Body::EmailChanged, "Ada's phone", &ctx);
    message.undo = Some((UndoCode::draw(&draw), AT));
    line(&mut out, "outbox/with-undo", &message);
    let undo = Undo {
        act: ProtectedAct::MethodRemoved,
        revision: 299,
        before: account.credentials.clone(),
        made_at: AT,
        expires_at: AT,
    };
    line(&mut out, "undo", &undo);
    for (name, pending) in Pending::samples(SESSION, &email, &password()) {
        line(&mut out, &format!("pending/{name}"), &pending);
    }
    line(&mut out, "unknown", &UnknownSlot::new([9; 32]));
    line(&mut out, "purge", &Purging { removed: vec![RemovedRows { table: "audit".to_owned(), rows: 300 }] });
    line(&mut out, "reminder", &Reminder { purge_at: AT });
    line(&mut out, "tombstone", &Tombstone { account: ACCOUNT, at: AT });
    let record = SupportRecord {
        account: ACCOUNT,
        operator: "grace".to_owned(),
        ticket: "T-1".to_owned(),
        at: AT,
        act: SupportAct::DeletionAskedAgain,
    };
    line(&mut out, "support", &record);
    let request = PrivacyRequest {
        id: REQUEST,
        account: ACCOUNT,
        kind: RequestKind::Portability,
        made_at: AT,
        due_at: AT,
        told_at: Some(AT),
        status: RequestStatus::Closed { at: AT },
        receipt: Some("sent".to_owned()),
        deletion: None,
    };
    line(&mut out, "request", &request);
    line(&mut out, "claim", &Claim(ACCOUNT));
    line(&mut out, "present", &Marker);
    line(&mut out, "proven-by", &ProvenBy(vec![ACCOUNT]));
    line(&mut out, "meta", &Meta { undelivered: 5, erasure_pending: Some(AT) });
    let time = Timeline {
        mark: AT,
        slow: AT,
        steady_ms: 1,
        elapsed_ms: 2,
        boot: Some([3; 16]),
        correction_ms: -4,
        anchor: TimeAnchor { mark: AT, slow: AT, steady_ms: 5 },
        trusted: TrustedTime { number: 6, time: AT },
    };
    let sightings = vec![Sighting { wall: AT, slow: AT, steady_ms: 7 }];
    line(&mut out, "time", &StoredClock { time, sightings, events: 8 });
    line(&mut out, "clock/rolled-back", &ClockEvent::RolledBack { at: AT, by_ms: 1 });
    line(&mut out, "clock/trusted", &ClockEvent::Trusted { from: AT, to: AT });
    let keys = KeySet::parse(KEYS).unwrap();
    line(&mut out, "keys", &GivenKeys { given_at: AT, keys });
    for (name, header) in Header::samples() {
        line(&mut out, &format!("header/{name}"), &header);
    }
    out
}

fn account() -> Account {
    let (email, password, identity) = (email(), password(), identity());
    let mut account = Account::new(ACCOUNT, AT);
    account.revision = 300;
    account.status = Status::PendingDeletion {
        requested_at: AT,
        purge_at: AT,
        requested_by: RequestedBy::Support { operator: "grace".to_owned(), ticket: "T-1".to_owned() },
    };
    account.memberships = vec![membership()];
    account.restored_at = Some(AT);
    account.announced_at = Some(AT);
    account.sessions = 2;
    account.display_name = Some("Ada".to_owned());
    account.first.fail(AT);
    account.second.fail(AT);
    account.hold = Some(Hold { until: AT, keeps_mfa: true });
    account.compromised = vec![password.clone()];
    account.marked = 5;
    account.reauthentications = vec![(SESSION, 3)];
    account.acts = vec![Acted::sample(SESSION, &email, AT)];
    account.credentials.past_contacts = vec![(Some(email.clone()), AT)];
    account.reserved = [Identifier::PasswordEmail(email.clone()), Identifier::Identity(identity.clone())]
        .map(|identifier| Reserved { identifier, until: AT, revision: 299 })
        .into();
    account.enrolments = Enrolment::samples(SESSION, AT);
    account.credentials.mfa = Some(Mfa {
        secret: TotpSecret::new([6; 20]),
        taken: TakenSteps { last: 7, trusted: 1, spans: vec![(6, 7)] },
        since: AT,
        slow_since: AT,
        codes: vec![[8; 32]],
        codes_made: 298,
        owes_codes: false,
    });
    account.chain.append(Event::done(Action::AccountCreated, Some(SESSION), AT)).unwrap();
    account.chain.append(Event::refused(Action::PasswordTried, AT)).unwrap();
    account.take_address(&email, Some(AT), AddressSource::Method { method: METHOD });
    account.credentials.methods = vec![
        Method {
            id: METHOD,
            added_at: AT,
            used_at: Some(AT),
            suspended: false,
            compromised_at: None,
            credential: Credential::Password { email: email.clone(), hash: password.clone(), version: 1 },
        },
        Method {
            id: METHOD,
            added_at: AT,
            used_at: None,
            suspended: false,
            compromised_at: None,
            credential: Credential::Federated {
                identity: identity.clone(),
                handle: Some("ada".to_owned()),
                email: Some(email.clone()),
                seen_email: None,
            },
        },
        Method::new(METHOD, Credential::Passkey(Box::new(Passkey::sample())), AT),
    ];
    account
}

/// A flow in each of its states.
fn flows(out: &mut String, ctx: &Context<'_>) {
    let (email, password, identity) = (email(), password(), identity());
    let proof = Proof {
        second: Some((SecondFactor::RecoveryCode, AT)),
        rehashed: Some(password.clone()),
        ..Proof::of_password(METHOD, 2, AT)
    };
    let entry = |purpose| Entry {
        account: ACCOUNT,
        proof: proof.clone(),
        purpose,
        new_password: Some(NewPassword { hash: password.clone(), marked: 5 }),
        restores: true,
        factor: Some(NewFactor::sample(AT)),
        left_out: vec![Identifier::PasswordEmail(email.clone())],
    };
    let enroll = |enrolling| State::Enroll { entry: entry(Purpose::Created), enrolling };
    let federated = |email: &EmailAddress| Registration::Federated {
        identity: identity.clone(),
        handle: Some("ada".to_owned()),
        email: Some(email.clone()),
        at: AT,
    };
    let arrival = Arrival {
        registration: Registration::Password { email: email.clone(), hash: password.clone() },
        proven: Some(email.clone()),
        left_out: vec![ACCOUNT],
        link_until: Some(AT),
    };
    let mut proving = Proving::new(CodePurpose::Reset, email.clone());
    let asking = Asking { typed_in: TypedIn::Flow(FLOW), device: "Ada's phone", to_nobody: false };
    proving.send(&asking, Pacing::default(), &mut Vec::new(), ctx);
    for (name, state) in [
        ("passkey", State::Passkey { listed: Some(ACCOUNT) }),
        ("adding-passkey", State::AddingPasskey { account: ACCOUNT, session: SESSION, user_handle: [9; 32] }),
        ("present", State::Present { provider: "x".parse().unwrap() }),
        (
            "verify-email",
            State::VerifyEmail(Verifying { registration: federated(&email), proving: proving.clone() }),
        ),
        ("reset", State::Reset(Resetting { account: ACCOUNT, is_nobody: true, proving: proving.clone() })),
        ("enroll", enroll(Enrolling::Contact(proving))),
        ("enroll/app", enroll(Enrolling::App { secret: TotpSecret::new([1; 20]), wrong: 1 })),
        ("enroll/codes", enroll(Enrolling::Codes(NewFactor::sample(AT)))),
        ("reauthenticate", State::Reauthenticate { account: ACCOUNT, session: SESSION }),
        ("second-factor", State::SecondFactor(entry(Purpose::SignIn))),
        ("new-password", State::NewPassword(entry(Purpose::Reset))),
        (
            "confirm-restore/reauthenticate",
            State::ConfirmRestore(entry(Purpose::Reauthenticate { session: SESSION, first_only: true })),
        ),
        ("confirm-create", State::ConfirmCreate(arrival.clone())),
        ("link-or-create", State::LinkOrCreate { arrival: arrival.clone(), offered: vec![ACCOUNT] }),
        ("prove-ownership", State::ProveOwnership { arrival: arrival.clone(), candidate: ACCOUNT, place: 1 }),
        ("confirm-restore", State::ConfirmRestore(entry(Purpose::Link(Box::new(arrival))))),
        (
            "signed-in",
            State::SignedIn { account: ACCOUNT, session: SESSION, proof, outcome: SignInOutcome::Linked },
        ),
        ("adding", State::Adding { account: ACCOUNT, session: SESSION, provider: "x".parse().unwrap() }),
        ("undo", State::Undo(Undoing::sample(ACCOUNT))),
        (
            "done",
            State::Done { was_reserved: true, left_out: vec![Identifier::PasswordEmail(email.clone())] },
        ),
        ("ended", State::Ended),
    ] {
        let flow = FlowRecord {
            id: FLOW,
            secret_hash: [5; 32],
            number: 3,
            caller: Caller {
                client: client(),
                session: Some((ACCOUNT, SESSION)),
                recognitions: vec![Presented {
                    account: ACCOUNT,
                    hash: [9; 32],
                    row: Recognition::default(),
                }],
                origin: [10; 16],
                undoes: Some(299),
            },
            expires_at: AT,
            asked_for_keys: true,
            state,
        };
        line(out, &format!("flow/{name}"), &flow);
    }
}

/// A message of each kind.
fn messages(out: &mut String, ctx: &Context<'_>) {
    let email = email();
    for (name, body) in [
        (
            "code/flow",
            Body::Code {
                purpose: CodePurpose::Reset,
                code: ctx.draw.code(false),
                typed_in: TypedIn::Flow(FLOW),
                to_nobody: true,
            },
        ),
        (
            "code/session",
            Body::Code {
                purpose: CodePurpose::EmailChange,
                code: ctx.draw.code(true),
                typed_in: TypedIn::Session(ACCOUNT, SESSION),
                to_nobody: false,
            },
        ),
        ("mfa-turned-on", Body::MfaTurnedOn),
        ("mfa-replaced", Body::MfaReplaced),
        ("mfa-turned-off", Body::MfaTurnedOff),
        ("password-compromised", Body::PasswordCompromised),
        ("password-changed", Body::PasswordChanged),
        ("password-reset", Body::PasswordReset),
        ("recovery-code-used", Body::RecoveryCodeUsed { left: 9 }),
        ("method-added", Body::MethodAdded { kind: MethodKind::Federated, provider: "x".parse().ok() }),
        ("method-removed", Body::MethodRemoved { kind: MethodKind::Federated, provider: "x".parse().ok() }),
        ("methods-reviewed", Body::MethodsReviewed),
        ("email-changed", Body::EmailChanged),
        ("recovery-codes-replaced", Body::RecoveryCodesReplaced),
        ("undone", Body::Undone),
        ("deletion-requested", Body::DeletionRequested { purge_at: AT }),
        ("restored", Body::Restored),
        ("deletion-reminder", Body::DeletionReminder { purge_at: AT }),
        ("erasure-announced", Body::ErasureAnnounced { from: AT }),
        ("erased", Body::Erased),
        ("exported", Body::Exported),
        ("new-sign-in", Body::NewSignIn),
        ("revoke-grant", Body::RevokeGrant { provider: "x".parse().unwrap(), subject: "815".to_owned() }),
    ] {
        let message = Outgoing::new(email.as_typed(), body, "Ada's phone", ctx);
        line(out, &format!("outbox/{name}"), &message);
    }
}

fn membership() -> Membership {
    Membership {
        product: "notes".parse().unwrap(),
        since: AT,
        billing: Some(Billing {
            customer: "cus_1".parse().unwrap(),
            plan: "plus".to_owned(),
            status: BillingStatus::PastDue,
            period_end: Some(AT),
            managed_by: ManagedBy::GooglePlay,
        }),
    }
}

/// Compares a file with the expected content. With `UPDATE` set, writes the file first.
fn assert_file_is(path: &str, content: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, content).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, content, "stale: UPDATE=1 cargo test -p selfsame golden");
}

#[test]
fn every_record_has_its_golden_bytes() {
    assert_file_is(concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/golden.txt"), &golden());
    macro_rules! names {
        ($($module:ident::$record:ident,)*) => {
            BTreeSet::from([$(std::any::type_name::<crate::records::$module::$record>()),*])
        };
    }
    assert_eq!(WRITTEN.take(), every_record!(names));
}

#[test]
fn the_page_of_decisions_is_what_the_rules_decide() {
    assert_file_is(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/DECISIONS.md"), &decisions::table());
}
