//! Log lines as flat JSON, under the keys that Powertools for AWS Lambda uses: what spans say stands beside what the line says.
//!
//! Each name stands once: what the line says wins over its spans, an inner span over an outer one, and `level`, `message`,
//! `timestamp` and the facts of the function over all. (The ready-made subscribers nest spans, or write a name twice.)

use serde_json::{Map, Value};
use std::fmt;
use std::io::Write as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Writes each event as one line of JSON.
pub(crate) struct FlatJson<W> {
    /// What every line says of the function.
    facts: Map<String, Value>,
    writer: W,
}

impl<W> FlatJson<W> {
    pub(crate) fn new(facts: Map<String, Value>, writer: W) -> Self {
        Self { facts, writer }
    }
}

/// What a span was given.
struct SpanFields(Map<String, Value>);

impl<S, W> Layer<S> for FlatJson<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Map::new();
        attributes.record(&mut Fields(&mut fields));
        span.extensions_mut().insert(SpanFields(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(SpanFields(fields)) = span.extensions_mut().get_mut() {
            values.record(&mut Fields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                line.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        event.record(&mut Fields(&mut line));
        line.extend(self.facts.iter().map(|(name, value)| (name.clone(), value.clone())));
        let metadata = event.metadata();
        line.insert("level".into(), metadata.level().as_str().into());
        line.insert("location".into(), metadata.target().into());
        line.insert("timestamp".into(), dynamorm::Timestamp::now().to_string().into());
        let mut line = Value::Object(line).to_string();
        line.push('\n');
        // One write for a line, so that lines of several threads do not mix. Where it cannot be written, nobody can be told.
        let _ = self.writer.make_writer_for(metadata).write_all(line.as_bytes());
    }
}

/// Takes fields as JSON, under their names.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        // The raw identifier of a field, as `r#type`, is not part of its name.
        let name = field.name();
        self.0.insert(name.strip_prefix("r#").unwrap_or(name).to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        // With its causes, which is what a reader looks for.
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        self.insert(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(log: impl FnOnce()) -> Vec<Map<String, Value>> {
        let written = Written::default();
        let writer = written.clone();
        let facts = Map::from_iter([("service".to_owned(), json!("users"))]);
        let layer = FlatJson::new(facts, move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn what_spans_say_stands_beside_what_the_line_says_and_each_name_once() {
        let lines = lines(|| {
            let outer = tracing::info_span!("outer", tenant_id = "acme", a = 1, late = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("late", true);
            let inner = tracing::info_span!("inner", a = 2, b = 2.5);
            let _inner = inner.enter();
            tracing::warn!(b = "line", service = "forged", level = "forged", r#type = "t", "hello {}", 7);
        });
        let line = &lines[0];
        assert_eq!(line["message"], "hello 7");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["service"], "users");
        assert_eq!((&line["tenant_id"], &line["late"]), (&json!("acme"), &json!(true)));
        assert_eq!((&line["a"], &line["b"], &line["type"]), (&json!(2), &json!("line"), &json!("t")));
        assert_eq!(line["timestamp"].as_str().unwrap().len(), "2026-11-25T10:00:00.000000000Z".len());
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = crate::Error::internal(io::Error::other("the disk is full"));
        let lines = lines(|| tracing::error!(error = &error as &dyn std::error::Error, "failed"));
        let text = lines[0]["error"].as_str().unwrap();
        assert!(text.ends_with(": the disk is full"), "{text}");
    }
}
