//! What is counted: one item for each of whom requests are counted, and each window.

use super::Per;
use dynamorm::{Db, Model, Project, Timestamp, Ttl};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many counts of last windows a process remembers; then it forgets all and asks again.
const REMEMBERED: usize = 10_000;

/// The requests of one window.
#[derive(Model)]
#[dynamorm(table = "rate-limits", pk = id)]
struct Window {
    id: String,
    count: u64,
    #[dynamorm(ttl)]
    expires: Ttl,
}

#[derive(Project)]
#[dynamorm(of = Window)]
struct Count {
    count: u64,
}

/// The windows of a limit.
pub(super) struct Windows {
    db: Db,
    pub(super) name: String,
    pub(super) limit: u32,
    pub(super) window: Duration,
    pub(super) sliding: bool,
    pub(super) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// What was counted in windows that are over, so that it is read once.
    over: Mutex<HashMap<String, u64>>,
}

impl Clone for Windows {
    fn clone(&self) -> Self {
        Self {
            db: self.db.clone(),
            name: self.name.clone(),
            limit: self.limit,
            window: self.window,
            sliding: self.sliding,
            clock: self.clock.clone(),
            over: Mutex::default(),
        }
    }
}

/// Whether a request passes, and what its client is told.
pub(super) struct Counted {
    pub(super) passes: bool,
    pub(super) remaining: u64,
    /// Until the next window begins.
    pub(super) wait: Duration,
}

impl Windows {
    pub(super) fn new(db: &Db, name: &str, limit: u32, window: Duration) -> Self {
        Self {
            db: db.clone(),
            name: name.to_owned(),
            limit,
            // A window of no length could hold nothing.
            window: window.max(Duration::from_millis(1)),
            sliding: false,
            clock: Arc::new(Timestamp::now),
            over: Mutex::default(),
        }
    }

    pub(super) async fn create_table(&self) -> dynamorm::Result<()> {
        self.db.create_table::<Window>().if_not_exists().execute().await
    }

    /// Counts a request if it passes: the count and the check are one write.
    pub(super) async fn count(&self, per: Per, subject: &str) -> dynamorm::Result<Counted> {
        let now = (self.clock)();
        let millis = now.epoch_millis().max(0).unsigned_abs();
        let window = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX).max(1);
        let (nth, into) = (millis / window, millis % window);
        let wait = Duration::from_millis(window - into);
        let id = |nth: u64| format!("{}#{}#{subject}#{window}#{nth}", self.name, per.name());

        let mut allowed = u64::from(self.limit);
        if self.sliding
            && let Some(last) = nth.checked_sub(1)
        {
            let last = self.counted_in(&id(last)).await?;
            // The share of the last window that is still within the span, rounded up so that no more pass than may.
            let left = u128::from(last) * u128::from(window - into);
            let left = u64::try_from(left.div_ceil(u128::from(window))).unwrap_or(u64::MAX);
            allowed = allowed.saturating_sub(left);
        }
        let refused = Counted { passes: false, remaining: 0, wait };
        if allowed == 0 {
            return Ok(refused);
        }
        let counted = self
            .db
            .update(Window::key(id(nth)))
            .add(Window::COUNT, 1_u64)
            // Past the next window, for which this one counts.
            .set(Window::EXPIRES, now + self.window * 2 + Duration::from_secs(60))
            .condition(Window::COUNT.not_exists() | Window::COUNT.lt(allowed))
            .returning_updated::<Count>()
            .await;
        match counted {
            Ok(Count { count }) => {
                Ok(Counted { passes: true, remaining: allowed.saturating_sub(count), wait })
            }
            Err(error) if error.is_condition_failed() => Ok(refused),
            Err(error) => Err(error),
        }
    }

    /// How many were counted in a window that is over.
    async fn counted_in(&self, id: &str) -> dynamorm::Result<u64> {
        if let Some(count) = self.over.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(*count);
        }
        let window = self.db.get(Window::key(id)).project::<Count>().consistent_read().optional().await?;
        let count = window.map_or(0, |window| window.count);
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if over.len() >= REMEMBERED {
            over.clear();
        }
        over.insert(id.to_owned(), count);
        Ok(count)
    }
}
