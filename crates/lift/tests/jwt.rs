//! Who is believed, and who is not: tokens verified in the process, with the feature `jwt`.
//!
//! The RSA key in `keys/` was made for these tests alone.

#![cfg(feature = "jwt")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dynamorm::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use lift::axum::routing::get;
use lift::axum::{Json, Router};
use lift::testing::{TestApp, TestResponse};
use lift::{App, BoxError, Claims, Config, Ctx, Jwt, Keys, Signing, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::Logs;

const SECRET: &[u8] = b"a secret of thirty-two bytes, or more";
const ISSUER: &str = "https://issuer.example.com";
const RSA: &[u8] = include_bytes!("keys/rsa.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("keys/rsa.pub.pem");

/// Claims that are in order.
fn claims() -> Value {
    let now = Timestamp::now().epoch_seconds();
    json!({"iss": ISSUER, "aud": "users", "sub": "u1", "tenant_id": "acme", "exp": now + 300, "roles": ["admin"]})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn signed(algorithm: Algorithm, id: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: id.map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, key).unwrap()
}

fn hs256(claims: &Value) -> String {
    signed(Algorithm::HS256, None, &EncodingKey::from_secret(SECRET), claims)
}

/// A private key of Ed25519 or P-256 from 32 bytes, in PKCS #8.
fn ed(seed: u8) -> EncodingKey {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    EncodingKey::from_ed_der(&[&head[..], &[seed; 32]].concat())
}

fn jwk(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, algorithm).unwrap()).unwrap();
    jwk["kid"] = json!(id);
    jwk
}

fn app(keys: Keys) -> TestApp {
    #[derive(Deserialize)]
    struct Me {
        sub: String,
        exp: u64,
    }
    let me = async |Claims(me): Claims<Me>, tenant: TenantId, ctx: Ctx| {
        assert_eq!(ctx.user(), Some(me.sub.as_str()));
        assert!(me.exp > 0);
        Json(json!({"user": me.sub, "tenant": tenant}))
    };
    let admin = Router::new().route("/admin", get(async || "in")).route_layer(lift::require_role("admin"));
    let routes = Router::new().route("/me", get(me)).route("/open", get(async || "open")).merge(admin);
    TestApp::new(
        App::new().with_config(Config::default()).jwt(Jwt::new(keys, ISSUER, "users")).routes(routes),
    )
}

async fn me(app: &TestApp, token: &str) -> TestResponse {
    app.get("/me").header("authorization", &format!("Bearer {token}")).send().await
}

