//! Checks the rows of an act and overlays them on the stored rows.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{Bound, ControlFlow};

use super::port::{
    MAX_ACT, MAX_KEY, MAX_ROWS, MAX_VALUE, Read, Row, STAMP_KEY, StoreError, Visit, Want, Write,
};

/// The new value of each changed row, or `None` if the row is removed.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Checks each row of one act against the stored rows and the act's rows before it. Everything that can fail
/// must fail here, because redb cannot take back a row that a transaction has written.
pub fn admit(mut rows: Vec<Row>, there: &dyn Read) -> Result<Changes, StoreError> {
    within_limits(&rows)?;
    // Rows with neighbouring keys share pages. The stable sort keeps the act's order for rows of one key.
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    let mut changes = Changes::new();
    for Row { key, write } in rows {
        if key == STAMP_KEY {
            return Err(StoreError::Conflict);
        }
        let over = Over { changes: &changes, there };
        let value = match write {
            Write::Put(value) => Some(value),
            Write::Delete => None,
            Write::Claim(value) => {
                if over.get(&key)?.is_some() {
                    return Err(StoreError::Conflict);
                }
                Some(value)
            }
            Write::Guarded { value, revision } => {
                if revision_of(over.get(&key)?.as_deref()) != Some(revision) {
                    return Err(StoreError::Conflict);
                }
                value
            }
        };
        changes.insert(key, value);
    }
    Ok(changes)
}

fn within_limits(rows: &[Row]) -> Result<(), StoreError> {
    let mut bytes = 0;
    for row in rows {
        let value = match &row.write {
            Write::Put(value) | Write::Claim(value) | Write::Guarded { value: Some(value), .. } => {
                value.len()
            }
            Write::Delete | Write::Guarded { value: None, .. } => 0,
        };
        if row.key.len() > MAX_KEY || value > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        bytes += row.key.len() + value;
    }
    if rows.len() > MAX_ROWS || bytes > MAX_ACT { Err(StoreError::TooLarge) } else { Ok(()) }
}

/// The revision that a row begins with, as [`Write::Guarded`] compares it. `None` if the row is too short.
pub(super) fn revision_of(value: Option<&[u8]>) -> Option<u64> {
    match value {
        None => Some(0),
        Some(value) => value.first_chunk().map(|head| u64::from_be_bytes(*head)),
    }
}

/// The rows as they would be after `changes`.
pub(crate) struct Over<'a> {
    pub(crate) changes: &'a Changes,
    pub(crate) there: &'a dyn Read,
}

impl Read for Over<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.there.get(key),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        let range = (Bound::Included(from), Bound::Excluded(to));
        let mut ahead = self.changes.range::<[u8], _>(range).peekable();
        let mut limited = Limited { left: most, visit };
        let mut flow = limited.start();
        // Each changed row may hide a stored one.
        let stored = most.saturating_add(self.changes.range::<[u8], _>(range).count());
        self.there.scan(from, to, stored, &mut |key, value| {
            flow = limited.show_until(&mut ahead, Some(key));
            if flow.is_continue() {
                flow = match ahead.next_if(|(changed, _)| changed.as_slice() == key) {
                    Some((_, Some(changed))) => limited.show(key, changed),
                    Some((_, None)) => ControlFlow::Continue(()),
                    None => limited.show(key, value),
                };
            }
            flow
        })?;
        if flow.is_continue() {
            // The scan ends here whether `visit` breaks or not.
            _ = limited.show_until(&mut ahead, None);
        }
        Ok(())
    }

    fn prefetch(&self, wants: &dyn Fn() -> Vec<Want>) -> Result<(), StoreError> {
        self.there.prefetch(wants)
    }
}

/// Passes a limited number of rows on.
struct Limited<'a> {
    left: usize,
    visit: Visit<'a>,
}

