//! [`Meter`]: adds up what operations consume. A [`Db`] that is not metered does nothing of it.
//!
//! What is read of a request and its answer is in `transport/summary.rs`.

use crate::Db;
use crate::transport::Request;
use crate::transport::summary::{Answered, Asked};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Adds up what the operations of a [`Db`] consume: read and write units, requests, retries, items.
///
/// A clone is another handle to the same sums. See [`Db::metered`].
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Usage>>);

/// What was consumed since a [`Meter`] was made, or reset.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Requests that were sent, those that failed and those about tables included.
    ///
    /// What the transport sends again by itself, such as the official client's retries, is not seen here.
    pub requests: u64,
    /// Requests of these that this library sent again: for what a batch left undone, and for transactions in conflict.
    pub retries: u64,
    /// Requests of these that were refused for their rate.
    pub throttles: u64,
    /// Reads that were [`cached`](crate::Get::cached) and had their answer without a request of their own.
    pub cache_hits: u64,
    /// Reads that were `cached`, and had to ask the database.
    pub cache_misses: u64,
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
    /// Bytes of vector indexes that searches were charged for: DynamoDB bills these by the byte, apart from the units.
    pub vector_search_bytes: f64,
    /// Bytes of vector indexes that writes were charged for.
    pub vector_write_bytes: f64,
    /// Items that reads gave, after their filters.
    pub items_read: u64,
    /// Items that were put, changed or deleted.
    pub items_written: u64,
    /// The same by table, by DynamoDB's names of them.
    pub tables: BTreeMap<String, TableUsage>,
}

/// What was consumed on one table.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TableUsage {
    /// Requests about this table, or about several of which it is one.
    pub requests: u64,
    /// Read units, those of its indexes included.
    pub read_units: f64,
    /// Write units, those of its indexes included.
    pub write_units: f64,
    /// Bytes of its vector indexes that searches were charged for.
    pub vector_search_bytes: f64,
    /// Bytes of its vector indexes that writes were charged for.
    pub vector_write_bytes: f64,
    /// The part of its indexes.
    pub indexes: BTreeMap<String, IndexUsage>,
}

/// What was consumed on one index.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct IndexUsage {
    /// Read units.
    pub read_units: f64,
    /// Write units.
    pub write_units: f64,
}

impl Db {
    /// Adds up what is consumed through this handle of the database.
    ///
    /// Every request asks for its capacity, in the most detail; that costs nothing at DynamoDB. Other handles, such as the one
    /// this is made of, are not metered, so a meter for each request of a service is cheap. A handle may have several meters.
    ///
    /// ```
    /// # use dynamorm::{Db, Meter, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let meter = Meter::default();
    /// let metered = db.metered(&meter);
    /// metered.put(&User { id: "u1".into(), name: "Ada".into() }).execute().await?;
    /// metered.get(User::key("u1")).one().await?;
    ///
    /// let usage = meter.usage();
    /// assert_eq!((usage.requests, usage.write_units, usage.read_units), (2, 1.0, 0.5));
    /// assert_eq!((usage.items_written, usage.items_read), (1, 1));
    /// assert_eq!(usage.tables["app"].requests, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn metered(&self, meter: &Meter) -> Db {
        self.clone().with_meter(meter.clone())
    }
}

impl Meter {
    /// Tells the sums so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.sums().clone()
    }

    /// Starts again from nothing, and tells the sums until now.
    ///
    /// ```
    /// # use dynamorm::{Db, Meter, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let meter = Meter::default();
    /// let metered = db.metered(&meter);
    /// metered.get(User::key("u1")).one().await?;
    /// assert_eq!(meter.reset().requests, 1);
    /// assert_eq!(meter.usage().requests, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&self) -> Usage {
        std::mem::take(&mut *self.sums())
    }

    /// Counts a request that is sent once more.
    pub(crate) fn count_retry(&self) {
        self.sums().retries += 1;
    }

    #[cfg(feature = "cache")]
    pub(crate) fn count_cache_hit(&self) {
        self.sums().cache_hits += 1;
    }

    #[cfg(feature = "cache")]
    pub(crate) fn count_cache_miss(&self) {
        self.sums().cache_misses += 1;
    }

    /// Nothing here can panic while the lock is held, so a poisoned lock holds sound data.
    fn sums(&self) -> MutexGuard<'_, Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count_request(&self, request: &Request) {
        let mut sums = self.sums();
        sums.requests += 1;
        for table in &request.tables {
            sums.table(table).requests += 1;
        }
    }

    pub(crate) fn count_throttle(&self) {
        self.sums().throttles += 1;
    }

    /// `table` is the one of the request, if it is of one alone.
    pub(crate) fn count_answer(&self, table: Option<&str>, asked: &Asked, answered: &Answered) {
        let mut sums = self.sums();

        sums.items_read += answered.items;
        sums.items_written += asked.writes.saturating_sub(answered.unprocessed);
        for consumed in &answered.consumed {
            let (read, write) = consumed.units.split(asked.is_write);
            sums.read_units += read;
            sums.write_units += write;
            let vectors = consumed.vectors;
            sums.vector_search_bytes += vectors.searched;
            sums.vector_write_bytes += vectors.written;
            let named = Some(consumed.table.as_str()).filter(|name| !name.is_empty()).or(table);
            let Some(name) = named else { continue };
            let table = sums.table(name);
            table.vector_search_bytes += vectors.searched;
            table.vector_write_bytes += vectors.written;
            table.read_units += read;
            table.write_units += write;
            for (name, units) in &consumed.indexes {
                let (read, write) = units.split(asked.is_write);
                let index = table.indexes.entry(name.clone()).or_default();
                index.read_units += read;
                index.write_units += write;
            }
        }
    }
}

impl Usage {
    fn table(&mut self, name: &str) -> &mut TableUsage {
        self.tables.entry(name.to_owned()).or_default()
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meter").field(&*self.sums()).finish()
    }
}
