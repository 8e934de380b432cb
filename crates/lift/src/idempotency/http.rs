//! The layer: `Idempotency-Key` in, and the same answer out, however often it is asked for.

use super::Idempotency;
use super::record::Begun;
use crate::auth::Identity;
use crate::error::Error;
use crate::extract::Ctx;
use crate::hash;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, MatchedPath, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::task::{Context, Poll};
use tower::{Layer, Service};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in bytes.
const MAX_KEY: usize = 255;

impl<S> Layer<S> for Idempotency {
    type Service = Idempotent<S>;

    fn layer(&self, inner: S) -> Idempotent<S> {
        Idempotent { idempotency: self.clone(), inner }
    }
}

/// A service whose requests are carried out once for each key: what the layer [`Idempotency`] makes.
#[derive(Debug, Clone)]
pub struct Idempotent<S> {
    idempotency: Idempotency,
    inner: S,
}

impl<S> Service<Request> for Idempotent<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready is used, and a clone takes its place.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let idempotency = self.idempotency.clone();
        Box::pin(async move { answer(&idempotency, inner, request).await })
    }
}

async fn answer<S>(idempotency: &Idempotency, mut inner: S, request: Request) -> Result<Response, S::Error>
where
    S: Service<Request, Response = Response>,
{
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return inner.call(request).await;
    }
    let key = match key_of(request.headers()) {
        Ok(Some(key)) => key,
        Ok(None) if idempotency.optional => return inner.call(request).await,
        Ok(None) => return Ok(required().into_response()),
        Err(error) => return Ok(error.into_response()),
    };
    let (parts, body) = request.into_parts();
    let body = match Bytes::from_request(Request::new(body), &()).await {
        Ok(body) => body,
        Err(rejection) => return Ok(Error::from(rejection).into_response()),
    };
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let ctx = request.extensions().get::<Ctx>().cloned().unwrap_or_default();
    let id = id_of(&request, &ctx, &key);
    let payload = payload_of(&request, &body);

    match idempotency.begin(&id, &payload, &ctx).await {
        Err(error) => Ok(Error::from(error).into_response()),
        Ok(Begun::OtherPayload) => Ok(Error::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "IDEMPOTENCY_KEY_REUSED",
            "the idempotency key was used for another request",
        )
        .into_response()),
        Ok(Begun::InProgress) => {
            let mut response =
                Error::conflict("a request with this idempotency key is being carried out").into_response();
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            Ok(response)
        }
        Ok(Begun::Done(None)) => {
            Ok(Error::conflict("the request was carried out, and its answer was too large to keep")
                .into_response())
        }
        Ok(Begun::Done(Some(data))) => Ok(Kept::read(&data)),
        Ok(Begun::Mine(claim)) => {
            let response = match idempotency.guarded(&claim, inner.call(request)).await {
                Ok(response) if response.status().as_u16() < 400 => response,
                refused => {
                    idempotency.give_up(&claim).await;
                    return refused;
                }
            };
            let (parts, body) = response.into_parts();
            // A body that breaks off has no answer to keep, but the work is done all the same.
            let body = match to_bytes(body, usize::MAX).await {
                Ok(body) => body,
                Err(error) => {
                    idempotency.keep(&claim, None).await;
                    return Ok(Error::internal(error).into_response());
                }
            };
            let kept = serde_json::to_string(&Kept::of(parts.status, &parts.headers, &body)).ok();
            idempotency.keep(&claim, kept).await;
            Ok(Response::from_parts(parts, Body::from(body)))
        }
    }
}

fn required() -> Error {
    Error::new(
        StatusCode::BAD_REQUEST,
        "IDEMPOTENCY_KEY_REQUIRED",
        "this request needs an `idempotency-key` header: one value for each thing that is to be done",
    )
}

/// The key: text in quotes, as the draft has it, or without.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut values = headers.get_all(&IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map(str::trim).unwrap_or_default();
    let key = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').and_then(unescaped),
        None => Some(text.to_owned()),
    };
    let is_key = |key: &String| {
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    match key.filter(is_key) {
        Some(key) if values.next().is_none() => Ok(Some(key)),
        _ => Err(Error::bad_request(format!(
            "the `idempotency-key` header is not one text of 1 to {MAX_KEY} visible ASCII characters"
        ))),
    }
}

