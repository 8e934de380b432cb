//! UpdateItem: attributes of one item.
//!
//! Here is what an update is made of. `verbs` says what it changes, `request` makes the request of it, for which `target` knows the
//! item and `index_keys` keeps the keys of indexes right; `difference` makes changes of two items, `terminal` runs it all.

mod difference;
mod index_keys;
mod request;
mod target;
mod terminal;
mod verbs;

pub(crate) use self::request::version_condition;

use self::difference::changes_between;
use self::request::Draft;
use super::Detached;
use super::transact_write::Operand;
use crate::model::{Key, Model};
use crate::{Db, ReachedByDb, Within};
use std::fmt;
use std::marker::PhantomData;

/// Changes attributes of one item: [`Db::update`] makes it to run, [`Update::new`] for a transaction.
///
/// As DynamoDB has it, an update of an absent item makes one, of the key and the attributes that it sets:
/// [`if_exists`](Update::if_exists) forbids that. With `&item` instead of a key, the item must exist, and still have the same
/// version if the model has one. The attributes that the library keeps are set on the way: the version is raised by one, `updated_at` and
/// a time to live with a span are set anew.
///
/// An index key that is made of a changed attribute is made anew too, so that it is never stale. Where that needs attributes
/// that the update does not set, they are taken from the primary key, from [`given`](Update::given), or from `&item`; the last
/// two make it a condition that they are still stored so. Else the update is refused.
///
/// A change of a unique attribute is a transaction that gives up the guard of the old value and takes that of the new one. The old
/// value is told by [`given`](Update::given) or known by `&item`, or else read: see [`guide::unique`](crate::guide::unique).
///
/// Costs one write unit for each KB of the larger of the old and the new item, and as much again for each index that holds
/// it. See [UpdateItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html).
///
/// A lost answer may make the AWS client send an update twice, and then an `add` counts twice: where that matters, put the
/// update into a transaction, which carries a token.
#[must_use = "an update writes nothing until it is executed or added to a transaction"]
pub struct Update<M, D = Detached> {
    draft: Draft,
    db: D,
    of: PhantomData<fn() -> M>,
}

impl Db {
    /// Changes attributes of one item, by its key or as it was read.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, name: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into(), name: "Ada".into(), credits: 10 }).execute().await?;
    /// db.update(User::key("u1"))
    ///     .set(User::NAME, "Ada Lovelace")
    ///     .add(User::CREDITS, -7)
    ///     .condition(User::CREDITS.ge(7))
    ///     .execute()
    ///     .await?;
    /// assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update<K: Key<Model: Within<ReachedByDb>>>(&self, key: K) -> Update<K::Model, &Db> {
        Update::with(&key, self)
    }
}

impl<M: Model> Update<M> {
    /// An update for a transaction.
    pub fn new(key: impl Key<Model = M>) -> Self {
        Update::with(&key, Detached)
    }

    /// An update of an item as it was read, to run or for a transaction: the same as [`Update::new`] with the item.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Update};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// db.transact_write().update(Update::of(&user).add(User::CREDITS, 5)).execute().await?;
    /// assert_eq!(db.get(&user).one().await?.credits, 15);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(item: &M) -> Self {
        Update::with(&item, Detached)
    }

    /// An update of what differs between two states of one item.
    pub(crate) fn between(old: &M, new: &M) -> Self {
        let mut update = Update::of(old);
        update.draft.take_difference(changes_between(old, new));
        update
    }

    /// The same update, to be run by a [`Db`].
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Update};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into(), credits: 10 }).execute().await?;
    /// /// Takes `n` credits from a user, alone or in a transaction.
    /// fn debit(id: &str, n: i64) -> Update<User> {
    ///     Update::new(User::key(id)).add(User::CREDITS, -n).condition(User::CREDITS.ge(n))
    /// }
    ///
    /// debit("u1", 7).on(&db).execute().await?;
    /// assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on(self, db: &Db) -> Update<M, &Db>
    where
        M: Within<ReachedByDb>,
    {
        self.run_by(db)
    }

    pub(crate) fn run_by(self, db: &Db) -> Update<M, &Db> {
        Update { draft: self.draft, db, of: PhantomData }
    }
}

impl<M: Model, D> Update<M, D> {
    pub(crate) fn with<K: Key<Model = M>>(key: &K, db: D) -> Self {
        Self { draft: Draft::new(M::SHAPE, key), db, of: PhantomData }
    }

    /// True if it changes nothing: no verb was called, or there was no difference between two items.
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
    /// assert!(user.changes_from(&user).is_empty());
    /// assert!(!User { credits: 5, ..user.clone() }.changes_from(&user).is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.draft.changes.is_empty()
    }

    /// The operation of a transaction.
    pub(super) fn into_draft(self) -> impl Operand + 'static {
        self.draft
    }
}

/// Whose item, without values: they belong in no log.
impl<M: Model, D> fmt::Debug for Update<M, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("model", &M::SHAPE.name)
            .field("condition", &self.draft.condition)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
