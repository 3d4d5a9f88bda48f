//! Runs one act between the decision and the commit of another.

use std::sync::{Arc, Mutex};
use std::thread;

use selfsame::testing::{Decide, Read, Store, StoreError};

type Act = Box<dyn FnOnce() + Send>;

/// What runs once, after the next act that writes has decided and before it commits.
#[derive(Clone, Default)]
pub(crate) struct Meanwhile(Arc<Mutex<Option<Act>>>);

impl Meanwhile {
    pub(crate) fn run(&self, act: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(act));
    }

    pub(crate) fn around(&self, below: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Between { below, meanwhile: self.clone() })
    }
}

struct Between {
    below: Arc<dyn Store>,
    meanwhile: Meanwhile,
}

impl Store for Between {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.below.read(look)
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.below.write(&mut |read| {
            let rows = decide(read)?;
            let act = if rows.is_empty() { None } else { self.meanwhile.0.lock().unwrap().take() };
            if let Some(act) = act {
                // The thread that decides is inside of the store already.
                thread::spawn(act).join().unwrap();
            }
            Ok(rows)
        })
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        self.below.commit_stamp()
    }

    fn suspend(&self) -> Result<(), StoreError> {
        self.below.suspend()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.below.close()
    }
}
