//! The rows of a store as one number, so that nobody can remove, restore or add a row unseen.
//!
//! Each row has a keyed hash, and the tally is their sum modulo 2^256. This is an incremental multiset hash
//! (MSet-Add-Hash: Clarke, Devadas, van Dijk, Gassend and Suh, ASIACRYPT 2003). A commit adds what it writes and
//! subtracts what it replaces, so its cost does not depend on the size of the store.
//!
//! The construction is secure only if nobody without the key learns a row's hash. So the file never holds the sum
//! in the clear. It holds a code over the sum, and the sum under a mask that is derived from the code. Two sums
//! have two codes, so no mask is used twice (as RFC 5297 derives an IV from what it encrypts).

#![cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "public through `testing` only"))]

use super::digest::same;
use super::kdf::Mac;

const ROW: &[u8] = b"row";
const HEAD: &[u8] = b"head";
const STAMP: &[u8] = b"stamp";
const MASK: &[u8] = b"mask";

/// The sum of the hashes of rows.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Tally([u64; 4]);

impl Tally {
    pub(crate) fn add(&mut self, row: Self) {
        let mut carry = false;
        for (sum, more) in self.0.iter_mut().zip(row.0) {
            let (one, first) = sum.overflowing_add(more);
            let (both, second) = one.overflowing_add(u64::from(carry));
            *sum = both;
            carry = first || second;
        }
    }

    pub(crate) fn subtract(&mut self, row: Self) {
        let mut borrow = false;
        for (sum, less) in self.0.iter_mut().zip(row.0) {
            let (one, first) = sum.overflowing_sub(less);
            let (both, second) = one.overflowing_sub(u64::from(borrow));
            *sum = both;
            borrow = first || second;
        }
    }

    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, from) in bytes.chunks_exact_mut(8).zip(self.0) {
            to.copy_from_slice(&from.to_be_bytes());
        }
        bytes
    }

    fn of(bytes: &[u8; 32]) -> Self {
        let mut words = [0; 4];
        for (to, from) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *to = from.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Self(words)
    }
}

/// The key of one store's tally.
pub struct TallyKey(Mac);

