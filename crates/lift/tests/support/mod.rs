//! What several test files need: an app with a route per failure, log lines to look at, and sample events.

#![allow(dead_code, reason = "each test file takes its part")]

use garde::Validate;
use lambda_http::request::RequestContext;
use lift::axum::body::Bytes;
use lift::axum::extract::{Path, Query};
use lift::axum::http::{HeaderMap, HeaderName, StatusCode};
use lift::axum::response::{AppendHeaders, IntoResponse};
use lift::axum::routing::{get, post};
use lift::axum::{Extension, Json, Router};
use lift::testing::TestApp;
use lift::{App, BoxError, Config, Ctx, Error, Page, TenantId, Valid, ValidQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Once, OnceLock};
use std::time::Duration;

#[derive(Debug, Deserialize, Serialize, Validate)]
pub(crate) struct CreateUser {
    #[garde(email)]
    pub(crate) email: String,
    #[garde(length(min = 1))]
    pub(crate) name: String,
    #[garde(range(max = 150))]
    #[serde(default)]
    pub(crate) age: u8,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
pub(crate) struct CreateUsers {
    #[garde(length(min = 1), dive)]
    pub(crate) users: Vec<CreateUser>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
pub(crate) struct ByEmail {
    #[garde(email)]
    pub(crate) email: String,
    #[garde(range(min = 1))]
    pub(crate) n: Option<u8>,
}

/// Every way to fail, and some to succeed.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/ok", get(|| async { "ok" }))
        .route(
            "/users",
            post(|Valid(user): Valid<CreateUser>| async move { (StatusCode::CREATED, Json(user)) }),
        )
        .route("/batch", post(|Valid(users): Valid<CreateUsers>| async move { Json(users) }))
        .route("/by-email", get(|ValidQuery(by): ValidQuery<ByEmail>| async move { Json(by) }))
        .route("/plain-json", post(|Json(user): Json<CreateUser>| async move { Json(user) }))
        .route("/plain-query", get(|Query(by): Query<ByEmail>| async move { Json(by) }))
        .route("/numbers/{n}", get(|Path(n): Path<u32>| async move { n.to_string() }))
        .route("/names/{name}", get(|Path(name): Path<String>| async move { name }))
        .route("/bytes", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/not-found", get(|| async { Err::<(), _>(Error::not_found("user not found")) }))
        .route(
            "/internal",
            get(|| async {
                Err::<(), _>(Error::internal("a secret of ours").with_source("a secret of ours"))
            }),
        )
        .route("/wrapped", get(|| async { wrapped().map_err(Error::internal) }))
        .route("/panic", get(panics))
        .route("/slow", get(slow))
        .route("/missing-extension", get(|Extension(n): Extension<u64>| async move { n.to_string() }))
        .route("/bare", get(|| async { StatusCode::FORBIDDEN }))
        .route("/text-500", get(|| async { (StatusCode::BAD_GATEWAY, "a secret of ours") }))
        .route("/limited", get(limited))
        .route("/own-problem", get(own_problem))
        .route("/cursor", get(cursor))
        .route("/tenant", get(|tenant: TenantId| async move { tenant.to_string() }))
        .route("/tenant-if-any", get(|tenant: Option<TenantId>| async move { Json(tenant) }))
        .route(
            "/page",
            get(|page: Page| async move {
                Json(json!({"limit": page.limit, "cursor": page.cursor.map(|c| c.to_string())}))
            }),
        )
        .route("/ctx", get(ctx))
        .route("/headers", get(headers))
        .route(
            "/stage",
            get(|Extension(context): Extension<RequestContext>| async move { stage_of(context) }),
        )
        .route("/cookies", get(|| async { AppendHeaders([("set-cookie", "a=1"), ("set-cookie", "b=2")]) }))
        .route("/query", get(|Query(pairs): Query<Vec<(String, String)>>| async move { Json(pairs) }))
        .route("/binary", get(|| async { ([("content-type", "image/png")], [0xff_u8, 0, 0x80].as_slice()) }))
}

async fn panics() -> &'static str {
    let secret = "a secret of ours";
    panic!("{secret}")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(5)).await;
    "done"
}

fn wrapped() -> Result<(), BoxError> {
    Err(Box::new(std::io::Error::other(Error::conflict("already paid"))))
}

async fn limited() -> Error {
    Error::rate_limited("slow down").with_retry_after(Duration::from_millis(1500))
}

