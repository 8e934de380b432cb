//! PutItem: one item, whole.

use super::Detached;
use super::body::{Body, read_member};
use super::encoded_item::EncodedItem;
use super::guarded::{Alone, Effect, With, refuse_values};
use super::item_key::{Encode, EncodedKey};
use super::sink::One;
use super::transact_write::Operand;
use crate::codec::{CodecError, Reader};
use crate::expr::Condition;
use crate::model::{FromItem, Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::{Db, Error, ReachedByDb, Result, Timestamp, Within, tenant};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// Writes one item whole: [`Db::put`] makes it to run, [`Put::new`] for a transaction.
///
/// It replaces an item of the same key, unless a condition forbids it: creating is
/// [`if_not_exists`](Put::if_not_exists). The attributes that the library keeps are set on the way:
///
/// - a version of 0 demands that no such item exists and is stored as 1; any other demands that the stored one is the same,
///   and is stored raised by one;
/// - `created_at` is set if it has no value yet, `updated_at` always, a time to live with a span if it has none.
///
/// Costs one write unit for each KB of the larger of the old and the new item, and as much again for each index that holds
/// it. See [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html).
///
/// With unique attributes it is a transaction that takes and gives up their guards, unless none of their values changes:
/// [`guide::unique`](crate::guide::unique) tells what it reads and costs.
///
/// A lost answer may make the AWS client send a put twice. The second one then finds what the first one wrote, and a put with
/// `if_not_exists` or a version gives `ConditionFailed` although it was made: a transaction, which carries a token, does not.
#[must_use = "a put writes nothing until it is executed or added to a transaction"]
pub struct Put<M, D = Detached> {
    draft: Draft,
    db: D,
    of: PhantomData<fn() -> M>,
}

/// What a put is told. Nothing in it knows the model's type, so it is compiled once.
pub(super) struct Draft {
    shape: &'static ModelShape,
    item: Result<EncodedItem, CodecError>,
    condition: Option<Condition<()>>,
    must_not_exist: bool,
    returning_old_on_failure: bool,
}

/// What can be put in a transaction: an item, or a `Put` with its conditions.
#[diagnostic::on_unimplemented(
    message = "expected `&item` or `Put::new(&item)`, found `{Self}`",
    label = "not a put of a transaction",
    note = "`db.put(..)` runs on its own; inside a transaction write `Put::new(..)`"
)]
pub trait IntoPut<M> {
    /// The put.
    fn into_put(self) -> Put<M>;
}

#[diagnostic::do_not_recommend]
impl<M: Model> IntoPut<M> for &M {
    fn into_put(self) -> Put<M> {
        Put::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, D: Into<Detached>> IntoPut<M> for Put<M, D> {
    fn into_put(self) -> Put<M> {
        Put { draft: self.draft, db: self.db.into(), of: PhantomData }
    }
}

impl Db {
    /// Writes one item whole, in the place of one with the same key.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let user = User { id: "u1".into(), name: "Ada".into() };
    /// db.put(&user).if_not_exists().execute().await?;
    ///
    /// let again = db.put(&user).if_not_exists().execute().await;
    /// assert!(again.is_err_and(|err| err.is_condition_failed()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn put<M: Within<ReachedByDb>>(&self, item: &M) -> Put<M, &Db> {
        Put::with(item, self)
    }
}

impl<M: Model> Put<M> {
    /// A put for a transaction.
    pub fn new(item: &M) -> Self {
        Put::with(item, Detached)
    }
}

impl<M: Model, D> Put<M, D> {
    pub(crate) fn with(item: &M, db: D) -> Self {
        Self { draft: Draft::new(M::SHAPE, &item), db, of: PhantomData }
    }

    /// Writes only if no item of this key exists. An item that was read has a version, and is refused: set it to 0.
    pub fn if_not_exists(mut self) -> Self {
        self.draft.must_not_exist = true;
        self
    }

    /// Writes only if this is true of the stored item. Several conditions must all be true.
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
    /// let err = db.put(&user).condition(User::CREDITS.ge(70)).returning_old_on_failure().execute().await.unwrap_err();
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
    fn new(shape: &'static ModelShape, item: &dyn Encode) -> Self {
        Self {
            shape,
            item: EncodedItem::of(shape, item),
            condition: None,
            must_not_exist: false,
            returning_old_on_failure: false,
        }
    }

