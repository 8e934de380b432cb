//! A test kit: requests to an app without a socket, Lambda events through the code that production runs, and a runtime API
//! for a compiled binary.
//!
//! Start at [`TestApp`]; [`events`] makes the events of other sources; [`FakeRuntime`] is for tests of a process. They stop the test (panic) where a request cannot be
//! built or an answer cannot be read.

#![allow(clippy::expect_used, clippy::panic, reason = "a test kit stops the test, and says why")]

pub mod events;
mod fake_runtime;

pub use fake_runtime::FakeRuntime;

use crate::app::App;
use crate::error::BoxError;
use crate::extract::TenantId;
use crate::lambda::Handler;
use crate::metrics::Sink;
use crate::middleware::Authorizer;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use lambda_runtime::{Context, LambdaEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};
use tower::ServiceExt as _;

/// Sends requests to an app, default stack included, without a socket.
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::get};
/// use lift::testing::TestApp;
/// use lift::{App, TenantId};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let routes = Router::new().route("/whoami", get(|tenant: TenantId| async move { tenant.to_string() }));
/// let app = TestApp::new(App::new().routes(routes));
///
/// assert_eq!(app.get("/whoami").tenant("acme").send().await.text(), "acme");
/// assert_eq!(app.get("/whoami").send().await.status, 401);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TestApp {
    router: Router,
    handler: Handler,
    metrics: Arc<Mutex<Vec<Value>>>,
}

/// A request that is being put together; [`TestRequest::send`] sends it.
#[derive(Debug)]
#[must_use = "a test request does nothing until it is sent"]
pub struct TestRequest {
    router: Router,
    request: Request<Body>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// The status; compare it with a number: `assert_eq!(response.status, 201)`.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl TestApp {
    /// Makes a test kit of an app.
    ///
    /// # Panics
    ///
    /// If two handlers listen to the same source of events.
    #[must_use]
    pub fn new(app: App) -> Self {
        let metrics = Arc::<Mutex<Vec<Value>>>::default();
        let written = metrics.clone();
        let app = app.into_parts_with(Sink::new(move |line| {
            let line = serde_json::from_str(&line).expect("a line of metrics is JSON");
            written.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }));
        app.events.check().expect("one handler for each source of events");
        let handler = Handler::new(app.router.clone(), app.websockets, Arc::new(app.events));
        Self { router: app.router, handler, metrics }
    }

    /// The lines of metrics so far, in CloudWatch's embedded metric format: those that go to standard output in production.
    ///
    /// Empty without [`Config::metrics_enabled`](crate::Config::metrics_enabled).
    #[must_use]
    pub fn metrics(&self) -> Vec<Value> {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a GET request.
    pub fn get(&self, path: &str) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// Starts a POST request.
    pub fn post(&self, path: &str) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// Starts a PUT request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// # use lift::axum::{Router, routing::any};
    /// # let routes = Router::new().route("/orders/{id}", any(|| async { "ok" }));
    /// let app = lift::testing::TestApp::new(lift::App::new().routes(routes));
    /// assert_eq!(app.put("/orders/1").body("{}").send().await.status, 200);
    /// # Ok(()) }
    /// ```
    pub fn put(&self, path: &str) -> TestRequest {
        self.request(Method::PUT, path)
    }

    /// Starts a PATCH request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// # use lift::axum::{Router, routing::any};
    /// # let routes = Router::new().route("/orders/{id}", any(|| async { "ok" }));
    /// let app = lift::testing::TestApp::new(lift::App::new().routes(routes));
    /// assert_eq!(app.patch("/orders/1").body("{}").send().await.status, 200);
    /// # Ok(()) }
    /// ```
    pub fn patch(&self, path: &str) -> TestRequest {
        self.request(Method::PATCH, path)
    }

    /// Starts a DELETE request.
    pub fn delete(&self, path: &str) -> TestRequest {
        self.request(Method::DELETE, path)
    }

    /// Starts a request with any method.
    ///
    /// # Panics
    ///
    /// If the path cannot be in a URI.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// # use lift::axum::{Router, routing::any};
    /// # let routes = Router::new().route("/orders/{id}", any(|| async { "ok" }));
    /// let app = lift::testing::TestApp::new(lift::App::new().routes(routes));
    /// use lift::axum::http::Method;
    /// assert_eq!(app.request(Method::OPTIONS, "/orders/1").send().await.status, 200);
    /// # Ok(()) }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> TestRequest {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        TestRequest { router: self.router.clone(), request: request.expect("a path that can be in a URI") }
    }

