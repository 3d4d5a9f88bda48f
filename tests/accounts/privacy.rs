//! Privacy requests and exports (SPEC 10).

use std::collections::BTreeSet;
use std::slice;

use boon::{Compiler, Schemas};
use selfsame::{
    AccountHandle, Action, Actor, Answer, Billing, BillingStatus, Client, EXPORT_SCHEMA, InExport, ManagedBy,
    PrivacyRequest, ProductId, Refusal, RequestKind, RequestStatus, SessionToken, Status, TABLES,
};
use selfsame_world::{Authenticator, Identity, Person, World, days, hours, minutes, refused, signed_in};
use serde_json::Value;

const PASSWORD: &str = "correct horse battery staple";

fn open(world: &World) -> Vec<PrivacyRequest> {
    world.engine().open_requests(100).unwrap()
}

fn erasure(world: &World, person: &Person) -> PrivacyRequest {
    world.fresh(person).request_privacy(RequestKind::Erasure).unwrap()
}

fn exported(account: &AccountHandle) -> Value {
    serde_json::from_str(&account.export().unwrap()).unwrap()
}

/// Validates a document against the schema that the project ships.
fn judge(document: &Value) -> Result<(), String> {
    let place = "https://selfsame.example/export.schema.json";
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource(place, serde_json::from_str(EXPORT_SCHEMA).unwrap()).unwrap();
    let schema = compiler.compile(place, &mut schemas).unwrap();
    schemas.validate(document, schema).map_err(|error| error.to_string())
}

/// Creates an account that fills every part of the export: two methods, a second factor, products with and
/// without billing, sessions, a restored deletion, requests, a support record, and acts that can be undone.
/// Returns also the account's secrets.
fn full(world: &World) -> (Person, SessionToken, Vec<String>) {
    let ada = world.ada();
    world.later(minutes(1));
    let client = Client::on("Ada's phone").using("api".parse::<ProductId>().unwrap());
    signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &client).unwrap());
    let billing = Billing {
        customer: "cus_1".parse().unwrap(),
        plan: "plus".to_owned(),
        status: BillingStatus::Active,
        period_end: Some(world.now() + days(30)),
        managed_by: ManagedBy::GooglePlay,
    };
    world.engine().set_billing(ada.account, &"grok".parse::<ProductId>().unwrap(), &billing).unwrap();
    let identity = Identity::at("x", "815").called("ada");
    let asked = world.prove(&world.federated(&identity.with_email(&ada.email)), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
    world.engine().support("grace").unwrap().start_deletion(ada.account, "T-1").unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let back = signed_in(world.answer(&asked, Answer::Restore).unwrap()).token;
    let account = world.engine().account(&back).unwrap();
    account.set_display_name(Some("Ada")).unwrap();
    account.request_privacy(RequestKind::Access).unwrap();
    world.later(minutes(1));
    let copy = account.request_privacy(RequestKind::Portability).unwrap();
    world.engine().close_request(ada.account, copy.id, "withdrawn").unwrap();
    let app = account.enroll_totp().unwrap().secret;
    let codes = account.confirm_totp(&world.totp(&app).unwrap()).unwrap();
    account.recovery_codes_saved().unwrap();
    world.sign_in(&ada.email, "a wrong password").unwrap_err();

    let mut secrets: Vec<_> = codes.codes.iter().map(|code| code.reveal_text().unwrap().to_owned()).collect();
    secrets.push(app.reveal_text().unwrap().to_owned());
    let undo: Vec<_> =
        world.engine().messages(32).unwrap().into_iter().filter_map(|told| told.undo).collect();
    assert!(!undo.is_empty());
    secrets.extend(undo.iter().map(|offer| offer.code.reveal_text().unwrap().to_owned()));
    secrets.extend([PASSWORD.to_owned(), "argon2".to_owned()]);
    secrets.extend([&back, &ada.token].map(|token| token.reveal().to_owned()));
    (ada, back, secrets)
}

