//! What support staff can and cannot do (SPEC 9.5).

use selfsame::{
    Action, Actor, Answer, Client, Error, Flow, ProductId, Refusal, Status, Step, SupportAct, SupportDesk,
};
use selfsame_world::{Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn desk(world: &World) -> SupportDesk {
    world.engine().support("grace").unwrap()
}

fn asked(world: &World, person: &Person) -> Flow {
    let asked = world.sign_in(&person.email, &person.password).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
    asked
}

fn waits<T: std::fmt::Debug>(outcome: Result<T, Error>) -> bool {
    matches!(refused(outcome), Refusal::ReauthenticationRequired { .. })
}

#[test]
fn r9_5_support_finds_an_account_by_id_or_exact_email_and_sees_it_masked() {
    let world = World::new();
    let ada = world.ada();
    let grok = "grok".parse::<ProductId>().unwrap();
    world.account(&ada).open_product(&grok).unwrap();
    let by_email = desk(&world).find(" Ada@Example.ORG ").unwrap();
    assert_eq!(by_email.len(), 1);
    assert_eq!(desk(&world).find(&ada.account.to_string()).unwrap(), by_email);
    let seen = &by_email[0];
    assert_eq!((seen.id, seen.status.clone()), (ada.account, Status::Active));
    assert_eq!(seen.contact.as_deref(), Some("a…@example.org"));
    assert_eq!(seen.products, [grok]);
    assert!(!format!("{seen:?}").contains("ada@"));
    assert_eq!(desk(&world).find("nobody@example.org").unwrap(), []);
    assert_eq!(desk(&world).find("da@example.org").unwrap(), [], "only the exact address matches");
    assert!(matches!(refused(desk(&world).find("no address")), Refusal::InvalidEmail { .. }));
}

#[test]
fn r9_5_an_email_finds_all_accounts_that_have_proven_it() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let prompt = world.prove(&world.x_identity("815", Some(&ada.email)), &ada.email);
    let other = signed_in(world.answer(&prompt, Answer::CreateNew).unwrap());
    let unproven = world.x_identity("1815", Some(&ada.email));
    signed_in(world.answer(&unproven, Answer::Skip).unwrap());
    let found: Vec<_> = desk(&world).find(&ada.email).unwrap().iter().map(|seen| seen.id).collect();
    assert_eq!(found, [ada.account, other.account]);
}

#[test]
fn r11_3_support_reads_the_activity_of_an_account() {
    let world = World::new();
    let ada = world.ada();
    let owners = world.account(&ada).activity().unwrap();
    assert_eq!(desk(&world).activity(ada.account).unwrap(), owners);
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(refused(desk(&world).activity(ada.account)), Refusal::UnknownAccount);
}

#[test]
fn r9_5_a_deletion_by_support_has_the_same_restore_window_and_notifies_the_owner() {
    let world = World::new();
    let ada = world.ada();
    world.mailbox().clear();
    let deletion = desk(&world).start_deletion(ada.account, "T-1").unwrap();
    assert_eq!(deletion.purge_at, world.now() + days(30));
    assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "DeletionRequested");
    let seen = desk(&world).find(&ada.email).unwrap().remove(0);
    let Status::PendingDeletion { requested_by, .. } = seen.status else { panic!("{seen:?}") };
    assert_eq!(requested_by.code(), "Support");
    let event = desk(&world).activity(ada.account).unwrap().pop().unwrap().event;
    assert_eq!((event.actor, event.action), (Actor::Support, Action::DeletionRequested));
    world.later(days(23));
    assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "DeletionReminder");
    assert_eq!(
        refused(desk(&world).start_deletion(selfsame::AccountId::from_bytes([7; 16]), "T-1")),
        Refusal::UnknownAccount
    );
}

#[test]
fn r9_5_sessions_are_suspended_and_resume_with_fresh_proof() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let phone =
        signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &Client::on("phone")).unwrap());
    let phone = phone.token;
    let account = world.account(&ada);
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    for token in [&ada.token, &phone] {
        assert!(waits(world.engine().resolve(token)));
        assert!(waits(world.engine().touch(token)));
        assert!(waits(world.engine().account(token).map(|_| ())));
    }
    assert!(waits(account.view()), "an open handle is refused");
    assert!(waits(account.sign_out()));

    // One session proves that it is the owner's and resumes with a new token.
    let begun = world.engine().reauthenticate(&ada.token).unwrap();
    assert_eq!(
        refused(world.answer(&begun, Answer::Password("a wrong password".into()))),
        Refusal::InvalidCredentials
    );
    let confirm = world.answer(&begun, Answer::Password(PASSWORD.into())).unwrap();
    assert!(matches!(confirm.step, Step::ConfirmRestore { .. }));
    assert!(waits(world.engine().resolve(&ada.token)), "the other session is still suspended");
    let renewed = signed_in(world.answer(&confirm, Answer::Restore).unwrap());
    assert_eq!(renewed.session, ada.session);
    world.engine().resolve(&renewed.token.clone()).unwrap();
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded, "the old token");
    world.engine().resolve(&phone).unwrap();
    let account = world.engine().account(&renewed.token).unwrap();
    assert_eq!(account.view().unwrap().status, Status::Active);
    assert_eq!(account.sessions().unwrap().len(), 2);
    assert!(account.verify_audit().unwrap());
}

