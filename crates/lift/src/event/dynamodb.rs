//! Records of DynamoDB Streams: what happened to the items of a table, shard by shard and in order.

use super::deliver::{Item, Source, on_some, ordered};
use super::{Answer, Events, read, time_at};
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use dynamorm::{Change, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::future::Future;

/// A change of one item, as the stream of its table tells it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StreamRecord<R> {
    /// What happened: `R` is a model, a projection of one, an item collection for several models, or `dynamorm::Item`.
    pub change: Change<R>,
    /// True if DynamoDB removed the item by itself, since its time to live was over.
    pub is_expired: bool,
    /// Its number in its shard. A record may be given more than once, with the same number.
    pub sequence_number: String,
    /// When it happened, to about a second.
    pub happened_at: Option<Timestamp>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// As DynamoDB sends it. The images are read from the whole of it, by the codec of reads.
pub(crate) struct Record {
    json: Box<RawValue>,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "eventSourceARN")]
    stream: String,
    #[serde(rename = "userIdentity")]
    user: Option<User>,
    dynamodb: Inner,
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "principalId")]
    principal: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inner {
    sequence_number: String,
    approximate_creation_date_time: Option<f64>,
}

impl Record {
    /// The table's name: `arn:aws:dynamodb:us-east-1:123456789012:table/app/stream/2026-11-25T10:00:00.000`.
    fn table(&self) -> &str {
        let table = self.head.stream.split_once(":table/").map_or("", |(_, rest)| rest);
        table.split('/').next().unwrap_or_default()
    }
}

impl<R: dynamorm::StreamItem> StreamRecord<R> {
    /// `None` if the item is none of `R`'s.
    fn of(Record { json, head }: Record, ctx: Ctx) -> Result<Option<Self>, BoxError> {
        let Some(change) = Change::of_record(json.get().as_bytes())? else { return Ok(None) };
        let is_expired = head.user.is_some_and(|user| {
            user.kind.as_deref() == Some("Service")
                && user.principal.as_deref() == Some("dynamodb.amazonaws.com")
                && matches!(change, Change::Removed(_))
        });
        Ok(Some(Self {
            change,
            is_expired,
            sequence_number: head.dynamodb.sequence_number,
            happened_at: head.dynamodb.approximate_creation_date_time.map(time_at),
            ctx,
        }))
    }
}

impl App {
    /// Calls `handler` for each change of an item in the table of this name, one after another, in the types of its models.
    ///
    /// Changes of items that are not `R`'s are passed over: a table's stream tells of all its items. For those of several models
    /// take an `ItemCollection`.
    ///
    /// At the first failure it stops, and Lambda is told where: it gives that record and all behind it again, so that the order
    /// is kept. A record that always fails holds up its shard: bound the retries of the event source mapping, and give it a
    /// destination for what failed.
    ///
    /// **The event source mapping must have `ReportBatchItemFailures`** in its `FunctionResponseTypes`: without it, Lambda does
    /// not read the answer and goes on behind failed records. **The stream must have the view type `NEW_AND_OLD_IMAGES`**. See
    /// [Lambda and DynamoDB](https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).
    ///
    /// # Example
    ///
    /// ```
    /// use dynamorm::{Change, Model};
    /// use lift::event::StreamRecord;
    ///
    /// #[derive(Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// struct User {
    ///     id: String,
    ///     credits: i64,
    /// }
    ///
    /// async fn on_user(record: StreamRecord<User>) -> lift::Result<()> {
    ///     match record.change {
    ///         Change::Inserted(user) => println!("welcome, {}", user.id),
    ///         Change::Updated { old, new } if new.credits < old.credits => println!("{} spent some", new.id),
    ///         _ => {}
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let app = lift::App::new().stream("app", on_user);
    /// ```
    #[must_use]
    pub fn stream<R, F, Fut, E>(mut self, table: &str, handler: F) -> Self
    where
        R: dynamorm::StreamItem + Send + 'static,
        F: Fn(StreamRecord<R>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.dynamodb.add(table, on_some(StreamRecord::<R>::of, handler));
        self
    }
}

impl Events {
    pub(super) async fn dynamodb(&self, records: &[&RawValue], ctx: &Ctx) -> Answer {
        let heads = read::<Head>(records, "DynamoDB Streams")?;
        let records = heads.into_iter().zip(records);
        let records: Vec<Record> =
            records.map(|(head, json)| Record { json: (*json).to_owned(), head }).collect();
        let table = records.first().map(|record| record.table().to_owned()).unwrap_or_default();
        let items = records.into_iter().map(|record| {
            let on = self.dynamodb.of("table", record.table(), "stream")?.clone();
            Ok(Item { id: record.head.dynamodb.sequence_number.clone(), record, on })
        });
        let items = items.collect::<Result<Vec<_>, BoxError>>()?;
        ordered(items, Source { kind: "dynamodb", name: &table }, ctx).await
    }
}
