//! From a Lambda event to a request and back: API Gateway REST and HTTP APIs, function URLs, load balancers, and WebSocket APIs,
//! whose routes are a router of their own. Events of other sources go to `event/`.
//!
//! `lambda_http` translates; what it gets wrong or leaves out is put right before it sees the event: stage prefixes,
//! repeated headers, and what the authorizer verified. How events are fetched is in `run.rs`.

use crate::error::{BoxError, Error};
use crate::event::Events;
use crate::middleware::{Authorizer, ColdStart, event_ctx};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use lambda_http::Adapter;
use lambda_http::aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tower::Service as _;

/// Answers Lambda events with a router, or with the handlers of events.
#[derive(Debug, Clone)]
pub(crate) struct Handler {
    router: Router,
    /// By route key.
    websockets: Option<Router>,
    events: Arc<Events>,
    /// True until the first event.
    cold: Arc<AtomicBool>,
}

impl Handler {
    pub(crate) fn new(router: Router, websockets: Option<Router>, events: Arc<Events>) -> Self {
        Self { router, websockets, events, cold: Arc::new(AtomicBool::new(true)) }
    }

    /// Answers one event.
    ///
    /// # Errors
    ///
    /// If it is no event that the app handles, or one that failed and whose source knows no failure of a part; Lambda then
    /// reports the invocation as failed.
    pub(crate) async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, BoxError> {
        let (payload, context) = event.into_parts();
        let cold = ColdStart(self.cold.swap(false, Ordering::Relaxed));
        if let Some(answer) = self.events.answer(&payload, &event_ctx(&context, cold)).await {
            return answer;
        }
        let Facts { authorizer, is_websocket } = Facts::of(&payload);
        let (mut request, mut router) = match is_websocket {
            false => (serde_json::from_str::<LambdaRequest>(payload.get())?, self.router.clone()),
            true => {
                let Some(router) = &self.websockets else {
                    return Err("no routes for WebSocket APIs: add them with `App::websockets(..)`".into());
                };
                (websocket_request(&payload)?, router.clone())
            }
        };
        let stage = take_stage(&mut request);
        keep_repeated_headers(&mut request);

        let service = tower::service_fn(move |mut request: lambda_http::Request| {
            if let Some(authorizer) = authorizer.clone() {
                request.extensions_mut().insert(authorizer);
            }
            request.extensions_mut().insert(cold);
            give_back_stage(&mut request, stage.clone());
            router.call(request.map(Body::new))
        });
        // The adapter cannot be held across an await, so the call is made first and the adapter is gone after it. It
        // panics on a host or a query that cannot be in a URI.
        let request_id = context.request_id.clone();
        let event = LambdaEvent::new(request, context);
        let Ok(answer) = catch_unwind(AssertUnwindSafe(|| Adapter::from(service).call(event))) else {
            return Ok(to_raw_value(&bad_request(&request_id))?);
        };
        let response = answer.await.map_err(|never| match never {})?;
        Ok(to_raw_value(&response)?)
    }
}

/// The answer to a request that is too broken to become one, in the form that all front doors understand.
fn bad_request(request_id: &str) -> serde_json::Value {
    serde_json::json!({
        "statusCode": 400,
        "headers": {"content-type": "application/problem+json", "x-request-id": request_id},
        "body": Error::bad_request("the request is not valid HTTP").to_body(Some(request_id)),
        "isBase64Encoded": false,
    })
}

/// What `lambda_http` does not tell of an event.
#[derive(Default)]
struct Facts {
    /// What the authorizer verified: `lambda_http` knows only some kinds of authorizer.
    authorizer: Option<Authorizer>,
    /// It comes over a connection: a request of another kind may look the same.
    is_websocket: bool,
}

impl Facts {
    fn of(payload: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Event {
            #[serde(rename = "requestContext")]
            context: Context,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Context {
            authorizer: Option<serde_json::Map<String, serde_json::Value>>,
            connection_id: Option<serde::de::IgnoredAny>,
            event_type: Option<serde::de::IgnoredAny>,
        }
        // Many requests have neither, and a look for the words is less than to read all of the event once more. AWS escapes no names.
        if !["\"authorizer\"", "\"connectionId\""].iter().any(|word| payload.get().contains(word)) {
            return Self::default();
        }
        let Ok(Event { context }) = serde_json::from_str(payload.get()) else { return Self::default() };
        Self {
            authorizer: context.authorizer.map(|verified| Authorizer(Arc::new(verified))),
            is_websocket: context.connection_id.is_some() && context.event_type.is_some(),
        }
    }
}

/// A message, or the beginning or end of a connection, as a request whose path is its route key. Its body is taken for JSON, as API
/// Gateway itself does to find the route.
fn websocket_request(payload: &RawValue) -> Result<LambdaRequest, BoxError> {
    let mut event: ApiGatewayWebsocketProxyRequest = serde_json::from_str(payload.get())?;
    let key = event.request_context.route_key.as_deref().unwrap_or("$default");
    event.path = Some(format!("/{key}"));
    if event.body.is_some() {
        let json = HeaderValue::from_static("application/json");
        event.headers.entry(CONTENT_TYPE).or_insert(json);
    }
    event.http_method.get_or_insert(Method::POST);
    Ok(LambdaRequest::WebSocket(event))
}

/// Takes the stage out of the path and the event, because `lambda_http` would put it in front of the path.
///
/// A REST API gives the path without its stage. An HTTP API gives it with the stage, unless that is `$default`.
fn take_stage(request: &mut LambdaRequest) -> Option<String> {
    match request {
        LambdaRequest::ApiGatewayV1(event) => event.request_context.stage.take(),
        LambdaRequest::ApiGatewayV2(event) => {
            let stage = event.request_context.stage.take()?;
            if let Some(path) = &mut event.raw_path
                && let Some(rest) = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage.as_str()))
                && (rest.is_empty() || rest.starts_with('/'))
            {
                *path = if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
            }
            Some(stage)
        }
        LambdaRequest::WebSocket(event) => event.request_context.stage.take(),
        _ => None,
    }
}

fn give_back_stage(request: &mut lambda_http::Request, stage: Option<String>) {
    match request.extensions_mut().get_mut::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.stage = stage,
        Some(RequestContext::ApiGatewayV2(context)) => context.stage = stage,
        Some(RequestContext::WebSocket(context)) => context.stage = stage,
        _ => {}
    }
}

/// Keeps all values of a header that is given more than once.
///
/// A REST API sends each header twice, once with its last value and once with all; `lambda_http` lets the last win.
fn keep_repeated_headers(request: &mut LambdaRequest) {
    let (single, all) = match request {
        LambdaRequest::ApiGatewayV1(event) => (&mut event.headers, &event.multi_value_headers),
        LambdaRequest::Alb(event) => (&mut event.headers, &event.multi_value_headers),
        LambdaRequest::WebSocket(event) => (&mut event.headers, &event.multi_value_headers),
        _ => return,
    };
    for name in all.keys() {
        single.remove(name);
    }
}
