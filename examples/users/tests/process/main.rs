//! The compiled `users` binary, as a newcomer, an operator and Lambda meet it.
//!
//! Each test runs it in a folder of its own, on a free port. `mistakes` are what an operator can get wrong, `quiet` is what must be
//! in no log. `service` starts and ends it, `http` talks to it.
//!
//! The last test needs an endpoint, and says in its output if there was none:
//!
//! ```text
//! scripts/dynamodb-local --port 0 -- cargo test -p users --test process -- --show-output endpoint
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod http;
mod mistakes;
mod quiet;
mod service;
mod token;

use dynamorm::Db;
use http::Client;
use lift::testing::FakeRuntime;
use serde_json::{Value, json};
use service::{AT_ONCE, Folder, PATIENCE, Service};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// A machine that is set up for AWS, which must not matter.
const AWS_ACCOUNT: [(&str, &str); 2] = [("AWS_PROFILE", "production"), ("AWS_REGION", "eu-west-1")];

#[test]
fn a_newcomer_gets_an_answer_from_a_plain_start() {
    let folder = Folder::new();
    let service = Service::listening(&folder, &AWS_ACCOUNT);
    assert!(service.line().contains("./users.db"));
    let ada = json!({"email": "ada@example.com", "name": "Ada", "credits": 100});
    let created = service.client().post("/users", &ada).unwrap();
    assert_eq!(created.status, 201, "{created:?}");
    assert!(folder.path().join("users.db").is_file());
    assert_eq!(service.client().get(&user_path(&created.body)).unwrap().body, created.body);
}

#[test]
fn the_printed_curl_lines_work_as_they_are() {
    let folder = Folder::new();
    let service = Service::listening(&folder, &[]);
    let commands = printed_commands(&service);
    assert_eq!(commands.len(), 4, "{commands:?}");
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("note: there is no curl, so what the lines do was not tested");
        return;
    }
    let answers: Vec<Value> = commands.iter().map(|command| shell(command)).collect();
    let [created, listed, found, described] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(created["email"], "ada@example.com", "{created}");
    assert_eq!((&listed["count"], &listed["users"][0]), (&json!(1), created));
    assert_eq!(found, created);
    assert_eq!(described["openapi"], "3.1.0");
}

/// The commands that the service prints after its address, continued lines joined as a shell joins them.
fn printed_commands(service: &Service) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    while commands.len() < 4 || commands.last().is_some_and(|last| last.ends_with('\\')) {
        let line = service.line();
        match commands.last_mut() {
            Some(last) if last.ends_with('\\') => *last += &format!("\n{line}"),
            _ if line.trim_start().starts_with("curl ") => commands.push(line),
            _ => {}
        }
    }
    commands
}