    /// The body, and where in it the item stands as it is stored.
    fn body(&self, db: &Db, with: &With) -> Result<(Body, Range<usize>)> {
        let item = self.item.as_ref().map_err(Clone::clone)?;
        // Beside the item there may be a condition.
        let mut body = Body::with_room(db.table_of(self.shape)?, item.room() + 256);
        let writer = body.member("Item");
        let from = writer.as_bytes().len();
        item.write_stamped(writer, db, with.now)?;
        let stored = from..body.len();
        let mut condition = self.condition.clone();
        let own = item.own_condition(self.shape, self.must_not_exist)?;
        for own in own.into_iter().chain(tenant::guard(db, self.shape)) {
            Condition::join(&mut condition, own);
        }
        with.join(&mut condition);
        body.condition("ConditionExpression", condition.as_ref())?;
        if self.returning_old_on_failure || with.old_item {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok((body, stored))
    }

    /// The time of the write, if the item has anything that tells it.
    fn now(&self, db: &Db) -> Timestamp {
        if self.shape.managed().next().is_some() { db.now() } else { Timestamp::default() }
    }

    /// The request, and where in its body the item stands as it is stored.
    fn request(&self, db: &Db, return_values: Option<&str>) -> Result<(Request, Range<usize>)> {
        let table = db.table_during(Operation::PutItem, self.shape)?;
        let during = |error: Error| error.during(Operation::PutItem, Some(table));
        let now = self.now(db);
        if let Some(effect) = self.effect(db).map_err(during)? {
            let request = Alone::new(db, Operation::PutItem, self, effect, now)?.to_request()?;
            return Ok((request, 0..0));
        }
        let (mut body, stored) = self.body(db, &With::nothing(now)).map_err(during)?;
        if let Some(values) = return_values {
            body.text("ReturnValues", values);
        }
        Ok((body.request(Operation::PutItem, table), stored))
    }

    /// Sends it, and gives the answer.
    async fn send(&self, db: &Db, return_values: Option<&str>) -> Result<Bytes> {
        self.send_keeping(db, return_values, |_, _| Bytes::new()).await.map(|(answer, _)| answer)
    }

    /// Sends it, and gives the answer and the item as it is stored.
    async fn send_and_keep(&self, db: &Db) -> Result<(Bytes, Bytes)> {
        self.send_keeping(db, None, Bytes::slice).await
    }

    /// Sends it, and gives the answer and what `keep` takes of the body, in which the item stands in this range.
    async fn send_keeping(
        &self,
        db: &Db,
        return_values: Option<&str>,
        keep: impl FnOnce(&Bytes, Range<usize>) -> Bytes,
    ) -> Result<(Bytes, Bytes)> {
        let during = |error: Error| error.during(Operation::PutItem, db.table_of(self.shape).ok());
        if let Some(effect) = self.effect(db).map_err(during)? {
            refuse_values(return_values).map_err(during)?;
            let now = self.now(db);
            let write = Alone::new(db, Operation::PutItem, self, effect, now).map_err(during)?;
            tenant::hide_failed_item(db, self.shape, write.execute().await)?;
            let stored = self.item.as_ref().map_err(|error| during(error.clone().into()))?;
            return Ok((Bytes::from_static(b"{}"), stored.stamped(db, now)?.into()));
        }
        let (request, stored) = self.request(db, return_values)?;
        let stored = keep(&request.body, stored);
        let sent = db.send(request).await;
        Ok((tenant::hide_failed_item(db, self.shape, sent)?, stored))
    }

    fn error(&self, db: &Db, error: CodecError) -> Error {
        Error::from(error).during(Operation::PutItem, db.table_of(self.shape).ok())
    }
}

impl Operand for Draft {
    fn word(&self) -> &'static str {
        "Put"
    }

    fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.item.as_ref().map(|item| &item.key).map_err(Clone::clone)
    }

    fn json(&self, db: &Db, with: &With) -> Result<Vec<u8>> {
        Ok(self.body(db, with)?.0.finish())
    }

    fn effect(&self, db: &Db) -> Result<Option<Effect>> {
        if self.shape.unique.is_empty() {
            return Ok(None);
        }
        let item = self.item.as_ref().map_err(Clone::clone)?;
        // A first version is put where there is no item.
        let is_new = self.must_not_exist || item.is_first_version();
        Effect::of_put(db, &item.key, &item.json, is_new)
    }

    fn wants_old_item(&self) -> bool {
        self.returning_old_on_failure
    }
}

