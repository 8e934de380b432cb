//! The first step: what is known about a request when it arrives goes into its [`Ctx`], and its id into the answer.
//!
//! Here, and only here, it is decided who the tenant is and which request ids are believed.

use crate::auth::Identity;
use crate::config::Config;
use crate::extract::{Ctx, Invocation, TenantId, TrustedHeader};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::request::RequestContext;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use uuid::Uuid;

/// The header that a request id comes in and goes out with.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken from a client, in bytes.
const MAX_REQUEST_ID: usize = 128;
/// How long before Lambda's own deadline a request must be answered.
const LAMBDA_MARGIN: Duration = Duration::from_millis(500);

/// What API Gateway's authorizer verified, as the event has it; put into the request by `lambda.rs` only.
#[derive(Clone)]
pub(crate) struct Authorizer(pub(crate) Arc<serde_json::Map<String, serde_json::Value>>);

/// Whether a request is the first one of this process; put into the request by `lambda.rs` only.
#[derive(Clone, Copy)]
pub(crate) struct ColdStart(pub(crate) bool);

/// The settings of this step.
pub(super) struct Settings {
    timeout: Duration,
    tenant_claim: String,
    role_claim: Arc<str>,
    tenant_header: Option<HeaderName>,
    #[cfg(feature = "jwt")]
    jwt: Option<crate::auth::jwt::Jwt>,
}

impl Settings {
    pub(super) fn new(config: &Config, inside_lambda: bool) -> Self {
        // First lock: inside Lambda the header's name is not even known. The second lock is in `tenant_of`.
        let tenant_header = if inside_lambda { None } else { config.trust_tenant_header.clone() };
        Self {
            timeout: config.timeout,
            tenant_claim: config.tenant_claim.to_string(),
            role_claim: Arc::from(config.role_claim.as_ref()),
            tenant_header,
            #[cfg(feature = "jwt")]
            jwt: None,
        }
    }

    /// Verifies tokens too.
    #[cfg(feature = "jwt")]
    pub(super) fn with_jwt(self, jwt: Option<crate::auth::jwt::Jwt>) -> Self {
        Self { jwt, ..self }
    }
}

