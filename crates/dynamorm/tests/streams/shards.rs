//! The one shard of the embedded engine as several, with what DynamoDB does to shards: they are split, trimmed, throttled.

use dynamorm::transport::{Call, Embedded, Failure, Operation, Request, ServiceError, Transport};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Which shards there are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// `r0`, `r1` and so on, each with the items of some keys.
    Roots(u64),
    /// `p`, which was closed, and of which `c0` and `c1` came. Everything up to this number is in `p`.
    Split(u128),
}

#[derive(Debug, Clone)]
pub(crate) struct Shards {
    below: Embedded,
    form: Arc<Mutex<Form>>,
    /// What is answered instead, once each.
    errors: Arc<Mutex<Vec<(Operation, &'static str)>>>,
    asked: Arc<Mutex<Vec<Value>>>,
    /// How often records were given.
    reads: Arc<AtomicUsize>,
}

impl Shards {
    pub(crate) fn new(form: Form) -> Self {
        let below = Embedded::memory().unwrap();
        let form = Arc::new(Mutex::new(form));
        Self { below, form, errors: Arc::default(), asked: Arc::default(), reads: Arc::default() }
    }

    pub(crate) fn reform(&self, form: Form) {
        *self.form.lock().unwrap() = form;
    }

    pub(crate) fn fail(&self, operation: Operation, code: &'static str) {
        self.errors.lock().unwrap().push((operation, code));
    }

    fn failure(&self, operation: Operation) -> Option<&'static str> {
        let mut errors = self.errors.lock().unwrap();
        let at = errors.iter().position(|(failing, _)| *failing == operation)?;
        Some(errors.remove(at).1)
    }

    /// The requests of GetShardIterator so far.
    pub(crate) fn iterators(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    fn form(&self) -> Form {
        *self.form.lock().unwrap()
    }

    async fn send(&self, request: &Request, body: Value) -> Result<Value, Failure> {
        let request = Request { body: body.to_string().into(), ..request.clone() };
        Ok(serde_json::from_slice(&self.below.call(request).await?).unwrap())
    }

    async fn describe(&self, request: &Request, body: Value) -> Result<Value, Failure> {
        let mut answer = self.send(request, body).await?;
        let shard = |id: &str, parent: Option<&str>, end: Option<u128>| {
            json!({ "ShardId": id, "ParentShardId": parent, "SequenceNumberRange": {
                "StartingSequenceNumber": "1", "EndingSequenceNumber": end.map(|end| end.to_string()) } })
        };
        answer["StreamDescription"]["Shards"] = match self.form() {
            Form::Roots(n) => (0..n).map(|nth| shard(&format!("r{nth}"), None, None)).collect(),
            // Children first: the order of the list says nothing.
            Form::Split(at) => json!([
                shard("c0", Some("p"), None),
                shard("c1", Some("p"), None),
                shard("p", Some("long gone"), Some(at))
            ]),
        };
        Ok(answer)
    }

    async fn iterator(&self, request: &Request, mut body: Value) -> Result<Value, Failure> {
        self.asked.lock().unwrap().push(body.clone());
        let shard = body["ShardId"].as_str().unwrap().to_owned();
        body["ShardId"] = format!("shardId-00000001-{}", request.tables[0]).into();
        let answer = self.send(request, body).await?;
        Ok(json!({ "ShardIterator": format!("{shard}|{}", answer["ShardIterator"].as_str().unwrap()) }))
    }

    async fn records(&self, request: &Request, mut body: Value) -> Result<Value, Failure> {
        let iterator = body["ShardIterator"].as_str().unwrap().to_owned();
        let (shard, iterator) = iterator.split_once('|').unwrap();
        body["ShardIterator"] = iterator.into();
        let mut answer = self.send(request, body).await?;
        let records = answer["Records"].as_array_mut().unwrap();
        let came = records.len();
        let form = self.form();
        let number = |record: &Value| -> u128 {
            record["dynamodb"]["SequenceNumber"].as_str().unwrap().parse().unwrap()
        };
        let past = |at| records.last().is_none_or(|last| number(last) > at);
        let is_at_end = match (form, shard) {
            (Form::Split(at), "p") => came == 0 || past(at),
            _ => false,
        };
        records.retain(|record| {
            let nth = |n: u64| hash(&record["dynamodb"]["Keys"].to_string()) % n;
            match form {
                Form::Roots(n) => shard == format!("r{}", nth(n)),
                Form::Split(at) if shard == "p" => number(record) <= at,
                Form::Split(at) => number(record) > at && shard == format!("c{}", nth(2)),
            }
        });
        self.reads.fetch_add(1, Ordering::Relaxed);
        answer["NextShardIterator"] = match is_at_end {
            true => Value::Null,
            false => format!("{shard}|{}", answer["NextShardIterator"].as_str().unwrap()).into(),
        };
        Ok(answer)
    }
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Transport for Shards {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move {
            if let Some(code) = self.failure(request.operation) {
                return Err(Failure::Service(ServiceError::new(code, "injected")));
            }
            let body = || serde_json::from_slice(&request.body).unwrap();
            let answer = match request.operation {
                Operation::DescribeStream => self.describe(&request, body()).await?,
                Operation::GetShardIterator => self.iterator(&request, body()).await?,
                Operation::GetRecords => self.records(&request, body()).await?,
                _ => return self.below.call(request).await,
            };
            Ok(answer.to_string().into())
        })
    }
}