impl<M: Model> Put<M, &Db> {
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
    /// let request = db.put(&user).if_not_exists().to_request()?;
    /// assert!(request.json().contains("attribute_not_exists"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the item cannot be stored, or what its unique attributes were must be read first.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.draft.request(self.db, None)?.0)
    }

    /// Writes the item.
    ///
    /// # Errors
    ///
    /// [`ConditionFailed`](crate::ErrorKind::ConditionFailed) if a condition, or the version, does not hold;
    /// [`NotUnique`](crate::ErrorKind::NotUnique) if another item has the value of a unique attribute; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        self.draft.send(self.db, None).await.map(drop)
    }

    /// Writes the item and gives the one that it replaced, if there was one.
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
    /// let old = db.put(&User { credits: 5, ..user }).returning_old().await?;
    /// assert_eq!(old.unwrap().credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Put::execute); [`Codec`](crate::ErrorKind::Codec) if the old item is not an `M`: the new one is
    /// written then all the same.
    pub async fn returning_old(self) -> Result<Option<M>> {
        let response = self.draft.send(self.db, Some("ALL_OLD")).await?;
        decode_attributes(&response).map_err(|error| self.draft.error(self.db, error))
    }

    /// Writes the item and gives it as it is stored: with its version and its times.
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
    /// let new = Account { id: "a1".into(), balance: 0, version: 0 };
    /// let mut account = db.put(&new).returning_new().await?;
    /// assert_eq!(account.version, 1);
    ///
    /// account.balance = 5;
    /// let account = db.put(&account).returning_new().await?;
    /// assert_eq!(account.version, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Put::execute); [`Codec`](crate::ErrorKind::Codec) if what is stored is not read as an `M`: it is
    /// written then all the same.
    pub async fn returning_new(self) -> Result<M> {
        let (_, stored) = self.draft.send_and_keep(self.db).await?;
        let decoded = Reader::new(&stored).and_then(|mut reader| M::decode(&mut reader));
        decoded.map_err(|error| self.draft.error(self.db, error))
    }
}

/// Reads the `Attributes` of a write's response.
pub(crate) fn decode_attributes<R: FromItem>(response: &Bytes) -> Result<Option<R>, CodecError> {
    let mut item = One(None);
    read_member(response, "Attributes", &mut item)?;
    Ok(item.0)
}