    /// Passes an event, as API Gateway, a queue or any other source sends it, through the code that runs inside Lambda.
    ///
    /// # Errors
    ///
    /// If the invocation fails: the app does not handle such an event, or its handler failed and its source knows no failure of
    /// a part.
    pub async fn invoke(&self, event: Value) -> Result<Value, BoxError> {
        self.invoke_with(event, Context::default()).await
    }

    /// The same with JSON as text, exactly as Lambda gives it and takes it: for events of which the text itself is the question.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// use lift::event::{SqsMessage, Text};
    /// use lift::testing::{TestApp, events};
    ///
    /// async fn on_line(_: SqsMessage<Text>) -> lift::Result<()> { Ok(()) }
    ///
    /// let app = TestApp::new(lift::App::new().sqs("lines", on_line));
    /// let event = events::sqs("lines", ["a line"]).to_string();
    /// assert_eq!(app.invoke_raw(&event).await?, r#"{"batchItemFailures":[]}"#);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`TestApp::invoke`]; if this is not JSON.
    pub async fn invoke_raw(&self, event: &str) -> Result<String, BoxError> {
        let event = LambdaEvent::new(RawValue::from_string(event.to_owned())?, Context::default());
        Ok(self.handler.handle(event).await?.get().to_owned())
    }

    /// As [`TestApp::invoke`], with what Lambda says about the invocation: its request id, deadline and tenant.
    ///
    /// ```
    /// # async fn example(app: lift::testing::TestApp, event: serde_json::Value) -> Result<(), lift::BoxError> {
    /// let mut context = lambda_runtime::Context::default();
    /// context.tenant_id = Some("acme".to_owned());
    /// let answer = app.invoke_with(event, context).await?;
    /// assert_eq!(answer["statusCode"], 200);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`TestApp::invoke`].
    pub async fn invoke_with(&self, event: Value, context: Context) -> Result<Value, BoxError> {
        let event = LambdaEvent::new(to_raw_value(&event)?, context);
        let answer = self.handler.handle(event).await?;
        Ok(serde_json::from_str(answer.get())?)
    }
}

impl TestRequest {
    /// Makes the request on behalf of a tenant, as if it had been verified.
    ///
    /// # Panics
    ///
    /// If the text is not a [`TenantId`].
    pub fn tenant(mut self, tenant: &str) -> Self {
        let tenant: TenantId = tenant.parse().expect("a tenant id");
        self.request.extensions_mut().insert(tenant);
        self
    }

    /// Makes the request with these claims, as if API Gateway's authorizer had verified them.
    ///
    /// # Panics
    ///
    /// If they are no JSON object.
    pub fn claims<T: Serialize + ?Sized>(mut self, claims: &T) -> Self {
        let claims = serde_json::to_value(claims).expect("claims that can be JSON");
        let Value::Object(claims) = claims else { panic!("claims are a JSON object") };
        let known = self.request.extensions_mut().remove::<Authorizer>();
        let mut all = known.map(|known| Map::clone(&known.0)).unwrap_or_default();
        all.extend(claims);
        self.request.extensions_mut().insert(Authorizer(Arc::new(all)));
        self
    }

    /// Makes the request on behalf of a user, as if it had been verified: the claim `sub`.
    pub fn user(self, user: &str) -> Self {
        self.claims(&serde_json::json!({"sub": user}))
    }

    /// Adds a header; a second one of the same name is added to the first.
    ///
    /// # Panics
    ///
    /// If the name or the value cannot be in a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.request.headers_mut().append(name, value.parse().expect("a header value"));
        self
    }

    /// Sets a JSON body and its content type.
    ///
    /// # Panics
    ///
    /// If the value cannot be JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *self.request.body_mut() = Body::from(serde_json::to_vec(value).expect("a value that can be JSON"));
        self
    }

    /// Sets a body as it is, without a content type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = Body::from(body.into());
        self
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    ///
    /// If the answer's body breaks off.
    pub async fn send(self) -> TestResponse {
        let Ok(response) = self.router.oneshot(self.request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body that does not break off");
        TestResponse { status: parts.status, headers: parts.headers, body }
    }
}

impl TestResponse {
    /// Reads the body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not a `T`; the text of the body is in the message.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("the body ({}) is not what was expected: {error}\n{}", self.status, self.text())
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
