//! Leaves out acts as long as the rest still fails.

/// Returns the fewest items that still fail, by leaving out smaller and smaller parts.
pub(crate) fn shrink<T: Clone>(all: &[T], fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut left = all.to_vec();
    let mut part = left.len().div_ceil(2);
    while part > 0 {
        let mut at = 0;
        let mut got_less = false;
        while at < left.len() {
            let without: Vec<T> = left.iter().take(at).chain(left.iter().skip(at + part)).cloned().collect();
            if fails(&without) {
                left = without;
                got_less = true;
            } else {
                at += part;
            }
        }
        if !got_less || part > 1 {
            part /= 2;
        }
    }
    left
}
