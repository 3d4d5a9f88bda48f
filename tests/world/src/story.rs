//! Stories: acts of people as data, and the answer that the engine must give to each.
//! `tests/stories/README.md` describes the format.

use std::fmt;
use std::time::Duration;

use selfsame::{Billing, EmailProof, Intent, MfaPolicy, Policy, PolicyError, RequestKind, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::clock::{days, hours, minutes};
pub use crate::play::Give;
use crate::provider::Identity;
use crate::world::World;

/// A story that was read and is well formed.
#[derive(Clone, Debug)]
pub struct Story {
    /// What the story is about.
    pub title: String,
    /// The numbers of the rules that it shows.
    pub rules: Vec<String>,
    /// The time at which it starts.
    pub starts: Timestamp,
    /// The seed of all randomness.
    pub seed: u64,
    /// The policy of its engine.
    pub policy: Policy,
    /// The acts in order.
    pub scenes: Vec<Scene>,
}

/// One act and its expected answer.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Who acts. For readers.
    pub who: Option<String>,
    /// Why. For readers.
    pub why: Option<String>,
    /// The act.
    pub act: Act,
    /// The names of the session that the act opens and of its account.
    pub keep: Keep,
    /// What the answer must contain. Without it, the answer must not be a refusal.
    pub expect: Option<Value>,
}

/// An act.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each act is described in tests/stories/README.md")]
pub enum Act {
    SignUp {
        email: String,
        password: String,
        flow: String,
        device: Option<String>,
        product: Option<String>,
        #[serde(default)]
        known: Vec<String>,
        origin: Option<String>,
    },
    BeginFederated {
        provider: String,
        flow: String,
        device: Option<String>,
        product: Option<String>,
        #[serde(default)]
        known: Vec<String>,
        origin: Option<String>,
    },
    ContinueWith {
        flow: String,
        identity: Identity,
        intent: Intent,
        made_for: Option<String>,
    },
    Answer {
        flow: String,
        give: Give,
        number: Option<u32>,
    },
    Resume {
        flow: String,
    },
    SignIn {
        email: String,
        password: String,
        flow: Option<String>,
        device: Option<String>,
        product: Option<String>,
        #[serde(default)]
        known: Vec<String>,
        origin: Option<String>,
    },
    Picker {},
    SignInTo {
        account: String,
        password: String,
        flow: Option<String>,
        device: Option<String>,
        #[serde(default)]
        known: Vec<String>,
        origin: Option<String>,
    },
    RemoveFromPicker {
        account: String,
    },
    ResetPassword {
        email: String,
        flow: String,
        device: Option<String>,
        product: Option<String>,
        #[serde(default)]
        known: Vec<String>,
        origin: Option<String>,
    },
    Reauthenticate {
        session: String,
        flow: String,
    },
    EnrollTotp {
        session: String,
        app: String,
    },
    ConfirmTotp {
        session: String,
        app: String,
        codes: String,
    },
    UnsavedRecoveryCodes {
        session: String,
    },
    RecoveryCodesSaved {
        session: String,
    },
    RegenerateRecoveryCodes {
        session: String,
        codes: String,
    },
    TurnOffMfa {
        session: String,
    },
    MarkCompromised {
        session: String,
    },
    BeginAdd {
        session: String,
        provider: String,
        flow: String,
    },
    AddPassword {
        session: String,
        email: String,
        password: String,
    },
    RemoveMethod {
        session: String,
        method: String,
    },
    TakeSeenEmail {
        session: String,
        method: String,
    },
    ChangeEmail {
        session: String,
        email: String,
    },
    VerifyAddress {
        session: String,
        email: String,
    },
    ProveAddress {
        session: String,
        code: String,
    },
    SetContact {
        session: String,
        email: String,
    },
    SetDisplayName {
        session: String,
        name: Option<String>,
    },
    ChangePassword {
        session: String,
        current: String,
        new: String,
    },
    Review {
        session: String,
        stays: Vec<String>,
        #[serde(default)]
        second_factor_stays: bool,
        new_password: Option<String>,
    },
    Undo {
        undo: String,
        flow: String,
        device: Option<String>,
        product: Option<String>,
        #[serde(default)]
        known: Vec<String>,
        origin: Option<String>,
    },
    ConfirmProtectedActs {
        session: String,
    },
    Resolve {
        session: String,
    },
    Touch {
        session: String,
    },
    Account {
        session: String,
    },
    Sessions {
        session: String,
    },
    EndSession {
        session: String,
        ends: String,
    },
    EndOtherSessions {
        session: String,
    },
    SignOut {
        session: String,
    },
    RequestDeletion {
        session: String,
    },
    PurgeDue {
        limit: Option<usize>,
    },
    SupportFind {
        operator: String,
        named: String,
    },
    SupportActivity {
        operator: String,
        account: String,
    },
    SupportDelete {
        operator: String,
        account: String,
        ticket: String,
    },
    SupportRecords {
        account: String,
    },
    RequestPrivacy {
        session: String,
        kind: RequestKind,
        request: String,
    },
    PrivacyRequests {
        session: String,
    },
    Export {
        session: String,
    },
    OpenRequests {},
    CloseRequest {
        request: String,
        receipt: String,
    },
    AnnounceErasure {
        request: String,
    },
    Erase {
        request: String,
    },
    OpenProduct {
        session: String,
        product: String,
    },
    Memberships {
        session: String,
    },
    SetBilling {
        account: String,
        product: String,
        billing: Billing,
    },
    BillingDestination {
        session: String,
        product: String,
    },
    ManageDestination {
        session: String,
        product: Option<String>,
        provider: Option<String>,
    },
    Explain {
        session: String,
        planned: String,
    },
    Activity {
        session: String,
    },
    VerifyAudit {
        session: String,
    },
    Mail {
        to: String,
        code: Option<String>,
        undo: Option<String>,
    },
    Wait(Span),
    TurnWall {
        forward: Option<Span>,
        back: Option<Span>,
    },
    Reopen {},
    Reboot(Span),
    Rekey {},
    Health {},
}

