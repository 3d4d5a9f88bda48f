//! Twelve ways to damage a file.

use std::ops::Range;

use selfsame::Entropy;
use selfsame::testing::SeededEntropy;

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// The first bytes of redb's file (redb's docs/design.md).
pub(crate) const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
/// The byte that says which commit slot counts and how the file was left.
pub(crate) const STATE_AT: usize = 9;
pub(crate) const SLOTS: Range<usize> = 64..320;
const SLOT: usize = 128;
pub(crate) const VERSIONS_AT: [usize; 2] = [64, 192];
/// The lengths of the fields of the head, in order, and of a commit slot.
const FIELDS: [usize; 9] = [9, 1, 2, 4, 4, 4, 4, 4, 32];
const SLOT_FIELDS: [usize; 14] = [1, 1, 1, 1, 4, 8, 16, 8, 8, 16, 8, 32, 8, 16];

/// Damages a file, with the help of an older copy of it.
type Damage = fn(&mut Dice, Vec<u8>, &[u8]) -> Vec<u8>;

pub(crate) const KINDS: [(&str, Damage); 12] = [
    ("bit flipped", bit_flipped),
    ("bytes overwritten", bytes_overwritten),
    ("page zeroed", page_zeroed),
    ("pages swapped", pages_swapped),
    ("page copied", page_copied),
    ("old pages put back", old_pages_put_back),
    ("truncated", truncated),
    ("grown by garbage", grown),
    ("garbage head", garbage_head),
    ("field of the head set", field_set),
    ("commit slot replaced", slot_replaced),
    ("sector torn", sector_torn),
];

/// Random numbers from a seed.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    fn noise(&mut self, len: usize) -> Vec<u8> {
        let mut noise = vec![0; len];
        self.0.fill(&mut noise).unwrap();
        noise
    }

    fn below(&mut self, bound: usize) -> usize {
        let drawn = u64::from_be_bytes(self.noise(8).try_into().unwrap());
        usize::try_from(drawn % bound as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of the file's pages, usually one that is not empty.
    fn page(&mut self, bytes: &[u8]) -> Range<usize> {
        loop {
            let at = self.below(bytes.len() / PAGE) * PAGE;
            let page = at..at + PAGE;
            if bytes[page.clone()].iter().any(|byte| *byte != 0) || self.one_in(64) {
                return page;
            }
        }
    }

    /// Any place in the file, sometimes in its head.
    fn place(&mut self, bytes: &[u8]) -> usize {
        if self.one_in(4) { self.below(SLOTS.end) } else { self.page(bytes).start + self.below(PAGE) }
    }
}

fn bit_flipped(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let at = dice.place(&bytes);
    bytes[at] ^= 1 << dice.below(8);
    bytes
}

fn bytes_overwritten(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let at = dice.place(&bytes);
    let len = (1 + dice.below(300)).min(bytes.len() - at);
    bytes[at..at + len].copy_from_slice(&dice.noise(len));
    bytes
}

fn page_zeroed(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let page = dice.page(&bytes);
    bytes[page].fill(0);
    bytes
}

fn pages_swapped(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let (one, other) = (dice.page(&bytes), dice.page(&bytes));
    let kept = bytes[one.clone()].to_vec();
    bytes.copy_within(other.clone(), one.start);
    bytes[other].copy_from_slice(&kept);
    bytes
}

fn page_copied(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let (from, to) = (dice.page(&bytes), dice.page(&bytes));
    bytes.copy_within(from, to.start);
    bytes
}

/// Restores some or all of the changed pages, which may include the first page with the head.
fn old_pages_put_back(dice: &mut Dice, mut bytes: Vec<u8>, older: &[u8]) -> Vec<u8> {
    let len = bytes.len().min(older.len());
    let mut pages: Vec<_> = (0..len / PAGE).map(|page| page * PAGE..(page + 1) * PAGE).collect();
    pages.retain(|page| bytes[page.clone()] != older[page.clone()]);
    let most = if dice.one_in(2) { 2 } else { pages.len() };
    for _ in 0..1 + dice.below(most) {
        let page = pages.swap_remove(dice.below(pages.len()));
        bytes[page.clone()].copy_from_slice(&older[page]);
    }
    bytes
}

fn truncated(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let len = dice.below(bytes.len());
    bytes.truncate(match dice.below(4) {
        0 => len % PAGE,
        1 => len,
        _ => len / PAGE * PAGE,
    });
    bytes
}

fn grown(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let len = if dice.one_in(2) { (1 + dice.below(8)) * PAGE } else { 1 + dice.below(3 * PAGE) };
    bytes.extend(dice.noise(len));
    bytes
}

fn garbage_head(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    // Most cases keep the magic number, because a file without it is refused at once.
    let from = if dice.one_in(3) { 0 } else { MAGIC.len() };
    let to = from + 1 + dice.below(SECTOR);
    bytes[from..to].copy_from_slice(&dice.noise(to - from));
    bytes
}

/// Sets a field of the head, of a commit slot, or of both.
fn field_set(dice: &mut Dice, mut bytes: Vec<u8>, _: &[u8]) -> Vec<u8> {
    let (lens, froms): (&[usize], &[usize]) = match dice.below(4) {
        0 | 1 => (&FIELDS, &[0]),
        2 => (&SLOT_FIELDS, &VERSIONS_AT[dice.below(2)..][..1]),
        _ => (&SLOT_FIELDS, &VERSIONS_AT),
    };
    let field = dice.below(lens.len());
    let (at, len) = (lens[..field].iter().sum::<usize>(), lens[field]);
    let how = dice.below(5);
    let (noise, small) = (dice.noise(32), dice.noise(1)[0]);
    for from in froms {
        let field = &mut bytes[from + at..][..len];
        match how {
            0 => field.fill(0),
            1 => field.fill(u8::MAX),
            2 => field.copy_from_slice(&noise[..len]),
            3 => field[0] = small % 16,
            _ => field[0] = field[0].wrapping_add(1),
        }
    }
    bytes
}

/// Replaces a commit slot with the other one, or with one of the older copy.
fn slot_replaced(dice: &mut Dice, mut bytes: Vec<u8>, older: &[u8]) -> Vec<u8> {
    let to = VERSIONS_AT[dice.below(2)];
    let from = VERSIONS_AT[dice.below(2)];
    let source = if dice.one_in(2) { older } else { &bytes }[from..from + SLOT].to_vec();
    bytes[to..to + SLOT].copy_from_slice(&source);
    bytes
}

/// Leaves only the beginning of a sector. The rest becomes zeros, or what was there before.
fn sector_torn(dice: &mut Dice, mut bytes: Vec<u8>, older: &[u8]) -> Vec<u8> {
    let at = dice.place(&bytes) / SECTOR * SECTOR;
    let torn = at + if dice.one_in(2) { 0 } else { dice.below(SECTOR) }..at + SECTOR;
    match older.get(torn.clone()).filter(|_| dice.one_in(2)) {
        Some(then) => bytes[torn].copy_from_slice(then),
        None => bytes[torn].fill(0),
    }
    bytes
}
