//! Counts: they cross in widths that every language has.

/// A limit that a caller sets; the core has smaller ones of its own.
pub(crate) fn at_most(most: u32) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// How many there are.
pub(crate) fn counted(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
