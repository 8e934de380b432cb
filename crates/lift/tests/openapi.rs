//! Routes that describe themselves: what the description says without any handler saying it, and that it is true.
#![cfg(feature = "openapi")]

use garde::Validate;
use lift::axum::Json;
use lift::axum::http::{HeaderName, StatusCode};
use lift::testing::TestApp;
use lift::utoipa::{self, IntoParams, ToSchema};
use lift::utoipa_axum::router::OpenApiRouter;
use lift::utoipa_axum::routes;
use lift::{App, Config, Error, Jwt, Keys, Page, Result, TenantId, Valid, ValidQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize, Validate, ToSchema)]
struct CreateUser {
    #[garde(email)]
    email: String,
}

#[derive(Serialize, ToSchema)]
struct User {
    email: String,
}

/// Makes a user.
#[utoipa::path(post, path = "/users", responses((status = 201, body = User), (status = "default", description = "Own words")))]
async fn create(_: TenantId, Valid(user): Valid<CreateUser>) -> (StatusCode, Json<User>) {
    (StatusCode::CREATED, Json(User { email: user.email }))
}

#[utoipa::path(get, path = "/users", params(Page), responses((status = 200, body = [User])))]
async fn list(_: TenantId, _: Page) -> Json<Vec<User>> {
    Json(Vec::new())
}

#[derive(Deserialize, Validate, IntoParams)]
struct ByEmail {
    #[garde(email)]
    email: String,
}

#[utoipa::path(get, path = "/users/by-email", params(ByEmail), responses((status = 200, body = User)))]
async fn by_email(ValidQuery(request): ValidQuery<ByEmail>) -> Result<Json<User>> {
    Err(Error::not_found(format!("there is no {}", request.email)))
}

fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(by_email))
}

fn app(config: Config) -> App {
    App::new().with_config(config).openapi("/openapi.json", routes())
}

async fn document(app: App) -> Value {
    let answer = TestApp::new(app).get("/openapi.json").send().await;
    assert_eq!(answer.status, 200);
    answer.json()
}

fn config() -> Config {
    Config { service: "users".into(), ..Config::from_env() }
}

/// All references in the document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_reference_leads_somewhere() {
    let document = document(app(config())).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "users");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/users", "/users/by-email"]);
    assert_eq!(paths["/users"].as_object().unwrap().keys().collect::<Vec<_>>(), ["get", "post"]);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() >= 5, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_operation_says_what_an_error_looks_like_unless_it_says_so_itself() {
    let document = document(app(config())).await;
    let of = |path: &str, method: &str| document["paths"][path][method]["responses"]["default"].clone();
    let reference = "#/components/schemas/Problem";
    for path in ["/users", "/users/by-email"] {
        assert_eq!(of(path, "get")["content"]["application/problem+json"]["schema"]["$ref"], reference);
    }
    assert_eq!(of("/users", "post")["description"], "Own words");
}

#[tokio::test]
async fn the_schema_of_an_error_is_that_of_the_errors_that_are_answered() {
    let document = document(app(config())).await;
    let schema = &document["components"]["schemas"]["Problem"];
    let app = TestApp::new(app(config()));
    let missing = app.get("/users/by-email?email=ada@example.com").send().await;
    let invalid = app.post("/users").tenant("acme").json(&json!({"email": "x"})).send().await;
    for (answer, status) in [(missing, 404), (invalid, 422)] {
        assert_eq!(answer.status, status);
        let body: Value = answer.json();
        let members = body.as_object().unwrap();
        for (name, value) in members {
            let kind = &schema["properties"][name]["type"];
            let is_of = match value {
                Value::String(_) => "string",
                Value::Number(_) => "integer",
                _ => "array",
            };
            let said = kind.as_array().map_or(kind == is_of, |kinds| kinds.contains(&json!(is_of)));
            assert!(said, "{name} is {is_of}: {schema}");
        }
        for name in schema["required"].as_array().unwrap() {
            assert!(members.contains_key(name.as_str().unwrap()), "{name} is missing in {body}");
        }
    }
    let field = &document["components"]["schemas"]["FieldError"];
    assert_eq!(field["required"], json!(["field", "message"]));
}

#[tokio::test]
async fn how_a_request_says_whose_it_is_follows_the_app() {
    let plain = document(app(Config { trust_tenant_header: None, ..config() })).await;
    assert_eq!(plain["security"], Value::Null);

    let header = HeaderName::from_static("x-tenant-id");
    let keys = Keys::secret(b"a secret of thirty-two bytes, or more").unwrap();
    let jwt = Jwt::new(keys, "https://issuer.example.com", "users");
    let both = app(Config { trust_tenant_header: Some(header), ..config() }).jwt(jwt);
    let both = document(both).await;
    assert_eq!(both["security"], json!([{"token": []}, {"tenant": []}]));
    let schemes = &both["components"]["securitySchemes"];
    assert_eq!(schemes["token"]["scheme"], "bearer");
    assert_eq!(
        (&schemes["tenant"]["in"], &schemes["tenant"]["name"]),
        (&json!("header"), &json!("x-tenant-id"))
    );
}

#[tokio::test]
async fn the_description_needs_no_tenant_and_the_routes_do() {
    let app = TestApp::new(app(Config { require_tenant: true, ..config() }));
    assert_eq!(app.get("/openapi.json").send().await.status, 200);
    assert_eq!(app.get("/users").send().await.status, 401);
    assert_eq!(app.get("/users").tenant("acme").send().await.status, 200);
}

#[tokio::test]
async fn a_page_describes_its_parameters() {
    let document = document(app(config())).await;
    let parameters = document["paths"]["/users"]["get"]["parameters"].as_array().unwrap().clone();
    let names: Vec<&Value> = parameters.iter().map(|parameter| &parameter["name"]).collect();
    assert_eq!(names, ["limit", "cursor"]);
    assert!(parameters.iter().all(|parameter| parameter["in"] == "query" && parameter["required"] == false));
}