/// A span of time: the sum of its members.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "units of time")]
pub struct Span {
    pub days: u64,
    pub hours: u64,
    pub minutes: u64,
    pub seconds: u64,
    pub millis: u64,
}

/// The names that an act gives.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// The name of the account.
    pub account: Option<String>,
    /// The name of the session, and of the recognition that it earned.
    pub session: Option<String>,
}

/// Why a text is not a story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// The number of the act, counted from 1, if the problem is in one act.
    pub act: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl Story {
    /// Reads a story.
    ///
    /// # Errors
    /// Returns [`Unreadable`] with the act and the problem.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let written: Written = serde_json::from_str(text).map_err(|error| whole(&error))?;
        let policy = written.policy.build().map_err(|error| whole(&error))?;
        let scenes = written
            .acts
            .into_iter()
            .enumerate()
            .map(|(at, act)| Scene::read(act).map_err(|why| Unreadable { act: Some(at + 1), why }))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            title: written.title,
            rules: written.rules,
            starts: Timestamp::from_millis(written.starts),
            seed: written.seed,
            policy,
            scenes,
        })
    }
}

impl Scene {
    fn read(written: Value) -> Result<Self, String> {
        let Value::Object(mut members) = written else { return Err("an act is an object".to_owned()) };
        let said: Said = ["who", "why", "keep", "expect"]
            .into_iter()
            .filter_map(|name| members.remove_entry(name))
            .collect();
        let said: About = serde_json::from_value(Value::Object(said)).map_err(|error| error.to_string())?;
        let act = serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())?;
        Ok(Self { who: said.who, why: said.why, act, keep: said.keep, expect: said.expect })
    }
}

