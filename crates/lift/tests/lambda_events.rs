//! Real event shapes go in, the answer that each front door understands comes out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::Context;
use lift::axum::Router;
use lift::axum::routing::{any, get};
use lift::testing::TestApp;
use lift::{App, Connection, Ctx, TenantId, Valid};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use support::{alb, app, app_with, trusting, v1, v2};

async fn answer(event: Value) -> Value {
    app().invoke(event).await.unwrap()
}

/// The answer's body, which is JSON.
async fn body(event: Value) -> Value {
    let answer = answer(event).await;
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_else(|_| panic!("{answer}"))
}

/// The three front doors, asking for the same.
fn doors(method: &str, path: &str) -> [Value; 3] {
    [v1(method, path), v2(method, path, ""), alb(method, path)]
}

#[tokio::test]
async fn all_front_doors_reach_the_route() {
    for event in doors("GET", "/names/ada") {
        let answer = answer(event).await;
        assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(200), &json!("ada")), "{answer}");
        assert_eq!(answer["isBase64Encoded"], false);
    }
}

#[tokio::test]
async fn json_goes_in_as_text_or_as_base64_and_comes_out_as_text() {
    let user = json!({"email": "ada@example.com", "name": "Ada", "age": 36});
    for mut event in doors("POST", "/users") {
        event["headers"]["content-type"] = json!("application/json");
        event["multiValueHeaders"]["content-type"] = json!(["application/json"]);
        for encoded in [false, true] {
            let text = user.to_string();
            event["body"] = json!(if encoded { STANDARD.encode(text) } else { text });
            event["isBase64Encoded"] = json!(encoded);
            let answer = answer(event.clone()).await;
            assert_eq!(answer["statusCode"], 201, "{answer}");
            assert_eq!(answer["isBase64Encoded"], false);
            assert_eq!(serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap(), user);
        }
    }
}

#[tokio::test]
async fn binary_bodies_survive_both_ways() {
    let bytes = [0xff_u8, 0, 0x80];
    for mut event in doors("POST", "/echo") {
        event["body"] = json!(STANDARD.encode(bytes));
        event["isBase64Encoded"] = json!(true);
        let answer = answer(event).await;
        assert_eq!(answer["isBase64Encoded"], true, "{answer}");
        assert_eq!(STANDARD.decode(answer["body"].as_str().unwrap()).unwrap(), bytes);
    }
}

