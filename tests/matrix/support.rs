//! Runs each behaviour once per transport, in tables of its own that are gone afterwards.
//!
//! What is not here: behaviours, and the models they use. Start at [`matrix!`] and [`TestDb`].

use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use dynamorm::transport::{Aws, Call, Embedded, Faults, Operation, Request, Transport};
use dynamorm::{Db, Result};
use libtest_mimic::{Arguments, Failed, Trial};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

/// Lists the behaviours that a file shows: each an `async fn(TestDb) -> Result<()>`. One that is not listed is dead code,
/// which the compiler tells.
///
/// `name lacks(Embedded: "why")` declares that a transport does not have a behaviour. It must fail there: a declaration that
/// is no longer true is a failure too.
macro_rules! matrix {
    ($($name:ident $(lacks($($way:ident: $why:literal),+))?),+ $(,)?) => {
        pub(crate) const BEHAVIOURS: &[$crate::support::Behaviour] = &[$(
            $crate::support::Behaviour {
                name: concat!(module_path!(), "::", stringify!($name)),
                show: |db| Box::pin($name(db)),
                lacks: &[$($(($crate::support::Way::$way, $why)),+)?],
            }
        ),+];
    };
}
pub(crate) use matrix;

/// The variable that names an endpoint, such as `http://127.0.0.1:8000`.
const ENDPOINT: &str = "DYNAMODB_ENDPOINT";

/// A behaviour while it runs.
type Showing = Pin<Box<dyn Future<Output = Result<()>>>>;

/// One behaviour.
#[derive(Clone, Copy)]
pub(crate) struct Behaviour {
    pub(crate) name: &'static str,
    pub(crate) show: fn(TestDb) -> Showing,
    pub(crate) lacks: &'static [(Way, &'static str)],
}

/// The transports that behaviours are shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The engine in this process, in memory.
    Embedded,
    /// An endpoint, through the official client's transport with its codec replaced.
    #[allow(dead_code, reason = "named by declarations of what it lacks, of which there may be none")]
    Direct,
    /// An endpoint, through the official client's typed inputs.
    #[allow(dead_code, reason = "named by declarations of what it lacks, of which there may be none")]
    Compat,
}

/// The database of one behaviour. Models without a table of their own live in one table, the others in one each.
pub(crate) struct TestDb {
    db: Db,
    counted: Counted,
    table: String,
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TestDb {
    fn new(transport: impl Transport, table: String) -> Self {
        let counted = Counted { below: Arc::new(transport), log: Arc::default() };
        Self { db: named(Db::with_transport(counted.clone()), &table), counted, table }
    }

    /// The same tables, through faults.
    pub(crate) fn faulty(&self, plan: impl FnOnce(Faults) -> Faults) -> Db {
        named(Db::with_transport(plan(Faults::new(self.counted.clone()))), &self.table)
    }

    /// The same tables, through a transport of the test's own.
    pub(crate) fn through<T: Transport>(&self, wrap: impl FnOnce(Arc<dyn Transport>) -> T) -> Db {
        named(Db::with_transport(wrap(Arc::new(self.counted.clone()))), &self.table)
    }

    /// How many requests have been sent so far.
    pub(crate) fn calls(&self) -> usize {
        self.counted.log.lock().unwrap().operations.len()
    }

    /// How many requests of one operation have been sent so far.
    pub(crate) fn calls_of(&self, operation: Operation) -> usize {
        self.counted.log.lock().unwrap().operations.iter().filter(|sent| **sent == operation).count()
    }

    /// The table of the models that name none.
    pub(crate) fn table_name(&self) -> &str {
        &self.table
    }

    /// Sends a request of the test's own making, for what no operation of the library would write.
    pub(crate) async fn send_json(&self, operation: Operation, mut body: serde_json::Value) {
        body["TableName"] = self.table.clone().into();
        let request = Request { operation, tables: vec![self.table.clone()], body: body.to_string().into() };
        self.counted.call(request).await.expect("a request of the test's own");
    }
}

/// A table for the models that name `other`, beside that of those that name none.
fn named(db: Db, table: &str) -> Db {
    db.table(table).rename_table("other", format!("{table}-other"))
}

/// Counts the requests, and remembers the tables that they make.
#[derive(Debug, Clone)]
struct Counted {
    below: Arc<dyn Transport>,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    operations: Vec<Operation>,
    tables: Vec<String>,
}

impl Transport for Counted {
    fn call(&self, request: Request) -> Call<'_> {
        let mut log = self.log.lock().unwrap();
        log.operations.push(request.operation);
        if request.operation == Operation::CreateTable {
            log.tables.extend_from_slice(&request.tables);
        }
        drop(log);
        self.below.call(request)
    }
}

