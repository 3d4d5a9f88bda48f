//! Proves that the crash tests can fail: with a disk that drops synced writes, and with stores that split
//! acts.

use std::sync::Arc;

use selfsame::testing::{Decide, Medium, Read, RedbStore, Row, Settings, Store, StoreError, TallyKey, Write};

use super::crashes::{Figures, crash};
use super::disk::{Disk, Op};
use super::image::{Mode, Walk};
use super::kinds::{Rehearsal, kinds};
use super::recording::{Found, Recording};
use crate::acts::Dice;

const POINTS: usize = 200;

fn of_kind(name: &str) -> Rehearsal {
    Rehearsal::of(kinds().into_iter().find(|kind| kind.name == name).unwrap())
}

/// Returns the modes in which a crash found a failure.
fn caught(figures: &Figures) -> Vec<Mode> {
    let told =
        |mode: &Mode| figures.failures.iter().any(|failure| failure.contains(&format!(" {mode:?} at ")));
    Mode::ALL.into_iter().filter(told).collect()
}

#[test]
fn a_disk_that_drops_synced_writes_is_detected() {
    let mut act = of_kind("code");
    let before = crash(&act.recording, POINTS, 1, None);
    assert_eq!(before.failures.len(), 0, "{before}");
    act.recording.without_syncs();
    let figures = crash(&act.recording, POINTS, 1, Some(&act));
    assert!(
        caught(&figures).contains(&Mode::Subset) && caught(&figures).contains(&Mode::Reordered),
        "{figures}"
    );
}

#[test]
fn a_disk_that_acknowledges_an_act_before_the_sync_is_detected() {
    let mut act = of_kind("sign-in, right");
    act.recording.acknowledge_early();
    let figures = crash(&act.recording, POINTS, 1, None);
    assert_eq!(caught(&figures), Mode::ALL, "{figures}");
}

/// A store that makes one commit per row of an act.
struct RowByRow(RedbStore);

impl RowByRow {
    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        self.0.read(&mut |read| {
            rows = decide(read)?;
            Ok(())
        })?;
        rows.into_iter().try_for_each(|row| self.0.write(&mut |_| Ok(vec![row.clone()])))
    }
}

/// Writes two rows in one act, to a store that keeps acts whole or to one that does not.
fn two_rows(is_whole: bool) -> Figures {
    let disk = Disk::new();
    let medium: Arc<dyn Medium> = Arc::new(disk.clone());
    let key = Arc::new(TallyKey::new(&[1; 32]));
    let known = key.clone();
    let keyring = Arc::new(move |_: &dyn Read| Ok(known.clone()));
    let store = RowByRow(RedbStore::create(medium, Settings::default(), Vec::new(), None, keyring).unwrap());
    let mut recording = Recording::named("two rows");
    recording.keys.push(key);
    recording.from = disk.recorded();
    recording.acknowledge_store(&disk, &store.0);
    let row = |key: &[u8]| Row { key: key.to_vec(), write: Write::Put(b"1".to_vec()) };
    let mut decide = |_: &dyn Read| Ok(vec![row(b"one"), row(b"other")]);
    if is_whole {
        store.0.write(&mut decide).unwrap()
    } else {
        store.write(&mut decide).unwrap()
    }
    recording.acknowledge_store(&disk, &store.0);
    recording.log = disk.take_log();
    crash(&recording, POINTS, 1, None)
}

#[test]
fn a_store_that_splits_acts_is_detected() {
    let whole = two_rows(true);
    assert_eq!(whole.failures, [""; 0], "{whole}");
    assert!(whole.found(Found::InFlight) > 0, "{whole}");
    let half = two_rows(false);
    assert_eq!(caught(&half), Mode::ALL, "{half}");
}

/// In every mode, synced writes stay, and unsynced writes are lost as the mode says.
#[test]
fn a_crash_loses_only_unsynced_writes() {
    let write = |at, byte| Op::Write { at, data: vec![byte; 1024] };
    let log = [Op::SetLen(4096), write(0, 1), Op::Sync, write(1024, 2), write(2048, 3), write(3072, 4)];
    let mut walk = Walk::new(Vec::new(), &log);
    walk.go_to(5);
    let mut dice = Dice(1);
    for mode in Mode::ALL {
        let images: Vec<_> = (0..200).map(|_| walk.image(mode, &mut dice)).collect();
        assert!(images.iter().all(|image| image.len() == 4096 && image[..1024] == [1; 1024]), "{mode:?}");
        let any = |wanted: &dyn Fn(&[u8]) -> bool| images.iter().any(|image| wanted(image));
        let is_late = |image: &[u8]| image[1024] == 0 && image[2048] == 3;
        let is_torn = |image: &[u8]| image[3072..].contains(&4) && image[3072..].contains(&0);
        let within =
            |image: &[u8]| image.chunks(512).any(|sector| sector.contains(&4) && sector.contains(&0));
        let unsynced = matches!(mode, Mode::Subset | Mode::Reordered);
        assert_eq!(any(&is_late), unsynced, "{mode:?}: a later write is there without an earlier one");
        assert_eq!(any(&is_torn), matches!(mode, Mode::TornByte | Mode::TornSector), "{mode:?}");
        assert_eq!(any(&within), mode == Mode::TornByte, "{mode:?}");
    }
}

/// The injected fault occurs and has the effect that it names.
#[test]
fn a_disk_fails_as_its_fault_says() {
    use super::disk::{EIO, Effect, Fault};
    for (effect, left) in [(Effect::Nothing, [0, 0]), (Effect::Half, [7, 0]), (Effect::All, [7, 7])] {
        let disk = Disk::holding(vec![0; 2]);
        let backend = disk.open().unwrap().backend;
        disk.set(Some(Fault { call: 2, errno: EIO, effect, for_good: false }));
        let mut out = [0];
        assert!(backend.read(0, &mut out).is_ok() && !disk.struck());
        let error = backend.write(0, &[7, 7]).unwrap_err();
        assert_eq!((error.raw_os_error(), disk.struck()), (Some(EIO), true));
        assert_eq!(disk.bytes(), left);
        assert!(backend.sync_data().is_ok());
        disk.set(Some(Fault { call: 1, errno: EIO, effect, for_good: true }));
        assert!(backend.sync_data().is_err() && backend.read(0, &mut out).is_err() && disk.open().is_err());
    }
}
