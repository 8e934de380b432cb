//! Database files: who has one open, and what an operator reads when one cannot be opened.
//!
//! The engine remembers the forms of tables without asking the file again, so a file must have one engine. Within a process all
//! handles share it; another process is kept out by a lock.

use super::{Embedded, Inner};
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long to wait for the lock of a file: another thread of this process may be closing it, or a process that is ending.
const PATIENCE: Duration = Duration::from_secs(1);

/// The files open in this process, by their true paths.
static OPEN: Mutex<Option<HashMap<PathBuf, Weak<Inner>>>> = Mutex::new(None);

/// Keeps other processes out of a database file, until it is dropped.
///
/// It locks a file of its own: SQLite's locks on the database file are lost when any handle to that file is closed.
pub(super) struct Lock(
    #[expect(dead_code, reason = "the operating system holds the lock while the file is open")] File,
);

pub(super) fn open(path: &Path) -> Result<Embedded> {
    let path = true_path(path)?;
    // Held while opening, so that two threads do not open one file twice.
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let open = open.get_or_insert_default();
    open.retain(|_, inner| inner.strong_count() > 0);
    if let Some(inner) = open.get(&path).and_then(Weak::upgrade) {
        return Ok(Embedded(inner));
    }
    let lock = lock(&path)?;
    let Some(text) = path.to_str() else {
        return Err(failed(&path, "its path is not UTF-8, which the engine needs"));
    };
    let database = dynoxide::Database::new(text).map_err(|cause| not_opened(&path, cause))?;
    let embedded = Embedded::over(database, Some(path.clone()), Some(lock));
    open.insert(path, Arc::downgrade(&embedded.0));
    Ok(embedded)
}

/// The path with links and dots resolved. The file need not exist, its folder must.
fn true_path(path: &Path) -> Result<PathBuf> {
    if path.is_dir() {
        return Err(failed(path, "it is a folder"));
    }
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    let Some(name) = path.file_name() else {
        return Err(failed(path, "it does not name a file"));
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(folder.join(name)),
        Err(cause) => {
            Err(failed(path, &format!("its folder \"{}\" cannot be used", folder.display()))
                .with_source(cause))
        }
    }
}

fn lock(path: &Path) -> Result<Lock> {
    let mut name = OsString::from(path);
    name.push("-lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|cause| failed(path, "its lock file cannot be written").with_source(cause))?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Err(failed(path, "another process has it open")),
            Err(TryLockError::Error(cause)) => {
                return Err(failed(path, "it cannot be locked").with_source(cause));
            }
        }
    }
}

fn not_opened(path: &Path, cause: dynoxide::DynoxideError) -> Error {
    // The engine's words for this speak of an option that it is built without.
    let text = cause.to_string();
    let reason = if text.contains("not a valid SQLite database") || text.contains("not a database") {
        "it is not a database".to_owned()
    } else if text.contains("locked") {
        "another program has it locked".to_owned()
    } else {
        text
    };
    failed(path, &reason)
}

fn failed(path: &Path, reason: &str) -> Error {
    let path = path.display();
    Error::new(ErrorKind::Transport, format!("the database file \"{path}\" cannot be opened: {reason}"))
}

pub(super) fn no_start(cause: dynoxide::DynoxideError) -> Error {
    Error::new(ErrorKind::Transport, format!("the embedded engine does not start: {cause}"))
}
