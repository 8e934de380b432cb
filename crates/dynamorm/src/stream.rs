//! [`StreamConsumer`]: follows the stream of a table, outside Lambda.
//!
//! Here: the settings, and the two ways to handle records. In `run`: which shards this process reads. In `follow`: reading one. In
//! `checkpoint`: how far it has come, and who else is at it. In `record`: a record. Start at [`Db::stream_consumer`].

mod checkpoint;
mod follow;
mod record;
mod run;

pub use checkpoint::StreamCheckpoint;
pub use record::StreamRecord;

use crate::limits::{STREAM_RECORDS, grouped};
use crate::{Db, Error, Result};
use follow::{Batch, Done};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a shard is a process's, unless it is renewed or said otherwise.
const LEASE: Duration = Duration::from_secs(30);
/// How long records are handled one by one before the checkpoint is written.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

type Until = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Db {
    /// Follows the stream of a table: each change of an item is given to a handler, in the order in which the item was changed. For
    /// programs outside Lambda; inside, Lambda reads the stream.
    ///
    /// `table` is its name in the account. `consumer` names the one who reads: consumers of different names have each record, and the
    /// processes of one name share the shards.
    ///
    /// ```
    /// use dynamorm::StreamViewType::NewAndOldImages;
    /// use dynamorm::{Change, Db, Error, Model, Result};
    /// # use std::time::Duration;
    ///
    /// #[derive(Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// struct User { id: String, email: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let db = Db::memory()?;
    /// db.create_table::<User>().stream(NewAndOldImages).execute().await?;
    /// db.put(&User { id: "u1".into(), email: "ada@example.com".into() }).execute().await?;
    ///
    /// let welcome = db.stream_consumer("app", "welcome");
    /// welcome.create_table().await?;
    /// # let (greeted, told) = tokio::sync::oneshot::channel::<String>();
    /// # let greeted = std::sync::Arc::new(std::sync::Mutex::new(Some(greeted)));
    /// let running = tokio::spawn(welcome.each(move |record| {
    ///     # let greeted = greeted.clone();
    ///     async move {
    ///         if let Some(Change::Inserted(user)) = record.change::<User>()? {
    ///             println!("a mail to {}", user.email);
    ///             # greeted.lock().unwrap().take().map(|greeted| greeted.send(user.email));
    ///         }
    ///         Ok::<_, Error>(())
    ///     }
    /// }));
    /// # assert_eq!(tokio::time::timeout(Duration::from_secs(10), told).await.unwrap().unwrap(), "ada@example.com");
    /// # running.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [`guide::streams`](crate::guide::streams).
    pub fn stream_consumer(&self, table: impl Into<String>, consumer: impl Into<String>) -> StreamConsumer {
        StreamConsumer {
            db: self.without_deadline(),
            table: table.into(),
            name: consumer.into(),
            is_from_latest: false,
            limit: STREAM_RECORDS,
            lease: LEASE,
            until: None,
        }
    }
}

/// Follows the stream of a table: [`Db::stream_consumer`] makes it.
///
/// A record is given **at least once**: again after a failure, and after a process ended before it wrote its checkpoint. What must
/// happen once is written under a condition on the record's number: see [`StreamRecord`].
///
/// On AWS it needs the feature `streams`. See
/// [Reading and processing a stream](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html#Streams.Processing).
#[must_use = "no record is read until `each` or `batches` is awaited"]
pub struct StreamConsumer {
    db: Db,
    table: String,
    name: String,
    is_from_latest: bool,
    limit: usize,
    lease: Duration,
    until: Option<Until>,
}

impl StreamConsumer {
    /// Makes the table of checkpoints, `stream-checkpoints` if [`Db::rename_table`] does not say otherwise, unless it is there.
    ///
    /// # Errors
    ///
    /// Those of [`Db::create_table`].
    pub async fn create_table(&self) -> Result<()> {
        checkpoint::create_table(&self.db).await
    }

    /// Begins with what is written from now on, instead of the oldest record that is there, which is up to a day old.
    ///
    /// Only where this consumer has no checkpoint yet. A shard of which it has not handled a record begins anew with each start, so
    /// what is written there between its first two starts can be passed over.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// let consumer = db.stream_consumer("app", "welcome").latest();
    /// # }
    /// ```
    pub fn latest(mut self) -> Self {
        self.is_from_latest = true;
        self
    }

    /// The most records that one GetRecords gives, instead of 1,000. A process holds no more than these of each shard, and no more
    /// than 1 MB.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// let consumer = db.stream_consumer("app", "welcome").limit(100);
    /// # }
    /// ```
    pub fn limit(mut self, records: usize) -> Self {
        self.limit = records;
        self
    }

