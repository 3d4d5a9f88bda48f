//! Acts that follow one another share a commit, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

const ACTS: usize = 32;

/// What an act of the crowd is there for.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Part {
    Writes,
    Claims,
    Refuses,
    Panics,
}

/// How one act of the crowd ended: its store's answer, or the panic that reached it.
type Ending = Result<Result<(), StoreError>, String>;

#[test]
fn thirty_two_acts_in_one_line_make_one_commit() {
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
    assert_eq!(claimed.len(), 1, "a claim that several want has one winner: {claimed:?}");
    assert!(claimed[0].1, "the winner's other row is not there");
}

#[test]
fn a_panic_of_the_last_in_line_commits_for_the_others() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let endings = crowd(&store, 4, |at| if at == 3 { Part::Panics } else { Part::Writes });
    for (at, part, ending) in endings {
        let expected = if part == Part::Panics { Err("act 3".to_owned()) } else { Ok(Ok(())) };
        assert_eq!(ending, expected, "{at}");
    }
    assert_eq!(store.commits(), 1);
}

#[test]
fn a_refusal_of_the_last_in_line_commits_for_the_others() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let endings = crowd(&store, 4, |at| if at == 3 { Part::Refuses } else { Part::Writes });
    for (at, part, ending) in endings {
        let expected = if part == Part::Refuses { Err(StoreError::WrongKey) } else { Ok(()) };
        assert_eq!(ending, Ok(expected), "{at}");
    }
    assert_eq!(store.commits(), 1);
}

#[test]
fn the_sixty_fourth_act_commits_though_others_wait() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    crowd(&store, 100, |_| Part::Writes);
    assert_eq!(store.commits(), 2, "64 acts and 36");
}

#[test]
fn an_act_reads_its_neighbours_rows_and_a_reader_does_not() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    let has_turn = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut decide = |_: &dyn Read| {
                has_turn.store(1, Ordering::Release);
                until(|| store.waiting() == 1);
                Ok(vec![put(b"row", b"1")])
            };
            store.write(&mut decide).unwrap();
        });
        until(|| has_turn.load(Ordering::Acquire) == 1);
        let mut decide = |read: &dyn Read| {
            assert_eq!(read.get(b"row")?.as_deref(), Some(b"1".as_slice()), "the act before is not seen");
            let reader = scope.spawn(|| value(&store, b"row"));
            assert_eq!(reader.join().unwrap(), Ok(None), "a reader sees what is not committed");
            Ok(Vec::new())
        };
        store.write(&mut decide).unwrap();
    });
    assert_eq!(value(&store, b"row").unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(store.commits(), 1);
}

#[test]
fn no_rows_make_no_commit() {
    let store = RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap();
    act(&store, Vec::new()).unwrap();
    assert_eq!(act(&store, vec![put(&[0; 17], b"")]), Err(StoreError::Conflict), "the stamp's row");
    assert_eq!((store.commits(), store.commit_stamp()), (0, Ok(1)));
}

/// Forces `count` acts into one line: the first decides when all others wait, so that they follow
/// one another without a gap.
fn crowd(store: &RedbStore, count: usize, part: impl Fn(usize) -> Part + Sync) -> Vec<(usize, Part, Ending)> {
    let first_has_turn = AtomicUsize::new(0);
    let run = |at: usize| {
        let part = part(at);
        let ending = catch_unwind(AssertUnwindSafe(|| {
            store.write(&mut |read| {
                if at == 0 {
                    first_has_turn.store(1, Ordering::Release);
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
            // In the order of their numbers, so that a test knows who is last. When the last has come
            // the first goes on, and nobody may be left to be counted.
            if at == 0 {
                until(|| first_has_turn.load(Ordering::Acquire) == 1);
            } else if at < count - 1 {
                until(|| store.waiting() == at);
            }
        }
        acts.into_iter().map(|act| act.join().unwrap()).collect()
    })
}
