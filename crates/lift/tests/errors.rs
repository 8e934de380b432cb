//! Every failure has the same body, tells what the client may know, and keeps what it may not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use lift::axum::extract::Request;
use lift::axum::http::{Method, StatusCode};
use lift::axum::middleware::Next;
use lift::axum::routing::get;
use lift::axum::{Router, response::Response};
use lift::testing::{TestApp, TestRequest, TestResponse};
use lift::{App, Config, Error};
use serde_json::{Value, json};
use std::time::Duration;
use support::{Logs, app, app_with, routes};

/// Checks what all error bodies have in common, and gives the body.
async fn failed(request: TestRequest, status: u16, code: &str) -> (TestResponse, Value) {
    let response = request.send().await;
    let body: Value = response.json();
    assert_eq!(response.status, status, "{body}");
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    assert_eq!(body["type"], "about:blank");
    assert_eq!(body["title"], StatusCode::from_u16(status).unwrap().canonical_reason().unwrap());
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(response.headers["x-request-id"], body["request_id"].as_str().unwrap());
    assert!(!body.to_string().contains("secret"), "{body}");
    (response, body)
}

#[tokio::test]
async fn an_unknown_route_is_404() {
    failed(app().get("/nowhere"), 404, "NOT_FOUND").await;
    failed(app().request(Method::OPTIONS, "/"), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_are_allowed() {
    let (response, _) = failed(app().delete("/ok"), 405, "METHOD_NOT_ALLOWED").await;
    assert_eq!(response.headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn a_head_request_fails_with_headers_only() {
    let response = app().request(Method::HEAD, "/not-found").send().await;
    assert_eq!((response.status.as_u16(), response.body.len()), (404, 0));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400() {
    for body in ["", "{", "nope", "{\"email\": \"a@b.c\", \"name\": \"x\"} and more"] {
        let request = app().post("/users").header("content-type", "application/json").body(body);
        failed(request, 400, "INVALID_JSON").await;
    }
    let plain = app().post("/plain-json").header("content-type", "application/json").body("{");
    failed(plain, 400, "BAD_REQUEST").await;
}

#[tokio::test]
async fn wrong_types_missing_fields_and_broken_rules_are_named_at_once() {
    let body = json!({"email": "not an address", "name": 7, "age": "x"});
    let (_, body) = failed(app().post("/users").json(&body), 422, "VALIDATION_ERROR").await;
    assert_eq!(
        body["errors"],
        json!([
            {"field": "age", "message": "expected u8"},
            {"field": "name", "message": "expected a string"},
            {"field": "email", "message": "not a valid email: value is missing `@`"},
        ])
    );
    let (_, body) = failed(app().post("/users").json(&json!({})), 422, "VALIDATION_ERROR").await;
    assert_eq!(
        body["errors"],
        json!([{"field": "email", "message": "is required"}, {"field": "name", "message": "is required"}])
    );
}

#[tokio::test]
async fn all_broken_rules_are_named_by_their_path() {
    let good = json!({"email": "ada@example.com", "name": "Ada"});
    let body =
        json!({"users": [good, {"email": "x", "name": ""}, good, {"email": "y", "name": "Y", "age": 200}]});
    let (_, body) = failed(app().post("/batch").json(&body), 422, "VALIDATION_ERROR").await;
    let fields: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["users[1].email", "users[1].name", "users[3].age", "users[3].email"]);
    let (_, body) = failed(app().post("/batch").json(&json!({"users": []})), 422, "VALIDATION_ERROR").await;
    assert_eq!(body["errors"][0]["field"], "users");
}

#[tokio::test]
async fn axums_own_json_and_query_and_path_get_the_same_body() {
    failed(app().post("/plain-json").json(&json!({"email": 1})), 422, "VALIDATION_ERROR").await;
    failed(app().post("/plain-json").body("{}"), 415, "UNSUPPORTED_MEDIA_TYPE").await;
    failed(app().get("/plain-query?n=x"), 400, "BAD_REQUEST").await;
    failed(app().get("/numbers/seven"), 400, "BAD_REQUEST").await;
    failed(app().get("/names/%ff"), 400, "BAD_REQUEST").await;
}

#[tokio::test]
async fn a_query_that_is_not_valid_is_422_with_the_parameter_named() {
    for (query, field) in
        [("", "email"), ("?email=ada", "email"), ("?email=a@b.cd&n=x", "n"), ("?email=a@b.cd&n=0", "n")]
    {
        let (_, body) = failed(app().get(&format!("/by-email{query}")), 422, "VALIDATION_ERROR").await;
        assert_eq!(body["errors"][0]["field"], field, "{query}: {body}");
    }
}

#[tokio::test]
async fn a_body_of_another_content_type_is_415() {
    failed(app().post("/users").body("{}"), 415, "UNSUPPORTED_MEDIA_TYPE").await;
    let text = app().post("/users").header("content-type", "text/plain").body("{}");
    failed(text, 415, "UNSUPPORTED_MEDIA_TYPE").await;
}

#[tokio::test]
async fn a_panic_is_500_without_its_message_and_the_next_request_is_served() {
    let logs = Logs::start();
    let app = app();
    let (_, body) = failed(app.get("/panic"), 500, "INTERNAL").await;
    assert_eq!(body["detail"], "internal error");
    let line = logs.lines().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(line["source"], "panic: a secret of ours");
    assert_eq!(line["span"]["request_id"], body["request_id"]);
    assert_eq!(app.get("/ok").send().await.text(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_slow_request_is_504() {
    let config = Config { timeout: Duration::from_secs(1), ..Config::default() };
    failed(app_with(config).get("/slow"), 504, "TIMEOUT").await;
}

#[tokio::test]
async fn the_source_of_a_failure_is_logged_and_never_sent() {
    let logs = Logs::start();
    let (_, body) = failed(app().get("/internal"), 500, "INTERNAL").await;
    let line = logs.lines().into_iter().find(|line| line["level"] == "ERROR").unwrap();
    assert_eq!(line["source"], "a secret of ours");
    assert_eq!(line["code"], "INTERNAL");
    assert_eq!(line["span"]["request_id"], body["request_id"]);
}

#[tokio::test]
async fn what_other_code_says_about_a_500_is_logged_and_never_sent() {
    let logs = Logs::start();
    let (_, body) = failed(app().get("/missing-extension"), 500, "INTERNAL").await;
    assert!(!body.to_string().contains("u64"), "{body}");
    assert!(logs.text().contains("u64"));
    failed(app().get("/text-500"), 502, "BAD_GATEWAY").await;
    assert!(logs.text().contains("a secret of ours"));
}

#[tokio::test]
async fn a_handlers_own_error_is_sent_as_it_is() {
    let (_, body) = failed(app().get("/not-found"), 404, "NOT_FOUND").await;
    assert_eq!(body["detail"], "user not found");
    assert_eq!(body.get("errors"), None);
    failed(app().get("/bare"), 403, "AUTHORIZATION_ERROR").await;
}

#[tokio::test]
async fn an_error_that_was_wrapped_on_the_way_up_keeps_its_status() {
    failed(app().get("/wrapped"), 409, "CONFLICT").await;
}

#[tokio::test]
async fn a_wait_is_sent_in_whole_seconds_rounded_up() {
    let (response, _) = failed(app().get("/limited"), 429, "RATE_LIMITED").await;
    assert_eq!(response.headers["retry-after"], "2");
}

#[tokio::test]
async fn a_database_error_becomes_an_answer_by_question_mark() {
    let logs = Logs::start();
    failed(app().get("/cursor"), 400, "INVALID_CURSOR").await;
    assert!(logs.text().contains("the start key is malformed"));
}

#[tokio::test]
async fn a_body_that_somebody_wrote_on_purpose_is_left_alone() {
    let response = app().get("/own-problem").send().await;
    assert_eq!((response.status.as_u16(), response.text().as_str()), (409, r#"{"mine":true}"#));
}

#[tokio::test]
async fn a_fallback_and_layers_of_the_users_own_fail_alike() {
    let routes = routes().fallback(|| async { Error::not_found("look elsewhere") });
    let refuse =
        lift::axum::middleware::from_fn(|_: Request, _: Next| async { Error::authorization("not today") });
    let app = TestApp::new(App::new().with_config(Config::default()).routes(routes));
    let (_, body) = failed(app.get("/nowhere"), 404, "NOT_FOUND").await;
    assert_eq!(body["detail"], "look elsewhere");
    let app = TestApp::new(App::new().layer(refuse).routes(Router::new().route("/", get(|| async { "in" }))));
    failed(app.get("/"), 403, "AUTHORIZATION_ERROR").await;
}

#[tokio::test]
async fn a_layer_that_panics_is_caught_too() {
    let boom = lift::axum::middleware::map_response(|_: Response| async {
        if true {
            panic!("a secret of ours");
        }
    });
    let app = TestApp::new(App::new().with_config(Config::default()).routes(routes()).layer(boom));
    failed(app.get("/ok"), 500, "INTERNAL").await;
}
