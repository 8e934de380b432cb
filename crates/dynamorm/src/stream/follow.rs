//! One shard, read from its checkpoint to its end by who holds its lease.

use super::checkpoint::Checkpoints;
use super::record::StreamRecord;
use crate::error::ErrorKind;
use crate::lease::Lease;
use crate::limits::STREAM_READS_PER_SECOND;
use crate::op::stream::{From, GotRecords, get_records, shard_iterator};
use crate::{Db, Error, Result};
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// The shortest time between two GetRecords of a shard.
const PACE: Duration = Duration::from_millis(1_000 / STREAM_READS_PER_SECOND);
/// The longest, where nothing was found.
const IDLE: Duration = Duration::from_secs(1);
/// The first and the longest pause before what failed is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a handler is given: records of one shard, in order.
pub(super) struct Batch {
    pub(super) shard: Arc<str>,
    pub(super) records: Vec<StreamRecord>,
    pub(super) stop: Stop,
}

/// How many of a batch are handled, from the first.
pub(super) struct Done {
    pub(super) count: usize,
    /// The one behind them was not, and is given again after a pause.
    pub(super) has_failed: bool,
}

pub(super) type Handler = Arc<dyn Fn(Batch) -> Pin<Box<dyn Future<Output = Done> + Send>> + Send + Sync>;

/// Tells whether to stop.
#[derive(Clone)]
pub(super) struct Stop(pub(super) watch::Receiver<bool>);

