//! The texts that the store sends. Every message is one text of the simple protocol, so several statements share a
//! round trip, and a pooler that moves transactions between connections has no prepared statement to lose. Keys and
//! values are written in hexadecimal, so no byte of them can be read as SQL.

use std::fmt::Write;

use crate::store::port::Want;

/// Begins to look. A look shows one moment and decides nothing.
pub(super) const LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;";
/// Begins an act. PostgreSQL locks what an act has read by pages of the index. A scan of the whole table, which the
/// planner prefers while the table is small, would make every act conflict with every other.
pub(super) const ACT: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE;SET LOCAL enable_seqscan=off;\
                              SET LOCAL enable_bitmapscan=off;SET LOCAL enable_hashjoin=off;\
                              SET LOCAL enable_mergejoin=off;";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// Adds a query for these rows. Each want that is a range is a query of its own, after the one for all single rows.
pub(super) fn reads(text: &mut String, wants: &[Want]) {
    let mut keys = wants.iter().filter_map(|want| match want {
        Want::Row(key) => Some(key),
        Want::Rows { .. } => None,
    });
    if let Some(first) = keys.next() {
        text.push_str("SELECT encode(key,'hex'),encode(value,'hex') FROM selfsame_rows WHERE key IN (");
        literal(text, first);
        for key in keys {
            text.push(',');
            literal(text, key);
        }
        text.push_str(");");
    }
    for want in wants {
        let Want::Rows { from, to, most } = want else { continue };
        text.push_str("SELECT encode(key,'hex'),encode(value,'hex') FROM selfsame_rows WHERE key>=");
        literal(text, from);
        text.push_str(" AND key<");
        literal(text, to);
        // Writing to a text cannot fail.
        _ = write!(text, " ORDER BY key LIMIT {most};");
    }
}

/// How the rows of an act are written.
#[derive(Default)]
pub(super) struct Writes<'a> {
    /// Rows that the act read. If another act has changed or removed one since, PostgreSQL refuses.
    pub(super) updates: Vec<(&'a [u8], &'a [u8])>,
    /// Rows that the act read as absent. If another act has made one since, PostgreSQL refuses.
    pub(super) inserts: Vec<(&'a [u8], &'a [u8])>,
    /// Rows that the act did not read.
    pub(super) puts: Vec<(&'a [u8], &'a [u8])>,
    pub(super) deletes: Vec<&'a [u8]>,
}

/// Adds the writes, the act's id and the commit.
pub(super) fn commit(text: &mut String, writes: &Writes<'_>, act: &Act) {
    if !writes.updates.is_empty() {
        text.push_str("UPDATE selfsame_rows AS it SET value=new.value FROM (VALUES ");
        rows(text, &writes.updates);
        text.push_str(") AS new(key,value) WHERE it.key=new.key;");
    }
    if !writes.inserts.is_empty() {
        text.push_str("INSERT INTO selfsame_rows VALUES ");
        rows(text, &writes.inserts);
        text.push(';');
    }
    if !writes.puts.is_empty() {
        text.push_str("INSERT INTO selfsame_rows VALUES ");
        rows(text, &writes.puts);
        text.push_str(" ON CONFLICT (key) DO UPDATE SET value=excluded.value;");
    }
    if let Some((first, others)) = writes.deletes.split_first() {
        text.push_str("DELETE FROM selfsame_rows WHERE key IN (");
        literal(text, first);
        for key in others {
            text.push(',');
            literal(text, key);
        }
        text.push_str(");");
    }
    _ = write!(text, "INSERT INTO selfsame_acts VALUES ({},", act.hour);
    literal(text, &act.id);
    text.push_str(",true);COMMIT");
}

/// The id of one run of an act.
#[derive(Clone, Copy)]
pub(super) struct Act {
    /// The database's hour, since 1970.
    pub(super) hour: u64,
    pub(super) id: [u8; 16],
}

/// Claims the id of an act. Returns `t` if the act was made. Otherwise it can no longer be made, because the id is
/// taken. If the act is being made just now, this waits for it. It always writes, so that its own commit waits for a
/// synchronous standby, and with it for everything that was committed before.
pub(super) fn claim(act: &Act) -> String {
    let mut text = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED;INSERT INTO selfsame_acts AS act VALUES ({},",
        act.hour
    );
    literal(&mut text, &act.id);
    text.push_str(",false) ON CONFLICT (hour,id) DO UPDATE SET made=act.made RETURNING made;COMMIT");
    text
}

/// Removes the ids of acts before this hour.
pub(super) fn prune(before: u64) -> String {
    format!("DELETE FROM selfsame_acts WHERE hour<{before}")
}

fn rows(text: &mut String, rows: &[(&[u8], &[u8])]) {
    for (at, (key, value)) in rows.iter().enumerate() {
        text.push_str(if at == 0 { "(" } else { ",(" });
        literal(text, key);
        text.push_str("::bytea,");
        literal(text, value);
        text.push_str("::bytea)");
    }
}

fn literal(text: &mut String, bytes: &[u8]) {
    text.reserve(bytes.len() * 2 + 4);
    text.push_str("'\\x");
    for byte in bytes {
        text.extend(
            [byte >> 4, byte & 0xf].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)),
        );
    }
    text.push('\'');
}

/// Returns the bytes of a hexadecimal text. `None` if it is none.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let mut pairs = text.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .by_ref()
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
            _ => None,
        })
        .collect();
    bytes.filter(|_| pairs.remainder().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_and_read_in_hexadecimal() {
        let all: Vec<u8> = (0..=255).collect();
        let mut text = String::new();
        literal(&mut text, &all);
        let digits = text.strip_prefix("'\\x").and_then(|text| text.strip_suffix('\'')).unwrap();
        assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
        assert_eq!(bytes(digits), Some(all));
        assert_eq!(bytes(""), Some(Vec::new()));
        assert_eq!(bytes("abc"), None);
        assert_eq!(bytes("0g"), None);
    }

    #[test]
    fn all_single_rows_are_one_query() {
        let mut text = String::new();
        let rows = Want::Rows { from: vec![1], to: vec![2], most: 3 };
        reads(&mut text, &[Want::Row(vec![7]), rows, Want::Row(vec![8, 9])]);
        let select = "SELECT encode(key,'hex'),encode(value,'hex') FROM selfsame_rows WHERE key";
        assert_eq!(
            text,
            format!(
                "{select} IN ('\\x07','\\x0809');{select}>='\\x01' AND key<'\\x02' ORDER BY key LIMIT 3;"
            )
        );
    }
}
