//! What every store must do, as cases that any other implementation can run against itself.

#![allow(clippy::panic, reason = "a case reports by panicking")]

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::case::{act, claim, done, guarded, number, put, removed, rooted, value};
use super::port::{MAX_ACT, MAX_KEY, MAX_ROWS, MAX_VALUE, Read, Row, Store, StoreError, Write};
use super::race::{joined, race, retried};

/// A function that makes a store without rows.
pub type Make<'a> = &'a dyn Fn() -> Arc<dyn Store>;

/// A case. It panics if the store fails it.
pub type Case = fn(Make<'_>);

/// Runs every case.
///
/// # Panics
/// Panics with the name of the first case that the store fails, and what the case saw.
pub fn conformance(make: Make<'_>) {
    for (name, case) in cases() {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(make))) {
            panic!("{name}: {}", message(&*panic));
        }
    }
}

/// Returns every case with its name.
pub fn cases() -> &'static [(&'static str, Case)] {
    &[
        ("order and ranges", order_and_ranges),
        ("an act sees earlier writes", written_before),
        ("a refused act leaves no row", refused_leaves_nothing),
        ("nobody sees rows of an act that was not accepted", not_accepted_not_seen),
        ("a reader sees all of an act or none", seen_whole),
        ("claims and guards", claims_and_guards),
        ("one of many claims wins", one_claim),
        ("no removed row comes back", no_row_comes_back),
        ("no row that was read comes back by a plain write", no_row_comes_back_plainly),
        ("one of many that read no row makes it", one_maker),
        ("a code is used once", one_use),
        ("write skew over two rows", write_skew_rows),
        ("write skew over a range", write_skew_range),
        ("no update is lost", no_lost_update),
        ("limits", limits),
        ("a panic stages nothing", panic_stages_nothing),
        ("an act cannot call its store", no_call_from_inside),
        ("the commit stamp grows", stamp_grows),
        ("suspended, woken and closed", suspended_woken_and_closed),
    ]
}

/// Returns the message of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

fn order_and_ranges(make: Make<'_>) {
    let store = make();
    let keys: [&[u8]; 7] = [b"", b"\x01", b"a", b"a\x00", b"a\xff", b"b", &[0xff; MAX_KEY]];
    let rows = keys.iter().rev().map(|key| put(key, key)).collect();
    done(act(&*store, rows));
    for (from, to, most, expected) in [
        (b"".as_slice(), [0xff; MAX_KEY + 1].as_slice(), 9, 0..7),
        (b"\x01", b"b", 9, 1..5),
        (b"a", b"a\xff\x00", 9, 2..5),
        (b"a", b"b", 2, 2..4),
        (b"a\x00\x00", b"a\x01", 9, 4..4),
        (b"b", b"b", 9, 5..5),
        (b"b", b"a", 9, 5..5),
    ] {
        let mut shown = Vec::new();
        done(store.read(&mut |read| {
            shown.clear();
            read.scan(from, to, usize::MAX, &mut |key, value| {
                // The store may keep rows of its own anywhere.
                if keys.contains(&key) {
                    assert_eq!(key, value, "the value belongs to another key");
                    shown.push(key.to_vec());
                }
                if shown.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        }));
        let expected: Vec<_> = keys.iter().skip(expected.start).take(expected.len()).collect();
        assert!(
            shown.iter().map(Vec::as_slice).eq(expected.into_iter().copied()),
            "{from:?}..{to:?}: {shown:?}"
        );
    }
    done(act(&*store, vec![Row { key: b"a".to_vec(), write: Write::Delete }]));
    done(act(&*store, vec![Row { key: b"never there".to_vec(), write: Write::Delete }]));
    assert_eq!(value(&*store, b"a"), None, "a deleted row is still there");
    assert_eq!(value(&*store, b"b").as_deref(), Some(b"b".as_slice()));
}

fn written_before(make: Make<'_>) {
    let store = make();
    for round in 0..5_u64 {
        done(store.write(&mut |read| {
            let found = read.get(b"row")?.map_or(0, |value| number(&value));
            assert_eq!(found, round, "an act does not see the act before it");
            Ok(vec![put(b"row", &(round + 1).to_be_bytes())])
        }));
    }
}

fn refused_leaves_nothing(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"there", b"1")]));
    let stamp = done(store.commit_stamp());
    assert_eq!(store.write(&mut |_| Err(StoreError::WrongKey)), Err(StoreError::WrongKey));
    let half = vec![put(b"there", b"2"), put(b"half", b"2"), claim(b"there", b"2")];
    assert_eq!(act(&*store, half), Err(StoreError::Conflict), "a claim of an existing row");
    let half = vec![put(b"half", b"2"), guarded(b"there", 5, b"2")];
    assert_eq!(act(&*store, half), Err(StoreError::Conflict), "a guard on a row without a revision");
    assert_eq!(value(&*store, b"half"), None, "a refused act left a row");
    assert_eq!(value(&*store, b"there").as_deref(), Some(b"1".as_slice()), "a refused act changed a row");
    assert_eq!(store.commit_stamp(), Ok(stamp), "a refused act made a commit");
}

