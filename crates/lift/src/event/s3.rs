//! What happens to the objects of S3 buckets.

use super::deliver::{Item, Source, all_or_failed, on};
use super::{Answer, Events, read};
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use dynamorm::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::future::Future;

/// What happened to an object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct S3Event {
    /// What happened: `ObjectCreated:Put`, `ObjectRemoved:Delete`, …
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key, decoded: S3 sends `my+photo%20one.jpg` for `my photo one.jpg`.
    pub key: String,
    /// The object's size in bytes; none if it was removed.
    pub size: Option<u64>,
    /// Its entity tag; none if it was removed.
    pub etag: Option<String>,
    /// Its version, if the bucket keeps versions.
    pub version_id: Option<String>,
    /// Tells which of two events of one key is the later one: compare as text after padding the shorter with zeros on its right.
    pub sequencer: Option<String>,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// As S3 sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    event_name: String,
    event_time: Option<String>,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    key: String,
    size: Option<u64>,
    e_tag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

impl S3Event {
    fn of(record: Record, ctx: Ctx) -> Result<Self, BoxError> {
        let Record { event_name, event_time, s3: Entity { bucket, object } } = record;
        Ok(Self {
            name: event_name,
            bucket: bucket.name,
            key: decoded(&object.key).ok_or("the key is not text once it is decoded")?,
            size: object.size,
            etag: object.e_tag,
            version_id: object.version_id,
            sequencer: object.sequencer,
            time: event_time.and_then(|at| at.parse().ok()),
            ctx,
        })
    }
}

/// A key as it is in the bucket: `+` is a space, `%2F` a slash. What is no escape stands for itself.
fn decoded(key: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'+', _) => {
                bytes.push(b' ');
                tail
            }
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    after
                }
                _ => {
                    bytes.push(b'%');
                    tail
                }
            },
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl App {
    /// Calls `handler` for each event of the S3 bucket of this name.
    ///
    /// An event may be given more than once, and events of one key out of order: `sequencer` tells. A failure fails the
    /// invocation, so that Lambda tries it again and then sends it where failed invocations go. See [S3 event
    /// messages](https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
    ///
    /// # Example
    ///
    /// ```
    /// use lift::event::S3Event;
    ///
    /// async fn on_upload(event: S3Event) -> lift::Result<()> {
    ///     println!("{} bytes", event.size.unwrap_or(0));
    ///     Ok(())
    /// }
    ///
    /// let app = lift::App::new().s3("uploads", on_upload);
    /// ```
    #[must_use]
    pub fn s3<F, Fut, E>(mut self, bucket: &str, handler: F) -> Self
    where
        F: Fn(S3Event) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.s3.add(bucket, on(S3Event::of, handler));
        self
    }
}

impl Events {
    pub(super) async fn s3(&self, records: &[&RawValue], ctx: &Ctx) -> Answer {
        let records = read::<Record>(records, "S3")?;
        let bucket = records.first().map(|record| record.s3.bucket.name.clone()).unwrap_or_default();
        let items = records.into_iter().enumerate().map(|(nth, record)| {
            let on = self.s3.of("bucket", &record.s3.bucket.name, "s3")?.clone();
            // Keys are data, so the log says which record it was.
            Ok(Item { id: format!("record {nth}"), record, on })
        });
        let items = items.collect::<Result<Vec<_>, BoxError>>()?;
        all_or_failed(items, Source { kind: "s3", name: &bucket }, ctx).await
    }
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_key_is_decoded_as_s3_encodes_it() {
        for (sent, key) in [
            ("Happy%20Face.jpg", "Happy Face.jpg"),
            ("my+photo.jpg", "my photo.jpg"),
            ("a%2Bb%2fc", "a+b/c"),
            ("%C3%A9t%C3%A9", "été"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("", ""),
        ] {
            assert_eq!(decoded(sent).as_deref(), Some(key), "{sent}");
        }
        assert_eq!(decoded("%FF"), None);
    }
}