#[test]
fn r9_5_a_restore_by_sign_in_resumes_the_sessions() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    world.later(days(3));
    let begun = asked(&world, &ada);
    signed_in(world.answer(&begun, Answer::Restore).unwrap());
    assert_eq!(world.account(&ada).sessions().unwrap().len(), 2);
}

#[test]
fn r9_5_restoring_an_account_at_its_session_limit_ends_the_oldest_session() {
    let world = World::new();
    let ada = world.ada();
    for _ in 1..100 {
        world.later(hours(1));
        signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    }
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    let begun = asked(&world, &ada);
    let back = signed_in(world.answer(&begun, Answer::Restore).unwrap()).token;
    assert_eq!(world.engine().account(&back).unwrap().sessions().unwrap().len(), 100);
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded, "the oldest");
}

#[test]
fn r9_5_a_restore_by_recovery_ends_the_suspended_sessions() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    world.later(minutes(5));
    let begun = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&begun, &ada.email);
    let confirm = world.answer(&asked, Answer::NewPassword("another long password".into())).unwrap();
    let back = signed_in(world.answer(&confirm, Answer::Restore).unwrap()).token;
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(world.engine().account(&back).unwrap().sessions().unwrap().len(), 1);
}

#[test]
fn r9_5_suspended_sessions_end_at_their_limit_and_with_the_account() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    world.later(days(30));
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(refused(world.engine().reauthenticate(&ada.token)), Refusal::SessionEnded);
    let receipt = world.run_host(days(1)).unwrap().remove(0);
    assert!(receipt.removed.iter().any(|removed| (removed.table.as_str(), removed.rows) == ("suspended", 1)));
}

#[test]
fn r9_5_the_fifth_wrong_proof_ends_a_suspended_session() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    for _ in 0..5 {
        let begun = world.engine().reauthenticate(&ada.token).unwrap();
        refused(world.answer(&begun, Answer::Password("a wrong password".into())));
    }
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(refused(world.engine().reauthenticate(&ada.token)), Refusal::SessionEnded);
}

#[test]
fn r9_5_a_repeated_deletion_request_changes_nothing_and_is_recorded() {
    let world = World::new();
    let ada = world.ada();
    let first = world.account(&ada).request_deletion().unwrap();
    world.mailbox().clear();
    world.later(days(3));
    assert_eq!(desk(&world).start_deletion(ada.account, "T-7").unwrap(), first);
    world.later(days(1));
    assert_eq!(world.engine().support("hopper").unwrap().start_deletion(ada.account, "T-8").unwrap(), first);
    assert!(world.mailbox().all().is_empty());
    let seen = desk(&world).find(&ada.email).unwrap().remove(0);
    assert!(matches!(&seen.status, Status::PendingDeletion { requested_by, purge_at, .. }
        if requested_by.code() == "Owner" && *purge_at == first.purge_at));
    let records = world.engine().support_records(ada.account).unwrap();
    let told: Vec<_> =
        records.iter().map(|each| (each.operator.as_str(), each.ticket.as_str(), each.act)).collect();
    assert_eq!(
        told,
        [("grace", "T-7", SupportAct::DeletionAskedAgain), ("hopper", "T-8", SupportAct::DeletionAskedAgain)]
    );
    let actions: Vec<_> =
        desk(&world).activity(ada.account).unwrap().iter().map(|kept| kept.event.action).collect();
    assert_eq!(actions[2..], [Action::DeletionAskedAgain, Action::DeletionAskedAgain]);
    // The restore window is that of the first request.
    world.later(days(26));
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
}

#[test]
fn r9_5_after_a_restore_support_waits_thirty_days() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    let begun = asked(&world, &ada);
    signed_in(world.answer(&begun, Answer::Restore).unwrap());
    let restored_at = world.now();
    world.later(days(30) - minutes(1));
    let early = refused(desk(&world).start_deletion(ada.account, "T-2"));
    assert_eq!(early, Refusal::TooEarly { at: restored_at + days(30) });
    assert_eq!(world.engine().support_records(ada.account).unwrap().len(), 1);
    world.later(minutes(1));
    desk(&world).start_deletion(ada.account, "T-3").unwrap();
}

#[test]
fn r9_5_the_thirty_days_of_support_do_not_bind_the_owner() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, "T-1").unwrap();
    let begun = asked(&world, &ada);
    let back = signed_in(world.answer(&begun, Answer::Restore).unwrap()).token;
    world.engine().account(&back).unwrap().request_deletion().unwrap();
}

#[test]
fn r9_5_the_support_record_outlives_the_purge_and_has_no_personal_data() {
    let world = World::new();
    let ada = world.ada();
    desk(&world).start_deletion(ada.account, &"T".repeat(80)).unwrap();
    let started_at = world.now();
    assert_eq!(world.run_host(days(31)).unwrap().len(), 1);
    let records = world.engine().support_records(ada.account).unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].account, records[0].at), (ada.account, started_at));
    assert_eq!((records[0].act, records[0].ticket.len()), (SupportAct::DeletionStarted, 80));
    assert_eq!(refused(desk(&world).start_deletion(ada.account, "T-2")), Refusal::UnknownAccount);
}
