//! TransactWriteItems: up to 100 writes and checks, all or none.

use super::guarded::{Effect, Guard, Guarded, With};
use super::item_key::{EncodedKey, ItemKey};
use super::{Check, IntoDelete, IntoPut, Update};
use crate::codec::{CodecError, Reader, Writer, item_bytes};
use crate::model::ModelShape;
use crate::transport::{Operation, Request};
use crate::{Db, Error, ReachedByDb, Result, Within, limits, tenant};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;

/// Writes up to 100 items of any tables, all or none: [`Db::transact_write`] makes it.
///
/// Its operations are values, so that a function of yours can return one. A token makes it safe to send twice: DynamoDB
/// carries out what has the same token once in ten minutes. Without one of yours ([`token`](TransactWrite::token)) each
/// call has its own.
///
/// A transaction that conflicts with another request, is over a rate, or has lost its answer is sent again, a few times, after
/// a growing pause: the same bytes with the same token, so that it is carried out once.
/// [`no_retries`](TransactWrite::no_retries) turns it off. A condition that failed is never tried again.
///
/// Writes of unique attributes bring their guards along, which count among the 100; what two of them do to one guard is one
/// operation, so that a value can change hands. See [`guide::unique`](crate::guide::unique).
///
/// Costs twice the write units that its writes would cost alone, a check as much as a write. See
/// [TransactWriteItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
#[must_use = "a transaction writes nothing until it is executed"]
pub struct TransactWrite<'db, S = ReachedByDb> {
    db: &'db Db,
    of: PhantomData<fn() -> S>,
    operations: Vec<Box<dyn Operand>>,
    token: Option<String>,
    retries: bool,
}

/// One operation of a transaction, of whatever model. Its JSON is made at the terminal, since it holds the time of the write.
pub(super) trait Operand: Send + Sync {
    /// The member of `TransactItems` that it stands under.
    fn word(&self) -> &'static str;
    /// The item that it is about.
    fn key(&self) -> Result<&EncodedKey, CodecError>;
    /// What stands under its word.
    fn json(&self, db: &Db, with: &With) -> Result<Vec<u8>>;

    /// What it does to unique attributes, if it does anything.
    fn effect(&self, db: &Db) -> Result<Option<Effect>> {
        let _ = db;
        Ok(None)
    }

    /// True if the item is asked for if the condition fails.
    fn wants_old_item(&self) -> bool {
        false
    }
}

impl Db {
    /// Writes several items, all or none.
    ///
    /// ```
    /// # use dynamorm::{Check, Db, Model, Put, Result, Update};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, active: bool }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for id in ["u1", "u2", "u3"] {
    /// #     db.put(&User { id: id.into(), credits: 10, active: true }).execute().await?;
    /// # }
    /// /// Takes `n` credits from a user, or fails the transaction it is part of.
    /// fn debit(id: &str, n: i64) -> Update<User> {
    ///     Update::new(User::key(id)).add(User::CREDITS, -n).condition(User::CREDITS.ge(n))
    /// }
    ///
    /// let refused = db
    ///     .transact_write()
    ///     .check(Check::new(User::key("u3"), User::ACTIVE.eq(true)))
    ///     .update(debit("u1", 70))
    ///     .update(Update::new(User::key("u2")).add(User::CREDITS, 70).if_exists())
    ///     .execute()
    ///     .await;
    /// let err = refused.unwrap_err();
    /// assert!(err.is_condition_failed());
    /// assert_eq!(err.cancellations()[0].operation, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn transact_write(&self) -> TransactWrite<'_> {
        TransactWrite::of(self)
    }
}

impl<'db, S> TransactWrite<'db, S> {
    pub(crate) fn of(db: &'db Db) -> Self {
        Self { db, of: PhantomData, operations: Vec::new(), token: None, retries: true }
    }

    /// Adds a put: `&item`, or a [`Put`](crate::Put) with its conditions.
    pub fn put<M: Within<S>>(self, put: impl IntoPut<M>) -> Self {
        self.with(put.into_put().into_draft())
    }

    /// Adds an update.
    pub fn update<M: Within<S>>(self, update: Update<M>) -> Self {
        self.with(update.into_draft())
    }

    /// Adds a delete: a key, `&item`, or a [`Delete`](crate::Delete) with its conditions.
    pub fn delete<M: Within<S>>(self, delete: impl IntoDelete<M>) -> Self {
        self.with(delete.into_delete().into_draft())
    }

    /// Adds a check of an item that the transaction does not write.
    pub fn check<M: Within<S>>(self, check: Check<M>) -> Self {
        self.with(check.into_draft())
    }

