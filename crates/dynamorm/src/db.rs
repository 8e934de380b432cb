//! [`Db`]: a transport, the names of tables, and what else all operations share.

use crate::cache::{Cache, Cached, Group};
use crate::error::ErrorKind;
use crate::model::ModelShape;
use crate::transport::summary::{Answered, Asked};
use crate::transport::trace::{self, Traced};
use crate::transport::{Operation, Request, Transport};
use crate::{Error, Meter, Result, Timestamp};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span};

/// A database: where every operation starts. Cheap to clone, and meant to be.
///
/// ```no_run
/// # #[cfg(feature = "aws")]
/// # async fn example(client: aws_sdk_dynamodb::Client) {
/// use dynamorm::Db;
///
/// let db = Db::new(client).table("app");
/// # }
/// ```
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    transport: Arc<dyn Transport>,
    default_table: Option<String>,
    renamed: BTreeMap<String, String>,
    clock: Clock,
    cursor_secret: Option<Arc<[u8]>>,
    meters: Vec<Meter>,
    /// Vector searches read the table, which then needs no vector index.
    vectors_by_scan: bool,
    /// When calls end, answered or not.
    deadline: Option<Instant>,
    /// Whose items this handle reaches; none for those of models without a tenant.
    tenant: Option<Arc<str>>,
    /// What `.cached(..)` reads remember, shared by all clones.
    cache: Option<Arc<Cache>>,
}

