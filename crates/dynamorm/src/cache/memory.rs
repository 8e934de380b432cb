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
        let asked = Asked { body: request.body.clone(), tenant: db.shared_tenant() };
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
                Joined::Another(fetch) => match db.in_time(fetch.answer()).await {
                    Err(late) => {
                        let table = request.tables.first().map(String::as_str);
                        return Err(late.during(request.operation, table));
                    }
                    Ok(Some(answer)) => {
                        db.count_cache_hit();
                        return answer.map(|answer| (answer, Span::none()));
                    }
                    // Whoever asked has given up.
                    Ok(None) => continue,
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
        writing.cache.forget(&writing.scope);
        Some(writing)
    }

    /// Forgets what a write is about, as it begins. What is asked from now until its end is late, and not remembered.
    fn forget(&self, scope: &Scope) {
        let mut state = self.state();
        match scope {
            Scope::Everything => {
                state.other_writes += 1;
                state.fetches.values().flatten().for_each(|fetch| fetch.set_late());
                self.store.forget_all();
            }
            Scope::These { groups, tables } => {
                for group in groups {
                    count(&mut state.writes, group);
                    state.fetches.get(group).into_iter().flatten().for_each(|fetch| fetch.set_late());
                    self.store.forget(group);
                }
                for table in tables {
                    count(&mut state.table_writes, table);
                    let of_table = state.fetches.iter().filter(|(group, _)| group.is_of(table));
                    of_table.flat_map(|(_, fetches)| fetches).for_each(|fetch| fetch.set_late());
                    // It was not known when the write was read, and may be by now.
                    if self.tables.knows(table) {
                        self.store.forget_all();
                    }
                }
            }
        }
    }

    /// A write has ended: what is asked from now on may be remembered.
    fn end(&self, scope: &Scope) {
        let mut state = self.state();
        match scope {
            Scope::Everything => state.other_writes = state.other_writes.saturating_sub(1),
            Scope::These { groups, tables } => {
                groups.iter().for_each(|group| discount(&mut state.writes, group));
                tables.iter().for_each(|table| discount(&mut state.table_writes, table));
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

fn count<K: Hash + Eq + Clone>(writes: &mut HashMap<K, usize>, of: &K) {
    *writes.entry(of.clone()).or_default() += 1;
}

fn discount<K: Hash + Eq>(writes: &mut HashMap<K, usize>, of: &K) {
    if let Some(count) = writes.get_mut(of) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            writes.remove(of);
        }
    }
}

/// A write that is under way. However it ends, done, failed or given up, what it is about may be remembered from then on.
pub(crate) struct Writing {
    cache: Arc<Cache>,
    scope: Scope,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.cache.end(&self.scope);
    }
}