    /// Makes calls with the same token one transaction: whoever repeats it within ten minutes writes nothing more. 1 to 36
    /// characters.
    ///
    /// The repeat must say the same to the byte, else DynamoDB refuses it. The times that the library sets are part of that:
    /// to repeat such writes in another call, hold their time still with [`Db::clock`].
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
    /// let debit = || db.transact_write().update(Update::new(User::key("u1")).add(User::CREDITS, -7)).token("order-42");
    /// debit().execute().await?;
    /// debit().execute().await?; // The same transaction: nothing more is written.
    /// assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Tells a conflict with another request, and any other passing refusal, at once instead of trying again.
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
    /// db.transact_write().put(&user).no_retries().execute().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn no_retries(mut self) -> Self {
        self.retries = false;
        self
    }

    fn with(mut self, operation: impl Operand + 'static) -> Self {
        self.operations.push(Box::new(operation));
        self
    }

    /// Shows the request, without sending it. Without a token of yours it shows a new one each time.
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
    /// let request = db.transact_write().put(&user).delete(User::key("u2")).to_request()?;
    /// assert!(request.json().contains(r#"{"Delete":{"TableName":"app","Key":{"pk":{"S":"USER#u2"}}}}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no operations, more than 100 with the guards of unique attributes, or two on the same item; if one of them cannot
    /// be right; or if what a unique attribute was must be read first.
    pub fn to_request(&self) -> Result<Request> {
        self.request().map_err(|error| error.during(Operation::TransactWriteItems, None))
    }

    fn request(&self) -> Result<Request> {
        self.guarded()?.to_request()
    }

    /// The operations, and what each does to unique attributes.
    fn guarded(&self) -> Result<Guarded<'_>> {
        let operations: Vec<&dyn Operand> = self.operations.iter().map(Box::as_ref).collect();
        let effect = |(nth, operation): (usize, &&dyn Operand)| {
            operation.effect(self.db).map_err(|error| error.in_operation(nth))
        };
        let effects = operations.iter().enumerate().map(effect).collect::<Result<_>>()?;
        let mut guarded = Guarded::new(self.db, operations, effects, self.db.now());
        (guarded.token, guarded.retries) = (self.token.as_deref(), self.retries);
        Ok(guarded)
    }

    /// Carries out the transaction.
    ///
    /// # Errors
    ///
    /// [`TransactionCanceled`](crate::ErrorKind::TransactionCanceled) if an operation is at fault:
    /// [`cancellations`](Error::cancellations) tells which ones and why, and nothing is written.
    /// [`Transport`](crate::ErrorKind::Transport) if no try had an answer: it may or may not have been carried out, and the same
    /// [`token`](TransactWrite::token) makes it safe to repeat. And those of any operation.
    pub async fn execute(self) -> Result<()> {
        let models = self.operations.iter().filter_map(|operation| Some(operation.key().ok()?.model));
        let models: Vec<&'static ModelShape> = models.collect();
        let during = |error: Error| error.during(Operation::TransactWriteItems, None);
        let sent = self.guarded().map_err(during)?.execute().await.map_err(during);
        tenant::hide_cancelled_items(self.db, &models, sent)
    }
}

/// The request of these operations and of the guards that stand behind them.
pub(super) fn request_of(
    db: &Db,
    operations: &[&dyn Operand],
    withs: &[With],
    guards: &[Guard],
    token: Option<&str>,
) -> Result<Request> {
    let (count, limit) = (operations.len() + guards.len(), limits::TRANSACT_WRITE_ITEMS);
    if operations.is_empty() || count > limit {
        return Err(Error::invalid(match guards.len() {
            0 => format!("the transaction has {count} operations, it takes 1 to {limit}"),
            guards => format!(
                "the transaction has {} operations and {guards} guards of unique attributes, it takes {limit} together",
                operations.len()
            ),
        }));
    }
    let mut keys: Vec<ItemKey> = Vec::with_capacity(operations.len());
    let mut writer = Writer::with_capacity(256 * count);
    writer.raw("{\"TransactItems\":[");
    for (nth, (operation, with)) in operations.iter().zip(withs).enumerate() {
        let in_operation = |error: Error| error.in_operation(nth);
        let json = operation.json(db, with).map_err(in_operation)?;
        let key = operation.key().map_err(|error| in_operation(error.into()))?;
        let key = ItemKey::new(db, key).map_err(in_operation)?;
        if let Some(first) = keys.iter().position(|known| *known == key) {
            return Err(Error::invalid(format!(
                "operations {first} and {nth} are on the same item: a transaction takes one for each"
            )));
        }
        keys.push(key);
        push_operation(&mut writer, nth == 0, operation.word(), &json);
    }
    for guard in guards {
        push_operation(&mut writer, false, guard.word(), &guard.json()?);
    }
    writer.raw("]");
    check_size(writer.as_bytes())?;
    writer.raw(",\"ClientRequestToken\":");
    writer.json_string(&client_token(db, token)?);
    writer.raw("}");
    let guarded = guards.iter().map(|guard| guard.table().to_owned());
    let mut tables: Vec<String> = keys.into_iter().map(|key| key.table).chain(guarded).collect();
    tables.sort_unstable();
    tables.dedup();
    Ok(Request { operation: Operation::TransactWriteItems, tables, body: Bytes::from(writer.into_bytes()) })
}

