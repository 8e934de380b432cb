//! Two tenants over HTTP, each with the other's ids, e-mail addresses and cursors: no byte of one reaches the other, and nothing
//! that one does changes what the other has.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use lift::testing::TestResponse;
use serde_json::{Value, json};
use support::Service;

const TENANTS: [&str; 2] = ["acme", "acme#USER"];
/// What each tenant's texts hold, and the other's never do.
const WORDS: [&str; 2] = ["first-canary", "second-canary"];

struct Run {
    service: Service,
    chance: fastrand::Rng,
    /// What clients know: ids and cursors of both.
    ids: Vec<String>,
    cursors: Vec<String>,
}

impl Run {
    fn one_of(&mut self, ids: bool) -> String {
        let all = if ids { &self.ids } else { &self.cursors };
        all.get(self.chance.usize(..all.len().max(1))).cloned().unwrap_or_else(|| "nobody".to_owned())
    }

    async fn request(&mut self, who: usize) -> TestResponse {
        let (id, other_id, cursor) = (self.one_of(true), self.one_of(true), self.one_of(false));
        let (tenant, word) = (TENANTS[who], WORDS[who]);
        let email = |word: &str| format!("{word}@example.com");
        let get = async |path: String| self.service.get(tenant, &path).await;
        match self.chance.u8(..11) {
            0 | 1 => {
                let body = json!({"email": email(word), "name": word, "credits": 10});
                self.service.post(tenant, "/users", &body).await
            }
            2 => get(format!("/users/{id}")).await,
            3 => get(format!("/users/{id}/for-update")).await,
            4 => get(format!("/users/{id}/cached")).await,
            5 => get(format!("/users/{id}/orders?limit=2&cursor={cursor}")).await,
            6 => get(format!("/users?limit=2&cursor={cursor}")).await,
            7 => get(format!("/users/summaries?limit=2&cursor={cursor}")).await,
            8 => get(format!("/users/by-email?email={}", email(WORDS[1 - who]))).await,
            9 => {
                let body = json!({"user_id": id, "total": 1, "status": word});
                self.service.post(tenant, "/orders", &body).await
            }
            _ => {
                let body = json!({"from_user_id": id, "to_user_id": other_id, "amount": 1});
                self.service.post(tenant, "/transfers", &body).await
            }
        }
    }

    /// All that a tenant has, as it sees it.
    async fn seen(&self, who: usize) -> Vec<String> {
        let users = self.service.get(TENANTS[who], "/users?limit=100").await.json::<Value>();
        let mut seen = vec![users["users"].to_string()];
        for user in users["users"].as_array().unwrap() {
            let path = format!("/users/{}/orders?limit=100", user["id"].as_str().unwrap());
            seen.push(self.service.get(TENANTS[who], &path).await.json::<Value>()["orders"].to_string());
        }
        seen
    }

    /// What a client keeps of an answer, for itself and the other one.
    fn keep(&mut self, response: &TestResponse) {
        self.cursors
            .extend(response.headers.get("x-next-cursor").map(|next| next.to_str().unwrap().to_owned()));
        let Ok(body) = serde_json::from_slice::<Value>(&response.body) else { return };
        self.cursors.extend(body["next_cursor"].as_str().map(str::to_owned));
        self.ids.extend(body["id"].as_str().map(str::to_owned));
        let keep = |kept: &mut Vec<String>| kept.drain(..kept.len().saturating_sub(12)).for_each(drop);
        keep(&mut self.ids);
        keep(&mut self.cursors);
    }
}

#[tokio::test]
async fn no_byte_of_one_tenant_reaches_the_other_over_http() {
    let requests = std::env::var("DYNAMORM_TEST_OPERATIONS").map_or(600, |text| text.parse().unwrap());
    let service = Service::start().await;
    let mut run = Run { service, chance: fastrand::Rng::with_seed(7), ids: Vec::new(), cursors: Vec::new() };
    let mut answered = [0; 2];
    for nth in 0..requests {
        let (who, other) = if run.chance.bool() { (0, 1) } else { (1, 0) };
        let before = if nth % 10 == 0 { Some(run.seen(other).await) } else { None };
        let response = run.request(who).await;
        let text = response.text();
        assert!(!text.contains(WORDS[other]), "{} saw {text}", TENANTS[who]);
        assert!(!response.status.is_server_error() && response.status != 403, "{text}");
        answered[who] += usize::from(response.status.is_success());
        if let Some(before) = before {
            assert_eq!(run.seen(other).await, before, "{} changed what is not its own", TENANTS[who]);
        }
        run.keep(&response);
    }
    assert!(answered.iter().all(|count| *count > requests / 10), "{answered:?}");
}
