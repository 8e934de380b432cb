//! What handlers get from the extractors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::app;

#[tokio::test]
async fn a_valid_body_reaches_the_handler() {
    let user = json!({"email": "ada@example.com", "name": "Ada", "age": 36});
    let response = app().post("/users").json(&user).send().await;
    assert_eq!(response.status, 201);
    assert_eq!(response.json::<Value>(), user);
}

#[tokio::test]
async fn members_that_a_type_does_not_know_are_its_own_business() {
    let user = json!({"email": "ada@example.com", "name": "Ada", "admin": true});
    assert_eq!(app().post("/users").json(&user).send().await.status, 201);
}

#[tokio::test]
async fn a_valid_query_reaches_the_handler() {
    let response = app().get("/by-email?email=ada%40example.com&n=3").send().await;
    assert_eq!(response.json::<Value>(), json!({"email": "ada@example.com", "n": 3}));
}

#[tokio::test]
async fn a_tenant_is_demanded_or_optional_as_the_handler_says() {
    assert_eq!(app().get("/tenant").send().await.status, 401);
    assert_eq!(app().get("/tenant").tenant("acme").send().await.text(), "acme");
    assert_eq!(app().get("/tenant-if-any").send().await.json::<Value>(), Value::Null);
    assert_eq!(app().get("/tenant-if-any").tenant("acme").send().await.json::<Value>(), "acme");
}

#[tokio::test]
async fn a_page_has_a_limit_in_range_and_a_cursor_if_one_is_given() {
    let page = async |query: &str| app().get(&format!("/page{query}")).send().await.json::<Value>();
    assert_eq!(page("").await, json!({"limit": 20, "cursor": null}));
    assert_eq!(page("?limit=&cursor=").await, json!({"limit": 20, "cursor": null}));
    assert_eq!(page("?limit=5&other=1").await, json!({"limit": 5, "cursor": null}));
    assert_eq!(page("?limit=5000").await["limit"], 100);
    let refused = page("?limit=many").await;
    assert_eq!((&refused["code"], &refused["errors"][0]["field"]), (&json!("BAD_REQUEST"), &json!("limit")));
}

#[tokio::test]
async fn a_ctx_knows_its_deadline_and_never_fails() {
    let ctx: Value = app().get("/ctx").send().await.json();
    assert_eq!(ctx["tenant"], Value::Null);
    assert_eq!(ctx["source_ip"], Value::Null);
    assert!((28_000..=29_000).contains(&ctx["ms"].as_u64().unwrap()), "{ctx}");
    let bare = lift::axum::Router::new().route(
        "/",
        lift::axum::routing::get(|ctx: lift::Ctx| async move { format!("{:?}", ctx.remaining()) }),
    );
    let request = lift::axum::http::Request::new(lift::axum::body::Body::empty());
    let response = tower::ServiceExt::oneshot(bare, request).await.unwrap();
    let body = lift::axum::body::to_bytes(response.into_body(), 99).await.unwrap();
    assert_eq!(body, "None");
}

#[tokio::test]
async fn a_path_parameter_is_percent_decoded() {
    assert_eq!(app().get("/names/a%20b%2Fc").send().await.text(), "a b/c");
}

#[tokio::test]
async fn a_body_of_nothing_but_mistakes_has_a_short_answer() {
    let users = vec![json!({"email": "", "name": ""}); 50_000];
    let response = app().post("/batch").json(&json!({"users": users})).send().await;
    assert_eq!(response.status, 422);
    assert_eq!(response.json::<Value>()["errors"].as_array().unwrap().len(), 100);
}