pub(super) fn push_operation(writer: &mut Writer, is_first: bool, word: &str, json: &[u8]) {
    writer.raw(if is_first { "{\"" } else { ",{\"" });
    writer.raw(word);
    writer.raw("\":");
    writer.raw_bytes(json);
    writer.raw("}");
}

/// The token of one transaction: the user's, or a new one.
pub(crate) fn client_token(db: &Db, token: Option<&str>) -> Result<String> {
    match token {
        Some(token) if (1..=36).contains(&token.chars().count()) => Ok(token.to_owned()),
        Some(token) => Err(Error::invalid(format!(
            "the token has {} characters, it takes 1 to 36",
            token.chars().count()
        ))),
        None => db.new_token(),
    }
}

/// Checks the size of the items that a transaction puts, as DynamoDB counts it, before it is sent. `operations` is the request
/// so far: `{"TransactItems":[…]`.
fn check_size(operations: &[u8]) -> Result<()> {
    let limit = limits::TRANSACT_WRITE_BYTES;
    // Items are never larger than their JSON, so only a large request needs to be counted.
    if operations.len() <= limit {
        return Ok(());
    }
    let mut bytes = 0;
    let list = operations.strip_prefix(b"{\"TransactItems\":").unwrap_or_default();
    Reader::new(list)?.array(|reader| {
        reader.object(|reader, _| {
            reader.object(|reader, name| {
                match name {
                    "Item" => bytes += item_bytes(reader.raw()?)?,
                    _ => reader.skip()?,
                }
                Ok(())
            })
        })
    })?;
    if bytes > limit {
        return Err(Error::invalid(format!(
            "the items are {} bytes together, the limit is {} bytes",
            limits::grouped(bytes),
            limits::grouped(limit)
        )));
    }
    Ok(())
}

