//! Streams of tables where there is no Lambda to read them: `run` follows them, and gives their records to the same handlers as events.
//! Start at [`App::poll_streams`].

use super::Events;
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use dynamorm::{Db, ErrorKind, StreamRecord};
use futures_util::future::{FutureExt as _, try_join_all};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The records of an event: as many as Lambda gives unless it is told otherwise.
const BATCH: usize = 100;
/// How long it waits after what will not pass by itself, such as a missing permission.
const PAUSE: Duration = Duration::from_secs(30);
/// How long handlers may take for what they have when the process is told to stop. What is not done then is given again.
const GRACE: Duration = Duration::from_secs(10);

/// Whose streams are followed, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Polled {
    db: Db,
    consumer: String,
}

impl App {
    /// Has [`run`](crate::run) follow the streams of the tables that [`stream`](App::stream) has handlers for, outside Lambda: on a
    /// developer's machine, or where the service runs as a container. Inside Lambda it does nothing, since Lambda reads them.
    ///
    /// Handlers see no difference: each record in its order, again after a failure, at least once. It begins with what the stream has,
    /// which is up to a day old. Several processes of one `consumer` share the work, and that of one that was killed is taken over
    /// after half a minute. Checkpoints are in a table that
    /// [`StreamConsumer::create_table`](dynamorm::StreamConsumer::create_table) makes; on AWS it needs the feature `streams` of
    /// `dynamorm`. What it costs is in [`dynamorm::guide::streams`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// use dynamorm::{Db, Model, StreamViewType::NewAndOldImages};
    /// use lift::event::StreamRecord;
    ///
    /// #[derive(Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// struct User { id: String }
    ///
    /// async fn on_user(record: StreamRecord<User>) -> lift::Result<()> {
    ///     tracing::info!(number = record.sequence_number, "a user changed");
    ///     Ok(())
    /// }
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), lift::BoxError> {
    ///     let db = Db::from_env().await?;
    ///     db.create_table::<User>().stream(NewAndOldImages).if_not_exists().execute().await?;
    ///     db.stream_consumer("app", "users").create_table().await?;
    ///     lift::run(lift::App::new().stream("app", on_user).poll_streams(&db, "users")).await
    /// }
    /// ```
    #[must_use]
    pub fn poll_streams(mut self, db: &Db, consumer: &str) -> Self {
        self.polled = Some(Polled { db: db.clone(), consumer: consumer.to_owned() });
        self
    }
}

impl Polled {
    /// Follows the streams of all tables with handlers, until told to stop.
    ///
    /// # Errors
    ///
    /// If a table has no stream, or what reading one needs is missing.
    pub(crate) async fn follow(
        self,
        events: Arc<Events>,
        stop: impl Future<Output = ()> + Clone + Send + 'static,
    ) -> Result<(), BoxError> {
        let tables: Vec<String> = events.dynamodb.by_name.keys().cloned().collect();
        let all = tables.into_iter().map(|table| self.follow_one(table, &events, stop.clone()));
        let all = try_join_all(all).map(|ended| ended.map(drop));
        let late = stop.then(|()| tokio::time::sleep(GRACE));
        tokio::select! {
            ended = all => ended,
            () = late => {
                tracing::warn!("handlers of streams take too long to stop: their records are given again");
                Ok(())
            }
        }
    }

    async fn follow_one(
        &self,
        table: String,
        events: &Arc<Events>,
        stop: impl Future<Output = ()> + Clone + Send + 'static,
    ) -> Result<(), BoxError> {
        loop {
            let consumer = self.db.stream_consumer(table.as_str(), self.consumer.as_str());
            let (of_batch, named) = (Arc::clone(events), Arc::<str>::from(table.as_str()));
            let ended = consumer.limit(BATCH).until(stop.clone()).batches(move |records| {
                let (events, table) = (Arc::clone(&of_batch), Arc::clone(&named));
                async move { events.polled(&table, &records).await }
            });
            match ended.await {
                Ok(()) => return Ok(()),
                // It cannot work as the service is set up.
                Err(error)
                    if matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::TableNotFound) =>
                {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::error!(
                        table,
                        error = &error as &dyn std::error::Error,
                        "a stream is not followed"
                    );
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.clone() => return Ok(()),
            }
        }
    }
}

impl Events {
    /// Has records of one shard handled as those of an event. Gives how many are done, from the first.
    async fn polled(&self, table: &str, records: &[StreamRecord]) -> usize {
        let ctx = Ctx { request_id: uuid::Uuid::now_v7().to_string().into(), ..Ctx::default() };
        match self.answer_polled(table, records, &ctx).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(
                    table,
                    error = error.as_ref() as &dyn std::error::Error,
                    "records were not handled"
                );
                0
            }
        }
    }

    async fn answer_polled(
        &self,
        table: &str,
        records: &[StreamRecord],
        ctx: &Ctx,
    ) -> Result<usize, BoxError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "batchItemFailures")]
            failures: Vec<Failure>,
        }
        #[derive(Deserialize)]
        struct Failure {
            #[serde(rename = "itemIdentifier")]
            number: String,
        }
        let event = RawValue::from_string(event(table, records))?;
        let Some(answer) = self.answer(&event, ctx).await else {
            return Err("the records of a stream are no event".into());
        };
        let answer: Answer = serde_json::from_str(answer?.get())?;
        let is_failed = |record: &StreamRecord| {
            answer.failures.iter().any(|failure| failure.number == record.sequence_number())
        };
        Ok(records.iter().position(is_failed).unwrap_or(records.len()))
    }
}

