//! The same binary (`examples/hello.rs`) on localhost and inside Lambda, as a process of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use lift::testing::FakeRuntime;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The example, which cargo builds beside the tests.
fn hello(vars: &[(&str, &str)]) -> Child {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples").join("hello"));
    command
        .env_clear()
        .envs(vars.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command.spawn().unwrap()
}

fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap()
}

/// A local server and the address it printed.
async fn serve(vars: &[(&str, &str)]) -> (Child, Lines<BufReader<ChildStdout>>, String) {
    let mut child = hello(&[&[("PORT", "0")], vars].concat());
    let mut lines = lines(&mut child);
    let first = next(&mut lines).await;
    let address = first.strip_prefix("listening on http://").unwrap_or_else(|| panic!("{first}")).to_owned();
    // The hook's two lines.
    assert_eq!(next(&mut lines).await, format!("  curl http://{address}/hello"));
    assert!(next(&mut lines).await.contains(&address));
    (child, lines, address)
}

/// One HTTP request on a connection of its own; gives the whole answer as text.
async fn http(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

async fn get_hello(address: &str) -> String {
    http(address, "GET /hello HTTP/1.1\r\nhost: x\r\nx-tenant: acme\r\nconnection: close\r\n\r\n").await
}

async fn ends_with(mut child: Child) -> (bool, String) {
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).await.unwrap();
    (status.success(), text)
}

#[tokio::test]
async fn on_localhost_it_prints_its_address_serves_and_ends_well_when_told_to() {
    let (child, mut lines, address) = serve(&[]).await;
    assert!(address.starts_with("127.0.0.1:") && !address.ends_with(":0"), "{address}");
    let answer = get_hello(&address).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(r#""tenant":"acme""#), "{answer}");
    let line = next(&mut lines).await;
    assert!(
        line.contains("INFO") && line.contains("route=\"/hello\"") && line.contains("status=200"),
        "{line}"
    );

    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").arg(&pid).status().await.unwrap().success());
    let (well, stderr) = ends_with(child).await;
    assert!(well, "{stderr}");
}

#[tokio::test]
async fn log_level_and_format_follow_the_environment() {
    let (_child, mut lines, address) =
        serve(&[("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("RUST_LOG", "error")])
            .await;
    get_hello(&address).await;
    let said: Value = serde_json::from_str(&next(&mut lines).await).unwrap();
    assert_eq!((&said["level"], &said["message"]), (&json!("DEBUG"), &json!("saying hello")));
    assert_eq!((&said["tenant_id"], &said["service"]), (&json!("acme"), &json!("hello")));
    let access: Value = serde_json::from_str(&next(&mut lines).await).unwrap();
    assert_eq!((&access["message"], &access["status"]), (&json!("request"), &json!(200)));

    let (_child, mut lines, address) = serve(&[("RUST_LOG", "error")]).await;
    get_hello(&address).await;
    let none = timeout(Duration::from_millis(300), lines.next_line()).await;
    assert!(none.is_err(), "{none:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_or_is_none_is_said_clearly() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (well, stderr) = ends_with(hello(&[("PORT", &port)])).await;
    assert!(!well && stderr.contains(&format!("port {port} is in use")), "{stderr}");
    let (well, stderr) = ends_with(hello(&[("PORT", "http")])).await;
    assert!(!well && stderr.contains("expected a number from 1 to 65535"), "{stderr}");
}

#[tokio::test]
async fn half_an_environment_of_lambda_is_an_error_and_no_panic() {
    let (well, stderr) = ends_with(hello(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")])).await;
    assert!(!well && stderr.contains("AWS_LAMBDA_FUNCTION_NAME") && !stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn inside_lambda_it_answers_events_and_believes_no_header() {
    let mut trusted_elsewhere = support::v2("GET", "/hello", "");
    trusted_elsewhere["headers"]["x-tenant"] = json!("acme");
    let mut verified = support::v2("GET", "/hello", "");
    verified["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"tenant_id": "acme"}}});
    let runtime = FakeRuntime::start().await.unwrap();
    let mut child = hello(&runtime.vars().each_ref().map(|(name, value)| (*name, value.as_str())));
    let mut lines = lines(&mut child);
    for (event, tenant, nth) in [(trusted_elsewhere, Value::Null, 1), (verified, json!("acme"), 2)] {
        let answer = runtime.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["tenant"], tenant);
        assert_eq!(body["request_id"], format!("00000000-0000-0000-0000-00000000000{nth}"));
    }
    // JSON without being asked.
    let access = loop {
        let line: Value = serde_json::from_str(&next(&mut lines).await).unwrap();
        if line["message"] == "request" {
            break line;
        }
    };
    assert_eq!((&access["route"], &access["status"]), (&json!("/hello"), &json!(200)));
    // Flat, by the names that Powertools has.
    assert_eq!((&access["level"], &access["service"]), (&json!("INFO"), &json!("hello")));
    assert_eq!(
        (&access["function_name"], &access["function_memory_size"]),
        (&json!("function"), &json!(128))
    );
    assert_eq!(
        (&access["cold_start"], &access["function_request_id"]),
        (&json!(true), &access["request_id"])
    );
    assert!(access["timestamp"].is_string() && access["function_arn"].is_string(), "{access}");
}
