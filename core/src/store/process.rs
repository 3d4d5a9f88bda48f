//! The process that opened a store. A fork copies the memory of a process: its engines, its keys, and locks that
//! threads hold which the child does not have. The file still belongs to the parent.

use std::io;
use std::path::PathBuf;

/// A process of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Process {
    id: u32,
    namespace: Option<PathBuf>,
}

/// The use of a value by a process that was forked from the one that made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ForkedProcess;

impl Process {
    /// Returns this process.
    pub(crate) fn current() -> Self {
        let id = id();
        Self { id, namespace: namespace(id) }
    }

    /// Refuses every process but this one. Takes no lock and allocates nothing, except in process 1.
    pub(crate) fn check(&self) -> Result<(), ForkedProcess> {
        let id = id();
        if id == self.id && namespace(id) == self.namespace { Ok(()) } else { Err(ForkedProcess) }
    }
}

/// Only Unix forks.
fn id() -> u32 {
    #[cfg(test)]
    if tests::IS_FORKED.get() {
        return u32::MAX;
    }
    if cfg!(unix) { std::process::id() } else { 0 }
}

/// Returns the namespace of process 1. A container begins with process 1, and so does a namespace that this process
/// may fork its child into.
fn namespace(id: u32) -> Option<PathBuf> {
    if id == 1 { std::fs::read_link("/proc/self/ns/pid").ok() } else { None }
}

impl From<ForkedProcess> for io::Error {
    fn from(_: ForkedProcess) -> Self {
        Self::other("the process was forked from the one that opened the store")
    }
}

/// A value that only the process that made it can reach.
#[derive(Debug)]
pub(crate) struct InProcess<T> {
    process: Process,
    value: T,
}

impl<T> InProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: Process::current(), value }
    }

    /// Returns the value, or refuses a forked process.
    pub(crate) fn get(&self) -> Result<&T, ForkedProcess> {
        self.process.check().map(|()| &self.value)
    }
}

/// Runs `child` as if this process were a child, forked from itself. A test cannot fork, because that is unsafe.
#[cfg(test)]
pub(crate) fn in_child<T>(child: impl FnOnce() -> T) -> T {
    tests::IS_FORKED.set(true);
    let answer = child();
    tests::IS_FORKED.set(false);
    answer
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static IS_FORKED: Cell<bool> = const { Cell::new(false) };
    }

    #[test]
    fn a_value_is_reached_by_the_process_that_made_it_and_by_no_other() {
        let made = InProcess::new(7);
        assert_eq!(made.get(), Ok(&7));
        assert_eq!(in_child(|| made.get().copied()), Err(ForkedProcess));
        assert_eq!(in_child(|| InProcess::new(8).get().copied()), Ok(8));
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "needs Linux's namespaces")]
    fn process_1_of_another_namespace_is_another_process() {
        assert!(namespace(1).is_some(), "/proc is not mounted");
        assert_eq!(namespace(2), None, "other processes would pay for the look-up");
    }
}
