//! Tokens that the service verifies itself: whose they are is the tenant, and nothing else is believed then.

use crate::service::{Folder, Service};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const ISSUER: &str = "https://issuer.example.com";

fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

fn token(changed: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": "users", "sub": "ada", "tenant_id": "acme", "exp": in_seconds(3_600),
    });
    claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("test".into());
    let key = EncodingKey::from_ed_pem(include_bytes!("../keys/ed25519.pem")).unwrap();
    encode(&header, &claims, &key).unwrap()
}

#[test]
fn the_tenant_is_that_of_a_token_that_is_in_order() {
    let folder = Folder::new();
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/jwks.json");
    let vars =
        [("DYNAMORM_URL", "memory:"), ("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "users"), ("JWT_KEYS", keys)];
    let service = Service::listening(&folder, &vars);
    let mut client = service.client();
    let mut ask = |headers: &str, body: Option<&Value>| {
        let (method, body) = body.map_or(("GET", String::new()), |body| ("POST", body.to_string()));
        let length = body.len();
        let request = format!(
            "{method} /users HTTP/1.1\r\nhost: x\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        client.send(&request).unwrap()
    };
    let bearer = |changed: &Value| format!("authorization: Bearer {}\r\n", token(changed));

    let ada = json!({"email": "ada@example.com", "name": "Ada"});
    let created = ask(&bearer(&json!({})), Some(&ada));
    assert_eq!((created.status, &created.body["tenant_id"]), (201, &json!("acme")), "{created:?}");
    assert_eq!(ask(&bearer(&json!({})), None).body["count"], 1);
    // Another tenant sees nothing of it, whatever its header says.
    let other = bearer(&json!({"tenant_id": "other"})) + "x-tenant-id: acme\r\n";
    assert_eq!(ask(&other, None).body["count"], 0);

    let forged = bearer(&json!({})).replace("authorization: Bearer e", "authorization: Bearer f");
    for headers in [
        "x-tenant-id: acme\r\n".to_owned(),
        bearer(&json!({"aud": "others"})),
        bearer(&json!({"iss": "https://elsewhere.example.com"})),
        bearer(&json!({"exp": in_seconds(-3_600)})),
        forged,
    ] {
        let refused = ask(&headers, None);
        assert_eq!((refused.status, &refused.body["code"]), (401, &json!("UNAUTHORIZED")), "{refused:?}");
    }
    // The description says so.
    let described = client.get("/openapi.json").unwrap().body;
    assert_eq!(described["security"], json!([{"token": []}]));
}

#[test]
fn half_of_what_is_needed_for_tokens_stops_the_start() {
    let folder = Folder::new();
    for (vars, problem) in [
        (&[("JWT_ISSUER", ISSUER)][..], "JWT_AUDIENCE is not"),
        (&[("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "users")], "JWT_KEYS is not"),
        (&[("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "users"), ("JWT_KEYS", "no.json")], "JWT_KEYS, no.json"),
    ] {
        let mut service = Service::start(&folder, &[&[("DYNAMORM_URL", "memory:")], vars].concat());
        let ended = service.ended();
        assert!(!ended.status.success());
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
    }
}
