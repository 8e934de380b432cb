//! What a consumer keeps in its table: how far it has come in each shard, and which processes it has.

use super::record::position;
use crate::lease::LeaseItem;
use crate::op::stream::From;
use crate::{AcquireLease, Db, Model, Result, Timestamp, Ttl, Update};
use std::time::Duration;

/// The table of all consumers, unless it is renamed.
const TABLE: &str = "stream-checkpoints";
/// How long the checkpoint of a shard is kept that was read to its end: DynamoDB tells of the shard for a day.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How far a consumer has come in one shard of a stream. It is in the table `stream-checkpoints`, which
/// [`Db::rename_table`] calls otherwise and [`StreamConsumer::create_table`](crate::StreamConsumer::create_table) makes.
///
/// It is only written forward. Delete the items of a consumer to let it begin anew.
///
/// ```
/// # use dynamorm::{Db, Result, StreamCheckpoint};
/// # async fn example(db: &Db, stream: &str) -> Result<()> {
/// let mailer = StreamCheckpoint::PRIMARY_KEY.partition((stream, "mailer"));
/// for checkpoint in db.query::<StreamCheckpoint>().key(mailer).all().await? {
///     println!("{}: {:?}", checkpoint.shard, checkpoint.sequence_number);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Model)]
#[dynamorm(table = "stream-checkpoints", pk = "STREAM#{stream}#{consumer}", sk = "SHARD#{shard}")]
pub struct StreamCheckpoint {
    /// The stream's ARN.
    pub stream: String,
    /// The consumer's name.
    pub consumer: String,
    /// The shard's id.
    pub shard: String,
    /// The number of the last record that was handled; none before the first.
    pub sequence_number: Option<String>,
    /// The same in 40 digits, by which checkpoints are compared.
    pub position: Option<String>,
    /// True if all its records are handled, and there will be no more.
    pub is_finished: bool,
    /// True if reading began at the newest record.
    pub is_from_latest: bool,
    /// When the item may be deleted: a week after the shard was finished.
    #[dynamorm(ttl)]
    pub ttl: Option<Ttl>,
}

/// One process of a consumer, which says now and then that it is alive: the shards are shared by those that do.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
#[dynamorm(table = "stream-checkpoints", pk = "STREAM#{stream}#{consumer}", sk = "PROCESS#{process}")]
pub(super) struct Process {
    /// The stream's ARN.
    pub stream: String,
    /// The consumer's name.
    pub consumer: String,
    /// Another one for each start.
    pub process: String,
    /// Until when it counts, unless it says so again: seconds since 1970.
    pub alive_until: i64,
    /// An hour later.
    #[dynamorm(ttl)]
    pub ttl: Ttl,
}

/// The items of one consumer and one stream.
#[derive(Debug, Clone)]
pub(super) struct Checkpoints {
    db: Db,
    pub(super) stream: String,
    consumer: String,
    process: String,
}

impl Checkpoints {
    pub(super) fn new(db: &Db, stream: &str, consumer: &str, process: &str) -> Self {
        let (stream, consumer) = (stream.to_owned(), consumer.to_owned());
        Self { db: table_of(db), stream, consumer, process: process.to_owned() }
    }

    fn partition(&self) -> (&str, &str) {
        (&self.stream, &self.consumer)
    }

    pub(super) async fn all(&self) -> Result<Vec<StreamCheckpoint>> {
        let key = StreamCheckpoint::PRIMARY_KEY.partition(self.partition());
        self.db.query::<StreamCheckpoint>().key(key).consistent_read().all().await
    }

    fn of(&self, shard: &str) -> Update<StreamCheckpoint, &Db> {
        self.db.update(StreamCheckpoint::key(&self.stream, &self.consumer, shard))
    }

    /// Where reading of a shard begins; `None` if it is finished.
    pub(super) async fn begin(&self, shard: &str) -> Result<Option<From>> {
        let key = StreamCheckpoint::key(&self.stream, &self.consumer, shard);
        let found = self.db.get(key).consistent_read().optional().await?;
        Ok(match found {
            None => Some(From::TrimHorizon),
            Some(checkpoint) if checkpoint.is_finished => None,
            Some(StreamCheckpoint { sequence_number: Some(number), .. }) => Some(From::After(number)),
            Some(checkpoint) if checkpoint.is_from_latest => Some(From::Latest),
            Some(_) => Some(From::TrimHorizon),
        })
    }

    /// Lets a shard without a checkpoint begin at its newest record; of one that is closed, nothing is read.
    pub(super) async fn begin_at_latest(&self, shard: &str, is_closed: bool) -> Result<()> {
        let checkpoint = StreamCheckpoint {
            stream: self.stream.clone(),
            consumer: self.consumer.clone(),
            shard: shard.to_owned(),
            sequence_number: None,
            position: None,
            is_finished: is_closed,
            is_from_latest: true,
            ttl: is_closed.then(|| Ttl::at(self.db.now() + KEPT)),
        };
        match self.db.put(&checkpoint).if_not_exists().execute().await {
            Err(error) if error.is_condition_failed() => Ok(()),
            done => done,
        }
    }

