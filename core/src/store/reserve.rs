//! Room that is set aside on the disk, for acts that must work when it is full: who signs out, ends what a thief
//! has, or leaves, cannot wait for somebody to make room.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::medium::Medium;
use super::port::StoreError;

/// What is known of the room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Room {
    /// None can be set aside here.
    None,
    Kept,
    /// It was given back, and is for those who may use it alone until there is room to set it aside again.
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

    /// Lets an act in that can wait for room.
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

    /// Makes room, if any is left to make.
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

/// A medium that cannot is no failure: `health` says that there is no reserve.
fn set_aside(medium: &dyn Medium) -> Room {
    match medium.set_aside() {
        Ok(()) => Room::Kept,
        Err(error) if error.is_full() => Room::GivenBack,
        Err(_) => Room::None,
    }
}
