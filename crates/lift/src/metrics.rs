//! Figures for CloudWatch in the embedded metric format: lines on standard output that CloudWatch Logs turns into metrics, with
//! no call of any API. The default stack's own figures are made in `middleware/metrics.rs`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use dynamorm::Timestamp;
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The most metrics that one line may define, and the most values that one of them may have there.
const MOST: usize = 100;

/// Adds figures of your own to those of the request: an extractor.
///
/// They are written when the request is answered, whatever the answer, with the same dimensions as the request's own:
/// `service` and `route`. Without [`Config::metrics_enabled`](crate::Config::metrics_enabled) they go nowhere.
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::post};
/// use lift::testing::TestApp;
/// use lift::{App, Config, Metrics, Unit};
///
/// async fn upload(metrics: Metrics, body: String) {
///     metrics.count("Uploads", 1);
///     metrics.record("UploadSize", Unit::Bytes, body.len() as f64);
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let config = Config { metrics_enabled: true, metrics_namespace: "Files".into(), ..Config::default() };
/// let app = TestApp::new(App::new().with_config(config).routes(Router::new().route("/files", post(upload))));
/// app.post("/files").body("hello").send().await;
/// let line = &app.metrics()[0];
/// assert_eq!((&line["route"], &line["UploadSize"]), (&"POST /files".into(), &5.0.into()));
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Metrics {
    own: Arc<Mutex<Vec<Figure>>>,
}

/// The unit of a figure, by CloudWatch's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// A number of things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Hundredths.
    Percent,
    /// No unit.
    None,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Milliseconds => "Milliseconds",
            Unit::Seconds => "Seconds",
            Unit::Bytes => "Bytes",
            Unit::Percent => "Percent",
            Unit::None => "None",
        }
    }
}

/// One metric and its values.
pub(crate) struct Figure {
    name: String,
    unit: Unit,
    values: Vec<f64>,
}

impl Figure {
    pub(crate) fn new(name: &str, unit: Unit, value: f64) -> Self {
        Self { name: name.to_owned(), unit, values: vec![value] }
    }
}

impl Metrics {
    /// Adds to a count: `metrics.count("OrdersPlaced", 1)`.
    ///
    /// ```
    /// # use lift::Metrics;
    /// async fn place_order(metrics: Metrics) {
    ///     metrics.count("OrdersPlaced", 1);
    /// }
    /// ```
    pub fn count(&self, name: &str, count: u64) {
        // Counts beyond 2^53 would be rounded; there are none.
        #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        let count = count as f64;
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        match own.iter_mut().find(|figure| figure.name == name && figure.unit == Unit::Count) {
            Some(figure) => match figure.values.first_mut() {
                Some(sum) => *sum += count,
                None => figure.values.push(count),
            },
            None => own.push(Figure::new(name, Unit::Count, count)),
        }
    }

    /// Adds a value, from which CloudWatch makes averages and percentiles. One that is no finite number is left out.
    ///
    /// ```
    /// # use lift::{Metrics, Unit};
    /// async fn upload(metrics: Metrics, body: String) {
    ///     metrics.record("UploadSize", Unit::Bytes, body.len() as f64);
    /// }
    /// ```
    pub fn record(&self, name: &str, unit: Unit, value: f64) {
        if !value.is_finite() {
            return;
        }
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        match own.iter_mut().find(|figure| figure.name == name && figure.unit == unit) {
            Some(figure) => figure.values.push(value),
            None => own.push(Figure::new(name, unit, value)),
        }
    }