fn is_refused(answer: &TestResponse) {
    assert_eq!(
        (answer.status.as_u16(), answer.json::<Value>()["code"].clone()),
        (401, json!("UNAUTHORIZED")),
        "{}",
        answer.text()
    );
    assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn a_token_that_is_in_order_tells_user_tenant_and_roles() {
    let app = app(Keys::secret(SECRET).unwrap());
    let answer = me(&app, &hs256(&claims())).await;
    assert_eq!(answer.json::<Value>(), json!({"user": "u1", "tenant": "acme"}));
    for (claims, status) in [(claims(), 200), (with("roles", json!(["user"])), 403), (without("roles"), 403)]
    {
        let token = hs256(&claims);
        let answer = app.get("/admin").header("authorization", &format!("bearer {token}")).send().await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(app.get("/admin").send().await.status, 401);
    assert_eq!(app.get("/open").send().await.status, 200);
}

#[tokio::test]
async fn every_kind_of_key_verifies_its_own_tokens_and_no_others() {
    let p256 = {
        let head = [
            0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86,
            0x48, 0xce, 0x3d, 3, 1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20,
        ];
        EncodingKey::from_ec_der(&[&head[..], &[7; 32]].concat())
    };
    let rsa = EncodingKey::from_rsa_pem(RSA).unwrap();
    let set = |key: &EncodingKey, algorithm| {
        let set = json!({"keys": [jwk(key, algorithm, "k1")]}).to_string();
        Keys::jwks(&set).unwrap()
    };
    let tokens = [
        hs256(&claims()),
        signed(Algorithm::RS256, None, &rsa, &claims()),
        signed(Algorithm::ES256, None, &p256, &claims()),
        signed(Algorithm::EdDSA, None, &ed(7), &claims()),
    ];
    let apps = [
        app(Keys::secret(SECRET).unwrap()),
        app(Keys::pem(Signing::Rs256, RSA_PUBLIC).unwrap()),
        app(set(&p256, Algorithm::ES256)),
        app(set(&ed(7), Algorithm::EdDSA)),
    ];
    for (nth, app) in apps.iter().enumerate() {
        for (of, token) in tokens.iter().enumerate() {
            let expected = if of == nth { 200 } else { 401 };
            assert_eq!(me(app, token).await.status, expected, "app {nth}, token {of}");
        }
    }
}

#[tokio::test]
async fn algorithms_cannot_be_confused() {
    // The public key as the secret of an HMAC: the oldest trick.
    let app = app(Keys::pem(Signing::Rs256, RSA_PUBLIC).unwrap());
    let forged = signed(Algorithm::HS256, None, &EncodingKey::from_secret(RSA_PUBLIC), &claims());
    is_refused(&me(&app, &forged).await);
    // The same key, and an algorithm that it does not have.
    let rsa = EncodingKey::from_rsa_pem(RSA).unwrap();
    is_refused(&me(&app, &signed(Algorithm::RS512, None, &rsa, &claims())).await);
    is_refused(&me(&app, &signed(Algorithm::PS256, None, &rsa, &claims())).await);
    // No algorithm at all.
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", ""] {
        let head = part(json!({"alg": alg, "typ": "JWT"}));
        is_refused(&me(&app, &format!("{head}.{}.", part(claims()))).await);
    }
}

#[tokio::test]
async fn a_token_that_is_not_in_order_is_refused() {
    let app = app(Keys::secret(SECRET).unwrap());
    let now = Timestamp::now().epoch_seconds();
    for (what, claims) in [
        ("expired", with("exp", json!(now - 120))),
        ("for later", with("nbf", json!(now + 120))),
        ("for others", with("aud", json!("others"))),
        ("by others", with("iss", json!("https://evil.example.com"))),
        ("for ever", without("exp")),
        ("for nobody", without("aud")),
        ("by nobody", without("iss")),
        ("with text for a time", with("exp", json!("tomorrow"))),
    ] {
        let answer = me(&app, &hs256(&claims)).await;
        assert_eq!(answer.status, 401, "{what}");
        is_refused(&answer);
    }
    let expired = me(&app, &hs256(&with("exp", json!(now - 120)))).await;
    assert_eq!(expired.json::<Value>()["detail"], "the token has expired");
    assert_eq!(me(&app, &hs256(&with("aud", json!(["others", "users"])))).await.status, 200);
    assert_eq!(me(&app, &hs256(&with("exp", json!(now - 30)))).await.status, 200, "clocks differ");

    let good = hs256(&claims());
    let mut bent = good.clone();
    bent.replace_range(bent.len() - 3.., "AAA");
    for broken in ["", "a", "a.b.c", &bent, &good[..good.len() - 1], &format!("{good}.x"), &"x".repeat(5000)]
    {
        is_refused(&me(&app, broken).await);
    }
    let twice =
        app.get("/me").header("authorization", &format!("Bearer {good}")).header("authorization", "Bearer x");
    is_refused(&twice.send().await);
    // On every route, for a client that shows a token wants to be somebody.
    is_refused(&app.get("/open").header("authorization", "Bearer x").send().await);
    // Another scheme is not ours.
    assert_eq!(app.get("/open").header("authorization", "Basic dTpw").send().await.status, 200);
}

#[tokio::test]
async fn a_header_that_must_be_understood_is_refused() {
    let app = app(Keys::secret(SECRET).unwrap());
    let header = Header { crit: Some(vec!["b64".to_owned()]), ..Header::new(Algorithm::HS256) };
    is_refused(&me(&app, &encode(&header, &claims(), &EncodingKey::from_secret(SECRET)).unwrap()).await);
}

#[tokio::test(start_paused = true)]
async fn keys_that_an_issuer_publishes_are_fetched_once_and_again_when_they_change() {
    let (fetched, first) = (Arc::new(AtomicUsize::new(0)), jwk(&ed(1), Algorithm::EdDSA, "k1"));
    let second = jwk(&ed(2), Algorithm::EdDSA, "k2");
    let keys = {
        let fetched = fetched.clone();
        Keys::fetched(move || {
            let set = match fetched.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(json!({"keys": [first]}).to_string()),
                1 => Ok(json!({"keys": [first, second]}).to_string()),
                _ => Err(BoxError::from("the issuer is down")),
            };
            async { set }
        })
    };
    let app = app(keys);
    let token = |seed, id: &str| signed(Algorithm::EdDSA, Some(id), &ed(seed), &claims());
    for _ in 0..3 {
        assert_eq!(me(&app, &token(1, "k1")).await.status, 200);
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    // A new key, and strangers, do not make us ask more often than once a minute.
    for _ in 0..3 {
        assert_eq!(me(&app, &token(2, "k2")).await.status, 401);
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(me(&app, &token(2, "k2")).await.status, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
    // A key under another's name.
    is_refused(&me(&app, &token(2, "k1")).await);
    // Keys that cannot be fetched again stay good.
    tokio::time::advance(Duration::from_secs(4000)).await;
    assert_eq!(me(&app, &token(1, "k1")).await.status, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn without_any_key_a_token_is_answered_503() {
    let app = app(Keys::fetched(async || Err("the issuer is down".into())));
    assert_eq!(me(&app, &hs256(&claims())).await.status, 503);
    assert_eq!(app.get("/open").send().await.status, 200);
}

#[test]
fn keys_that_cannot_be_used_are_refused_when_they_are_made() {
    let message = |keys: Result<Keys, BoxError>| keys.unwrap_err().to_string();
    assert_eq!(message(Keys::secret(b"short")), "the secret has 5 bytes, it needs 32 or more");
    assert!(Keys::pem(Signing::Es256, RSA_PUBLIC).is_err());
    assert!(Keys::pem(Signing::Rs256, b"no key").is_err());
    assert!(message(Keys::jwks("{}")).starts_with("this is no JSON Web Key Set"));
    // A secret that somebody publishes is none.
    let published = r#"{"keys":[{"kty":"oct","k":"YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcw","alg":"HS256"}]}"#;
    assert!(message(Keys::jwks(published)).contains("no key"));
    let encryption = json!({"keys": [{"use": "enc", "kty": "OKP", "crv": "Ed25519", "x": "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}]});
    assert!(message(Keys::jwks(&encryption.to_string())).contains("no key"));
}

#[tokio::test]
async fn no_token_is_in_a_log_line() {
    let logs = Logs::start();
    let app = app(Keys::secret(SECRET).unwrap());
    let (good, bad) = (hs256(&claims()), hs256(&with("aud", json!("others"))));
    me(&app, &good).await;
    me(&app, &bad).await;
    let text = logs.text();
    assert!(!text.is_empty());
    for part in good.split('.').chain(bad.split('.')).skip(1) {
        assert!(!text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn what_the_authorizer_verified_counts_and_no_token_beside_it() {
    let app = app(Keys::secret(SECRET).unwrap());
    let mut event = support::v2("GET", "/me", "");
    event["requestContext"]["authorizer"] =
        json!({"jwt": {"claims": {"sub": "u2", "tenant_id": "umbrella", "exp": "1"}}});
    event["headers"]["authorization"] = json!(format!("Bearer {}", hs256(&claims())));
    let answer = app.invoke(event).await.unwrap();
    // API Gateway gives numbers as text, and this handler wants one.
    assert_eq!(answer["statusCode"], 401, "{answer}");
    let mut event = support::v2("GET", "/me", "");
    event["requestContext"]["authorizer"] =
        json!({"lambda": {"sub": "u2", "tenant_id": "umbrella", "exp": 1}});
    event["headers"]["authorization"] = json!(format!("Bearer {}", hs256(&claims())));
    let answer = app.invoke(event).await.unwrap();
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"user": "u2", "tenant": "umbrella"}));
}
