//! What CloudWatch is told of each request: how many, how long, how many failed, by route template.

use crate::config::Config;
use crate::extract::Ctx;
use crate::metrics::{Figure, Metrics, Sink, Unit};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use dynamorm::Meter;
use std::sync::Arc;
use std::time::Instant;

/// The settings of this step.
pub(super) struct Settings {
    namespace: String,
    service: String,
    sink: Sink,
}

impl Settings {
    pub(super) fn new(config: &Config, sink: Sink) -> Self {
        Self { namespace: config.metrics_namespace.to_string(), service: config.service.to_string(), sink }
    }
}

/// Counts the request once it is answered.
pub(super) async fn record(
    State(settings): State<Arc<Settings>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let own = Metrics::default();
    request.extensions_mut().insert(own.clone());
    let meter = Meter::default();
    if let Some(ctx) = request.extensions_mut().get_mut::<Ctx>() {
        ctx.meter = Some(meter.clone());
    }
    let function = request.extensions().get::<Ctx>().and_then(Ctx::cold_function).map(str::to_owned);
    let route = route_of(&request);

    let response = next.run(request).await;

    let status = response.status();
    let one_if = |is: bool| if is { 1.0 } else { 0.0 };
    let mut figures = vec![
        Figure::new("Count", Unit::Count, 1.0),
        // To the microsecond: more digits are noise.
        Figure::new("Latency", Unit::Milliseconds, started.elapsed().as_micros() as f64 / 1000.0),
        Figure::new("4xx", Unit::Count, one_if(status.is_client_error())),
        Figure::new("5xx", Unit::Count, one_if(status.is_server_error())),
    ];
    let usage = meter.usage();
    figures.extend(units(usage.read_units, usage.write_units));
    figures.extend(own.take());
    let Settings { namespace, service, sink } = settings.as_ref();
    sink.write(namespace, &[("service", service), ("route", &route)], figures);
    for (table, usage) in &usage.tables {
        let units: Vec<Figure> = units(usage.read_units, usage.write_units).collect();
        if !units.is_empty() {
            sink.write(namespace, &[("service", service), ("table", table)], units);
        }
    }
    if let Some(function) = function {
        let cold = Figure::new("ColdStart", Unit::Count, 1.0);
        sink.write(namespace, &[("service", service), ("function_name", &function)], vec![cold]);
    }
    response
}

/// What DynamoDB was paid, as far as anything was.
fn units(read: f64, write: f64) -> impl Iterator<Item = Figure> {
    let units = [("DynamoDBReadUnits", read), ("DynamoDBWriteUnits", write)];
    units
        .into_iter()
        .filter(|(_, units)| *units > 0.0)
        .map(|(name, units)| Figure::new(name, Unit::Count, units))
}

/// The method and the template: few values, whatever clients send.
fn route_of(request: &Request) -> String {
    let Some(template) = request.extensions().get::<MatchedPath>() else { return "-".to_owned() };
    let method = match *request.method() {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => request.method().as_str(),
        _ => "OTHER",
    };
    format!("{method} {}", template.as_str())
}