#[test]
fn r10_1_the_export_of_a_full_account_matches_its_schema() {
    let world = World::new();
    let (ada, token, secrets) = full(&world);
    let account = world.engine().account(&token).unwrap();
    let text = account.export().unwrap();
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "{secret}");
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(judge(&document), Ok(()), "{text}");
    assert_eq!(document["account"]["id"], ada.account.to_string());
    assert_eq!(document["account"]["display_name"], "Ada");
    assert_eq!(document["account"]["methods"][1]["subject"], "815");
    assert_eq!(document["account"]["mfa"]["recovery_codes_left"], 10);
    assert_eq!(document["account"]["failures"]["first_factor"], 1);
    assert_eq!(document["account"]["memberships"][1]["billing"]["customer"], "cus_1");
    assert_eq!(document["support"][0]["ticket"], "T-1");
    let undone: Vec<_> = document["undo"].as_array().unwrap().iter().map(|undo| &undo["act"]).collect();
    assert!(undone.contains(&&Value::from("MfaTurnedOn")) && undone.contains(&&Value::from("MethodAdded")));
    assert_eq!(document["requests"][1]["receipt"], "withdrawn");
    let count = |member: &str| document[member].as_array().unwrap().len();
    assert_eq!(count("sessions"), account.sessions().unwrap().len());
    assert_eq!(count("activity") + 1, account.activity().unwrap().len(), "every event before the export");
    let messages = document["messages"].as_array().unwrap();
    assert!(messages.iter().any(|message| message["kind"] == "MfaTurnedOn"), "{messages:?}");
    assert!(messages.iter().all(|message| message["to"] == "a…@example.org"), "{messages:?}");

    // The validator rejects changed documents.
    for (place, value) in [("/account/id", "ada"), ("/exported_at", "today"), ("/account/status/is", "Odd")] {
        let mut other = document.clone();
        *other.pointer_mut(place).unwrap() = Value::from(value);
        assert!(judge(&other).is_err(), "{place}");
    }
    let mut other = document.clone();
    other["account"]["password"] = Value::from("x");
    assert!(judge(&other).is_err(), "a member that is not in the schema");
    other["account"].as_object_mut().unwrap().remove("password");
    other["account"].as_object_mut().unwrap().remove("methods");
    assert!(judge(&other).is_err(), "a missing member");
}

#[test]
fn r10_1_a_bare_account_has_an_export_too() {
    let world = World::new();
    let token = signed_in(world.x_identity("815", None)).token;
    assert_eq!(judge(&exported(&world.engine().account(&token).unwrap())), Ok(()));
}

#[test]
fn r10_1_every_table_is_in_the_export_or_says_why_not() {
    let world = World::new();
    let (_, token, _) = full(&world);
    let document = exported(&world.engine().account(&token).unwrap());
    let schema: Value = serde_json::from_str(EXPORT_SCHEMA).unwrap();
    let mut places = BTreeSet::from(["format", "version", "realm", "exported_at"]);
    for table in TABLES {
        match table.in_export {
            InExport::At { member } => {
                assert!(schema["properties"].get(member).is_some(), "{}: {member}", table.name);
                let held = document.get(member).unwrap_or(&Value::Null);
                assert!(held.as_array().is_none_or(|items| !items.is_empty()), "{}: {member}", table.name);
                assert!(!held.is_null(), "{}: {member}", table.name);
                places.insert(member);
            }
            InExport::Not { reason: why } => assert!(!why.is_empty(), "{}", table.name),
        }
    }
    let members: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, places, "every member of the export comes from a table");
}

#[test]
fn r10_1_the_export_shows_suspended_sessions_and_a_deletion() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let other = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    world.engine().support("grace").unwrap().start_deletion(ada.account, "T-1").unwrap();
    // The owner cannot sign in during the deletion. The export after the restore contains its messages.
    let begun = world.engine().reauthenticate(&ada.token).unwrap();
    let confirm = world.answer(&begun, Answer::Password(PASSWORD.into())).unwrap();
    let back = signed_in(world.answer(&confirm, Answer::Restore).unwrap()).token;
    let document = exported(&world.engine().account(&back).unwrap());
    assert_eq!(judge(&document), Ok(()));
    assert_eq!(document["account"]["status"]["is"], "Active");
    assert_eq!(document["account"]["restored_at"], document["exported_at"]);
    let sessions: Vec<_> =
        document["sessions"].as_array().unwrap().iter().map(|session| session["id"].clone()).collect();
    assert_eq!(sessions, [ada.session.to_string(), other.session.to_string()]);
}

