//! [`App`]: your routes, your layers and the settings, until `run` or a test makes one router of them.

use crate::config::{Config, inside_lambda};
use crate::event::{Events, Polled};
use crate::metrics::Sink;
use crate::middleware;
use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::Route;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use tower::{Layer, Service};

/// What [`App::on_listening`] keeps.
pub(crate) type OnListening = Box<dyn FnOnce(&SocketAddr) + Send>;

/// Collects routes, layers and settings; [`run`](crate::run) serves it.
///
/// Beside HTTP it may handle events of other sources, in the same binary: [`App::sqs`], [`App::sns`], [`App::eventbridge`],
/// [`App::schedule`], [`App::s3`], [`App::kinesis`] and [`App::stream`].
///
/// Routes are a plain axum [`Router`]. Around them is the default stack, from the outside in: request id, tenant, metrics,
/// access log, error bodies, panics, timeout, body limit, `require_tenant`; then your layers.
pub struct App {
    pub(crate) config: Config,
    routes: Router,
    websockets: Option<Router>,
    layers: Vec<Box<dyn FnOnce(Router) -> Router + Send>>,
    on_listening: Option<OnListening>,
    pub(crate) events: Events,
    /// Who reads streams outside Lambda.
    pub(crate) polled: Option<Polled>,
    /// `/livez` and `/readyz`, which need no tenant.
    pub(crate) health: Option<Router>,
    #[cfg(feature = "jwt")]
    pub(crate) jwt: Option<crate::Jwt>,
    /// What is described, and where it is served.
    #[cfg(feature = "openapi")]
    pub(crate) described: Option<crate::openapi::Described>,
}

