//! DynamoDB in this process: the engine of the `dynoxide-rs` crate, in memory or in a file.
//!
//! Here: the handle, the thread and the stack that a call runs on, and the sweep of expired items. Beside it: `engine` turns a
//! request into a call of the engine, `guard` refuses what the engine must not see, `file` opens files. No type of the engine
//! is public. Start at [`Embedded`].

mod engine;
mod file;
mod guard;

use super::{Call, Failure, Request, Transport};
use crate::error::Result;
use bytes::Bytes;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How often expired items are swept. DynamoDB itself takes hours to days; a test that waits for it should not.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// DynamoDB in this process: in memory, or in one durable file.
///
/// It needs no network and no credentials, and answers as DynamoDB does, as far as the engine knows. It differs in this:
///
/// - A table is active as soon as it is made, and nothing is ever throttled; see [`Faults`](super::Faults) for that.
/// - Every read is consistent, and so is every index.
/// - A Query, a Scan or a PartiQL statement evaluates at most 1,000 items, even where DynamoDB would go on to 1 MB. The
///   response then has a `LastEvaluatedKey`, as any page may.
/// - An expression nested deeper than 300 levels is refused.
/// - Items past their time to live are deleted by the first call after opening, and then by the first call of a minute. That
///   call waits for it, and the sweep reads the whole of each table that has a time to live.
/// - A stream has one shard, and its records are kept for as long as the table, not for a day.
/// - The token of a transaction is forgotten with the last handle.
///
/// The engine carries out one request at a time, on Tokio's blocking pool. A clone is another handle to the same data.
///
/// ```
/// # async fn example() -> dynamorm::Result<()> {
/// use dynamorm::transport::Embedded;
///
/// let in_memory = Embedded::memory()?;
/// # let folder = std::env::temp_dir();
/// # let path = folder.join(format!("dynamorm-example-{}.db", std::process::id()));
/// let in_a_file = Embedded::open(&path)?;
/// # drop(in_a_file);
/// # Ok(()) }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone)]
pub struct Embedded(Arc<Inner>);

struct Inner {
    /// One for each core, so that a burst of calls does not fill the blocking pool with threads that wait for the engine.
    permits: Arc<Semaphore>,
    database: dynoxide::Database,
    swept: Mutex<Option<Instant>>,
    path: Option<PathBuf>,
    /// Dropped after the database, so that no other process opens the file before this one has closed it.
    _lock: Option<file::Lock>,
}

impl Embedded {
    /// Starts with no tables, in memory. All is gone with the last handle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`](crate::ErrorKind::Transport) if the engine does not start.
    pub fn memory() -> Result<Self> {
        let database = dynoxide::Database::memory().map_err(file::no_start)?;
        Ok(Self::over(database, None, None))
    }

    /// Opens a file, and makes it if there is none. The folder must exist.
    ///
    /// A write is on disk before its response comes: after a crash of the process or of the machine, each answered write is
    /// there. Beside the file stand others, named `<file>-wal`, `<file>-shm` and `<file>-lock`; the first two belong to the data.
    ///
    /// A file opened again in the same process gives another handle to the same data.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`](crate::ErrorKind::Transport), with the path, if the folder does not exist, if the file is not a
    /// database, or if another process has it open.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        file::open(path.as_ref())
    }

    fn over(database: dynoxide::Database, path: Option<PathBuf>, lock: Option<file::Lock>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let permits = Arc::new(Semaphore::new(cores));
        Self(Arc::new(Inner { permits, database, swept: Mutex::default(), path, _lock: lock }))
    }
}

impl Transport for Embedded {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move {
            // `spawn_blocking` would panic without a runtime.
            let runtime = Handle::try_current()
                .map_err(|_| Failure::Refused("the embedded engine needs a Tokio runtime".to_owned()))?;
            let inner = Arc::clone(&self.0);
            let permit = Arc::clone(&inner.permits).acquire_owned().await;
            let now = Instant::now();
            let work = runtime.spawn_blocking(move || {
                let answer = inner.answer(&request, now);
                // Held to here even if the caller has stopped waiting.
                drop(permit);
                answer
            });
            match work.await {
                Ok(answer) => answer.map_err(Failure::Service),
                // The write may be done. The message of a panic may quote a value, so it is left out.
                Err(broken) if broken.is_panic() => {
                    Err(Failure::NoResponse("the embedded engine panicked".into()))
                }
                Err(_) => Err(Failure::NoResponse("the Tokio runtime is shutting down".into())),
            }
        })
    }
}

impl Inner {
    fn answer(&self, request: &Request, now: Instant) -> std::result::Result<Bytes, super::ServiceError> {
        if self.sweep_is_due(now) {
            // A sweep that fails has deleted less than it could; the next one tries again, and this call goes on.
            let swept = self.database.sweep_ttl();
            if let Err(error) = swept {
                tracing::warn!(code = error.short_error_code(), "expired items could not be swept");
            }
        }
        engine::answer(&self.database, request)
    }

    fn sweep_is_due(&self, now: Instant) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let due = swept.is_none_or(|swept| now.duration_since(swept) >= SWEEP_EVERY);
        if due {
            *swept = Some(now);
        }
        due
    }
}

/// Where the data is. Never what it is.
impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.path {
            Some(path) => f.debug_tuple("Embedded").field(path).finish(),
            None => f.write_str("Embedded(memory)"),
        }
    }
}