#[test]
fn r10_1_the_export_needs_fresh_proof_and_no_hold_and_notifies_the_owner() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(5));
    assert!(matches!(refused(world.account(&ada).export()), Refusal::ReauthenticationRequired { .. }));
    let token = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token;
    world.mailbox().clear();
    let account = world.engine().account(&token).unwrap();
    account.export().unwrap();
    assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "Exported");
    assert_eq!(account.activity().unwrap().pop().unwrap().event.action, Action::Exported);
    assert!(account.verify_audit().unwrap());

    // After a recovery the export is on hold (SPEC 5.5).
    let begun = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&begun, &ada.email);
    let reset = world.answer(&asked, Answer::NewPassword("another long password".into())).unwrap();
    let account = world.engine().account(&signed_in(reset).token).unwrap();
    assert!(matches!(refused(account.export()), Refusal::OnHold { .. }));
}

#[test]
fn r10_2_a_request_is_recorded_with_its_due_date() {
    let world = World::new();
    let ada = world.ada();
    let asked = world.account(&ada).request_privacy(RequestKind::Access).unwrap();
    assert_eq!((asked.account, asked.kind, asked.made_at), (ada.account, RequestKind::Access, world.now()));
    assert_eq!(asked.due_at, world.now() + days(31), "due one month later");
    assert_eq!((asked.status, asked.receipt.as_deref()), (RequestStatus::Open, None));
    assert_eq!(world.account(&ada).privacy_requests().unwrap(), slice::from_ref(&asked));
    assert_eq!(open(&world), slice::from_ref(&asked));
    let event = world.account(&ada).activity().unwrap().pop().unwrap().event;
    assert_eq!((event.actor, event.action), (Actor::Owner, Action::PrivacyRequested));

    // Only one request of a kind can be open.
    world.later(days(1));
    let account = world.fresh(&ada);
    world.catch_up();
    let commits = world.engine().commits().unwrap();
    assert_eq!(account.request_privacy(RequestKind::Access).unwrap(), asked);
    assert_eq!(world.engine().commits().unwrap(), commits);
    let other = account.request_privacy(RequestKind::Portability).unwrap();
    assert_ne!(other.id, asked.id);
}

#[test]
fn r10_2_the_host_lists_open_requests_by_due_date_and_closes_them_with_a_receipt() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    let first = world.account(&grace).request_privacy(RequestKind::Access).unwrap();
    world.later(days(2));
    let second = world.fresh(&ada).request_privacy(RequestKind::Portability).unwrap();
    assert_eq!(open(&world), [first.clone(), second.clone()]);
    assert_eq!(world.engine().open_requests(1).unwrap(), slice::from_ref(&first));

    let engine = world.engine();
    assert_eq!(refused(engine.close_request(ada.account, first.id, "sent")), Refusal::UnknownRequest);
    let closed = engine.close_request(grace.account, first.id, "sent").unwrap();
    assert_eq!(closed.status, RequestStatus::Closed { at: world.now() });
    assert_eq!(closed.receipt.as_deref(), Some("sent"));
    assert_eq!(open(&world), [second]);
    assert_eq!(refused(engine.close_request(grace.account, first.id, "again")), Refusal::UnknownRequest);
    assert_eq!(world.account(&grace).privacy_requests().unwrap(), [closed]);
    let event = world.account(&grace).activity().unwrap().pop().unwrap().event;
    assert_eq!((event.actor, event.action), (Actor::Host, Action::PrivacyRequestClosed));
    let again = world.fresh(&grace).request_privacy(RequestKind::Access).unwrap();
    assert_ne!(again.id, first.id);
}

#[test]
fn r10_2_requests_outlive_the_account_and_can_be_closed_then() {
    let world = World::new();
    let ada = world.ada();
    let asked = erasure(&world, &ada);
    assert_eq!(world.run_host(days(31)).unwrap().len(), 1);
    assert_eq!(open(&world), [PrivacyRequest { deletion: None, ..asked.clone() }]);
    let closed = world.engine().close_request(ada.account, asked.id, "purged").unwrap();
    assert_eq!(closed.receipt.as_deref(), Some("purged"));
    assert_eq!(open(&world), []);
}

/// Ada with MFA on, after the undo code of that act has expired.
fn ada_with_mfa(world: &World) -> (Person, Authenticator) {
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(days(8));
    (ada, app)
}

/// A session of Ada's in which she gave the password and, unless it is lost, the app's code.
fn session(world: &World, ada: &Person, app: Option<&Authenticator>) -> AccountHandle {
    let account = world.engine().account(&ada.token).unwrap();
    let asked = account.reauthenticate().unwrap();
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    let second = app.map_or(Answer::Skip, |app| world.shown_by(app));
    let token = signed_in(world.answer(&asked, second).unwrap()).token;
    world.engine().account(&token).unwrap()
}