impl TallyKey {
    /// Makes the key from these bytes, which are derived from the store's key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Mac::new(key))
    }

    /// A row's part of the tally.
    pub(crate) fn row(&self, key: &[u8], value: &[u8]) -> Tally {
        Tally::of(&self.0.of(&[ROW, &(key.len() as u64).to_be_bytes(), key, value]))
    }

    /// The name of the state after changes to the state `before`. Each change says whether the row remains, and the
    /// row's tally. Two files with different histories have different names, even after the same number of commits.
    pub(crate) fn head(&self, before: &[u8; 32], changes: impl Iterator<Item = (bool, Tally)>) -> [u8; 32] {
        let mut chain = [HEAD, before].concat();
        for (is_there, row) in changes {
            chain.push(u8::from(is_there));
            chain.extend_from_slice(&row.bytes());
        }
        *self.0.of(&[&chain])
    }

    /// The code over the readable part of the stamp and over the rows.
    pub(crate) fn stamp(&self, clear: &[u8], tally: &Tally) -> [u8; 32] {
        *self.0.of(&[STAMP, &tally.bytes(), clear])
    }

    pub(crate) fn is_stamp(&self, code: &[u8], clear: &[u8], tally: &Tally) -> bool {
        same(code, &self.stamp(clear, tally))
    }

    /// Masks the tally, so that the file can hold it beside its code.
    pub(crate) fn hide(&self, code: &[u8; 32], tally: &Tally) -> [u8; 32] {
        self.masked(code, &tally.bytes())
    }

    /// Removes the mask. The code shows whether the result is right.
    pub(crate) fn show(&self, code: &[u8; 32], hidden: &[u8; 32]) -> Tally {
        Tally::of(&self.masked(code, hidden))
    }

    fn masked(&self, code: &[u8; 32], bytes: &[u8; 32]) -> [u8; 32] {
        let mut masked = *self.0.of(&[MASK, code]);
        masked.iter_mut().zip(bytes).for_each(|(mask, byte)| *mask ^= byte);
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::hex;

    fn key() -> TallyKey {
        TallyKey::new(&[3; 32])
    }

    #[test]
    fn a_tally_depends_on_every_row_but_not_on_their_order() {
        let rows: Vec<_> = (0..50_u8).map(|at| key().row(&[at], &[at; 9])).collect();
        let sum = |rows: &mut dyn Iterator<Item = &Tally>| {
            rows.fold(Tally::default(), |mut sum, row| {
                sum.add(*row);
                sum
            })
        };
        let all = sum(&mut rows.iter());
        assert_eq!(sum(&mut rows.iter().rev()), all);
        for left_out in 0..rows.len() {
            let mut fewer =
                sum(&mut rows.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, row)| row));
            assert_ne!(fewer, all);
            fewer.add(rows[left_out]);
            assert_eq!(fewer, all);
            fewer.subtract(rows[left_out]);
            fewer.add(key().row(&[left_out as u8], b"another value"));
            assert_ne!(fewer, all);
        }
    }

    #[test]
    fn sums_carry_and_differences_borrow_over_all_256_bits() {
        let (mut most, one) = (Tally([u64::MAX; 4]), Tally([1, 0, 0, 0]));
        most.add(one);
        assert_eq!(most, Tally::default());
        most.subtract(one);
        assert_eq!(most, Tally([u64::MAX; 4]));
        let mut sum = Tally([u64::MAX, 7, 0, 0]);
        sum.add(Tally([2, u64::MAX, u64::MAX, 5]));
        assert_eq!(sum, Tally([1, 7, 0, 6]));
        sum.subtract(Tally([2, u64::MAX, u64::MAX, 5]));
        assert_eq!(sum, Tally([u64::MAX, 7, 0, 0]));
    }

    /// Another implementation (Python's hmac), written from the comments here, gave these bytes.
    #[test]
    fn hashes_are_those_of_the_first_release() {
        let row = key().row(b"key", b"value");
        let bytes = "dfd2140c2abd2b7c67ec7955a6032a37bff69c95e378118762721aa0acbcc720";
        assert_eq!(row.bytes()[..], hex(bytes));
        let stamp = "d2261ddda6ab11cee7cf17c5007cbc4c7dfad9447e9cdec28438be066bfc59f6";
        assert_eq!(key().stamp(b"clear", &row)[..], hex(stamp));
        let changes = [(true, key().row(b"a", b"1")), (false, key().row(b"b", b""))];
        let head = "48a17c85eaa0739039c9ab03d5d7516d3f37a249ed7ab57d65e4bbb1765d4a33";
        assert_eq!(key().head(&[1; 32], changes.into_iter())[..], hex(head));
        let hidden = "61d68e379a0461bb028baa7bd1bfe5d556c2ce3ea2f84706bf376cb91da62778";
        assert_eq!(key().hide(&[2; 32], &row)[..], hex(hidden));
        assert_eq!(key().show(&[2; 32], &key().hide(&[2; 32], &row)), row);
    }

    #[test]
    fn hashes_differ_by_key_boundary_and_purpose() {
        let (a, b) = (key().row(b"ab", b"c"), key().row(b"a", b"bc"));
        assert_ne!(a, b);
        assert_ne!(a, TallyKey::new(&[4; 32]).row(b"ab", b"c"));
        let head = |changes: &[(bool, &[u8])]| {
            key().head(&[1; 32], changes.iter().map(|(is_there, row)| (*is_there, key().row(row, b""))))
        };
        let heads = [
            head(&[]),
            head(&[(false, b"a")]),
            head(&[(true, b"a")]),
            head(&[(true, b"a"), (false, b"b")]),
            key().head(&[2; 32], [].into_iter()),
        ];
        for (at, one) in heads.iter().enumerate() {
            assert!(heads[..at].iter().all(|other| other != one));
        }
        let code = key().stamp(b"clear", &a);
        assert!(key().is_stamp(&code, b"clear", &a));
        assert!(!key().is_stamp(&code, b"clear", &b));
        assert!(!key().is_stamp(&code, b"other", &a));
        assert!(!key().is_stamp(&[], b"clear", &a));
        assert_ne!(key().hide(&code, &a), a.bytes());
        assert_ne!(key().hide(&code, &a), TallyKey::new(&[4; 32]).hide(&code, &a));
        assert_ne!(key().hide(&code, &a), key().hide(&[0; 32], &a));
    }
}