/// Whose item, without its values: they belong in no log.
impl<M: Model, D> fmt::Debug for Put<M, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put")
            .field("model", &M::SHAPE.name)
            .field("condition", &self.draft.condition)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::*;

    #[test]
    fn a_put_writes_the_item_with_its_keys() {
        let db = db();
        insta::assert_snapshot!(shown(db.put(&user()).to_request()), @r#"
        {"TableName":"app",
        "Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada@example.com"},"name":{"S":"Ada"},"credits":{"N":"10"}}}
        "#);
        insta::assert_snapshot!(shown(db.put(&order()).to_request()), @r#"
        {"TableName":"app",
        "Item":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"by_status":{"S":"STATUS#open#eu"},"by-status_sk":{"S":"AT#00007"},"customer":{"S":"u1"},"number":{"N":"7"},"status":{"S":"open"},"region":{"S":"eu"},"total":{"N":"70"}}}
        "#);
    }

    #[test]
    fn if_not_exists_asks_for_no_item_of_this_key() {
        let db = db();
        insta::assert_snapshot!(shown(db.put(&user()).if_not_exists().to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada@example.com"},"name":{"S":"Ada"},"credits":{"N":"10"}},
        "ConditionExpression":"attribute_not_exists(#n0)",
        "ExpressionAttributeNames":{"#n0":"pk"}}
        "##);
    }

    #[test]
    fn conditions_must_all_hold() {
        let db = db();
        insta::assert_snapshot!(shown(db.put(&user()).condition(User::CREDITS.lt(5)).condition(User::NAME.eq("A").or(User::NAME.eq("B"))).returning_old_on_failure().to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada@example.com"},"name":{"S":"Ada"},"credits":{"N":"10"}},
        "ConditionExpression":"#n0 < :v0 AND (#n1 = :v1 OR #n1 = :v2)",
        "ReturnValuesOnConditionCheckFailure":"ALL_OLD",
        "ExpressionAttributeNames":{"#n0":"credits","#n1":"name"},
        "ExpressionAttributeValues":{":v0":{"N":"5"},":v1":{"S":"A"},":v2":{"S":"B"}}}
        "##);
    }

    #[test]
    fn a_first_version_needs_that_there_is_no_item() {
        let db = db();
        insta::assert_snapshot!(shown(db.put(&account(0)).to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"},"all-accounts_pk":{"S":"ACCOUNTS"},"all-accounts_sk":{"S":"a1"},"id":{"S":"a1"},"balance":{"N":"5"},"version":{"N":"1"},"created":{"S":"2026-09-21T14:13:20.000000000Z"},"updated":{"S":"2026-09-21T14:13:20.000000000Z"},"expires":{"N":"1790086400"}},
        "ConditionExpression":"attribute_not_exists(#n0)",
        "ExpressionAttributeNames":{"#n0":"pk"}}
        "##);
        let (plain, twice) =
            (db.put(&account(0)).to_request(), db.put(&account(0)).if_not_exists().to_request());
        assert_eq!(plain.unwrap(), twice.unwrap());
    }

    #[test]
    fn a_further_version_needs_the_one_before() {
        let db = db();
        insta::assert_snapshot!(shown(db.put(&account(7)).condition(Account::BALANCE.ge(1)).to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"},"all-accounts_pk":{"S":"ACCOUNTS"},"all-accounts_sk":{"S":"a1"},"id":{"S":"a1"},"balance":{"N":"5"},"version":{"N":"8"},"created":{"S":"2026-09-21T14:13:20.000000000Z"},"updated":{"S":"2026-09-21T14:13:20.000000000Z"},"expires":{"N":"1790086400"}},
        "ConditionExpression":"#n0 >= :v0 AND #n1 = :v1",
        "ExpressionAttributeNames":{"#n0":"balance","#n1":"version"},
        "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"7"}}}
        "##);
    }

    #[test]
    fn times_that_are_set_stay() {
        let db = db();
        let mut account = account(7);
        account.kept.created = Timestamp::from_epoch_seconds(1);
        account.kept.updated = Timestamp::from_epoch_seconds(2);
        account.kept.expires = Some(crate::Ttl::at(Timestamp::from_epoch_seconds(3)));
        insta::assert_snapshot!(shown(db.put(&account).to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"},"all-accounts_pk":{"S":"ACCOUNTS"},"all-accounts_sk":{"S":"a1"},"id":{"S":"a1"},"balance":{"N":"5"},"version":{"N":"8"},"created":{"S":"1970-01-01T00:00:01.000000000Z"},"updated":{"S":"2026-09-21T14:13:20.000000000Z"},"expires":{"N":"3"}},
        "ConditionExpression":"#n0 = :v0",
        "ExpressionAttributeNames":{"#n0":"version"},
        "ExpressionAttributeValues":{":v0":{"N":"7"}}}
        "##);
    }

    #[test]
    fn a_put_that_cannot_be_right_is_refused() {
        let db = db();
        insta::assert_snapshot!(refused(db.put(&account(7)).if_not_exists().to_request()), @r#"PutItem on "app": `if_not_exists` makes a new item, and attribute `version` has the version of a stored one: set it to 0"#);
        insta::assert_snapshot!(refused(db.put(&User { id: String::new(), ..user() }).to_request()), @r#"PutItem on "app": attribute `id` is empty, and DynamoDB keys must not be"#);
        insta::assert_snapshot!(refused(db.put(&User { name: "x".repeat(420_000), ..user() }).to_request()), @r#"PutItem on "app": the item is 420,055 bytes, the limit is 409,600 bytes"#);
        insta::assert_snapshot!(refused(db.put(&Homeless { id: "h".into() }).to_request()), @r#"PutItem: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
        let one = || User::CREDITS.is_in([0; 100]);
        let long = (0..7).fold(one(), |condition, _| condition.or(one()));
        insta::assert_snapshot!(refused(db.put(&user()).condition(long).to_request()), @r#"PutItem on "app": ConditionExpression is 5574 bytes, the limit is 4096 bytes"#);
        let last = db.put(&account(u64::MAX)).to_request().unwrap_err();
        assert_eq!(
            last.to_string(),
            "PutItem on \"app\": attribute `version` is at its highest version already"
        );
    }

    #[test]
    fn no_value_is_shown() {
        let db = db();
        let shown = format!(
            "{:?}",
            db.put(&User { id: SECRET.into(), name: SECRET.into(), ..user() })
                .condition(User::NAME.eq(SECRET))
        );
        assert!(!shown.contains(SECRET), "{shown}");
        let shown = format!(
            "{:?}",
            Put::new(&User { name: SECRET.into(), ..user() })
                .condition(Condition::raw("name = :n", [(":n", SECRET)]))
        );
        assert!(!shown.contains(SECRET), "{shown}");
    }

    #[test]
    fn an_index_key_has_the_limit_of_its_place() {
        #[derive(crate::Model)]
        #[dynamorm(table = "app", pk = id)]
        #[dynamorm(index = "by-place", pk = "COUNTRY#{country}", sk = "CITY#{city}")]
        struct Shop {
            id: String,
            country: String,
            city: String,
        }
        let db = db();
        let request = |country: usize, city: usize| {
            let shop = Shop { id: "s1".into(), country: "x".repeat(country), city: "x".repeat(city) };
            db.put(&shop).to_request()
        };
        // Eight bytes of the one and five of the other are the template's.
        assert!(request(2_040, 1_019).is_ok());
        insta::assert_snapshot!(refused(request(2_041, 1)), @r#"PutItem on "app": attribute `by-place_pk` is 2,049 bytes, the limit for this key is 2,048 bytes"#);
        insta::assert_snapshot!(refused(request(1, 1_020)), @r#"PutItem on "app": attribute `by-place_sk` is 1,025 bytes, the limit for this key is 1,024 bytes"#);
    }
}
