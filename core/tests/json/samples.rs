//! Values of every type that has a form in JSON. Every secret in them has one of [`SECRETS`] in it.

use std::time::Duration;

use selfsame::{
    Aal, Accepted, AccountId, AccountView, Action, Activity, Actor, Adding, AddressSource, AddressStep,
    AddressView, Amr, Answer, Assertion, AssertionProblem, Billing, BillingStatus, Candidate, Client,
    CreateBlocked, CustomerRef, Deletion, Destination, Effect, Engine, Environment, Error, Event,
    Explanation, Flow, FlowId, FlowToken, Grant, Health, HostStatement, ImportOutcome, ImportProblem,
    ImportedAccount, ImportedIdentity, ImportedTotp, Intent, InvalidEmail, KeysProblem, Managed, ManagedBy,
    Membership, Message, MessageId, MessageKind, MethodId, MethodKind, MethodView, MfaView, OpenProblem,
    OtherAccess, Outcome, PasskeyProblem, PasswordRule, PickerEntry, Planned, Policy, PrivacyRequest,
    ProductId, ProtectedAct, ProtectedActView, ProviderId, PurgeReceipt, PurgeReport, QrCode,
    RecognitionToken, RecoveryCodes, Refusal, RemovedRows, RequestId, RequestKind, RequestStatus,
    RequestedBy, SecondFactor, Secret, Session, SessionId, SessionToken, SignInOutcome, SignedIn, Status,
    Step, StillBilled, SupportAct, SupportRecord, SupportView, TextField, TextProblem, Timestamp,
    TotpAlgorithm, TotpEnrolment, TotpParameters, UndoOffer, UndoView, YearMonth,
};

use crate::Sample;

/// A part of each secret. The tokens are text of their own kind.
pub(crate) const SECRETS: &[&str] = &["s3cret", FLOW_TOKEN, RECOGNITION, SESSION_TOKEN, "<svg", "otpauth://"];
const FLOW_TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const RECOGNITION: &str = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA";
const SESSION_TOKEN: &str =
    "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
const SESSION: SessionId = SessionId::from_bytes([2; 16]);
const METHOD: MethodId = MethodId::from_bytes([3; 16]);
const REQUEST: RequestId = RequestId::from_bytes([4; 16]);
const MESSAGE: MessageId = MessageId::from_bytes([5; 16]);
const FLOW: FlowId = FlowId::from_bytes([5; 16]);

/// One sample a type.
pub(crate) fn samples() -> Vec<Sample> {
    let mut all = values();
    all.extend(flows());
    all.extend(accounts());
    all.extend(host());
    all.extend(refusals());
    all
}

