//! Which shards this process reads: those that are ready, that nobody else reads, and no more than its share.

use super::checkpoint::{Checkpoints, StreamCheckpoint};
use super::follow::{Ended, Follow, Handler, Stop, is_lasting, pause};
use super::{StreamConsumer, Until};
use crate::op::stream::{Shard, describe_stream};
use crate::{Db, Error, Result};
use futures_util::future::{Either, select};
use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::Instrument;

/// How often it is looked for shards, at least.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Follows the stream until told to stop, or until it cannot go on.
pub(super) async fn run(consumer: StreamConsumer, handler: Handler) -> Result<()> {
    consumer.check()?;
    let StreamConsumer { db, table, name, is_from_latest, limit, lease, until } = consumer;
    let mut until = until.unwrap_or_else(|| Box::pin(pending()));
    let Some(stream) = begin(&db, &table, &mut until).await? else { return Ok(()) };
    let process = db.new_token()?;
    let mut running = Running {
        checkpoints: Checkpoints::new(&db, &stream, &name, &process),
        db,
        table: Arc::from(table),
        name,
        process,
        is_from_latest,
        limit,
        lease,
        handler,
        tasks: JoinSet::new(),
        stops: HashMap::new(),
    };
    let ended = running.go_on(until).await;
    let stopped = running.stop().await;
    ended.and(stopped)
}

/// The ARN of the stream, tried for until it is told; none if it was told to stop before.
async fn begin(db: &Db, table: &str, until: &mut Until) -> Result<Option<String>> {
    let mut failures = 0;
    loop {
        match stream_of(db, table).await {
            Err(error) if !is_lasting(&error) => {
                warn(table, &error);
                failures += 1;
            }
            found => return found.map(Some),
        }
        if let Either::Left(_) = select(&mut *until, pin!(sleep(pause(failures)))).await {
            return Ok(None);
        }
    }
}

fn warn(table: &str, error: &Error) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(table, error, "the shards of a stream were not found, and are looked for again");
}

/// The ARN of a table's stream.
async fn stream_of(db: &Db, table: &str) -> Result<String> {
    let described = crate::op::describe(db, table).await?;
    described.stream.map(|stream| stream.arn).ok_or_else(|| {
        Error::invalid(format!(
            "table \"{table}\" has no stream: make it by `create_table().stream(StreamViewType::NewAndOldImages)`"
        ))
    })
}

/// A shard, and why it is read no further.
type Task = (Arc<str>, Result<Ended>);

enum Event {
    ToldToStop,
    Ended(std::result::Result<Task, JoinError>),
    LookIsDue,
}

struct Running {
    db: Db,
    table: Arc<str>,
    name: String,
    process: String,
    is_from_latest: bool,
    limit: usize,
    lease: Duration,
    handler: Handler,
    checkpoints: Checkpoints,
    /// One for each shard that this process reads: they end with it.
    tasks: JoinSet<Task>,
    /// How they are told to stop.
    stops: HashMap<Arc<str>, watch::Sender<bool>>,
}

impl Running {
    async fn go_on(&mut self, mut until: Until) -> Result<()> {
        let every = LOOK_EVERY.min(self.lease / 3);
        let (mut next_look, mut failures) = (Instant::now(), 0);
        loop {
            let ended = match self.wait(&mut until, next_look).await {
                Event::ToldToStop => return Ok(()),
                Event::Ended(ended) => Some(self.ended(ended)?),
                Event::LookIsDue => None,
            };
            match ended {
                // Its children are ready now.
                Some(Ended::Finished) => next_look = Instant::now(),
                Some(Ended::GivenUp) => {}
                None => {
                    let pause = match self.look().await {
                        Ok(()) => {
                            failures = 0;
                            // Processes do not look all at the same time.
                            every.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
                        }
                        Err(error) if is_lasting(&error) => return Err(error),
                        Err(error) => {
                            warn(&self.table, &error);
                            failures += 1;
                            pause(failures)
                        }
                    };
                    next_look = Instant::now() + pause;
                }
            }
        }
    }

    async fn wait(&mut self, until: &mut Until, next_look: Instant) -> Event {
        let ended = async {
            match self.tasks.join_next().await {
                Some(ended) => ended,
                None => pending().await,
            }
        };
        let (ended, due) = (pin!(ended), pin!(sleep_until(next_look)));
        match select(until, select(ended, due)).await {
            Either::Left(_) => Event::ToldToStop,
            Either::Right((Either::Left((ended, _)), _)) => Event::Ended(ended),
            Either::Right((Either::Right(_), _)) => Event::LookIsDue,
        }
    }

    /// A shard is no longer read here.
    fn ended(&mut self, ended: std::result::Result<Task, JoinError>) -> Result<Ended> {
        match ended {
            Ok((shard, ended)) => {
                self.stops.remove(&shard);
                ended
            }
            Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
            // The runtime is shutting down, and this with it.
            Err(_) => Ok(Ended::GivenUp),
        }
    }

