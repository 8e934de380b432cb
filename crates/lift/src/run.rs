//! One binary, two homes: [`run`] polls Lambda's runtime API where there is one and serves HTTP on localhost elsewhere.

use crate::app::{App, Parts};
use crate::config::inside_lambda;
use crate::error::BoxError;
use crate::lambda::Handler;
use crate::logging;
use futures_util::future::FutureExt as _;
use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The port on localhost when `PORT` is not set.
const DEFAULT_PORT: u16 = 3000;

/// Serves the app until the process is told to stop.
///
/// Inside Lambda (`AWS_LAMBDA_RUNTIME_API` is set) it answers invocations: API Gateway REST and HTTP APIs, function URLs
/// and load balancers, and events of the sources that the app has handlers for, several at once on Lambda Managed Instances. Elsewhere it serves HTTP on `127.0.0.1`, on port
/// `PORT`, 3000 if that is not set; with `PORT=0` the system chooses a free one. It prints the address, finishes the
/// requests it has when it gets SIGINT or SIGTERM, and returns. With [`App::poll_streams`] it follows streams meanwhile.
///
/// It also starts logging to standard output, unless the program has set up a `tracing` subscriber of its own.
///
/// # Errors
///
/// If two handlers listen to the same source, if a stream that it is to follow cannot be, if `PORT` is not a port or is taken, or if Lambda's environment or runtime API is not as it should be.
///
/// # Example
///
/// ```no_run
/// use lift::axum::{Router, routing::get};
///
/// #[tokio::main]
/// async fn main() -> Result<(), lift::BoxError> {
///     let app = lift::App::new().routes(Router::new().route("/", get(|| async { "hello" })));
///     lift::run(app).await
/// }
/// ```
pub async fn run(app: App) -> Result<(), BoxError> {
    let app = app.into_parts();
    logging::start(&app.config, inside_lambda());
    app.events.check()?;
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() { poll(app).await } else { serve(app).await }
}

async fn poll(app: Parts) -> Result<(), BoxError> {
    // The runtime would panic without them.
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"]
    {
        if std::env::var_os(name).is_none() {
            return Err(format!("AWS_LAMBDA_RUNTIME_API is set, but {name} is not; Lambda sets both").into());
        }
    }
    let handler = Handler::new(app.router, app.websockets, Arc::new(app.events));
    let service = lambda_runtime::service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let handler = handler.clone();
        async move { handler.handle(event).await }
    });
    lambda_runtime::run_concurrent(service).await
}

async fn serve(app: Parts) -> Result<(), BoxError> {
    let port =
        port_from(std::env::var_os("PORT").map(|port| port.to_string_lossy().into_owned()).as_deref())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            format!("port {port} is in use: stop what uses it, or set PORT to another (PORT=0 takes a free one)")
        }
        _ => format!("cannot listen on 127.0.0.1:{port}: {error}"),
    })?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    if let Some(hook) = app.on_listening {
        hook(&address);
    }
    let service = app.router.into_make_service_with_connect_info::<SocketAddr>();
    let Some(polled) = app.polled else {
        return Ok(axum::serve(listener, service).with_graceful_shutdown(told_to_stop()).await?);
    };
    // What is told to stop, or cannot go on, stops both.
    let (broken, is_broken) = oneshot::channel::<()>();
    let stop = async move {
        tokio::select! {
            () = told_to_stop() => {}
            Ok(()) = is_broken => {}
        }
    };
    let stop = stop.boxed().shared();
    let following = polled.follow(Arc::new(app.events), stop.clone());
    let following = tokio::spawn(async move {
        let followed = following.await;
        if followed.is_err() {
            let _ = broken.send(());
        }
        followed
    });
    axum::serve(listener, service).with_graceful_shutdown(stop).await?;
    following.await?
}

fn port_from(text: Option<&str>) -> Result<u16, BoxError> {
    match text {
        None | Some("") => Ok(DEFAULT_PORT),
        Some(text) => text.parse().map_err(|_| {
            format!("PORT is not a port: expected a number from 1 to 65535, or 0 for a free one (unset: {DEFAULT_PORT})").into()
        }),
    }
}

/// Returns when the process gets SIGINT or SIGTERM.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                interrupted = tokio::signal::ctrl_c() => if interrupted.is_ok() { return },
            }
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    // Signals cannot be listened to: then they end the process as they always do.
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_number_and_3000_if_it_is_not_given() {
        assert_eq!(port_from(None).unwrap(), 3000);
        assert_eq!(port_from(Some("")).unwrap(), 3000);
        assert_eq!(port_from(Some("0")).unwrap(), 0);
        assert_eq!(port_from(Some("8080")).unwrap(), 8080);
        for bad in ["http", "65536", "-1", "80 "] {
            assert!(port_from(Some(bad)).unwrap_err().to_string().contains("1 to 65535"), "{bad}");
        }
    }
}