/// What a command prints, as JSON.
fn shell(command: &str) -> Value {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn user_path(user: &Value) -> String {
    format!("/users/{}", user["id"].as_str().unwrap())
}

#[test]
fn every_user_that_was_answered_201_survives_kill_9() {
    const CLIENTS: usize = 4;
    const ROUNDS: usize = 3;
    let folder = Folder::new();
    let mut answered: Vec<Value> = Vec::new();
    for round in 1..=ROUNDS {
        let mut service = Service::listening(&folder, &[]);
        let count = Arc::new(AtomicUsize::new(0));
        let clients = [(); CLIENTS].map(|()| {
            let (mut client, count) = (service.client(), count.clone());
            std::thread::spawn(move || create_until_it_breaks(&mut client, &count))
        });
        let begin = Instant::now();
        while count.load(Ordering::Relaxed) < 50 {
            assert!(begin.elapsed() < PATIENCE, "too slow to be interrupted");
            std::thread::sleep(Duration::from_millis(1));
        }
        service.kill();
        answered.extend(clients.into_iter().flat_map(|client| client.join().unwrap()));

        let service = Service::listening(&folder, &[]);
        let mut client = service.client();
        for user in &answered {
            let read = client.get(&user_path(user)).unwrap();
            assert_eq!((read.status, &read.body), (200, user), "round {round}");
        }
        // The index lost none either, and has at most what each client was waiting for besides.
        let listed = list(&mut client);
        assert!(answered.iter().all(|user| listed.contains(user)), "round {round}");
        assert!(listed.len() <= answered.len() + CLIENTS * round, "round {round}");
    }
}

/// Creates users until the connection breaks off, and gives those that were answered 201.
fn create_until_it_breaks(client: &mut Client, count: &AtomicUsize) -> Vec<Value> {
    let mut answered = Vec::new();
    while let Ok(created) = client.post("/users", &json!({"email": "ada@example.com", "name": "Ada"})) {
        assert_eq!(created.status, 201, "{created:?}");
        answered.push(created.body);
        count.fetch_add(1, Ordering::Relaxed);
    }
    answered
}

/// All users, page by page.
fn list(client: &mut Client) -> Vec<Value> {
    let mut users = Vec::new();
    let mut path = "/users?limit=100".to_owned();
    loop {
        let page = client.get(&path).unwrap().body;
        users.extend(page["users"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/users?limit=100&cursor={cursor}"),
            None => return users,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_binary_answers_inside_lambda() {
    let runtime = FakeRuntime::start().await.unwrap();
    let folder = Folder::new();
    let vars = runtime.vars();
    let vars = vars.each_ref().map(|(name, value)| (*name, value.as_str()));
    let _service = Service::start(&folder, &[vars.as_slice(), &[("DYNAMORM_URL", "memory:")]].concat());
    let ada = json!({"email": "ada@example.com", "name": "Ada", "credits": 100});

    let created = runtime.invoke(event("POST", "/users", Some("acme"), &ada)).await.unwrap();
    assert_eq!(created["statusCode"], 201, "{created}");
    assert_eq!(created["headers"]["content-type"], "application/json");
    let user = body(&created);
    assert_eq!((&user["tenant_id"], &user["name"]), (&json!("acme"), &json!("Ada")));

    // The header that is believed on localhost.
    let mut unverified = event("POST", "/users", None, &ada);
    unverified["headers"]["x-tenant-id"] = json!("acme");
    let refused = runtime.invoke(unverified).await.unwrap();
    assert_eq!((&refused["statusCode"], &body(&refused)["code"]), (&json!(401), &json!("UNAUTHORIZED")));

    let path = user_path(&user);
    let own = runtime.invoke(event("GET", &path, Some("acme"), &Value::Null)).await.unwrap();
    assert_eq!((&own["statusCode"], body(&own)), (&json!(200), user));
    let foreign = runtime.invoke(event("GET", &path, Some("other"), &Value::Null)).await.unwrap();
    assert_eq!((&foreign["statusCode"], &body(&foreign)["code"]), (&json!(404), &json!("NOT_FOUND")));
    assert!(!folder.path().join("users.db").exists());
}

/// What an API Gateway HTTP API sends, for a tenant whose claim its authorizer verified.
pub(crate) fn event(method: &str, path: &str, tenant: Option<&str>, body: &Value) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"host": "abc.execute-api.eu-west-1.amazonaws.com", "content-type": "application/json"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc", "stage": "$default", "routeKey": "$default",
            "domainName": "abc.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "abc", "requestId": "id",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.2", "userAgent": "curl/8"},
            "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_583_348_638_390_i64
        },
        "isBase64Encoded": false
    });
    if !body.is_null() {
        event["body"] = json!(body.to_string());
    }
    if let Some(tenant) = tenant {
        event["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"tenant_id": tenant}}});
    }
    event
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[test]
fn sigterm_ends_it_well_and_at_once() {
    let folder = Folder::new();
    let mut service = Service::listening(&folder, &[]);
    // A client that stays connected does not hold it up.
    let mut client = service.client();
    client.get("/users").unwrap();
    service.terminate();
    let ended = service.ended();
    assert!(ended.status.success() && ended.after < AT_ONCE, "{} after {:?}", ended.stderr, ended.after);
}

#[test]
fn the_table_has_the_name_that_is_set() {
    let folder = Folder::new();
    let named = |table| Service::listening(&folder, &[("DYNAMODB_TABLE", table)]);
    let user = {
        let service = named("users-staging");
        service.client().post("/users", &json!({"email": "ada@example.com", "name": "Ada"})).unwrap().body
    };
    assert_eq!(named("users-staging").client().get(&user_path(&user)).unwrap().status, 200);
    // Another name is another table in the same file, and none is the default one.
    assert_eq!(named("users").client().get(&user_path(&user)).unwrap().status, 404);
    let created =
        named("").client().post("/users", &json!({"email": "bob@example.com", "name": "Bob"})).unwrap();
    assert_eq!(named("users").client().get(&user_path(&created.body)).unwrap().status, 200);
}

#[test]
fn all_of_it_works_in_memory_and_on_an_endpoint_if_one_is_set() {
    all_of_it_works(&[("DYNAMORM_URL", "memory:")]);
    match std::env::var("DYNAMODB_ENDPOINT").ok().filter(|url| !url.is_empty()) {
        Some(url) => {
            let table = OwnTable { name: format!("users-process-{}", std::process::id()), url };
            all_of_it_works(&[("DYNAMORM_URL", &table.url), ("DYNAMODB_TABLE", &table.name)]);
        }
        None => println!("note: DYNAMODB_ENDPOINT is not set, so only the embedded engine was tested"),
    }
}

/// A table on an endpoint, deleted at the end of the test.
struct OwnTable {
    url: String,
    name: String,
}

impl Drop for OwnTable {
    fn drop(&mut self) {
        let deleted = async {
            let db = Db::connect(&self.url).await?.table(self.name.as_str());
            for table in ["", "-idempotency", "-rate-limits", "-checkpoints"] {
                let db = db.clone().table(format!("{}{table}", self.name));
                db.delete_table::<users::User>().if_exists().execute().await?;
            }
            Ok::<_, dynamorm::Error>(())
        };
        let deleted = Runtime::new().unwrap().block_on(deleted);
        // A second panic would hide why the test failed.
        assert!(deleted.is_ok() || std::thread::panicking(), "{deleted:?}");
    }
}

/// Creates, lists, finds, transfers and orders.
fn all_of_it_works(vars: &[(&str, &str)]) {
    let folder = Folder::new();
    let service = Service::listening(&folder, vars);
    let mut client = service.client();
    let ada = json!({"email": "ada@example.com", "name": "Ada", "credits": 100});
    let [ada, bob] = [ada, json!({"email": "bob@example.com", "name": "Bob"})].map(|user| {
        let created = client.post("/users", &user).unwrap();
        assert_eq!(created.status, 201, "{created:?}");
        created.body
    });
    assert_eq!(list(&mut client), [ada.clone(), bob.clone()]);
    assert_eq!(client.get("/users/by-email?email=ada@example.com").unwrap().body, ada);
    assert_eq!(client.get("/users/by-email?email=eve@example.com").unwrap().status, 404);

    let transfer = json!({"from_user_id": ada["id"], "to_user_id": bob["id"], "amount": 30.25});
    let moved = client.post("/transfers", &transfer).unwrap();
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(client.get(&format!("{}/for-update", user_path(&ada))).unwrap().body["credits"], 69.75);
    let transfer = json!({"from_user_id": ada["id"], "to_user_id": bob["id"], "amount": 1000});
    let unpaid = client.post("/transfers", &transfer).unwrap();
    assert_eq!((unpaid.status, &unpaid.body["detail"]), (422, &json!("insufficient credits")));

    let order = client.post("/orders", &json!({"user_id": bob["id"], "total": 9.5})).unwrap();
    assert_eq!(order.status, 201, "{order:?}");
    let orders = client.get(&format!("{}/orders", user_path(&bob))).unwrap().body;
    assert_eq!((&orders["count"], &orders["orders"][0]["order_id"]), (&json!(1), &order.body["order_id"]));
    let refused = client.post("/orders", &json!({"user_id": "nobody", "total": 1})).unwrap();
    assert_eq!(refused.status, 404, "{refused:?}");

    let batch = client
        .post("/users/batch", &json!({"users": [{"email": "eve@example.com", "name": "Eve"}]}))
        .unwrap();
    assert_eq!((batch.status, &batch.body["created"]), (200, &json!(1)), "{batch:?}");
    assert_eq!(list(&mut client).len(), 3);
    until_counted(&mut client, 3);
}

/// Waits for the count, which follows the table's stream.
fn until_counted(client: &mut Client, count: i64) {
    let began = Instant::now();
    loop {
        let told = client.get("/users/count").unwrap();
        assert_eq!(told.status, 200, "{told:?}");
        if told.body["count"] == count {
            return;
        }
        assert!(began.elapsed() < PATIENCE && told.body["count"].as_i64().unwrap() < count, "{told:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_count_of_users_goes_on_after_a_restart() {
    let folder = Folder::new();
    let create = |client: &mut Client, nth: usize| {
        let user = json!({"email": format!("u{nth}@example.com"), "name": "Ada"});
        assert_eq!(client.post("/users", &user).unwrap().status, 201);
    };
    for round in 0..3 {
        let mut service = Service::listening(&folder, &[]);
        let mut client = service.client();
        (0..20).for_each(|nth| create(&mut client, round * 20 + nth));
        // The first time it is told to stop before all are counted, maybe.
        if round > 0 {
            until_counted(&mut client, 20 * (round as i64 + 1));
            std::thread::sleep(Duration::from_millis(500));
            until_counted(&mut client, 20 * (round as i64 + 1));
        }
        service.terminate();
        let ended = service.ended();
        assert!(ended.status.success() && ended.after < AT_ONCE, "{} after {:?}", ended.stderr, ended.after);
    }
}
