//! Users: the guide's test, and one or more for each handler, error paths included.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use lift::testing::TestResponse;
use serde_json::{Value, json};
use support::{Service, assert_problem, fields, text};
use users::User;

/// The guide's own test.
#[tokio::test]
async fn a_created_user_is_in_the_database() {
    let service = Service::start().await;

    let response = service
        .app
        .post("/users")
        .tenant("test-tenant")
        .json(&json!({"email": "test@example.com", "name": "Test User"}))
        .send()
        .await;
    assert_eq!(response.status, 201);

    let db = service.db.tenant("test-tenant");
    let user = db.query::<User>().key(User::EMAIL_INDEX.partition("test@example.com")).one().await.unwrap();
    assert_eq!(user.name, "Test User");
    assert_eq!(user.tenant_id, "test-tenant");
}

#[tokio::test]
async fn a_created_user_is_answered_as_it_is_stored() {
    let service = Service::start().await;
    let body = json!({"email": "ada@example.com", "name": "Ada", "credits": 12.5});
    let created = service.post("acme", "/users", &body).await;
    assert_eq!(created.status, 201);
    let created = created.json::<Value>();
    assert_eq!(created["credits"], 12.5);
    assert_eq!(created["created_at"], created["updated_at"]);

    let read = service.get("acme", &format!("/users/{}", text(&created["id"]))).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.json::<Value>(), created);
}

#[tokio::test]
async fn a_user_without_credits_has_none() {
    let service = Service::start().await;
    let body = json!({"email": "ada@example.com", "name": "Ada"});
    assert_eq!(service.post("acme", "/users", &body).await.json::<Value>()["credits"], 0);
}

