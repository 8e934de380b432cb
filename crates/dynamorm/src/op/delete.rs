//! DeleteItem: one item, by its key.

use super::Detached;
use super::body::Body;
use super::guarded::{Alone, Effect, With, refuse_values, state_of_item};
use super::item_key::{Encode, EncodedKey, version};
use super::put::decode_attributes;
use super::transact_write::Operand;
use super::update::version_condition;
use crate::codec::{CodecError, Writer};
use crate::expr::Condition;
use crate::lifecycle::{ManagedValue, ManagedValues};
use crate::model::{Key, Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::unique::State;
use crate::{Db, Error, ReachedByDb, Result, Within, tenant};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;

/// Deletes one item: [`Db::delete`] makes it to run, [`Delete::new`] for a transaction.
///
/// With a key, it deletes what is there, and an absent item is no error. With `&item` of a model with a version, it deletes
/// that version of the item or fails.
///
/// With unique attributes it is a transaction that gives up their guards: see [`guide::unique`](crate::guide::unique).
///
/// Costs one write unit for each KB of the item, and as much again for each index that holds it. See
/// [DeleteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html).
#[must_use = "a delete deletes nothing until it is executed or added to a transaction"]
pub struct Delete<M, D = Detached> {
    draft: Draft,
    db: D,
    of: PhantomData<fn() -> M>,
}

/// What a delete is told. Nothing in it knows the model's type, so it is compiled once.
pub(super) struct Draft {
    shape: &'static ModelShape,
    key: Result<EncodedKey, CodecError>,
    version: Result<Option<ManagedValue>, CodecError>,
    /// The unique attributes of the item as it was read.
    unique: Result<Option<State>, CodecError>,
    condition: Option<Condition<()>>,
    returning_old_on_failure: bool,
}

/// What can be a delete of a transaction: a key, an item, or a `Delete` with its conditions.
#[diagnostic::on_unimplemented(
    message = "expected a key, `&item` or `Delete::new(..)`, found `{Self}`",
    label = "not a delete of a transaction",
    note = "`db.delete(..)` runs on its own; inside a transaction write `Delete::new(..)`"
)]
pub trait IntoDelete<M> {
    /// The delete.
    fn into_delete(self) -> Delete<M>;
}

#[diagnostic::do_not_recommend]
impl<M: Model, K: Key<Model = M>> IntoDelete<M> for K {
    fn into_delete(self) -> Delete<M> {
        Delete::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, D: Into<Detached>> IntoDelete<M> for Delete<M, D> {
    fn into_delete(self) -> Delete<M> {
        Delete { draft: self.draft, db: self.db.into(), of: PhantomData }
    }
}

impl Db {
    /// Deletes one item, by its key or as it was read.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, active: bool }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// db.delete(User::key("u1")).execute().await?;
    /// let refused = db.delete(User::key("u1")).condition(User::ACTIVE.eq(false)).execute().await;
    /// assert!(refused.is_err_and(|err| err.is_condition_failed()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// With an item that has a version, only that version of it is deleted:
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "ACCOUNT#{id}")]
    /// # struct Account { id: String, balance: i64, #[dynamorm(version)] version: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Account>().execute().await?;
    /// # db.put(&Account { id: "a1".into(), balance: 0, version: 0 }).execute().await?;
    /// let account = db.get(Account::key("a1")).one().await?;
    /// db.update(Account::key("a1")).add(Account::BALANCE, 5).execute().await?;
    /// assert!(db.delete(&account).execute().await.is_err_and(|err| err.is_condition_failed()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete<K: Key<Model: Within<ReachedByDb>>>(&self, key: K) -> Delete<K::Model, &Db> {
        Delete::with(&key, self)
    }
}

impl<M: Model> Delete<M> {
    /// A delete for a transaction.
    pub fn new(key: impl Key<Model = M>) -> Self {
        Delete::with(&key, Detached)
    }
}

impl<M: Model, D> Delete<M, D> {
    pub(crate) fn with<K: Key<Model = M>>(key: &K, db: D) -> Self {
        Self { draft: Draft::new(M::SHAPE, key), db, of: PhantomData }
    }

    /// Deletes only if this is true of the stored item. Several conditions must all be true.
    pub fn condition(mut self, condition: Condition<M>) -> Self {
        Condition::join(&mut self.draft.condition, condition.untyped());
        self
    }

