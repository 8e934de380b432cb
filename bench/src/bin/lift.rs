//! What lift's default stack costs: the JSON of an API Gateway event to the JSON of the answer, beside the same handler on
//! `lambda_http` and axum alone.
//!
//! ```text
//! cargo run --release -p dynamorm-bench --no-default-features --features lift --bin lift              prints a table
//! … --bin lift -- --check    fails if a figure does not hold
//! ```
//!
//! Nobody takes log lines here, on either side. Instructions are what is judged, where valgrind is installed; times are shown beside them.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use dynamorm_bench::measure::compare;
use dynamorm_bench::table::{Figure, print, print_head};
use lambda_http::Adapter;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent};
use lift::testing::TestApp;
use serde::Serialize;
use std::process::ExitCode;
use tokio::runtime::{Builder, Runtime};
use tower::Service as _;

#[derive(Serialize)]
struct User {
    id: String,
    name: &'static str,
    credits: u32,
}

async fn user(Path(id): Path<String>) -> Json<User> {
    Json(User { id, name: "Ada Lovelace", credits: 100 })
}

/// So many routes, of which the last is asked for.
fn routes(count: usize) -> Router {
    let others = (1..count)
        .fold(Router::new(), |routes, nth| routes.route(&format!("/things{nth}/{{id}}"), get(user)));
    others.route("/users/{id}", get(user))
}

/// What an HTTP API of API Gateway sends.
const EVENT: &str = r#"{"version":"2.0","routeKey":"$default","rawPath":"/users/u1","rawQueryString":"","headers":{"accept":"application/json","accept-encoding":"gzip, deflate","content-length":"0","host":"abc.execute-api.eu-west-1.amazonaws.com","user-agent":"curl/8","x-amzn-trace-id":"Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e","x-forwarded-for":"192.0.2.1","x-forwarded-port":"443","x-forwarded-proto":"https"},"requestContext":{"accountId":"123456789012","apiId":"abc","domainName":"abc.execute-api.eu-west-1.amazonaws.com","domainPrefix":"abc","http":{"method":"GET","path":"/users/u1","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"curl/8"},"requestId":"JKJaXmPLvHcESHA=","routeKey":"$default","stage":"$default","time":"10/Mar/2020:05:16:23 +0000","timeEpoch":1583817383220},"isBase64Encoded":false}"#;

struct Ours {
    runtime: Runtime,
    app: TestApp,
}

impl Ours {
    fn new(count: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, app: TestApp::new(lift::App::new().routes(routes(count))) }
    }

    fn answer(&self) -> String {
        self.runtime.block_on(self.app.invoke_raw(EVENT)).expect("an answer")
    }
}

struct Plain {
    runtime: Runtime,
    router: Router,
}

impl Plain {
    fn new(count: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, router: routes(count) }
    }

    fn answer(&self) -> String {
        let request: LambdaRequest = serde_json::from_str(EVENT).expect("an event");
        let event = LambdaEvent::new(request, Context::default());
        let response =
            self.runtime.block_on(Adapter::from(self.router.clone()).call(event)).expect("an answer");
        serde_json::to_string(&response).expect("JSON")
    }
}

/// One of the ways, by the name that callgrind runs it with.
fn way(name: &str) -> Box<dyn Fn() -> String> {
    match name {
        "ours" => {
            let ours = Ours::new(1);
            Box::new(move || ours.answer())
        }
        "ours, 1000 routes" => {
            let ours = Ours::new(1_000);
            Box::new(move || ours.answer())
        }
        _ => {
            let plain = Plain::new(1);
            Box::new(move || plain.answer())
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [run, name, times] = arguments.as_slice()
        && run == "--run"
    {
        let way = way(name);
        (0..times.parse().expect("a number")).for_each(|_| drop(std::hint::black_box(way())));
        return ExitCode::SUCCESS;
    }
    let [ours, many, plain] = ["ours", "ours, 1000 routes", "plain"].map(way);
    for answer in [ours(), many(), plain()] {
        assert!(answer.contains(r#"\"name\":\"Ada Lovelace\""#) && answer.contains("200"), "{answer}");
    }
    print_head();
    let mut figures = Vec::new();
    match instructions("ours").zip(instructions("plain")).zip(instructions("ours, 1000 routes")) {
        Some(((ours, plain), many)) => {
            let name = "instructions of an event with the default stack ÷ lambda_http + axum";
            figures.push(Figure::counts(name, "an event", ours, plain, Some(1.35)));
            figures.push(Figure::counts(
                "instructions with 1,000 routes ÷ with 1",
                "an event",
                many,
                ours,
                Some(1.05),
            ));
        }
        None => println!("skipped: instructions, because valgrind is not installed"),
    }
    // Shown, and not judged: the limits are of instructions, and times of so little depend on the machine.
    let name = "CPU time of an event with the default stack ÷ lambda_http + axum";
    figures.push(Figure::times(name, 1, compare(&ours, &plain), None));
    figures.push(Figure::times("CPU time with 1,000 routes ÷ with 1", 1, compare(&many, &ours), None));
    figures.iter().for_each(print);
    let holds = figures.iter().all(|figure| figure.holds);
    if holds || !arguments.iter().any(|argument| argument == "--check") {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What doing it once takes.
fn instructions(name: &str) -> Option<f64> {
    dynamorm_bench::callgrind::instructions(&["--run", name]).map(|count| count as f64)
}
