//! Space that is reserved on the disk for acts that must work when the disk is full. Signing out, ending a
//! thief's sessions and deleting an account cannot wait until somebody frees space.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::medium::Medium;
use super::port::StoreError;

/// The state of the reserve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Room {
    /// The medium cannot set room aside.
    None,
    Kept,
    /// It was given back. Only acts that may use it run until there is room to set it aside again.
    GivenBack,
}

#[derive(Debug)]
pub(super) struct Reserve(Mutex<Room>);

impl Reserve {
    pub(super) fn of(medium: &dyn Medium) -> Self {
        Self(Mutex::new(set_aside(medium)))
    }

    pub(super) fn is_kept(&self) -> bool {
        *self.room() == Room::Kept
    }

    /// Admits an act that can wait for space, or refuses it while the reserve is used up.
    pub(super) fn admit(&self, medium: &dyn Medium) -> Result<(), StoreError> {
        let mut room = self.room();
        if *room == Room::GivenBack {
            *room = set_aside(medium);
        }
        match *room {
            Room::GivenBack => Err(StoreError::Io(std::io::ErrorKind::StorageFull)),
            Room::None | Room::Kept => Ok(()),
        }
    }

    /// Gives the reserve back and returns whether that made room.
    pub(super) fn give_back(&self, medium: &dyn Medium) -> bool {
        let mut room = self.room();
        let gives = *room == Room::Kept && medium.give_back().is_ok();
        if gives {
            *room = Room::GivenBack;
        }
        gives
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reserves space. If the medium cannot do so, this is not an error: `health` reports that there is no
/// reserve.
fn set_aside(medium: &dyn Medium) -> Room {
    match medium.set_aside() {
        Ok(()) => Room::Kept,
        Err(error) if error.is_full() => Room::GivenBack,
        Err(_) => Room::None,
    }
}