impl Stop {
    pub(super) fn is_set(&self) -> bool {
        // Without a sender, nobody is left to read for.
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    async fn set(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Waits so long; false if it was told to stop.
    async fn rest(&mut self, pause: Duration) -> bool {
        matches!(select(pin!(sleep(pause)), pin!(self.set())).await, Either::Left(_))
    }
}

/// Why a shard is read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// All of it is handled, and there will be no more.
    Finished,
    /// It is somebody else's, or gone, or is to be: the next look tells.
    GivenUp,
}

/// What reading a shard needs.
pub(super) struct Follow {
    pub(super) db: Db,
    pub(super) table: Arc<str>,
    pub(super) shard: Arc<str>,
    pub(super) checkpoints: Checkpoints,
    pub(super) limit: usize,
    pub(super) handler: Handler,
    pub(super) stop: Stop,
}

impl Follow {
    /// Reads until the end, until it is told to stop, or until the lease is lost; then nothing more is handled.
    pub(super) async fn run(mut self, lease: Lease) -> Result<Ended> {
        let (table, shard) = (Arc::clone(&self.table), Arc::clone(&self.shard));
        let ended = match select(pin!(self.read()), pin!(lease.lost())).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => {
                tracing::warn!(table = &*table, shard = &*shard, "the lease of a shard was lost");
                return Ok(Ended::GivenUp);
            }
        };
        // What is not released ends by itself.
        if let Err(error) = lease.release().await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the lease of a shard was not released"
            );
        }
        ended
    }

    async fn read(&mut self) -> Result<Ended> {
        let (mut from, mut iterator) = (None, None::<String>);
        let (mut pace, mut failures) = (PACE, 0);
        while !self.stop.is_set() {
            let began = Instant::now();
            let step = async {
                let begin = match from.clone() {
                    Some(begin) => begin,
                    None => match self.checkpoints.begin(&self.shard).await? {
                        Some(begin) => begin,
                        None => return Ok((From::TrimHorizon, None)),
                    },
                };
                let at = match iterator.take() {
                    Some(at) => Some(at),
                    None => {
                        shard_iterator(&self.db, &self.table, &self.checkpoints.stream, &self.shard, &begin)
                            .await?
                    }
                };
                let Some(at) = at else { return Ok((begin, Some(GotRecords::default()))) };
                let got = get_records(&self.db, &self.table, &at, self.limit).await;
                got.map(|got| (begin, Some(got))).inspect_err(|_| {
                    // To be asked once more with the same iterator, unless that is the reason.
                    iterator = Some(at);
                })
            };
            let got = match step.await {
                // Finished by who had it before.
                Ok((_, None)) => return Ok(Ended::Finished),
                Ok((begin, Some(got))) => {
                    from = Some(begin);
                    got
                }
                Err(error) => {
                    match self.after(&error)? {
                        After::Again => {}
                        After::NewIterator => {
                            iterator = None;
                            if from == Some(From::Latest) {
                                tracing::error!(
                                    table = &*self.table,
                                    shard = &*self.shard,
                                    "no record was read of a shard for 15 minutes, and none was handled before: reading \
                                     begins at the newest again, and may pass some over"
                                );
                            }
                        }
                        After::Oldest => (from, iterator) = (Some(From::TrimHorizon), None),
                        After::GiveUp => return Ok(Ended::GivenUp),
                    }
                    failures += 1;
                    if !self.stop.rest(pause(failures)).await {
                        break;
                    }
                    continue;
                }
            };
            failures = 0;
            pace = if got.records.is_empty() { (pace * 2).min(IDLE) } else { PACE };
            if let Some(last) = got.records.last() {
                let last = last.sequence_number().to_owned();
                if !self.handle(got.records).await? {
                    return Ok(Ended::GivenUp);
                }
                from = Some(From::After(last));
            }
            iterator = got.next;
            if iterator.is_none() {
                match self.checkpoints.finish(&self.shard).await {
                    Ok(()) => return Ok(Ended::Finished),
                    // It is read to its end once more, which gives nothing.
                    Err(error) => {
                        self.after(&error)?;
                    }
                }
            }
            let next = pin!(sleep_until(began + pace));
            select(next, pin!(self.stop.set())).await;
        }
        Ok(Ended::GivenUp)
    }

    /// Has records handled, all of them and in order, however often it takes. False if it was told to stop, or another has come
    /// further.
    async fn handle(&mut self, mut records: Vec<StreamRecord>) -> Result<bool> {
        let mut failures = 0;
        while !records.is_empty() {
            let (shard, stop) = (Arc::clone(&self.shard), self.stop.clone());
            let done = (self.handler)(Batch { shard, records: records.clone(), stop }).await;
            let count = done.count.min(records.len());
            if let Some(last) = count.checked_sub(1).and_then(|last| records.get(last)) {
                if !self.checkpoint(last.sequence_number()).await? {
                    return Ok(false);
                }
                failures = 0;
                records.drain(..count);
            }
            if self.stop.is_set() && !records.is_empty() {
                return Ok(false);
            }
            if done.has_failed {
                failures += 1;
                if !self.stop.rest(pause(failures)).await {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Writes the checkpoint, and tries again while it may pass: what is handled is not to be given again.
    async fn checkpoint(&mut self, sequence_number: &str) -> Result<bool> {
        let mut failures = 0;
        loop {
            match self.checkpoints.advance(&self.shard, sequence_number).await {
                Ok(true) => return Ok(true),
                Ok(false) => {
                    tracing::warn!(
                        table = &*self.table,
                        shard = &*self.shard,
                        "another process has come further in a shard"
                    );
                    return Ok(false);
                }
                Err(error) => {
                    self.after(&error)?;
                    failures += 1;
                    if !self.stop.rest(pause(failures)).await {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// What to do after a failure; an error that will not pass is the consumer's.
    fn after(&self, error: &Error) -> Result<After> {
        let (table, shard) = (&*self.table, &*self.shard);
        match (error.service_code(), error.kind()) {
            (Some("ExpiredIteratorException"), _) => {
                tracing::info!(table, shard, "a shard iterator was over 15 minutes old: there is a new one");
                Ok(After::NewIterator)
            }
            (Some("TrimmedDataAccessException"), _) => {
                tracing::error!(
                    table,
                    shard,
                    "records of a stream were deleted before they were read, a day after they were written: \
                     reading goes on at the oldest that is there"
                );
                Ok(After::Oldest)
            }
            // The stream or the shard is gone, of which the next look tells; the checkpoints are another table.
            (_, ErrorKind::TableNotFound)
                if matches!(error.operation(), Some("GetShardIterator" | "GetRecords")) =>
            {
                Ok(After::GiveUp)
            }
            _ if is_lasting(error) => Err(Error::new(error.kind(), format!("shard {shard}: {error}"))),
            _ => {
                tracing::warn!(
                    table,
                    shard,
                    error = error as &dyn std::error::Error,
                    "a stream was not read, and is tried again"
                );
                Ok(After::Again)
            }
        }
    }
}

enum After {
    Again,
    NewIterator,
    Oldest,
    GiveUp,
}

/// True if trying again is of no use.
pub(super) fn is_lasting(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AccessDenied | ErrorKind::InvalidRequest | ErrorKind::TableNotFound | ErrorKind::Codec
    )
}

/// A pause that grows, of random length: who failed together does not come back together.
pub(super) fn pause(failures: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    doubled.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
}
