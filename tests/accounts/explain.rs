//! Predicts an act without doing it, and describes events in words (SPEC 13.5, 11.3).

use selfsame::{Action, Effect, Planned, ProductId, Refusal};
use selfsame_world::{World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

#[test]
fn r13_5_an_explanation_predicts_the_act_and_writes_nothing() {
    let world = World::new();
    let ada = world.ada();
    world.turn_on_mfa(&ada.token);
    let account = world.account(&ada);
    let (rows, commits) = (world.engine().dump().unwrap(), world.engine().commits().unwrap());
    let explained = account.explain(&Planned::TurnOffMfa).unwrap();
    assert_eq!(world.engine().dump().unwrap(), rows);
    assert_eq!(world.engine().commits().unwrap(), commits);
    assert_eq!(explained.outcome, Ok(()));
    assert_eq!(explained.rules, ["1.12", "4.7", "5.5", "5.9", "6.4", "6.5"]);
    for effect in [
        Effect::Account { action: Action::MfaTurnedOff },
        Effect::OtherSessionsEnd,
        Effect::Message { kind: "MfaTurnedOff" },
        Effect::ThisSession,
    ] {
        assert!(explained.effects.contains(&effect), "{effect}");
    }
    let export = account.explain(&Planned::Export).unwrap();
    let exports = [Effect::Account { action: Action::Exported }, Effect::Message { kind: "Exported" }];
    assert!(exports.iter().all(|effect| export.effects.contains(effect)), "{:?}", export.effects);
    assert_eq!(world.engine().commits().unwrap(), commits);
    world.mailbox().clear();
    account.turn_off_mfa().unwrap();
    assert_eq!(world.mailbox().all().first().unwrap().kind.code(), "MfaTurnedOff");
}

#[test]
fn r13_5_an_explanation_gives_the_refusal_that_the_act_would_give() {
    let world = World::new();
    let ada = world.ada();
    world.later(hours(1));
    let account = world.account(&ada);
    let method = account.view().unwrap().methods.first().unwrap().id;
    let unknown = "unknown".parse::<ProductId>().unwrap();
    let other = world.person("grace@example.org", PASSWORD);
    for (planned, refusal) in [
        (Planned::TurnOffMfa, refused(account.turn_off_mfa())),
        (Planned::EnrollTotp, refused(account.enroll_totp())),
        (Planned::RequestDeletion, refused(account.request_deletion())),
        (Planned::Export, refused(account.export())),
        (Planned::RemoveMethod { method }, refused(account.remove_method(method))),
        (Planned::TakeSeenEmail { method }, refused(account.take_seen_email(method))),
        (Planned::RecoveryCodesSaved, Refusal::FlowExpired),
        (Planned::OpenProduct { product: unknown }, Refusal::UnknownProduct),
        (Planned::EndSession { session: other.session }, Refusal::SessionEnded),
    ] {
        let explained = account.explain(&planned).unwrap();
        assert_eq!(explained.outcome, Err(refusal), "{}", planned.code());
        assert_eq!(explained.effects, [], "{}", planned.code());
    }
}

#[test]
fn r13_5_every_act_can_be_explained_and_names_rules_that_exist() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let method = account.view().unwrap().methods.first().unwrap().id;
    let page = include_str!("../../docs/RULES.md");
    for planned in [
        Planned::EnrollTotp,
        Planned::RecoveryCodesSaved,
        Planned::RegenerateRecoveryCodes,
        Planned::TurnOffMfa,
        Planned::MarkCompromised { method },
        Planned::RemoveMethod { method },
        Planned::TakeSeenEmail { method },
        Planned::OpenProduct { product: "grok".parse::<ProductId>().unwrap() },
        Planned::EndSession { session: ada.session },
        Planned::EndOtherSessions,
        Planned::SignOut,
        Planned::RequestDeletion,
        Planned::Export,
    ] {
        let explained = account.explain(&planned).unwrap();
        assert!(!explained.rules.is_empty());
        for rule in explained.rules {
            assert!(page.contains(&format!("| {rule} |")), "{} names {rule}", planned.code());
        }
    }
    account.sign_out().unwrap();
    assert_eq!(refused(account.explain(&Planned::SignOut)), Refusal::SessionEnded);
}

#[test]
fn r11_3_an_event_describes_itself_in_words() {
    let world = World::new();
    let ada = world.ada();
    for _ in 0..3 {
        refused(world.sign_in(&ada.email, "wrong"));
    }
    world.later(minutes(1));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    let password = world.account(&ada).view().unwrap().methods.first().unwrap().id;
    world.engine().mark_compromised(ada.account, password).unwrap();
    let back = world.sign_in(&ada.email, PASSWORD).unwrap();
    let answer = selfsame::Answer::NewPassword("another horse battery staple".into());
    let back = signed_in(world.answer(&back, answer.clone()).unwrap());
    let account = world.engine().account(&back.token).unwrap();
    let says: Vec<_> =
        account.activity().unwrap().iter().map(|activity| activity.event.to_string()).collect();
    assert_eq!(
        says,
        [
            "the account was created",
            "a password was tried, and refused, 3 times",
            "signed in",
            "a password was reported as known to others by the service",
            "the password was changed",
        ]
    );
}

#[test]
fn r13_4_health_reports_the_state_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    let before = world.engine().health().unwrap();
    assert_eq!((before.accounts, before.schema_version), (0, 1));
    assert_eq!(before.file_size, Some(std::fs::metadata(&path).unwrap().len()));
    assert!(!before.rollback_protected, "there is no anchor");
    assert_eq!(before.on_network.is_some(), cfg!(any(target_os = "linux", target_vendor = "apple")));
    let ada = world.ada();
    world.person("grace@example.org", PASSWORD);
    assert_eq!(world.engine().health().unwrap().accounts, 2);
    let memory = World::new().engine().health().unwrap();
    assert_eq!((memory.file_size, memory.on_network), (None, None));

    world.account(&ada).request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(world.engine().health().unwrap().due_purges, 1);
    world.run_host(days(1)).unwrap();
    let after = world.engine().health().unwrap();
    assert_eq!((after.accounts, after.due_purges), (1, 0));
    assert_eq!(after.erasure_pending, Some(world.now()));
}
