//! Runs the users service: on localhost, or inside Lambda.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `DYNAMORM_URL` | the database: `memory:`, `file:./app.db`, `http://127.0.0.1:8000`, `aws:` | `file:./users.db`; inside Lambda `aws:` |
//! | `DYNAMODB_TABLE` | the table; beside it `-idempotency`, `-rate-limits` and `-checkpoints` | `users` |
//! | `JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_KEYS` | whose tokens are believed, for whom they are, and the file of the issuer's keys (JWKS) | none: inside Lambda an authorizer's |
//! | `PORT` | where to listen on 127.0.0.1 | 3000 |

use dynamorm::Db;
use lift::Config;
use lift::axum::http::HeaderName;
use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::timeout;

/// How long Lambda's init phase may wait for the first connection. The phase has ten seconds.
const WARM: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("users: {}", in_full(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// The error, what it came from, and what DynamoDB says of it: a missing permission, a name that no table can have.
///
/// Only for the start, where requests are about tables: DynamoDB could quote values of other requests.
fn in_full(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let reason = error.downcast_ref::<dynamorm::Error>().and_then(dynamorm::Error::service_message);
    let texts: Vec<String> = causes.map(ToString::to_string).chain(reason.map(str::to_owned)).collect();
    texts.join(": ")
}

async fn run() -> Result<(), lift::BoxError> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    // Behind a web adapter only the function's name is there.
    let in_lambda = is_set("AWS_LAMBDA_RUNTIME_API") || is_set("AWS_LAMBDA_FUNCTION_NAME");
    let table = std::env::var("DYNAMODB_TABLE").ok().filter(|name| !name.is_empty());

    // On a developer's machine the data stays there, whatever AWS account it is set up for.
    let by_default = !is_set("DYNAMORM_URL") && !in_lambda;
    let db = if by_default { Db::connect("file:./users.db").await? } else { Db::from_env().await? };
    let table = table.as_deref().unwrap_or("users");
    let of_table = |name: &str| format!("{table}-{name}");
    let db = db.table(table).rename_table("idempotency", of_table("idempotency"));
    let db = db.rename_table("rate-limits", of_table("rate-limits"));
    let db = db.rename_table("stream-checkpoints", of_table("checkpoints"));
    // A function does not make its own tables: that is for whoever deploys it.
    if is_set("DYNAMORM_URL") || !in_lambda {
        users::create_tables(&db).await?;
    }

    let jwt = users::jwt(|name| std::env::var(name).ok())?;
    let config = Config {
        service: "users".into(),
        // Believed outside Lambda only, and where nothing better is set; inside, the tenant comes from verified claims.
        trust_tenant_header: jwt.is_none().then(|| HeaderName::from_static("x-tenant-id")),
        require_tenant: true,
        // Lines that CloudWatch makes metrics of, and that say nothing to who looks at a terminal.
        metrics_enabled: in_lambda,
        ..Config::from_env()
    };
    let mut app = users::app(db.clone(), table, config);
    if let Some(jwt) = jwt {
        app = app.jwt(jwt);
    }
    // Elsewhere than in Lambda, which does that itself.
    if cfg!(feature = "streams") {
        app = app.poll_streams(&db, users::CONSUMER);
    }
    // The first request waits for no connection. Without one it tries again itself.
    if in_lambda && !matches!(timeout(WARM, db.warm()).await, Ok(Ok(()))) {
        tracing::warn!("the database cannot be reached yet");
    }
    let app = app.on_listening(move |address| {
        if by_default {
            println!("the data is in ./users.db; DYNAMORM_URL names another database");
        }
        print_examples(address);
    });
    lift::run(app).await
}

fn print_examples(address: &SocketAddr) {
    println!(
        "\nTry it:\n
  curl -sw '\\n' -X POST http://{address}/users -H 'X-Tenant-Id: acme' -H 'Content-Type: application/json' \\
       -d '{{\"email\": \"ada@example.com\", \"name\": \"Ada\", \"credits\": 100}}'
  curl -sw '\\n' 'http://{address}/users?limit=10' -H 'X-Tenant-Id: acme'
  curl -sw '\\n' 'http://{address}/users/by-email?email=ada@example.com' -H 'X-Tenant-Id: acme'
  curl -sw '\\n' http://{address}/openapi.json\n"
    );
}