/// Notes the facts of a request and puts its id into the answer.
pub(super) async fn note(
    State(settings): State<Arc<Settings>>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = request_id_of(&request);
    identify(&mut request, &settings).await;
    let tenant = tenant_of(&request, &settings);
    let ctx = Ctx {
        meter: None,
        request_id: Arc::from(request_id.as_str()),
        tenant: tenant.clone(),
        source_ip: source_ip_of(&request),
        deadline: deadline_of(&request, settings.timeout),
        trace_id: trace_id_of(&request).map(Arc::from),
        invocation: lambda_context(&request).map(|context| {
            let cold = request.extensions().get::<ColdStart>().is_some_and(|ColdStart(cold)| *cold);
            Arc::new(invocation(context, cold))
        }),
        user: Identity::of(request.extensions()).and_then(Identity::subject).map(Arc::from),
        role_claim: settings.role_claim.clone(),
    };
    request.extensions_mut().insert(ctx);
    if let Some(tenant) = tenant {
        request.extensions_mut().insert(tenant);
    } else if let Some(header) =
        settings.tenant_header.as_ref().filter(|_| lambda_context(&request).is_none())
    {
        // Who sees the 401 here is a developer, and can be told what to send.
        let header = TrustedHeader(header.clone());
        request.extensions_mut().insert(header);
    }
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

fn lambda_context(request: &Request) -> Option<&lambda_http::Context> {
    request.extensions().get::<lambda_http::Context>()
}

/// The client's id if it is sane, else Lambda's, else a new one that sorts by time.
fn request_id_of(request: &Request) -> String {
    let given = request.headers().get(X_REQUEST_ID).and_then(|value| value.to_str().ok());
    let lambda = lambda_context(request).map(|context| context.request_id.as_str());
    let known = given.into_iter().chain(lambda).find(|id| is_sane(id));
    known.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// An id goes into log lines and headers as it is, so it must not be able to break them.
fn is_sane(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !id.is_empty() && id.len() <= MAX_REQUEST_ID && id.bytes().all(plain)
}

/// Notes what was verified of the sender: by API Gateway's authorizer, else by us of a token.
async fn identify(request: &mut Request, settings: &Settings) {
    if let Some(authorizer) = request.extensions().get::<Authorizer>() {
        let identity = Identity::new(claims_of(&authorizer.0).clone());
        request.extensions_mut().insert(identity);
        return;
    }
    #[cfg(feature = "jwt")]
    if let Some(jwt) = &settings.jwt {
        match token_of(request.headers()) {
            Ok(None) => {}
            Ok(Some(token)) => match jwt.verify(token).await {
                Ok(claims) => {
                    request.extensions_mut().insert(Identity::new(claims));
                }
                Err(refused) => {
                    request.extensions_mut().insert(refused);
                }
            },
            Err(refused) => {
                request.extensions_mut().insert(refused);
            }
        }
    }
    let _ = settings;
}

/// The token of a request. One that is given twice, or in no form that is known, is refused.
#[cfg(feature = "jwt")]
fn token_of(headers: &HeaderMap) -> Result<Option<&str>, crate::auth::jwt::Refused> {
    use crate::auth::jwt::Refused;
    let Some(first) = headers.get(axum::http::header::AUTHORIZATION) else { return Ok(None) };
    let text = first.to_str().map_err(|_| Refused::Invalid)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    // Another scheme is somebody else's business.
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    the_only(headers, &axum::http::header::AUTHORIZATION).ok_or(Refused::Invalid)?;
    Ok(Some(token.trim()))
}

/// The claims where each kind of authorizer puts them.
fn claims_of(
    authorizer: &serde_json::Map<String, serde_json::Value>,
) -> &serde_json::Map<String, serde_json::Value> {
    let jwt_of_http_api = authorizer.get("jwt").and_then(|jwt| jwt.get("claims"));
    let lambda_of_http_api = || authorizer.get("lambda");
    let cognito_of_rest_api = || authorizer.get("claims");
    let inner = jwt_of_http_api.or_else(lambda_of_http_api).or_else(cognito_of_rest_api);
    // A Lambda authorizer of a REST API gives its fields as they are.
    inner.and_then(serde_json::Value::as_object).unwrap_or(authorizer)
}

/// Who the tenant is: what code said, what was verified, what Lambda isolates by; a header last, if at all.
fn tenant_of(request: &Request, settings: &Settings) -> Option<TenantId> {
    if let Some(tenant) = request.extensions().get::<TenantId>() {
        return Some(tenant.clone());
    }
    let context = lambda_context(request);
    let claim = Identity::of(request.extensions()).and_then(|who| who.claim(&settings.tenant_claim));
    // What cannot be a tenant id, text or not, is no tenant: it must not fall through to a weaker source.
    if let Some(claim) = claim {
        return claim.as_str()?.parse().ok();
    }
    if let Some(isolated) = context.and_then(|context| context.tenant_id.as_deref()) {
        return isolated.parse().ok();
    }
    // Second lock: a request that Lambda delivered is never asked for the header.
    let header = settings.tenant_header.as_ref().filter(|_| context.is_none())?;
    the_only(request.headers(), header)?.parse().ok()
}

/// A header that is given once. Given twice it says nothing: a proxy may have added its own beside the client's.
fn the_only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let only = values.next()?;
    if values.next().is_some() { None } else { only.to_str().ok() }
}

fn source_ip_of(request: &Request) -> Option<IpAddr> {
    match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.as_deref()?.parse().ok(),
        Some(RequestContext::WebSocket(context)) => context.identity.source_ip.as_deref()?.parse().ok(),
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref()?.parse().ok(),
        // A load balancer appends the address it saw; what is before that, the client may have written.
        Some(RequestContext::Alb(_)) => {
            let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            forwarded.rsplit(',').next()?.trim().parse().ok()
        }
        _ => request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip()),
    }
}

fn deadline_of(request: &Request, timeout: Duration) -> Option<Instant> {
    let ours = Instant::now().checked_add(timeout);
    let lambda = lambda_context(request).and_then(lambda_deadline);
    match (ours, lambda) {
        (Some(ours), Some(lambda)) => Some(ours.min(lambda)),
        (ours, lambda) => ours.or(lambda),
    }
}

/// When an invocation must have been answered: a little before Lambda ends it.
fn lambda_deadline(context: &lambda_http::Context) -> Option<Instant> {
    // Lambda gives milliseconds since 1970; zero where there is no invocation, as in tests.
    let millis = Some(context.deadline).filter(|millis| *millis > 0)?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let left = at.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(LAMBDA_MARGIN);
    Some(Instant::now() + left)
}

/// The facts of an invocation that is no request: the tenant is the one that Lambda isolates by, if it does.
pub(crate) fn event_ctx(context: &lambda_http::Context, ColdStart(cold): ColdStart) -> Ctx {
    Ctx {
        meter: None,
        request_id: Arc::from(context.request_id.as_str()),
        tenant: context.tenant_id.as_deref().and_then(|tenant| tenant.parse().ok()),
        source_ip: None,
        deadline: lambda_deadline(context),
        trace_id: context.xray_trace_id.as_deref().and_then(xray_root).map(Arc::from),
        user: None,
        role_claim: Arc::default(),
        invocation: Some(Arc::new(invocation(context, cold))),
    }
}

fn invocation(context: &lambda_http::Context, cold_start: bool) -> Invocation {
    Invocation {
        request_id: context.request_id.clone(),
        function_arn: context.invoked_function_arn.clone(),
        function_name: context.env_config.function_name.clone(),
        cold_start,
    }
}

