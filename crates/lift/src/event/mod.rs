//! Events beside HTTP: queues, topics, buses, schedules, buckets and streams, in the same binary as the routes.
//!
//! Each source has a method on [`App`](crate::App) and a type that its handlers take: a handler is an `async fn` of one message.
//! What it needs besides, such as a `Db`, a closure gives it: `.sqs("orders", move |message| on_order(db.clone(), message))`.
//! Errors, panics, bodies that cannot be read, and time that runs out are failures of their own message where the source has a
//! way to say so, and of the invocation where it has none: nothing that failed is acknowledged. Layers and routes see none of it.

// How an event finds its handler is here. Each source has one file: what its events hold, what a handler is given of them, and
// what Lambda is told afterwards. `payload.rs` reads a body, `deliver.rs` runs handlers, `poll.rs` reads streams where Lambda does not. Start at `Events::answer`.

mod deliver;
mod dynamodb;
mod eventbridge;
mod kinesis;
mod payload;
mod poll;
mod s3;
mod sns;
mod sqs;

pub use dynamodb::StreamRecord;
pub use eventbridge::{EventBridgeEvent, ScheduledEvent};
pub use kinesis::KinesisRecord;
pub use payload::{Binary, Payload, Text};
pub(crate) use poll::Polled;
pub use s3::S3Event;
pub use sns::SnsMessage;
pub use sqs::{MessageAttribute, SqsMessage};

use crate::error::BoxError;
use crate::extract::Ctx;
use deliver::On;
use dynamorm::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// The handlers of an app, by what they listen to.
#[derive(Default)]
pub(crate) struct Events {
    sqs: Handlers<sqs::Record>,
    sns: Handlers<sns::Record>,
    s3: Handlers<s3::Record>,
    kinesis: Handlers<kinesis::Record>,
    dynamodb: Handlers<dynamodb::Record>,
    /// By source and detail type, with a line end between.
    eventbridge: Handlers<eventbridge::Envelope>,
    schedules: Handlers<eventbridge::Envelope>,
}

/// What Lambda is told of an event that went well, or in part.
type Answer = Result<Box<RawValue>, BoxError>;

/// The handlers of one kind of source.
struct Handlers<R> {
    by_name: HashMap<String, On<R>>,
    /// Names that were given two handlers: which of the two was meant cannot be known.
    twice: Vec<String>,
}

impl<R> Handlers<R> {
    fn add(&mut self, name: impl Into<String>, handler: On<R>) {
        let name = name.into();
        if self.by_name.insert(name.clone(), handler).is_some() {
            self.twice.push(name);
        }
    }

    /// The handler for `name`, or an error that says how to add it.
    fn of(&self, what: &str, name: &str, method: &str) -> Result<&On<R>, BoxError> {
        self.by_name.get(name).ok_or_else(|| {
            format!("no handler for the {what} `{name}`: add one with `App::{method}(\"{name}\", ..)`").into()
        })
    }
}

impl<R> Default for Handlers<R> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), twice: Vec::new() }
    }
}

/// The parts of an event by which its source is told. A request that comes over HTTP has none of them.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, rename = "Records")]
    records: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<Cow<'a, str>>,
}

/// A record says what it is of in one of two spellings.
#[derive(Deserialize)]
struct RecordSource<'a> {
    #[serde(borrow, rename = "eventSource", alias = "EventSource")]
    name: Cow<'a, str>,
}

impl Events {
    fn is_empty(&self) -> bool {
        self.sqs.by_name.is_empty()
            && self.sns.by_name.is_empty()
            && self.s3.by_name.is_empty()
            && self.kinesis.by_name.is_empty()
            && self.dynamodb.by_name.is_empty()
            && self.eventbridge.by_name.is_empty()
            && self.schedules.by_name.is_empty()
    }

    /// Fails if a name has two handlers.
    pub(crate) fn check(&self) -> Result<(), BoxError> {
        let twice = [
            ("SQS queue", &self.sqs.twice),
            ("SNS topic", &self.sns.twice),
            ("S3 bucket", &self.s3.twice),
            ("Kinesis stream", &self.kinesis.twice),
            ("table's stream", &self.dynamodb.twice),
            ("EventBridge event", &self.eventbridge.twice),
            ("schedule", &self.schedules.twice),
        ];
        match twice.iter().find_map(|(what, names)| Some((what, names.first()?))) {
            Some((what, name)) => {
                let name = name.replace('\n', " / ");
                Err(format!("the {what} `{name}` has two handlers, it can have one").into())
            }
            None => Ok(()),
        }
    }

    /// Carries out an event, or gives `None` if it is none of these: a request over HTTP.
    pub(crate) async fn answer(&self, payload: &RawValue, ctx: &Ctx) -> Option<Answer> {
        // A service that has routes only is not made to look.
        if self.is_empty() {
            return None;
        }
        let peek: Peek<'_> = serde_json::from_str(payload.get()).ok()?;
        if peek.detail_type.is_some() {
            return Some(self.bus(payload, ctx).await);
        }
        let records = peek.records?;
        let source: RecordSource<'_> = serde_json::from_str(records.first()?.get()).ok()?;
        match source.name.as_ref() {
            "aws:sqs" => Some(self.sqs(&records, ctx).await),
            "aws:sns" => Some(self.sns(&records, ctx).await),
            "aws:s3" => Some(self.s3(&records, ctx).await),
            "aws:kinesis" => Some(self.kinesis(&records, ctx).await),
            "aws:dynamodb" => Some(self.dynamodb(&records, ctx).await),
            other => Some(Err(format!("events of `{other}` are not understood").into())),
        }
    }
}

/// Reads every record of an event. None is carried out if one is not what its source sends.
fn read<'a, R: Deserialize<'a>>(records: &[&'a RawValue], what: &str) -> Result<Vec<R>, BoxError> {
    let read = |(nth, record): (usize, &&'a RawValue)| {
        serde_json::from_str(record.get()).map_err(|error| {
            // serde's own words may hold what the record holds.
            let place = format!("line {} column {}", error.line(), error.column());
            BoxError::from(format!("record {nth} is not a record of {what}: see {place} of it"))
        })
    };
    records.iter().enumerate().map(read).collect()
}

/// The last part of an ARN: what the queue, topic or stream is called.
fn name_in(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}

/// A time that is given in seconds since 1970, with a fraction.
fn time_at(seconds: f64) -> Timestamp {
    // Milliseconds since 1970 are far inside what an f64 counts exactly, and a cast of any f64 is defined.
    #[allow(clippy::cast_possible_truncation, reason = "the fraction of a millisecond is noise")]
    Timestamp::from_epoch_millis((seconds * 1000.0).round() as i64)
}

fn nothing() -> Answer {
    Ok(RawValue::NULL.to_owned())
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
        f.debug_struct("Events")
            .field("sqs", &names(self.sqs.by_name.keys().collect()))
            .field("sns", &names(self.sns.by_name.keys().collect()))
            .field("s3", &names(self.s3.by_name.keys().collect()))
            .field("kinesis", &names(self.kinesis.by_name.keys().collect()))
            .field("dynamodb", &names(self.dynamodb.by_name.keys().collect()))
            .field("eventbridge", &names(self.eventbridge.by_name.keys().collect()))
            .field("schedules", &names(self.schedules.by_name.keys().collect()))
            .finish()
    }
}
