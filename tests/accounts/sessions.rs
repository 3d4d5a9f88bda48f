//! Sessions and the events of an account (SPEC 6.1 to 6.3, 11).

use std::time::Duration;

use selfsame::{Accepted, Action, Client, Error, FlowToken, Outcome, ProductId, Refusal, SessionToken};
use selfsame_world::{World, days, hours, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const ENDED: Error = Error::Refused(Refusal::SessionEnded);

#[test]
fn r6_1_a_token_carries_256_bits_and_similar_tokens_are_refused() {
    let world = World::new();
    let ada = world.ada();
    // The token has 16 bytes of account id, 16 of session id and 32 of secret.
    assert_eq!(ada.token.reveal().len(), 86);
    let text = ada.token.reveal();
    for at in [0, 30, 50, 80] {
        let mut other: Vec<char> = text.chars().collect();
        other[at] = if other[at] == 'A' { 'B' } else { 'A' };
        let other: String = other.into_iter().collect();
        let Ok(token) = other.parse::<SessionToken>() else { continue };
        assert_eq!(world.engine().resolve(&token).unwrap_err(), ENDED, "at {at}");
    }
    assert!(text.strip_suffix(|_: char| true).unwrap().parse::<SessionToken>().is_err());
    assert!(text.parse::<FlowToken>().is_err());
}

#[test]
fn r6_2_a_session_ends_after_its_idle_and_its_absolute_limit() {
    let world = World::new();
    let ada = world.ada();
    let moment = Duration::from_millis(1);
    // A session ends 30 days after its last use. The recorded time of the last use may be up to an hour old.
    world.later(days(30) + hours(1) - moment);
    world.engine().resolve(&ada.token).unwrap();
    world.later(moment);
    assert_eq!(world.engine().resolve(&ada.token).unwrap_err(), ENDED);

    let kept = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token;
    for _ in 0..179 {
        world.later(days(1));
        world.engine().touch(&kept).unwrap();
    }
    world.later(days(1) - moment);
    world.engine().touch(&kept).unwrap();
    world.later(moment);
    assert_eq!(world.engine().touch(&kept).unwrap_err(), ENDED);
}

#[test]
fn r6_2_touch_writes_at_most_hourly_and_resolve_never() {
    let world = World::new();
    let ada = world.ada();
    let commits = || world.engine().commits().unwrap();
    world.later(hours(1) - Duration::from_millis(1));
    world.catch_up();
    let before = commits();
    world.engine().touch(&ada.token).unwrap();
    world.engine().resolve(&ada.token).unwrap();
    assert_eq!(commits(), before);
    world.later(Duration::from_millis(1));
    let touched = world.engine().touch(&ada.token).unwrap();
    assert_eq!((touched.used_at, commits()), (world.now(), before + 1));
    world.engine().touch(&ada.token).unwrap();
    assert_eq!(commits(), before + 1);
    assert_eq!(
        world.account(&ada).sessions().unwrap()[0].used_at,
        world.now(),
        "the owner sees the last use"
    );
}

#[test]
fn r6_2_policy_can_set_the_limits_of_nist() {
    let policy = World::policy().aal2().build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    // Records uses every 5 minutes and ends sessions after an hour.
    world.later(hours(1) + Duration::from_secs(300) - Duration::from_millis(1));
    world.engine().resolve(&ada.token).unwrap();
    world.later(Duration::from_millis(1));
    assert_eq!(world.engine().resolve(&ada.token).unwrap_err(), ENDED);
}

#[test]
fn r6_3_the_owner_lists_sessions_and_ends_one_or_all_others() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(1));
    let phone = Client::on("Ada's phone").using("grok".parse::<ProductId>().unwrap());
    let on_phone = signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &phone).unwrap());
    world.later(Duration::from_millis(1));
    let on_tablet = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    let account = world.account(&ada);
    let sessions = account.sessions().unwrap();
    let named: Vec<_> = sessions.iter().map(|session| session.id).collect();
    assert_eq!(named, [ada.session, on_phone.session, on_tablet.session]);
    assert_eq!(sessions[1].client, phone);
    assert_eq!((sessions[2].created_at, sessions[2].used_at), (world.now(), world.now()));

    account.end_session(on_phone.session).unwrap();
    assert_eq!(world.engine().resolve(&on_phone.token).unwrap_err(), ENDED);
    assert_eq!(account.end_session(on_phone.session).unwrap_err(), ENDED, "the session has ended");
    account.end_other_sessions().unwrap();
    assert_eq!(world.engine().resolve(&on_tablet.token).unwrap_err(), ENDED);
    world.engine().resolve(&ada.token).unwrap();
    account.sign_out().unwrap();
    assert_eq!(account.view().unwrap_err(), ENDED);
}

