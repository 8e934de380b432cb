//! Records of Kinesis streams, shard by shard and in order.

use super::deliver::{Item, Source, on, ordered};
use super::payload::Payload;
use super::{Answer, Events, name_in, read, time_at};
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dynamorm::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::future::Future;

/// A record of a stream.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KinesisRecord<T> {
    /// What was put: JSON that is read as `T`, [`Text`](super::Text), or [`Binary`](super::Binary).
    pub data: T,
    /// By which records are told to shards.
    pub partition_key: String,
    /// Its number in its shard. A record may be given more than once, with the same number.
    pub sequence_number: String,
    /// When it arrived, to about a millisecond.
    pub arrived_at: Option<Timestamp>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// As Kinesis sends it.
#[derive(Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "eventSourceARN")]
    stream: String,
    kinesis: Inner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    partition_key: String,
    sequence_number: String,
    data: String,
    approximate_arrival_timestamp: Option<f64>,
}

impl<T: Payload> KinesisRecord<T> {
    fn of(Record { kinesis, .. }: Record, ctx: Ctx) -> Result<Self, BoxError> {
        let data = STANDARD.decode(&kinesis.data).map_err(|_| "the data is not base64")?;
        Ok(Self {
            data: T::read(&data)?,
            partition_key: kinesis.partition_key,
            sequence_number: kinesis.sequence_number,
            arrived_at: kinesis.approximate_arrival_timestamp.map(time_at),
            ctx,
        })
    }
}

impl App {
    /// Calls `handler` for each record of the Kinesis stream of this name, one after another.
    ///
    /// At the first failure it stops, and Lambda is told where: it gives that record and all behind it again, so that the order
    /// is kept. A record that always fails holds up its shard: bound the retries of the event source mapping, and give it a
    /// destination for what failed.
    ///
    /// **The event source mapping must have `ReportBatchItemFailures`** in its `FunctionResponseTypes`: without it, Lambda does
    /// not read the answer and goes on behind failed records. Records that the Kinesis Producer Library put together are not
    /// taken apart. See [Lambda and Kinesis](https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
    ///
    /// # Example
    ///
    /// ```
    /// use lift::event::KinesisRecord;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Click {
    ///     page: String,
    /// }
    ///
    /// async fn on_click(record: KinesisRecord<Click>) -> lift::Result<()> {
    ///     println!("a page of {} characters", record.data.page.len());
    ///     Ok(())
    /// }
    ///
    /// let app = lift::App::new().kinesis("clicks", on_click);
    /// ```
    #[must_use]
    pub fn kinesis<T, F, Fut, E>(mut self, stream: &str, handler: F) -> Self
    where
        T: Payload,
        F: Fn(KinesisRecord<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.kinesis.add(stream, on(KinesisRecord::<T>::of, handler));
        self
    }
}

impl Events {
    pub(super) async fn kinesis(&self, records: &[&RawValue], ctx: &Ctx) -> Answer {
        let records = read::<Record>(records, "Kinesis")?;
        let stream = records.first().map(|record| name_in(&record.stream).to_owned()).unwrap_or_default();
        let items = records.into_iter().map(|record| {
            let on = self.kinesis.of("stream", name_in(&record.stream), "kinesis")?.clone();
            Ok(Item { id: record.kinesis.sequence_number.clone(), record, on })
        });
        let items = items.collect::<Result<Vec<_>, BoxError>>()?;
        ordered(items, Source { kind: "kinesis", name: &stream }, ctx).await
    }
}
