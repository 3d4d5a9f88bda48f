//! Deletion, from the request to the purge (SPEC 9).

use std::collections::BTreeMap;
use std::time::Duration;

use selfsame::{
    AccountId, Answer, Billing, BillingStatus, Client, CustomerRef, Error, Flow, Intent, ManagedBy,
    MessageKind, ProductId, PurgeReceipt, PurgeReport, Refusal, Step, Table,
};
use selfsame_world::{Identity, Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn billing(customer: &str, status: BillingStatus, managed_by: ManagedBy) -> Billing {
    let customer = customer.parse::<CustomerRef>().unwrap();
    Billing { customer, plan: "plus".to_owned(), status, period_end: None, managed_by }
}

fn bill(world: &World, person: &Person, product: &str, billing: &Billing) {
    world.engine().set_billing(person.account, &product.parse::<ProductId>().unwrap(), billing).unwrap();
}

/// Links the X identity of this subject to the person's account.
fn link_x(world: &World, person: &Person, subject: &str) {
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity(subject, Some(&person.email)), &person.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(person.password.as_str().into())).unwrap());
}

fn asked(world: &World, person: &Person) -> Flow {
    let asked = world.sign_in(&person.email, &person.password).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
    asked
}

fn kinds(world: &World) -> Vec<String> {
    world.mailbox().all().iter().map(|message| message.kind.code().to_owned()).collect()
}

fn purge(world: &World) -> PurgeReport {
    world.engine().purge_due(100).unwrap()
}

fn gone(report: &PurgeReport) -> Vec<AccountId> {
    report.receipts.iter().map(|receipt| receipt.account).collect()
}

/// Purges twice, a day apart, and returns the receipts.
fn purged(world: &World) -> Vec<PurgeReceipt> {
    assert_eq!(purge(world).receipts, []);
    world.later(days(1));
    purge(world).receipts
}

/// Returns how many rows each table has under the account's own key.
fn rows(world: &World, account: AccountId) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for key in world.engine().dump().unwrap().keys().filter(|key| key.starts_with(account.as_bytes())) {
        *counts.entry(Table::of(key).unwrap().name).or_default() += 1;
    }
    counts
}

fn all_rows(world: &World, table: &str) -> usize {
    let rows = world.engine().dump().unwrap();
    rows.keys().filter(|key| Table::of(key).is_some_and(|of| of.name == table)).count()
}

#[test]
fn r9_1_the_answer_lists_subscriptions_that_still_cost_money_and_granted_access() {
    let world = World::new();
    let ada = world.ada();
    link_x(&world, &ada, "815");
    bill(&world, &ada, "grok", &billing("1", BillingStatus::Active, ManagedBy::AppleAppStore));
    bill(&world, &ada, "api", &billing("2", BillingStatus::Active, ManagedBy::Direct));
    let deletion = world.account(&ada).request_deletion().unwrap();
    assert_eq!(deletion.purge_at, world.now() + days(30));
    let billed: Vec<_> =
        deletion.still_billed.iter().map(|each| (each.product.as_str(), each.managed_by)).collect();
    assert_eq!(
        billed,
        [("grok", ManagedBy::AppleAppStore)],
        "the service itself ends the subscriptions that it bills"
    );
    assert!(deletion.still_billed[0].url.starts_with("https://apps.apple.com/"));
    let grants: Vec<_> = deletion.grants.iter().map(|grant| grant.provider.as_str()).collect();
    assert_eq!(grants, ["x"]);
    assert_eq!(deletion.grants[0].handle.as_deref(), Some("815"));
}

#[test]
fn r9_1_a_subscription_that_is_not_renewed_is_not_listed() {
    for (status, goes_on) in [
        (BillingStatus::Trial, true),
        (BillingStatus::PastDue, true),
        (BillingStatus::Canceled, false),
        (BillingStatus::Ended, false),
    ] {
        let world = World::new();
        let ada = world.ada();
        bill(&world, &ada, "grok", &billing("1", status, ManagedBy::GooglePlay));
        let deletion = world.account(&ada).request_deletion().unwrap();
        assert_eq!(deletion.still_billed.len(), usize::from(goes_on), "{status:?}");
    }
}

