//! The rules of the cache: what is given again, who shares a request, what a write forgets. Start at [`Cache::read`].

use super::fetch::{Fetch, Fetching, Joined};
use super::scope::{Scope, Tables};
use super::store::Store;
use super::{Cached, Group};
use crate::model::ModelShape;
use crate::transport::Request;
use crate::{Db, Result};
use bytes::Bytes;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::Span;

/// What is asked for. Another tenant's same question is another one.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) body: Bytes,
    tenant: Option<Arc<str>>,
}

impl Asked {
    /// The same, without the room that the request was written in.
    fn compact(&self) -> Self {
        Self { body: Bytes::copy_from_slice(&self.body), tenant: self.tenant.clone() }
    }
}

/// The answers of one [`Db`] and its clones.
pub(crate) struct Cache {
    pub(super) store: Store,
    tables: Tables,
    state: Mutex<State>,
}

/// What is under way.
#[derive(Default)]
pub(super) struct State {
    /// How many writes are about each group, ...
    writes: HashMap<Group, usize>,
    /// ... about tables of which no answer was ever asked for, ...
    table_writes: HashMap<String, usize>,
    /// ... and about who knows what.
    other_writes: usize,
    fetches: HashMap<Group, Vec<Arc<Fetch>>>,
}

impl Cache {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { store: Store::new(bytes), tables: Tables::default(), state: Mutex::default() }
    }

    /// What is remembered of a request, or its answer from the database, of which there is one for all who ask the same at once.
    pub(crate) async fn read(
        &self,
        db: &Db,
        request: Request,
        group: Group,
        cached: Cached,
    ) -> Result<(Bytes, Span)> {
        let ttl = cached.ttl.unwrap_or_default();
        let asked = Asked { body: request.body.clone(), tenant: db.own_tenant().map(Arc::from) };
        loop {
            if let Some(answer) = self.store.get(&group, &asked, ttl) {
                db.count_cache_hit();
                return Ok((answer, Span::none()));
            }
            let fetch = match self.join(&group, &asked, ttl) {
                Joined::Remembered(answer) => {
                    db.count_cache_hit();
                    return Ok((answer, Span::none()));
                }
                Joined::Another(fetch) => match fetch.answer().await {
                    Some(answer) => {
                        db.count_cache_hit();
                        return answer.map(|answer| (answer, Span::none()));
                    }
                    // Whoever asked has given up.
                    None => continue,
                },
                Joined::Own(fetch) => Fetching { cache: self, group, fetch },
            };
            db.count_cache_miss();
            let sent = db.send_traced(request).await;
            let (answer, span) = match sent {
                Ok(answered) => answered,
                Err(error) => return Err(fetch.failed(error)),
            };
            fetch.answered(&answer, cached.absent);
            return Ok((answer, span));
        }
    }

    /// A fetch of the same, or one of the caller's own.
    fn join(&self, group: &Group, asked: &Asked, ttl: Duration) -> Joined {
        let mut state = self.state();
        if let Some(answer) = self.store.get(group, asked, ttl) {
            return Joined::Remembered(answer);
        }
        let is_written = state.is_written(group);
        let fetches = state.fetches.entry(group.clone()).or_default();
        if let Some(fetch) = fetches.iter().find(|fetch| fetch.is_of(asked) && !fetch.is_late()) {
            return Joined::Another(Arc::clone(fetch));
        }
        let fetch = Arc::new(Fetch::new(asked.compact(), ttl));
        if is_written {
            fetch.set_late();
        }
        fetches.push(Arc::clone(&fetch));
        Joined::Own(fetch)
    }

    /// Says that a table's answers are to be remembered, before the first one is asked for.
    pub(crate) fn know(&self, table: &str, model: &ModelShape) {
        self.tables.know(table, model);
    }

    /// Forgets what a request writes, and remembers nothing of it until the handle is dropped. `None` for a read.
    pub(crate) fn writing(self: &Arc<Self>, request: &Request) -> Option<Writing> {
        let scope = Scope::of(request, &self.tables)?;
        let writing = Writing { cache: Arc::clone(self), scope };
        writing.cache.forget(&writing.scope, Phase::Begin);
        Some(writing)
    }

    fn forget(&self, scope: &Scope, phase: Phase) {
        let mut state = self.state();
        match scope {
            Scope::Everything => {
                phase.count(&mut state.other_writes);
                state.fetches.values().flatten().for_each(|fetch| fetch.set_late());
                self.store.forget_all();
            }
            Scope::These { groups, tables } => {
                for group in groups {
                    phase.count_of(&mut state.writes, group);
                    state.fetches.get(group).into_iter().flatten().for_each(|fetch| fetch.set_late());
                    self.store.forget(group);
                }
                for table in tables {
                    phase.count_of(&mut state.table_writes, table);
                    let of_table = state.fetches.iter().filter(|(group, _)| group.is_of(table));
                    of_table.flat_map(|(_, fetches)| fetches).for_each(|fetch| fetch.set_late());
                    // It was not known when the write was read, and may be by now.
                    if phase == Phase::Begin && self.tables.knows(table) {
                        self.store.forget_all();
                    }
                }
            }
        }
    }

    /// Nothing here can panic while the lock is held, so a poisoned lock holds sound data.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// True if a write is under way that may be about the group.
    fn is_written(&self, group: &Group) -> bool {
        self.other_writes > 0
            || self.writes.contains_key(group)
            || self.table_writes.keys().any(|table| group.is_of(table))
    }

    /// A fetch is over.
    pub(super) fn remove(&mut self, group: &Group, fetch: &Arc<Fetch>) {
        if let Some(fetches) = self.fetches.get_mut(group) {
            fetches.retain(|other| !Arc::ptr_eq(other, fetch));
            if fetches.is_empty() {
                self.fetches.remove(group);
            }
        }
    }
}

/// Which end of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Begin,
    End,
}

impl Phase {
    fn count(self, writes: &mut usize) {
        *writes = match self {
            Phase::Begin => writes.saturating_add(1),
            Phase::End => writes.saturating_sub(1),
        };
    }

    fn count_of<K: Hash + Eq + Clone>(self, writes: &mut HashMap<K, usize>, of: &K) {
        let count = writes.entry(of.clone()).or_default();
        self.count(count);
        if *count == 0 {
            writes.remove(of);
        }
    }
}

/// A write that is under way. However it ends, done, failed or given up, what it is about is forgotten then.
pub(crate) struct Writing {
    cache: Arc<Cache>,
    scope: Scope,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.cache.forget(&self.scope, Phase::End);
    }
}
