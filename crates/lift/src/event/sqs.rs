//! Messages of SQS queues: one handler call for each, and only those that failed are given again.

use super::deliver::{self, Item, Source, on, ordered, unordered};
use super::payload::Payload;
use super::{Answer, Events, name_in, read};
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use dynamorm::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::future::Future;

/// A message of a queue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SqsMessage<T> {
    /// What was sent: JSON that is read as `T`, or [`Text`](super::Text).
    pub body: T,
    /// Its id. A message may be given more than once, with the same id: what must happen once needs idempotency.
    pub id: String,
    /// How often it was given so far, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// The group within which a FIFO queue keeps the order.
    pub group_id: Option<String>,
    /// The attributes that the sender gave it.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// An attribute of a message, as the sender gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageAttribute {
    /// `String`, or `Number` as its digits.
    Text(String),
    /// `Binary`, in base64 as it came.
    Base64(String),
}

/// As SQS sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    message_id: String,
    body: String,
    #[serde(rename = "eventSourceARN")]
    queue: String,
    #[serde(default)]
    attributes: System,
    #[serde(default)]
    message_attributes: BTreeMap<String, RawAttribute>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct System {
    approximate_receive_count: Option<String>,
    sent_timestamp: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAttribute {
    string_value: Option<String>,
    binary_value: Option<String>,
}

impl<T: Payload> SqsMessage<T> {
    fn of(record: Record, ctx: Ctx) -> Result<Self, BoxError> {
        let System { approximate_receive_count, sent_timestamp, message_group_id } = record.attributes;
        let attributes = record.message_attributes.into_iter().filter_map(|(name, value)| {
            let text = value.string_value.map(MessageAttribute::Text);
            Some((name, text.or_else(|| value.binary_value.map(MessageAttribute::Base64))?))
        });
        Ok(Self {
            body: T::read(record.body.as_bytes())?,
            id: record.message_id,
            receive_count: approximate_receive_count.and_then(|count| count.parse().ok()).unwrap_or(1),
            sent_at: sent_timestamp.and_then(|at| Some(Timestamp::from_epoch_millis(at.parse().ok()?))),
            group_id: message_group_id,
            attributes: attributes.collect(),
            ctx,
        })
    }
}

impl App {
    /// Calls `handler` for each message of the SQS queue of this name: the name, not the ARN, and exactly this one.
    ///
    /// A message fails alone, by an error, a panic, a body that is not a `T`, or the end of the invocation's time (500 ms before
    /// Lambda's own): Lambda is told its id and gives it again, and the others are deleted. Messages of a FIFO queue are handled
    /// one after another, and after the first failure the rest is given back too, so that their order is kept; those of other
    /// queues up to 16 at a time.
    ///
    /// **The event source mapping must have `ReportBatchItemFailures`** in its `FunctionResponseTypes`. Without it Lambda does
    /// not read the answer, and deletes failed messages with the rest. See [Handling errors for an SQS event
    /// source](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
    ///
    /// # Example
    ///
    /// ```
    /// use lift::event::SqsMessage;
    /// use lift::testing::TestApp;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct OrderPlaced {
    ///     number: u32,
    /// }
    ///
    /// async fn on_order(message: SqsMessage<OrderPlaced>) -> lift::Result<()> {
    ///     match message.body.number {
    ///         0 => Err(lift::Error::validation("orders are counted from 1")),
    ///         _ => Ok(()),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// let app = TestApp::new(lift::App::new().sqs("orders", on_order));
    /// # let arn = "arn:aws:sqs:us-east-1:123456789012:orders";
    /// let event = serde_json::json!({"Records": [
    ///     {"eventSource": "aws:sqs", "eventSourceARN": arn, "messageId": "m1", "body": "{\"number\": 1}"},
    ///     {"eventSource": "aws:sqs", "eventSourceARN": arn, "messageId": "m2", "body": "{\"number\": 0}"},
    /// ]});
    /// let answer = app.invoke(event).await?;
    /// assert_eq!(answer, serde_json::json!({"batchItemFailures": [{"itemIdentifier": "m2"}]}));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn sqs<T, F, Fut, E>(mut self, queue: &str, handler: F) -> Self
    where
        T: Payload,
        F: Fn(SqsMessage<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.sqs.add(queue, on(SqsMessage::<T>::of, handler));
        self
    }
}

impl Events {
    pub(super) async fn sqs(&self, records: &[&RawValue], ctx: &Ctx) -> Answer {
        let records = read::<Record>(records, "SQS")?;
        let queue = records.first().map(|record| name_in(&record.queue).to_owned()).unwrap_or_default();
        let items = records.into_iter().map(|record| {
            let on = self.sqs.of("queue", name_in(&record.queue), "sqs")?.clone();
            Ok(Item { id: record.message_id.clone(), record, on })
        });
        let items = items.collect::<Result<Vec<deliver::Item<Record>>, BoxError>>()?;
        let source = Source { kind: "sqs", name: &queue };
        if queue.ends_with(".fifo") {
            ordered(items, source, ctx).await
        } else {
            unordered(items, source, ctx).await
        }
    }
}