    /// Finds out what there is to read, and by how many; takes what is this process's share, and gives up what is more.
    async fn look(&mut self) -> Result<()> {
        let described = match describe_stream(&self.db, &self.table, &self.checkpoints.stream).await {
            Err(error) if error.is_table_not_found() => return self.change_stream().await,
            described => described?,
        };
        let processes = self.checkpoints.count_processes(self.lease).await?;
        let mut checkpoints = self.checkpoints.all().await?;
        if self.is_from_latest && checkpoints.is_empty() {
            for shard in &described.shards {
                self.checkpoints.begin_at_latest(&shard.id, shard.is_closed).await?;
            }
            checkpoints = self.checkpoints.all().await?;
        }
        self.tell_of_lost(&described.shards, &checkpoints).await?;
        let ready = ready(&described.shards, &checkpoints);
        if ready.is_empty() && described.is_off && self.stops.is_empty() {
            return self.change_stream().await;
        }
        let share = ready.len().div_ceil(processes);
        let surplus = self.stops.len().saturating_sub(share);
        for stop in self.stops.values().take(surplus) {
            stop.send_replace(true);
        }
        let mut ready: Vec<&str> =
            ready.into_iter().filter(|shard| !self.stops.contains_key(*shard)).collect();
        // So that processes do not all ask for the same one.
        fastrand::shuffle(&mut ready);
        for shard in ready {
            if self.stops.len() >= share {
                break;
            }
            match self.checkpoints.lease(shard).duration(self.lease).acquire().await {
                Ok(lease) => self.follow(shard, lease),
                Err(error) if error.is_lease_held() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn follow(&mut self, shard: &str, lease: crate::Lease) {
        let shard: Arc<str> = Arc::from(shard);
        let (stop, told) = watch::channel(false);
        self.stops.insert(Arc::clone(&shard), stop);
        let follow = Follow {
            db: self.db.clone(),
            table: Arc::clone(&self.table),
            shard: Arc::clone(&shard),
            checkpoints: self.checkpoints.clone(),
            limit: self.limit,
            handler: Arc::clone(&self.handler),
            stop: Stop(told),
        };
        let work = async move { (shard, follow.run(lease).await) };
        self.tasks.spawn(work.in_current_span());
    }

    /// Says so if a shard is gone that was not read to its end, once.
    async fn tell_of_lost(&self, shards: &[Shard], checkpoints: &[StreamCheckpoint]) -> Result<()> {
        for checkpoint in checkpoints.iter().filter(|checkpoint| !checkpoint.is_finished) {
            if shards.iter().all(|shard| shard.id != checkpoint.shard) {
                tracing::error!(
                    table = &*self.table,
                    shard = checkpoint.shard,
                    "a shard of a stream is gone that was not read to its end, a day after its last record: \
                     what it held besides is lost to this consumer"
                );
                self.checkpoints.finish(&checkpoint.shard).await?;
            }
        }
        Ok(())
    }

    /// Goes on with the stream that the table has now: one that was turned off and on is another.
    async fn change_stream(&mut self) -> Result<()> {
        let stream = stream_of(&self.db, &self.table).await?;
        if stream != self.checkpoints.stream {
            tracing::info!(table = &*self.table, "the table has a new stream, which is read from now on");
            let _ = self.checkpoints.leave().await;
            self.checkpoints = Checkpoints::new(&self.db, &stream, &self.name, &self.process);
        }
        Ok(())
    }

    /// Lets what is being handled end, and the shards go.
    async fn stop(&mut self) -> Result<()> {
        for stop in self.stops.values() {
            stop.send_replace(true);
        }
        let mut stopped = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            stopped = stopped.and(self.ended(ended).map(drop));
        }
        // Else it counts until its time is over.
        if let Err(error) = self.checkpoints.leave().await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a consumer still counts as alive");
        }
        stopped
    }
}

/// The shards to read: not read to their end, and with parents that are, so that the changes of an item stay in order.
fn ready<'a>(shards: &'a [Shard], checkpoints: &[StreamCheckpoint]) -> Vec<&'a str> {
    let finished: HashSet<&str> = checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.is_finished)
        .map(|checkpoint| checkpoint.shard.as_str())
        .collect();
    let waits = |shard: &&Shard| {
        // A parent that is no longer told of is a day old, and has nothing to read.
        let parent = shard.parent.as_deref().filter(|parent| shards.iter().any(|shard| shard.id == *parent));
        parent.is_some_and(|parent| !finished.contains(parent))
    };
    let ready = shards.iter().filter(|shard| !finished.contains(shard.id.as_str()) && !waits(shard));
    ready.map(|shard| shard.id.as_str()).collect()
}