fn not_accepted_not_seen(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"there", b"1")]));
    let over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = false;
            while !over.load(Ordering::Acquire) {
                seen |= value(&*store, b"half").is_some();
            }
            seen
        });
        let refused: Vec<_> =
            (0..50).map(|_| act(&*store, vec![put(b"half", b"1"), claim(b"there", b"2")])).collect();
        over.store(true, Ordering::Release);
        assert!(refused.iter().all(|answer| *answer == Err(StoreError::Conflict)), "{refused:?}");
        joined(reader)
    });
    assert!(!seen, "a reader saw a row of an act that was then refused");
}

fn seen_whole(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"a", b""), put(b"z", b"")]));
    let over = AtomicBool::new(false);
    let torn = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut torn = false;
            while !over.load(Ordering::Acquire) {
                done(store.read(&mut |read| {
                    torn |= read.get(b"a")? != read.get(b"z")?;
                    Ok(())
                }));
            }
            torn
        });
        for round in 0..50_u64 {
            let bytes = round.to_be_bytes();
            done(act(&*store, vec![put(b"a", &bytes), put(b"z", &bytes)]));
        }
        over.store(true, Ordering::Release);
        joined(reader)
    });
    assert!(!torn, "a reader saw one row of an act without the other");
}

fn claims_and_guards(make: Make<'_>) {
    let store = make();
    let revision = |revision: u64| revision.to_be_bytes();
    for (rows, expected) in [
        (vec![claim(b"name", b"1")], Ok(())),
        (vec![claim(b"name", b"2")], Err(StoreError::Conflict)),
        (vec![guarded(b"root", 3, &revision(1))], Err(StoreError::Conflict)),
        (vec![guarded(b"root", 0, &revision(1))], Ok(())),
        (vec![guarded(b"root", 0, &revision(2))], Err(StoreError::Conflict)),
        (vec![guarded(b"root", 1, &revision(2))], Ok(())),
        (vec![removed(b"root", 1)], Err(StoreError::Conflict)),
        (vec![removed(b"gone", 0)], Ok(())),
        (vec![Row { key: b"name".to_vec(), write: Write::Delete }], Ok(())),
        (vec![claim(b"name", b"3")], Ok(())),
    ] {
        assert_eq!(act(&*store, rows.clone()), expected, "{rows:?}");
    }
    assert_eq!(value(&*store, b"name").as_deref(), Some(b"3".as_slice()));
    assert_eq!(value(&*store, b"root").as_deref(), Some(revision(2).as_slice()));
    done(act(&*store, vec![removed(b"root", 2)]));
    assert_eq!(value(&*store, b"root"), None, "a row removed by a guarded write is still there");
}

/// One act removes a row, the others renew it. A plain write would bring the row back.
fn no_row_comes_back(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"session", &1_u64.to_be_bytes())]));
    race(8, &|at, meeting| {
        retried(&*store, &mut |read| {
            let found = read.get(b"session")?.map(|value| number(&value));
            meeting.meet();
            let Some(revision) = found else { return Ok(Vec::new()) };
            let renewed = guarded(b"session", revision, &(revision + 1).to_be_bytes());
            // The last to come leaves the meeting first, so that its removal is the one to be overwritten.
            Ok(vec![if at == 7 { removed(b"session", revision) } else { renewed }])
        })
    });
    assert_eq!(value(&*store, b"session"), None, "a removed row came back");
}

/// One act removes a row while another that has read it decides to renew it. The writes are plain: what an act
/// writes rests on what it has read all the same.
fn no_row_comes_back_plainly(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"marker", b"")]));
    race(2, &|at, meeting| {
        retried(&*store, &mut |read| {
            let is_there = read.get(b"marker")?.is_some();
            meeting.meet();
            if at == 0 {
                // So that the removal comes first, if the store lets both decide at once.
                thread::sleep(Duration::from_millis(20));
            }
            let removed = Row { key: b"marker".to_vec(), write: Write::Delete };
            let renewed = put(b"marker", b"again");
            Ok(if is_there { vec![if at == 0 { renewed } else { removed }] } else { Vec::new() })
        })
    });
    assert_eq!(value(&*store, b"marker"), None, "a removed row came back");
}

