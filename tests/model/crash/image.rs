//! The contents of a disk after a crash. A crash can lose, tear or reorder only unsynced writes.

use super::disk::Op;
use crate::acts::Dice;

const SECTOR: u64 = 512;

/// What a crash does to unsynced writes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mode {
    /// All of them are on the disk.
    Prefix,
    /// All of them, and the current write before or after the end of one of its sectors.
    TornSector,
    /// All of them, and the current write up to one of its bytes.
    TornByte,
    /// Some of them in order. Each write is complete, missing, or only in some of its sectors.
    Subset,
    /// The same in any order.
    Reordered,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] =
        [Self::Prefix, Self::TornSector, Self::TornByte, Self::Subset, Self::Reordered];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prefix => "Prefix",
            Self::TornSector => "TornSector",
            Self::TornByte => "TornByte",
            Self::Subset => "Subset",
            Self::Reordered => "Reordered",
        }
    }
}

/// A walk through the recording.
pub(crate) struct Walk<'a> {
    log: &'a [Op],
    /// The number of completed operations. The next one is current.
    at: usize,
    live: Vec<u8>,
    /// The durable bytes, and the position of the first operation after the last sync.
    synced: Vec<u8>,
    since: usize,
}

impl<'a> Walk<'a> {
    /// Starts at the beginning, on a disk where `base` is durable.
    pub(crate) fn new(base: Vec<u8>, log: &'a [Op]) -> Self {
        Self { log, at: 0, live: base.clone(), synced: base, since: 0 }
    }

    pub(crate) fn go_to(&mut self, at: usize) {
        for op in &self.log[self.at..at] {
            self.at += 1;
            apply(&mut self.live, op);
            if matches!(op, Op::Sync | Op::Replaced(_)) {
                self.log[self.since..self.at].iter().for_each(|op| apply(&mut self.synced, op));
            }
            if matches!(op, Op::Sync | Op::Replaced(_) | Op::Lost) {
                self.since = self.at;
            }
        }
    }

    pub(crate) fn live(&self) -> Vec<u8> {
        self.live.clone()
    }

    /// Returns what is left if everything unsynced is lost.
    pub(crate) fn synced(&self) -> Vec<u8> {
        self.synced.clone()
    }

    /// Returns what the disk holds after a crash here.
    pub(crate) fn image(&self, mode: Mode, dice: &mut Dice) -> Vec<u8> {
        match mode {
            Mode::Prefix => self.live(),
            Mode::TornSector | Mode::TornByte => {
                let mut image = self.live();
                if let Some(Op::Write { at, data }) = self.log.get(self.at) {
                    let cut = if mode == Mode::TornByte {
                        any(dice, data.len())
                    } else {
                        border(*at, data.len(), dice)
                    };
                    let comes_first = mode == Mode::TornByte || dice.below(2) == 0;
                    let (first, rest) = data.split_at(cut);
                    if comes_first {
                        write(&mut image, *at, first)
                    } else {
                        write(&mut image, at + cut as u64, rest)
                    }
                }
                image
            }
            Mode::Subset | Mode::Reordered => {
                let mut image = self.synced.clone();
                let mut left: Vec<&Op> = self.log[self.since..self.at].iter().collect();
                if mode == Mode::Reordered {
                    for last in (1..left.len()).rev() {
                        left.swap(last, dice.below(last + 1));
                    }
                }
                for op in left {
                    match dice.below(4) {
                        0 => {}
                        1 => in_part(&mut image, op, dice),
                        _ => apply(&mut image, op),
                    }
                }
                image
            }
        }
    }
}

fn any(dice: &mut Dice, len: usize) -> usize {
    dice.below(len + 1)
}

/// Returns a place within a write where one sector ends and the next begins.
fn border(at: u64, len: usize, dice: &mut Dice) -> usize {
    let first = (SECTOR - at % SECTOR) as usize;
    let borders = len.saturating_sub(first).div_ceil(SECTOR as usize);
    (first + dice.below(borders.max(1)) * SECTOR as usize).min(len)
}

/// Applies a random choice of the sectors of a write.
fn in_part(image: &mut [u8], op: &Op, dice: &mut Dice) {
    let Op::Write { at, data } = op else { return };
    let (mut at, mut data) = (*at, data.as_slice());
    while !data.is_empty() {
        let (sector, rest) = data.split_at(data.len().min((SECTOR - at % SECTOR) as usize));
        if dice.below(2) == 0 {
            write(image, at, sector);
        }
        at += sector.len() as u64;
        data = rest;
    }
}

fn apply(image: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write { at, data } => write(image, *at, data),
        Op::SetLen(len) => image.resize(usize::try_from(*len).unwrap(), 0),
        Op::Replaced(bytes) => image.clone_from(bytes),
        Op::Sync | Op::Lost => {}
    }
}

/// Writes the data up to the end of the disk. The rest was lost with a change of length.
fn write(image: &mut [u8], at: u64, data: &[u8]) {
    let at = usize::try_from(at).unwrap().min(image.len());
    let len = data.len().min(image.len() - at);
    image[at..at + len].copy_from_slice(&data[..len]);
}
