//! GetItem: one item by its key.

use super::body::Body;
use super::item_key::EncodedKey;
use super::live::Live;
use super::transact_get::OneGet;
use super::{Detached, IntoGet};
use crate::codec::{CodecError, Reader};
use crate::error::ErrorKind;
use crate::model::{FromItem, Key, Model};
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};
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
    key: Result<EncodedKey, CodecError>,
    consistent_read: bool,
    live: bool,
    db: D,
    of: PhantomData<fn() -> R>,
}

#[diagnostic::do_not_recommend]
impl<R: FromItem<Model: Model>, D: Into<Detached>> IntoGet for Get<R, D> {
    type Item = R;

    fn into_get(self) -> OneGet {
        OneGet { model: R::Model::SHAPE, key: self.key, projection: R::PROJECTION }
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
    pub fn get<K: Key>(&self, key: K) -> Get<K::Model, &Db> {
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
    fn with(key: &impl Key, db: D) -> Self {
        Get { key: EncodedKey::of(key), consistent_read: false, live: false, db, of: PhantomData }
    }

    /// Reads only the attributes of `P`. The units stay those of the whole item.
    pub fn project<P: FromItem<Model = R::Model>>(self) -> Get<P, D> {
        let Get { key, consistent_read, live, db, .. } = self;
        Get { key, consistent_read, live, db, of: PhantomData }
    }
}

impl<R: FromItem<Model: Model>> Get<R, &Db> {
    /// Reads what was written last, for twice the units. Without it, a write of the last second may not show yet.
    pub fn consistent_read(mut self) -> Self {
        self.consistent_read = true;
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
        self.live = true;
        self
    }

    /// Shows the request, without sending it.
    ///
    /// # Errors
    ///
    /// If the key cannot be one.
    pub fn to_request(&self) -> Result<Request> {
        let live = self.hidden_by()?;
        self.request(live).map_err(|error| self.error(error))
    }

    fn error(&self, error: impl Into<Error>) -> Error {
        error.into().during(Operation::GetItem, self.db.table_of(R::Model::SHAPE).ok())
    }

    fn hidden_by(&self) -> Result<Option<Live>> {
        let live = self.live.then(|| Live::of(self.db, R::Model::SHAPE)).transpose();
        live.map_err(|error| self.error(error))
    }

    fn request(&self, live: Option<Live>) -> Result<Request> {
        let table = self.db.table_of(R::Model::SHAPE)?;
        let key = self.key.as_ref().map_err(Clone::clone)?;
        let mut body = Body::new(table);
        body.json("Key", &key.json);
        if self.consistent_read {
            body.flag("ConsistentRead", true);
        }
        match (R::PROJECTION, live) {
            (None, _) => {}
            (Some(names), None) => body.projection(names)?,
            (Some(names), Some(live)) => body.projection(&live.names(names))?,
        }
        Ok(body.request(Operation::GetItem, table))
    }

    /// Reads the item, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if the item is not an `R`; and those of any operation.
    pub async fn optional(self) -> Result<Option<R>> {
        let live = self.hidden_by()?;
        let request = self.request(live).map_err(|error| self.error(error))?;
        let response = self.db.send(request).await?;
        decode(&response, live).map_err(|error| self.error(error))
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
        let (db, shape) = (self.db, R::Model::SHAPE);
        self.optional().await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no item with this key")
                .during(Operation::GetItem, db.table_of(shape).ok())
        })
    }
}

fn decode<R: FromItem>(response: &[u8], live: Option<Live>) -> Result<Option<R>, CodecError> {
    let mut item = None;
    Reader::new(response)?.object(|reader, name| {
        match name {
            "Item" => {
                let from = reader.position();
                item = Some(R::decode(reader)?);
                let text = reader.between(from, reader.position());
                if live.map_or(Ok(false), |live| live.hides(text))? {
                    item = None;
                }
            }
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(item)
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
