//! A model of a commit with an anchor, small enough to check every case. The attacker keeps every copy of the
//! file, restores copies while no process runs, and kills the process between any two steps. Even so, no more
//! guesses are answered than the limit allows, no code works twice, and nothing that was acknowledged is
//! lost. The unsafe orders are shown to be unsafe, each with the steps that break it (`--nocapture` prints
//! them).

use std::collections::BTreeSet;

use stateright::{Checker, Model, Property};

/// The number of guesses that may be answered.
const BUDGET: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Kind {
    Guess,
    Code,
}

/// A state of the file: the acts that led to it, each with a unique number, so that no two forks are equal.
type Chain = Vec<(Kind, u8)>;

/// How the anchor identifies a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Name {
    Head,
    Number,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Reserve,
    Commit,
    Finalise,
    Reveal,
}

use Stage::{Commit, Finalise, Reserve, Reveal};

/// The engine's order of a commit, or an unsafe one.
struct Order {
    /// The maximum number of started acts, including those that do nothing.
    acts: u8,
    name: Name,
    stages: &'static [Stage],
    has_anchor: bool,
    finalises_at_start: bool,
    is_locked_until_final: bool,
}

const ENGINE: Order = Order {
    acts: 4,
    name: Name::Head,
    stages: &[Reserve, Commit, Finalise, Reveal],
    has_anchor: true,
    finalises_at_start: true,
    is_locked_until_final: true,
};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Process {
    Down,
    Open,
    /// An act was decided in memory, and this many of its stages are done.
    Within {
        next: Chain,
        over: usize,
    },
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    file: Chain,
    copies: BTreeSet<Chain>,
    /// The final state, and the reserved next one.
    anchor: (Chain, Option<Chain>),
    process: Process,
    begun: u8,
    /// The states whose last act was acknowledged to somebody.
    told: BTreeSet<Chain>,
    /// The latest state that was acknowledged.
    latest: Chain,
    is_tampered: bool,
    /// An open store lost something that was acknowledged.
    is_lost: bool,
    /// An untouched file was refused.
    is_shut_out: bool,
}

#[derive(Clone, PartialEq, Debug)]
enum Act {
    Begins(Kind),
    Goes(Stage),
    /// The anchor reports a failure, whether or not it kept the value.
    AnchorFails {
        kept: bool,
    },
    Reads,
    IsKilled,
    PutsBack(Chain),
    Starts,
}

fn of(kind: Kind, chain: &Chain) -> usize {
    chain.iter().filter(|(other, _)| *other == kind).count()
}

impl Order {
    fn is(&self, one: &Chain, other: &Chain) -> bool {
        match self.name {
            Name::Head => one == other,
            Name::Number => one.len() == other.len(),
        }
    }

    /// Acknowledges this state, and every state that led to it.
    fn tell(world: &mut World, chain: &Chain) {
        world.told.extend((1..=chain.len()).filter_map(|length| chain.get(..length).map(<[_]>::to_vec)));
        world.is_lost |= !chain.starts_with(&world.latest);
        world.latest.clone_from(chain);
    }

    fn go(&self, world: &mut World, next: &Chain, stage: Stage) {
        match stage {
            Reserve => world.anchor.1 = Some(next.clone()),
            Commit => {
                world.file.clone_from(next);
                world.copies.insert(next.clone());
            }
            Finalise => world.anchor = (next.clone(), None),
            Reveal => Self::tell(world, next),
        }
    }

    fn start(&self, world: &mut World) {
        let (head, pending) = &world.anchor;
        let is_known = self.is(&world.file, head)
            || pending.as_ref().is_some_and(|pending| self.is(&world.file, pending));
        if self.has_anchor && !is_known {
            world.is_shut_out |= !world.is_tampered;
            return;
        }
        if self.finalises_at_start {
            world.anchor = (world.file.clone(), None);
        }
        world.process = Process::Open;
    }
}