fn kinds(world: &World) -> Vec<&'static str> {
    world.mailbox().all().iter().map(|message| message.kind.code()).collect()
}

/// Case: a thief with a session that is months old requests the erasure of the account.
#[test]
fn r10_2_every_request_needs_fresh_proof() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let stolen = world.account(&ada);
    let required = |refusal| matches!(refusal, Refusal::ReauthenticationRequired { .. });
    for kind in [RequestKind::Access, RequestKind::Erasure, RequestKind::Portability] {
        assert!(required(refused(stolen.request_privacy(kind))), "{kind:?}");
    }
    assert_eq!(open(&world), []);
    // The first factor alone is enough for an erasure, as for a deletion. It is not enough for the other requests
    // (SPEC 9.7).
    let first_only = session(&world, &ada, None);
    for kind in [RequestKind::Access, RequestKind::Portability] {
        assert!(required(refused(first_only.request_privacy(kind))), "{kind:?}");
    }
    drop(first_only);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let both = signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
    let account = world.engine().account(&both.token).unwrap();
    for kind in [RequestKind::Access, RequestKind::Portability, RequestKind::Erasure] {
        account.request_privacy(kind).unwrap();
    }
}

#[test]
fn r5_5_a_hold_stops_every_request() {
    let world = World::new();
    let ada = world.ada();
    let begun = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&begun, &ada.email);
    let reset = world.answer(&asked, Answer::NewPassword("another long password".into())).unwrap();
    let account = world.engine().account(&signed_in(reset).token).unwrap();
    let until = world.now() + days(1);
    for kind in [RequestKind::Access, RequestKind::Erasure, RequestKind::Portability] {
        assert_eq!(refused(account.request_privacy(kind)), Refusal::OnHold { until }, "{kind:?}");
    }
}

#[test]
fn r10_2_a_request_for_erasure_is_a_deletion() {
    let world = World::new();
    let ada = world.ada();
    let other = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    world.mailbox().clear();
    let asked = world.account(&ada).request_privacy(RequestKind::Erasure).unwrap();
    assert_eq!(asked.deletion.unwrap().purge_at, world.now() + days(30));
    for token in [&ada.token, &other.token] {
        assert_eq!(refused(world.engine().resolve(token)), Refusal::SessionEnded);
    }
    let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(begun.step.code(), "ConfirmRestore");
    assert_eq!(kinds(&world), ["DeletionRequested"]);
    world.later(days(23));
    assert_eq!(kinds(&world), ["DeletionRequested", "DeletionReminder"]);
}

#[test]
fn r10_2_a_restore_withdraws_the_request() {
    let world = World::new();
    let ada = world.ada();
    let asked = erasure(&world, &ada);
    let engine = world.engine();
    engine.announce_erasure(ada.account, asked.id).unwrap();
    world.later(hours(10));
    let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
    let account = engine.account(&signed_in(world.answer(&begun, Answer::Restore).unwrap()).token).unwrap();
    let withdrawn = RequestStatus::Withdrawn { at: world.now() };
    assert_eq!(account.privacy_requests().unwrap()[0].status, withdrawn);
    assert_eq!(exported(&account)["requests"][0]["withdrawn_at"], exported(&account)["exported_at"]);
    assert_eq!(open(&world), []);
    world.later(hours(80));
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::UnknownRequest);
    assert_eq!(refused(engine.announce_erasure(ada.account, asked.id)), Refusal::UnknownRequest);

    // A new request needs a new notice. A deletion alone is not a request for erasure.
    world.fresh(&ada).request_deletion().unwrap();
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::UnknownRequest);
    let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
    signed_in(world.answer(&begun, Answer::Restore).unwrap());
    let again = erasure(&world, &ada);
    assert_ne!(again.id, asked.id);
    world.later(hours(80));
    assert_eq!(refused(engine.erase(ada.account, again.id)), Refusal::NotOffered);
    engine.announce_erasure(ada.account, again.id).unwrap();
    world.later(hours(72));
    engine.erase(ada.account, again.id).unwrap();
}