fn secret() -> Secret {
    "s3cret".into()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn provider() -> ProviderId {
    "google".parse().unwrap()
}

fn product() -> ProductId {
    "notes".parse().unwrap()
}

fn values() -> Vec<Sample> {
    vec![
        Sample::of(&[ACCOUNT]),
        Sample::of(&[SESSION]),
        Sample::of(&[MESSAGE]),
        Sample::of(&[METHOD]),
        Sample::of(&[REQUEST]),
        Sample::of(&[FLOW]),
        Sample::of(&[AT, Timestamp::from_millis(u64::MAX)]),
        Sample::of(&[YearMonth { year: 2026, month: 1 }, YearMonth { year: 12_026, month: 12 }]),
        Sample::of(&[provider()]),
        Sample::of(&[product()]),
        Sample::of(&["C-1".parse::<CustomerRef>().unwrap()]),
        Sample::of(&[secret()]),
        Sample::of(&[FLOW_TOKEN.parse::<FlowToken>().unwrap()]),
        Sample::of(&[SESSION_TOKEN.parse::<SessionToken>().unwrap()]),
        Sample::of(&[RECOGNITION.parse::<RecognitionToken>().unwrap()]),
        Sample::of(&[Aal::Aal1, Aal::Aal2]),
        Sample::of(&[Amr::Pwd, Amr::Otp, Amr::Mfa]),
        Sample::of(&[Action::AccountCreated]),
        Sample::of(&[Actor::Owner, Actor::System]),
        Sample::of(&[Outcome::Done, Outcome::Refused]),
        Sample::of(&[MethodKind::Password, MethodKind::Federated]),
        Sample::of(&[SecondFactor::Totp, SecondFactor::RecoveryCode]),
        Sample::of(&[SignInOutcome::Created]),
        Sample::of(&[CreateBlocked::PasswordTaken]),
        Sample::of(&[Intent::SignUp, Intent::SignIn]),
        Sample::of(&[TotpAlgorithm::Sha1]),
        Sample::of(&[TotpParameters::default()]),
        Sample::of(&[BillingStatus::PastDue]),
        Sample::of(&[ManagedBy::AppleAppStore]),
        Sample::of(&[RequestKind::Access]),
        Sample::of(&[SupportAct::DeletionStarted]),
        Sample::of(&[AssertionProblem::Nonce]),
        Sample::of(&[KeysProblem::NoKey]),
        Sample::of(&[PasskeyProblem::Counter]),
        Sample::of(&[PasswordRule::TooShort]),
        Sample::of(&[InvalidEmail::Syntax]),
        Sample::of(&[TextField::Ticket]),
        Sample::of(&[TextProblem::Empty]),
        Sample::of(&[OpenProblem::WrongKey]),
    ]
}

fn client() -> Client {
    Client::on("Ada's laptop").using(product()).unremembered()
}

fn accepted() -> Vec<Accepted> {
    vec![Accepted::Password, Accepted::Federated { provider: provider() }, Accepted::Passkey]
}

fn candidate() -> Candidate {
    Candidate {
        place: 1,
        methods: vec![MethodKind::Password],
        providers: vec![provider()],
        created: YearMonth { year: 2026, month: 1 },
        drops_new_password: true,
    }
}

fn signed_in() -> SignedIn {
    SignedIn {
        account: ACCOUNT,
        session: SESSION,
        token: SESSION_TOKEN.parse().unwrap(),
        aal: Aal::Aal2,
        recovered: false,
        amr: vec![Amr::Pwd, Amr::Otp, Amr::Mfa],
        auth_time: AT,
        works_offline: vec![MethodKind::Password],
        needs_address: true,
        recognition: RECOGNITION.parse().ok(),
        outcome: SignInOutcome::SignedIn,
        unconfirmed: protected_acts(),
        left_out: addings().into(),
        other_access: Some(access()),
    }
}

fn access() -> OtherAccess {
    OtherAccess { methods: vec![method()], mfa: Some(mfa()) }
}

fn undo() -> UndoView {
    UndoView { sent_to: text("a…@example.org"), until: AT, second_factor_from: Some(AT) }
}

fn protected_acts() -> Vec<ProtectedActView> {
    let device = text("Ada's laptop");
    let act = ProtectedActView { number: 7, act: ProtectedAct::ContactChanged, at: AT, device, undo: None };
    vec![ProtectedActView { undo: Some(undo()), ..act.clone() }, act]
}

fn addings() -> [Adding; 3] {
    [
        Adding::Password { email: text("ada@example.org") },
        Adding::Federated { provider: provider(), handle: Some(text("ada")) },
        Adding::Passkey,
    ]
}

fn steps() -> Vec<Step> {
    let nonce = || text("nonce");
    vec![
        Step::PresentAssertion { provider: provider(), flow_id: FLOW, nonce: nonce(), expires_at: AT },
        Step::VerifyEmail { to: text("a…@example.org"), can_skip: false, send_at: Some(AT) },
        Step::ConfirmCreate { provider: provider(), handle: None },
        Step::LinkOrCreate {
            email: Some(text("ada@example.org")),
            candidates: vec![candidate()],
            can_create: false,
            blocked: Some(CreateBlocked::TooManyAccounts),
        },
        Step::LinkOrCreate { email: None, candidates: vec![candidate()], can_create: true, blocked: None },
        Step::ProveOwnership {
            candidate: candidate(),
            adding: Some(addings()[1].clone()),
            accepted: accepted(),
            nonce: nonce(),
            passkey: Some(text("{}")),
        },
        Step::SecondFactor { accepted: vec![SecondFactor::Totp], is_former: false, can_skip: true },
        Step::SecondFactor { accepted: vec![SecondFactor::Totp], is_former: true, can_skip: false },
        Step::NewPassword,
        Step::Reauthenticate { accepted: accepted(), nonce: nonce(), passkey: None },
        Step::PresentPasskey { options: text("{}") },
        Step::CreatePasskey { options: text("{}") },
        Step::EnrollSecondFactor { secret: secret(), uri: secret(), expires_at: AT },
        Step::SaveRecoveryCodes { codes: RecoveryCodes { codes: vec![secret()], shown_until: AT } },
        Step::ConfirmRestore { requested_at: AT, purge_at: AT },
        Step::SignedIn { session: signed_in() },
        Step::AlreadySignedIn {
            account: ACCOUNT,
            session: SESSION,
            aal: Aal::Aal1,
            outcome: SignInOutcome::Linked,
        },
        Step::Done { was_reserved: false, left_out: Vec::new() },
        Step::Done { was_reserved: true, left_out: addings().into() },
        Step::Ended,
    ]
}

fn statement() -> HostStatement {
    HostStatement {
        flow_id: FLOW,
        provider: provider(),
        subject: text("1"),
        handle: Some(text("ada")),
        email: None,
        email_verified: true,
    }
}

fn answers() -> Vec<Answer> {
    vec![
        Answer::Code(secret()),
        Answer::Skip,
        Answer::Confirm,
        Answer::CreateNew,
        Answer::LinkTo(1),
        Answer::Password(secret()),
        Answer::Assertion(Assertion::Stated(statement())),
        Answer::Assertion(Assertion::IdToken(secret())),
        Answer::Passkey(text("{}")),
        Answer::Totp(secret()),
        Answer::RecoveryCode(secret()),
        Answer::NewPassword(secret()),
        Answer::Restore,
        Answer::Saved,
        Answer::KeepDeleted,
        Answer::EraseNow,
        Answer::Resend,
        Answer::CorrectAddress(text("ada@example.org")),
        Answer::Cancel,
    ]
}

fn flows() -> Vec<Sample> {
    let flow = |step| Flow { token: Some(FLOW_TOKEN.parse().unwrap()), number: 1, step };
    let flows: Vec<_> = steps().into_iter().map(flow).collect();
    let done = flows.iter().find(|flow| flow.step.code() == "SignedIn").unwrap();
    vec![
        Sample::of(&flows),
        Sample::of(&[Flow { token: None, ..done.clone() }.signed_in().unwrap()]),
        Sample::of(&steps()),
        Sample::of(&[candidate()]),
        Sample::of(&addings()),
        Sample::of(&accepted()),
        Sample::of(&answers()),
        Sample::of(&[Assertion::Stated(statement()), Assertion::IdToken(secret())]),
        Sample::of(&[statement()]),
        Sample::of(&[Client::on("laptop"), client()]),
    ]
}

fn method() -> MethodView {
    MethodView {
        id: METHOD,
        kind: MethodKind::Federated,
        provider: Some(provider()),
        handle: Some(text("ada")),
        email: None,
        seen_email: Some(text("ada@example.org")),
        added_at: AT,
        used_at: Some(AT),
        compromised_at: None,
        suspended: false,
        synced: None,
    }
}

fn address() -> AddressView {
    AddressView {
        email: text("ada@example.org"),
        verified_at: Some(AT),
        source: AddressSource::Method { method: METHOD },
        others: 1,
    }
}

fn requesters() -> [RequestedBy; 2] {
    [RequestedBy::Owner, RequestedBy::Support { operator: text("op"), ticket: text("T-1") }]
}

fn statuses() -> Vec<Status> {
    let pending = |requested_by| Status::PendingDeletion { requested_at: AT, purge_at: AT, requested_by };
    [Status::Active].into_iter().chain(requesters().map(pending)).collect()
}

fn event() -> Event {
    Event {
        first: AT,
        last: AT,
        count: 2,
        actor: Actor::Owner,
        session: Some(SESSION),
        action: Action::PasswordTried,
        outcome: Outcome::Refused,
    }
}

fn mfa() -> MfaView {
    MfaView { since: AT, recovery_codes_left: 3, few_recovery_codes: true, has_weak_secret: true }
}

fn plans() -> Vec<Planned> {
    vec![
        Planned::EnrollTotp,
        Planned::RecoveryCodesSaved,
        Planned::RegenerateRecoveryCodes,
        Planned::TurnOffMfa,
        Planned::MarkCompromised { method: METHOD },
        Planned::RemoveMethod { method: METHOD },
        Planned::TakeSeenEmail { method: METHOD },
        Planned::OpenProduct { product: product() },
        Planned::EndSession { session: SESSION },
        Planned::EndOtherSessions,
        Planned::SignOut,
        Planned::RequestDeletion,
        Planned::Export,
    ]
}

fn effects() -> Vec<Effect> {
    vec![
        Effect::Account { action: Action::MfaTurnedOff },
        Effect::ThisSession,
        Effect::SessionEnds { session: SESSION },
        Effect::OtherSessionsEnd,
        Effect::AllSessionsEnd,
        Effect::Identifiers,
        Effect::Message { kind: "MfaTurnedOff" },
    ]
}

/// A real one, because only the engine draws QR codes.
fn enrolment() -> TotpEnrolment {
    let policy = Policy::builder().email_proof(selfsame::EmailProof::Later).build().unwrap();
    let engine = Engine::in_memory(policy, Environment::system()).unwrap();
    let password = "correct horse battery staple".into();
    let begun = engine.sign_up("ada@example.org", &password, &Client::on("laptop")).unwrap();
    let done =
        if begun.step.code() == "SignedIn" { begun } else { engine.answer(&begun, Answer::Skip).unwrap() };
    engine.account(&done.signed_in().unwrap().token).unwrap().enroll_totp().unwrap()
}

fn accounts() -> Vec<Sample> {
    let enrolment = enrolment();
    let session = Session {
        id: SESSION,
        account: ACCOUNT,
        client: client(),
        method: METHOD,
        kind: MethodKind::Password,
        amr: vec![Amr::Pwd],
        aal: Aal::Aal1,
        recovered: true,
        auth_time: AT,
        first_at: AT,
        created_at: AT,
        used_at: AT,
        ends_at: Some(AT),
    };
    let view = |status| AccountView {
        id: ACCOUNT,
        status,
        created: AT,
        display_name: Some(text("Ada")),
        contact: Some(text("ada@example.org")),
        addresses: vec![address()],
        methods: vec![method()],
        mfa: Some(mfa()),
        hold_until: Some(AT),
        second_factor_suspended: false,
        needs_address: true,
        protected_acts: protected_acts(),
    };
    let sources = [AddressSource::Method { method: METHOD }, AddressSource::Contact, AddressSource::Import];
    let explained = |outcome| Explanation { rules: vec!["5.5"], outcome, effects: effects() };
    let grant = Grant { provider: provider(), handle: None };
    let billed =
        StillBilled { product: product(), managed_by: ManagedBy::GooglePlay, url: text("https://x.org") };
    vec![
        Sample::of(&[session]),
        Sample::of(&statuses().into_iter().map(view).collect::<Vec<_>>()),
        Sample::of(&statuses()),
        Sample::of(&requesters()),
        Sample::of(&[address()]),
        Sample::of(&sources),
        Sample::of(&[
            AddressStep::Done { was_reserved: false },
            AddressStep::Done { was_reserved: true },
            AddressStep::ProveAddress { to: text("a…@example.org"), send_at: None },
            AddressStep::ReviewMethods { methods: vec![method()], second_factor: true, was_reserved: true },
        ]),
        Sample::of(&[method()]),
        Sample::of(&[mfa()]),
        Sample::of(&[ProtectedAct::MfaReplaced]),
        Sample::of(&protected_acts()),
        Sample::of(&[undo()]),
        Sample::of(&[access()]),
        Sample::of(&[event()]),
        Sample::of(&[Activity { sequence: 7, event: event() }]),
        Sample::of(&[RecoveryCodes { codes: vec![secret(), secret()], shown_until: AT }]),
        Sample::given::<QrCode>(std::slice::from_ref(&enrolment.qr)),
        Sample::given::<TotpEnrolment>(&[enrolment]),
        Sample::of(&plans()),
        Sample::given(&effects()),
        Sample::given(&[explained(Ok(())), explained(Err(Refusal::OnHold { until: AT }))]),
        Sample::of(&[Deletion {
            purge_at: AT,
            still_billed: vec![billed.clone()],
            grants: vec![grant.clone()],
        }]),
        Sample::of(&[billed]),
        Sample::of(&[grant]),
    ]
}

fn messages() -> Vec<MessageKind> {
    let (kind, provider) = (MethodKind::Federated, Some(provider()));
    vec![
        MessageKind::VerifyEmail { code: secret() },
        MessageKind::ResetPassword { code: secret() },
        MessageKind::EnrollSecondFactor { code: secret() },
        MessageKind::ChangeEmail { code: secret() },
        MessageKind::NoPassword { methods: vec![kind], providers: provider.iter().cloned().collect() },
        MessageKind::MfaTurnedOn,
        MessageKind::RecoveryCodeUsed { left: 3 },
        MessageKind::RecoveryCodesReplaced,
        MessageKind::MethodAdded { kind, provider: provider.clone() },
        MessageKind::MethodRemoved { kind: MethodKind::Password, provider: None },
        MessageKind::DeletionRequested { purge_at: AT },
        MessageKind::ErasureAnnounced { from: AT },
        MessageKind::RevokeGrant { provider: provider.clone().unwrap(), subject: text("1") },
        MessageKind::IdentityRenumbered { provider: provider.unwrap() },
    ]
}

fn host() -> Vec<Sample> {
    let undo = UndoOffer { code: secret(), until: AT };
    let message = |kind| Message {
        id: MESSAGE,
        to: text("ada@example.org"),
        kind,
        device: text("laptop"),
        created_at: AT,
        failures: 2,
        retry_at: AT,
        undo: Some(undo.clone()),
    };
    let billing = Billing {
        customer: "C-1".parse().unwrap(),
        plan: text("pro"),
        status: BillingStatus::Active,
        period_end: Some(AT),
        managed_by: ManagedBy::Direct,
    };
    let removed = RemovedRows { table: text("session"), rows: 2 };
    let receipt =
        PurgeReceipt { account: ACCOUNT, purge_at: AT, purged_at: AT, removed: vec![removed.clone()] };
    let request = |status| PrivacyRequest {
        id: REQUEST,
        account: ACCOUNT,
        kind: RequestKind::Erasure,
        made_at: AT,
        due_at: AT,
        told_at: None,
        status,
        receipt: Some(text("done")),
        deletion: None,
    };
    let states = [RequestStatus::Open, RequestStatus::Closed { at: AT }, RequestStatus::Withdrawn { at: AT }];
    vec![
        Sample::of(&messages().into_iter().map(message).collect::<Vec<_>>()),
        Sample::of(&messages()),
        Sample::of(std::slice::from_ref(&undo)),
        Sample::of(&[Membership { product: product(), since: AT, billing: Some(billing.clone()) }]),
        Sample::of(&[billing]),
        Sample::of(&[
            Destination::Product { url: text("https://x.org") },
            Destination::Store { store: ManagedBy::GooglePlay, url: text("https://x.org") },
            Destination::ManagedElsewhere { url: None },
        ]),
        Sample::of(&[Managed::Product { product: product() }, Managed::Provider { provider: provider() }]),
        Sample::of(&[PickerEntry {
            account: ACCOUNT,
            display_name: None,
            email: Some(text("a…@example.org")),
            methods: vec![MethodKind::Password],
            needs_network: false,
        }]),
        Sample::of(&[PurgeReport { receipts: vec![receipt.clone()], more: false, next_call_at: Some(AT) }]),
        Sample::of(&[receipt]),
        Sample::of(&[removed]),
        Sample::of(&states.map(request)),
        Sample::of(&states),
        Sample::of(&[SupportRecord {
            account: ACCOUNT,
            operator: text("op"),
            ticket: text("T-1"),
            at: AT,
            act: SupportAct::DeletionStarted,
        }]),
        Sample::of(&[SupportView {
            id: ACCOUNT,
            status: Status::Active,
            created: AT,
            contact: None,
            methods: vec![MethodKind::Password],
            providers: vec![provider()],
            products: vec![product()],
        }]),
        Sample::of(&[Health {
            schema_version: 1,
            accounts: 1,
            file_size: Some(4_096),
            on_network: Some(false),
            erasure_pending: None,
            rollback_protected: true,
            has_reserve: true,
            clock_rolled_back_by: Some(Duration::from_secs(60)),
            clock_events: 1,
            outbox: 2,
            undelivered: 3,
            due_purges: 0,
            waiting_flows: 3,
        }]),
    ]
}

fn refusals() -> Vec<Sample> {
    let identity = ImportedIdentity { provider: provider(), subject: text("1"), handle: None };
    let totp = ImportedTotp { secret: secret(), parameters: TotpParameters::default() };
    let imported = ImportedAccount {
        external_id: text("7"),
        created_at: Some(AT),
        display_name: Some(text("Ada")),
        email: Some(text("ada@example.org")),
        email_verified: true,
        password_hash: Some(secret()),
        identities: vec![identity.clone()],
        totp: Some(totp.clone()),
    };
    let problems = [ImportProblem::NoMethod, ImportProblem::InvalidEmail { reason: InvalidEmail::Syntax }];
    let refusals = [
        Refusal::InvalidCode,
        Refusal::AssertionRejected { reason: AssertionProblem::Expired },
        Refusal::PasskeyRejected { reason: PasskeyProblem::BackupEligibility },
        Refusal::InvalidPassword { rule: PasswordRule::Common },
        Refusal::InvalidText { field: TextField::Device, reason: TextProblem::Character },
        Refusal::NeedsKeys { issuer: text("https://accounts.google.com") },
        Refusal::OnHold { until: AT },
        Refusal::ReauthenticationRequired { accepted: accepted() },
        Refusal::Throttled { retry_at: None },
        Refusal::TooEarly { at: AT },
    ];
    let mut errors: Vec<_> = refusals.iter().cloned().map(Error::Refused).collect();
    errors.extend([
        Error::Busy { retry_after: Duration::from_millis(250) },
        Error::Open(OpenProblem::WrongKey),
        Error::Damaged,
        Error::Storage { kind: std::io::ErrorKind::PermissionDenied },
    ]);
    vec![
        Sample::of(&refusals),
        Sample::given(&errors),
        Sample::of(&[imported]),
        Sample::of(&[identity]),
        Sample::of(&[totp]),
        Sample::of(
            &[
                ImportOutcome::Imported { account: ACCOUNT, dropped_name: None, weak_totp: false },
                ImportOutcome::Imported {
                    account: ACCOUNT,
                    dropped_name: Some(TextProblem::Empty),
                    weak_totp: true,
                },
                ImportOutcome::AlreadyImported { account: ACCOUNT, differs: true },
            ]
            .into_iter()
            .chain(problems.map(|reason| ImportOutcome::Refused { reason }))
            .collect::<Vec<_>>(),
        ),
        Sample::of(&problems),
    ]
}
