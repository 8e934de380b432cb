//! [`Connection`]: over which WebSocket connection a message came.

use crate::error::Error;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lambda_http::request::RequestContext;

/// The WebSocket connection of a message, or that begins or ends. 400 for a request that came over none.
///
/// See [`App::websockets`](crate::App::websockets).
///
/// ```
/// use lift::Connection;
///
/// async fn disconnect(connection: Connection) {
///     tracing::info!(connection = connection.id, "gone");
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// By which API Gateway sends to it, and which each of its messages has.
    pub id: String,
    /// `$connect`, `$disconnect`, `$default`, or a key of yours.
    pub route_key: String,
    domain: Option<String>,
    stage: Option<String>,
}

impl Connection {
    /// Where messages for connections are sent: the endpoint URL for a client of `aws-sdk-apigatewaymanagement`, whose
    /// `post_to_connection` takes [`id`](Connection::id). Empty if API Gateway did not say which domain it is.
    ///
    /// ```
    /// async fn handler(connection: lift::Connection) -> String {
    ///     connection.endpoint() // https://abcd1234.execute-api.eu-west-1.amazonaws.com/prod
    /// }
    /// ```
    #[must_use]
    pub fn endpoint(&self) -> String {
        let Some(domain) = &self.domain else { return String::new() };
        match &self.stage {
            // A domain of one's own has the stage in its mapping.
            Some(stage) if domain.contains(".execute-api.") => format!("https://{domain}/{stage}"),
            _ => format!("https://{domain}"),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let Some(RequestContext::WebSocket(context)) = parts.extensions.get::<RequestContext>() else {
            return Err(Error::bad_request("the request did not come over a WebSocket"));
        };
        Ok(Self {
            id: context.connection_id.clone().unwrap_or_default(),
            route_key: context.route_key.clone().unwrap_or_default(),
            domain: context.domain_name.clone(),
            stage: context.stage.clone(),
        })
    }
}
