//! Where log lines go: standard output, as text or as flat JSON, at a level that the environment can change.

mod flat;

use crate::config::{Config, LogFormat};
use flat::FlatJson;
use serde_json::{Map, Value};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging, unless the program has set up its own.
pub(crate) fn start(config: &Config, inside_lambda: bool) {
    let level = directives(config.log_level, |name| std::env::var(name).ok());
    // A directive that cannot be read is left out with a note on standard error: logging must not stop a function.
    let filter = EnvFilter::builder().parse_lossy(guarded(&level));
    let by_home = if inside_lambda { LogFormat::Json } else { LogFormat::Text };
    let started = match config.log_format.unwrap_or(by_home) {
        LogFormat::Json => {
            let facts = facts(&config.service, |name| std::env::var(name).ok());
            let lines = FlatJson::new(facts, std::io::stdout);
            tracing_subscriber::registry().with(filter).with(lines).try_init()
        }
        LogFormat::Text => {
            tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).finish().try_init()
        }
    };
    if started.is_err() {
        tracing::debug!(
            "the program logs in its own way; `Config::log_level` and `log_format` have no effect"
        );
    }
}

/// What every line says of the function.
fn facts(service: &str, var: impl Fn(&str) -> Option<String>) -> Map<String, Value> {
    let mut facts = Map::from_iter([("service".to_owned(), service.into())]);
    if let Some(name) = var("AWS_LAMBDA_FUNCTION_NAME") {
        facts.insert("function_name".to_owned(), name.into());
    }
    if let Some(megabytes) = var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") {
        // A number, as Powertools writes it.
        let megabytes = megabytes.parse::<u64>().map_or(Value::String(megabytes), Value::from);
        facts.insert("function_memory_size".to_owned(), megabytes);
    }
    facts
}

/// Crates below us that log requests, responses, headers or events whole at the levels beneath INFO. They stay at INFO unless
/// `RUST_LOG` names them.
const SEE_EVERYTHING: [&str; 15] = [
    "aws_config",
    "aws_runtime",
    "aws_sdk_dynamodb",
    "aws_sdk_dynamodbstreams",
    "aws_sdk_sts",
    "aws_sigv4",
    "aws_smithy_http_client",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
    "h2",
    "hyper",
    "hyper_util",
    "lambda_http",
    "lambda_runtime",
    "lambda_runtime_api_client",
];

/// The same directives, of which none lets such a crate say all, but by its name.
fn guarded(directives: &str) -> String {
    let caps = SEE_EVERYTHING.map(|of| format!("{of}=info"));
    // Of two directives for one target the last counts. Who asks for less than INFO of all gets no more of these.
    let level = directives.parse::<LevelFilter>();
    if level.is_ok_and(|level| level < LevelFilter::INFO) {
        return directives.to_owned();
    }
    format!("{},{directives}", caps.join(","))
}

/// What to log, in the words of `RUST_LOG`: Lambda's own switch first, then `RUST_LOG`, then the setting.
fn directives(setting: Level, var: impl Fn(&str) -> Option<String>) -> String {
    let lambda = var("AWS_LAMBDA_LOG_LEVEL").and_then(|level| match level.to_ascii_lowercase().as_str() {
        // Lambda knows a level above all of ours.
        "fatal" => Some("error".to_owned()),
        known @ ("trace" | "debug" | "info" | "warn" | "error") => Some(known.to_owned()),
        _ => None,
    });
    let rust = || var("RUST_LOG").filter(|directives| !directives.trim().is_empty());
    lambda.or_else(rust).unwrap_or_else(|| setting.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> String {
        let var =
            |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        directives(Level::WARN, var)
    }

    #[test]
    fn what_sees_everything_says_less_than_the_rest_unless_it_is_named() {
        let filter = |directives: &str| EnvFilter::builder().parse_lossy(guarded(directives)).to_string();
        assert!(filter("trace").contains("lambda_runtime=info") && filter("trace").contains("trace"));
        let named = filter("trace,lambda_runtime=debug");
        assert!(named.contains("lambda_runtime=debug") && !named.contains("lambda_runtime=info"), "{named}");
        assert_eq!(filter("error"), "error");
        assert_eq!(filter("off"), "off");
        // A crate of a name that begins alike is another one.
        assert!(filter("info,users=trace").contains("users=trace"));
    }

    #[test]
    fn lambdas_switch_wins_over_rust_log_which_wins_over_the_setting() {
        assert_eq!(with(&[]), "WARN");
        assert_eq!(with(&[("RUST_LOG", "info,users=debug")]), "info,users=debug");
        assert_eq!(with(&[("RUST_LOG", "info"), ("AWS_LAMBDA_LOG_LEVEL", "DEBUG")]), "debug");
        assert_eq!(with(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]), "error");
        assert_eq!(with(&[("AWS_LAMBDA_LOG_LEVEL", "loud"), ("RUST_LOG", "")]), "WARN");
    }
}
