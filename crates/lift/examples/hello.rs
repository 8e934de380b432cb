//! The smallest whole service: `cargo run -p dynamorm-lift --example hello`, then the lines that it prints.
//!
//! The same binary answers API Gateway inside Lambda. Try `PORT=0`, `RUST_LOG=debug`, `AWS_LAMBDA_LOG_FORMAT=JSON`.

use garde::Validate;
use lift::axum::http::HeaderName;
use lift::axum::routing::{get, post};
use lift::axum::{Json, Router};
use lift::{App, BoxError, Config, Ctx, TenantId, Valid};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;

#[derive(Deserialize, Validate)]
struct Greeting {
    #[garde(length(min = 1, max = 80))]
    name: String,
}

async fn hello(ctx: Ctx, tenant: Option<TenantId>) -> Json<Value> {
    tracing::debug!("saying hello");
    Json(json!({"hello": "world", "tenant": tenant, "request_id": ctx.request_id()}))
}

async fn greet(tenant: TenantId, Valid(greeting): Valid<Greeting>) -> Json<Value> {
    Json(json!({"hello": greeting.name, "tenant": tenant}))
}

fn how_to_try(address: &SocketAddr) {
    println!("  curl http://{address}/hello");
    println!("  curl http://{address}/greetings -H 'x-tenant: acme' --json '{{\"name\": \"Ada\"}}'");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // The header is believed on localhost only; inside Lambda the tenant comes from API Gateway's authorizer.
    let config = Config {
        service: "hello".into(),
        trust_tenant_header: Some(HeaderName::from_static("x-tenant")),
        ..Config::from_env()
    };
    let routes = Router::new().route("/hello", get(hello)).route("/greetings", post(greet));
    lift::run(App::new().with_config(config).routes(routes).on_listening(how_to_try)).await
}
