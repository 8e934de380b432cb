//! [`Jwt`]: verifies JSON Web Tokens in the process, where no authorizer did it before.

use crate::error::BoxError;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// How far the clocks of issuer and verifier may be apart, in seconds.
const LEEWAY: u64 = 60;
/// How long fetched keys are good.
const FRESH: Duration = Duration::from_secs(3600);
/// How soon keys are fetched again for a token whose key is not among them: strangers must not make us ask all the time.
const AGAIN: Duration = Duration::from_secs(60);
/// The shortest secret, in bytes: the hash of HS256 is as long (RFC 7518 §3.2).
const MIN_SECRET: usize = 32;

/// The algorithms that a key may sign with. A key has one, so that a token cannot choose another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signing {
    /// RSA with SHA-256.
    Rs256,
    /// RSA with SHA-384.
    Rs384,
    /// RSA with SHA-512.
    Rs512,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Signing {
    fn algorithm(self) -> Algorithm {
        match self {
            Signing::Rs256 => Algorithm::RS256,
            Signing::Rs384 => Algorithm::RS384,
            Signing::Rs512 => Algorithm::RS512,
            Signing::Ps256 => Algorithm::PS256,
            Signing::Es256 => Algorithm::ES256,
            Signing::Es384 => Algorithm::ES384,
            Signing::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// The keys that tokens are verified with.
#[derive(Clone)]
pub struct Keys(Source);

#[derive(Clone)]
enum Source {
    Known(Arc<Vec<Key>>),
    Fetched(Arc<Fetched>),
}

/// One key, and what may be signed with it.
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Keys that somebody publishes, and how to get them.
struct Fetched {
    fetch: Fetch,
    /// What was fetched last, and when.
    kept: RwLock<Option<(Arc<Vec<Key>>, Instant)>>,
    /// Held while keys are fetched: one at a time is enough. When that was tried last.
    tried: tokio::sync::Mutex<Option<Instant>>,
}

type Fetch =
    Box<dyn Fn() -> futures_util::future::BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

impl Keys {
    /// A secret that issuer and verifier share, for HS256: at least 32 bytes, made at random.
    ///
    /// ```
    /// assert!(lift::Keys::secret(b"too short").is_err());
    /// assert!(lift::Keys::secret(&[7; 32]).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// If it is shorter.
    pub fn secret(secret: &[u8]) -> Result<Self, BoxError> {
        if secret.len() < MIN_SECRET {
            return Err(
                format!("the secret has {} bytes, it needs {MIN_SECRET} or more", secret.len()).into()
            );
        }
        Ok(Self::one(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// A public key as PEM text.
    ///
    /// ```
    /// use lift::{Keys, Signing};
    /// let pem = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    /// assert!(Keys::pem(Signing::EdDsa, pem).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no public key for this algorithm.
    pub fn pem(signing: Signing, pem: &[u8]) -> Result<Self, BoxError> {
        let key = match signing {
            Signing::Rs256 | Signing::Rs384 | Signing::Rs512 | Signing::Ps256 => {
                DecodingKey::from_rsa_pem(pem)?
            }
            Signing::Es256 | Signing::Es384 => DecodingKey::from_ec_pem(pem)?,
            Signing::EdDsa => DecodingKey::from_ed_pem(pem)?,
        };
        Ok(Self::one(signing.algorithm(), key))
    }

    /// The public keys of a JSON Web Key Set.
    ///
    /// Keys of unknown kinds, keys for encryption, and secrets, which nobody should publish, are left out.
    ///
    /// ```
    /// let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}]}"#;
    /// assert!(lift::Keys::jwks(set).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no key set, or has no key that can be used.
    pub fn jwks(set: &str) -> Result<Self, BoxError> {
        Ok(Self(Source::Known(Arc::new(read_set(set)?))))
    }

    /// The public keys that an issuer publishes: `fetch` gets the text of its key set, by the HTTP client of your choice.
    ///
    /// They are fetched when the first token comes, again after an hour, and when a token names a key that is not among them, so
    /// that keys can change: then at most once a minute. Keys that cannot be fetched again stay good; without any, requests with a
    /// token are answered 503.
    ///
    /// ```
    /// async fn fetch() -> Result<String, lift::BoxError> {
    ///     // reqwest::get("https://issuer.example.com/.well-known/jwks.json").await?.error_for_status()?.text().await
    ///     # Err("offline".into())
    /// }
    ///
    /// let keys = lift::Keys::fetched(fetch);
    /// ```
    #[must_use]
    pub fn fetched<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let fetch: Fetch = Box::new(move || Box::pin(fetch()));
        Self(Source::Fetched(Arc::new(Fetched {
            fetch,
            kept: RwLock::default(),
            tried: tokio::sync::Mutex::default(),
        })))
    }

    fn one(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self(Source::Known(Arc::new(vec![Key { id: None, algorithms: vec![algorithm], key }])))
    }

    /// Keys among which that of the token should be.
    async fn for_token(&self, id: Option<&str>) -> Result<Arc<Vec<Key>>, Refused> {
        match &self.0 {
            Source::Known(keys) => Ok(keys.clone()),
            Source::Fetched(fetched) => fetched.keys(id).await,
        }
    }
}

impl Fetched {
    fn kept(&self) -> Option<(Arc<Vec<Key>>, Instant)> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn keys(&self, id: Option<&str>) -> Result<Arc<Vec<Key>>, Refused> {
        let good = |(keys, at): &(Arc<Vec<Key>>, Instant)| {
            at.elapsed() < FRESH && keys.iter().any(|key| key.may_be(id))
        };
        if let Some(kept) = self.kept().filter(good) {
            return Ok(kept.0);
        }
        let mut tried = self.tried.lock().await;
        // Somebody may have fetched them while this one waited.
        if let Some(kept) = self.kept().filter(good) {
            return Ok(kept.0);
        }
        if tried.is_none_or(|at| at.elapsed() >= AGAIN) {
            *tried = Some(Instant::now());
            match (self.fetch)().await.and_then(|set| read_set(&set)) {
                Ok(keys) => {
                    let keys = Arc::new(keys);
                    *self.kept.write().unwrap_or_else(PoisonError::into_inner) =
                        Some((keys.clone(), Instant::now()));
                    return Ok(keys);
                }
                Err(error) => {
                    tracing::warn!(
                        error = error.as_ref() as &dyn std::error::Error,
                        "no keys for tokens were fetched"
                    );
                }
            }
        }
        self.kept().map(|(keys, _)| keys).ok_or(Refused::NoKeys)
    }
}

impl Key {
    fn may_be(&self, id: Option<&str>) -> bool {
        match (&self.id, id) {
            (Some(own), Some(id)) => own == id,
            _ => true,
        }
    }

    fn of(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
            return None;
        }
        let family: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 => &[Algorithm::ES256],
                EllipticCurve::P384 => &[Algorithm::ES384],
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
            _ => return None,
        };
        let algorithms = match jwk.common.key_algorithm {
            Some(named) => {
                let named = Algorithm::try_from(named).ok().filter(|named| family.contains(named))?;
                vec![named]
            }
            None => family.to_vec(),
        };
        Some(Self { id: jwk.common.key_id.clone(), algorithms, key: DecodingKey::from_jwk(jwk).ok()? })
    }
}

fn read_set(set: &str) -> Result<Vec<Key>, BoxError> {
    let set: JwkSet =
        serde_json::from_str(set).map_err(|error| format!("this is no JSON Web Key Set: {error}"))?;
    let keys = set.keys.iter().filter_map(Key::of).collect::<Vec<_>>();
    if keys.is_empty() {
        Err("the JSON Web Key Set has no key that tokens are verified with".into())
    } else {
        Ok(keys)
    }
}

/// Verifies the JSON Web Token of a request: `authorization: Bearer …`. Give it to [`App::jwt`](crate::App::jwt).
///
/// A token must be signed by one of the keys, with that key's algorithm, by this issuer for this audience, and be neither expired nor
/// for later; clocks may be a minute apart. A request with a token that is none of this is answered 401 on every route, one without a
/// token goes on without a user. Where API Gateway's authorizer has verified claims, they count, and the token is not looked at.
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::get};
/// use lift::testing::TestApp;
/// use lift::{App, Jwt, Keys, TenantId};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
/// let keys = Keys::secret(b"a secret of thirty-two bytes, or more")?;
/// let app = App::new()
///     .jwt(Jwt::new(keys, "https://issuer.example.com", "users"))
///     .routes(Router::new().route("/", get(|tenant: TenantId| async move { tenant.to_string() })));
///
/// let refused = TestApp::new(app).get("/").header("authorization", "Bearer forged").send().await;
/// assert_eq!(refused.status, 401);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Jwt {
    keys: Keys,
    issuer: String,
    audience: Option<String>,
}

/// Why a token is not taken. Nothing of the token is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Expired,
    Invalid,
    NoKeys,
}

