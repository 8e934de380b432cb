//! What can be set about an [`App`](crate::App), and where each setting comes from. No setting is without an effect.

use axum::http::HeaderName;
use std::borrow::Cow;
use std::time::Duration;
use tracing::Level;

/// Settings of an [`App`](crate::App); every one has an effect.
///
/// # Example
///
/// ```
/// use lift::{App, Config};
/// use std::time::Duration;
///
/// let config = Config { timeout: Duration::from_secs(5), require_tenant: true, ..Config::from_env() };
/// let app = App::new().with_config(config);
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// Names the service in every request's log lines. Default `service`.
    pub service: Cow<'static, str>,
    /// Logs this level and those above it. Default `INFO`. The environment wins, so that a running function can be made
    /// more talkative: first `AWS_LAMBDA_LOG_LEVEL`, then `RUST_LOG` (which takes directives such as `info,users=debug`).
    ///
    /// No line of this crate or of dynamorm has a value of a request, an event or an item in it, at any level. Crates below, which log
    /// them whole at DEBUG and TRACE (AWS's, hyper, the Lambda runtime), stay at INFO unless `RUST_LOG` names them.
    pub log_level: Level,
    /// Writes log lines as JSON or as text. Default `None`: JSON inside Lambda, text elsewhere.
    pub log_format: Option<LogFormat>,
    /// Writes figures of each request for CloudWatch to standard output, in its [embedded metric
    /// format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
    /// `Count`, `Latency`, `4xx` and `5xx` by `service` and `route` (method and template), `ColdStart` by `service` and
    /// `function_name`, `DynamoDBReadUnits` and `DynamoDBWriteUnits` by route and by `table` (of [`TenantDb`](crate::TenantDb) and
    /// [`Ctx::db`](crate::Ctx::db)), and what handlers add by [`Metrics`](crate::Metrics). Default false.
    pub metrics_enabled: bool,
    /// The namespace of these figures. Default `lift`.
    pub metrics_namespace: Cow<'static, str>,
    /// Ends a request that takes longer with 504. Default 29 s, what API Gateway waits. Inside Lambda a request also ends
    /// 500 ms before the invocation's own deadline, so that the client gets an answer rather than a broken connection.
    ///
    /// The handler is dropped at its next `.await`; a write that was on its way may have been done. Code that never
    /// awaits is not interrupted.
    pub timeout: Duration,
    /// Refuses a longer request body with 413. In bytes; default 6 MiB, what Lambda accepts.
    pub max_request_size: usize,
    /// Answers 401 on every route, known or not, unless a tenant is known. Default false: then only handlers that take a
    /// [`TenantId`](crate::TenantId) demand one. It is checked before your own layers run.
    pub require_tenant: bool,
    /// Believes this header about the tenant, **outside Lambda only**. Default `None`: no header is believed.
    ///
    /// It is for development, and for a server behind a proxy of yours that sets the header itself. Inside Lambda it has
    /// no effect whatever its value: there the tenant comes from what API Gateway verified.
    pub trust_tenant_header: Option<HeaderName>,
    /// Names the claim that API Gateway's authorizer, or a verified token, gives the tenant in. Default `tenant_id`. Choose one that users
    /// cannot write themselves; in Amazon Cognito a custom attribute is `custom:tenant_id`.
    pub tenant_claim: Cow<'static, str>,
    /// Names the claim that holds a user's roles, for [`require_role`](crate::require_role). Default `roles`; of Amazon Cognito's
    /// groups it is `cognito:groups`.
    pub role_claim: Cow<'static, str>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// One line of text.
    Text,
}

impl Default for Config {
    /// The defaults as documented on each field, without a look at the environment.
    fn default() -> Self {
        Self {
            service: Cow::Borrowed("service"),
            log_level: Level::INFO,
            log_format: None,
            metrics_enabled: false,
            metrics_namespace: Cow::Borrowed("lift"),
            timeout: Duration::from_secs(29),
            max_request_size: 6 * 1024 * 1024,
            require_tenant: false,
            trust_tenant_header: None,
            tenant_claim: Cow::Borrowed("tenant_id"),
            role_claim: Cow::Borrowed("roles"),
        }
    }
}

impl Config {
    /// Reads what the environment says and takes the defaults for the rest.
    ///
    /// The service is `POWERTOOLS_SERVICE_NAME`, else `AWS_LAMBDA_FUNCTION_NAME`; the namespace of metrics is
    /// `POWERTOOLS_METRICS_NAMESPACE`; the log format is `AWS_LAMBDA_LOG_FORMAT` (`JSON` or `Text`). Log levels are read when the app runs, see [`Config::log_level`].
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    fn from_lookup(var: impl Fn(&str) -> Option<String>) -> Self {
        let mut config = Self::default();
        let named = |name: &str| var(name).filter(|value| !value.is_empty());
        if let Some(service) = named("POWERTOOLS_SERVICE_NAME").or_else(|| named("AWS_LAMBDA_FUNCTION_NAME"))
        {
            config.service = Cow::Owned(service);
        }
        if let Some(namespace) = named("POWERTOOLS_METRICS_NAMESPACE") {
            config.metrics_namespace = Cow::Owned(namespace);
        }
        config.log_format =
            match named("AWS_LAMBDA_LOG_FORMAT").map(|value| value.to_ascii_lowercase()).as_deref() {
                Some("json") => Some(LogFormat::Json),
                Some("text") => Some(LogFormat::Text),
                _ => None,
            };
        config
    }
}

/// Whether this process runs inside Lambda, where clients reach us through AWS only.
pub(crate) fn inside_lambda() -> bool {
    // Either is enough: an adapter may speak the runtime API in our place, and then only the name is left.
    ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME"].iter().any(|name| std::env::var_os(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(vars: &[(&str, &str)]) -> Config {
        Config::from_lookup(|name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_service_is_named_by_powertools_before_the_function() {
        assert_eq!(from(&[]).service, "service");
        assert_eq!(from(&[("AWS_LAMBDA_FUNCTION_NAME", "users-prod")]).service, "users-prod");
        let both = [("POWERTOOLS_SERVICE_NAME", "users"), ("AWS_LAMBDA_FUNCTION_NAME", "users-prod")];
        assert_eq!(from(&both).service, "users");
    }

    #[test]
    fn metrics_have_the_namespace_that_powertools_names() {
        assert_eq!(from(&[]).metrics_namespace, "lift");
        assert_eq!(from(&[("POWERTOOLS_METRICS_NAMESPACE", "Users")]).metrics_namespace, "Users");
    }

    #[test]
    fn the_log_format_follows_lambda_and_ignores_what_it_does_not_know() {
        assert_eq!(from(&[("AWS_LAMBDA_LOG_FORMAT", "JSON")]).log_format, Some(LogFormat::Json));
        assert_eq!(from(&[("AWS_LAMBDA_LOG_FORMAT", "Text")]).log_format, Some(LogFormat::Text));
        assert_eq!(from(&[("AWS_LAMBDA_LOG_FORMAT", "xml")]).log_format, None);
    }
}