#[test]
fn r9_1_every_verified_address_is_reminded_seven_days_and_one_day_before() {
    let world = World::new();
    let ada = world.ada();
    world.mailbox().clear();
    let purge_at = world.account(&ada).request_deletion().unwrap().purge_at;
    assert_eq!(kinds(&world), ["DeletionRequested"]);
    world.mailbox().clear();
    world.later(days(23) - minutes(1));
    assert_eq!(kinds(&world), [""; 0]);
    world.later(minutes(1));
    let reminder = world.mailbox().take(&ada.email).unwrap();
    assert!(matches!(reminder.kind, MessageKind::DeletionReminder { purge_at: at } if at == purge_at));
    world.later(days(6));
    assert_eq!(kinds(&world), ["DeletionReminder"]);
    assert_eq!(all_rows(&world, "reminder"), 0);
    world.mailbox().clear();
    world.later(days(1));
    assert_eq!(kinds(&world), [""; 0]);
}

#[test]
fn r9_1_a_cancelled_deletion_sends_no_reminder() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(1));
    let back = signed_in(world.answer(&asked(&world, &ada), Answer::Restore).unwrap()).token;
    assert_eq!((all_rows(&world, "reminder"), all_rows(&world, "purge")), (0, 0));
    // A new deletion has its own reminders.
    let purge_at = world.engine().account(&back).unwrap().request_deletion().unwrap().purge_at;
    world.mailbox().clear();
    world.later(days(22));
    assert_eq!(kinds(&world), [""; 0], "the time of the first deletion's reminder");
    world.later(days(1));
    let reminder = world.mailbox().take(&ada.email).unwrap();
    assert!(matches!(reminder.kind, MessageKind::DeletionReminder { purge_at: at } if at == purge_at));
}

#[test]
fn r9_1_reminders_due_at_the_same_time_are_all_sent() {
    let world = World::new();
    let people: Vec<_> = (0..10).map(|n| world.person(&format!("p{n}@example.org"), PASSWORD)).collect();
    for person in &people {
        world.account(person).request_deletion().unwrap();
    }
    world.mailbox().clear();
    world.later(days(23));
    assert_eq!(kinds(&world).len(), 10);
}

#[test]
fn r9_2_on_day_29_the_account_is_restored_completely() {
    let world = World::new();
    let ada = world.ada();
    bill(&world, &ada, "grok", &billing("1", BillingStatus::Active, ManagedBy::AppleAppStore));
    let before = world.account(&ada).view().unwrap();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(29));
    let asked = asked(&world, &ada);
    world.mailbox().clear();
    let back = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!(kinds(&world), ["Restored"]);
    let after = world.engine().account(&back.token).unwrap().view().unwrap();
    assert_eq!((after.addresses, after.contact), (before.addresses, before.contact));
    assert_eq!(after.status, before.status);
}

#[test]
fn r9_3_a_restore_is_refused_at_thirty_days_but_not_a_millisecond_before() {
    let moment = Duration::from_millis(1);
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30) - moment);
    let asked = asked(&world, &ada);
    world.later(moment);
    assert_eq!(refused(world.answer(&asked, Answer::Restore)), Refusal::FlowExpired);
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
}

#[test]
fn r9_3_another_account_can_claim_an_absent_account_s_identifier_and_the_purge_leaves_it() {
    let world = World::new();
    let ada = world.ada();
    link_x(&world, &ada, "815");
    world.account(&world_again(&world, &ada)).request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(purge(&world).receipts, []);
    world.later(days(1));
    world.mailbox().clear();
    let anew = world.person(&ada.email, PASSWORD);
    let by_x = signed_in(world.present(&Identity::at("x", "815"), Intent::SignUp).unwrap());
    assert_ne!(by_x.account, ada.account);
    let receipts = purge(&world).receipts;
    assert_eq!(receipts.len(), 1);
    assert!(!receipts[0].removed.iter().any(|removed| removed.table == "claim"), "{receipts:?}");
    assert_eq!(signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).account, anew.account);
    let again = signed_in(world.present(&Identity::at("x", "815"), Intent::SignIn).unwrap());
    assert_eq!(again.account, by_x.account);
    // A grant that another account uses to sign in is not revoked.
    assert!(!kinds(&world).contains(&"RevokeGrant".to_owned()));
}

/// Signs the person in again.
fn world_again(world: &World, person: &Person) -> Person {
    let again = signed_in(world.sign_in(&person.email, &person.password).unwrap());
    Person { session: again.session, token: again.token, ..person.clone() }
}

