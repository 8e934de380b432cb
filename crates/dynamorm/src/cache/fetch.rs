//! A miss that is under way: its answer goes to all who asked the same meanwhile.

use super::Group;
use super::memory::{Asked, Cache};
use crate::codec::{CodecError, Reader, Writer};
use crate::{Error, Result};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What becomes of a read that is not remembered.
pub(super) enum Joined {
    /// It is remembered by now.
    Remembered(Bytes),
    /// Another asks the same.
    Another(Arc<Fetch>),
    /// It asks by itself.
    Own(Arc<Fetch>),
}

/// One request that is under way.
pub(super) struct Fetch {
    asked: Asked,
    ttl: Duration,
    began: Instant,
    /// A write came between: the answer may be that of before, so nobody else is given it.
    late: AtomicBool,
    told: watch::Sender<Told>,
}

enum Told {
    Nothing,
    Answer(Bytes),
    Failed(Arc<Error>),
    GivenUp,
}

impl Fetch {
    pub(super) fn new(asked: Asked, ttl: Duration) -> Self {
        let (late, told) = (AtomicBool::new(false), watch::Sender::new(Told::Nothing));
        Self { asked, ttl, began: Instant::now(), late, told }
    }

    pub(super) fn is_of(&self, asked: &Asked) -> bool {
        self.asked == *asked
    }

    pub(super) fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Only while the lock of the cache is held, which orders it.
    pub(super) fn set_late(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    /// Its answer; `None` if whoever asked has given up.
    pub(super) async fn answer(&self) -> Option<Result<Bytes>> {
        let mut told = self.told.subscribe();
        let told = told.wait_for(|told| !matches!(told, Told::Nothing)).await.ok()?;
        match &*told {
            Told::Answer(answer) => Some(Ok(answer.clone())),
            Told::Failed(error) => Some(Err(error.copy())),
            Told::Nothing | Told::GivenUp => None,
        }
    }
}

/// The one who asks.
pub(super) struct Fetching<'cache> {
    pub(super) cache: &'cache Cache,
    pub(super) group: Group,
    pub(super) fetch: Arc<Fetch>,
}

impl Fetching<'_> {
    /// Remembers the answer, unless a write came between, and tells it to all who wait.
    pub(super) fn answered(self, answer: &[u8], absent: bool) {
        let Ok((free, items)) = free_of_charge(answer) else { return };
        {
            let mut state = self.cache.state();
            if !self.fetch.is_late() {
                let Fetch { asked, ttl, began, .. } = &*self.fetch;
                let ttl = if items || absent { *ttl } else { Duration::ZERO };
                self.cache.store.put(&self.group, asked.clone(), free.clone(), *began, ttl);
            }
            state.remove(&self.group, &self.fetch);
        }
        self.fetch.told.send_replace(Told::Answer(free));
    }

    /// Tells the error to all who wait, and gives it back. A deadline is the asker's own: the others ask by themselves.
    pub(super) fn failed(self, error: Error) -> Error {
        if error.is_deadline_exceeded() {
            return error;
        }
        // First, so that nobody who comes later is told of it.
        self.cache.state().remove(&self.group, &self.fetch);
        self.fetch.told.send_replace(Told::Failed(Arc::new(error.copy())));
        error
    }
}

/// A read that is dropped while it waits leaves the others to ask by themselves.
impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        self.cache.state().remove(&self.group, &self.fetch);
        self.fetch.told.send_if_modified(|told| {
            let waits = matches!(told, Told::Nothing);
            if waits {
                *told = Told::GivenUp;
            }
            waits
        });
    }
}

/// The answer as it is given again, for which nothing is consumed; and whether it holds an item.
fn free_of_charge(answer: &[u8]) -> Result<(Bytes, bool), CodecError> {
    let mut writer = Writer::with_capacity(answer.len());
    let mut items = false;
    let mut separator = "{";
    Reader::new(answer)?.object(|reader, name| {
        if name == "ConsumedCapacity" {
            return reader.skip();
        }
        writer.raw(separator);
        separator = ",";
        writer.json_string(name);
        writer.raw(":");
        let value = reader.raw()?;
        items |= match name {
            "Item" => value != "null" && value != "{}",
            "Count" => value != "0",
            "LastEvaluatedKey" => value != "null",
            _ => false,
        };
        writer.raw(value);
        Ok(())
    })?;
    writer.raw(separator);
    writer.raw("\"ConsumedCapacity\":{\"CapacityUnits\":0}}");
    Ok((Bytes::from(writer.into_bytes().into_boxed_slice()), items))
}
