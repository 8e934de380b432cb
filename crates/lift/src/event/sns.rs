//! Messages of SNS topics that call the function themselves.

use super::deliver::{Item, Source, all_or_failed, on};
use super::payload::Payload;
use super::sqs::MessageAttribute;
use super::{Answer, Events, name_in, read};
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use dynamorm::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::future::Future;

/// A message of a topic.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SnsMessage<T> {
    /// What was published: JSON that is read as `T`, or [`Text`](super::Text).
    pub message: T,
    /// Its id. A message may be given more than once, with the same id.
    pub id: String,
    /// Its subject, if it has one.
    pub subject: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// The attributes that the publisher gave it.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// As SNS sends it.
#[derive(Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "Sns")]
    sns: Notification,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    message_id: String,
    topic_arn: String,
    message: String,
    subject: Option<String>,
    timestamp: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, RawAttribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawAttribute {
    r#type: String,
    value: String,
}

impl<T: Payload> SnsMessage<T> {
    fn of(Record { sns }: Record, ctx: Ctx) -> Result<Self, BoxError> {
        let attributes = sns.message_attributes.into_iter().map(|(name, RawAttribute { r#type, value })| {
            let binary = r#type.starts_with("Binary");
            (name, if binary { MessageAttribute::Base64(value) } else { MessageAttribute::Text(value) })
        });
        Ok(Self {
            message: T::read(sns.message.as_bytes())?,
            id: sns.message_id,
            subject: sns.subject,
            published_at: sns.timestamp.and_then(|at| at.parse().ok()),
            attributes: attributes.collect(),
            ctx,
        })
    }
}

impl App {
    /// Calls `handler` for each message of the SNS topic of this name: the name, not the ARN, and exactly this one.
    ///
    /// A failure fails the invocation, so that Lambda tries it again and then sends it where failed invocations go (a dead-letter
    /// queue or destination that you set up). See [Lambda and SNS](https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html).
    ///
    /// # Example
    ///
    /// ```
    /// use lift::event::{SnsMessage, Text};
    ///
    /// async fn on_alarm(alarm: SnsMessage<Text>) -> lift::Result<()> {
    ///     println!("{}", alarm.subject.unwrap_or_default());
    ///     Ok(())
    /// }
    ///
    /// let app = lift::App::new().sns("alarms", on_alarm);
    /// ```
    #[must_use]
    pub fn sns<T, F, Fut, E>(mut self, topic: &str, handler: F) -> Self
    where
        T: Payload,
        F: Fn(SnsMessage<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.sns.add(topic, on(SnsMessage::<T>::of, handler));
        self
    }
}

impl Events {
    pub(super) async fn sns(&self, records: &[&RawValue], ctx: &Ctx) -> Answer {
        let records = read::<Record>(records, "SNS")?;
        let topic =
            records.first().map(|record| name_in(&record.sns.topic_arn).to_owned()).unwrap_or_default();
        let items = records.into_iter().map(|record| {
            let on = self.sns.of("topic", name_in(&record.sns.topic_arn), "sns")?.clone();
            Ok(Item { id: record.sns.message_id.clone(), record, on })
        });
        let items = items.collect::<Result<Vec<_>, BoxError>>()?;
        all_or_failed(items, Source { kind: "sns", name: &topic }, ctx).await
    }
}