    /// How long the shards of a process are nobody else's after it died, instead of 30 seconds, and at least one.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// use std::time::Duration;
    /// let consumer = db.stream_consumer("app", "welcome").lease_duration(Duration::from_secs(10));
    /// # }
    /// ```
    pub fn lease_duration(mut self, duration: Duration) -> Self {
        self.lease = duration;
        self
    }

    /// Stops when this completes: what is being handled is finished, and the shards are another's at once. A consumer that is dropped
    /// instead stops where it is, and its shards are another's when their leases end.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, StreamViewType::NewAndOldImages};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # async fn told_to_stop() {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().stream(NewAndOldImages).execute().await?;
    /// # db.stream_consumer("app", "audit").create_table().await?;
    /// let audit = db.stream_consumer("app", "audit").until(told_to_stop());
    /// audit.each(async |record| Ok::<_, dynamorm::Error>(println!("{}", record.json()))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(stop));
        self
    }

    /// Gives each record to the handler, one after another in a shard, and several shards at once.
    ///
    /// A failure is logged, and the same record is given again after a pause that grows to half a minute: nothing behind it in its
    /// shard is given before, so a handler that always fails holds that shard up. The checkpoint is written about once a second.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if the table has no stream, or on AWS without the feature `streams`;
    /// [`TableNotFound`](crate::ErrorKind::TableNotFound) without the table, or that of checkpoints; and
    /// [`AccessDenied`](crate::ErrorKind::AccessDenied). What may pass is logged and tried again.
    ///
    /// # Panics
    ///
    /// If the handler does.
    pub async fn each<F, Fut, E>(self, handler: F) -> Result<()>
    where
        F: Fn(StreamRecord) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let handler = Arc::new(handler);
        let table = self.table.clone();
        let each = move |batch: Batch| {
            let (handler, table) = (Arc::clone(&handler), table.clone());
            let done = async move {
                let began = Instant::now();
                for (nth, record) in batch.records.into_iter().enumerate() {
                    // Not all of it, so that the checkpoint is written.
                    if nth > 0 && (batch.stop.is_set() || began.elapsed() >= CHECKPOINT_EVERY) {
                        return Done { count: nth, has_failed: false };
                    }
                    let number = record.sequence_number().to_owned();
                    if let Err(error) = handler(record).await {
                        let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                        tracing::error!(
                            table,
                            shard = &*batch.shard,
                            sequence_number = number,
                            error = error.as_ref() as &dyn std::error::Error,
                            "a record of a stream was not handled"
                        );
                        return Done { count: nth, has_failed: true };
                    }
                }
                Done { count: usize::MAX, has_failed: false }
            };
            Box::pin(done) as Pin<Box<dyn Future<Output = Done> + Send>>
        };
        run::run(self, Arc::new(each)).await
    }

    /// Gives the records of a shard together, as they were read, to a handler that says how many of them it has handled, counted from
    /// the first: the others are given again, after a pause, and first. The checkpoint is written after each batch.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, StreamViewType::NewAndOldImages};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().stream(NewAndOldImages).execute().await?;
    /// # db.stream_consumer("app", "archive").create_table().await?;
    /// let archive = db.stream_consumer("app", "archive").until(std::future::ready(()));
    /// archive.batches(async |records| records.len()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`each`](StreamConsumer::each).
    ///
    /// # Panics
    ///
    /// If the handler does.
    pub async fn batches<F, Fut>(self, handler: F) -> Result<()>
    where
        F: Fn(Vec<StreamRecord>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = usize> + Send + 'static,
    {
        let batches = move |batch: Batch| {
            let len = batch.records.len();
            let work = handler(batch.records);
            let done = async move {
                let count = work.await;
                Done { count, has_failed: count < len }
            };
            Box::pin(done) as Pin<Box<dyn Future<Output = Done> + Send>>
        };
        run::run(self, Arc::new(batches)).await
    }

    fn check(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::invalid("the consumer of the stream has no name"));
        }
        if self.limit == 0 || self.limit > STREAM_RECORDS {
            return Err(Error::invalid(format!(
                "the limit is {}, GetRecords gives from 1 to {} records",
                grouped(self.limit),
                grouped(STREAM_RECORDS)
            )));
        }
        if self.lease < Duration::from_secs(1) {
            return Err(Error::invalid("the duration of the lease is under a second"));
        }
        Ok(())
    }
}

impl fmt::Debug for StreamConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamConsumer")
            .field("table", &self.table)
            .field("name", &self.name)
            .field("is_from_latest", &self.is_from_latest)
            .field("limit", &self.limit)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