    /// Gives the stored item with the error if a condition fails: `err.item::<User>()`.
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
    /// let err = db.delete(User::key("u1")).condition(User::CREDITS.ge(70)).returning_old_on_failure().execute().await.unwrap_err();
    /// assert_eq!(err.item::<User>()?.unwrap().credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn returning_old_on_failure(mut self) -> Self {
        self.draft.returning_old_on_failure = true;
        self
    }

    /// The operation of a transaction.
    pub(super) fn into_draft(self) -> Draft {
        self.draft
    }
}

impl Draft {
    fn new(shape: &'static ModelShape, key: &dyn Encode) -> Self {
        Self {
            shape,
            key: EncodedKey::of(shape, key),
            version: version(shape, key),
            unique: unique_of(shape, key),
            condition: None,
            returning_old_on_failure: false,
        }
    }

    fn body(&self, db: &Db, with: &With) -> Result<Body> {
        let mut body = Body::new(db.table_of(self.shape)?);
        body.json("Key", &self.key()?.filled(db)?);
        let mut condition = self.condition.clone();
        if let Some(version) = self.version.clone()? {
            Condition::join(&mut condition, version_condition(self.shape, version));
        }
        if let Some(guard) = tenant::guard(db, self.shape) {
            Condition::join(&mut condition, guard);
        }
        with.join(&mut condition);
        body.condition("ConditionExpression", condition.as_ref())?;
        if self.returning_old_on_failure || with.old_item {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(body)
    }

    fn request(&self, db: &Db, return_values: Option<&str>) -> Result<Request> {
        let table = db.table_during(Operation::DeleteItem, self.shape)?;
        let during = |error: Error| error.during(Operation::DeleteItem, Some(table));
        if let Some(effect) = self.effect(db).map_err(during)? {
            return Alone::new(db, Operation::DeleteItem, self, effect, db.now())?.to_request();
        }
        let mut body = self.body(db, &With::nothing(db.now())).map_err(during)?;
        if let Some(values) = return_values {
            body.text("ReturnValues", values);
        }
        Ok(body.request(Operation::DeleteItem, table))
    }

    async fn send(&self, db: &Db, return_values: Option<&str>) -> Result<Bytes> {
        let during = |error: Error| error.during(Operation::DeleteItem, db.table_of(self.shape).ok());
        let sent = match self.effect(db).map_err(during)? {
            None => db.send(self.request(db, return_values)?).await,
            Some(effect) => {
                refuse_values(return_values).map_err(during)?;
                let write = Alone::new(db, Operation::DeleteItem, self, effect, db.now()).map_err(during)?;
                write.execute().await.map(|()| Bytes::from_static(b"{}"))
            }
        };
        // An item of another tenant is as good as absent, and an absent one is no error.
        let only_guarded = self.condition.is_none() && matches!(self.version, Ok(None));
        match tenant::hide_failed_item(db, self.shape, sent) {
            Err(error)
                if only_guarded && error.is_condition_failed() && tenant::is_guarded(db, self.shape) =>
            {
                Ok(Bytes::from_static(b"{}"))
            }
            sent => sent,
        }
    }

    fn error(&self, db: &Db, error: CodecError) -> Error {
        Error::from(error).during(Operation::DeleteItem, db.table_of(self.shape).ok())
    }
}

impl Operand for Draft {
    fn word(&self) -> &'static str {
        "Delete"
    }

    fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.key.as_ref().map_err(Clone::clone)
    }

    fn json(&self, db: &Db, with: &With) -> Result<Vec<u8>> {
        Ok(self.body(db, with)?.finish())
    }

    fn effect(&self, db: &Db) -> Result<Option<Effect>> {
        if self.shape.unique.is_empty() {
            return Ok(None);
        }
        let unique = self.unique.as_ref().map_err(Clone::clone)?;
        Effect::of_delete(db, self.key()?, unique.as_ref())
    }

    fn wants_old_item(&self) -> bool {
        self.returning_old_on_failure
    }
}

/// The unique attributes of what is an item, and not a key.
fn unique_of(shape: &ModelShape, key: &dyn Encode) -> Result<Option<State>, CodecError> {
    if shape.unique.is_empty() {
        return Ok(None);
    }
    let (mut item, mut is_item) = (Writer::new(), false);
    item.item(|item| {
        is_item = key.item(item, &mut ManagedValues::new())?;
        Ok(())
    })?;
    if is_item { state_of_item(shape, item.as_bytes()).map(Some) } else { Ok(None) }
}

