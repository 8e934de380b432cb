//! A service of its own for each test: in memory, with its own table and its own cache.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops at the first surprise, and no test needs all of this"
)]

use dynamorm::Db;
use lift::Config;
use lift::testing::{TestApp, TestResponse};
use serde_json::{Value, json};

pub(crate) struct Service {
    pub(crate) app: TestApp,
    pub(crate) db: Db,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let db = Db::memory().unwrap().table("users");
        users::create_tables(&db).await.unwrap();
        Self { app: TestApp::new(users::app(db.clone(), "users", Config::default())), db }
    }

    pub(crate) async fn get(&self, tenant: &str, path: &str) -> TestResponse {
        self.app.get(path).tenant(tenant).send().await
    }

    pub(crate) async fn post(&self, tenant: &str, path: &str, body: &Value) -> TestResponse {
        self.app.post(path).tenant(tenant).json(body).send().await
    }

    /// Creates a user and gives their id.
    pub(crate) async fn user(&self, tenant: &str, name: &str, credits: f64) -> String {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({"email": email, "name": name, "credits": credits});
        let response = self.post(tenant, "/users", &body).await;
        assert_eq!(response.status, 201, "{}", response.text());
        text(&response.json::<Value>()["id"])
    }

    /// What a user has.
    pub(crate) async fn credits(&self, tenant: &str, id: &str) -> f64 {
        let user = self.get(tenant, &format!("/users/{id}/for-update")).await;
        user.json::<Value>()["credits"].as_f64().unwrap()
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The names of the fields that an error is about, sorted.
pub(crate) fn fields(response: &TestResponse) -> Vec<String> {
    let body = response.json::<Value>();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let mut fields: Vec<String> = errors.iter().map(|error| text(&error["field"])).collect();
    fields.sort_unstable();
    fields
}

/// Asserts that an answer is this error, in the one form that all errors have.
#[track_caller]
pub(crate) fn assert_problem(response: &TestResponse, status: u16, code: &str) {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(response.headers["content-type"], "application/problem+json");
    let body = response.json::<Value>();
    assert_eq!(body["status"], status);
    assert_eq!(body["code"], code);
    assert_eq!(body["request_id"], response.headers["x-request-id"].to_str().unwrap());
}