impl App {
    /// Starts with no routes and [`Config::from_env`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            config: Config::from_env(),
            routes: Router::new(),
            websockets: None,
            layers: Vec::new(),
            on_listening: None,
            events: Events::default(),
            polled: None,
            health: None,
            #[cfg(feature = "jwt")]
            jwt: None,
            #[cfg(feature = "openapi")]
            described: None,
        }
    }

    /// Replaces the settings.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Adds routes: a plain axum router that has its state already.
    ///
    /// # Panics
    ///
    /// As axum does, if two routes are the same.
    #[must_use]
    pub fn routes(mut self, routes: Router) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Adds routes of WebSocket APIs of API Gateway: a router whose paths are route keys, `/$connect`, `/$disconnect`, `/$default` and
    /// your own.
    ///
    /// Handlers take what those of requests take, and [`Connection`](crate::Connection). What the authorizer verified at `$connect` is
    /// there for each message. An answer of 400 or more to `$connect` refuses the connection; to a message, its body goes to the
    /// client if the route has a route response. Anything else is sent by API Gateway's own API, for which
    /// [`Connection::endpoint`](crate::Connection::endpoint) is the address. The default stack is around these routes, and what
    /// [`layer`](App::layer) adds is not. They are not reached over HTTP, and [`run`](crate::run) does not serve them on localhost.
    ///
    /// ```
    /// use lift::axum::{Json, Router, routing::any};
    /// use lift::{App, Connection, TenantId};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Say { text: String }
    ///
    /// async fn connect(tenant: TenantId, connection: Connection) {
    ///     tracing::info!(connection = connection.id, "a member of a tenant is here");
    /// }
    ///
    /// async fn say(connection: Connection, Json(say): Json<Say>) -> String {
    ///     format!("{} characters", say.text.chars().count())
    /// }
    ///
    /// let routes = Router::new().route("/$connect", any(connect)).route("/say", any(say));
    /// let app = App::new().websockets(routes);
    /// ```
    ///
    /// See [WebSocket APIs](https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html).
    #[must_use]
    pub fn websockets(mut self, routes: Router) -> Self {
        self.websockets = Some(self.websockets.unwrap_or_default().merge(routes));
        self
    }

    /// Adds a tower layer around all routes, inside the default stack. The first one added sees a request first; it does
    /// not matter whether the routes were added before it or after.
    ///
    /// ```
    /// use lift::axum::http::{HeaderValue, header::CACHE_CONTROL};
    /// use lift::axum::middleware::map_response;
    /// use lift::axum::response::Response;
    ///
    /// async fn never_cached(mut response: Response) -> Response {
    ///     response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ///     response
    /// }
    ///
    /// let app = lift::App::new().layer(map_response(never_cached));
    /// ```
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |routes| routes.layer(layer)));
        self
    }

    /// Verifies the token of each request that has one, and that no authorizer verified. Needs the feature `jwt`.
    ///
    /// Its claims tell the tenant ([`Config::tenant_claim`]), the user, roles and scopes. See [`Jwt`](crate::Jwt).
    ///
    /// ```
    /// # fn main() -> Result<(), lift::BoxError> {
    /// use lift::{App, Jwt, Keys};
    ///
    /// let keys = Keys::secret(b"a secret of thirty-two bytes, or more")?;
    /// let app = App::new().jwt(Jwt::new(keys, "https://issuer.example.com", "users"));
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "jwt")]
    #[must_use]
    pub fn jwt(mut self, jwt: crate::Jwt) -> Self {
        self.jwt = Some(jwt);
        self
    }

    /// Calls this once with the address, when [`run`](crate::run) serves HTTP and has taken its port. Not inside Lambda.
    ///
    /// ```
    /// let app = lift::App::new().on_listening(|address| println!("try: curl http://{address}/users"));
    /// ```
    #[must_use]
    pub fn on_listening(mut self, hook: impl FnOnce(&SocketAddr) + Send + 'static) -> Self {
        self.on_listening = Some(Box::new(hook));
        self
    }

    /// Makes one axum router of it, with the default stack: serve it where you like.
    ///
    /// Prefer [`run`](crate::run) for Lambda: what API Gateway's authorizer verified is read there, so a router that is
    /// served in another way inside Lambda knows no tenant from claims.
    ///
    /// ```
    /// use lift::axum::{Router, routing::get};
    /// let app = lift::App::new().routes(Router::new().route("/", get(|| async { "hello" })));
    /// let router: Router = app.into_router();
    /// ```
    pub fn into_router(self) -> Router {
        self.into_parts().router
    }

    pub(crate) fn into_parts(self) -> Parts {
        self.into_parts_with(Sink::stdout())
    }

    /// The same, with another place for metrics.
    pub(crate) fn into_parts_with(self, metrics: Sink) -> Parts {
        #[cfg(feature = "openapi")]
        let open = match (self.description(), self.health) {
            (Some(described), Some(health)) => Some(described.merge(health)),
            (described, health) => described.or(health),
        };
        #[cfg(not(feature = "openapi"))]
        let open = self.health;
        let mut router = self.routes;
        // The layer that axum is given last is the outermost, so the first added goes last.
        for layer in self.layers.into_iter().rev() {
            router = layer(router);
        }
        let settings = |open| middleware::Settings {
            config: &self.config,
            inside_lambda: inside_lambda(),
            sink: metrics.clone(),
            open,
            #[cfg(feature = "jwt")]
            jwt: self.jwt.clone(),
        };
        let router = middleware::default_stack(router, settings(open));
        let websockets = self.websockets.map(|routes| middleware::default_stack(routes, settings(None)));
        Parts {
            router,
            websockets,
            config: self.config,
            on_listening: self.on_listening,
            events: self.events,
            polled: self.polled,
        }
    }
}

/// What [`run`](crate::run) needs of an app.
pub(crate) struct Parts {
    pub(crate) router: Router,
    pub(crate) websockets: Option<Router>,
    pub(crate) config: Config,
    pub(crate) on_listening: Option<OnListening>,
    pub(crate) events: Events,
    pub(crate) polled: Option<Polled>,
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("config", &self.config)
            .field("layers", &self.layers.len())
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
