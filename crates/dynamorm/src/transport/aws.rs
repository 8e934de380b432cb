//! Requests through the user's official AWS client.
//!
//! [`Aws`] is here, and how its failures become ours. `direct` replaces the client's own codec call by call, so that the
//! bytes of a request and of its response pass untouched; `streams` is the same for the client of streams; `connect` makes a client where the user has none. The client's
//! typed inputs and outputs are `compat`'s business. Start at [`Aws::new`].

#[cfg(feature = "aws-config")]
mod connect;
mod direct;
#[cfg(feature = "streams")]
mod streams;

pub(super) use direct::call as call_direct;

use super::compat;
use super::{Call, Failure, Request, ServiceError, Transport, Warm};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Body;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// DynamoDB through an official `aws_sdk_dynamodb::Client`.
///
/// The client keeps everything that it is configured with: endpoint, credentials, signing, retries, timeouts, its HTTP
/// client. Only how a request becomes bytes, and bytes a response, is this crate's own: a tree of attribute values would
/// cost more than all the rest.
///
/// # Example
///
/// ```
/// use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
/// use dynamorm::transport::Aws;
///
/// let config = Config::builder()
///     .behavior_version(BehaviorVersion::latest())
///     .region(Region::new("eu-central-1"))
///     .build();
/// let aws = Aws::new(aws_sdk_dynamodb::Client::from_conf(config));
/// # let _ = aws;
/// ```
#[derive(Clone)]
pub struct Aws {
    client: Client,
    codec: Codec,
    #[cfg(feature = "streams")]
    streams: Option<aws_sdk_dynamodbstreams::Client>,
}

/// Who turns requests into bytes, and bytes into responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    /// This crate.
    Direct,
    /// The client, from and to its typed inputs and outputs.
    Compat,
}

impl Aws {
    /// Takes a client, and chooses how to use it.
    ///
    /// That is [`Aws::compat`] if the client was configured with an interceptor, since that may read or change the typed
    /// input, as the AWS Database Encryption SDK's does; else [`Aws::direct`].
    #[must_use]
    pub fn new(client: Client) -> Self {
        // The configuration lists what the user added, and none of the interceptors that the client brings itself.
        if client.config().interceptors().next().is_some() {
            Self::compat(client)
        } else {
            Self::direct(client)
        }
    }

    /// Takes a client, and sends this crate's bytes through it whatever interceptors it has.
    ///
    /// Right for interceptors that look at the HTTP request, its attempts or its outcome. An interceptor that reads the
    /// typed input or output sees a nearly empty one here, and what it changes in them is lost.
    ///
    /// ```
    /// # fn example(client: aws_sdk_dynamodb::Client) {
    /// let db = dynamorm::Db::with_transport(dynamorm::transport::Aws::direct(client));
    /// # }
    /// ```
    #[must_use]
    pub fn direct(client: Client) -> Self {
        Self::of(client, Codec::Direct)
    }

    /// Takes a client, and hands it typed inputs for all operations on items.
    ///
    /// Its interceptors see, and may change, whole inputs and outputs. It costs a conversion to the client's attribute
    /// values and back, several times the work of [`Aws::direct`]. Operations on tables go the direct way here too.
    ///
    /// ```
    /// # fn example(client: aws_sdk_dynamodb::Client) {
    /// let db = dynamorm::Db::with_transport(dynamorm::transport::Aws::compat(client));
    /// # }
    /// ```
    #[must_use]
    pub fn compat(client: Client) -> Self {
        Self::of(client, Codec::Compat)
    }

    fn of(client: Client, codec: Codec) -> Self {
        Self {
            client,
            codec,
            #[cfg(feature = "streams")]
            streams: None,
        }
    }