impl Limited<'_> {
    fn start(&self) -> ControlFlow<()> {
        if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn show(&mut self, key: &[u8], value: &[u8]) -> ControlFlow<()> {
        self.start()?;
        self.left -= 1;
        (self.visit)(key, value)?;
        self.start()
    }

    /// Passes the changed rows before `end`, or all that remain if `end` is `None`.
    fn show_until<'a>(
        &mut self,
        ahead: &mut Peekable<impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>>,
        end: Option<&[u8]>,
    ) -> ControlFlow<()> {
        while let Some((key, value)) = ahead.next_if(|(key, _)| end.is_none_or(|end| key.as_slice() < end)) {
            if let Some(value) = value {
                self.show(key, value)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Read for Changes {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get(key).cloned().flatten())
    }

    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError> {
        if from < to {
            let range = (Bound::Included(from), Bound::Excluded(to));
            _ = Limited { left: most, visit }.show_until(&mut self.range::<[u8], _>(range).peekable(), None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(rows: &[(&str, Option<&str>)]) -> Changes {
        rows.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.map(|v| v.as_bytes().to_vec()))).collect()
    }

    fn shown(read: &dyn Read, from: &str, to: &str, most: usize) -> String {
        let (mut limited, mut broken) = (Vec::new(), Vec::new());
        let text =
            |k: &[u8], v: &[u8]| format!("{}{}", String::from_utf8_lossy(k), String::from_utf8_lossy(v));
        read.scan(from.as_bytes(), to.as_bytes(), most, &mut |k, v| {
            limited.push(text(k, v));
            ControlFlow::Continue(())
        })
        .unwrap();
        read.scan(from.as_bytes(), to.as_bytes(), usize::MAX, &mut |k, v| {
            broken.push(text(k, v));
            if broken.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert!(most == 0 || limited == broken, "a limit and a break differ");
        limited.join(" ")
    }

    #[test]
    fn changes_overlay_the_stored_rows_in_the_order_of_keys() {
        let there = map(&[("b", Some("1")), ("d", Some("1")), ("f", Some("1")), ("h", Some("1"))]);
        let changes =
            map(&[("a", Some("2")), ("d", None), ("e", Some("2")), ("f", Some("2")), ("i", Some("2"))]);
        let over = Over { changes: &changes, there: &there };
        for (from, to, most, expected) in [
            ("a", "z", 99, "a2 b1 e2 f2 h1 i2"),
            ("b", "i", 99, "b1 e2 f2 h1"),
            ("c", "e", 99, ""),
            ("a", "z", 0, ""),
            ("a", "z", 1, "a2"),
            ("c", "g", 1, "e2"),
            ("a", "z", 3, "a2 b1 e2"),
            ("a", "z", 5, "a2 b1 e2 f2 h1"),
            ("z", "a", 99, ""),
            ("b", "b", 99, ""),
        ] {
            assert_eq!(shown(&over, from, to, most), expected, "{from}..{to}, {most}");
        }
        assert_eq!(over.get(b"d"), Ok(None));
        assert_eq!(over.get(b"f"), Ok(Some(b"2".to_vec())));
        assert_eq!(over.get(b"h"), Ok(Some(b"1".to_vec())));
    }

    #[test]
    fn each_row_of_an_act_is_checked_after_the_rows_before_it() {
        let row = |key: &str, write| Row { key: key.into(), write };
        let there = map(&[("here", Some("\0\0\0\0\0\0\0\x07rest")), ("short", Some("1"))]);
        let guarded = |revision| Write::Guarded { value: Some(b"new".to_vec()), revision };
        let removed = |revision| Write::Guarded { value: None, revision };
        let claim = || Write::Claim(b"mine".to_vec());
        for (rows, admitted) in [
            (vec![row("here", claim())], false),
            (vec![row("here", Write::Delete), row("here", claim())], true),
            (vec![row("free", claim()), row("free", claim())], false),
            (vec![row("here", guarded(7))], true),
            (vec![row("here", guarded(8))], false),
            (vec![row("here", removed(7)), row("here", claim())], true),
            (vec![row("here", removed(8))], false),
            (vec![row("free", removed(0))], true),
            (vec![row("free", guarded(0))], true),
            (vec![row("free", guarded(1))], false),
            (vec![row("short", guarded(0))], false),
            (vec![Row { key: STAMP_KEY.to_vec(), write: Write::Delete }], false),
        ] {
            let answer = admit(rows.clone(), &there);
            assert_eq!(answer.is_ok(), admitted, "{rows:?}");
            if !admitted {
                assert_eq!(answer, Err(StoreError::Conflict));
            }
        }
    }
}
