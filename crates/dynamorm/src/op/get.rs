//! GetItem: one item by its key.

use super::body::{Body, read_member};
use super::hidden::Hidden;
use super::item_key::{Encode, EncodedKey, ItemKey};
use super::sink::{One, Sink};
use super::transact_get::OneGet;
use super::{Detached, IntoGet};
use crate::cache::{Cached, Group};
use crate::codec::{CodecError, Reader};
use crate::error::ErrorKind;
use crate::model::{FromItem, Key, Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::{Db, Error, ReachedByDb, Result, Within};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;

/// Reads one item by its key: [`Db::get`] makes it to run, [`Get::new`] for a transaction.
///
/// Costs half a read unit for each 4 KB of the item, a whole one with [`consistent_read`](Get::consistent_read); an absent
/// item costs as much as one of 4 KB. See
/// [GetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html).
#[must_use = "a get reads nothing until `.one()` or `.optional()` is awaited, or it is added to a transaction"]
#[derive(Clone)]
pub struct Get<R, D = Detached> {
    draft: Draft,
    db: D,
    of: PhantomData<fn() -> R>,
}

/// What a get is told. Nothing in it knows the type that is read, so it is compiled once.
#[derive(Clone)]
struct Draft {
    model: &'static ModelShape,
    projection: Option<&'static [&'static str]>,
    key: Result<EncodedKey, CodecError>,
    consistent_read: bool,
    live: bool,
    cached: Cached,
}

#[diagnostic::do_not_recommend]
impl<R: FromItem<Model: Model>, D: Into<Detached>> IntoGet for Get<R, D> {
    type Item = R;
    type Scope = <R::Model as Model>::Scope;

    fn into_get(self) -> OneGet {
        OneGet { model: self.draft.model, key: self.draft.key, projection: self.draft.projection }
    }
}

impl Db {
    /// Reads one item by its key.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let found: Option<User> = db.get(User::key("u1")).optional().await?;
    /// assert_eq!(found, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get<K: Key<Model: Within<ReachedByDb>>>(&self, key: K) -> Get<K::Model, &Db> {
        Get::with(&key, self)
    }
}

impl<M: Model> Get<M> {
    /// A get for a transaction that reads: [`Db::transact_get`].
    pub fn new(key: impl Key<Model = M>) -> Self {
        Get::with(&key, Detached)
    }
}

impl<R: FromItem<Model: Model>, D> Get<R, D> {
    pub(crate) fn with(key: &impl Key, db: D) -> Self {
        Get { draft: Draft::new(R::Model::SHAPE, R::PROJECTION, key), db, of: PhantomData }
    }

    /// Reads only the attributes of `P`. The units stay those of the whole item.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[derive(Project)]
    /// # #[dynamorm(of = User)]
    /// # struct Credits { credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let Credits { credits } = db.get(User::key("u1")).project().one().await?;
    /// assert_eq!(credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn project<P: FromItem<Model = R::Model>>(self) -> Get<P, D> {
        Get { draft: Draft { projection: P::PROJECTION, ..self.draft }, db: self.db, of: PhantomData }
    }
}

impl<R: FromItem<Model: Model>> Get<R, &Db> {
    /// Reads what was written last, for twice the units. Without it, a write of the last second may not show yet.
    pub fn consistent_read(mut self) -> Self {
        self.draft.consistent_read = true;
        self
    }