impl Act {
    /// Returns the name of the act in the format.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SignUp { .. } => "sign_up",
            Self::BeginFederated { .. } => "begin_federated",
            Self::ContinueWith { .. } => "continue_with",
            Self::Answer { .. } => "answer",
            Self::Resume { .. } => "resume",
            Self::SignIn { .. } => "sign_in",
            Self::Picker {} => "picker",
            Self::SignInTo { .. } => "sign_in_to",
            Self::RemoveFromPicker { .. } => "remove_from_picker",
            Self::ResetPassword { .. } => "reset_password",
            Self::Reauthenticate { .. } => "reauthenticate",
            Self::EnrollTotp { .. } => "enroll_totp",
            Self::ConfirmTotp { .. } => "confirm_totp",
            Self::UnsavedRecoveryCodes { .. } => "unsaved_recovery_codes",
            Self::RecoveryCodesSaved { .. } => "recovery_codes_saved",
            Self::RegenerateRecoveryCodes { .. } => "regenerate_recovery_codes",
            Self::TurnOffMfa { .. } => "turn_off_mfa",
            Self::MarkCompromised { .. } => "mark_compromised",
            Self::BeginAdd { .. } => "begin_add",
            Self::AddPassword { .. } => "add_password",
            Self::RemoveMethod { .. } => "remove_method",
            Self::TakeSeenEmail { .. } => "take_seen_email",
            Self::ChangeEmail { .. } => "change_email",
            Self::VerifyAddress { .. } => "verify_address",
            Self::ProveAddress { .. } => "prove_address",
            Self::SetContact { .. } => "set_contact",
            Self::SetDisplayName { .. } => "set_display_name",
            Self::ChangePassword { .. } => "change_password",
            Self::Review { .. } => "review",
            Self::Undo { .. } => "undo",
            Self::ConfirmProtectedActs { .. } => "confirm_protected_acts",
            Self::Resolve { .. } => "resolve",
            Self::Touch { .. } => "touch",
            Self::Account { .. } => "account",
            Self::Sessions { .. } => "sessions",
            Self::EndSession { .. } => "end_session",
            Self::EndOtherSessions { .. } => "end_other_sessions",
            Self::SignOut { .. } => "sign_out",
            Self::RequestDeletion { .. } => "request_deletion",
            Self::PurgeDue { .. } => "purge_due",
            Self::SupportFind { .. } => "support_find",
            Self::SupportActivity { .. } => "support_activity",
            Self::SupportDelete { .. } => "support_delete",
            Self::SupportRecords { .. } => "support_records",
            Self::RequestPrivacy { .. } => "request_privacy",
            Self::PrivacyRequests { .. } => "privacy_requests",
            Self::Export { .. } => "export",
            Self::OpenRequests {} => "open_requests",
            Self::CloseRequest { .. } => "close_request",
            Self::AnnounceErasure { .. } => "announce_erasure",
            Self::Erase { .. } => "erase",
            Self::OpenProduct { .. } => "open_product",
            Self::Memberships { .. } => "memberships",
            Self::SetBilling { .. } => "set_billing",
            Self::BillingDestination { .. } => "billing_destination",
            Self::ManageDestination { .. } => "manage_destination",
            Self::Explain { .. } => "explain",
            Self::Activity { .. } => "activity",
            Self::VerifyAudit { .. } => "verify_audit",
            Self::Mail { .. } => "mail",
            Self::Wait(_) => "wait",
            Self::TurnWall { .. } => "turn_wall",
            Self::Reopen {} => "reopen",
            Self::Reboot(_) => "reboot",
            Self::Rekey {} => "rekey",
            Self::Health {} => "health",
        }
    }
}

impl Span {
    /// Returns the span as a duration.
    pub fn duration(self) -> Duration {
        days(self.days)
            + hours(self.hours)
            + minutes(self.minutes)
            + Duration::from_secs(self.seconds)
            + Duration::from_millis(self.millis)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.act {
            Some(act) => write!(f, "act {act}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Unreadable {}

type Said = serde_json::Map<String, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    rules: Vec<String>,
    starts: u64,
    seed: u64,
    #[serde(default)]
    policy: Figures,
    acts: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct About {
    who: Option<String>,
    why: Option<String>,
    keep: Keep,
    expect: Option<Value>,
}

/// The figures of policy that a story can set.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Figures {
    max_accounts_per_email: Option<usize>,
    max_methods: Option<usize>,
    max_addresses: Option<usize>,
    max_sessions: Option<u16>,
    max_open_sign_ups: Option<u32>,
    session_idle: Option<Span>,
    session_absolute: Option<Span>,
    fresh_for: Option<Span>,
    hold: Option<Span>,
    picker: bool,
    email_proof_later: bool,
    mfa_required: bool,
}

impl Figures {
    fn build(self) -> Result<Policy, PolicyError> {
        let mut policy = World::policy().picker(self.picker);
        if self.email_proof_later {
            policy = policy.email_proof(EmailProof::Later);
        }
        if self.mfa_required {
            policy = policy.mfa(MfaPolicy::Required);
        }
        if let Some(most) = self.max_accounts_per_email {
            policy = policy.max_accounts_per_email(most);
        }
        if let Some(most) = self.max_methods {
            policy = policy.max_methods(most);
        }
        if let Some(most) = self.max_addresses {
            policy = policy.max_addresses(most);
        }
        if let Some(most) = self.max_sessions {
            policy = policy.max_sessions(most);
        }
        if let Some(most) = self.max_open_sign_ups {
            policy = policy.max_open_sign_ups(most);
        }
        if let Some(span) = self.session_idle {
            policy = policy.session_idle(span.duration());
        }
        if let Some(span) = self.session_absolute {
            policy = policy.session_absolute(span.duration());
        }
        if let Some(span) = self.fresh_for {
            policy = policy.fresh_for(span.duration());
        }
        if let Some(span) = self.hold {
            policy = policy.hold(span.duration());
        }
        policy.build()
    }
}

fn whole(error: &impl fmt::Display) -> Unreadable {
    Unreadable { act: None, why: error.to_string() }
}