#[test]
fn r9_4_a_purge_removes_every_row_and_leaves_a_tombstone() {
    let world = World::new();
    let ada = world.ada();
    let grace = world.person("grace@example.org", PASSWORD);
    link_x(&world, &ada, "815");
    bill(&world, &ada, "grok", &billing("1", BillingStatus::Active, ManagedBy::Direct));
    world.account(&world_again(&world, &ada)).request_deletion().unwrap();
    let graces = rows(&world, grace.account);
    // Nobody fetches the notices. They belong to the account and are purged with it.
    assert!(world.engine().health().unwrap().outbox > 1);
    world.later(days(30));
    let receipts = purged(&world);
    let removed: Vec<_> = receipts[0].removed.iter().map(|each| (each.table.as_str(), each.rows)).collect();
    assert_eq!(receipts[0].account, ada.account);
    assert_eq!(receipts[0].purged_at, world.now());
    assert_eq!(
        removed,
        [
            ("about", 3),
            ("account", 1),
            ("audit", 5),
            ("claim", 3),
            ("email", 1),
            ("outbox", 3),
            ("outbox-due", 3),
            ("purge", 1),
            ("undo", 1),
            ("undo-code", 1)
        ]
    );
    assert_eq!(rows(&world, ada.account), BTreeMap::from([("account", 1)]));
    assert_eq!(rows(&world, grace.account), graces);
    assert_eq!(all_rows(&world, "purge"), 0);
    let dump = world.engine().dump().unwrap();
    let (_, tombstone) = dump.iter().find(|(key, _)| key.starts_with(ada.account.as_bytes())).unwrap();
    // Revision, format, nonce and tag; then the content: version, id and time.
    assert!(tombstone.len() < 8 + 1 + 40 + 1 + 17 + 10, "{}", tombstone.len());
    let report = purge(&world);
    assert_eq!(
        (report.receipts.len(), report.more, report.next_call_at),
        (0, false, None),
        "no account is purged twice"
    );
}

#[test]
fn r9_4_a_purged_account_cannot_be_found_and_its_identifiers_are_free() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(purged(&world).len(), 1);
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(world.engine().support("grace").unwrap().find(&ada.account.to_string()).unwrap(), []);
    let anew = world.person(&ada.email, PASSWORD);
    assert_ne!(anew.account, ada.account);
    assert_eq!(world.engine().support("grace").unwrap().find(&ada.email).unwrap().len(), 1);
}

#[test]
fn r9_4_grants_at_providers_are_revoked_through_the_outbox() {
    let world = World::new();
    let mine = signed_in(world.federated(&Identity::at("x", "815").called("ada"))).token;
    world.engine().account(&mine).unwrap().request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(purged(&world).len(), 1);
    let messages = world.engine().messages(10).unwrap();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(message.to, "", "the message is for the host");
    let MessageKind::RevokeGrant { provider, subject } = &message.kind else { panic!("{message:?}") };
    assert_eq!((provider.as_str(), subject.as_str()), ("x", "815"));
}

#[test]
fn r9_4_a_purge_needs_two_sightings_a_day_apart() {
    let world = World::new();
    let ada = world.ada();
    assert_eq!(purge(&world).next_call_at, None);
    let purge_at = world.account(&ada).request_deletion().unwrap().purge_at;
    assert_eq!(purge(&world).next_call_at, Some(purge_at));
    world.later(days(30) + hours(5));
    assert_eq!(world.engine().health().unwrap().due_purges, 1);
    let first = purge(&world);
    assert_eq!((first.receipts.len(), first.more), (0, false));
    assert_eq!(first.next_call_at, Some(world.now() + days(1)));
    world.later(days(1) - minutes(1));
    world.engine().sweep().unwrap();
    let commits = world.engine().commits().unwrap();
    assert_eq!(gone(&purge(&world)), []);
    assert_eq!(
        world.engine().commits().unwrap() - commits,
        1,
        "a call writes the clock together with the sightings"
    );
    world.later(minutes(1));
    assert_eq!(gone(&purge(&world)), [ada.account]);
}

