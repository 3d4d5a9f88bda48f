//! Making a store's file so that a crash leaves either no file or a complete one.
//!
//! redb's own creation is not crash-safe: a crash before its first header leaves a file that does not open.

use std::path::Path;
use std::sync::Arc;

use super::anchor::{self, Anchor};
use super::medium::Opened;
use super::open::{Keyring, Open};
use super::place::{Place, file_error};
use super::port::{Row, StoreError};
use super::settings::Settings;
use crate::crypto::tally::TallyKey;

/// Makes a store with `first_rows` at `path`, where nothing may exist yet. `name_suffix` is random, so that a
/// file that a crash left behind does not block the next attempt.
///
/// The anchor learns of the store before the file gets its name, because a store that its anchor does not
/// know can never be opened.
pub(super) fn create(
    path: &Path,
    settings: Settings,
    first_rows: Vec<Row>,
    name_suffix: [u8; 8],
    keyring: &dyn Keyring,
    anchor: Option<&dyn Anchor>,
) -> Result<Arc<TallyKey>, StoreError> {
    let place = Place::new(path);
    if place.is_taken()? {
        return Err(StoreError::AlreadyExists);
    }
    let suffix = format!("{:016x}.new", u64::from_be_bytes(name_suffix));
    let file = place.make(&suffix)?;
    let temporary = Temporary { place: &place, suffix };
    let opened = Opened::file(file.try_clone().map_err(file_error)?)?;
    let made = Open::made(opened, settings, first_rows, keyring, anchor.is_some())?;
    let (stamp, key) = (made.stamp(), made.key.clone());
    made.close()?;
    file.sync_all().map_err(file_error)?;
    let Some(anchor) = anchor else {
        temporary.named()?;
        return Ok(key);
    };
    let before = anchor.load()?;
    anchor::finalise(anchor, &stamp)?;
    temporary.named().inspect_err(|_| {
        // An earlier store may be at the path. If this call fails too, opening that store reports it.
        _ = before.map(|before| anchor.store(&before));
    })?;
    Ok(key)
}

/// A temporary file beside the store's name. It is removed when dropped.
struct Temporary<'a> {
    place: &'a Place,
    suffix: String,
}

impl Temporary<'_> {
    fn named(self) -> Result<(), StoreError> {
        self.place.name(&self.suffix)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        // It may have got its name already. If it cannot be removed, it does no harm.
        _ = self.place.remove(&self.suffix);
    }
}