#[tokio::test]
async fn a_bad_body_is_answered_by_what_is_wrong_with_it() {
    let service = Service::start().await;
    let send = async |content_type: &str, body: &'static str| {
        let request = service.app.post("/users").tenant("acme").header("content-type", content_type);
        request.body(body).send().await
    };
    assert_problem(&send("application/json", "{\"email\":").await, 400, "INVALID_JSON");
    assert_problem(&send("text/plain", "{}").await, 415, "UNSUPPORTED_MEDIA_TYPE");

    let wrong_types = send("application/json", r#"{"email": 5, "name": ["Ada"], "credits": "much"}"#).await;
    assert_problem(&wrong_types, 422, "VALIDATION_ERROR");
    assert_eq!(fields(&wrong_types), ["credits", "email", "name"]);

    let wrong_values = send("application/json", r#"{"email": "ada", "name": "", "credits": -1}"#).await;
    assert_problem(&wrong_values, 422, "VALIDATION_ERROR");
    assert_eq!(fields(&wrong_values), ["credits", "email", "name"]);
    assert!(!wrong_values.text().contains("ada"), "{}", wrong_values.text());
}

#[tokio::test]
async fn no_tenant_is_401_on_every_route() {
    let service = Service::start().await;
    for path in
        ["/users", "/users/u1", "/users/summaries", "/users/by-email?email=a@b.cd", "/users/u1/orders"]
    {
        assert_problem(&service.app.get(path).send().await, 401, "UNAUTHORIZED");
    }
    let body = json!({"email": "ada@example.com", "name": "Ada"});
    assert_problem(&service.app.post("/users").json(&body).send().await, 401, "UNAUTHORIZED");
}

#[tokio::test]
async fn an_unknown_user_is_404() {
    let service = Service::start().await;
    for path in ["/users/nobody", "/users/nobody/for-update", "/users/nobody/cached", "/users/nobody/orders"]
    {
        assert_problem(&service.get("acme", path).await, 404, "NOT_FOUND");
    }
    assert_problem(&service.get("acme", "/users/by-email?email=nobody@example.com").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn another_tenants_user_is_404_exactly_as_one_that_never_was() {
    let service = Service::start().await;
    let id = service.user("acme", "Ada", 5.0).await;
    // The cache holds the user by now, and must not give them to the other tenant.
    assert_eq!(service.get("acme", &format!("/users/{id}/cached")).await.status, 200);
    for path in [
        format!("/users/{id}"),
        format!("/users/{id}/for-update"),
        format!("/users/{id}/cached"),
        format!("/users/{id}/orders"),
        "/users/by-email?email=ada@example.com".to_owned(),
    ] {
        let response = service.get("other", &path).await;
        assert_problem(&response, 404, "NOT_FOUND");
        let nobodys = path.replace(&id, "nobody").replace("ada@", "nobody@");
        let never_was = service.get("other", &nobodys).await;
        let but_for_the_request = |response: &TestResponse| {
            let mut body = response.json::<Value>();
            body.as_object_mut().unwrap().remove("request_id");
            (response.status, body)
        };
        assert_eq!(but_for_the_request(&response), but_for_the_request(&never_was), "{path}");
    }
}

#[tokio::test]
async fn an_id_that_cannot_be_a_key_is_400() {
    let service = Service::start().await;
    let id = "x".repeat(3_000);
    assert_problem(&service.get("acme", &format!("/users/{id}")).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_list_is_read_to_its_end_by_its_cursors() {
    let service = Service::start().await;
    let mut created = Vec::new();
    for nth in 0..7 {
        created.push(service.user("acme", &format!("User{nth}"), 0.0).await);
        service.user("other", &format!("Other{nth}"), 0.0).await;
    }
    let (mut listed, mut pages) = (Vec::new(), 0);
    let mut path = "/users?limit=3".to_owned();
    loop {
        let page = service.get("acme", &path).await.json::<Value>();
        pages += 1;
        let users = page["users"].as_array().unwrap();
        assert_eq!(page["count"], users.len());
        listed.extend(users.iter().map(|user| text(&user["id"])));
        match page.get("next_cursor") {
            Some(next) => path = format!("/users?limit=3&cursor={}", text(next)),
            None => break,
        }
    }
    assert_eq!(listed, created);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn a_limit_is_brought_into_1_to_100() {
    let service = Service::start().await;
    let many: Vec<Value> = (0..120)
        .map(|nth| json!({"email": format!("u{nth}@example.com"), "name": format!("User {nth}")}))
        .collect();
    assert_eq!(service.post("acme", "/users/batch", &json!({"users": many})).await.status, 200);
    for (limit, count) in [("", 20), ("?limit=5", 5), ("?limit=0", 1), ("?limit=1000", 100)] {
        let page = service.get("acme", &format!("/users{limit}")).await.json::<Value>();
        assert_eq!(page["count"], count, "{limit}");
    }
    assert_problem(&service.get("acme", "/users?limit=many").await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let service = Service::start().await;
    for name in ["Ada", "Bob", "Cleo"] {
        service.user("acme", name, 0.0).await;
        service.user("other", name, 0.0).await;
    }
    let cursor = async |tenant: &str| {
        text(&service.get(tenant, "/users?limit=1").await.json::<Value>()["next_cursor"])
    };
    let (own, foreign) = (cursor("acme").await, cursor("other").await);
    let ada = text(&service.get("acme", "/users?limit=1").await.json::<Value>()["users"][0]["id"]);

    assert_eq!(service.get("acme", &format!("/users?cursor={own}")).await.status, 200);
    assert_eq!(service.get("acme", &format!("/users/summaries?cursor={own}")).await.status, 200);
    for path in [
        format!("/users?cursor={foreign}"),
        format!("/users/{ada}/orders?cursor={own}"),
        "/users?cursor=abc".to_owned(),
        format!("/users?cursor={}", own.replace('=', "x")),
    ] {
        assert_problem(&service.get("acme", &path).await, 400, "INVALID_CURSOR");
    }
}

#[tokio::test]
async fn a_batch_of_any_size_is_stored_whole() {
    let service = Service::start().await;
    let many: Vec<Value> = (0..60)
        .map(|nth| json!({"email": format!("u{nth}@example.com"), "name": format!("User {nth}")}))
        .collect();
    let response = service.post("acme", "/users/batch", &json!({"users": many})).await;
    assert_eq!(response.status, 200, "{}", response.text());
    let created = response.json::<Value>();
    assert_eq!(created["created"], 60);
    for user in created["users"].as_array().unwrap() {
        let read = service.get("acme", &format!("/users/{}", text(&user["id"]))).await;
        assert_eq!(read.json::<Value>(), *user);
    }
    // Each is in the index by e-mail too, which the guide's own batch forgot.
    assert_eq!(service.get("acme", "/users/by-email?email=u59@example.com").await.status, 200);
}

#[tokio::test]
async fn a_batch_with_a_mistake_names_it_and_stores_nothing() {
    let service = Service::start().await;
    let body = json!({"users": [{"email": "ada@example.com", "name": "Ada"}, {"email": "bob", "name": ""}]});
    let response = service.post("acme", "/users/batch", &body).await;
    assert_problem(&response, 422, "VALIDATION_ERROR");
    assert_eq!(fields(&response), ["users[1].email", "users[1].name"]);
    assert_eq!(service.get("acme", "/users").await.json::<Value>()["count"], 0);
    assert_problem(
        &service.post("acme", "/users/batch", &json!({"users": []})).await,
        422,
        "VALIDATION_ERROR",
    );
}

#[tokio::test]
async fn a_user_is_found_by_email_within_the_tenant() {
    let service = Service::start().await;
    let own = service.user("acme", "Ada", 0.0).await;
    let other = service.user("other", "Ada", 0.0).await;
    let found = async |tenant: &str| {
        text(&service.get(tenant, "/users/by-email?email=ada@example.com").await.json::<Value>()["id"])
    };
    assert_eq!(found("acme").await, own);
    assert_eq!(found("other").await, other);
    assert_problem(&service.get("acme", "/users/by-email").await, 422, "VALIDATION_ERROR");
    assert_problem(&service.get("acme", "/users/by-email?email=ada").await, 422, "VALIDATION_ERROR");
}

#[tokio::test]
async fn summaries_have_three_attributes_and_say_where_to_go_on() {
    let service = Service::start().await;
    for name in ["Ada", "Bob"] {
        service.user("acme", name, 0.0).await;
    }
    let first = service.get("acme", "/users/summaries?limit=1").await;
    let summary = first.json::<Value>()[0].clone();
    assert_eq!(summary.as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "id", "name"]);
    let cursor = first.headers["x-next-cursor"].to_str().unwrap();
    let second = service.get("acme", &format!("/users/summaries?cursor={cursor}")).await;
    assert_eq!(second.json::<Value>()[0]["name"], "Bob");
    assert!(!second.headers.contains_key("x-next-cursor"));
}

#[tokio::test]
async fn a_cached_user_is_as_this_service_wrote_it_and_need_not_be_as_another_did() {
    let service = Service::start().await;
    let id = service.user("acme", "Ada", 1.0).await;
    assert_eq!(service.get("acme", &format!("/users/{id}/cached")).await.status, 200);
    let db = service.db.tenant("acme");
    db.update(User::key(id.as_str())).set(User::NAME, "Ada Lovelace").execute().await.unwrap();

    let name = async |path: String| text(&service.get("acme", &path).await.json::<Value>()["name"]);
    assert_eq!(name(format!("/users/{id}/for-update")).await, "Ada Lovelace");
    assert_eq!(name(format!("/users/{id}/cached")).await, "Ada");

    // A write of its own makes the service ask again.
    let other = service.user("acme", "Bob", 5.0).await;
    let transfer = json!({ "from_user_id": other, "to_user_id": id, "amount": 1 });
    let transferred = service.post("acme", "/transfers", &transfer).await;
    assert_eq!(transferred.status, 200);
    assert_eq!(name(format!("/users/{id}/cached")).await, "Ada Lovelace");
}

#[tokio::test]
async fn a_create_that_is_repeated_makes_one_user() {
    let service = Service::start().await;
    let create = |key: &str, name: &str| {
        let body = json!({ "email": "ada@example.com", "name": name });
        service.app.post("/users").tenant("acme").header("idempotency-key", key).json(&body).send()
    };
    let key = "8e03978e-40d5-43dd-bc93-6894a57f9324";
    let (first, again) = (create(key, "Ada").await, create(key, "Ada").await);
    assert_eq!((first.status, again.status), (201.try_into().unwrap(), 201.try_into().unwrap()));
    assert_eq!(first.json::<Value>()["id"], again.json::<Value>()["id"]);
    assert_problem(&create(key, "Bob").await, 422, "IDEMPOTENCY_KEY_REUSED");
    assert_ne!(first.json::<Value>()["id"], create("another-key", "Ada").await.json::<Value>()["id"]);
    assert!(first.headers.contains_key("ratelimit-remaining"));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_answered_in_the_same_form() {
    let service = Service::start().await;
    assert_problem(&service.get("acme", "/nothing").await, 404, "NOT_FOUND");
    let response = service.app.delete("/users").tenant("acme").send().await;
    assert_problem(&response, 405, "METHOD_NOT_ALLOWED");
    assert!(response.headers.contains_key("allow"));
}

#[tokio::test]
async fn the_service_describes_its_routes_and_what_they_answer() {
    let service = Service::start().await;
    let response = service.app.get("/openapi.json").send().await;
    assert_eq!(response.status, 200);
    let document: Value = response.json();
    let paths = document["paths"].as_object().unwrap();
    let described: Vec<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    let expected = [
        "post /orders",
        "post /transfers",
        "get /users",
        "post /users",
        "post /users/batch",
        "get /users/by-email",
        "get /users/count",
        "get /users/summaries",
        "get /users/{id}",
        "get /users/{id}/cached",
        "get /users/{id}/for-update",
        "get /users/{id}/orders",
    ];
    assert_eq!(described, expected);
    for operation in paths.values().flat_map(|item| item.as_object().unwrap().values()) {
        assert_ne!(operation["summary"], Value::Null, "{operation}");
        let error =
            &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(error, "#/components/schemas/Problem", "{operation}");
    }

    // What is described of a user is what is answered of one.
    let body = json!({"email": "ada@example.com", "name": "Ada", "credits": 10.5});
    let user: Value = service.app.post("/users").tenant("acme").json(&body).send().await.json();
    let members: Vec<&String> = user.as_object().unwrap().keys().collect();
    let schema = &document["components"]["schemas"]["User"];
    assert_eq!(members, schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>());
    assert_eq!(document["components"]["schemas"]["Credits"]["type"], "number");
    assert_eq!(schema["properties"]["created_at"]["format"], "date-time");
}