impl<M: Model> Delete<M, &Db> {
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
    /// let request = db.delete(User::key("u1")).to_request()?;
    /// assert!(request.json().contains(r#""Key":{"pk":{"S":"USER#u1"}}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the key cannot be one, or what the item's unique attributes are must be read first.
    pub fn to_request(&self) -> Result<Request> {
        self.draft.request(self.db, None)
    }

    /// Deletes the item.
    ///
    /// # Errors
    ///
    /// [`ConditionFailed`](crate::ErrorKind::ConditionFailed) if a condition, or the version, does not hold; and those of
    /// any operation.
    pub async fn execute(self) -> Result<()> {
        self.draft.send(self.db, None).await.map(drop)
    }

    /// Deletes the item and gives it, if there was one.
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
    /// let old = db.delete(User::key("u1")).returning_old().await?;
    /// assert_eq!(old.unwrap().credits, 10);
    /// assert!(db.delete(User::key("u1")).returning_old().await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Delete::execute); [`Codec`](crate::ErrorKind::Codec) if the item is not an `M`: it is deleted
    /// then all the same.
    pub async fn returning_old(self) -> Result<Option<M>> {
        let response = self.draft.send(self.db, Some("ALL_OLD")).await?;
        decode_attributes(&response).map_err(|error| self.draft.error(self.db, error))
    }
}

/// Whose item, without the key: values belong in no log.
impl<M: Model, D> fmt::Debug for Delete<M, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete")
            .field("model", &M::SHAPE.name)
            .field("condition", &self.draft.condition)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::op::test_models::*;

    #[test]
    fn a_delete_names_the_key() {
        let db = db();
        insta::assert_snapshot!(shown(db.delete(User::key("u1")).to_request()), @r#"
        {"TableName":"app",
        "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}}}
        "#);
        insta::assert_snapshot!(shown(db.delete(&user()).to_request()), @r#"
        {"TableName":"app",
        "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}}}
        "#);
    }

    #[test]
    fn a_delete_of_an_item_needs_its_version() {
        let db = db();
        insta::assert_snapshot!(shown(db.delete(&account(7)).to_request()), @r##"
        {"TableName":"app",
        "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
        "ConditionExpression":"#n0 = :v0",
        "ExpressionAttributeNames":{"#n0":"version"},
        "ExpressionAttributeValues":{":v0":{"N":"7"}}}
        "##);
        insta::assert_snapshot!(shown(db.delete(&account(0)).to_request()), @r##"
        {"TableName":"app",
        "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
        "ConditionExpression":"attribute_exists(#n0) AND attribute_not_exists(#n1)",
        "ExpressionAttributeNames":{"#n0":"pk","#n1":"version"}}
        "##);
    }

    #[test]
    fn conditions_must_all_hold() {
        let db = db();
        insta::assert_snapshot!(shown(db.delete(&account(7)).condition(Account::BALANCE.eq(0)).returning_old_on_failure().to_request()), @r##"
        {"TableName":"app",
        "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
        "ConditionExpression":"#n0 = :v0 AND #n1 = :v1",
        "ReturnValuesOnConditionCheckFailure":"ALL_OLD",
        "ExpressionAttributeNames":{"#n0":"balance","#n1":"version"},
        "ExpressionAttributeValues":{":v0":{"N":"0"},":v1":{"N":"7"}}}
        "##);
    }

    #[test]
    fn a_delete_that_cannot_be_right_is_refused() {
        let db = db();
        insta::assert_snapshot!(refused(db.delete(User::key("")).to_request()), @r#"DeleteItem on "app": attribute `id` is empty, and DynamoDB keys must not be"#);
        insta::assert_snapshot!(refused(db.delete(Homeless::key("h1")).to_request()), @r#"DeleteItem: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    }

    #[test]
    fn no_value_is_shown() {
        let db = db();
        let shown = format!("{:?}", db.delete(User::key(SECRET)).condition(User::NAME.eq(SECRET)));
        assert!(!shown.contains(SECRET), "{shown}");
        let shown = format!("{:?}", db.delete(User::key(SECRET)).to_request());
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