async fn own_problem() -> impl IntoResponse {
    (StatusCode::CONFLICT, [("content-type", "application/json")], r#"{"mine":true}"#)
}

async fn cursor() -> lift::Result<String> {
    // A database error from a database call, by `?`.
    let key: dynamorm::StartKey = "".parse()?;
    Ok(key.to_string())
}

async fn ctx(ctx: Ctx) -> Json<Value> {
    Json(json!({
        "request_id": ctx.request_id(),
        "tenant": ctx.tenant(),
        "source_ip": ctx.source_ip(),
        "ms": ctx.remaining().map(|left| left.as_millis() as u64),
    }))
}

async fn headers(headers: HeaderMap) -> Json<BTreeMap<String, Vec<String>>> {
    let mut all = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &headers {
        all.entry(name.to_string()).or_default().push(value.to_str().unwrap().to_owned());
    }
    Json(all)
}

fn stage_of(context: RequestContext) -> String {
    match context {
        RequestContext::ApiGatewayV1(context) => context.stage.unwrap_or_default(),
        RequestContext::ApiGatewayV2(context) => context.stage.unwrap_or_default(),
        _ => String::new(),
    }
}

pub(crate) fn app() -> TestApp {
    app_with(Config::default())
}

pub(crate) fn app_with(config: Config) -> TestApp {
    TestApp::new(App::new().with_config(config).routes(routes()))
}

/// Believes the header `x-tenant` outside Lambda.
pub(crate) fn trusting() -> Config {
    Config { trust_tenant_header: Some(HeaderName::from_static("x-tenant")), ..Config::default() }
}

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log lines of this thread, which are those of one test, as JSON.
///
/// One subscriber serves all threads: one per test would switch lines of other tests on and off.
pub(crate) struct Logs;

impl Logs {
    pub(crate) fn start() -> Self {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let lines =
                tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::TRACE);
            lines.with_writer(|| ThisThread).init();
        });
        WRITTEN.with_borrow_mut(Vec::clear);
        Self
    }

    pub(crate) fn text(&self) -> String {
        WRITTEN.with_borrow(|written| String::from_utf8(written.clone()).unwrap())
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The access lines.
    pub(crate) fn access(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["message"] == "request").collect()
    }
}

struct ThisThread;

impl std::io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| written.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An API Gateway REST API event.
pub(crate) fn v1(method: &str, path: &str) -> Value {
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": {"Host": "abc.execute-api.eu-west-1.amazonaws.com", "X-Forwarded-Proto": "https"},
        "multiValueHeaders": {"Host": ["abc.execute-api.eu-west-1.amazonaws.com"], "X-Forwarded-Proto": ["https"]},
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": {"proxy": "x"}, "stageVariables": null,
        "requestContext": {
            "resourceId": "r", "resourcePath": "/{proxy+}", "httpMethod": method, "path": format!("/prod{path}"),
            "accountId": "123456789012", "protocol": "HTTP/1.1", "stage": "prod", "apiId": "abc",
            "domainName": "abc.execute-api.eu-west-1.amazonaws.com", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1428582896000_i64, "requestTime": "09/Apr/2015:12:34:56 +0000",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "curl/8"}
        },
        "body": null, "isBase64Encoded": false
    })
}

/// An API Gateway HTTP API event; also what a function URL sends.
pub(crate) fn v2(method: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {"host": "abc.execute-api.eu-west-1.amazonaws.com", "x-forwarded-proto": "https"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc", "stage": "$default", "routeKey": "$default",
            "domainName": "abc.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "abc", "requestId": "id",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.2", "userAgent": "curl/8"},
            "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1583348638390_i64
        },
        "isBase64Encoded": false
    })
}

/// An Application Load Balancer event, with the target group's multi-value headers switched on.
pub(crate) fn alb(method: &str, path: &str) -> Value {
    json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/1"}},
        "httpMethod": method, "path": path,
        "multiValueQueryStringParameters": {},
        "multiValueHeaders": {"host": ["lb.example.com"], "x-forwarded-for": ["203.0.113.9, 192.0.2.3"], "x-forwarded-proto": ["https"]},
        "body": "", "isBase64Encoded": false
    })
}

/// The events that AWS's own crate has as samples: `aws_lambda_events`, which cargo knows the place of.
pub(crate) fn sample(name: &str) -> Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    let metadata = METADATA.get_or_init(|| {
        let output = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap().stdout
        };
        // What other systems need is not asked for, since it is not here.
        let about_rustc = String::from_utf8(output("rustc", &["-vV"])).unwrap();
        let host = about_rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
        serde_json::from_slice(&output(env!("CARGO"), &args)).unwrap()
    });
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|package| package["name"] == "aws_lambda_events")
        .unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let path = manifest.parent().unwrap().join(format!("src/fixtures/example-{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}