    /// Keeps that all up to this record are handled. False if somebody has come further.
    pub(super) async fn advance(&self, shard: &str, sequence_number: &str) -> Result<bool> {
        let position = position(sequence_number);
        let is_forward =
            StreamCheckpoint::POSITION.not_exists() | StreamCheckpoint::POSITION.le(position.as_str());
        let is_open = StreamCheckpoint::IS_FINISHED.not_exists() | StreamCheckpoint::IS_FINISHED.eq(false);
        let update = self
            .of(shard)
            .set(StreamCheckpoint::SEQUENCE_NUMBER, sequence_number)
            .set(StreamCheckpoint::POSITION, position.as_str())
            .set(StreamCheckpoint::IS_FINISHED, false)
            .set_if_absent(StreamCheckpoint::IS_FROM_LATEST, false)
            .condition(is_forward & is_open);
        match update.execute().await {
            Err(error) if error.is_condition_failed() => Ok(false),
            done => done.map(|()| true),
        }
    }

    /// Keeps that a shard is read to its end.
    pub(super) async fn finish(&self, shard: &str) -> Result<()> {
        self.of(shard)
            .set(StreamCheckpoint::IS_FINISHED, true)
            .set_if_absent(StreamCheckpoint::IS_FROM_LATEST, false)
            .set(StreamCheckpoint::TTL, Ttl::at(self.db.now() + KEPT))
            .execute()
            .await
    }

    /// Says that this process is alive, and counts those that are.
    pub(super) async fn count_processes(&self, alive: Duration) -> Result<usize> {
        let now = self.db.now();
        self.db.put(&self.process_until(now + alive)).execute().await?;
        let key = Process::PRIMARY_KEY.partition(self.partition());
        let all = self.db.query::<Process>().key(key).consistent_read().all().await?;
        Ok(all.iter().filter(|process| process.alive_until >= now.epoch_seconds()).count().max(1))
    }

    /// Says that this process is no more.
    pub(super) async fn leave(&self) -> Result<()> {
        let key = Process::key(&self.stream, &self.consumer, &self.process);
        self.db.delete(key).execute().await
    }

    fn process_until(&self, end: Timestamp) -> Process {
        Process {
            stream: self.stream.clone(),
            consumer: self.consumer.clone(),
            process: self.process.clone(),
            alive_until: end.epoch_seconds(),
            ttl: Ttl::at(end + Duration::from_secs(3600)),
        }
    }

    /// Asks for the right to read a shard.
    pub(super) fn lease(&self, shard: &str) -> AcquireLease<'_> {
        // Neither ARNs nor shards hold the separator.
        self.db.lease(format!("SHARD#{}#{shard}#{}", self.stream, self.consumer))
    }
}

/// The same database, whose leases are in the table of checkpoints.
pub(super) fn table_of(db: &Db) -> Db {
    db.without_deadline().table(TABLE)
}

/// Makes the table, if there is none.
pub(super) async fn create_table(db: &Db) -> Result<()> {
    table_of(db).create_table::<(StreamCheckpoint, Process, LeaseItem)>().if_not_exists().execute().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_checkpoint_goes_forward_only() {
        let db = Db::memory().unwrap();
        create_table(&db).await.unwrap();
        let checkpoints = Checkpoints::new(&db, "arn:x", "a#b", "p1");
        let other = Checkpoints::new(&db, "arn:x", "a", "p1");
        assert_eq!(checkpoints.begin("s1").await.unwrap(), Some(From::TrimHorizon));
        // As numbers, not as text.
        for (number, is_forward) in [("900", true), ("1000", true), ("1000", true), ("999", false)] {
            assert_eq!(checkpoints.advance("s1", number).await.unwrap(), is_forward, "{number}");
        }
        assert_eq!(checkpoints.begin("s1").await.unwrap(), Some(From::After("1000".into())));
        assert_eq!(other.begin("s1").await.unwrap(), Some(From::TrimHorizon));
        checkpoints.finish("s1").await.unwrap();
        assert!(!checkpoints.advance("s1", "2000").await.unwrap());
        assert_eq!(checkpoints.begin("s1").await.unwrap(), None);

        checkpoints.begin_at_latest("s2", false).await.unwrap();
        assert_eq!(checkpoints.begin("s2").await.unwrap(), Some(From::Latest));
        checkpoints.advance("s2", "7").await.unwrap();
        checkpoints.begin_at_latest("s2", true).await.unwrap();
        assert_eq!(checkpoints.begin("s2").await.unwrap(), Some(From::After("7".into())));
        checkpoints.begin_at_latest("s3", true).await.unwrap();
        assert_eq!(checkpoints.begin("s3").await.unwrap(), None);
        assert_eq!((checkpoints.all().await.unwrap().len(), other.all().await.unwrap().len()), (3, 0));
    }

    #[tokio::test]
    async fn a_process_counts_while_it_says_that_it_is_alive() {
        let db = Db::memory().unwrap();
        create_table(&db).await.unwrap();
        let of = |process, at: i64| {
            let db = db.clone().clock(move || Timestamp::from_epoch_seconds(1_790_000_000 + at));
            Checkpoints::new(&db, "arn:x", "a", process)
        };
        let alive = Duration::from_secs(30);
        assert_eq!(of("p1", 0).count_processes(alive).await.unwrap(), 1);
        assert_eq!(of("p2", 20).count_processes(alive).await.unwrap(), 2);
        // The first one is silent for too long.
        assert_eq!(of("p2", 31).count_processes(alive).await.unwrap(), 1);
        assert_eq!(of("p1", 32).count_processes(alive).await.unwrap(), 2);
        of("p2", 33).leave().await.unwrap();
        assert_eq!(of("p1", 34).count_processes(alive).await.unwrap(), 1);
    }
}
