//! What people ask for about their data (SPEC 10).
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::slice;

use selfsame::{Action, Actor, Answer, PrivacyRequest, Refusal, RequestKind, RequestStatus, Status};
use selfsame_world::{Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn open(world: &World) -> Vec<PrivacyRequest> {
    world.engine().open_requests(100).unwrap()
}

fn erasure(world: &World, person: &Person) -> PrivacyRequest {
    world.account(person).request_privacy(RequestKind::Erasure).unwrap()
}

#[test]
fn r10_2_a_request_is_recorded_with_its_due_date() {
    let world = World::new();
    let ada = world.ada();
    let asked = world.account(&ada).request_privacy(RequestKind::Access).unwrap();
    assert_eq!((asked.account, asked.kind, asked.made_at), (ada.account, RequestKind::Access, world.now()));
    assert_eq!(asked.due_at, world.now() + days(31), "from the 1st of January to the 1st of February");
    assert_eq!((asked.status, asked.receipt.as_deref()), (RequestStatus::Open, None));
    assert_eq!(world.account(&ada).privacy_requests().unwrap(), slice::from_ref(&asked));
    assert_eq!(open(&world), slice::from_ref(&asked));
    let event = world.account(&ada).activity().unwrap().pop().unwrap().event;
    assert_eq!((event.actor, event.action), (Actor::Owner, Action::PrivacyRequested));

    // One of a kind is open at a time.
    world.later(days(1));
    let commits = world.engine().commits().unwrap();
    assert_eq!(world.account(&ada).request_privacy(RequestKind::Access).unwrap(), asked);
    assert_eq!(world.engine().commits().unwrap(), commits);
    let other = world.account(&ada).request_privacy(RequestKind::Portability).unwrap();
    assert_ne!(other.id, asked.id);
}

#[test]
fn r10_2_the_host_lists_what_is_open_by_when_it_is_due_and_closes_it_with_a_receipt() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    let first = world.account(&grace).request_privacy(RequestKind::Access).unwrap();
    world.later(days(2));
    let second = erasure(&world, &ada);
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
    let again = world.account(&grace).request_privacy(RequestKind::Access).unwrap();
    assert_ne!(again.id, first.id);
}

#[test]
fn r10_2_requests_outlive_the_account_and_can_be_closed_then() {
    let world = World::new();
    let ada = world.ada();
    let asked = erasure(&world, &ada);
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30));
    world.engine().purge_due(10).unwrap();
    world.later(days(1));
    assert_eq!(world.engine().purge_due(10).unwrap().receipts.len(), 1);
    assert_eq!(open(&world), slice::from_ref(&asked));
    let closed = world.engine().close_request(ada.account, asked.id, "purged").unwrap();
    assert_eq!(closed.receipt.as_deref(), Some("purged"));
    assert_eq!(open(&world), []);
}

#[test]
fn r10_3_the_host_erases_for_an_open_request_72_hours_after_its_notice() {
    let world = World::new();
    let ada = world.ada();
    let asked = erasure(&world, &ada);
    let engine = world.engine();
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::NotOffered, "no notice was given");
    world.mailbox().clear();
    let announced_at = world.now();
    let deletion = engine.announce_erasure(ada.account, asked.id).unwrap();
    assert_eq!(deletion.purge_at, announced_at + days(30));
    let kinds: Vec<_> = world.mailbox().all().iter().map(|message| message.kind.code()).collect();
    assert_eq!(kinds, ["DeletionRequested", "ErasureAnnounced"]);
    assert_eq!(refused(engine.resolve(&ada.token)), Refusal::SessionEnded);
    world.later(hours(1));
    assert_eq!(engine.announce_erasure(ada.account, asked.id).unwrap(), deletion, "once is enough");
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
fn r10_3_the_host_erases_for_no_other_request_and_for_no_other_account() {
    let world = World::new();
    let (ada, grace) = (world.ada(), world.person("grace@example.org", PASSWORD));
    let access = world.account(&ada).request_privacy(RequestKind::Access).unwrap();
    let engine = world.engine();
    assert_eq!(refused(engine.announce_erasure(ada.account, access.id)), Refusal::UnknownRequest);
    let asked = erasure(&world, &ada);
    assert_eq!(refused(engine.announce_erasure(grace.account, asked.id)), Refusal::UnknownRequest);
    engine.close_request(ada.account, asked.id, "withdrawn").unwrap();
    assert_eq!(refused(engine.announce_erasure(ada.account, asked.id)), Refusal::UnknownRequest);
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::UnknownRequest);
    assert_eq!(world.account(&ada).view().unwrap().status, Status::Active);
}

#[test]
fn r10_3_an_owner_who_restores_has_to_be_told_anew() {
    let world = World::new();
    let ada = world.ada();
    let asked = erasure(&world, &ada);
    let engine = world.engine();
    engine.announce_erasure(ada.account, asked.id).unwrap();
    world.later(hours(10));
    let begun = world.sign_in(&ada.email, PASSWORD).unwrap();
    let back = signed_in(world.answer(&begun, &Answer::Restore).unwrap()).token.unwrap();
    world.later(hours(80));
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::NotOffered);
    // A deletion of the owner's own is not the one that the notice was of.
    let again = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).token.unwrap();
    engine.account(&again).unwrap().request_deletion().unwrap();
    world.later(hours(80));
    assert_eq!(refused(engine.erase(ada.account, asked.id)), Refusal::NotOffered);
    engine.announce_erasure(ada.account, asked.id).unwrap();
    world.later(hours(72));
    engine.erase(ada.account, asked.id).unwrap();
    assert_eq!(refused(engine.resolve(&back)), Refusal::SessionEnded);
}