fn one_maker(make: Make<'_>) {
    let store = make();
    let makers = race(8, &|at, meeting| {
        retried(&*store, &mut |read| {
            let is_free = read.get(b"marker")?.is_none();
            meeting.meet();
            if is_free { Ok(vec![put(b"marker", &[at])]) } else { Err(StoreError::AlreadyExists) }
        })
    });
    assert_eq!(makers.len(), 1, "several acts made one row: {makers:?}");
    assert_eq!(value(&*store, b"marker"), Some(makers), "the row is not its maker's");
}

fn one_claim(make: Make<'_>) {
    let store = make();
    let winners = race(8, &|at, meeting| {
        retried(&*store, &mut |read| {
            let free = read.get(b"name")?.is_none();
            meeting.meet();
            if free { Ok(vec![claim(b"name", &[at])]) } else { Err(StoreError::AlreadyExists) }
        })
    });
    assert_eq!(winners.len(), 1, "several acts hold one claim: {winners:?}");
    assert_eq!(value(&*store, b"name"), Some(winners), "the claim is not the winner's");
}

fn one_use(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"code", b"1"), guarded(b"root", 0, &1_u64.to_be_bytes())]));
    let winners = race(8, &|_, meeting| {
        retried(&*store, &mut |read| {
            let root = rooted(read)?;
            let there = read.get(b"code")?.is_some();
            meeting.meet();
            let used = Row { key: b"code".to_vec(), write: Write::Delete };
            if there { Ok(vec![used, root]) } else { Err(StoreError::NotFound) }
        })
    });
    assert_eq!(winners.len(), 1, "several acts used one code: {winners:?}");
    assert_eq!(value(&*store, b"code"), None, "the used code is still there");
}

/// Two rows of which one must remain: each act removes its own after it has seen both.
fn write_skew_rows(make: Make<'_>) {
    let store = make();
    let keys = [b"method 0".as_slice(), b"method 1"];
    done(act(&*store, keys.iter().map(|key| put(key, b"1")).collect()));
    let winners = race(2, &|at, meeting| {
        retried(&*store, &mut |read| {
            let root = rooted(read)?;
            let mut left = 0;
            for key in keys {
                left += usize::from(read.get(key)?.is_some());
            }
            meeting.meet();
            let own = keys.iter().skip(usize::from(at)).take(1);
            let removed = own.map(|key| Row { key: key.to_vec(), write: Write::Delete });
            if left > 1 { Ok(removed.chain([root]).collect()) } else { Err(StoreError::NotFound) }
        })
    });
    let left = keys.iter().filter(|key| value(&*store, key).is_some()).count();
    assert_eq!((winners.len(), left), (1, 1), "accepted acts, rows that remain of two");
}

