//! Events of EventBridge buses, and the schedules of its rules and of EventBridge Scheduler.

use super::deliver::{Item, Source, all_or_failed, on};
use super::payload::Payload;
use super::{Answer, Events, name_in};
use crate::app::App;
use crate::error::BoxError;
use crate::extract::Ctx;
use dynamorm::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::future::Future;

/// An event of a bus.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EventBridgeEvent<T> {
    /// What the event is about, read as `T`.
    pub detail: T,
    /// What sort of event it is.
    pub detail_type: String,
    /// Who sent it.
    pub source: String,
    /// Its id. An event may be given more than once, with the same id.
    pub id: String,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The account that it comes from.
    pub account: String,
    /// The region that it comes from.
    pub region: String,
    /// The ARNs of what it is about.
    pub resources: Vec<String>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// The time of a schedule has come.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScheduledEvent {
    /// The schedule's or the rule's name.
    pub name: String,
    /// The event's id. The same time may be given more than once, with the same id.
    pub id: String,
    /// The time that has come.
    pub time: Option<Timestamp>,
    /// The facts of the invocation.
    pub ctx: Ctx,
}

/// As EventBridge sends it.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    id: String,
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    time: Option<String>,
    #[serde(default)]
    account: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    resources: Vec<String>,
    detail: Option<Box<RawValue>>,
}

impl Envelope {
    fn schedule(&self) -> Option<&str> {
        let is_schedule = self.detail_type == "Scheduled Event"
            && matches!(self.source.as_str(), "aws.events" | "aws.scheduler");
        is_schedule.then(|| self.resources.first().map_or("", |arn| name_in(arn)))
    }
}

impl<T: Payload> EventBridgeEvent<T> {
    fn of(event: Envelope, ctx: Ctx) -> Result<Self, BoxError> {
        let detail = event.detail.as_ref().map_or("null", |detail| detail.get());
        Ok(Self {
            detail: T::read(detail.as_bytes())?,
            detail_type: event.detail_type,
            source: event.source,
            id: event.id,
            time: event.time.and_then(|at| at.parse().ok()),
            account: event.account,
            region: event.region,
            resources: event.resources,
            ctx,
        })
    }
}

impl ScheduledEvent {
    fn of(event: Envelope, ctx: Ctx) -> Result<Self, BoxError> {
        Ok(Self {
            name: event.schedule().unwrap_or_default().to_owned(),
            id: event.id,
            time: event.time.and_then(|at| at.parse().ok()),
            ctx,
        })
    }
}

impl App {
    /// Calls `handler` for each event of this source and detail type: `("com.acme.orders", "OrderPlaced")`.
    ///
    /// A failure fails the invocation, so that Lambda tries it again and then sends it where failed invocations go (a dead-letter
    /// queue or destination that you set up). See [EventBridge
    /// events](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html).
    ///
    /// # Example
    ///
    /// ```
    /// use lift::event::EventBridgeEvent;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct OrderPlaced {
    ///     number: u32,
    /// }
    ///
    /// async fn on_order(event: EventBridgeEvent<OrderPlaced>) -> lift::Result<()> {
    ///     println!("order {}", event.detail.number);
    ///     Ok(())
    /// }
    ///
    /// let app = lift::App::new().eventbridge("com.acme.orders", "OrderPlaced", on_order);
    /// ```
    #[must_use]
    pub fn eventbridge<T, F, Fut, E>(mut self, source: &str, detail_type: &str, handler: F) -> Self
    where
        T: Payload,
        F: Fn(EventBridgeEvent<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.eventbridge.add(bus_name(source, detail_type), on(EventBridgeEvent::<T>::of, handler));
        self
    }

    /// Calls `handler` when the time of this schedule has come: a rule of EventBridge with a schedule, or a schedule of
    /// EventBridge Scheduler whose target has the default payload. The name, not the ARN.
    ///
    /// A failure fails the invocation, so that Lambda tries it again. The same time may be given twice: what must happen once
    /// needs a lease or idempotency.
    ///
    /// # Example
    ///
    /// ```
    /// use lift::event::ScheduledEvent;
    ///
    /// async fn nightly(event: ScheduledEvent) -> lift::Result<()> {
    ///     println!("{} at {:?}", event.name, event.time);
    ///     Ok(())
    /// }
    ///
    /// let app = lift::App::new().schedule("nightly-report", nightly);
    /// ```
    #[must_use]
    pub fn schedule<F, Fut, E>(mut self, name: &str, handler: F) -> Self
    where
        F: Fn(ScheduledEvent) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.events.schedules.add(name, on(ScheduledEvent::of, handler));
        self
    }
}

fn bus_name(source: &str, detail_type: &str) -> String {
    format!("{source}\n{detail_type}")
}

impl Events {
    pub(super) async fn bus(&self, payload: &RawValue, ctx: &Ctx) -> Answer {
        let event: Envelope = serde_json::from_str(payload.get()).map_err(|error| {
            format!("the event is not an event of EventBridge: see column {}", error.column())
        })?;
        let id = event.id.clone();
        if let Some(name) = event.schedule().map(str::to_owned) {
            let on = self.schedules.of("schedule", &name, "schedule")?.clone();
            let item = Item { id, record: event, on };
            return all_or_failed(vec![item], Source { kind: "schedule", name: &name }, ctx).await;
        }
        let name = bus_name(&event.source, &event.detail_type);
        let Some(on) = self.eventbridge.by_name.get(&name).cloned() else {
            let (source, detail_type) = (&event.source, &event.detail_type);
            return Err(format!(
                "no handler for the event `{detail_type}` of `{source}`: add one with `App::eventbridge(\"{source}\", \"{detail_type}\", ..)`"
            )
            .into());
        };
        let source = event.source.clone();
        let item = Item { id, record: event, on };
        all_or_failed(vec![item], Source { kind: "eventbridge", name: &source }, ctx).await
    }
}