impl Jwt {
    /// Takes tokens that this issuer made (`iss`) for this audience (`aud`).
    #[must_use]
    pub fn new(keys: Keys, issuer: &str, audience: &str) -> Self {
        Self { keys, issuer: issuer.to_owned(), audience: Some(audience.to_owned()) }
    }

    /// Takes tokens for whatever audience, such as access tokens of Amazon Cognito, which name none: check what else tells that a
    /// token is for you, such as `client_id`.
    ///
    /// ```
    /// # fn example(keys: lift::Keys) {
    /// let jwt = lift::Jwt::new(keys, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc", "").any_audience();
    /// # }
    /// ```
    #[must_use]
    pub fn any_audience(mut self) -> Self {
        self.audience = None;
        self
    }

    /// The claims of a token, if it is to be believed.
    pub(crate) async fn verify(&self, token: &str) -> Result<Map<String, Value>, Refused> {
        let header = decode_header(token).map_err(|_| Refused::Invalid)?;
        // A header that says it must be understood, and is not, is to be refused (RFC 7515 §4.1.11).
        if header.crit.is_some() {
            return Err(Refused::Invalid);
        }
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.set_required_spec_claims(&["exp", "iss", "aud"]);
            }
            None => {
                validation.validate_aud = false;
                validation.set_required_spec_claims(&["exp", "iss"]);
            }
        }
        let id = header.kid.as_deref();
        let keys = self.keys.for_token(id).await?;
        let mut refused = Refused::Invalid;
        for key in keys.iter().filter(|key| key.may_be(id) && key.algorithms.contains(&header.alg)) {
            match decode::<Map<String, Value>>(token, &key.key, &validation) {
                Ok(token) => return Ok(token.claims),
                Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature) => {
                    refused = Refused::Expired;
                }
                Err(_) => {}
            }
        }
        Err(refused)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