/// The trace: Lambda's, else the load balancer's or API Gateway's, else that of W3C's header.
fn trace_id_of(request: &Request) -> Option<&str> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let lambda = lambda_context(request).and_then(|context| context.xray_trace_id.as_deref());
    let xray = lambda.into_iter().chain(header("x-amzn-trace-id")).find_map(xray_root);
    xray.or_else(|| header("traceparent")?.split('-').nth(1).filter(|id| is_sane(id)))
}

/// The trace in `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
fn xray_root(header: &str) -> Option<&str> {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root=")).filter(|id| is_sane(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn settings(inside_lambda: bool) -> Settings {
        let config =
            Config { trust_tenant_header: Some(HeaderName::from_static("x-tenant")), ..Config::default() };
        Settings::new(&config, inside_lambda)
    }

    fn with_header() -> Request {
        Request::builder().header("x-tenant", "acme").body(Body::empty()).unwrap()
    }

    #[test]
    fn the_tenant_header_is_believed_outside_lambda_only_and_by_two_locks() {
        assert_eq!(tenant_of(&with_header(), &settings(false)).unwrap().as_str(), "acme");
        // The process is inside Lambda.
        assert_eq!(tenant_of(&with_header(), &settings(true)), None);
        // The request was delivered by Lambda, whatever the process believes.
        let mut delivered = with_header();
        delivered.extensions_mut().insert(lambda_http::Context::default());
        assert_eq!(tenant_of(&delivered, &settings(false)), None);
        // Nobody named a header.
        assert_eq!(tenant_of(&with_header(), &Settings::new(&Config::default(), false)), None);
    }

    #[test]
    fn a_tenant_header_that_is_given_twice_says_nothing() {
        let request = Request::builder()
            .header("x-tenant", "acme")
            .header("x-tenant", "evil")
            .body(Body::empty())
            .unwrap();
        assert_eq!(tenant_of(&request, &settings(false)), None);
    }

    #[test]
    fn a_claim_that_cannot_be_a_tenant_does_not_fall_through_to_the_header() {
        let mut request = with_header();
        let claims = serde_json::json!({"tenant_id": ""}).as_object().unwrap().clone();
        request.extensions_mut().insert(Identity::new(claims));
        assert_eq!(tenant_of(&request, &settings(false)), None);
    }

    #[test]
    fn a_claim_that_is_no_text_does_not_fall_through_to_lambdas_isolation_mode() {
        for no_text in [serde_json::json!(5), serde_json::json!(["acme"]), serde_json::Value::Null] {
            let mut request = with_header();
            let mut context = lambda_http::Context::default();
            context.tenant_id = Some("isolated".to_owned());
            request.extensions_mut().insert(context);
            let claims = serde_json::Map::from_iter([("tenant_id".to_owned(), no_text)]);
            request.extensions_mut().insert(Identity::new(claims));
            assert_eq!(tenant_of(&request, &settings(false)), None);
        }
    }

    #[test]
    fn the_trace_is_the_root_of_xrays_else_that_of_w3cs_header() {
        let with =
            |name: &str, value: &str| Request::builder().header(name, value).body(Body::empty()).unwrap();
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        let of_balancer =
            with("x-amzn-trace-id", &format!("Self=1-67891234-12456789abcdef012345678;Root={root}"));
        assert_eq!(trace_id_of(&of_balancer), Some(root));
        let w3c = with("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assert_eq!(trace_id_of(&w3c), Some("0af7651916cd43dd8448eb211c80319c"));
        for none in [with("x-amzn-trace-id", "Root=a b"), with("traceparent", "00"), with("x", "y")] {
            assert_eq!(trace_id_of(&none), None);
        }
    }

    #[test]
    fn a_request_id_is_taken_if_it_is_sane() {
        for sane in ["a", "01a206cf-3bf0.X_y", &"a".repeat(MAX_REQUEST_ID)] {
            assert!(is_sane(sane), "{sane}");
        }
        for insane in ["", "a b", "a\"b", "é", "a\nb", &"a".repeat(MAX_REQUEST_ID + 1)] {
            assert!(!is_sane(insane), "{insane}");
        }
    }

    #[test]
    fn a_request_ends_half_a_second_before_lambda_does() {
        let left = |invocation: Duration, timeout: Duration| {
            let mut context = lambda_http::Context::default();
            let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + invocation;
            context.deadline = u64::try_from(at.as_millis()).unwrap();
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(context);
            let deadline = deadline_of(&request, timeout).unwrap();
            deadline.saturating_duration_since(Instant::now()).as_millis()
        };
        let seconds = Duration::from_secs;
        assert!((2300..=2500).contains(&left(seconds(3), seconds(29))));
        assert!((900..=1000).contains(&left(seconds(3), seconds(1))));
        assert_eq!(left(Duration::ZERO, seconds(29)), 0);
    }
}
