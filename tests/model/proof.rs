//! Proves that the model can fail: each invariant catches a world that was broken on purpose.

use selfsame::{AccountView, Action, Membership, Outcome};
use selfsame_world::story::{self, Story};
use selfsame_world::{Identity, World, play};

use crate::acts::{Act, Does, EVE, Give};
use crate::shrink::shrink;
use crate::stage::{Stage, product};
use crate::watch::{self, Reach, Rows, Seen};

/// Returns the observations of a store that has Ada's account.
fn seen() -> Seen {
    let world = World::new();
    world.ada();
    Seen::of(world.engine()).unwrap()
}

fn rows(seen: &mut Seen) -> &mut Rows {
    seen.accounts.values_mut().next().unwrap()
}

/// Returns what a correct act leads to.
fn one_act_later(before: &Seen) -> Seen {
    let mut after = before.clone();
    after.commits += 1;
    let rows = rows(&mut after);
    rows.revision += 1;
    rows.record.push(0);
    rows.events += 1;
    rows.newest_event = rows.newest_event.take().map(|(number, event)| (number + 1, event));
    after
}

#[test]
fn r11_1_a_missing_or_extra_commit_revision_or_event_is_detected() {
    let before = seen();
    let good = one_act_later(&before);
    assert_eq!(watch::grows_by_one(&before, &good, Reach::Act), Ok(()));
    let breaks: [fn(&mut Seen); 7] = [
        |it| it.commits += 1,
        |it| it.commits -= 1,
        |it| rows(it).revision += 1,
        |it| rows(it).revision -= 1,
        |it| rows(it).events += 1,
        |it| rows(it).newest_event.as_mut().unwrap().0 += 1,
        |it| {
            // No event.
            rows(it).events -= 1;
            rows(it).newest_event.as_mut().unwrap().0 -= 1;
        },
    ];
    for break_it in breaks {
        let mut bad = good.clone();
        break_it(&mut bad);
        assert!(watch::grows_by_one(&before, &bad, Reach::Act).is_err());
    }
    // An event of an unchanged account, two changed accounts, and a fetch that changes an account.
    let mut bad = before.clone();
    rows(&mut bad).events += 1;
    assert!(watch::grows_by_one(&before, &bad, Reach::Act).is_err());
    let mut bad = good.clone();
    let again = good.accounts.values().next().unwrap().clone();
    _ = bad.accounts.insert(selfsame::AccountId::from_bytes([7; 16]), Rows { revision: 1, ..again });
    assert!(watch::grows_by_one(&before, &bad, Reach::Act).is_err());
    assert!(watch::grows_by_one(&before, &good, Reach::Mail).is_err());
}

#[test]
fn a_stranger_who_changes_more_than_the_failed_attempts_is_detected() {
    let mut before = seen();
    let mut after = one_act_later(&before);
    let (was, is) = (rows(&mut before).clone(), rows(&mut after).clone());
    let tried = Some((Action::PasswordTried, Outcome::Refused));
    let named = Some((Action::DisplayNameChanged, Outcome::Done));
    assert_eq!(watch::only_attempts(&was, &is, tried, false), Ok(()));
    assert_eq!(
        watch::only_attempts(&was, &is, named, true),
        Ok(()),
        "a session without fresh proof may do this"
    );
    assert!(watch::only_attempts(&was, &is, named, false).is_err());
    for weakens in
        [Action::MethodAdded, Action::MfaTurnedOff, Action::EmailChanged, Action::DeletionRequested]
    {
        assert!(watch::only_attempts(&was, &is, Some((weakens, Outcome::Done)), true).is_err());
    }
    let mut one_more = was.clone();
    _ = one_more.sessions.insert(vec![1; 16]);
    assert!(watch::only_attempts(&was, &one_more, tried, true).is_err(), "a new session of Eve");
    assert!(watch::only_attempts(&one_more, &was, tried, false).is_err(), "a session that Eve ended");
    let mut known = was.clone();
    _ = known.others.insert([&[1; 16][..], &[0x01; 33]].concat(), vec![]);
    assert!(watch::only_attempts(&was, &known, tried, true).is_err(), "a recognition of Eve");
    assert!(watch::only_attempts(&known, &was, tried, false).is_err(), "a recognition that Eve ended");
    assert_eq!(
        watch::only_attempts(&known, &was, tried, true),
        Ok(()),
        "a recognition may end with its session"
    );
    let mut undo = was.clone();
    _ = undo.others.insert(vec![0x30; 49], vec![]);
    assert!(watch::only_attempts(&was, &undo, tried, true).is_err());
}

fn view(world: &World, subject: &str) -> AccountView {
    let done = world.federated(&Identity::at("x", subject).called(subject));
    let token = selfsame_world::signed_in(done).token;
    world.engine().account(&token).unwrap().view().unwrap()
}

#[test]
fn a_shared_identifier_and_an_account_without_a_usable_method_are_detected() {
    let world = World::new();
    let (one, other) = (view(&world, "1"), view(&world, "2"));
    assert_eq!(watch::one_identifier_one_account(&[one.clone(), other.clone()]), Ok(()));
    let mut stolen = other.clone();
    stolen.methods.clone_from(&one.methods);
    assert!(watch::one_identifier_one_account(&[one.clone(), stolen]).is_err());
    assert_eq!(watch::has_usable_method(&one), Ok(()));
    let mut shut = one.clone();
    shut.methods[0].suspended = true;
    assert!(watch::has_usable_method(&shut).is_err());
    shut.methods.clear();
    assert!(watch::has_usable_method(&shut).is_err());
}

