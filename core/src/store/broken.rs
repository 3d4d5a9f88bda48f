//! Five stores. Each makes one mistake that a case of the conformance suite must find.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::inside::Entrance;
use super::port::{Decide, Read, Row, Store, StoreError, Write};
use super::stage::{Changes, admit};

/// What a store does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Readers see rows before the act is accepted.
    DirtyRead,
    /// A claim is a plain write.
    LostClaim,
    /// Rows are written one by one until one is refused.
    HalfAct,
    /// A guard compares with the row that the act read, not with the stored row.
    WriteSkew,
    /// A guard is a plain write.
    ForgottenRevision,
}

/// A store with a fault.
#[derive(Debug)]
pub struct BrokenStore {
    fault: Fault,
    entrance: Entrance,
    /// Runs one act at a time, for the faults that need no race.
    ticket: Mutex<()>,
    rows: Mutex<Rows>,
    looked: Condvar,
}

#[derive(Debug, Default)]
struct Rows {
    there: Changes,
    stamp: u64,
    looks: u64,
}

impl BrokenStore {
    /// Makes a store without rows.
    pub fn with(fault: Fault) -> Self {
        Self {
            fault,
            entrance: Entrance::new(),
            ticket: Mutex::default(),
            rows: Mutex::default(),
            looked: Condvar::new(),
        }
    }

    /// Decides over the rows at the start of the act and checks over the rows at its end, without the check that
    /// the fault leaves out.
    fn write_at_once(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let before = self.rows().there.clone();
        let decided = decide(&before)?;
        if self.fault == Fault::WriteSkew {
            admit(decided.iter().filter(|row| is_guarded(row)).cloned().collect(), &before)?;
        }
        let unchecked = decided.into_iter().map(|row| self.without_check(row)).collect();
        let mut rows = self.rows();
        let changes = admit(unchecked, &rows.there)?;
        rows.apply(changes);
        Ok(())
    }

    fn without_check(&self, Row { key, write }: Row) -> Row {
        let write = match (self.fault, write) {
            (Fault::LostClaim, Write::Claim(value)) => Write::Put(value),
            (Fault::WriteSkew | Fault::ForgottenRevision, Write::Guarded { value, .. }) => {
                value.map_or(Write::Delete, Write::Put)
            }
            (_, write) => write,
        };
        Row { key, write }
    }

    fn write_row_by_row(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.rows().there.clone();
        for row in decide(&before)? {
            let mut rows = self.rows();
            let changes = admit(vec![row], &rows.there)?;
            rows.apply(changes);
        }
        Ok(())
    }

    fn write_then_check(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.rows().there.clone();
        let decided = decide(&before)?;
        let hasty = decided.iter().filter_map(|row| match &row.write {
            Write::Put(value) => Some((row.key.clone(), Some(value.clone()))),
            _ => None,
        });
        let mut rows = self.rows();
        rows.there.extend(hasty);
        // Waits until a reader has looked, or long enough that none will.
        let looks = rows.looks;
        let patience = Duration::from_millis(20);
        rows = self
            .looked
            .wait_timeout_while(rows, patience, |rows| rows.looks == looks)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        rows.there.clone_from(&before);
        let changes = admit(decided, &before)?;
        rows.apply(changes);
        Ok(())
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn apply(&mut self, changes: Changes) {
        if !changes.is_empty() {
            self.stamp += 1;
            self.there.extend(changes);
        }
    }
}

fn is_guarded(row: &Row) -> bool {
    matches!(row.write, Write::Guarded { .. })
}

impl Store for BrokenStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let mut rows = self.rows();
        rows.looks += 1;
        self.looked.notify_all();
        look(&rows.there)
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        match self.fault {
            Fault::DirtyRead => self.write_then_check(decide),
            Fault::HalfAct => self.write_row_by_row(decide),
            Fault::LostClaim | Fault::WriteSkew | Fault::ForgottenRevision => self.write_at_once(decide),
        }
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let _inside = self.entrance.enter()?;
        Ok(self.rows().stamp)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        self.entrance.enter().map(|_| ())
    }

    fn close(&self) -> Result<(), StoreError> {
        self.suspend()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use super::*;
    use crate::store::conformance::cases;

    #[test]
    fn each_fault_fails_its_conformance_case() {
        for (fault, name) in [
            (Fault::DirtyRead, "nobody sees rows of an act that was not accepted"),
            (Fault::LostClaim, "one of many claims wins"),
            (Fault::HalfAct, "a refused act leaves no row"),
            (Fault::WriteSkew, "write skew over two rows"),
            (Fault::WriteSkew, "write skew over a range"),
            (Fault::ForgottenRevision, "no update is lost"),
            (Fault::ForgottenRevision, "no removed row comes back"),
            (Fault::WriteSkew, "no row that was read comes back by a plain write"),
            (Fault::LostClaim, "one of many that read no row makes it"),
        ] {
            let (_, case) = cases().iter().find(|(found, _)| *found == name).unwrap();
            let make = || Arc::new(BrokenStore::with(fault)) as Arc<dyn Store>;
            // On a busy machine the threads of a race may miss each other, but not five times.
            let found = (0..5).any(|_| catch_unwind(AssertUnwindSafe(|| case(&make))).is_err());
            assert!(found, "{fault:?} passes \"{name}\"");
        }
    }

    #[test]
    fn each_faulty_store_passes_unrelated_cases() {
        for fault in [Fault::DirtyRead, Fault::LostClaim, Fault::HalfAct, Fault::WriteSkew] {
            for name in
                ["order and ranges", "limits", "a panic stages nothing", "an act cannot call its store"]
            {
                let (_, case) = cases().iter().find(|(found, _)| *found == name).unwrap();
                if (fault, name) != (Fault::HalfAct, "limits") {
                    case(&|| Arc::new(BrokenStore::with(fault)));
                }
            }
        }
    }
}