impl Counted {
    async fn delete_tables(&self) {
        let tables = std::mem::take(&mut self.log.lock().unwrap().tables);
        for table in tables {
            let body = serde_json::json!({ "TableName": table }).to_string().into();
            // Of a table that the behaviour has deleted itself there is nothing to delete.
            let _ = self
                .below
                .call(Request { operation: Operation::DeleteTable, tables: vec![table], body })
                .await;
        }
    }
}

impl Behaviour {
    fn trial(self, way: Way, endpoint: Option<&str>) -> Trial {
        let endpoint = endpoint.map(str::to_owned);
        let lacks = self.lacks.iter().find(|(lacking, _)| *lacking == way).map(|(_, why)| *why);
        let name = self.name.split_once("::").map_or(self.name, |(_, name)| name);
        let kind = match lacks {
            None => format!("{way:?}"),
            Some(why) => format!("{way:?} lacks: {why}"),
        };
        Trial::test(name, move || {
            let shown = catch_unwind(AssertUnwindSafe(|| self.show_on(way, endpoint.as_deref())));
            match (shown, lacks) {
                (Ok(Ok(())), None) | (Ok(Err(_)) | Err(_), Some(_)) => Ok(()),
                (Ok(Err(error)), None) => Err(Failed::from(error)),
                (Err(panic), None) => resume_unwind(panic),
                (Ok(Ok(())), Some(_)) => {
                    Err(Failed::from(format!("{way:?} has this behaviour: declare no lack of it")))
                }
            }
        })
        .with_kind(kind)
    }

    /// Shows it once, and deletes its tables also if it panics.
    fn show_on(self, way: Way, endpoint: Option<&str>) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let table = format!("matrix-{:016x}", hash(&format!("{} {way:?}", self.name)));
            let db = match (way, endpoint) {
                (Way::Direct, Some(url)) => {
                    TestDb::new(Aws::endpoint(url).await?, format!("{table}-{}", std::process::id()))
                }
                (Way::Compat, Some(url)) => {
                    TestDb::new(compat(url), format!("{table}-{}", std::process::id()))
                }
                (Way::Embedded | Way::Direct | Way::Compat, _) => TestDb::new(Embedded::memory()?, table),
            };
            let counted = db.counted.clone();
            let shown = AssertUnwindSafe((self.show)(db));
            let shown = futures_util::FutureExt::catch_unwind(shown).await;
            counted.delete_tables().await;
            shown.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

/// Clients of an endpoint, for the way that needs those of the user's own.
fn compat(url: &str) -> Aws {
    let trust = if url.starts_with("http:") { TrustStore::empty() } else { TrustStore::default() };
    let tls = TlsContext::builder().with_trust_store(trust).build().unwrap();
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    /// Both clients are configured alike.
    macro_rules! client {
        ($sdk:ident) => {{
            use $sdk::config::{BehaviorVersion, Config, Credentials, Region};
            let config = Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("us-east-1"))
                .credentials_provider(Credentials::new("local", "local", None, None, "local"))
                .endpoint_url(url)
                .http_client(http.clone())
                .build();
            $sdk::Client::from_conf(config)
        }};
    }
    Aws::compat(client!(aws_sdk_dynamodb)).streams(client!(aws_sdk_dynamodbstreams))
}

/// FNV-1a: table names must be the same in every run, so that one that was left behind can be told.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Runs all behaviours on all transports there are, and says which there are.
pub(crate) fn run(files: &[&[Behaviour]]) -> ExitCode {
    let arguments = Arguments::from_args();
    let endpoint = std::env::var(ENDPOINT).ok().filter(|url| !url.is_empty());
    let ways: &[Way] =
        if endpoint.is_some() { &[Way::Embedded, Way::Direct, Way::Compat] } else { &[Way::Embedded] };
    let trials = files
        .iter()
        .flat_map(|file| file.iter())
        .flat_map(|behaviour| ways.iter().map(|way| behaviour.trial(*way, endpoint.as_deref())))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if endpoint.is_none() && !arguments.list {
        println!("note: {ENDPOINT} is not set, so only the embedded engine was tested\n");
    }
    conclusion.exit_code()
}
