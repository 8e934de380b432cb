//! Every setting has an effect. (Log level and format: `one_binary.rs`, because they are a process's, not an app's.)

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use dynamorm::Db;
use lift::axum::body::{Body, Bytes};
use lift::axum::http::{HeaderName, Request};
use lift::axum::routing::{get, post};
use lift::axum::{Router, middleware};
use lift::testing::TestApp;
use lift::{App, Config, TenantId};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{Logs, app, app_with, routes, trusting, v2};
use tower::ServiceExt as _;

#[tokio::test]
async fn service_is_in_every_access_line() {
    let logs = Logs::start();
    app_with(Config { service: "users".into(), ..Config::default() })
        .get("/names/ada")
        .tenant("acme")
        .send()
        .await;
    let lines = logs.access();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["service"], "users");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["route"], "/names/{name}");
    assert_eq!(line["status"], 200);
    assert_eq!(line["tenant_id"], "acme");
    assert!(line["ms"].as_f64().is_some());
    assert!(line["request_id"].as_str().is_some_and(|id| id.len() == 36));
    assert!(!logs.text().contains("ada"), "a path as it came may hold ids: {}", logs.text());
}

#[tokio::test]
async fn a_failed_request_has_one_access_line_with_its_status() {
    let logs = Logs::start();
    let app = app();
    for (path, status) in [("/nowhere", 404), ("/panic", 500)] {
        app.get(path).send().await;
        assert_eq!(logs.access().last().unwrap()["status"], status);
    }
    assert_eq!(logs.access().len(), 2);
    assert_eq!(logs.access()[0]["route"], "-");
    assert_eq!(logs.access()[0].get("tenant_id"), None);
}

#[tokio::test(start_paused = true)]
async fn timeout_ends_a_request_and_a_longer_one_does_not() {
    let status = async |seconds| {
        let config = Config { timeout: Duration::from_secs(seconds), ..Config::default() };
        app_with(config).get("/slow").send().await.status.as_u16()
    };
    assert_eq!(status(4).await, 504);
    assert_eq!(status(6).await, 200);
}

#[tokio::test]
async fn max_request_size_refuses_what_is_over_it_and_not_a_byte_less() {
    let app = app_with(Config { max_request_size: 10, ..Config::default() });
    assert_eq!(app.post("/bytes").body("0123456789").send().await.text(), "10");
    let refused = app.post("/bytes").body("0123456789a").send().await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.json::<Value>()["code"], "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn max_request_size_holds_for_a_body_of_unknown_length_too() {
    let whole = |body: Bytes| async move { body.len().to_string() };
    let app = App::new().with_config(Config { max_request_size: 10, ..Config::default() });
    let router = app.routes(Router::new().route("/", post(whole))).into_router();
    let status = async |chunks: usize| {
        let chunks = (0..chunks).map(|_| Ok::<_, std::io::Error>("12345"));
        let request = Request::post("/").body(Body::from_stream(Chunks(chunks))).unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(status(2).await, 200);
    assert_eq!(status(3).await, 413);
}

/// An iterator as a stream that is always ready.
struct Chunks<I>(I);

impl<I: Iterator + Unpin> futures_util::Stream for Chunks<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}

#[tokio::test]
async fn max_request_size_can_be_above_axums_own_limit() {
    let three_megabytes = vec![b'x'; 3 * 1024 * 1024];
    assert_eq!(app().post("/bytes").body(three_megabytes).send().await.text(), "3145728");
}

#[tokio::test]
async fn require_tenant_refuses_every_route_without_one() {
    let app = app_with(Config { require_tenant: true, ..Config::default() });
    for path in ["/ok", "/nowhere"] {
        let refused = app.get(path).send().await;
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(refused.json::<Value>()["code"], "UNAUTHORIZED");
    }
    assert_eq!(app.get("/ok").tenant("acme").send().await.status, 200);
    assert_eq!(support::app().get("/ok").send().await.status, 200);
}

#[tokio::test]
async fn trust_tenant_header_names_the_only_header_that_is_believed() {
    let trusting = app_with(trusting());
    assert_eq!(trusting.get("/tenant").header("x-tenant", "acme").send().await.text(), "acme");
    assert_eq!(trusting.get("/tenant").header("x-tenant-id", "acme").send().await.status, 401);
    assert_eq!(trusting.get("/tenant").header("x-tenant", "").send().await.status, 401);
    assert_eq!(app().get("/tenant").header("x-tenant", "acme").send().await.status, 401);
}

#[tokio::test]
async fn trust_tenant_header_has_no_effect_on_a_request_from_lambda() {
    let mut event = v2("GET", "/tenant", "");
    event["headers"]["x-tenant"] = json!("acme");
    assert_eq!(app_with(trusting()).invoke(event).await.unwrap()["statusCode"], 401);
}

