//! A client, made where the user has none.
//!
//! Both ways take rustls on ring for HTTPS, so that no C library is compiled, and leave retries and timeouts at the AWS
//! defaults. Which of them to take for which setting is decided above.

use super::Aws;
use crate::error::{Error, ErrorKind, Result};
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};

impl Aws {
    /// Makes a client from the environment, as all AWS tools do: variables, profiles, and the roles of Lambda, containers
    /// and virtual machines.
    ///
    /// The certificates of this machine are read here, once per process, and not by the first request. Needs the feature
    /// `aws-config`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] if no region is set. Missing credentials are the first call's error: they may come later.
    pub async fn from_env() -> Result<Self> {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https(TrustStore::default())?)
            .load()
            .await;
        if config.region().is_none() {
            return Err(Error::new(
                ErrorKind::Transport,
                "no AWS region: set AWS_REGION, or `region` in the AWS profile",
            ));
        }
        let aws = Self::new(Client::new(&config));
        #[cfg(feature = "streams")]
        let aws = aws.streams(aws_sdk_dynamodbstreams::Client::new(&config));
        Ok(aws)
    }

    /// Makes a client of one endpoint, such as DynamoDB Local at `http://127.0.0.1:8000`.
    ///
    /// Region and credentials are those of the environment's variables; without them `us-east-1` and a made-up key, which
    /// local servers accept. Nothing else is asked for credentials. Needs the feature `aws-config`.
    ///
    /// ```no_run
    /// # async fn example() -> dynamorm::Result<()> {
    /// use dynamorm::transport::Aws;
    /// let db = dynamorm::Db::with_transport(Aws::endpoint("http://127.0.0.1:8000").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if `url` is no `http` or `https` URL with a host.
    pub async fn endpoint(url: &str) -> Result<Self> {
        let uri = url.parse::<http::Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
        // Plain HTTP needs no certificates, and to read them takes longer than to start a client.
        let trust_store = match uri.as_ref().and_then(http::Uri::scheme_str) {
            Some("http") => TrustStore::empty(),
            Some("https") => TrustStore::default(),
            _ => {
                return Err(Error::invalid(
                    "the endpoint is not an `http` or `https` URL such as http://127.0.0.1:8000",
                ));
            }
        };
        let region = EnvironmentVariableRegionProvider::new().region().await;
        let credentials = EnvironmentVariableCredentialsProvider::new().provide_credentials().await;
        let region = region.unwrap_or_else(|| Region::from_static("us-east-1"));
        let credentials =
            credentials.unwrap_or_else(|_| Credentials::new("local", "local", None, None, "local"));
        let http_client = https(trust_store)?;
        /// Both clients are configured alike.
        macro_rules! configured {
            ($builder:expr) => {
                $builder
                    .behavior_version(BehaviorVersion::latest())
                    .region(region.clone())
                    .credentials_provider(credentials.clone())
                    .endpoint_url(url)
                    .http_client(http_client.clone())
                    .build()
            };
        }
        let aws = Self::new(Client::from_conf(configured!(Config::builder())));
        #[cfg(feature = "streams")]
        let aws = {
            use aws_sdk_dynamodbstreams::{Client, Config};
            aws.streams(Client::from_conf(configured!(Config::builder())))
        };
        Ok(aws)
    }
}

fn https(trust_store: TrustStore) -> Result<SharedHttpClient> {
    let context = TlsContext::builder()
        .with_trust_store(trust_store)
        .build()
        .map_err(|error| Error::new(ErrorKind::Transport, "HTTPS could not be set up").with_source(error))?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}