#[test]
fn r10_2_an_erasure_by_the_first_factor_alone_waits_for_the_end_of_the_window() {
    let world = World::new();
    let (ada, _) = ada_with_mfa(&world);
    let asked = session(&world, &ada, None).request_privacy(RequestKind::Erasure).unwrap();
    let engine = world.engine();
    let at = asked.deletion.unwrap().purge_at;
    for wait in [hours(0), hours(72), days(20)] {
        world.later(wait);
        assert_eq!(refused(engine.announce_erasure(ada.account, asked.id)), Refusal::TooEarly { at });
        assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::TooEarly { at });
    }
}

#[test]
fn r10_3_the_owner_erases_now_only_at_the_highest_level_and_without_an_undo_code_or_a_hold() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    session(&world, &ada, Some(&app)).request_privacy(RequestKind::Erasure).unwrap();
    world.later(hours(72));
    let begin = || world.sign_in(&ada.email, PASSWORD).unwrap();
    let by_code = world.answer(&begin(), Answer::RecoveryCode(app.recovery_codes[0].clone())).unwrap();
    assert_eq!(refused(world.answer(&by_code, Answer::EraseNow)), Refusal::NotOffered);
    let by_app = world.answer(&begin(), world.shown_by(&app)).unwrap();
    assert_eq!(world.answer(&by_app, Answer::EraseNow).unwrap().step.code(), "Ended");

    for (world, is_held) in [(World::new(), false), (World::new(), true)] {
        let ada = world.ada();
        let account = world.account(&ada);
        assert_eq!(world.add(&account, &Identity::at("x", "1815")).unwrap().step.code(), "Done");
        let undo = world.undo_code(&ada.email);
        let asked = account.request_privacy(RequestKind::Erasure).unwrap();
        let engine = world.engine();
        engine.announce_erasure(ada.account, asked.id).unwrap();
        world.later(days(4));
        if is_held {
            let asked = world.undo(&undo).unwrap();
            world.answer(&asked, Answer::NewPassword(PASSWORD.into())).unwrap();
        }
        let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
        for refusal in
            [refused(world.answer(&begun, Answer::EraseNow)), refused(engine.erase(ada.account, asked.id))]
        {
            match refusal {
                Refusal::OnHold { until } => assert!(is_held && until == world.now() + days(1)),
                Refusal::TooEarly { at } => assert!(!is_held && at == world.now() + days(3)),
                other => panic!("{other:?}"),
            }
        }
        world.later(days(3));
        engine.erase(ada.account, asked.id).unwrap();
    }
}

#[test]
fn r10_3_the_host_can_erase_for_an_open_request_72_hours_after_its_notice() {
    let world = World::new();
    let ada = world.ada();
    let asked = erasure(&world, &ada);
    let engine = world.engine();
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::NotOffered, "no notice was given");
    world.later(hours(5));
    world.mailbox().clear();
    let announced_at = world.now();
    let deletion = engine.announce_erasure(ada.account, asked.id).unwrap();
    assert_eq!(Some(&deletion), asked.deletion.as_ref());
    assert_eq!(kinds(&world), ["ErasureAnnounced"]);
    world.later(hours(1));
    assert_eq!(
        engine.announce_erasure(ada.account, asked.id).unwrap(),
        deletion,
        "a second notice changes nothing"
    );
    assert_eq!(open(&world)[0].told_at, Some(announced_at));

    world.later(hours(71) - minutes(1));
    let at = announced_at + hours(72);
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::TooEarly { at });
    world.later(minutes(1));
    engine.erase(ada.account, asked.id).unwrap();
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
    engine.purge_due(10).unwrap();
    world.later(days(1));
    assert_eq!(engine.purge_due(10).unwrap().receipts[0].account, ada.account);
}

#[test]
fn r10_3_the_host_cannot_erase_for_another_request_or_account() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    let access = world.account(&ada).request_privacy(RequestKind::Access).unwrap();
    let engine = world.engine();
    assert_eq!(refused(engine.announce_erasure(ada.account, access.id)), Refusal::UnknownRequest);
    assert_eq!(world.account(&ada).view().unwrap().status, Status::Active);
    let asked = erasure(&world, &ada);
    assert_eq!(refused(engine.announce_erasure(ada.account, access.id)), Refusal::UnknownRequest);
    assert_eq!(refused(engine.announce_erasure(grace.account, asked.id)), Refusal::UnknownRequest);
    engine.close_request(ada.account, asked.id, "answered").unwrap();
    assert_eq!(refused(engine.announce_erasure(ada.account, asked.id)), Refusal::UnknownRequest);
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::UnknownRequest);
}
