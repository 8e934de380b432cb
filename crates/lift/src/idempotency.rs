//! [`Idempotency`]: what must happen once happens once, however often it is asked for.
//!
//! Here: the settings, and [`Idempotency::once`] for events. `record.rs` is the record in DynamoDB and its three writes, `http.rs`
//! the layer for routes: keys, and answers that are given again.

mod http;
mod record;

pub use http::Idempotent;

use crate::error::BoxError;
use crate::extract::Ctx;
use crate::hash;
use dynamorm::Db;
use record::{Begun, Claim, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::Instant;

/// The first pause of one who waits for another's answer; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// Lets work that is asked for several times with one key happen once: a layer for routes, and [`once`](Idempotency::once) for
/// events.
///
/// As a layer it follows the [IETF draft](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/): a request
/// has an `Idempotency-Key` of its client's making. The first one with a key is carried out, and its answer is kept and given to
/// all others with that key, with the header `idempotency-replayed: true`. The answers besides: 400 `IDEMPOTENCY_KEY_REQUIRED`
/// without a key, 422 `IDEMPOTENCY_KEY_REUSED` for another request with a known key, 409 `CONFLICT` while the first one is being
/// carried out. GET, HEAD and OPTIONS pass by.
///
/// Keys are kept apart by route, by tenant, and by the user that was verified, if one was ([`Ctx::user`]). **Without a tenant or
/// such a user all clients of a route share their keys**, and one who guesses another's is given its answer: then have keys made
/// at random, or do without.
///
/// An answer from 400 upwards is given and not kept: the next request with the key is carried out. So is one after a panic, and
/// one after a process that ended in the middle: that one, once the time has passed that the first one had at most
/// ([`Ctx::remaining`]; without a deadline, one minute).
///
/// Records are those of Powertools for AWS Lambda: an item with the partition key `id` in the table `idempotency`, which
/// [`Db::rename_table`] calls otherwise, and [`create_table`](Idempotency::create_table) makes. Answers are in it as they were sent,
/// tenants' data included; an answer over 350 KB is not kept, and its repeats are told so by 409.
///
/// Costs two writes (of 1 KB, and of the answer's size) for each request that is carried out, and one for each repeat.
///
/// What it does not promise: once the answer is made and cannot be kept, since DynamoDB cannot be reached until the time of the first
/// request has passed, the next request is carried out again.
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::post};
/// use lift::testing::TestApp;
/// use lift::{App, Idempotency};
/// # use std::sync::atomic::{AtomicU32, Ordering};
///
/// # static ORDERS: AtomicU32 = AtomicU32::new(0);
/// async fn place_order() -> String {
///     format!("order {}", ORDERS.fetch_add(1, Ordering::Relaxed) + 1)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
/// # let db = dynamorm::Db::memory()?;
/// let idempotency = Idempotency::new(&db);
/// # idempotency.create_table().await?;
/// let routes = Router::new().route("/orders", post(place_order)).route_layer(idempotency);
/// let app = TestApp::new(App::new().routes(routes));
///
/// let order = || app.post("/orders").tenant("acme").header("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324");
/// assert_eq!(order().send().await.text(), "order 1");
/// assert_eq!(order().send().await.text(), "order 1");
/// assert_eq!(app.post("/orders").tenant("acme").send().await.status, 400);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Idempotency {
    store: Store,
    wait: Option<Duration>,
    optional: bool,
}

impl Idempotency {
    /// Keeps records in this database, for an hour.
    #[must_use]
    pub fn new(db: &Db) -> Self {
        Self { store: Store::new(db.clone()), wait: None, optional: false }
    }

    /// Keeps an answer so long. Afterwards its key is a new one.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// use std::time::Duration;
    /// let idempotency = lift::Idempotency::new(db).expires_after(Duration::from_secs(24 * 3600));
    /// # }
    /// ```
    #[must_use]
    pub fn expires_after(mut self, time: Duration) -> Self {
        self.store.expires_after = time;
        self
    }

    /// Lets a request wait so long, and no longer than its own deadline, for the answer of one that is being carried out, instead
    /// of the 409. Reads the record now and then: half a read unit for each 4 KB, twice that since the reads are consistent.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// use std::time::Duration;
    /// let idempotency = lift::Idempotency::new(db).wait(Duration::from_secs(5));
    /// # }
    /// ```
    #[must_use]
    pub fn wait(mut self, time: Duration) -> Self {
        self.wait = Some(time);
        self
    }