    /// Takes an item whose time to live has passed for absent: DynamoDB deletes it only some time later.
    ///
    /// The `Db`'s clock tells. An item without the attribute never expires. The model must have a time to live.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Timestamp, Ttl};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "SESSION#{id}")]
    /// # struct Session { id: String, #[dynamorm(ttl)] expires: Option<Ttl> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Session>().execute().await?;
    /// # let expires = Timestamp::from_epoch_seconds(4_000_000_000);
    /// # db.put(&Session { id: "s1".into(), expires: Some(Ttl::at(expires)) }).execute().await?;
    /// let db = db.clock(move || expires);
    /// assert!(db.get(Session::key("s1")).optional().await?.is_some());
    /// assert!(db.get(Session::key("s1")).live().optional().await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn live(mut self) -> Self {
        self.draft.live = true;
        self
    }

    /// Gives an answer of the last `ttl` again, if the cache of the `Db` has one: [`Db::cache`].
    ///
    /// A write through the same `Db`, by whatever operation, forgets it; a write by another process does not, and is seen after
    /// `ttl` at the latest. A miss is a consistent read, for twice the units: what is remembered must not be older than it looks.
    /// Those who ask the same at once share one request. An absent item is not remembered, unless
    /// [`cache_absent`](Get::cache_absent) asks for it. See [`guide::caching`](crate::guide::caching).
    ///
    /// ```
    /// # use dynamorm::{Db, Meter, Model, Result};
    /// # use std::time::Duration;
    /// # #[derive(Debug, Clone, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.cache(1 << 20);
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into() }).execute().await?;
    /// let meter = Meter::default();
    /// let db = db.metered(&meter);
    /// for _ in 0..3 {
    ///     db.get(User::key("u1")).cached(Duration::from_secs(300)).one().await?;
    /// }
    /// let usage = meter.usage();
    /// assert_eq!((usage.requests, usage.cache_hits, usage.cache_misses), (1, 2, 1));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "cache")]
    pub fn cached(mut self, ttl: std::time::Duration) -> Self {
        self.draft.cached.ttl = Some(ttl);
        self.consistent_read()
    }

    /// Remembers that there is no such item, too: for what is asked for in vain often, and may be missed for `ttl` when another
    /// process makes it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use std::time::Duration;
    /// # #[derive(Debug, Clone, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "FLAG#{name}")]
    /// # struct Flag { name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.cache(1 << 20);
    /// # db.create_table::<Flag>().execute().await?;
    /// let flag = || db.get(Flag::key("beta")).cached(Duration::from_secs(5)).cache_absent();
    /// assert!(flag().optional().await?.is_none());
    /// db.put(&Flag { name: "beta".into() }).execute().await?;
    /// assert!(flag().optional().await?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "cache")]
    pub fn cache_absent(mut self) -> Self {
        self.draft.cached.absent = true;
        self
    }

    /// Shows the request, without sending it.
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
    /// let request = db.get(User::key("u1")).consistent_read().to_request()?;
    /// assert!(request.json().contains(r#""ConsistentRead":true"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the key cannot be one.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.draft.request(self.db)?.0)
    }

    /// Reads the item, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if the item is not an `R`; and those of any operation.
    pub async fn optional(self) -> Result<Option<R>> {
        let answer = self.draft.fetch(self.db).await?;
        let mut item = One(None);
        answer.read(&mut item)?;
        Ok(item.0)
    }

    /// Reads the item, which must be there.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// db.put(&User { id: "u1".into() }).execute().await?;
    /// let user = db.get(User::key("u1")).consistent_read().one().await?;
    /// assert_eq!(user.id, "u1");
    /// assert!(db.get(User::key("u2")).one().await.is_err_and(|err| err.is_not_found()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if it is not; [`ErrorKind::Codec`] if it is not an `R`; and those of any operation.
    pub async fn one(self) -> Result<R> {
        let answer = self.draft.fetch(self.db).await?;
        let mut item = One(None);
        answer.read(&mut item)?;
        item.0.ok_or_else(|| answer.not_found())
    }
}

impl Draft {
    fn new(
        model: &'static ModelShape,
        projection: Option<&'static [&'static str]>,
        key: &dyn Encode,
    ) -> Self {
        let (key, cached) = (EncodedKey::of(model, key), Cached::default());
        Self { model, projection, key, consistent_read: false, live: false, cached }
    }

    /// The request, and what hides the item that it gives.
    fn request(&self, db: &Db) -> Result<(Request, Hidden)> {
        let hidden = Hidden::of(db, self.model, self.live).map_err(|error| during(db, self.model, error))?;
        let request = self.body(db, &hidden).map_err(|error| during(db, self.model, error))?;
        Ok((request, hidden))
    }

    fn body(&self, db: &Db, hidden: &Hidden) -> Result<Request> {
        let table = db.table_of(self.model)?;
        db.cache_for(self.cached)?;
        let key = self.key.as_ref().map_err(Clone::clone)?;
        let mut body = Body::new(table);
        body.json("Key", &key.filled(db)?);
        if self.consistent_read {
            body.flag("ConsistentRead", true);
        }
        if let Some(names) = self.projection {
            body.projection(&hidden.names(names))?;
        }
        Ok(body.request(Operation::GetItem, table))
    }

    async fn fetch(self, db: &Db) -> Result<Answer<'_>> {
        let (request, hidden) = self.request(db)?;
        let group = self.group(db).map_err(|error| during(db, self.model, error))?;
        let (response, _) = db.send_read(request, self.cached, group).await?;
        Ok(Answer { db, model: self.model, hidden, response })
    }

    /// What a write would forget it by, if it is remembered.
    fn group(&self, db: &Db) -> Result<Option<Group>> {
        let Some(cache) = db.cache_for(self.cached)? else { return Ok(None) };
        let key = ItemKey::new(db, self.key.as_ref().map_err(Clone::clone)?)?;
        cache.know(&key.table, self.model);
        Ok(Some(Group::of(&key.table, &key.attributes)))
    }
}