#[tokio::test]
async fn whoever_may_send_the_tenant_in_a_header_is_told_which() {
    let detail = async |app: TestApp| app.get("/tenant").send().await.json::<Value>()["detail"].clone();
    assert_eq!(detail(app_with(trusting())).await, "a tenant is required: send it in the header `x-tenant`");
    assert_eq!(detail(app()).await, "a tenant is required");
    let answer = app_with(trusting()).invoke(v2("GET", "/tenant", "")).await.unwrap();
    assert!(!answer["body"].to_string().contains("x-tenant"), "{answer}");
}

#[tokio::test]
async fn tenant_claim_names_the_claim() {
    let mut event = v2("GET", "/tenant", "");
    event["requestContext"]["authorizer"] =
        json!({"jwt": {"claims": {"custom:org": "acme", "tenant_id": "other"}}});
    let config = Config { tenant_claim: "custom:org".into(), ..Config::default() };
    assert_eq!(app_with(config).invoke(event.clone()).await.unwrap()["body"], "acme");
    assert_eq!(app().invoke(event).await.unwrap()["body"], "other");
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_sane_and_replaced_if_not() {
    let app = app();
    let id = async |given: &str| {
        let response = app.get("/ctx").header("x-request-id", given).send().await;
        let id = response.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(response.json::<Value>()["request_id"], id.as_str());
        id
    };
    assert_eq!(id("abc-123").await, "abc-123");
    assert_ne!(id("abc 123").await, "abc 123");
    assert_ne!(id(&"a".repeat(129)).await, "a".repeat(129));
    assert_ne!(app.get("/ctx").send().await.text(), app.get("/ctx").send().await.text());
}

#[tokio::test]
async fn layers_run_in_the_order_they_are_added_wherever_the_routes_are() {
    let mark = |name: &'static str| {
        middleware::from_fn(
            move |mut request: lift::axum::extract::Request, next: middleware::Next| async move {
                let header = HeaderName::from_static("x-seen");
                request.headers_mut().append(header, name.parse().unwrap());
                next.run(request).await
            },
        )
    };
    let app =
        App::new().with_config(Config::default()).layer(mark("first")).routes(routes()).layer(mark("second"));
    let seen: Value = TestApp::new(app).get("/headers").send().await.json();
    assert_eq!(seen["x-seen"], json!(["first", "second"]));
}

#[tokio::test]
async fn a_layer_can_find_out_the_tenant() {
    let verify =
        middleware::from_fn(|mut request: lift::axum::extract::Request, next: middleware::Next| async move {
            request.extensions_mut().insert("verified".parse::<TenantId>().unwrap());
            next.run(request).await
        });
    let app = App::new().with_config(Config::default()).routes(routes()).layer(verify);
    let app = TestApp::new(
        app.routes(Router::new().route("/in", get(|tenant: TenantId| async move { tenant.to_string() }))),
    );
    assert_eq!(app.get("/in").send().await.text(), "verified");
    assert_eq!(app.get("/ctx").send().await.json::<Value>()["tenant"], "verified");
}

#[tokio::test]
async fn metrics_enabled_counts_each_request_by_its_route() {
    let silent = app();
    silent.get("/ok").send().await;
    assert!(silent.metrics().is_empty());

    let config = Config {
        metrics_enabled: true,
        metrics_namespace: "Users".into(),
        service: "users".into(),
        ..Config::default()
    };
    let app = app_with(config);
    for path in ["/names/ada", "/nowhere", "/panic"] {
        app.get(path).tenant("acme").send().await;
    }
    app.request("BREW".parse().unwrap(), "/ok").send().await;
    let lines = app.metrics();
    let told = |line: &Value| {
        (
            line["route"].as_str().unwrap().to_owned(),
            line["4xx"].as_f64().unwrap(),
            line["5xx"].as_f64().unwrap(),
        )
    };
    assert_eq!(
        lines.iter().map(told).collect::<Vec<_>>(),
        [
            ("GET /names/{name}".to_owned(), 0.0, 0.0),
            ("-".to_owned(), 1.0, 0.0),
            ("GET /panic".to_owned(), 0.0, 1.0),
            ("OTHER /ok".to_owned(), 1.0, 0.0),
        ]
    );
    for line in &lines {
        assert_eq!((&line["service"], &line["Count"]), (&json!("users"), &json!(1.0)));
        assert!(line["Latency"].as_f64().unwrap() >= 0.0);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Users");
    }
    assert!(!serde_json::to_string(&lines).unwrap().contains("ada"), "a path as it came may hold ids");
}

#[derive(dynamorm::Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
struct Stored {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
}

