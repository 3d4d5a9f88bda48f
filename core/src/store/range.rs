//! Runs of keys.

/// A run of keys: `from <= key < to`.
pub(crate) struct Range {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
}

impl Range {
    /// All keys that begin with this prefix.
    pub(super) fn beginning_with(from: Vec<u8>) -> Self {
        let to = after_prefix(&from);
        Self { from, to }
    }
}

/// The smallest key that does not begin with `prefix` and comes after all that do.
pub(super) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![u8::MAX; 64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_after_the_last_key_with_its_prefix() {
        assert_eq!(Range::beginning_with(vec![1, 2]).to, [1, 3]);
        assert_eq!(Range::beginning_with(vec![1, 0xff, 0xff]).to, [2]);
        assert_eq!(Range::beginning_with(vec![0xff; 3]).to, [0xff; 64]);
    }
}
