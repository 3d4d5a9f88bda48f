//! Acts that follow one another share a commit but not each other's outcome.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

const ACTS: usize = 32;

/// The effect of an act of the crowd.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Part {
    Writes,
    Claims,
    Refuses,
    Panics,
}

/// How one act of the crowd ended: with the store's answer, or with a panic.
type Ending = Result<Result<(), StoreError>, String>;

#[test]
fn thirty_two_queued_acts_make_one_commit() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let before = (store.commits(), store.commit_stamp().unwrap());
    let endings = crowd(&store, ACTS, |at| match at % 8 {
        3 => Part::Claims,
        5 => Part::Refuses,
        6 => Part::Panics,
        _ => Part::Writes,
    });

    assert_eq!(store.commits(), before.0 + 1, "32 acts made more than one commit");
    assert_eq!(store.commit_stamp(), Ok(before.1 + 1));
    let mut claimed = Vec::new();
    for (at, part, ending) in endings {
        let own_row = value(&store, format!("row {at:02}").as_bytes()).unwrap();
        match part {
            Part::Writes => assert_eq!((ending, own_row.is_some()), (Ok(Ok(())), true), "{at}"),
            Part::Refuses => {
                assert_eq!((ending, own_row), (Ok(Err(StoreError::WrongKey)), None), "{at}");
            }
            Part::Panics => assert_eq!((ending, own_row), (Err(format!("act {at}")), None), "{at}"),
            Part::Claims => match ending {
                Ok(Ok(())) => claimed.push((at, own_row.is_some())),
                _ => assert_eq!((ending, own_row), (Ok(Err(StoreError::Conflict)), None), "{at}"),
            },
        }
    }
    assert_eq!(claimed.len(), 1, "several acts won one claim: {claimed:?}");
    assert!(claimed[0].1, "the winner's other row is missing");
}

#[test]
fn if_the_last_queued_act_panics_the_others_are_still_committed() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let endings = crowd(&store, 4, |at| if at == 3 { Part::Panics } else { Part::Writes });
    for (at, part, ending) in endings {
        let expected = if part == Part::Panics { Err("act 3".to_owned()) } else { Ok(Ok(())) };
        assert_eq!(ending, expected, "{at}");
    }
    assert_eq!(store.commits(), 1);
}

#[test]
fn if_the_last_queued_act_is_refused_the_others_are_still_committed() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let endings = crowd(&store, 4, |at| if at == 3 { Part::Refuses } else { Part::Writes });
    for (at, part, ending) in endings {
        let expected = if part == Part::Refuses { Err(StoreError::WrongKey) } else { Ok(()) };
        assert_eq!(ending, Ok(expected), "{at}");
    }
    assert_eq!(store.commits(), 1);
}

#[test]
fn the_sixty_fourth_act_commits_although_others_wait() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    crowd(&store, 100, |_| Part::Writes);
    assert_eq!(store.commits(), 2, "one commit of 64 acts, one of 36");
}

#[test]
fn an_act_sees_staged_rows_and_a_reader_does_not() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let has_ticket = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut decide = |_: &dyn Read| {
                has_ticket.store(1, Ordering::Release);
                until(|| store.waiting() == 1);
                Ok(vec![put(b"row", b"1")])
            };
            store.write(&mut decide).unwrap();
        });
        until(|| has_ticket.load(Ordering::Acquire) == 1);
        let mut decide = |read: &dyn Read| {
            assert_eq!(
                read.get(b"row")?.as_deref(),
                Some(b"1".as_slice()),
                "the act does not see the staged row"
            );
            let reader = scope.spawn(|| value(&store, b"row"));
            assert_eq!(reader.join().unwrap(), Ok(None), "a reader sees an uncommitted row");
            Ok(Vec::new())
        };
        store.write(&mut decide).unwrap();
    });
    assert_eq!(value(&store, b"row").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(store.commits(), 1);
}

#[test]
fn an_act_without_rows_makes_no_commit() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    act(&store, Vec::new()).unwrap();
    assert_eq!(
        act(&store, vec![put(&[0; 17], b"")]),
        Err(StoreError::Conflict),
        "an act wrote the stamp's row"
    );
    assert_eq!((store.commits(), store.commit_stamp()), (0, Ok(1)));
}

/// Queues `count` acts without a gap: the first decides only when all others wait.
fn crowd(store: &RedbStore, count: usize, part: impl Fn(usize) -> Part + Sync) -> Vec<(usize, Part, Ending)> {
    let first_has_ticket = AtomicUsize::new(0);
    let run = |at: usize| {
        let part = part(at);
        let ending = catch_unwind(AssertUnwindSafe(|| {
            store.write(&mut |read| {
                if at == 0 {
                    first_has_ticket.store(1, Ordering::Release);
                    until(|| store.waiting() == count - 1);
                }
                let own = put(format!("row {at:02}").as_bytes(), b"1");
                match part {
                    Part::Writes => Ok(vec![own]),
                    Part::Claims if read.get(b"claim")?.is_some() => Err(StoreError::Conflict),
                    Part::Claims => {
                        Ok(vec![own, Row { key: b"claim".to_vec(), write: Write::Claim(vec![at as u8]) }])
                    }
                    Part::Refuses => Err(StoreError::WrongKey),
                    Part::Panics => resume_unwind(Box::new(format!("act {at}"))),
                }
            })
        }));
        let ending = ending.map_err(|panic| *panic.downcast::<String>().unwrap());
        (at, part, ending)
    };
    thread::scope(|scope| {
        let mut acts = Vec::new();
        for at in 0..count {
            let run = &run;
            acts.push(scope.spawn(move || run(at)));
            // Queues the acts by number, so that a test knows which is last. When the last one arrives the first
            // goes on, so the last one is not counted.
            if at == 0 {
                until(|| first_has_ticket.load(Ordering::Acquire) == 1);
            } else if at < count - 1 {
                until(|| store.waiting() == at);
            }
        }
        acts.into_iter().map(|act| act.join().unwrap()).collect()
    })
}