#[test]
fn r9_4_an_account_due_after_a_sighting_waits_for_a_sighting_of_its_own() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    world.account(&ada).request_deletion().unwrap();
    world.later(hours(6));
    let again = world_again(&world, &grace);
    world.account(&again).request_deletion().unwrap();
    world.later(days(30) - hours(5));
    purge(&world);
    world.later(hours(6));
    let looked = purge(&world);
    assert_eq!(gone(&looked), [], "at most one sighting per day");
    world.later(hours(18));
    assert_eq!(gone(&purge(&world)), [ada.account], "the second account has its sighting now");
    world.later(days(1));
    assert_eq!(gone(&purge(&world)), [grace.account]);
}

#[test]
fn r9_4_a_clock_that_is_wrong_for_a_moment_purges_nothing() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    world.account(&ada).request_deletion().unwrap();
    world.later(days(1));
    // The clock jumps a year ahead just before the host's call.
    world.hand().set_wall_forward(days(365));
    assert_eq!(gone(&purge(&world)), []);
    world.hand().set_wall_back(days(365));
    for _ in 0..5 {
        world.later(days(1));
        assert_eq!(gone(&purge(&world)), [], "the clock is before that sighting");
    }
    world.engine().set_trusted_time(world.now()).unwrap();
    assert_eq!(gone(&purge(&world)), []);
    signed_in(world.answer(&asked(&world, &ada), Answer::Restore).unwrap());
    signed_in(world.sign_in(&grace.email, PASSWORD).unwrap());
    // A deletion that is due by the right time is purged as usual.
    let again = world_again(&world, &grace);
    world.account(&again).request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(purged(&world).len(), 1);
}

#[test]
fn r9_4_an_interrupted_purge_continues_and_its_receipt_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let ada = world.ada();
    // Makes about 450 events and a hundred sessions to purge.
    for _ in 0..225 {
        let token = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token;
        world.engine().account(&token).unwrap().sign_out().unwrap();
    }
    let again = world_again(&world, &ada);
    world.account(&again).request_deletion().unwrap();
    world.mailbox();
    world.later(days(30));
    let events = rows(&world, ada.account)["audit"];
    assert!(events > 400, "{events}");
    purge(&world);
    world.later(days(1));

    let mut left = rows(&world, ada.account).values().sum::<usize>();
    for acts in 0..2 {
        let report = world.engine().purge_due_within(100, 1).unwrap();
        assert_eq!((report.receipts.len(), report.more), (0, true), "after act {acts}");
        world.reopen(None).unwrap();
        let now = rows(&world, ada.account).values().sum::<usize>();
        assert!(now < left && left - now <= 200, "{left} {now}");
        left = now;
        assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
    }
    let receipts = purge(&world).receipts;
    let audit = receipts[0].removed.iter().find(|removed| removed.table == "audit").unwrap();
    assert_eq!(audit.rows as usize, events, "counted over all acts");
    assert_eq!(rows(&world, ada.account), BTreeMap::from([("account", 1)]));
}

#[test]
fn r9_4_a_call_purges_at_most_the_given_number_of_accounts() {
    let world = World::new();
    let people: Vec<_> = (0..5).map(|n| world.person(&format!("p{n}@example.org"), PASSWORD)).collect();
    for person in &people {
        world.account(person).request_deletion().unwrap();
    }
    world.later(days(30));
    purge(&world);
    world.later(days(1));
    let (mut all, mut calls) = (Vec::new(), 0);
    loop {
        let report = world.engine().purge_due(2).unwrap();
        assert!(report.receipts.len() <= 2);
        all.extend(gone(&report));
        calls += 1;
        if !report.more {
            break;
        }
    }
    assert_eq!((calls, all.len()), (3, 5));
}

#[test]
fn r9_6_a_restore_leaves_products_and_billing_unchanged() {
    let world = World::new();
    let ada = world.ada();
    bill(&world, &ada, "grok", &billing("1", BillingStatus::Active, ManagedBy::AppleAppStore));
    bill(&world, &ada, "api", &billing("2", BillingStatus::PastDue, ManagedBy::Direct));
    let before = world.account(&ada).memberships().unwrap();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(20));
    let back = signed_in(world.answer(&asked(&world, &ada), Answer::Restore).unwrap()).token;
    let account = world.engine().account(&back).unwrap();
    assert_eq!(account.memberships().unwrap(), before);
    assert!(account.verify_audit().unwrap());
    // The purge date of the cancelled deletion passes.
    world.later(days(11));
    assert_eq!(purge(&world), PurgeReport { receipts: Vec::new(), more: false, next_call_at: None });
}