/// What it does to how many items, without values: they belong in no log.
impl<S> fmt::Debug for TransactWrite<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.operations.iter().map(|operation| operation.word())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::*;
    use crate::{Delete, Put};

    #[test]
    fn each_operation_stands_under_its_word() {
        let db = db();
        insta::assert_snapshot!(shown(db.transact_write().put(&user()).put(Put::new(&account(0)).returning_old_on_failure()).update(Update::new(Account::key("a2")).add(Account::BALANCE, -7).condition(Account::BALANCE.ge(7))).delete(User::key("u2")).delete(Delete::new(&account_of("a3"))).check(Check::new(User::key("u3"), User::CREDITS.gt(0)).returning_old_on_failure()).token("order-42").to_request()), @r##"
        {"TransactItems":[{"Put":{"TableName":"app","Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada@example.com"},"name":{"S":"Ada"},"credits":{"N":"10"}}}},
        {"Put":{"TableName":"app","Item":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"},"all-accounts_pk":{"S":"ACCOUNTS"},"all-accounts_sk":{"S":"a1"},"id":{"S":"a1"},"balance":{"N":"5"},"version":{"N":"1"},"created":{"S":"2026-09-21T14:13:20.000000000Z"},"updated":{"S":"2026-09-21T14:13:20.000000000Z"},"expires":{"N":"1790086400"}},"ConditionExpression":"attribute_not_exists(#n0)","ReturnValuesOnConditionCheckFailure":"ALL_OLD","ExpressionAttributeNames":{"#n0":"pk"}}},
        {"Update":{"TableName":"app","Key":{"pk":{"S":"ACCOUNT#a2"},"sk":{"S":"ACCOUNT"}},"UpdateExpression":"SET #n2 = if_not_exists(#n2, :v2), #n3 = :v3, #n4 = :v4, #n5 = if_not_exists(#n5, :v5), #n6 = if_not_exists(#n6, :v6), #n7 = if_not_exists(#n7, :v7) ADD #n0 :v0, #n1 :v1","ConditionExpression":"#n0 >= :v8","ExpressionAttributeNames":{"#n0":"balance","#n1":"version","#n2":"created","#n3":"updated","#n4":"expires","#n5":"all-accounts_pk","#n6":"all-accounts_sk","#n7":"id"},"ExpressionAttributeValues":{":v0":{"N":"-7"},":v1":{"N":"1"},":v2":{"S":"2026-09-21T14:13:20.000000000Z"},":v3":{"S":"2026-09-21T14:13:20.000000000Z"},":v4":{"N":"1790086400"},":v5":{"S":"ACCOUNTS"},":v6":{"S":"a2"},":v7":{"S":"a2"},":v8":{"N":"7"}}}},
        {"Delete":{"TableName":"app","Key":{"pk":{"S":"USER#u2"},"sk":{"S":"PROFILE"}}}},
        {"Delete":{"TableName":"app","Key":{"pk":{"S":"ACCOUNT#a3"},"sk":{"S":"ACCOUNT"}},"ConditionExpression":"#n0 = :v0","ExpressionAttributeNames":{"#n0":"version"},"ExpressionAttributeValues":{":v0":{"N":"7"}}}},
        {"ConditionCheck":{"TableName":"app","Key":{"pk":{"S":"USER#u3"},"sk":{"S":"PROFILE"}},"ConditionExpression":"#n0 > :v0","ReturnValuesOnConditionCheckFailure":"ALL_OLD","ExpressionAttributeNames":{"#n0":"credits"},"ExpressionAttributeValues":{":v0":{"N":"0"}}}}],
        "ClientRequestToken":"order-42"}
        "##);
        let request = db.transact_write().put(&user()).delete(Note::key("n1", 7_u64)).to_request().unwrap();
        assert_eq!(request.tables, ["app", "notes"]);
    }

    #[test]
    fn items_over_four_megabytes_together_are_refused() {
        let db = db();
        let transaction = |count: u32| {
            (0..count).fold(db.transact_write(), |transaction, nth| {
                transaction.put(&User { id: nth.to_string(), name: "x".repeat(399_000), ..user() })
            })
        };
        assert!(transaction(10).to_request().is_ok());
        insta::assert_snapshot!(refused(transaction(11).to_request()), @"TransactWriteItems: the items are 4,389,585 bytes together, the limit is 4,194,304 bytes");
    }

    #[test]
    fn each_call_has_a_token_of_its_own() {
        let db = db();
        let transaction = db.transact_write().put(&user());
        assert_ne!(transaction.to_request().unwrap(), transaction.to_request().unwrap());
    }

    #[test]
    fn a_transaction_that_cannot_be_right_is_refused() {
        let db = db();
        insta::assert_snapshot!(refused(db.transact_write().to_request()), @"TransactWriteItems: the transaction has 0 operations, it takes 1 to 100");
        insta::assert_snapshot!(refused((0..101_u64).fold(db.transact_write(), |transaction, at| transaction.delete(Note::key("n", at))).to_request()), @"TransactWriteItems: the transaction has 101 operations, it takes 1 to 100");
        insta::assert_snapshot!(refused(db.transact_write().put(&user()).delete(User::key("u1")).to_request()), @"TransactWriteItems: operations 0 and 1 are on the same item: a transaction takes one for each");
        insta::assert_snapshot!(refused(db.transact_write().put(&user()).delete(User::key("")).to_request()), @"TransactWriteItems: operation 1: attribute `id` is empty, and DynamoDB keys must not be");
        insta::assert_snapshot!(refused(db.transact_write().put(&user()).update(Update::new(User::key("u2"))).to_request()), @"TransactWriteItems: operation 1: the update changes nothing: call `set`, `add`, `remove` or `delete`");
        insta::assert_snapshot!(refused(db.transact_write().put(&user()).token("").to_request()), @"TransactWriteItems: the token has 0 characters, it takes 1 to 36");
        insta::assert_snapshot!(refused(db.transact_write().put(&user()).token("x".repeat(37)).to_request()), @"TransactWriteItems: the token has 37 characters, it takes 1 to 36");
        insta::assert_snapshot!(refused(db.transact_write().delete(Homeless::key("h")).to_request()), @r#"TransactWriteItems: operation 0: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    }

    fn account_of(id: &str) -> Account {
        Account { id: id.into(), ..account(7) }
    }

    #[test]
    fn no_value_is_shown() {
        let db = db();
        let shown = format!(
            "{:?}",
            db.transact_write()
                .put(&User { name: SECRET.into(), ..user() })
                .check(Check::new(User::key(SECRET), User::NAME.eq(SECRET)))
                .token(SECRET)
        );
        assert!(!shown.contains(SECRET), "{shown}");
        let shown = format!("{:?}", Check::new(User::key(SECRET), User::NAME.eq(SECRET)));
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
