//! What `.cached(..)` reads remember, and how writes make it forget.
//!
//! A write through the same [`Db`](crate::Db) forgets what it is about before it is sent, and until it is over nothing that it is
//! about is remembered. So no read that begins after a write has ended is given what was there before it. The
//! rules are in `memory`; in `store`: the answers, bounded in bytes; in `scope`: what a write is about; in `fetch`: misses that are
//! under way. Without the feature `cache` there is `none`.

#[cfg(feature = "cache")]
mod fetch;
#[cfg(feature = "cache")]
mod memory;
#[cfg(not(feature = "cache"))]
mod none;
#[cfg(feature = "cache")]
mod scope;
#[cfg(feature = "cache")]
mod store;
#[cfg(all(test, feature = "cache", feature = "embedded"))]
mod tests;

#[cfg(feature = "cache")]
pub(crate) use memory::Cache;
#[cfg(not(feature = "cache"))]
pub(crate) use none::{Cache, Group};
#[cfg(feature = "cache")]
pub(crate) use scope::Group;

use std::time::Duration;

/// How a read wants to be remembered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cached {
    /// How old an answer may be; `None` asks the database.
    pub(crate) ttl: Option<Duration>,
    /// Answers without an item are remembered too.
    pub(crate) absent: bool,
}