#[test]
fn r9_7_a_deletion_request_needs_a_fresh_first_factor() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(5));
    let stale = world.account(&ada).request_deletion().unwrap_err();
    assert!(matches!(stale, Error::Refused(Refusal::ReauthenticationRequired { .. })));
    let begun = world.engine().reauthenticate(&ada.token).unwrap();
    let renewed = world.answer(&begun, Answer::Password(ada.password.as_str().into())).unwrap();
    let token = signed_in(renewed).token;
    world.engine().account(&token).unwrap().request_deletion().unwrap();
}

#[test]
fn r10_3_the_owner_can_skip_the_rest_of_the_restore_window_after_72_hours() {
    let world = World::new();
    let ada = world.ada();
    let requested_at = world.now();
    world.account(&ada).request_deletion().unwrap();
    world.later(hours(72) - minutes(1));
    let begun = asked(&world, &ada);
    let early = refused(world.answer(&begun, Answer::EraseNow));
    assert_eq!(early, Refusal::TooEarly { at: requested_at + hours(72) });
    world.later(minutes(1));
    world.mailbox().clear();
    let done = world.answer(&begun, Answer::EraseNow).unwrap();
    assert_eq!(done.step, Step::Ended);
    assert_eq!(kinds(&world), ["Erased"]);
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    assert_eq!(all_rows(&world, "reminder"), 0);
    let receipts = purged(&world);
    assert_eq!(receipts[0].purge_at, requested_at + hours(72));
    assert_eq!(rows(&world, ada.account), BTreeMap::from([("account", 1)]));
}

#[test]
fn r10_3_erasure_is_offered_only_where_a_restore_is() {
    let world = World::new();
    let sign_up = world.sign_up("ada@example.org", PASSWORD);
    assert_eq!(refused(world.answer(&sign_up, Answer::EraseNow)), Refusal::NotOffered);
    world.later(minutes(1));
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(hours(72));
    let (one, other) = (asked(&world, &ada), asked(&world, &ada));
    signed_in(world.answer(&one, Answer::Restore).unwrap());
    assert_eq!(
        refused(world.answer(&other, Answer::EraseNow)),
        Refusal::NotOffered,
        "the account was restored"
    );
}

#[test]
fn r10_3_an_erased_candidate_leaves_the_prompt() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(hours(73));
    let prompt = world.prove(&world.x_identity("815", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&prompt, Answer::LinkTo(1)).unwrap();
    let confirm = world.answer(&chosen, Answer::Password(ada.password.as_str().into())).unwrap();
    let back = world.answer(&confirm, Answer::EraseNow).unwrap();
    let Step::LinkOrCreate { candidates, can_create: true, .. } = &back.step else { panic!("{back:?}") };
    assert_eq!(candidates.len(), 0);
    let anew = signed_in(world.answer(&back, Answer::CreateNew).unwrap());
    assert_ne!(anew.account, ada.account);
}

#[test]
fn r10_3_an_account_on_hold_is_not_erased() {
    let policy = World::policy().hold(days(7)).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    world.later(minutes(1));
    // A password reset puts the account on hold (SPEC 5.5).
    let begun = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&begun, &ada.email);
    let reset = world.answer(&asked, Answer::NewPassword("another long password".into())).unwrap();
    let until = world.now() + days(7);
    let token = signed_in(reset).token;
    world.engine().account(&token).unwrap().request_deletion().unwrap();
    world.later(hours(72));
    let begun = world.sign_in(&ada.email, "another long password").unwrap();
    assert_eq!(refused(world.answer(&begun, Answer::EraseNow)), Refusal::OnHold { until });
    world.later(days(4));
    let begun = world.sign_in(&ada.email, "another long password").unwrap();
    assert_eq!(world.answer(&begun, Answer::EraseNow).unwrap().step, Step::Ended);
}

#[test]
fn r10_3_an_account_is_not_erased_while_an_act_can_be_undone() {
    let world = World::new();
    let ada = world.ada();
    let linked = world.now() + minutes(1);
    link_x(&world, &ada, "815");
    world.account(&world_again(&world, &ada)).request_deletion().unwrap();
    world.later(days(4));
    let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
    let at = linked + days(7);
    assert_eq!(refused(world.answer(&begun, Answer::EraseNow)), Refusal::TooEarly { at });
    world.later(days(3));
    let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(world.answer(&begun, Answer::EraseNow).unwrap().step, Step::Ended);
}