impl Model for Order {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            file: Chain::new(),
            copies: BTreeSet::from([Chain::new()]),
            anchor: (Chain::new(), None),
            process: Process::Down,
            begun: 0,
            told: BTreeSet::new(),
            latest: Chain::new(),
            is_tampered: false,
            is_lost: false,
            is_shut_out: false,
        }]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        match &world.process {
            Process::Down => {
                acts.push(Act::Starts);
                let others = world.copies.iter().filter(|copy| **copy != world.file);
                acts.extend(others.map(|copy| Act::PutsBack(copy.clone())));
            }
            Process::Open => {
                acts.extend([Act::Reads, Act::IsKilled]);
                if world.begun < self.acts {
                    acts.extend([Kind::Guess, Kind::Code].map(Act::Begins));
                }
            }
            Process::Within { over, .. } => {
                acts.push(Act::IsKilled);
                if let Some(stage) = self.stages.get(*over) {
                    acts.push(Act::Goes(*stage));
                    if self.has_anchor && matches!(stage, Reserve | Finalise) {
                        acts.extend([true, false].map(|kept| Act::AnchorFails { kept }));
                    }
                }
                let is_committed = self.stages.iter().take(*over).any(|stage| *stage == Commit);
                if is_committed && !self.is_locked_until_final {
                    acts.push(Act::Reads);
                }
            }
        }
    }

    fn next_state(&self, before: &World, act: Act) -> Option<World> {
        let mut world = before.clone();
        match (act, &before.process) {
            (Act::Begins(kind), _) => {
                let is_allowed = match kind {
                    Kind::Guess => of(kind, &world.file) < BUDGET,
                    Kind::Code => of(kind, &world.file) == 0,
                };
                if !is_allowed {
                    return None;
                }
                let next = [world.file.as_slice(), &[(kind, world.begun)]].concat();
                world.begun += 1;
                world.process = Process::Within { next, over: 0 };
            }
            (Act::Goes(stage), Process::Within { next, over }) => {
                self.go(&mut world, next, stage);
                let is_over = over + 1 == self.stages.len();
                world.process = if is_over {
                    Process::Open
                } else {
                    Process::Within { next: next.clone(), over: over + 1 }
                };
            }
            (Act::AnchorFails { kept }, Process::Within { next, over }) => {
                let stage = *self.stages.get(*over)?;
                if kept {
                    self.go(&mut world, next, stage);
                }
                // Before the commit, the act has no effect. After the commit, the store closes and opens
                // again.
                world.process = if stage == Reserve { Process::Open } else { Process::Down };
            }
            (Act::Reads, _) => Self::tell(&mut world, &before.file),
            (Act::IsKilled, _) => world.process = Process::Down,
            (Act::PutsBack(copy), _) => {
                world.file = copy;
                world.is_tampered = true;
            }
            (Act::Starts, _) => self.start(&mut world),
            (Act::Goes(_) | Act::AnchorFails { .. }, _) => return None,
        }
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn held(name: &'static str, holds: fn(&Order, &World) -> bool) -> Property<Order> {
            Property::always(name, holds)
        }
        vec![
            held("answered guesses stay within the limit", |_, world| answered(world, Kind::Guess) <= BUDGET),
            held("the code works once", |_, world| answered(world, Kind::Code) <= 1),
            held("nothing acknowledged is lost", |_, world| !world.is_lost),
            held("an untouched file opens", |_, world| !world.is_shut_out),
        ]
    }
}

/// Returns the number of answered acts of this kind on all forks.
fn answered(world: &World, kind: Kind) -> usize {
    world.told.iter().filter(|chain| chain.last().is_some_and(|(last, _)| *last == kind)).count()
}

#[test]
fn r12_3_the_steps_of_a_commit_with_an_anchor_are_in_a_safe_order() {
    let checker = Order { acts: 6, ..ENGINE }.checker().threads(2).spawn_bfs().join();
    println!("{} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
    assert!(checker.is_done() && checker.unique_state_count() > 10_000, "{}", checker.unique_state_count());
}

#[test]
fn every_other_order_is_unsafe() {
    let (budget, code) = ("answered guesses stay within the limit", "the code works once");
    let (lost, shut) = ("nothing acknowledged is lost", "an untouched file opens");
    for (what, order, breaks) in [
        ("no anchor", Order { has_anchor: false, ..ENGINE }, &[budget, code, lost][..]),
        (
            "a number, increased after the commit",
            Order { name: Name::Number, stages: &[Commit, Finalise, Reveal], ..ENGINE },
            &[code, shut],
        ),
        ("a number, reserved before the commit", Order { name: Name::Number, ..ENGINE }, &[code]),
        (
            "acknowledged before it is final",
            Order { stages: &[Reserve, Commit, Reveal, Finalise], ..ENGINE },
            &[budget, code, lost],
        ),
        ("read before it is final", Order { is_locked_until_final: false, ..ENGINE }, &[budget, code, lost]),
        ("not finalised when the store opens", Order { finalises_at_start: false, ..ENGINE }, &[lost]),
        (
            "final before the commit",
            Order { stages: &[Reserve, Finalise, Commit, Reveal], ..ENGINE },
            &[shut],
        ),
        ("not reserved", Order { stages: &[Commit, Finalise, Reveal], ..ENGINE }, &[shut]),
    ] {
        let checker = order.checker().spawn_bfs().join();
        for property in breaks {
            let steps = checker.discovery(property);
            assert!(
                steps.is_some(),
                "{what}: \"{property}\" holds in {} states",
                checker.unique_state_count()
            );
            println!("{what}: not \"{property}\": {:?}", steps.unwrap().into_actions());
        }
    }
}
