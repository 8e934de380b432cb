//! The default stack: what happens around every request, in which order, one step per file.
//!
//! A step is an `async fn(.., Request, Next) -> Response`. Start at [`default_stack`]; the order is the point of it.

mod access_log;
mod arrival;
mod body_limit;
mod deadline;
mod errors;
mod metrics;
mod panics;
mod tenant;
#[cfg(feature = "jwt")]
mod token;

pub(crate) use arrival::{Authorizer, ColdStart, event_ctx};
pub(crate) use panics::panic_message;

use crate::config::Config;
use crate::metrics::Sink;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

/// What the default stack is made by.
pub(crate) struct Settings<'a> {
    pub(crate) config: &'a Config,
    /// Closes the door to the tenant header for good; see `arrival.rs`.
    pub(crate) inside_lambda: bool,
    /// Where metrics go.
    pub(crate) sink: Sink,
    /// Routes that need no tenant, whatever the settings.
    pub(crate) open: Option<Router>,
    #[cfg(feature = "jwt")]
    pub(crate) jwt: Option<crate::auth::jwt::Jwt>,
}

/// Puts the default stack around a router, its fallbacks included.
pub(crate) fn default_stack(router: Router, settings: Settings<'_>) -> Router {
    let Settings { config, inside_lambda, sink, open, .. } = settings;
    let arrival = arrival::Settings::new(config, inside_lambda);
    #[cfg(feature = "jwt")]
    let arrival = arrival.with_jwt(settings.jwt);
    let arrival = Arc::new(arrival);
    let service: Arc<str> = Arc::from(config.service.as_ref());
    let metrics = config
        .metrics_enabled
        .then(|| from_fn_with_state(Arc::new(metrics::Settings::new(config, sink)), metrics::record));
    let mut router = router;
    if config.require_tenant {
        router = router.layer(from_fn(tenant::require));
    }
    if let Some(open) = open {
        router = router.merge(open);
    }
    // One layer of many steps, since each layer of a router puts every route into a box of its own. The first is the outermost.
    let stack = ServiceBuilder::new()
        .layer(from_fn_with_state(arrival, arrival::note))
        .option_layer(metrics)
        .layer(from_fn_with_state(service, access_log::record))
        .layer(from_fn(errors::render))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn(deadline::enforce))
        .layer(from_fn_with_state(config.max_request_size, body_limit::enforce))
        // Ours above limits every way of reading a body; axum's would add its own 2 MB to some of them.
        .layer(DefaultBodyLimit::disable());
    #[cfg(feature = "jwt")]
    let stack = stack.layer(from_fn(token::enforce));
    router.layer(stack)
}