fn during(db: &Db, model: &ModelShape, error: Error) -> Error {
    error.during(Operation::GetItem, db.table_of(model).ok())
}

/// What came back. Nothing in it knows the type that is read.
struct Answer<'db> {
    db: &'db Db,
    model: &'static ModelShape,
    hidden: Hidden,
    response: Bytes,
}

impl Answer<'_> {
    /// Reads the item, unless there is none or it is hidden.
    fn read(&self, sink: &mut dyn Sink) -> Result<()> {
        let read = read_member(&self.response, "Item", &mut |reader: &mut Reader<'_>| {
            if !self.hidden.is_nothing() && self.hidden.hides(reader.clone().raw()?)? {
                return reader.skip();
            }
            sink.item(reader)
        });
        read.map_err(|error| during(self.db, self.model, error.into()))
    }

    fn not_found(&self) -> Error {
        let error = Error::new(ErrorKind::NotFound, "there is no item with this key");
        during(self.db, self.model, error)
    }
}

/// Whose item, without the key: values belong in no log.
impl<R: FromItem<Model: Model>, D> fmt::Debug for Get<R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("model", &R::Model::SHAPE.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::op::test_models::*;

    #[test]
    fn a_get_names_the_key() {
        let db = db();
        insta::assert_snapshot!(shown(db.get(User::key("u1")).to_request()), @r#"
        {"TableName":"app",
        "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}}}
        "#);
        insta::assert_snapshot!(shown(db.get(&user()).to_request()), @r#"
        {"TableName":"app",
        "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}}}
        "#);
    }

    #[test]
    fn a_consistent_read_says_so() {
        let db = db();
        insta::assert_snapshot!(shown(db.get(User::key("u1")).consistent_read().to_request()), @r#"
        {"TableName":"app",
        "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
        "ConsistentRead":true}
        "#);
    }

    #[test]
    fn a_projection_names_its_attributes() {
        let db = db();
        insta::assert_snapshot!(shown(db.get(User::key("u1")).project::<UserName>().to_request()), @r##"
        {"TableName":"app",
        "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
        "ProjectionExpression":"#n0",
        "ExpressionAttributeNames":{"#n0":"name"}}
        "##);
    }

    #[test]
    fn a_get_of_what_is_alive_asks_for_the_time_to_live_too() {
        let db = db();
        insta::assert_snapshot!(shown(db.get(Account::key("a1")).project::<Balance>().live().to_request()), @r##"
        {"TableName":"app",
        "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
        "ProjectionExpression":"#n0, #n1",
        "ExpressionAttributeNames":{"#n0":"balance","#n1":"expires"}}
        "##);
        insta::assert_snapshot!(refused(db.get(User::key("u1")).live().to_request()), @r#"GetItem on "app": `User` has no time to live to hide items by: mark a field with `#[dynamorm(ttl)]`, or leave `live` out"#);
    }

    #[test]
    fn a_key_that_is_an_attribute_stands_as_it_is() {
        let db = db();
        insta::assert_snapshot!(shown(db.get(Note::key("n1", 7_u64)).to_request()), @r#"
        {"TableName":"notes",
        "Key":{"id":{"S":"n1"},"at":{"N":"7"}}}
        "#);
    }

    #[test]
    fn a_get_that_cannot_be_right_is_refused() {
        let db = db();
        insta::assert_snapshot!(refused(db.get(User::key("")).to_request()), @r#"GetItem on "app": attribute `id` is empty, and DynamoDB keys must not be"#);
        insta::assert_snapshot!(refused(db.get(Homeless::key("h1")).to_request()), @r#"GetItem: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
        insta::assert_snapshot!(refused(db.get(User::key("x".repeat(3000))).to_request()), @r#"GetItem on "app": attribute `pk` is 3,005 bytes, the limit for this key is 2,048 bytes"#);
    }

    #[test]
    fn no_value_is_shown() {
        let db = db();
        let shown = format!("{:?}", db.get(User::key(SECRET)));
        assert!(!shown.contains(SECRET), "{shown}");
        let shown = format!("{:?}", db.get(User::key(SECRET)).to_request());
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