/// The event that Lambda would make of these records. It tells the table by its stream, which a record does not.
fn event(table: &str, records: &[StreamRecord]) -> String {
    let mut event = String::from("{\"Records\":[");
    for (nth, record) in records.iter().enumerate() {
        let members = record.json().trim_end().strip_suffix('}').unwrap_or_default();
        event.push_str(if nth == 0 { "" } else { "," });
        event.push_str(members);
        // The name of a table has nothing that JSON escapes.
        event.push_str(",\"eventSourceARN\":\"arn:aws:dynamodb:::table/");
        event.push_str(table);
        event.push_str("/stream/polled\"}");
    }
    event.push_str("]}");
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Mutex;

    fn record(number: u32, id: &str) -> StreamRecord {
        let record = json!({
            "eventID": number.to_string(), "eventName": "INSERT", "eventSource": "aws:dynamodb",
            "dynamodb": { "SequenceNumber": number.to_string(), "NewImage": { "id": { "S": id } } },
        });
        StreamRecord::from_json(record.to_string()).unwrap()
    }

    #[tokio::test]
    async fn records_go_the_way_of_an_event_up_to_the_first_that_fails() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let handler = Arc::clone(&seen);
        let app = App::new().stream("app", move |record: super::super::StreamRecord<dynamorm::Item>| {
            handler.lock().unwrap().push(record.sequence_number.clone());
            std::future::ready(match record.change.new().unwrap()["id"].as_s() {
                Some("bad") => Err("no such luck"),
                Some("worse") => panic!("nobody expected it"),
                _ => Ok(()),
            })
        });
        let events = app.into_parts().events;
        let good = [record(1, "a"), record(2, "b")];
        assert_eq!(events.polled("app", &good).await, 2);
        assert_eq!(events.polled("app", &[good[0].clone(), record(2, "bad"), record(3, "c")]).await, 1);
        assert_eq!(events.polled("app", &[record(1, "worse"), record(2, "b")]).await, 0);
        assert_eq!(*seen.lock().unwrap(), ["1", "2", "1", "2", "1"]);
        // Of a table that nobody handles, nothing is done.
        assert_eq!(events.polled("other", &good).await, 0);
    }

    #[derive(dynamorm::Model)]
    #[dynamorm(table = "app", pk = "USER#{id}")]
    struct User {
        id: u32,
    }

    /// Follows the streams of an app's handlers in this database.
    async fn follow(
        app: App,
        db: &Db,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), BoxError> {
        let app = app.poll_streams(db, "test").into_parts();
        app.polled.unwrap().follow(Arc::new(app.events), stop.boxed().shared()).await
    }

    #[tokio::test]
    async fn what_is_written_is_handled_until_it_is_told_to_stop() {
        let db = Db::memory().unwrap();
        let create = db.create_table::<User>().stream(dynamorm::StreamViewType::NewAndOldImages);
        create.execute().await.unwrap();
        db.stream_consumer("app", "test").create_table().await.unwrap();
        for id in 0..5 {
            db.put(&User { id }).execute().await.unwrap();
        }
        let (seen, told) = tokio::sync::mpsc::unbounded_channel();
        let told = Arc::new(tokio::sync::Mutex::new(told));
        let app = App::new().stream("app", move |record: super::super::StreamRecord<User>| {
            std::future::ready(seen.send(record.change.new().map(|user| user.id)))
        });
        // Told to stop when the last one is handled.
        let handled = Arc::clone(&told);
        let stop = async move {
            let mut told = handled.lock().await;
            for id in 0..5 {
                assert_eq!(told.recv().await, Some(Some(id)));
            }
        };
        follow(app, &db, stop).await.unwrap();
        // Its checkpoint is written: who comes next has nothing to do.
        let again = Arc::new(Mutex::new(0));
        let given = Arc::clone(&again);
        let app = App::new().stream("app", move |_: super::super::StreamRecord<User>| {
            *given.lock().unwrap() += 1;
            std::future::ready(Ok::<_, BoxError>(()))
        });
        let stop = tokio::time::sleep(Duration::from_millis(300));
        follow(app, &db, stop).await.unwrap();
        assert_eq!(*again.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn a_table_without_a_stream_is_an_error_and_no_handlers_are_none() {
        let db = Db::memory().unwrap();
        db.create_table::<User>().execute().await.unwrap();
        let app = App::new().stream("app", async |_: super::super::StreamRecord<User>| Ok::<_, BoxError>(()));
        let error = follow(app, &db, std::future::pending()).await.unwrap_err();
        assert!(error.to_string().contains("has no stream"), "{error}");
        follow(App::new(), &db, std::future::pending()).await.unwrap();
    }
}
