//! [`FakeRuntime`]: Lambda's runtime API on localhost, so that a test can run a compiled function as Lambda does.

use crate::error::BoxError;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long a function may take: to start and to answer. Its deadline says so too.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lambda's runtime API on localhost: gives events to a function that runs as a process of its own.
///
/// The function is yours to start, with [`FakeRuntime::vars`] in its environment. It may start before or after the first
/// event is sent. A function that asks for the next event after this is dropped is refused.
///
/// # Example
///
/// ```no_run
/// # async fn example() -> Result<(), lift::BoxError> {
/// use lift::testing::FakeRuntime;
/// use std::process::Command;
///
/// let runtime = FakeRuntime::start().await?;
/// let mut function = Command::new("target/debug/my-function").envs(runtime.vars()).spawn()?;
/// let event = std::fs::read_to_string("tests/api-gateway.json")?;
/// let answer = runtime.invoke(serde_json::from_str(&event)?).await?;
/// assert_eq!(answer["statusCode"], 200);
/// function.kill()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FakeRuntime {
    address: SocketAddr,
    api: Arc<Api>,
    events: mpsc::UnboundedSender<Invocation>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Api {
    /// A function that asks while there is no event waits, as in Lambda.
    events: AsyncMutex<mpsc::UnboundedReceiver<Invocation>>,
    /// Who waits for the answer, by request id.
    waiting: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    invoked: AtomicU64,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: Value,
}

/// The function's answer, or the body in which it says what went wrong.
type Answer = Result<Bytes, Bytes>;

impl FakeRuntime {
    /// Starts to listen on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn start() -> Result<Self, BoxError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, to_give) = mpsc::unbounded_channel();
        let api = Arc::new(Api {
            events: AsyncMutex::new(to_give),
            waiting: Mutex::default(),
            invoked: AtomicU64::new(0),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(api.clone());
        let server = tokio::spawn(async move {
            // It never returns by itself.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { address, api, events, server })
    }

    /// The environment that Lambda gives a function, as far as the runtime needs it.
    #[must_use]
    pub fn vars(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", "function".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
        ]
    }

    /// Gives the function an event and waits for its answer.
    ///
    /// Request ids are `00000000-0000-0000-0000-000000000001` and so on.
    ///
    /// # Errors
    ///
    /// If the function reports an error, gives no answer within 20 seconds, or answers with what is not JSON.
    pub async fn invoke(&self, event: Value) -> Result<Value, BoxError> {
        let nth = self.api.invoked.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("00000000-0000-0000-0000-{nth:012}");
        let (sender, answer) = oneshot::channel();
        self.api.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sender);
        self.events.send(Invocation { id, event })?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(Ok(answer))) => Ok(serde_json::from_slice(&answer)?),
            Ok(Ok(Err(error))) => {
                Err(format!("the function failed: {}", String::from_utf8_lossy(&error)).into())
            }
            Ok(Err(_)) => Err("the runtime API has stopped".into()),
            Err(_) => {
                Err(format!("the function gave no answer within {} seconds", PATIENCE.as_secs()).into())
            }
        }
    }
}

impl Drop for FakeRuntime {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// `GET invocation/next`
async fn next(State(api): State<Arc<Api>>) -> Result<(HeaderMap, Json<Value>), StatusCode> {
    let invocation = api.events.lock().await.recv().await.ok_or(StatusCode::GONE)?;
    let deadline = (SystemTime::now() + PATIENCE).duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", invocation.id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:function".to_owned(),
        ),
    ] {
        headers.insert(name, value.parse().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
    }
    Ok((headers, Json(invocation.event)))
}

/// `POST invocation/{id}/response`. The function sends no content type, so the body is taken as it is.
async fn response(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answer(&id, Ok(body))
}

/// `POST invocation/{id}/error`
async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answer(&id, Err(body))
}

impl Api {
    fn answer(&self, id: &str, answer: Answer) -> StatusCode {
        match self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(id) {
            Some(waiting) => {
                // Nobody may wait any longer; that is no mistake of the function.
                let _ = waiting.send(answer);
                StatusCode::ACCEPTED
            }
            None => StatusCode::NOT_FOUND,
        }
    }
}