/// A range that may hold only one row: each act adds its own after it has seen none.
fn write_skew_range(make: Make<'_>) {
    let store = make();
    let held = |read: &dyn Read| {
        let mut held = 0;
        read.scan(b"session ", b"session!", usize::MAX, &mut |_, _| {
            held += 1;
            ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(held)
    };
    let winners = race(4, &|at, meeting| {
        retried(&*store, &mut |read| {
            let (root, held) = (rooted(read)?, held(read)?);
            meeting.meet();
            let own = put(&[b"session ".as_slice(), &[at]].concat(), b"1");
            if held == 0 { Ok(vec![own, root]) } else { Err(StoreError::AlreadyExists) }
        })
    });
    let mut left = 0;
    done(store.read(&mut |read| {
        left = held(read)?;
        Ok(())
    }));
    assert_eq!((winners.len(), left), (1, 1), "accepted acts, rows in a range for one");
}

fn no_lost_update(make: Make<'_>) {
    const THREADS: u8 = 4;
    const ROUNDS: u64 = 8;
    let store = make();
    race(THREADS, &|_, meeting| {
        for _ in 0..ROUNDS {
            retried(&*store, &mut |read| {
                let revision = read.get(b"root")?.map_or(0, |value| number(&value));
                meeting.meet();
                Ok(vec![guarded(b"root", revision, &(revision + 1).to_be_bytes())])
            })?;
        }
        Ok(())
    });
    let counted = value(&*store, b"root").map_or(0, |value| number(&value));
    assert_eq!(counted, u64::from(THREADS) * ROUNDS, "updates were lost");
}

fn limits(make: Make<'_>) {
    let store = make();
    let many = |count: usize, value: usize| -> Vec<Row> {
        (0..count).map(|at| put(&(at as u32).to_be_bytes(), &vec![7; value])).collect()
    };
    let most = MAX_ACT / MAX_VALUE;
    for (rows, expected) in [
        (many(MAX_ROWS, 1), Ok(())),
        (many(MAX_ROWS + 1, 1), Err(StoreError::TooLarge)),
        (vec![put(&[1; MAX_KEY], b"1")], Ok(())),
        (vec![put(&[1; MAX_KEY + 1], b"1")], Err(StoreError::TooLarge)),
        (many(1, MAX_VALUE), Ok(())),
        (many(1, MAX_VALUE + 1), Err(StoreError::TooLarge)),
        (many(most, MAX_VALUE - 4), Ok(())),
        (many(most, MAX_VALUE - 3), Err(StoreError::TooLarge)),
    ] {
        let (count, first) = (rows.len(), rows.first().cloned());
        let before = first.as_ref().and_then(|row| value(&*store, &row.key));
        let answer = act(&*store, rows);
        assert_eq!(answer, expected, "{count} rows");
        let after = first.as_ref().and_then(|row| value(&*store, &row.key));
        assert!(expected.is_ok() || before == after, "an act beyond the limits left a row");
    }
}

fn panic_stages_nothing(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"row", b"1")]));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        store.write(&mut |read| {
            read.get(b"row")?;
            resume_unwind(Box::new("from inside"))
        })
    }));
    assert_eq!(caught.map_err(|panic| message(&*panic).to_owned()), Err("from inside".to_owned()));
    let caught =
        catch_unwind(AssertUnwindSafe(|| store.read(&mut |_| resume_unwind(Box::new("from inside")))));
    assert!(caught.is_err(), "a panic while reading did not reach the caller");
    assert_eq!(value(&*store, b"row").as_deref(), Some(b"1".as_slice()));
    done(act(&*store, vec![put(b"row", b"2")]));
    assert_eq!(value(&*store, b"row").as_deref(), Some(b"2".as_slice()), "the store no longer works");
}

fn no_call_from_inside(make: Make<'_>) {
    let store = make();
    let calls = || {
        [
            store.read(&mut |_| Ok(())),
            store.write(&mut |_| Ok(Vec::new())),
            store.commit_stamp().map(|_| ()),
            store.suspend(),
            store.close(),
        ]
    };
    let all = [const { Err(StoreError::Reentered) }; 5];
    done(store.read(&mut |_| {
        assert_eq!(calls(), all, "from inside a look");
        Ok(())
    }));
    done(store.write(&mut |_| {
        assert_eq!(calls(), all, "from inside an act");
        Ok(vec![put(b"row", b"1")])
    }));
    assert_eq!(value(&*store, b"row").as_deref(), Some(b"1".as_slice()));
}

fn stamp_grows(make: Make<'_>) {
    let store = make();
    let mut before = done(store.commit_stamp());
    for round in 0..3_u64 {
        done(act(&*store, vec![put(b"row", &round.to_be_bytes())]));
        let after = done(store.commit_stamp());
        assert!(after > before, "a commit left the stamp at {after}");
        before = after;
        assert_eq!(act(&*store, Vec::new()), Ok(()));
        value(&*store, b"row");
        assert_eq!(store.commit_stamp(), Ok(before), "the stamp grew without a commit");
    }
}

fn suspended_woken_and_closed(make: Make<'_>) {
    let store = make();
    done(act(&*store, vec![put(b"row", b"1")]));
    let stamp = done(store.commit_stamp());
    done(store.suspend());
    done(store.suspend());
    assert_eq!(value(&*store, b"row").as_deref(), Some(b"1".as_slice()));
    done(store.suspend());
    done(act(&*store, vec![put(b"row", b"2")]));
    done(store.suspend());
    assert!(done(store.commit_stamp()) > stamp);
    assert_eq!(value(&*store, b"row").as_deref(), Some(b"2".as_slice()));
    done(store.close());
    done(store.close());
    let calls = [store.read(&mut |_| Ok(())), act(&*store, Vec::new()), store.suspend()];
    assert_eq!(calls, [const { Err(StoreError::Closed) }; 3]);
}
