//! Room for new flows: which open flows end if there are too many (SPEC 2.10, 12.7).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ground::id::FlowId;
use crate::records::flow::OpenFlows;
use crate::records::policy::Policy;

/// The most flows that one act ends.
const ENDED_AT_ONCE: usize = 1_000;
/// The fewest open flows of one kind that a session or a recognition may have, however small the store's limit.
const ALWAYS_ALLOWED: usize = 3;

/// What a count of the open flows of one kind leads to.
pub(crate) struct Room {
    /// The flows that end.
    pub(crate) ended: Vec<FlowId>,
    /// How many more may start before they must be counted again.
    pub(crate) left: u32,
}

/// How many open flows of one kind there may be.
struct Limits {
    strangers: usize,
    known: usize,
}

impl Limits {
    fn of(policy: &Policy) -> Self {
        let all = policy.max_open_sign_ups() as usize;
        Self { strangers: (all - all / 10).max(1), known: (all / 10).max(ALWAYS_ALLOWED) }
    }
}

/// Returns how many open flows of one kind a session or a recognition may have.
pub(crate) fn most_of_one(policy: &Policy) -> usize {
    (Limits::of(policy).known / 100).max(ALWAYS_ALLOWED)
}

/// Decides which flows end. Strangers and others have a part of the room each, so that no stranger's flow ends
/// another's. In a part that is full, the oldest flow of the caller with the most flows ends. A thousandth more ends
/// too, so that not every new flow must count all others.
pub(crate) fn room(open: &[OpenFlows], policy: &Policy) -> Room {
    let limits = Limits::of(policy);
    let mut room = Room { ended: Vec::new(), left: policy.max_open_sign_ups() / 10 };
    for (is_known, limit) in [(false, limits.strangers), (true, limits.known)] {
        let part = || open.iter().filter(|open| open.is_known == is_known);
        let count: usize = part().map(|open| open.flows.len()).sum();
        let surplus = if count < limit { 0 } else { (count - limit + 1 + limit / 1_000).min(ENDED_AT_ONCE) };
        if surplus > 0 {
            let mut by_most: BinaryHeap<_> = part().map(|open| most_and_oldest(&open.flows)).collect();
            for _ in 0..surplus {
                let Some((_, Reverse(oldest), flows)) = by_most.pop() else { break };
                room.ended.extend(oldest);
                by_most.push(most_and_oldest(flows.get(1..).unwrap_or_default()));
            }
        }
        let left = limit.saturating_sub(count - surplus);
        room.left = room.left.min(u32::try_from(left).unwrap_or(u32::MAX));
    }
    room.left = room.left.max(1);
    room
}

/// Orders the callers by the number of their flows, and then by the age of the oldest flow.
fn most_and_oldest(flows: &[FlowId]) -> (usize, Reverse<Option<FlowId>>, &[FlowId]) {
    (flows.len(), Reverse(flows.first().copied()), flows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(most: u32) -> Policy {
        Policy::builder().max_open_sign_ups(most).build().unwrap()
    }

    fn id(number: usize) -> FlowId {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
        FlowId::from_bytes(bytes)
    }

    fn open(is_known: bool, flows: impl IntoIterator<Item = usize>) -> OpenFlows {
        OpenFlows { is_known, flows: flows.into_iter().map(id).collect() }
    }

    #[test]
    fn r12_7_the_oldest_flow_of_the_origin_with_most_ends() {
        let policy = policy(100);
        let few = || open(false, [0, 1]);
        let many = |count: usize| open(false, 100..100 + count);
        assert!(room(&[few(), many(87)], &policy).ended.is_empty());
        assert_eq!(room(&[few(), many(88)], &policy).ended, [id(100)]);
        assert_eq!(room(&[many(88), few()], &policy).ended, [id(100)]);
        assert_eq!(room(&[few(), many(90)], &policy).ended, [id(100), id(101), id(102)]);
        // If all callers have equally many flows, the oldest flow of all ends.
        let one_each: Vec<_> = (0..90).rev().map(|number| open(false, [number])).collect();
        assert_eq!(room(&one_each, &policy).ended, [id(0)]);
    }

    #[test]
    fn r12_7_strangers_end_no_flow_of_a_session_or_recognition() {
        let policy = policy(100);
        let owner = || open(true, [0]);
        let crowd = || open(false, 1..1_000);
        let ended = room(&[crowd(), owner()], &policy).ended;
        assert_eq!(ended.len(), 910);
        assert!(!ended.contains(&id(0)));
        let others = (1..9).map(|number| open(true, [number * 10, number * 10 + 1]));
        let known: Vec<_> = others.chain([owner()]).collect();
        let ended = room(&known, &policy).ended;
        assert!(!ended.contains(&id(0)), "the caller with one flow keeps it");
        assert_eq!(ended.len(), 8);
    }

    #[test]
    fn r2_10_flows_are_counted_again_before_their_limit_is_reached() {
        for (most, strangers, left) in [
            (10_000, 0, 1_000),
            (10_000, 8_999, 1),
            (10_000, 9_000, 10),
            (10_000, 8_500, 500),
            (1, 0, 1),
            (1, 1, 1),
        ] {
            let room = room(&[open(false, 0..strangers)], &policy(most));
            assert_eq!(room.left, left, "{strangers} of {most}");
        }
    }

    #[test]
    fn r12_7_a_session_or_recognition_has_a_hundredth_of_the_last_tenth() {
        for (most, one) in [(10_000, 10), (1_000_000, 1_000), (100, 3), (1, 3)] {
            assert_eq!(most_of_one(&policy(most)), one);
        }
    }
}
