//! No file makes the engine panic, hang or take more memory than it was given. After any edit of a store's file, by
//! pages or by rows, the engine refuses the file with an error, or its rows are true and the next act works. The
//! allowed outcomes are those of `tests/damage` and `tests/store/tampering.rs`.
#![no_main]

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::abort;
use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use selfsame::testing::{MemoryMedium, raw_rows, with_raw_rows};
use selfsame::{Anchor, AnchorFailed, Engine, Environment, Error, OpenProblem, SessionToken, Table, Unlock};
use selfsame_world::{World, minutes};

const PAGE: usize = 4096;
/// The first bytes of redb's file (redb's docs/design.md).
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
const STATE_AT: usize = 9;
const SLOTS_AT: [usize; 2] = [64, 192];
const SLOT: usize = 128;
const HEAD: Range<usize> = STATE_AT..320;
const ANOTHER: &str = "another horse battery staple";

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Pages(u8, Vec<Edit<'a>>),
    Rows(u8, Vec<RowEdit<'a>>),
    /// The whole file after redb's magic number.
    Whole(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Place {
    Head(u16),
    /// A page that is not empty, and a place in it.
    Page(u16, u16),
}

#[derive(Arbitrary, Debug)]
enum Edit<'a> {
    Flip(Place, u8),
    Write(Place, &'a [u8]),
    Zero(u16),
    Swap(u16, u16),
    Copy(u16, u16),
    /// A page of the older copy.
    Old(u16),
    /// Bytes of the older copy.
    OldBytes(Place, u16),
    /// A commit slot becomes the other one, or one of the older copy.
    Slot {
        to: bool,
        from: bool,
        is_old: bool,
    },
    Truncate(u32),
    Grow(u8, &'a [u8]),
}

/// An edit of a row by an attacker who has redb but no key.
#[derive(Arbitrary, Debug)]
enum RowEdit<'a> {
    Remove(u16),
    Write(u16, u16, &'a [u8]),
    Cut(u16, u16),
    Copy(u16, u16),
    Old(u16),
    Insert(&'a [u8], &'a [u8]),
}

/// A store's file, as an engine left it.
struct Sample {
    bytes: Vec<u8>,
    older: Vec<u8>,
    raw: Rows,
    older_raw: Rows,
    /// The rows that the engine sees after these commits, including the last one.
    known: BTreeMap<u64, Rows>,
    last: u64,
    /// The pages that are not empty now, or were not in the older copy.
    pages: Vec<usize>,
    token: SessionToken,
    unlock: Unlock,
    environment: Environment,
    is_closed: bool,
    /// The value in the anchor, if there is one.
    anchor: Option<Vec<u8>>,
}

static SAMPLES: LazyLock<[Sample; 3]> = LazyLock::new(|| {
    [Sample::made(2, true, false), Sample::made(2, false, false), Sample::made(12, false, true)]
});
static PANIC: Mutex<String> = Mutex::new(String::new());

impl Sample {
    fn made(people: usize, is_closed: bool, is_anchored: bool) -> Self {
        let medium = Arc::new(MemoryMedium::new());
        let keystore = is_anchored.then(|| Arc::new(Keystore::default()));
        let builder = World::builder().medium(medium.clone());
        let world = match &keystore {
            Some(keystore) => builder.anchor(keystore.clone()).build(),
            None => builder.build(),
        };
        let engine = world.engine();
        let copy = || {
            if is_closed {
                engine.suspend().unwrap();
            }
            medium.bytes()
        };
        let mut known = BTreeMap::new();
        let mut note = || known.insert(engine.commits().unwrap(), engine.dump().unwrap());
        let ada = world.ada();
        for number in 1..people {
            world.person(&format!("{number}@example.org"), ANOTHER);
        }
        note();
        let older = copy();
        for number in 1..people {
            world.later(minutes(1));
            world.sign_in(&format!("{number}@example.org"), ANOTHER).unwrap();
        }
        note();
        world.account(&ada).set_display_name(Some("Ada Lovelace")).unwrap();
        note();
        let (last, bytes) = (engine.commits().unwrap(), copy());
        let is_empty = |file: &[u8], page: usize| {
            file.get(page * PAGE..(page + 1) * PAGE).is_none_or(|page| page.iter().all(|byte| *byte == 0))
        };
        Self {
            raw: raw_rows(bytes.clone()).unwrap(),
            older_raw: raw_rows(older.clone()).unwrap(),
            pages: (0..bytes.len() / PAGE)
                .filter(|page| !is_empty(&bytes, *page) || !is_empty(&older, *page))
                .collect(),
            bytes,
            older,
            known,
            last,
            token: ada.token,
            unlock: world.unlock(),
            environment: world.environment(),
            is_closed,
            anchor: keystore.and_then(|keystore| keystore.load().unwrap()),
        }
    }

    fn of(number: u8) -> &'static Self {
        &SAMPLES[usize::from(number) % SAMPLES.len()]
    }

    fn page(&self, number: u16) -> Range<usize> {
        let at = self.pages[usize::from(number) % self.pages.len()] * PAGE;
        at..at + PAGE
    }

    fn place(&self, place: &Place) -> usize {
        match place {
            Place::Head(at) => usize::from(*at) % HEAD.end,
            Place::Page(page, at) => self.page(*page).start + usize::from(*at) % PAGE,
        }
    }

    /// Applies an edit as far as the file still has the bytes for it.
    fn edit(&self, edit: &Edit<'_>, bytes: &mut Vec<u8>) -> Option<()> {
        match edit {
            Edit::Flip(place, bit) => *bytes.get_mut(self.place(place))? ^= 1 << (bit % 8),
            Edit::Write(place, written) => write(bytes, self.place(place), written)?,
            Edit::Zero(page) => bytes.get_mut(self.page(*page))?.fill(0),
            Edit::Swap(one, other) => {
                let [one, other] = [one, other].map(|page| self.page(*page));
                let [first, second] = [&one, &other].map(|page| bytes.get(page.clone()).map(<[u8]>::to_vec));
                write(bytes, one.start, &second?)?;
                write(bytes, other.start, &first?)?;
            }
            Edit::Copy(from, to) => {
                let page = bytes.get(self.page(*from))?.to_vec();
                write(bytes, self.page(*to).start, &page)?;
            }
            Edit::Old(page) => {
                let page = self.page(*page);
                write(bytes, page.start, self.older.get(page.clone())?)?;
            }
            Edit::OldBytes(place, len) => {
                let at = self.place(place);
                write(bytes, at, self.older.get(at..at + usize::from(*len) % PAGE)?)?;
            }
            Edit::Slot { to, from, is_old } => {
                let [to, from] = [to, from].map(|slot| SLOTS_AT[usize::from(*slot)]);
                let source = if *is_old { &self.older } else { &*bytes };
                let slot = source.get(from..from + SLOT)?.to_vec();
                write(bytes, to, &slot)?;
            }
            Edit::Truncate(len) => bytes.truncate(*len as usize % (bytes.len() + 1)),
            Edit::Grow(pages, written) => {
                bytes.extend_from_slice(written);
                bytes.resize(bytes.len() + usize::from(pages % 16) * PAGE, 0);
            }
        }
        Some(())
    }

    fn row_edit(&self, edit: &RowEdit<'_>) -> (Vec<u8>, Option<Vec<u8>>) {
        let row = |number: &u16| self.raw.iter().nth(usize::from(*number) % self.raw.len()).unwrap();
        let changed = |number: &u16, change: &dyn Fn(&mut Vec<u8>)| {
            let (key, mut value) = (row(number).0.clone(), row(number).1.clone());
            change(&mut value);
            (key, Some(value))
        };
        match edit {
            RowEdit::Remove(number) => (row(number).0.clone(), None),
            RowEdit::Write(number, at, written) => changed(number, &|value| {
                let at = usize::from(*at) % (value.len() + 1);
                value.resize(value.len().max(at + written.len()), 0);
                value[at..at + written.len()].copy_from_slice(written);
            }),
            RowEdit::Cut(number, len) => {
                changed(number, &|value| value.truncate(usize::from(*len) % (value.len() + 1)))
            }
            RowEdit::Copy(from, to) => (row(to).0.clone(), Some(row(from).1.clone())),
            RowEdit::Old(number) => {
                let at = usize::from(*number) % (self.older_raw.len() + self.raw.len());
                match self.older_raw.iter().nth(at) {
                    Some((key, value)) => (key.clone(), Some(value.clone())),
                    None => {
                        let key = row(&((at - self.older_raw.len()) as u16)).0;
                        (key.clone(), self.older_raw.get(key).cloned())
                    }
                }
            }
            RowEdit::Insert(key, value) => (key.to_vec(), Some(value.to_vec())),
        }
    }

    fn pages_edited(&self, edits: &[Edit<'_>]) -> Result<(), String> {
        let mut bytes = self.bytes.clone();
        for edit in edits {
            self.edit(edit, &mut bytes);
        }
        let is_old = |edit: &Edit<'_>| {
            matches!(edit, Edit::Old(_) | Edit::OldBytes(..) | Edit::Slot { is_old: true, .. })
        };
        // Nothing checks the byte that says which of redb's two commit slots counts, so a file that was not closed
        // may lose a commit. And if all pages of an older copy are restored, the file is that copy.
        let earliest = if bytes.get(HEAD) == self.bytes.get(HEAD) {
            self.last
        } else if edits.iter().any(is_old) {
            0
        } else {
            self.last - u64::from(!self.is_closed)
        };
        self.judged(bytes == self.bytes, earliest, false, bytes)
    }

    fn rows_edited(&self, edits: &[RowEdit<'_>]) -> Result<(), String> {
        let mut edited = self.raw.clone();
        let edits: Vec<_> = edits.iter().map(|edit| self.row_edit(edit)).collect();
        for (key, value) in &edits {
            match value {
                Some(value) => edited.insert(key.clone(), value.clone()),
                None => edited.remove(key),
            };
        }
        // A changed header may name another format, or need another key or none.
        let is_header = |key: &[u8]| Table::of(key).is_some_and(|table| table.name == "header");
        let has_header = edits.iter().any(|(key, value)| value.is_some() && is_header(key));
        let bytes = with_raw_rows(self.bytes.clone(), &edits).map_err(|error| format!("rows: {error:?}"))?;
        let earliest = if edited == self.older_raw { 0 } else { self.last };
        self.judged(edited == self.raw, earliest, has_header, bytes)
    }

    fn judged(&self, is_same: bool, earliest: u64, has_header: bool, bytes: Vec<u8>) -> Result<(), String> {
        let medium = Arc::new(MemoryMedium::holding(bytes.clone()));
        let engine = match self.open(medium.clone()) {
            Ok(engine) => engine,
            Err(error) if is_same => return Err(format!("refused although unchanged, with {error:?}")),
            Err(_) if medium.bytes() != bytes => return Err("refused, and changed".to_owned()),
            Err(Error::Open(OpenProblem::WrongKey | OpenProblem::NewerFormat)) if has_header => return Ok(()),
            Err(error) if self.may_be(&error, &bytes) => return Ok(()),
            Err(error) => return Err(format!("refused with {error:?}")),
        };
        let failed = |error: Error| format!("opened, and then {error:?}");
        let (rows, commits) = (engine.dump().map_err(failed)?, engine.commits().map_err(failed)?);
        let earliest = if self.anchor.is_some() { self.last } else { earliest };
        if !(earliest..=self.last).contains(&commits) {
            return Err(format!("opened with {commits} commits, but {} were made", self.last));
        }
        if self.known.get(&commits).is_some_and(|known| *known != rows) {
            return Err(format!("opened with {commits} commits and wrong rows"));
        }
        // If damage makes used pages look free, the next act overwrites them.
        let account = engine.account(&self.token).map_err(failed)?;
        for name in ["Augusta", "Ada"] {
            account.set_display_name(Some(name)).map_err(failed)?;
        }
        let rows = engine.dump().map_err(failed)?;
        engine.suspend().map_err(failed)?;
        if engine.dump().map_err(failed)? == rows {
            Ok(())
        } else {
            Err("the next act damages the file".to_owned())
        }
    }

    fn open(&self, medium: Arc<MemoryMedium>) -> Result<Engine, Error> {
        let policy = World::policy().build().unwrap();
        let options =
            Engine::options(self.unlock.clone()).policy(policy).environment(self.environment.clone());
        match self.anchor.clone() {
            Some(kept) => options.anchor(Arc::new(Keystore(Mutex::new(Some(kept))))).open_on(medium),
            None => options.open_on(medium),
        }
    }

    /// Whether a file with these bytes may be refused with this error.
    fn may_be(&self, error: &Error, bytes: &[u8]) -> bool {
        let is_redbs = bytes.starts_with(&MAGIC);
        let [one, other] = SLOTS_AT.map(|at| bytes.get(at).copied().unwrap_or(0));
        match error {
            Error::Damaged => is_redbs,
            // No release of Selfsame wrote redb's first two formats.
            Error::Open(OpenProblem::NotAStore) => !is_redbs || (one == other && [1, 2].contains(&one)),
            Error::Open(OpenProblem::NewerFormat) => is_redbs && one == other && (4..16).contains(&one),
            Error::Open(OpenProblem::RolledBack) => {
                self.anchor.is_some() && bytes.get(HEAD) != self.bytes.get(HEAD)
            }
            _ => false,
        }
    }
}

/// Writes as much as there is room for.
fn write(bytes: &mut [u8], at: usize, written: &[u8]) -> Option<()> {
    let place = bytes.get_mut(at..)?;
    let len = written.len().min(place.len());
    place[..len].copy_from_slice(&written[..len]);
    Some(())
}

/// An anchor that keeps its value in memory.
#[derive(Default)]
struct Keystore(Mutex<Option<Vec<u8>>>);

impl Anchor for Keystore {
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed> {
        *self.0.lock().unwrap() = Some(value.to_vec());
        Ok(())
    }
}

fn judged(input: &Input<'_>) -> Result<(), String> {
    match input {
        Input::Pages(sample, edits) => Sample::of(*sample).pages_edited(edits),
        Input::Rows(sample, edits) => Sample::of(*sample).rows_edited(edits),
        // Such a file has no allowed number of commits.
        Input::Whole(bytes) => {
            Sample::of(0).judged(false, u64::MAX, false, [MAGIC.as_slice(), bytes].concat())
        }
    }
}

fuzz_target!(
    init: {
        LazyLock::force(&SAMPLES);
        // redb panics on some files and the store catches that, but the fuzzer's hook would end the process.
        set_hook(Box::new(|panic| *PANIC.lock().unwrap() = panic.to_string()));
    },
    |input: Input<'_>| {
        let outcome = catch_unwind(AssertUnwindSafe(|| judged(&input)));
        if let Err(why) = outcome.unwrap_or_else(|_| Err(PANIC.lock().unwrap().clone())) {
            eprintln!("{why}\n{input:?}");
            abort();
        }
    }
);
