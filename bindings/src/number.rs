//! Counts. They cross in integer widths that every language has.

/// Converts a limit that a caller sets. The core has smaller limits of its own.
pub(crate) fn at_most(most: u32) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// Converts a count.
pub(crate) fn counted(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
