//! Events as AWS sends them, for [`TestApp::invoke`](super::TestApp::invoke): one function for each source.
//!
//! Each gives the JSON of a whole event, of which a test may change what it is about. Names are those that handlers are given:
//! `events::sqs("orders", [..])` reaches `App::new().sqs("orders", ..)`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dynamorm::{Change, Model};
use serde::Serialize;
use serde_json::{Value, json};

/// When these events happened: 2026-11-25T10:00:00Z.
const SECONDS: u64 = 1_795_600_800;
const TIME: &str = "2026-11-25T10:00:00.000Z";

/// Messages of an SQS queue, with the ids `m0`, `m1` and so on. Those of a queue whose name ends with `.fifo` are all of one group.
///
/// ```
/// # use lift::{App, BoxError, event::{SqsMessage, Text}, testing::{TestApp, events}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let on_line = async |message: SqsMessage<Text>| match message.body.0.as_str() {
///     "poison" => Err(BoxError::from("not this one")),
///     _ => Ok(()),
/// };
/// let app = TestApp::new(App::new().sqs("lines", on_line));
/// let answer = app.invoke(events::sqs("lines", ["a line", "poison"])).await?;
/// assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], "m1");
/// # Ok(()) }
/// ```
pub fn sqs(queue: &str, bodies: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
    let is_fifo = queue.ends_with(".fifo");
    records(bodies, |nth, body| {
        let mut attributes = json!({
            "ApproximateReceiveCount": "1", "SentTimestamp": (SECONDS * 1000).to_string(),
            "SenderId": "AIDATEST", "ApproximateFirstReceiveTimestamp": (SECONDS * 1000).to_string(),
        });
        if is_fifo {
            attributes["MessageGroupId"] = "group".into();
            attributes["SequenceNumber"] = nth.to_string().into();
        }
        json!({
            "messageId": format!("m{nth}"), "receiptHandle": format!("r{nth}"), "body": body.as_ref(),
            "attributes": attributes, "messageAttributes": {}, "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"), "awsRegion": "us-east-1",
        })
    })
}

/// A notification of an SNS topic.
///
/// ```
/// # use lift::{App, BoxError, event::{SnsMessage, Text}, testing::{TestApp, events}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let app = TestApp::new(App::new().sns("alerts", async |_: SnsMessage<Text>| Ok::<_, BoxError>(())));
/// app.invoke(events::sns("alerts", "the disk is full")).await?;
/// # Ok(()) }
/// ```
pub fn sns(topic: &str, message: &str) -> Value {
    let arn = format!("arn:aws:sns:us-east-1:123456789012:{topic}");
    json!({"Records": [{
        "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": format!("{arn}:subscription"),
        "Sns": {
            "Type": "Notification", "MessageId": "m0", "TopicArn": arn, "Subject": null, "Message": message,
            "Timestamp": TIME, "MessageAttributes": {},
        },
    }]})
}

/// An event of an S3 bucket, such as `ObjectCreated:Put`, about the object of this key.
///
/// ```
/// # use lift::{App, BoxError, event::S3Event, testing::{TestApp, events}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let on_upload = async |event: S3Event| {
///     assert_eq!(event.key, "a photo.jpg");
///     Ok::<_, BoxError>(())
/// };
/// let app = TestApp::new(App::new().s3("photos", on_upload));
/// app.invoke(events::s3("photos", "ObjectCreated:Put", "a photo.jpg")).await?;
/// # Ok(()) }
/// ```
pub fn s3(bucket: &str, event: &str, key: &str) -> Value {
    // As S3 writes keys: in the form of a query.
    let quoted: String = key
        .bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            b'/' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": TIME, "eventName": event,
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": quoted, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0A1B2C3D"},
        },
    }]})
}

