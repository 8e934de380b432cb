//! Runs handlers: a failure, a panic, or a body that cannot be read is the failure of its own item, and time that runs out is
//! the failure of what is not done.

use super::Answer;
use crate::error::BoxError;
use crate::extract::Ctx;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use serde_json::value::to_raw_value;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument as _;

/// How many messages without an order are worked on at a time.
const CONCURRENCY: usize = 16;

/// A handler, without the types that it takes and gives.
pub(super) type On<R> = Arc<dyn Fn(R, Ctx) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// Makes a handler of a function: `read` makes what it takes of a record.
pub(super) fn on<R, M, F, Fut, E>(read: fn(R, Ctx) -> Result<M, BoxError>, handler: F) -> On<R>
where
    R: Send + 'static,
    M: Send + 'static,
    F: Fn(M) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<BoxError>,
{
    on_some(move |record, ctx| read(record, ctx).map(Some), handler)
}

/// The same, which passes over records that `read` makes nothing of.
pub(super) fn on_some<R, M, F, Fut, E>(
    read: impl Fn(R, Ctx) -> Result<Option<M>, BoxError> + Send + Sync + 'static,
    handler: F,
) -> On<R>
where
    R: Send + 'static,
    M: Send + 'static,
    F: Fn(M) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<BoxError>,
{
    let parts = Arc::new((read, handler));
    Arc::new(move |record, ctx| {
        let parts = parts.clone();
        async move {
            let (read, handler) = &*parts;
            match read(record, ctx)? {
                Some(message) => handler(message).await.map_err(Into::into),
                None => Ok(()),
            }
        }
        .boxed()
    })
}

/// One item of an event, with its handler.
pub(super) struct Item<R> {
    /// By which Lambda is told of its failure.
    pub(super) id: String,
    pub(super) record: R,
    pub(super) on: On<R>,
}

/// Where items come from, for the log.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
}

/// Runs one item. What goes wrong is logged here, and given back.
pub(super) async fn run<R>(item: Item<R>, source: Source<'_>, ctx: &Ctx) -> Result<(), (String, BoxError)> {
    let Item { id, record, on } = item;
    let lambda = ctx.invocation.as_deref();
    let span = tracing::info_span!(
        "event",
        event_source = source.kind,
        event_name = source.name,
        event_id = id,
        function_request_id = ctx.request_id(),
        function_arn = lambda.map(|lambda| lambda.function_arn.as_str()),
        cold_start = lambda.map(|lambda| lambda.cold_start),
        tenant_id = ctx.tenant().map(|tenant| tenant.as_str()),
        xray_trace_id = ctx.trace_id(),
    );
    // The handler itself may panic before it gives a future.
    let deadline = ctx.deadline;
    let ctx = ctx.clone();
    let work = AssertUnwindSafe(async move { on(record, ctx).await }).catch_unwind();
    let work = async move {
        let done = match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline, work).await {
                Ok(done) => done,
                Err(_) => return Err(BoxError::from("the invocation's time ran out")),
            },
            None => work.await,
        };
        done.unwrap_or_else(|panic| Err(format!("panic: {}", crate::middleware::panic_message(panic)).into()))
    };
    let done = async move {
        let done = work.await;
        if let Err(error) = &done {
            tracing::error!(error = error.as_ref() as &dyn std::error::Error, "an event was not handled");
        }
        done
    };
    done.instrument(span).await.map_err(|error| (id, error))
}

/// Runs messages that have no order, several at a time, and tells Lambda which to give again.
pub(super) async fn unordered<R>(items: Vec<Item<R>>, source: Source<'_>, ctx: &Ctx) -> Answer {
    let done = stream::iter(items).map(|item| run(item, source, ctx)).buffered(CONCURRENCY);
    let failed = done.filter_map(async |done| done.err().map(|(id, _)| id)).collect::<Vec<_>>().await;
    failures(failed)
}

/// Runs messages in their order. After the first that fails the rest is not run: Lambda gives that one and all behind it again.
pub(super) async fn ordered<R>(items: Vec<Item<R>>, source: Source<'_>, ctx: &Ctx) -> Answer {
    let mut items = items.into_iter();
    while let Some(item) = items.next() {
        if let Err((id, _)) = run(item, source, ctx).await {
            return failures([id].into_iter().chain(items.map(|item| item.id)).collect());
        }
    }
    failures(Vec::new())
}

/// Runs all, and fails the invocation if one failed, since these sources know no failure of a part.
pub(super) async fn all_or_failed<R>(items: Vec<Item<R>>, source: Source<'_>, ctx: &Ctx) -> Answer {
    let mut failed = None;
    for item in items {
        if let Err((id, error)) = run(item, source, ctx).await {
            failed = failed.or(Some(format!("{} `{}`, {id}: {error}", source.kind, source.name)));
        }
    }
    match failed {
        None => super::nothing(),
        Some(message) => Err(message.into()),
    }
}

/// `{"batchItemFailures":[{"itemIdentifier":"…"}]}`
fn failures(ids: Vec<String>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Failures {
        batch_item_failures: Vec<Failure>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Failure {
        item_identifier: String,
    }
    let batch_item_failures = ids.into_iter().map(|item_identifier| Failure { item_identifier }).collect();
    Ok(to_raw_value(&Failures { batch_item_failures })?)
}