#[tokio::test]
async fn what_a_request_consumes_of_the_database_is_in_its_figures() {
    async fn save(lift::TenantDb(db): lift::TenantDb) -> lift::Result<()> {
        db.put(&Stored { tenant: String::new(), id: "u1".into() }).execute().await?;
        db.get(Stored::key("u1")).consistent_read().one().await?;
        Ok(())
    }
    let db = Db::memory().unwrap();
    db.create_table::<Stored>().execute().await.unwrap();
    let routes = Router::new().route("/save", get(save)).route("/idle", get(|| async {})).with_state(db);
    let config = Config { metrics_enabled: true, ..Config::default() };
    let app = TestApp::new(App::new().with_config(config).routes(routes));
    app.get("/save").tenant("acme").send().await;
    app.get("/idle").tenant("acme").send().await;
    let lines = app.metrics();
    let units = |line: &Value| (line["DynamoDBReadUnits"].as_f64(), line["DynamoDBWriteUnits"].as_f64());
    assert_eq!((&lines[0]["route"], units(&lines[0])), (&json!("GET /save"), (Some(1.0), Some(1.0))));
    assert_eq!((&lines[1]["table"], units(&lines[1])), (&json!("app"), (Some(1.0), Some(1.0))));
    assert_eq!((&lines[2]["route"], units(&lines[2])), (&json!("GET /idle"), (None, None)));
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn the_database_of_a_request_ends_when_the_request_does() {
    async fn late(ctx: lift::Ctx, lift::TenantDb(db): lift::TenantDb) -> lift::Result<String> {
        let deadline = ctx.deadline().unwrap();
        while std::time::Instant::now() < deadline {
            // Not given to the runtime, which would end the request first.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let error = db.get(Stored::key("u1")).optional().await.err().unwrap();
        assert!(error.is_deadline_exceeded());
        Err(error.into())
    }
    let db = Db::memory().unwrap();
    let routes = Router::new().route("/late", get(late)).with_state(db);
    let config = Config { timeout: std::time::Duration::from_millis(50), ..Config::default() };
    let app = TestApp::new(App::new().with_config(config).routes(routes));
    let answer = app.get("/late").tenant("acme").send().await;
    assert_eq!((answer.status.as_u16(), &answer.json::<Value>()["code"]), (504, &json!("TIMEOUT")));
}

#[tokio::test]
async fn health_is_told_to_anybody_and_no_more_than_that() {
    let asked = Arc::new(AtomicUsize::new(0));
    let ready = {
        let asked = asked.clone();
        move || {
            asked.fetch_add(1, Ordering::SeqCst);
            async { Err::<(), _>("the table \"secret-table\" is gone") }
        }
    };
    let config = Config { require_tenant: true, ..Config::default() };
    let routes = Router::new().route("/closed", get(async || "in"));
    let app = TestApp::new(App::new().with_config(config).routes(routes).health(ready));
    assert_eq!(app.get("/closed").send().await.status, 401);
    let alive = app.get("/livez").send().await;
    assert_eq!((alive.status.as_u16(), &alive.headers["cache-control"]), (200, &"no-store".parse().unwrap()));
    for _ in 0..20 {
        let answer = app.get("/readyz").send().await;
        assert_eq!((answer.status.as_u16(), &answer.json::<Value>()["code"]), (503, &json!("UNAVAILABLE")));
        assert!(!answer.text().contains("secret"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "anybody may ask, so the check is not made each time");
    assert_eq!(app.request("POST".parse().unwrap(), "/livez").send().await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_not_ready() {
    let app = TestApp::new(App::new().health(std::future::pending::<Result<(), lift::BoxError>>));
    assert_eq!(app.get("/readyz").send().await.status, 503);
}

#[tokio::test]
async fn a_cold_start_is_counted_once_and_only_inside_lambda() {
    let app = app_with(Config { metrics_enabled: true, ..Config::default() });
    app.get("/ok").send().await;
    assert_eq!(app.metrics().len(), 1);

    let logs = Logs::start();
    let mut context = lambda_runtime::Context::default();
    context.request_id = "r1".into();
    context.invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:users".into();
    context.xray_trace_id = Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".into());
    for _ in 0..2 {
        app.invoke_with(v2("GET", "/ok", ""), context.clone()).await.unwrap();
    }
    let cold = app.metrics().into_iter().filter(|line| line.get("ColdStart").is_some()).collect::<Vec<_>>();
    assert_eq!(cold.len(), 1, "{cold:?}");
    let access = logs.access();
    assert_eq!((&access[0]["cold_start"], &access[1]["cold_start"]), (&json!(true), &json!(false)));
    assert_eq!(access[0]["function_request_id"], "r1");
    assert_eq!(access[0]["function_arn"], "arn:aws:lambda:eu-west-1:123456789012:function:users");
    assert_eq!(access[0]["xray_trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
}
