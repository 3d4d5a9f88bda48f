//! What an act has read so far. Within one transaction no row changes, so nothing is read twice.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use crate::store::port::{Visit, Want};

#[derive(Default)]
pub(super) struct Seen {
    /// The value of each row that was read, or `None` if it is absent.
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Ranges `from <= key < to` of which all rows were read.
    whole: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Seen {
    /// The row with this key, if it is known whether there is one.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        match self.rows.get(key) {
            Some(value) => Some(value.as_deref()),
            None => self.end_of(key).map(|_| None),
        }
    }

    /// Returns whether a read of these rows needs no round trip.
    pub(super) fn has(&self, want: &Want) -> bool {
        match want {
            Want::Row(key) => self.get(key).is_some(),
            Want::Rows { from, to, most } => {
                from >= to
                    || *most == 0
                    || self
                        .end_of(from)
                        .is_some_and(|end| end >= to.as_slice() || self.count(from, end) >= *most)
            }
        }
    }

    /// Passes the rows of a range that [`has`](Self::has) them.
    pub(super) fn show(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> ControlFlow<()> {
        self.within(from, to).take(most).try_for_each(|(key, value)| visit(key, value))
    }

    /// Notes the rows that were found for these wants.
    pub(super) fn note(&mut self, wants: &[Want], found: Vec<Vec<(Vec<u8>, Vec<u8>)>>) {
        let is_row = |want: &&Want| matches!(want, Want::Row(_));
        for want in wants.iter().filter(is_row) {
            if let Want::Row(key) = want {
                self.rows.entry(key.clone()).or_default();
            }
        }
        let mut found = found.into_iter();
        if wants.iter().any(|want| is_row(&want)) {
            self.rows.extend(found.next().into_iter().flatten().map(|(key, value)| (key, Some(value))));
        }
        let ranges = wants.iter().filter(|want| !is_row(want));
        for (want, found) in ranges.zip(found) {
            let Want::Rows { from, to, most } = want else { continue };
            let end = match found.last().filter(|_| found.len() >= *most) {
                // The row after the last one is not known.
                Some((last, _)) => [last.as_slice(), &[0]].concat(),
                None => to.clone(),
            };
            self.whole.push((from.clone(), end));
            self.rows.extend(found.into_iter().map(|(key, value)| (key, Some(value))));
        }
    }

    /// How far all rows from `key` on are known. `None` if not even a row with this key.
    fn end_of(&self, key: &[u8]) -> Option<&[u8]> {
        let around = self.whole.iter().filter(|(from, to)| from.as_slice() <= key && key < to.as_slice());
        around.map(|(_, to)| to.as_slice()).max()
    }

    fn count(&self, from: &[u8], to: &[u8]) -> usize {
        self.within(from, to).count()
    }

    fn within<'a>(&'a self, from: &[u8], to: &[u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let range = (Bound::Included(from), Bound::Excluded(to.max(from)));
        let there = self.rows.range::<[u8], _>(range);
        there.filter_map(|(key, value)| Some((key.as_slice(), value.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(from: &str, to: &str, most: usize) -> Want {
        Want::Rows { from: from.into(), to: to.into(), most }
    }

    fn pairs(keys: &[&str]) -> Vec<(Vec<u8>, Vec<u8>)> {
        keys.iter().map(|key| (key.as_bytes().to_vec(), b"value".to_vec())).collect()
    }

    #[test]
    fn what_was_read_answers_every_read_that_it_covers_and_no_other() {
        let mut seen = Seen::default();
        let wants =
            [Want::Row(b"a".to_vec()), rows("m", "p", 9), Want::Row(b"b".to_vec()), rows("r", "z", 2)];
        seen.note(&wants, vec![pairs(&["b"]), pairs(&["m", "o"]), pairs(&["s", "u"])]);
        for (key, known) in [
            ("a", Some(false)),
            ("b", Some(true)),
            ("c", None),
            ("m", Some(true)),
            ("n", Some(false)),
            ("p", None),
            ("t", Some(false)),
            ("u", Some(true)),
            ("v", None),
        ] {
            assert_eq!(seen.get(key.as_bytes()).map(|row| row.is_some()), known, "{key}");
        }
        for (want, has) in [
            (rows("m", "p", 9), true),
            (rows("n", "o", 9), true),
            (rows("l", "p", 9), false),
            (rows("m", "q", 9), false),
            (rows("m", "q", 2), true),
            (rows("r", "z", 2), true),
            (rows("r", "z", 3), false),
            (rows("s", "t", 9), true),
            (rows("z", "a", 9), true),
            (rows("c", "d", 0), true),
        ] {
            assert_eq!(seen.has(&want), has, "{want:?}");
        }
        let mut shown = Vec::new();
        _ = seen.show(b"m", b"z", 3, &mut |key, _| {
            shown.push(key.to_vec());
            ControlFlow::Continue(())
        });
        assert_eq!(shown, [b"m", b"o", b"s"]);
    }
}
