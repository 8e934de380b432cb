//! One span and one measurement for each call, by OpenTelemetry's names for DynamoDB. Never a value.
//!
//! `tracing-opentelemetry` makes spans and metrics of them: the span as it is, the event `histogram.…` through its
//! `MetricsLayer`. Where nobody listens, nothing is read or made. Start at [`Traced::begin`].
//!
//! See <https://opentelemetry.io/docs/specs/semconv/database/dynamodb>.

use super::summary::Asked;
use super::{Operation, Request};
use crate::Error;
use std::time::Instant;
use tracing::field::{Empty, display};
use tracing::{Level, Span};

/// A call that is being watched, or is not.
pub(crate) struct Traced {
    span: Span,
    /// If anybody may want to know how long it takes.
    began: Option<Instant>,
}

impl Traced {
    pub(crate) fn begin(request: &Request, table: Option<&str>) -> Self {
        let operation = request.operation;
        let span = tracing::info_span!(
            target: "dynamorm",
            "dynamodb",
            otel.name = %Name(operation, table),
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "aws.dynamodb",
            db.operation.name = operation.name(),
            db.operation.batch.size = Empty,
            db.collection.name = table,
            aws.dynamodb.table_names = ?request.tables,
            aws.dynamodb.index_name = Empty,
            aws.dynamodb.limit = Empty,
            aws.dynamodb.consistent_read = Empty,
            aws.dynamodb.scan_forward = Empty,
            aws.dynamodb.select = Empty,
            aws.dynamodb.segment = Empty,
            aws.dynamodb.total_segments = Empty,
            aws.dynamodb.count = Empty,
            aws.dynamodb.scanned_count = Empty,
            aws.dynamodb.consumed_capacity = Empty,
            "error.type" = Empty,
        );
        if !span.is_disabled() {
            record_asked(&span, &Asked::of(request));
        }
        let is_measured = tracing::level_filters::LevelFilter::current() >= Level::DEBUG;
        Self { span, began: is_measured.then(Instant::now) }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn into_span(self) -> Span {
        self.span
    }

    /// Tells how it ended.
    pub(crate) fn end(&self, operation: Operation, table: Option<&str>, failure: Option<&Error>) {
        let error_type = failure.map(|error| match error.service_code() {
            Some(code) => code.to_owned(),
            None => format!("{:?}", error.kind()),
        });
        if let Some(error_type) = &error_type {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", error_type.as_str());
        }
        let Some(began) = self.began else { return };
        let _entered = self.span.enter();
        tracing::event!(
            target: "dynamorm::metrics",
            Level::DEBUG,
            histogram.db.client.operation.duration = began.elapsed().as_secs_f64(),
            db.system.name = "aws.dynamodb",
            db.operation.name = operation.name(),
            db.collection.name = table,
            "error.type" = error_type.as_deref(),
        );
    }
}

/// Tells what a read found and consumed, as it stands in its answer.
pub(crate) fn record_read(span: &Span, count: u64, scanned_count: u64, capacity: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    span.record("aws.dynamodb.count", count);
    span.record("aws.dynamodb.scanned_count", scanned_count);
    record_capacity(span, capacity);
}

/// Tells the answer's `ConsumedCapacity`, which holds names and units: a list, as the conventions have it.
pub(crate) fn record_capacity(span: &Span, capacity: Option<&str>) {
    match capacity {
        Some(list) if list.starts_with('[') => {
            span.record("aws.dynamodb.consumed_capacity", list);
        }
        Some(one) => {
            span.record("aws.dynamodb.consumed_capacity", display(format_args!("[{one}]")));
        }
        None => {}
    }
}

fn record_asked(span: &Span, asked: &Asked) {
    // One operation is no batch.
    if let Some(operations) = asked.operations.filter(|operations| *operations > 1) {
        span.record("db.operation.batch.size", operations);
    }
    if let Some(index) = &asked.index_name {
        span.record("aws.dynamodb.index_name", index.as_str());
    }
    if let Some(select) = &asked.select {
        span.record("aws.dynamodb.select", select.as_str());
    }
    for (name, flag) in [
        ("aws.dynamodb.consistent_read", asked.consistent_read),
        ("aws.dynamodb.scan_forward", asked.scan_forward),
    ] {
        if let Some(flag) = flag {
            span.record(name, flag);
        }
    }
    for (name, number) in [
        ("aws.dynamodb.limit", asked.limit),
        ("aws.dynamodb.segment", asked.segment),
        ("aws.dynamodb.total_segments", asked.total_segments),
    ] {
        if let Some(number) = number {
            span.record(name, number);
        }
    }
}

/// `Query app`, and of several tables the operation alone.
struct Name<'a>(Operation, Option<&'a str>);

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())?;
        self.1.map_or(Ok(()), |table| write!(f, " {table}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::op::test_models::*;
    use crate::transport::{Fault, Faults, Operation};
    use crate::{Db, Meter};
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    type Fields = BTreeMap<&'static str, String>;

    /// Keeps the fields of every span and event of this crate.
    #[derive(Clone, Default)]
    struct Collector(Arc<Mutex<Vec<Fields>>>);

    struct Into<'a>(&'a mut Fields);

    impl Visit for Into<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.insert(field.name(), format!("{value:?}"));
        }
    }

    impl Subscriber for Collector {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target().starts_with("dynamorm")
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let mut all = self.0.lock().unwrap();
            let mut fields = Fields::new();
            span.record(&mut Into(&mut fields));
            all.push(fields);
            Id::from_u64(all.len() as u64)
        }

        fn record(&self, span: &Id, values: &Record<'_>) {
            let mut all = self.0.lock().unwrap();
            let nth = usize::try_from(span.into_u64()).unwrap() - 1;
            values.record(&mut Into(&mut all[nth]));
        }

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields::new();
            event.record(&mut Into(&mut fields));
            self.0.lock().unwrap().push(fields);
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    impl Collector {
        /// What was collected since the last time, without how long it took.
        fn taken(&self) -> String {
            let mut all = std::mem::take(&mut *self.0.lock().unwrap());
            for fields in &mut all {
                if let Some(seconds) = fields.get_mut("histogram.db.client.operation.duration") {
                    assert!(seconds.parse::<f64>().unwrap() > 0.0);
                    "0".clone_into(seconds);
                }
            }
            let line =
                |fields: Fields| fields.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
            all.into_iter().map(line).collect::<Vec<_>>().join("\n")
        }
    }

    #[tokio::test]
    async fn a_call_has_a_span_and_a_measurement_by_the_names_of_opentelemetry() {
        let db = db();
        db.create_table::<(User, Order)>().execute().await.unwrap();
        db.put(&order()).execute().await.unwrap();
        let collector = Collector::default();
        let _listening = tracing::subscriber::set_default(collector.clone());

        let query = db.query::<Order>().key(Order::BY_TOTAL_INDEX.partition("u1")).limit(5);
        query.descending().consistent_read().page().await.unwrap();
        insta::assert_snapshot!(collector.taken(), @r#"
        aws.dynamodb.consistent_read=true aws.dynamodb.consumed_capacity=[{"TableName":"app","CapacityUnits":1.0}] aws.dynamodb.count=1 aws.dynamodb.index_name="by-total" aws.dynamodb.limit=5 aws.dynamodb.scan_forward=false aws.dynamodb.scanned_count=1 aws.dynamodb.table_names=["app"] db.collection.name="app" db.operation.name="Query" db.system.name="aws.dynamodb" otel.kind="client" otel.name=Query app
        db.collection.name="app" db.operation.name="Query" db.system.name="aws.dynamodb" histogram.db.client.operation.duration=0
        "#);

        db.batch_write().put(&user()).put(&order()).execute().await.unwrap();
        insta::assert_snapshot!(collector.taken(), @r#"
        aws.dynamodb.table_names=["app"] db.collection.name="app" db.operation.batch.size=2 db.operation.name="BatchWriteItem" db.system.name="aws.dynamodb" otel.kind="client" otel.name=BatchWriteItem app
        db.collection.name="app" db.operation.name="BatchWriteItem" db.system.name="aws.dynamodb" histogram.db.client.operation.duration=0
        "#);

        db.put(&user()).if_not_exists().execute().await.unwrap_err();
        insta::assert_snapshot!(collector.taken(), @r#"
        aws.dynamodb.table_names=["app"] db.collection.name="app" db.operation.name="PutItem" db.system.name="aws.dynamodb" error.type="ConditionalCheckFailedException" otel.kind="client" otel.name=PutItem app otel.status_code="ERROR"
        db.collection.name="app" db.operation.name="PutItem" db.system.name="aws.dynamodb" error.type="ConditionalCheckFailedException" histogram.db.client.operation.duration=0
        "#);

        let meter = Meter::default();
        db.metered(&meter).get(User::key("u1")).consistent_read().one().await.unwrap();
        insta::assert_snapshot!(collector.taken(), @r#"
        aws.dynamodb.consistent_read=true aws.dynamodb.consumed_capacity=[{"TableName":"app","CapacityUnits":1.0,"Table":{"CapacityUnits":1.0}}] aws.dynamodb.table_names=["app"] db.collection.name="app" db.operation.name="GetItem" db.system.name="aws.dynamodb" otel.kind="client" otel.name=GetItem app
        db.collection.name="app" db.operation.name="GetItem" db.system.name="aws.dynamodb" histogram.db.client.operation.duration=0
        "#);
    }

    #[tokio::test]
    async fn no_value_is_in_a_span() {
        let collector = Collector::default();
        let _listening = tracing::subscriber::set_default(collector.clone());
        let faults = Faults::new(crate::transport::Embedded::memory().unwrap());
        let meter = Meter::default();
        let db = Db::with_transport(faults.on(Operation::GetItem, 2, Fault::Throttled)).metered(&meter);
        db.create_table::<(User, Order)>().execute().await.unwrap();
        let user = User { id: SECRET.into(), email: SECRET.into(), name: SECRET.into(), ..user() };
        let order = Order { customer: SECRET.into(), status: SECRET.into(), ..order() };
        db.put(&user).execute().await.unwrap();
        db.put(&user).if_not_exists().returning_old_on_failure().execute().await.unwrap_err();
        db.update(&user).set(User::NAME, SECRET).condition(User::NAME.eq(SECRET)).execute().await.unwrap();
        db.get(&user).one().await.unwrap();
        db.get(&user).one().await.unwrap_err();
        db.batch_write().put(&user).put(&order).execute().await.unwrap();
        db.transact_write().put(&user).put(&order).token(SECRET).execute().await.unwrap();
        db.query::<User>()
            .key(User::EMAIL_INDEX.partition(SECRET))
            .filter(User::NAME.eq(SECRET))
            .take(1)
            .await
            .unwrap();
        db.query::<Order>().key(Order::PRIMARY_KEY.partition(SECRET)).count().await.unwrap();
        db.delete(&order).execute().await.unwrap();
        let collected = collector.taken();
        assert!(collected.contains("DeleteItem app") && collected.contains("ProvisionedThroughputExceeded"));
        assert!(!collected.contains(SECRET), "{collected}");
        assert_eq!(meter.usage().throttles, 1);
    }
}