/// The text of a structured header's string, in which quotes and backslashes have a backslash before them.
fn unescaped(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => key.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
    Some(key)
}

/// The record's id: what the key is of can be read, the rest is a hash.
fn id_of(request: &Request, ctx: &Ctx, key: &str) -> String {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let tenant = ctx.tenant().map_or("", |tenant| tenant.as_str());
    let user = Identity::of(request.extensions()).and_then(Identity::subject).unwrap_or_default();
    let whose = hash::of(&[tenant.as_bytes(), user.as_bytes(), key.as_bytes()]);
    format!("{} {route}#{whose}", request.method())
}

/// The hash of what is asked for.
fn payload_of(request: &Request, body: &[u8]) -> String {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let content_type = request.headers().get(CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    hash::of(&[target.as_bytes(), content_type, body])
}

/// An answer as it is kept, in the form in which Lambda gives it to API Gateway.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    status_code: u16,
    multi_value_headers: BTreeMap<String, Vec<String>>,
    body: String,
    is_base64_encoded: bool,
}

impl Kept {
    fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut multi_value_headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in headers {
            if let Ok(value) = value.to_str() {
                multi_value_headers.entry(name.to_string()).or_default().push(value.to_owned());
            }
        }
        let (body, is_base64_encoded) = match std::str::from_utf8(body) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (STANDARD.encode(body), true),
        };
        Self { status_code: status.as_u16(), multi_value_headers, body, is_base64_encoded }
    }

    /// The answer once more.
    fn read(data: &str) -> Response {
        match serde_json::from_str::<Self>(data).map_err(Error::internal).and_then(Self::into_response) {
            Ok(response) => response,
            Err(error) => error.into_response(),
        }
    }

    fn into_response(self) -> Result<Response, Error> {
        let body = match self.is_base64_encoded {
            true => STANDARD.decode(&self.body).map_err(Error::internal)?,
            false => self.body.into_bytes(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status_code).map_err(Error::internal)?;
        for (name, values) in self.multi_value_headers {
            let name: HeaderName = name.parse().map_err(Error::internal)?;
            for value in values {
                response.headers_mut().append(&name, value.parse().map_err(Error::internal)?);
            }
        }
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&str]) -> Result<Option<String>, u16> {
        let headers = values.iter().map(|value| (IDEMPOTENCY_KEY, value.parse().unwrap()));
        key_of(&headers.collect()).map_err(|error| error.status().as_u16())
    }

    #[test]
    fn a_key_is_one_text_in_quotes_or_without() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&["8e03978e"]), Ok(Some("8e03978e".into())));
        assert_eq!(key(&["\"8e03978e\""]), Ok(Some("8e03978e".into())));
        assert_eq!(key(&[r#""a\"b\\c""#]), Ok(Some("a\"b\\c".into())));
        assert_eq!(key(&[&"x".repeat(255)]), Ok(Some("x".repeat(255))));
        for bad in ["", "\"\"", "\"a", r#""a\b""#, r#""a"b""#, &"x".repeat(256), "é"] {
            assert_eq!(key(&[bad]), Err(400), "{bad}");
        }
        assert_eq!(key(&["a", "b"]), Err(400));
    }

    #[test]
    fn an_answer_is_kept_with_repeated_headers_and_bytes() {
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("set-cookie"), HeaderValue::from_static("a=1")),
            (HeaderName::from_static("location"), HeaderValue::from_static("/orders/1")),
        ]);
        let mut headers = headers;
        headers.append("set-cookie", HeaderValue::from_static("b=2"));
        let kept = serde_json::to_string(&Kept::of(StatusCode::CREATED, &headers, &[0xff, 0])).unwrap();
        let again = Kept::read(&kept);
        assert_eq!(again.status(), 201);
        assert_eq!(again.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(
            (&again.headers()["location"], &again.headers()[REPLAYED]),
            (&"/orders/1".parse::<HeaderValue>().unwrap(), &"true".parse::<HeaderValue>().unwrap())
        );
    }
}