/// Records of a Kinesis stream, all of one shard, with the sequence numbers `0`, `1` and so on.
///
/// ```
/// # use lift::{App, BoxError, event::{KinesisRecord, Text}, testing::{TestApp, events}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let app = TestApp::new(App::new().kinesis("clicks", async |_: KinesisRecord<Text>| Ok::<_, BoxError>(())));
/// app.invoke(events::kinesis("clicks", ["one", "two"])).await?;
/// # Ok(()) }
/// ```
pub fn kinesis(stream: &str, data: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Value {
    records(data, |nth, data| {
        json!({
            "eventID": format!("shardId-000000000000:{nth}"), "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record",
            "eventVersion": "1.0", "awsRegion": "us-east-1",
            "eventSourceARN": format!("arn:aws:kinesis:us-east-1:123456789012:stream/{stream}"),
            "kinesis": {
                "kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": nth.to_string(),
                "data": STANDARD.encode(data), "approximateArrivalTimestamp": SECONDS,
            },
        })
    })
}

/// An event of an EventBridge bus.
///
/// ```
/// # use lift::{App, BoxError, event::EventBridgeEvent, testing::{TestApp, events}};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize)]
/// struct Placed { number: u32 }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let on_placed = async |event: EventBridgeEvent<Placed>| {
///     assert_eq!(event.detail.number, 7);
///     Ok::<_, BoxError>(())
/// };
/// let app = TestApp::new(App::new().eventbridge("com.acme.orders", "OrderPlaced", on_placed));
/// app.invoke(events::eventbridge("com.acme.orders", "OrderPlaced", &Placed { number: 7 })).await?;
/// # Ok(()) }
/// ```
///
/// # Panics
///
/// If the detail cannot be JSON.
pub fn eventbridge(source: &str, detail_type: &str, detail: &impl Serialize) -> Value {
    let detail = serde_json::to_value(detail).expect("the detail is JSON");
    json!({
        "version": "0", "id": "e0", "source": source, "detail-type": detail_type, "account": "123456789012",
        "time": "2026-11-25T10:00:00Z", "region": "us-east-1", "resources": [], "detail": detail,
    })
}

/// The time of a scheduled rule of this name has come.
///
/// ```
/// # use lift::{App, BoxError, event::ScheduledEvent, testing::{TestApp, events}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let app = TestApp::new(App::new().schedule("nightly", async |_: ScheduledEvent| Ok::<_, BoxError>(())));
/// app.invoke(events::schedule("nightly")).await?;
/// # Ok(()) }
/// ```
pub fn schedule(rule: &str) -> Value {
    let mut event = eventbridge("aws.events", "Scheduled Event", &json!({}));
    event["resources"] = json!([format!("arn:aws:events:us-east-1:123456789012:rule/{rule}")]);
    event
}

/// Changes in a table as its stream tells them, with the sequence numbers `0`, `1` and so on.
///
/// ```
/// # use dynamorm::{Change, Model};
/// # use lift::{App, BoxError, event::StreamRecord, testing::{TestApp, events}};
/// #[derive(Debug, Clone, PartialEq, Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
/// struct User { id: String }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), BoxError> {
/// let ada = User { id: "u1".into() };
/// let on_user = async |record: StreamRecord<User>| match record.change {
///     Change::Inserted(user) if user.id == "u1" => Ok(()),
///     _ => Err(BoxError::from("something else")),
/// };
/// let app = TestApp::new(App::new().stream("app", on_user));
/// let answer = app.invoke(events::stream("app", [Change::Inserted(ada.clone()), Change::Removed(ada)])).await?;
/// assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], "1");
/// # Ok(()) }
/// ```
///
/// # Panics
///
/// If an item cannot be stored.
pub fn stream<M: Model>(table: &str, changes: impl IntoIterator<Item = Change<M>>) -> Value {
    records(changes, |nth, change| {
        let record = change.to_record().expect("an item that can be stored");
        let mut record: Value = serde_json::from_str(&record).expect("a record is JSON");
        record["eventID"] = format!("e{nth}").into();
        record["eventVersion"] = "1.1".into();
        record["eventSource"] = "aws:dynamodb".into();
        record["awsRegion"] = "us-east-1".into();
        let arn =
            format!("arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2026-11-25T10:00:00.000");
        record["eventSourceARN"] = arn.into();
        record["dynamodb"]["SequenceNumber"] = nth.to_string().into();
        record["dynamodb"]["ApproximateCreationDateTime"] = SECONDS.into();
        record["dynamodb"]["StreamViewType"] = "NEW_AND_OLD_IMAGES".into();
        record
    })
}

fn records<T>(of: impl IntoIterator<Item = T>, record: impl Fn(usize, T) -> Value) -> Value {
    let records: Vec<Value> = of.into_iter().enumerate().map(|(nth, one)| record(nth, one)).collect();
    json!({ "Records": records })
}
