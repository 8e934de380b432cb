//! The record of a key, in the format of Powertools for AWS Lambda, and what is written of it: a claim, an answer, its release.

use dynamorm::{Condition, Db, Model, Timestamp, Ttl};
use std::time::Duration;
use uuid::Uuid;

/// How long a claim holds where there is no deadline that says so.
const CLAIM: Duration = Duration::from_secs(60);
/// The longest answer that is kept, in bytes: an item holds 400 KB, and its other attributes need little.
const MAX_DATA: usize = 350 * 1024;

const IN_PROGRESS: &str = "INPROGRESS";
const COMPLETED: &str = "COMPLETED";

/// One key.
#[derive(Model)]
#[dynamorm(table = "idempotency", pk = id)]
struct Record {
    /// What the key is of, and a hash.
    id: String,
    status: String,
    /// Seconds; also DynamoDB's time to live.
    #[dynamorm(ttl)]
    expiration: Ttl,
    /// Milliseconds: when the claim of one who has not answered is over.
    in_progress_expiration: Option<i64>,
    /// The answer, once there is one.
    data: Option<String>,
    /// The hash of what was asked for.
    validation: Option<String>,
    /// By whom. Ours: Powertools has no such attribute, and leaves it alone.
    claim: Option<String>,
}

/// What became of a key.
pub(super) enum Begun {
    /// It is the caller's, who does the work.
    Mine(Claim),
    /// The work was done; none if its answer was too large to keep.
    Done(Option<String>),
    /// Somebody does it now.
    InProgress,
    /// The key is of other work.
    OtherPayload,
}

/// The right to do the work of a key.
pub(super) struct Claim {
    id: String,
    claim: String,
}

/// Where records are.
#[derive(Clone)]
pub(super) struct Store {
    db: Db,
    pub(super) expires_after: Duration,
}

impl Store {
    pub(super) fn new(db: Db) -> Self {
        Self { db, expires_after: Duration::from_secs(3600) }
    }

    pub(super) async fn create_table(&self) -> dynamorm::Result<()> {
        self.db.create_table::<Record>().if_not_exists().execute().await
    }

    /// Claims a key for as long as its work may take, unless somebody has it.
    pub(super) async fn begin(
        &self,
        id: &str,
        payload: &str,
        time: Option<Duration>,
    ) -> dynamorm::Result<Begun> {
        let now = Timestamp::now();
        let claim = Uuid::new_v4().to_string();
        let record = Record {
            id: id.to_owned(),
            status: IN_PROGRESS.to_owned(),
            expiration: Ttl::at(now + self.expires_after),
            in_progress_expiration: Some((now + time.unwrap_or(CLAIM)).epoch_millis()),
            data: None,
            validation: Some(payload.to_owned()).filter(|payload| !payload.is_empty()),
            claim: Some(claim.clone()),
        };
        match self.db.put(&record).condition(is_free(now)).returning_old_on_failure().execute().await {
            Ok(()) => Ok(Begun::Mine(Claim { id: record.id, claim })),
            Err(error) if error.is_condition_failed() => match error.item::<Record>()? {
                // The answer to our own put was lost, and it was sent again.
                Some(old) if old.claim.as_ref() == Some(&claim) => {
                    Ok(Begun::Mine(Claim { id: old.id, claim }))
                }
                Some(old) => Ok(of(old, payload)),
                None => Ok(Begun::InProgress),
            },
            Err(error) => Err(error),
        }
    }

    /// What became of a key so far; none if it is free.
    pub(super) async fn look(&self, id: &str, payload: &str) -> dynamorm::Result<Option<Begun>> {
        let record = self.db.get(Record::key(id)).consistent_read().optional().await?;
        Ok(record.map(|record| of(record, payload)))
    }

    /// Keeps the answer; false if the claim was over, and somebody else has taken the key.
    pub(super) async fn complete(&self, claim: &Claim, data: Option<String>) -> dynamorm::Result<bool> {
        let data = data.filter(|data| data.len() <= MAX_DATA);
        let update = self.db.update(Record::key(&claim.id)).set(Record::STATUS, COMPLETED);
        let update = match data {
            Some(data) => update.set(Record::DATA, data),
            None => update,
        };
        let expires = Timestamp::now() + self.expires_after;
        let update = update.set(Record::EXPIRATION, expires).condition(claim.is_held());
        match update.execute().await {
            Ok(()) => Ok(true),
            Err(error) if error.is_condition_failed() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Frees the key.
    pub(super) async fn release(&self, claim: &Claim) -> dynamorm::Result<()> {
        match self.db.delete(Record::key(&claim.id)).condition(claim.is_held()).execute().await {
            Err(error) if error.is_condition_failed() => Ok(()),
            done => done,
        }
    }
}

impl Claim {
    fn is_held(&self) -> Condition<Record> {
        Record::CLAIM.eq(self.claim.as_str()) & Record::STATUS.eq(IN_PROGRESS)
    }
}

/// True of a key that nobody has: unknown, expired, or claimed by one whose time is over.
fn is_free(now: Timestamp) -> Condition<Record> {
    let abandoned = Record::STATUS.eq(IN_PROGRESS)
        & Record::IN_PROGRESS_EXPIRATION.exists()
        & Record::IN_PROGRESS_EXPIRATION.lt(now.epoch_millis());
    Record::ID.not_exists() | Record::EXPIRATION.lt(now) | abandoned
}

fn of(record: Record, payload: &str) -> Begun {
    match record.validation.as_deref().unwrap_or_default() {
        known if known != payload => Begun::OtherPayload,
        _ if record.status == COMPLETED => Begun::Done(record.data),
        _ => Begun::InProgress,
    }
}
