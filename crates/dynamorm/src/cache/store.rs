//! Answers, bounded in bytes: by group, so that a write forgets all of an item or of a partition at once.

use super::Group;
use super::memory::Asked;
use bytes::Bytes;
use moka::Expiry;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What an answer takes beside its bytes and those of its question, as measured.
const OVERHEAD: usize = 192;
/// What a group takes beside its key and its answers, most of it the library's for order and age, as measured.
const GROUP_OVERHEAD: usize = 640;
/// The longest that anything is remembered: a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

pub(super) struct Store(Cache<Group, Arc<Answers>>);

/// The answers of one group: an item under several projections, a partition in several pages.
#[derive(Default, Clone)]
struct Answers(Vec<Answer>);

#[derive(Clone)]
struct Answer {
    asked: Asked,
    bytes: Bytes,
    /// When the database was asked, at the earliest.
    since: Instant,
    ttl: Duration,
}

impl Store {
    pub(super) fn new(bytes: u64) -> Self {
        let cache = Cache::builder().max_capacity(bytes).expire_after(Oldest);
        Self(cache.weigher(|group: &Group, answers: &Arc<Answers>| answers.weight(group)).build())
    }

    /// The answer, if it is not older than that.
    pub(super) fn get(&self, group: &Group, asked: &Asked, ttl: Duration) -> Option<Bytes> {
        let answers = self.0.get(group)?;
        let answer = answers.0.iter().find(|answer| answer.asked == *asked)?;
        (answer.since.elapsed() < ttl).then(|| answer.bytes.clone())
    }

    /// In the place of an older answer, which must not be given after a newer one: even if this is remembered for no time.
    ///
    /// Only while the lock of the cache is held: it reads what it replaces.
    pub(super) fn put(&self, group: &Group, asked: Asked, bytes: Bytes, since: Instant, ttl: Duration) {
        let known = self.0.get(group);
        if ttl.is_zero() && known.is_none() {
            return;
        }
        let mut answers = known.map_or_else(Answers::default, |answers| (*answers).clone());
        answers.0.retain(|answer| answer.asked != asked && !answer.left().is_zero());
        if !ttl.is_zero() {
            answers.0.push(Answer { asked, bytes, since, ttl: ttl.min(LONGEST) });
        }
        self.0.insert(group.clone(), Arc::new(answers));
        // It makes room by itself, but later: large answers would go far beyond the bound until then.
        self.0.run_pending_tasks();
    }

    pub(super) fn forget(&self, group: &Group) {
        self.0.invalidate(group);
    }

    pub(super) fn forget_all(&self) {
        self.0.invalidate_all();
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.weighted_size()
    }
}

impl Answers {
    fn weight(&self, group: &Group) -> u32 {
        let bytes: usize =
            self.0.iter().map(|answer| answer.asked.body.len() + answer.bytes.len() + OVERHEAD).sum();
        u32::try_from(bytes + group.len() + GROUP_OVERHEAD).unwrap_or(u32::MAX)
    }

    fn left(&self) -> Duration {
        self.0.iter().map(Answer::left).max().unwrap_or_default()
    }
}

impl Answer {
    fn left(&self) -> Duration {
        self.ttl.saturating_sub(self.since.elapsed())
    }
}

/// A group is remembered until its last answer is too old.
struct Oldest;

impl Expiry<Group, Arc<Answers>> for Oldest {
    fn expire_after_create(
        &self,
        _: &Group,
        answers: &Arc<Answers>,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(answers.left())
    }

    fn expire_after_update(
        &self,
        _: &Group,
        answers: &Arc<Answers>,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(answers.left())
    }
}