#[test]
fn r6_3_an_ended_session_cannot_be_ended_again() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(31));
    let now = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    let account = world.engine().account(&now.token).unwrap();
    assert_eq!(account.end_session(ada.session).unwrap_err(), ENDED);
    assert_eq!(account.activity().unwrap().len(), 2, "the attempt adds no event");
}

#[test]
fn r6_3_a_session_of_another_account_cannot_be_ended() {
    let world = World::new();
    let ada = world.ada();
    let grace = world.person("grace@example.org", PASSWORD);
    assert_eq!(world.account(&ada).end_session(grace.session).unwrap_err(), ENDED);
    world.engine().resolve(&grace.token).unwrap();
}

#[test]
fn r6_4_a_deletion_request_needs_proof_from_the_last_five_minutes() {
    let world = World::new();
    let ada = world.ada();
    world.later(Duration::from_secs(300));
    let stale = world.account(&ada).request_deletion().unwrap_err();
    assert_eq!(
        stale,
        Error::Refused(Refusal::ReauthenticationRequired { accepted: vec![Accepted::Password] })
    );
    world.engine().resolve(&ada.token).unwrap();
    let fresh = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token;
    world.later(Duration::from_secs(300) - Duration::from_millis(1));
    world.engine().account(&fresh).unwrap().request_deletion().unwrap();
}

#[test]
fn r9_1_a_deletion_ends_all_sessions_and_notifies_every_verified_address() {
    let world = World::new();
    let ada = world.ada();
    let other = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token;
    world.mailbox().clear();
    world.engine().account(&other).unwrap().request_deletion().unwrap();
    assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "DeletionRequested");
    for token in [&ada.token, &other] {
        assert_eq!(world.engine().resolve(token).unwrap_err(), ENDED);
    }
}

#[test]
fn r11_1_every_act_is_an_event_and_consecutive_refusals_are_one() {
    let world = World::new();
    let ada = world.ada();
    for _ in 0..7 {
        world.later(Duration::from_secs(1));
        world.sign_in(&ada.email, "a wrong password").unwrap_err();
    }
    world.later(hours(1));
    let other = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    world.account(&ada).end_session(other.session).unwrap();
    let account = world.account(&ada);
    let activity: Vec<_> = account
        .activity()
        .unwrap()
        .into_iter()
        .map(|kept| (kept.sequence, kept.event.action, kept.event.outcome, kept.event.count))
        .collect();
    assert_eq!(
        activity,
        [
            (0, Action::AccountCreated, Outcome::Done, 1),
            (1, Action::PasswordTried, Outcome::Refused, 5),
            (2, Action::Throttled, Outcome::Refused, 2),
            (3, Action::SignedIn, Outcome::Done, 1),
            (4, Action::SessionEnded, Outcome::Done, 1),
        ]
    );
    let folded = &account.activity().unwrap()[1].event;
    assert_eq!(folded.last.since(folded.first), Duration::from_secs(4));
    assert!(account.verify_audit().unwrap());
}

#[test]
fn r11_2_after_400_days_the_oldest_events_are_dropped_and_the_chain_still_verifies() {
    let world = World::new();
    let ada = world.ada();
    let mut token = ada.token.clone();
    for _ in 0..30 {
        world.later(days(20));
        let next = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token;
        world.engine().account(&token).unwrap().sign_out().unwrap();
        token = next;
    }
    let account = world.engine().account(&token).unwrap();
    let activity = account.activity().unwrap();
    assert!(activity[0].sequence > 0, "the first events are dropped");
    assert!(world.now().since(activity[0].event.last) < days(401));
    assert_eq!(activity.last().unwrap().sequence, 60);
    assert!(account.verify_audit().unwrap());
}

#[test]
fn r11_3_owners_read_only_the_activity_of_their_own_account() {
    let world = World::new();
    let ada = world.ada();
    let grace = world.person("grace@example.org", PASSWORD);
    world.sign_in(&grace.email, "a wrong password").unwrap_err();
    let actions = |person| {
        let activity = world.account(person).activity().unwrap();
        activity.iter().map(|kept| kept.event.action).collect::<Vec<_>>()
    };
    assert_eq!(actions(&ada), [Action::AccountCreated]);
    assert_eq!(actions(&grace), [Action::AccountCreated, Action::PasswordTried]);
}

#[test]
fn r13_4_health_counts_pending_work() {
    let world = World::new();
    assert_eq!(
        (world.engine().health().unwrap().outbox, world.engine().health().unwrap().waiting_flows),
        (0, 0)
    );
    world.sign_up("ada@example.org", PASSWORD);
    let health = world.engine().health().unwrap();
    assert_eq!((health.outbox, health.waiting_flows, health.clock_rolled_back_by), (1, 1, None));
}