/// Tells the time of writes.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl Db {
    /// A database on the official client: its endpoint, credentials, retries and timeouts.
    ///
    /// Requests and responses skip the client's own value maps. A client with interceptors of yours, which may need them,
    /// is used the ordinary way instead: see [`Aws`](crate::transport::Aws).
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client) -> Self {
        Self::with_transport(crate::transport::Aws::new(client))
    }

    /// A database in this process's memory, gone with the last clone of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] if the engine does not start.
    #[cfg(feature = "embedded")]
    pub fn memory() -> Result<Self> {
        Ok(Self::with_transport(crate::transport::Embedded::memory()?))
    }

    /// A database in a file, made if there is none. Every answered write is on disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] if the file cannot be opened.
    #[cfg(feature = "embedded")]
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self> {
        Ok(Self::with_transport(crate::transport::Embedded::open(path)?))
    }

    /// A database on any transport.
    #[must_use]
    pub fn with_transport(transport: impl Transport) -> Self {
        Self::with_shared_transport(Arc::new(transport))
    }

    pub(crate) fn with_shared_transport(transport: Arc<dyn Transport>) -> Self {
        Self {
            inner: Arc::new(Inner {
                transport,
                default_table: None,
                renamed: BTreeMap::new(),
                clock: Arc::new(Timestamp::now),
                cursor_secret: None,
                meters: Vec::new(),
                vectors_by_scan: false,
                deadline: None,
                tenant: None,
                cache: None,
            }),
        }
    }

    /// The table of the models that name none.
    #[must_use]
    pub fn table(self, name: impl Into<String>) -> Self {
        self.with(|inner| inner.default_table = Some(name.into()))
    }

    /// Uses another table for the models that name this one: `app` in the code, `app-staging` in the account.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let db = db.rename_table("app", "app-staging");
    /// assert!(db.get(User::key("u1")).to_request()?.json().contains(r#""TableName":"app-staging""#));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn rename_table(self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.with(|inner| {
            inner.renamed.insert(from.into(), to.into());
        })
    }

    /// Tells the time of writes by this clock instead of the system's: for tests.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.clock = Arc::new(clock))
    }

    /// Signs every start key (HMAC-SHA256) and refuses those that this secret did not sign.
    ///
    /// Without it a client can alter a start key, though never reach another partition with it: see
    /// [`StartKey`](crate::StartKey).
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=2 { db.put(&Order { customer: "u1".into(), number, total: 10 }).execute().await?; }
    /// let signed = db.clone().cursor_secret("a secret of your own");
    /// let orders = |db: &Db| Order::PRIMARY_KEY.partition("u1");
    /// let unsigned = db.query::<Order>().key(orders(&db)).limit(1).page().await?.next;
    /// let err = signed.query::<Order>().key(orders(&signed)).start_key(unsigned).page().await.unwrap_err();
    /// assert!(err.is_invalid_start_key());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cursor_secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.with(|inner| inner.cursor_secret = Some(Arc::from(secret.as_ref())))
    }

    /// Gives it a cache of so many bytes, for reads that are [`cached`](crate::Get::cached).
    ///
    /// All clones of this handle share it, those of tenants too, and a write through any of them forgets what it changes. Another
    /// `Db` on the same table does not: make one for the process, and clone it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use std::time::Duration;
    /// # #[derive(Debug, Clone, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let db = Db::memory()?.cache(64 << 20);
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into(), credits: 10 }).execute().await?;
    /// let user = || db.get(User::key("u1")).cached(Duration::from_secs(300));
    /// assert_eq!(user().one().await?.credits, 10);
    /// assert_eq!(user().one().await?.credits, 10); // Without a request.
    /// db.update(User::key("u1")).add(User::CREDITS, -7).execute().await?;
    /// assert_eq!(user().one().await?.credits, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache(self, bytes: u64) -> Self {
        self.with(|inner| inner.cache = Some(Arc::new(Cache::new(bytes))))
    }

    /// Answers every vector search by a scan of the table, exactly, and makes tables without vector indexes: for an endpoint that
    /// has no such indexes, such as DynamoDB Local.
    ///
    /// A program runs there as it does on DynamoDB: results and scores are the same. The cost is not: see
    /// [`scan_top_k`](crate::SearchVectors::scan_top_k).
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Vector};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "docs", pk = id)]
    /// # #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine)]
    /// # struct Doc { id: String, embedding: Vector<3> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// let db = db.vectors_by_scan();
    /// db.create_table::<Doc>().execute().await?;
    /// let embedding = Vector::try_from([1.0, 0.0, 0.0])?;
    /// db.put(&Doc { id: "d1".into(), embedding: embedding.clone() }).execute().await?;
    /// let found = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(&embedding)).top_k(10).await?;
    /// assert_eq!((found[0].item.id.as_str(), found[0].score), ("d1", 0.0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn vectors_by_scan(self) -> Self {
        self.with(|inner| inner.vectors_by_scan = true)
    }

    pub(crate) fn are_vectors_scanned(&self) -> bool {
        self.inner.vectors_by_scan
    }

    /// The same database, whose calls end at this time, answered or not: for a request that must be answered by then itself.
    ///
    /// A call that begins later sends nothing. One that was under way fails with
    /// [`DeadlineExceeded`](ErrorKind::DeadlineExceeded): a write may or may not have been carried out. A batch tells what is left,
    /// as with a deadline of its own. Needs a Tokio runtime.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use std::time::{Duration, Instant};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let in_time = db.deadline(Instant::now() + Duration::from_secs(3));
    /// in_time.put(&User { id: "u1".into() }).execute().await?;
    ///
    /// let too_late = db.deadline(Instant::now());
    /// let err = too_late.get(User::key("u1")).one().await.unwrap_err();
    /// assert!(err.is_deadline_exceeded());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn deadline(&self, at: std::time::Instant) -> Self {
        self.clone().with(|inner| inner.deadline = Some(Instant::from_std(at)))
    }

    /// The same handle for what goes on in the background.
    pub(crate) fn without_deadline(&self) -> Self {
        self.clone().with(|inner| inner.deadline = None)
    }

    /// When calls end.
    pub(crate) fn ends_at(&self) -> Option<Instant> {
        self.inner.deadline
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// The table that a model's items are in.
    pub(crate) fn table_of(&self, model: &ModelShape) -> Result<&str> {
        match model.table.or(self.inner.default_table.as_deref()) {
            Some(table) => Ok(self.inner.renamed.get(table).map_or(table, String::as_str)),
            None => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "`{}` names no table: write `#[dynamorm(table = \"…\")]` on it, or `.table(\"…\")` on the `Db`",
                    model.name
                ),
            )),
        }
    }

    /// The same, for an error to name the operation.
    pub(crate) fn table_during(&self, operation: Operation, model: &ModelShape) -> Result<&str> {
        self.table_of(model).map_err(|error| error.during(operation, None))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    pub(crate) fn start_key_secret(&self) -> Option<&[u8]> {
        self.inner.cursor_secret.as_deref()
    }

    /// A token that no other call has: 128 random bits. A weaker one could make DynamoDB take two transactions for one.
    pub(crate) fn new_token(&self) -> Result<String> {
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits).map_err(|error| {
            Error::new(ErrorKind::Transport, "the system gave no random bits for the token")
                .with_source(error)
        })?;
        Ok(format!("{:032x}", u128::from_be_bytes(bits)))
    }

    pub(crate) fn with_tenant(self, tenant: String) -> Self {
        self.with(|inner| inner.tenant = Some(Arc::from(tenant)))
    }

    pub(crate) fn own_tenant(&self) -> Option<&str> {
        self.inner.tenant.as_deref()
    }

    #[cfg(feature = "cache")]
    pub(crate) fn shared_tenant(&self) -> Option<Arc<str>> {
        self.inner.tenant.clone()
    }

    pub(crate) fn with_meter(self, meter: Meter) -> Self {
        self.with(|inner| inner.meters.push(meter))
    }

    /// Counts a request that is sent once more, where somebody counts.
    pub(crate) fn count_retry(&self) {
        self.inner.meters.iter().for_each(Meter::count_retry);
    }

    /// How much detail of the consumed capacity a read asks for.
    pub(crate) fn capacity_detail(&self) -> &'static str {
        if self.inner.meters.is_empty() { "TOTAL" } else { "INDEXES" }
    }

    /// Counts a read that had its answer without a request of its own.
    #[cfg(feature = "cache")]
    pub(crate) fn count_cache_hit(&self) {
        self.inner.meters.iter().for_each(Meter::count_cache_hit);
    }

    /// Counts a read that was not remembered.
    #[cfg(feature = "cache")]
    pub(crate) fn count_cache_miss(&self) {
        self.inner.meters.iter().for_each(Meter::count_cache_miss);
    }

    /// The cache that a read is to be remembered in; none if it is not.
    pub(crate) fn cache_for(&self, cached: Cached) -> Result<Option<&Cache>> {
        match (cached.ttl, &self.inner.cache) {
            (Some(_), Some(cache)) => Ok(Some(cache)),
            (Some(_), None) => Err(Error::invalid("the `Db` has no cache: make it with `.cache(bytes)`")),
            (None, _) if cached.absent => {
                Err(Error::invalid("nothing is cached: `cache_absent` goes with `cached`"))
            }
            (None, _) => Ok(None),
        }
    }

    /// Sends a read, or gives what is remembered of it.
    pub(crate) async fn send_read(
        &self,
        request: Request,
        cached: Cached,
        group: Option<Group>,
    ) -> Result<(Bytes, Span)> {
        match (self.cache_for(cached)?, group) {
            (Some(cache), Some(group)) => cache.read(self, request, group, cached).await,
            _ => self.send_traced(request).await,
        }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request) -> Result<Bytes> {
        self.send_traced(request).await.map(|(answer, _)| answer)
    }

    /// Sends a request, and gives its span too, for what its answer tells; the only place where operations meet the transport.
    pub(crate) async fn send_traced(&self, mut request: Request) -> Result<(Bytes, Span)> {
        let operation = request.operation;
        crate::tenant::check_filled(&request.body).map_err(|error| error.during(operation, None))?;
        let table = match request.tables.as_slice() {
            [table] => Some(table.clone()),
            _ => None,
        };
        let metered = (!self.inner.meters.is_empty()).then(|| self.meter(&mut request));
        let _writing = self.inner.cache.as_ref().and_then(|cache| cache.writing(&request));
        let traced = Traced::begin(&request, table.as_deref());
        let answer = self.call(request).instrument(traced.span().clone()).await;
        let answer = answer.map_err(|error| error.during(operation, table.as_deref()));
        traced.end(operation, table.as_deref(), answer.as_ref().err());
        if let Some(asked) = metered {
            self.meter_answer(operation, table.as_deref(), &asked, &answer, traced.span());
        }
        Ok((answer?, traced.into_span()))
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.inner.transport
    }

    /// Has the transport carry it out, until the deadline at most.
    async fn call(&self, request: Request) -> Result<Bytes> {
        if self.inner.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(Error::new(ErrorKind::DeadlineExceeded, "the deadline has passed, nothing was sent"));
        }
        let answer = self.in_time(self.inner.transport.call(request)).await?;
        answer.map_err(crate::transport::failure::error)
    }

    /// Waits for an answer until the deadline at most.
    pub(crate) async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T> {
        match self.inner.deadline {
            None => Ok(answer.await),
            Some(deadline) => timeout_at(deadline, answer)
                .await
                .map_err(|_| Error::new(ErrorKind::DeadlineExceeded, "no answer came before the deadline")),
        }
    }

    /// Counts a request, and has it ask for its capacity.
    fn meter(&self, request: &mut Request) -> Asked {
        let asked = Asked::of(request);
        if let (true, Some(members)) =
            (request.operation.is_on_items() && !asked.capacity, request.body.strip_suffix(b"}"))
        {
            // No operation has a request without members.
            request.body = [members, br#","ReturnConsumedCapacity":"INDEXES"}"#].concat().into();
        }
        self.inner.meters.iter().for_each(|meter| meter.count_request(request));
        asked
    }

    fn meter_answer(
        &self,
        operation: Operation,
        table: Option<&str>,
        asked: &Asked,
        answer: &Result<Bytes>,
        span: &Span,
    ) {
        match answer {
            Ok(answer) => {
                let answered = Answered::of(answer);
                // A paged read tells it itself, metered or not.
                if !matches!(operation, Operation::Query | Operation::Scan) {
                    trace::record_capacity(span, answered.capacity.as_deref());
                }
                self.inner.meters.iter().for_each(|meter| meter.count_answer(table, asked, &answered));
            }
            Err(error) if error.is_throttled() => {
                self.inner.meters.iter().for_each(Meter::count_throttle);
            }
            Err(_) => {}
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("transport", &self.inner.transport)
            .field("default_table", &self.inner.default_table)
            .finish_non_exhaustive()
    }
}
