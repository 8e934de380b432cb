//! What the service logs at the level that says most: no secret, no token, nothing of a tenant's data, no body.
//!
//! Each run has words in it that occur nowhere else, in every place where a client or the database can put one. None may be in what
//! the process prints: on localhost, through the official client on an endpoint, and inside Lambda.

use crate::event;
use crate::http::Client;
use crate::service::{Folder, Service};
use lift::testing::FakeRuntime;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

/// A word for each place. What is allowed in a log is not among them: the tenant's name, request ids, routes, codes, names of tables
/// and attributes.
const SECRETS: [&str; 12] = [
    "zq-name",
    "zq-mail",
    "zq-token",
    "zq-cookie",
    "zq-key",
    "zq-query",
    "zq-body",
    "zq-path",
    "zq-status",
    "zq-agent",
    "zq-access-key-id",
    "zq-secret-access-key",
];

const AWS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "zq-access-key-id"),
    ("AWS_SECRET_ACCESS_KEY", "zq-secret-access-key"),
    ("AWS_REGION", "eu-west-1"),
];

fn assert_quiet(printed: &str, home: &str) {
    assert!(
        printed.contains("TRACE") || printed.contains("DEBUG"),
        "{home} does not log what it can: {printed}"
    );
    for line in printed.lines().filter(|line| !line.trim_start().starts_with("curl ")) {
        for secret in SECRETS {
            assert!(!line.to_ascii_lowercase().contains(secret), "{home} logs `{secret}`: {line}");
        }
    }
}

/// All that a client can send where it should, and where it should not.
fn talk(client: &mut Client) {
    let headers = "authorization: Bearer zq-token\r\ncookie: session=zq-cookie\r\nidempotency-key: \"zq-key\"\r\nuser-agent: zq-agent\r\n";
    let mut send = |method: &str, path: &str, body: &str| {
        let length = body.len();
        // Whatever the answer: it is what is logged on the way that counts.
        let _ = client.send(&format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nx-tenant-id: acme\r\n{headers}content-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ));
    };
    let user = json!({"email": "zq-mail@example.com", "name": "zq-name", "credits": 5}).to_string();
    for (method, path, body) in [
        ("POST", "/users", user.as_str()),
        ("POST", "/users", user.as_str()),
        ("POST", "/users", r#"{"email": "zq-mail", "name": "zq-body"}"#),
        ("POST", "/users", r#"{"zq-body": ["#),
        ("POST", "/users", r#"{"email": {"zq-body": 1}, "name": 7}"#),
        ("POST", "/users/batch", &format!(r#"{{"users": [{user}]}}"#)),
        ("POST", "/orders", r#"{"user_id": "zq-path", "total": 3, "status": "zq-status"}"#),
        ("POST", "/transfers", r#"{"from_user_id": "zq-path", "to_user_id": "zq-body", "amount": 3}"#),
        ("GET", "/users/zq-path", ""),
        ("GET", "/users/zq-path/cached", ""),
        ("GET", "/users/zq-path/orders?cursor=zq-query", ""),
        ("GET", "/users?limit=zq-query", ""),
        ("GET", "/users/by-email?email=zq-mail@example.com&other=zq-query", ""),
        ("GET", "/users/summaries", ""),
        ("GET", "/users/count", ""),
        ("GET", "/nowhere/zq-path?zq-query=zq-query", ""),
        ("DELETE", "/users/zq-path", ""),
    ] {
        send(method, path, body);
    }
}

#[test]
fn on_localhost_it_logs_nothing_of_what_it_is_sent() {
    let folder = Folder::new();
    let vars = [&AWS[..], &[("DYNAMORM_URL", "memory:"), ("RUST_LOG", "trace")]].concat();
    let mut service = Service::listening(&folder, &vars);
    talk(&mut service.client());
    // The table's stream is read meanwhile.
    sleep(Duration::from_millis(1_500));
    service.terminate();
    assert_quiet(&service.printed(), "localhost");
}

/// A DynamoDB that answers each operation with items that have the words in them, and some with errors that have.
fn endpoint() -> String {
    fn answer(mut stream: TcpStream) -> Option<()> {
        let mut received = Vec::new();
        loop {
            let mut bytes = [0; 4_096];
            let count = stream.read(&mut bytes).ok()?;
            if count == 0 {
                return None;
            }
            received.extend_from_slice(&bytes[..count]);
            let text = String::from_utf8_lossy(&received).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let find = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
            };
            if body.len() < find("content-length:").parse().unwrap_or_default() {
                continue;
            }
            let target = find("x-amz-target:");
            let item = r#"{"id":{"S":"zq-path"},"tenant_id":{"S":"acme"},"email":{"S":"zq-mail@example.com"},"name":{"S":"zq-name"},"credits":{"N":"5"},"created_at":{"S":"2026-08-21T13:35:45.123456Z"},"updated_at":{"S":"2026-08-21T13:35:45.123456Z"}}"#;
            let (status, answer) = match target.rsplit('.').next().unwrap_or_default() {
                "describetable" => (200, r#"{"Table":{"TableName":"users","TableStatus":"ACTIVE"}}"#.to_owned()),
                "getitem" => (200, format!(r#"{{"Item":{item}}}"#)),
                "query" => (200, format!(r#"{{"Count":1,"Items":[{item}],"ScannedCount":1}}"#)),
                "putitem" => (400, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"zq-body","Item":{item}}}"#)),
                "updateitem" => (200, "{}".to_owned()),
                _ => (400, r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"zq-body is not valid"}"#.to_owned()),
            };
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat()).ok()?;
            received.clear();
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_lambda_on_the_official_client_it_logs_nothing_of_what_it_is_sent() {
    let runtime = FakeRuntime::start().await.unwrap();
    let (folder, url) = (Folder::new(), endpoint());
    let vars = runtime.vars();
    let vars = vars.each_ref().map(|(name, value)| (*name, value.as_str()));
    for level in [("AWS_LAMBDA_LOG_LEVEL", "TRACE"), ("RUST_LOG", "trace")] {
        // A function does not make its tables, and finds DynamoDB where AWS's own variables say.
        let own = [level, ("AWS_ENDPOINT_URL_DYNAMODB", url.as_str())];
        let mut service = Service::start(&folder, &[vars.as_slice(), &own, &AWS].concat());
        let user = json!({"email": "zq-mail@example.com", "name": "zq-name", "credits": 5});
        for (method, path, body) in [
            ("POST", "/users", user),
            ("POST", "/users", json!({"email": "zq-mail", "name": {"zq-body": 1}})),
            ("GET", "/users/zq-path", Value::Null),
            ("GET", "/users", Value::Null),
            ("GET", "/users/zq-path/orders", Value::Null),
        ] {
            let mut event = event(method, path, Some("acme"), &body);
            event["headers"]["authorization"] = json!("Bearer zq-token");
            event["headers"]["idempotency-key"] = json!("zq-key");
            event["headers"]["user-agent"] = json!("zq-agent");
            event["cookies"] = json!(["session=zq-cookie"]);
            event["rawQueryString"] = json!("q=zq-query");
            let answer = runtime.invoke(event).await.unwrap();
            if path == "/users/zq-path" {
                // It was read from the endpoint, by the client whose lines are the question here.
                assert_eq!(answer["statusCode"], 200, "{answer}");
            }
        }
        service.kill();
        assert_quiet(&service.printed(), level.0);
    }
}