#[tokio::test]
async fn errors_have_the_same_body_as_everywhere() {
    for event in doors("DELETE", "/ok") {
        let answer = answer(event).await;
        assert_eq!(answer["statusCode"], 405, "{answer}");
        let headers = answer.to_string();
        assert!(headers.contains("application/problem+json") && headers.contains("GET,HEAD"), "{answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["code"], "METHOD_NOT_ALLOWED");
        assert!(headers.contains(body["request_id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_rest_apis_stage_is_never_part_of_the_path() {
    assert_eq!(answer(v1("GET", "/ok")).await["body"], "ok");
    // A stage that is named like the first part of a path must not eat it.
    let mut event = v1("GET", "/names/ada");
    event["requestContext"]["stage"] = json!("names");
    assert_eq!(answer(event).await["body"], "ada");
}

#[tokio::test]
async fn an_http_apis_named_stage_is_stripped() {
    for (path, found) in
        [("/prod/names/ada", 200), ("/names/ada", 200), ("/production/names/ada", 404), ("/prod", 404)]
    {
        let mut event = v2("GET", path, "");
        event["requestContext"]["stage"] = json!("prod");
        assert_eq!(answer(event).await["statusCode"], found, "{path}");
    }
}

#[tokio::test]
async fn a_handler_can_still_read_the_stage() {
    assert_eq!(answer(v1("GET", "/stage")).await["body"], "prod");
    let mut event = v2("GET", "/prod/stage", "");
    event["requestContext"]["stage"] = json!("prod");
    assert_eq!(answer(event).await["body"], "prod");
}

#[tokio::test]
async fn headers_are_found_in_any_case_and_repeated_ones_are_all_there() {
    let mut rest = v1("GET", "/headers");
    rest["headers"]["X-Custom"] = json!("b");
    rest["headers"]["Authorization"] = json!("Bearer t");
    rest["multiValueHeaders"]["X-Custom"] = json!(["a", "b"]);
    let seen = body(rest).await;
    assert_eq!(seen["x-custom"], json!(["a", "b"]));
    // One that is given in the single form only is not lost.
    assert_eq!(seen["authorization"], json!(["Bearer t"]));

    let mut balancer = alb("GET", "/headers");
    balancer["multiValueHeaders"]["X-Custom"] = json!(["a", "b"]);
    assert_eq!(body(balancer).await["x-custom"], json!(["a", "b"]));

    let mut http = v2("GET", "/headers", "");
    http["cookies"] = json!(["a=1", "b=2"]);
    assert_eq!(body(http).await["cookie"], json!(["a=1; b=2"]));
}

#[tokio::test]
async fn two_cookies_are_two_cookies() {
    assert_eq!(answer(v1("GET", "/cookies")).await["multiValueHeaders"]["set-cookie"], json!(["a=1", "b=2"]));
    assert_eq!(answer(v2("GET", "/cookies", "")).await["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(
        answer(alb("GET", "/cookies")).await["multiValueHeaders"]["set-cookie"],
        json!(["a=1", "b=2"])
    );
}

#[tokio::test]
async fn query_parameters_are_decoded_once_and_repeated_ones_kept() {
    let wanted = json!([["q", "a b&c"], ["q", "é"]]);
    let mut rest = v1("GET", "/query");
    rest["multiValueQueryStringParameters"] = json!({"q": ["a b&c", "é"]});
    rest["queryStringParameters"] = json!({"q": "é"});
    assert_eq!(body(rest).await, wanted);
    assert_eq!(body(v2("GET", "/query", "q=a%20b%26c&q=%C3%A9")).await, wanted);
}

#[tokio::test]
async fn a_path_parameter_is_percent_decoded() {
    assert_eq!(answer(v2("GET", "/names/a%20b", "")).await["body"], "a b");
    assert_eq!(answer(v1("GET", "/names/a%20b")).await["body"], "a b");
}

#[tokio::test]
async fn the_tenant_comes_from_what_any_authorizer_verified() {
    let jwt_or_lambda = [
        json!({"jwt": {"claims": {"tenant_id": "acme"}, "scopes": null}}),
        json!({"lambda": {"tenant_id": "acme"}}),
    ];
    for authorizer in jwt_or_lambda {
        let mut event = v2("GET", "/tenant", "");
        event["requestContext"]["authorizer"] = authorizer;
        assert_eq!(answer(event).await["body"], "acme");
    }
    let cognito_or_lambda =
        [json!({"claims": {"tenant_id": "acme"}}), json!({"principalId": "u1", "tenant_id": "acme"})];
    for authorizer in cognito_or_lambda {
        let mut event = v1("GET", "/tenant");
        event["requestContext"]["authorizer"] = authorizer;
        assert_eq!(answer(event).await["body"], "acme");
    }
}

#[tokio::test]
async fn the_tenant_comes_from_lambdas_isolation_mode_if_there_is_no_claim() {
    let mut context = Context::default();
    context.tenant_id = Some("isolated".to_owned());
    let answer = app().invoke_with(alb("GET", "/tenant"), context.clone()).await.unwrap();
    assert_eq!(answer["body"], "isolated");
    let mut event = v2("GET", "/tenant", "");
    event["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"tenant_id": "claimed"}}});
    assert_eq!(app().invoke_with(event, context).await.unwrap()["body"], "claimed");
}

#[tokio::test]
async fn a_tenant_header_is_ignored_at_every_front_door_even_if_it_is_trusted_elsewhere() {
    for mut event in doors("GET", "/tenant") {
        event["headers"]["x-tenant"] = json!("acme");
        event["multiValueHeaders"]["x-tenant"] = json!(["acme"]);
        let answer = app_with(trusting()).invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 401, "{answer}");
    }
}

#[tokio::test]
async fn what_a_client_can_write_is_never_a_claim() {
    let mut event = v2("GET", "/tenant", "tenant_id=acme");
    event["authorizer"] = json!({"jwt": {"claims": {"tenant_id": "acme"}}});
    event["headers"]["tenant_id"] = json!("acme");
    event["headers"]["requestContext"] = json!("{\"authorizer\":{\"tenant_id\":\"acme\"}}");
    event["pathParameters"] = json!({"tenant_id": "acme"});
    assert_eq!(answer(event).await["statusCode"], 401);
}

#[tokio::test]
async fn the_request_id_is_the_clients_or_lambdas() {
    let mut context = Context::default();
    context.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned();
    let id = async |event| {
        let answer = app().invoke_with(event, context.clone()).await.unwrap();
        serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap()["request_id"].clone()
    };
    assert_eq!(id(v2("GET", "/ctx", "")).await, "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
    for mut event in doors("GET", "/ctx") {
        event["headers"]["X-Request-ID"] = json!("from-the-client");
        event["multiValueHeaders"]["X-Request-ID"] = json!(["from-the-client"]);
        assert_eq!(id(event).await, "from-the-client");
    }
}

#[tokio::test]
async fn the_source_address_is_the_one_that_the_front_door_saw() {
    assert_eq!(body(v1("GET", "/ctx")).await["source_ip"], "192.0.2.1");
    assert_eq!(body(v2("GET", "/ctx", "")).await["source_ip"], "192.0.2.2");
    // The load balancer's own entry is the last; the first is what the client wrote.
    assert_eq!(body(alb("GET", "/ctx")).await["source_ip"], "192.0.2.3");
}

#[tokio::test]
async fn a_request_is_answered_before_lambda_gives_up_on_it() {
    let in_one_second =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(1);
    let mut context = Context::default();
    context.deadline = in_one_second.as_millis() as u64;
    let started = std::time::Instant::now();
    let answer = app().invoke_with(v2("GET", "/slow", ""), context).await.unwrap();
    assert_eq!(answer["statusCode"], 504);
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_request_that_cannot_become_one_is_400() {
    let mut bad_host = v2("GET", "/ok", "");
    bad_host["headers"]["host"] = json!("[::1");
    let bad_query = v2("GET", "/ok", "q=\u{1}");
    for event in [bad_host, bad_query] {
        let answer = answer(event).await;
        assert_eq!(answer["statusCode"], 400, "{answer}");
        assert!(answer["body"].as_str().unwrap().contains("BAD_REQUEST"));
    }
}

#[tokio::test]
async fn an_event_that_is_not_http_fails_the_invocation() {
    let sqs = json!({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": "{}"}]});
    assert!(app().invoke(sqs).await.is_err());
}

#[tokio::test]
async fn a_body_that_claims_to_be_base64_and_is_not_is_400() {
    for mut event in doors("POST", "/echo") {
        event["body"] = json!("not base64!");
        event["isBase64Encoded"] = json!(true);
        let answer = answer(event).await;
        assert_eq!(answer["statusCode"], 400, "{answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["detail"], "the request is not valid HTTP");
        assert_eq!(body["request_id"], answer["headers"]["x-request-id"]);
    }
}

/// A message over a WebSocket connection.
fn message(route_key: &str, body: Option<&str>) -> Value {
    json!({
        "requestContext": {
            "routeKey": route_key, "eventType": "MESSAGE", "messageId": "m1", "extendedRequestId": "e1",
            "requestTime": "25/Nov/2026:10:00:00 +0000", "messageDirection": "IN", "stage": "prod",
            "connectedAt": 1_795_600_000_000_i64, "requestTimeEpoch": 1_795_600_001_000_i64,
            "identity": {"sourceIp": "192.0.2.1"}, "requestId": "r1", "connectionId": "c1=", "apiId": "abcd1234",
            "domainName": "abcd1234.execute-api.us-east-1.amazonaws.com",
            "authorizer": {"tenant_id": "acme", "principalId": "u1"},
        },
        "body": body, "isBase64Encoded": false,
    })
}

fn talking() -> TestApp {
    #[derive(serde::Deserialize, garde::Validate)]
    struct Say {
        #[garde(length(max = 10))]
        text: String,
    }
    async fn connect(connection: Connection, ctx: Ctx) -> Result<(), lift::Error> {
        assert_eq!(connection.route_key, "$connect");
        match ctx.source_ip() {
            Some(ip) if ip.to_string() == "10.0.0.13" => Ok(()),
            _ => Err(lift::Error::authorization("not from here")),
        }
    }
    async fn say(tenant: TenantId, connection: Connection, Valid(say): Valid<Say>) -> String {
        format!("{tenant} {} {} {}", connection.id, connection.endpoint(), say.text)
    }
    async fn other(body: String) -> String {
        format!("other: {body}")
    }
    let routes = Router::new()
        .route("/$connect", any(connect))
        .route("/$disconnect", any(async |connection: Connection| connection.id))
        .route("/$default", any(other))
        .route("/say", any(say));
    TestApp::new(App::new().websockets(routes).routes(Router::new().route("/", get(async || "home"))))
}

#[tokio::test]
async fn a_message_over_a_websocket_reaches_the_route_of_its_key() {
    let app = talking();
    let answer = app.invoke(message("say", Some(r#"{"action":"say","text":"hello"}"#))).await.unwrap();
    let told = "acme c1= https://abcd1234.execute-api.us-east-1.amazonaws.com/prod hello";
    assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(200), &json!(told)), "{answer}");
    let answer = app.invoke(message("$default", Some("not JSON"))).await.unwrap();
    assert_eq!(answer["body"], "other: not JSON");
    let answer = app.invoke(message("say", Some(r#"{"text":"far too long a text"}"#))).await.unwrap();
    assert_eq!(answer["statusCode"], 422, "{answer}");
    let answer = app.invoke(message("nowhere", None)).await.unwrap();
    assert_eq!(answer["statusCode"], 404, "{answer}");
}

#[tokio::test]
async fn the_samples_of_websockets_begin_and_end_connections() {
    let app = talking();
    for (name, status, body) in [
        ("apigw-websocket-request", 200, ""),
        ("apigw-websocket-request-without-method", 200, ""),
        ("apigw-websocket-request-disconnect-route", 200, "AAAA1234="),
    ] {
        let mut event = support::sample(name);
        // The oldest of them is of a message whose route is not said to be `$connect`.
        if name == "apigw-websocket-request" {
            event["requestContext"]["routeKey"] = json!("$default");
        }
        let answer = app.invoke(event).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(answer["statusCode"], status, "{name}: {answer}");
        assert!(answer["body"].as_str().unwrap_or_default().ends_with(body), "{name}: {answer}");
    }
    let refused = {
        let mut event = support::sample("apigw-websocket-request-without-method");
        event["requestContext"]["identity"]["sourceIp"] = json!("192.0.2.9");
        app.invoke(event).await.unwrap()
    };
    assert_eq!(refused["statusCode"], 403, "{refused}");
}

#[tokio::test]
async fn routes_of_websockets_are_not_reached_over_http_nor_the_other_way_round() {
    let app = talking();
    for door in doors("GET", "/say") {
        assert_eq!(app.invoke(door).await.unwrap()["statusCode"], 404);
    }
    assert_eq!(app.get("/say").send().await.status, 404);
    assert_eq!(app.invoke(message("", None)).await.unwrap()["statusCode"], 404);
    let error = support::app().invoke(message("say", None)).await.unwrap_err().to_string();
    assert!(error.contains("App::websockets"), "{error}");
}