    /// Reads the streams of tables by this client: AWS has an endpoint of its own for them, and a client. Needs the feature
    /// `streams`.
    ///
    /// Those that [`from_env`](Aws::from_env) and [`endpoint`](Aws::endpoint) make have one.
    ///
    /// ```
    /// # #[cfg(feature = "streams")]
    /// # fn example(config: aws_sdk_dynamodb::Client, streams: aws_sdk_dynamodbstreams::Client) {
    /// # let client = config;
    /// let aws = dynamorm::transport::Aws::new(client).streams(streams);
    /// let db = dynamorm::Db::with_transport(aws);
    /// # }
    /// ```
    #[cfg(feature = "streams")]
    #[must_use]
    pub fn streams(mut self, client: aws_sdk_dynamodbstreams::Client) -> Self {
        self.streams = Some(client);
        self
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("codec", &self.codec).finish_non_exhaustive()
    }
}

impl Transport for Aws {
    fn call(&self, request: Request) -> Call<'_> {
        #[cfg(feature = "streams")]
        if let (true, Some(client)) = (request.operation.is_on_stream(), &self.streams) {
            return Box::pin(streams::call(client, request));
        }
        match self.codec {
            Codec::Direct => Box::pin(call_direct(&self.client, request)),
            Codec::Compat => Box::pin(compat::call(&self.client, request)),
        }
    }

    fn warm(&self) -> Warm<'_> {
        Box::pin(async {
            match self.client.describe_endpoints().send().await {
                // Whoever may not ask has been answered all the same, over a connection that is open now.
                Ok(_) | Err(SdkError::ServiceError(_)) => Ok(()),
                Err(error) => Err(failure(error)),
            }
        })
    }
}

/// Why nothing is read of a stream.
fn no_streams() -> Failure {
    Failure::Refused(String::from(if cfg!(feature = "streams") {
        "streams are read by an AWS client of their own: give it to the transport, `Aws::new(client).streams(streams_client)`"
    } else {
        "streams are read with the feature `streams` of dynamorm, and this program was built without"
    }))
}

/// Turns an error of the client into a failure that holds the response as DynamoDB sent it.
pub(super) fn failure<E>(error: SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let what = match &error {
        SdkError::ServiceError(refusal) => {
            return Failure::Service(service_error(refusal.err(), refusal.raw()));
        }
        SdkError::ConstructionFailure(_) => "the request could not be made ready",
        SdkError::TimeoutError(_) => "no response in time",
        SdkError::DispatchFailure(_) => "the request could not be sent",
        SdkError::ResponseError(_) => "the response could not be read",
        _ => "the request failed",
    };
    // The source alone: the error around it would print the response's body.
    match error.into_source() {
        Ok(source) => Failure::NoResponse(Box::new(NoResponse { what, source })),
        Err(_) => Failure::NoResponse(what.into()),
    }
}

fn service_error(typed: &impl ProvideErrorMetadata, response: &HttpResponse) -> ServiceError {
    let raw = ServiceError::from_body(body_bytes(response.body()));
    match typed.code() {
        // An interceptor put another error in the response's place, or the code came in a header.
        Some(code) if code != raw.code => ServiceError::new(code, typed.message().unwrap_or_default()),
        // Not DynamoDB's answer but that of something before it: the status is all there is to tell.
        None if raw.code.is_empty() => {
            ServiceError { code: format!("HTTP {}", response.status().as_u16()), ..raw }
        }
        _ => raw,
    }
}

/// Gives the bytes of a body that was read into memory, without copying them.
fn body_bytes(body: &SdkBody) -> Bytes {
    let Some(mut body) = body.try_clone() else { return copied(body) };
    // A body in memory is one frame, and is ready at once: the clone shares its bytes, and polling hands them over.
    let mut nobody = Context::from_waker(Waker::noop());
    match Pin::new(&mut body).poll_frame(&mut nobody) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        Poll::Ready(None) => Bytes::new(),
        _ => copied(&body),
    }
}

fn copied(body: &SdkBody) -> Bytes {
    Bytes::copy_from_slice(body.bytes().unwrap_or_default())
}

/// Why no response came.
#[derive(Debug)]
struct NoResponse {
    what: &'static str,
    source: BoxError,
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl Error for NoResponse {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
