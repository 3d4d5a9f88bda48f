//! The thread that the client's runtime runs on, and waiting for it on the caller's own thread. A caller may be
//! inside a runtime of its own, so it never enters this one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::store::port::StoreError;

/// The runtime of one store's connections. It ends with the store.
pub(super) struct Runtime {
    handle: Handle,
    until_dropped: Option<oneshot::Sender<()>>,
}

impl Runtime {
    pub(super) fn start() -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Io(error.kind());
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let (until_dropped, dropped) = oneshot::channel();
        thread::Builder::new()
            .name("selfsame-postgres".to_owned())
            // Nothing is ever sent: the sender is dropped.
            .spawn(move || _ = runtime.block_on(dropped))
            .map_err(failed)?;
        Ok(Self { handle, until_dropped: Some(until_dropped) })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Lets the runtime be, in a process that does not have its thread.
    pub(super) fn abandon(&mut self) {
        std::mem::forget(self.until_dropped.take());
    }
}

/// An answer that the caller may wait for.
pub(super) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Starts the work without waiting for it. Whatever it sends is sent when this returns.
pub(super) fn started<T>(mut work: Pending<T>) -> Result<T, Pending<T>> {
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(answer),
        Poll::Pending => Err(work),
    }
}

/// Waits on this thread, at most as long as `patience`. `None` if that was not long enough.
pub(super) fn wait<T>(mut work: Pending<T>, patience: Duration) -> Option<T> {
    let waker = Waker::from(Arc::new(Caller(thread::current())));
    let until = Instant::now() + patience;
    loop {
        if let Poll::Ready(answer) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(answer);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

struct Caller(Thread);

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