    /// Carries out requests without a key too, each time.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// let idempotency = lift::Idempotency::new(db).optional();
    /// # }
    /// ```
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Makes the table of the records, with its time to live, if there is none, and waits until it is there.
    ///
    /// # Errors
    ///
    /// Those of [`Db::create_table`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// # let db = dynamorm::Db::memory()?;
    /// lift::Idempotency::new(&db).create_table().await?;
    /// # Ok(()) }
    /// ```
    pub async fn create_table(&self) -> dynamorm::Result<()> {
        self.store.create_table().await
    }

    /// Does the work once for each key: the first call does it and keeps what it gives, later ones are given that.
    ///
    /// For events: `key` is what makes the work the same work, such as `format!("orders/{}", message.id)`. Work that fails or
    /// panics is not kept: the next call does it again.
    ///
    /// # Errors
    ///
    /// What the work fails with; an error if another call is doing the work now (fail the message, and it comes again); those of
    /// the database.
    ///
    /// # Example
    ///
    /// ```
    /// use lift::Idempotency;
    /// use lift::event::{SqsMessage, Text};
    ///
    /// async fn on_payment(idempotency: Idempotency, message: SqsMessage<Text>) -> Result<(), lift::BoxError> {
    ///     let key = format!("payments/{}", message.id);
    ///     let receipt: u32 = idempotency.once(&key, &message.ctx, async || pay(&message.body.0).await).await?;
    ///     Ok(())
    /// }
    ///
    /// async fn pay(order: &str) -> Result<u32, lift::BoxError> {
    ///     Ok(7)
    /// }
    /// ```
    pub async fn once<T, E>(
        &self,
        key: &str,
        ctx: &Ctx,
        work: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, BoxError>
    where
        T: Serialize + DeserializeOwned,
        E: Into<BoxError>,
    {
        let id = format!("once#{}", hash::of(&[key.as_bytes()]));
        match self.begin(&id, "", ctx).await? {
            Begun::Mine(claim) => {
                let done = self.guarded(&claim, work()).await;
                match done {
                    Ok(value) => {
                        let data = serde_json::to_string(&value)?;
                        self.keep(&claim, Some(data)).await;
                        Ok(value)
                    }
                    Err(error) => {
                        self.give_up(&claim).await;
                        Err(error.into())
                    }
                }
            }
            Begun::Done(Some(data)) => Ok(serde_json::from_str(&data)?),
            Begun::Done(None) => Err("the work was done, and what it gave was too large to keep".into()),
            Begun::InProgress | Begun::OtherPayload => Err("another call is doing this work".into()),
        }
    }

    /// Claims the key, or learns what became of it; waits for one who has it, if it may.
    async fn begin(&self, id: &str, payload: &str, ctx: &Ctx) -> dynamorm::Result<Begun> {
        let begun = self.store.begin(id, payload, ctx.remaining()).await?;
        let (Begun::InProgress, Some(wait)) = (&begun, self.wait) else { return Ok(begun) };
        let until = Instant::now() + ctx.remaining().map_or(wait, |left| left.min(wait));
        let mut pause = FIRST_PAUSE;
        while Instant::now() + pause < until {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
            match self.store.look(id, payload).await? {
                Some(Begun::InProgress) => {}
                Some(done) => return Ok(done),
                // It failed, and whoever is first may try.
                None => match self.store.begin(id, payload, ctx.remaining()).await? {
                    Begun::InProgress => {}
                    begun => return Ok(begun),
                },
            }
        }
        Ok(Begun::InProgress)
    }

    /// Does the work; if it panics, gives up the claim and lets the panic go on.
    async fn guarded<T>(&self, claim: &Claim, work: impl Future<Output = T>) -> T {
        use futures_util::FutureExt as _;
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => done,
            Err(panic) => {
                self.give_up(claim).await;
                std::panic::resume_unwind(panic)
            }
        }
    }

    /// Keeps what the work gave. It is done, and that cannot be changed here: what goes wrong is logged.
    async fn keep(&self, claim: &Claim, data: Option<String>) {
        match self.store.complete(claim, data).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("idempotent work took longer than its time, and its answer is not kept")
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an idempotent answer is not kept");
            }
        }
    }

    /// Lets the next one try. Where that fails, the next one may try once the claim's time has passed.
    async fn give_up(&self, claim: &Claim) {
        if let Err(error) = self.store.release(claim).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "an idempotency key is not free yet");
        }
    }
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("expires_after", &self.store.expires_after)
            .field("wait", &self.wait)
            .field("optional", &self.optional)
            .finish_non_exhaustive()
    }
}