    pub(crate) fn take(&self) -> Vec<Figure> {
        std::mem::take(&mut *self.own.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Metrics {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Metrics>().cloned().unwrap_or_default())
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Where lines of metrics go.
#[derive(Clone)]
pub(crate) struct Sink(Arc<dyn Fn(String) + Send + Sync>);

impl Sink {
    pub(crate) fn new(write: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Standard output, which is what CloudWatch reads.
    pub(crate) fn stdout() -> Self {
        Self::new(|line| {
            use std::io::Write as _;
            // One write for a line. Where it cannot be written, nobody can be told.
            let _ = std::io::stdout().write_all(line.as_bytes());
        })
    }

    /// Writes figures that have the same dimensions, in as many lines as the format needs.
    pub(crate) fn write(&self, namespace: &str, dimensions: &[(&str, &str)], mut figures: Vec<Figure>) {
        // A line holds so many values of a metric; the next values of it need another line.
        while !figures.is_empty() {
            let mut later = Vec::new();
            for chunk in figures.chunks_mut(MOST) {
                self.line(namespace, dimensions, chunk);
                for figure in chunk.iter_mut().filter(|figure| figure.values.len() > MOST) {
                    let values = figure.values.split_off(MOST);
                    later.push(Figure { name: figure.name.clone(), unit: figure.unit, values });
                }
            }
            figures = later;
        }
    }

    fn line(&self, namespace: &str, dimensions: &[(&str, &str)], figures: &[Figure]) {
        let names = dimensions.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let metrics = figures.iter().map(|figure| json!({"Name": figure.name, "Unit": figure.unit.name()}));
        let mut line = Map::from_iter([(
            "_aws".to_owned(),
            json!({
                "Timestamp": Timestamp::now().epoch_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": namespace, "Dimensions": [names], "Metrics": metrics.collect::<Vec<_>>(),
                }],
            }),
        )]);
        for figure in figures {
            let value = match figure.values.as_slice() {
                [one] => json!(one),
                [..] => json!(&figure.values[..figure.values.len().min(MOST)]),
            };
            line.insert(figure.name.clone(), value);
        }
        // Last, so that no figure can stand in the place of a dimension.
        line.extend(dimensions.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        let mut line = Value::Object(line).to_string();
        line.push('\n');
        (self.0)(line);
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(figures: Vec<Figure>) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = lines.clone();
        let sink = Sink::new(move |line| written.lock().unwrap().push(serde_json::from_str(&line).unwrap()));
        sink.write("Users", &[("service", "users"), ("route", "GET /users")], figures);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn a_line_has_the_form_that_cloudwatch_reads() {
        let line = lines(vec![Figure::new("Latency", Unit::Milliseconds, 12.5)]).remove(0);
        assert!(line["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000);
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"],
            json!([{
                "Namespace": "Users", "Dimensions": [["service", "route"]],
                "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}],
            }])
        );
        assert_eq!(
            (&line["service"], &line["route"], &line["Latency"]),
            (&json!("users"), &json!("GET /users"), &json!(12.5))
        );
    }

    #[test]
    fn a_hundred_metrics_and_a_hundred_values_fit_a_line_and_more_go_into_the_next() {
        let values = |count: u32| Figure {
            name: "v".into(),
            unit: Unit::None,
            values: (0..count).map(f64::from).collect(),
        };
        assert_eq!(lines(vec![values(100)]).len(), 1);
        let all = lines(vec![values(250)]);
        let sizes: Vec<usize> = all.iter().map(|line| line["v"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
        assert_eq!(all[2]["v"][49], 249.0);

        let many = (0..101).map(|nth| Figure::new(&format!("m{nth}"), Unit::Count, 1.0)).collect();
        let all = lines(many);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), 100);
        assert_eq!(all[1]["m100"], 1.0);
    }

    #[test]
    fn a_figure_cannot_stand_in_the_place_of_a_dimension() {
        let line = lines(vec![Figure::new("service", Unit::Count, 1.0)]).remove(0);
        assert_eq!(line["service"], "users");
    }

    #[test]
    fn counts_add_up_and_what_is_no_number_is_left_out() {
        let metrics = Metrics::default();
        metrics.count("a", 1);
        metrics.count("a", 2);
        metrics.record("b", Unit::Bytes, f64::NAN);
        metrics.record("b", Unit::Bytes, 1.0);
        metrics.record("b", Unit::Bytes, 2.0);
        let figures = metrics.take();
        assert_eq!(figures.len(), 2);
        assert_eq!((&figures[0].values, &figures[1].values), (&vec![3.0], &vec![1.0, 2.0]));
        assert!(metrics.take().is_empty());
    }
}