#[test]
fn changed_contents_and_products_that_change_each_other_are_detected() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let grok = account.open_product(&product(0)).unwrap();
    let api = account.open_product(&product(1)).unwrap();
    let both = [grok.clone(), api.clone()];
    let name = (&None, &Some("Ada".to_owned()));
    assert_eq!(watch::contents_stay(ada.account, (&None, &None), (&both, &both)), Ok(()));
    assert!(watch::contents_stay(ada.account, name, (&both, &both)).is_err());
    assert!(watch::contents_stay(ada.account, (&None, &None), (&both[..1], &both)).is_err());
    assert_eq!(watch::only_one_product(&both[..1], &both, &product(1)), Ok(()));
    let later = [Membership { since: world.now() + selfsame_world::days(1), ..grok }, api];
    assert!(watch::only_one_product(&both, &later, &product(1)).is_err());
}

#[test]
fn a_purged_account_that_can_be_used_and_a_code_accepted_twice_are_detected() {
    let mut seen = seen();
    let whole = rows(&mut seen).clone();
    let tombstone = Rows { revision: 9, record: vec![0; 60], ..Rows::default() };
    assert_eq!(watch::is_purged(Some(&tombstone), 0), Ok(()));
    assert!(watch::is_purged(Some(&tombstone), 1).is_err());
    assert!(watch::is_purged(Some(&whole), 0).is_err());
    assert!(watch::is_purged(None, 0).is_err());
    assert_eq!(watch::accepted_once(true, false), Ok(()));
    assert!(watch::accepted_once(true, true).is_err());
    assert_eq!(watch::only_the_owner(0, 0), Ok(()));
    assert!(watch::only_the_owner(0, EVE).is_err());
}

/// Lets Ada sign up and act, after the model was falsified with `lie`.
fn after(lie: fn(&mut Stage), acts: &[Act]) -> Result<(), String> {
    let mut stage = Stage::new(World::builder().seed(1).build())?;
    stage.act(Act::SignUp { who: 0, mail: 0 })?;
    stage.act(Act::Answer { who: 0, flow: 0, give: Give::Right })?;
    lie(&mut stage);
    acts.iter().try_for_each(|act| stage.act(*act))?;
    stage.look_around()
}

#[test]
fn a_wrong_model_is_detected_by_the_acts() {
    let sign_in = [Act::SignIn { who: 0, mail: 0, right: true }];
    let name = [Act::Does { who: 0, session: 0, does: Does::Name(1) }];
    let open = [Act::Does { who: 0, session: 0, does: Does::Open(0) }];
    let wait = [Act::Waits { minutes: 6 }, Act::Does { who: 0, session: 0, does: Does::Delete }];
    let answer = Act::Answer { who: 0, flow: 0, give: Give::Right };
    let reset = [Act::Waits { minutes: 2 }, Act::Forgot { who: 0, mail: 0 }, answer, answer];
    type Break = fn(&mut Stage);
    let told: [(Break, &[Act]); 8] = [
        (|it| it.accounts[0].owner = EVE, &reset),
        (|it| it.accounts[0].text = "another password".to_owned(), &sign_in),
        (|it| it.accounts[0].credentials.password = None, &name),
        (|it| it.accounts[0].hold_until = Some(it.now() + selfsame_world::days(1)), &name),
        (|it| it.accounts[0].pending = Some((it.now(), it.now())), &name),
        (|it| it.sessions[0].is_over = true, &sign_in),
        (|it| it.accounts[0].name = Some("Grace".to_owned()), &open),
        (|it| it.sessions[0].first_at = it.now() + selfsame_world::days(1), &wait),
    ];
    for (at, (lie, acts)) in told.into_iter().enumerate() {
        assert_eq!(after(|_| (), acts), Ok(()), "{at}: without the lie");
        assert!(after(lie, acts).is_err(), "{at}");
    }
}

#[test]
fn a_failure_is_reduced_to_the_acts_that_cause_it() {
    let all: Vec<_> = (0..100).collect();
    let fails = |left: &[i32]| left.contains(&17) && left.contains(&63);
    assert_eq!(shrink(&all, fails), [17, 63]);
    assert_eq!(shrink(&all, |left| left.len() >= 3).len(), 3);
}

/// A run that is written as a story and played gives the same answers, and the same number and size of rows.
#[test]
fn a_run_written_as_a_story_plays_the_same() {
    for seed in 1..=6 {
        let run = crate::run(seed);
        let (mut stage, broken) = crate::replay(seed, &run.acts);
        assert_eq!(broken, None);
        let path = stage.write_story(seed, Some("not a failure")).unwrap();
        let story = Story::read(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut world = World::of(&story).build();
        let played = play(&story, &mut world);
        assert_eq!(played.failure.map(|failure| failure.to_string()), None, "seed {seed}");
        let is_call = |scene: &&story::Scene| {
            !matches!(scene.act, story::Act::Mail { .. } | story::Act::Wait(_) | story::Act::Health {})
        };
        let calls = story.scenes.iter().filter(is_call).count();
        assert_eq!((calls, played.played.len()), (run.calls + reopened(&story), story.scenes.len()));
        let expected = story.scenes.iter().filter_map(|scene| scene.expect.as_ref()?.get("refused"));
        assert_eq!(expected.count(), run.refusals, "seed {seed}");
        assert!(story.scenes.last().unwrap().why.as_ref().unwrap().contains("not a failure"));
        let left = |world: &World| (world.engine().commits().unwrap(), world.engine().dump().unwrap().len());
        assert_eq!(left(&world), left(&stage.world), "seed {seed}");
    }
}

/// Counts the reopens, which are not calls of the engine.
fn reopened(story: &Story) -> usize {
    story.scenes.iter().filter(|scene| matches!(scene.act, story::Act::Reopen {})).count()
}
