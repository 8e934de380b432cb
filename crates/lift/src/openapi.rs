//! [`App::openapi`]: the routes described by the handlers themselves, as OpenAPI.
//!
//! What no handler needs to say is added here: the body of every error, and how a request says whose it is.

use crate::app::App;
use crate::error::{FieldError, Problem};
use crate::extract::Page;
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder, Schema,
};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// The name of the schema of error bodies.
const PROBLEM: &str = "Problem";

/// What is described, and where it is served.
pub(crate) struct Described {
    path: String,
    document: OpenApi,
}

impl App {
    /// Adds routes that describe themselves, and serves their description at `path` as OpenAPI 3.1, to anybody.
    ///
    /// Handlers have `#[utoipa::path(..)]` above them, and their types `ToSchema`: see
    /// [utoipa](https://docs.rs/utoipa). What each handler would have to say again is added: the body of every error, as the response
    /// `default`; the tenant's header, if [`Config::trust_tenant_header`](crate::Config::trust_tenant_header) names one; the token,
    /// if [`App::jwt`] verifies it. [`Page`] describes its parameters itself. Without a title, from
    /// `OpenApiRouter::with_openapi`, it is the service's name.
    ///
    /// ```
    /// use lift::axum::Json;
    /// use lift::utoipa::{self, ToSchema};
    /// use lift::utoipa_axum::{router::OpenApiRouter, routes};
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize, ToSchema)]
    /// struct User {
    ///     name: String,
    /// }
    ///
    /// /// Everybody there is.
    /// #[utoipa::path(get, path = "/users", params(lift::Page), responses((status = 200, body = [User])))]
    /// async fn list(page: lift::Page) -> Json<Vec<User>> {
    ///     Json(Vec::new())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let app = lift::App::new().openapi("/openapi.json", OpenApiRouter::new().routes(routes!(list)));
    /// let app = lift::testing::TestApp::new(app);
    /// let document: serde_json::Value = app.get("/openapi.json").send().await.json();
    /// assert_eq!(document["paths"]["/users"]["get"]["summary"], "Everybody there is.");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As axum does, if two routes are the same.
    #[must_use]
    pub fn openapi(mut self, path: &str, routes: OpenApiRouter) -> Self {
        let (routes, document) = routes.split_for_parts();
        let described = self
            .described
            .get_or_insert_with(|| Described { path: path.to_owned(), document: OpenApi::default() });
        path.clone_into(&mut described.path);
        // What is merged into has the say, so that the title is that of the last.
        let earlier = std::mem::replace(&mut described.document, document);
        described.document.merge(earlier);
        self.routes(routes)
    }

    /// The route of the description.
    pub(crate) fn description(&self) -> Option<Router> {
        let Described { path, document } = self.described.as_ref()?;
        let mut document = document.clone();
        // A router that nobody gave a document describes its own crate.
        let unnamed = OpenApiRouter::<()>::new().get_openapi().info.clone();
        if document.info == unnamed || document.info.title.is_empty() {
            document.info =
                InfoBuilder::new().title(self.config.service.as_ref()).version("unversioned").build();
        }
        let components = document.components.get_or_insert_with(Components::default);
        let mut schemas = Vec::new();
        Problem::schemas(&mut schemas);
        components.schemas.extend(schemas);
        components.schemas.insert(PROBLEM.into(), Problem::schema());
        components.schemas.insert(FieldError::name().into_owned(), FieldError::schema());
        let ways = self.ways_to_say_whose();
        for (name, scheme) in &ways {
            components.security_schemes.insert((*name).into(), RefOr::T(scheme.clone()));
        }
        if !ways.is_empty() {
            let none: [&str; 0] = [];
            // One of them is enough.
            document.security =
                Some(ways.iter().map(|(name, _)| SecurityRequirement::new(*name, none)).collect());
        }
        document.paths.paths.values_mut().flat_map(operations).for_each(answer_errors);
        let document = Arc::new(document);
        Some(Router::new().route(path, get(async move || Json(document.as_ref().clone()))))
    }

    /// How a request can say whose it is, as far as the app knows: in front of Lambda an authorizer may ask for more.
    fn ways_to_say_whose(&self) -> Vec<(&'static str, SecurityScheme)> {
        let mut ways = Vec::new();
        #[cfg(feature = "jwt")]
        if self.jwt.is_some() {
            use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder};
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
            ways.push(("token", SecurityScheme::Http(bearer)));
        }
        if let Some(header) = &self.config.trust_tenant_header {
            ways.push(("tenant", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header.as_str())))));
        }
        ways
    }
}

/// The operations of a path, by method.
fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = path;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

/// Says what an error looks like, unless the handler says it.
fn answer_errors(operation: &mut Operation) {
    operation.responses.responses.entry("default".into()).or_insert_with(|| {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build();
        let response =
            ResponseBuilder::new().description("An error").content("application/problem+json", problem);
        RefOr::T(response.build())
    });
}

impl IntoParams for Page {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let query = |name: &str, description: String, schema: RefOr<Schema>| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        let (default, most) = (Page::DEFAULT_LIMIT, Page::MAX_LIMIT);
        vec![
            query(
                "limit",
                format!("How many at most: {default} unless given, and {most} at most."),
                u32::schema(),
            ),
            query(
                "cursor",
                "Where to go on: what an earlier page gave as the next one.".into(),
                String::schema(),
            ),
        ]
    }
}
