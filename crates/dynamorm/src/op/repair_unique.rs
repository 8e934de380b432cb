//! Mending guards of unique attributes: those that items lack, and those that no item has any more.
//!
//! A Scan of the whole table, and for what it finds wrong a transaction each, under the condition that it is wrong still. So it may
//! run while others write.

use super::body::{Body, read_member};
use super::guarded::{Claim, Guard};
use super::item_key::{identity, read_item};
use super::retry::{CONCURRENCY, transact};
use super::transact_write::{client_token, push_operation};
use crate::codec::{Reader, Writer};
use crate::error::ErrorKind;
use crate::expr::{Condition, EncodedValue};
use crate::key::KeyShape;
use crate::model::{Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::unique::{GuardKey, UniqueShape, head_of, names, owner_names, owner_of};
use crate::{AttributeValue, Db, Error, Item, Result};
use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::fmt;
use std::marker::PhantomData;

/// Tries of one item or guard that others change meanwhile.
const TRIES: u32 = 5;

/// Mends the guards of a model's unique attributes: [`Db::repair_unique`] makes it.
///
/// Costs a Scan of the whole table, consistently, whatever is in it: one read unit for each 4 KB. Besides, one read unit for each
/// unique value and one for each guard, and six write units for what is mended. See
/// [Scan](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).
#[must_use = "a repair does nothing until it is executed"]
pub struct RepairUnique<'db, M> {
    db: &'db Db,
    of: PhantomData<fn() -> M>,
}

/// What a repair has found and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UniqueRepair {
    /// Items of the model.
    pub items: u64,
    /// Guards of the model that were there.
    pub guards: u64,
    /// Guards that were made: items had values without them.
    pub made: u64,
    /// Guards that were removed: their items are gone, or have other values.
    pub removed: u64,
    /// Items and guards that others kept changing, and that are to be looked at again.
    pub left: u64,
    /// Values that two items have: only you can say which one keeps it.
    pub duplicates: Vec<Duplicate>,
}

/// Two items with one value of a unique attribute.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The attribute.
    pub attribute: &'static str,
    /// The key of the item that has the guard.
    pub owner: Item,
    /// The key of the other one, which has none.
    pub other: Item,
}

/// Which attribute, without keys: values belong in no log.
impl fmt::Debug for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplicate").field("attribute", &self.attribute).finish_non_exhaustive()
    }
}

impl Db {
    /// Gives each value of a unique attribute its guard, and removes guards that no item has any more.
    ///
    /// For items that were there before their attribute was unique, or that were written past this library. It scans the whole
    /// table and may run while others write. Models of tenants are mended for all tenants at once.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// /// Before e-mail addresses were unique.
    /// #[derive(Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// struct OldUser { id: String, email: String }
    ///
    /// #[derive(Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// struct User {
    ///     id: String,
    ///     #[dynamorm(unique)]
    ///     email: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// for (id, email) in [("u1", "ada@example.com"), ("u2", "bob@example.com"), ("u3", "ada@example.com")] {
    ///     db.put(&OldUser { id: id.into(), email: email.into() }).execute().await?;
    /// }
    /// let repair = db.repair_unique::<User>().execute().await?;
    /// assert_eq!((repair.items, repair.made), (3, 2));
    ///
    /// // Which of the two is to keep the address, the library cannot know.
    /// assert_eq!(repair.duplicates[0].attribute, "email");
    /// db.delete(User::key("u3")).execute().await?;
    /// assert!(db.repair_unique::<User>().execute().await?.duplicates.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn repair_unique<M: Model>(&self) -> RepairUnique<'_, M> {
        RepairUnique { db: self, of: PhantomData }
    }
}

impl<M: Model> RepairUnique<'_, M> {
    /// Scans the table, and mends what it finds.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if the model has no unique attributes; and those of any operation. What
    /// was mended before stays so: run it again.
    pub async fn execute(self) -> Result<UniqueRepair> {
        Repair { db: self.db, model: M::SHAPE }.run().await
    }
}

/// Whose the repair is. Nothing in it knows the model's type, so it is compiled once.
#[derive(Clone, Copy)]
struct Repair<'db> {
    db: &'db Db,
    model: &'static ModelShape,
}

/// What became of an item or a guard.
enum Outcome {
    Right,
    Made,
    Removed,
    Duplicate(Duplicate),
    Left,
}

impl Repair<'_> {
    async fn run(self) -> Result<UniqueRepair> {
        if self.model.unique.is_empty() {
            let text = format!(
                "`{}` has no unique attributes: mark one with `#[dynamorm(unique)]`",
                self.model.name
            );
            return Err(Error::invalid(text).during(Operation::Scan, self.db.table_of(self.model).ok()));
        }
        let mut repair = UniqueRepair::default();
        let mut start_key = None;
        loop {
            let answer = self.db.send(self.scan(start_key.as_deref())?).await?;
            let (items, last) = self.page(&answer).map_err(|error| self.during(error))?;
            let (guards, items): (Vec<Item>, Vec<Item>) = items
                .into_iter()
                .filter(|item| self.is_guard(item) || self.is_own(item))
                .partition(|item| self.is_guard(item));
            repair.guards += guards.len() as u64;
            repair.items += items.len() as u64;
            let mut mended = Vec::new();
            for item in items {
                for unique in self.model.unique {
                    mended.push(self.mend_item(item.clone(), unique).left_future());
                }
            }
            for guard in guards {
                mended.push(self.mend_guard(guard).right_future());
            }
            let outcomes = stream::iter(mended).buffered(CONCURRENCY).try_collect::<Vec<_>>().await?;
            outcomes.into_iter().for_each(|outcome| repair.count(outcome));
            start_key = last;
            if start_key.is_none() {
                return Ok(repair);
            }
        }
    }

    fn during(self, error: Error) -> Error {
        error.during(Operation::Scan, self.db.table_of(self.model).ok())
    }

    /// The request for a page: of each item its key, and what guards are made of.
    fn scan(self, start_key: Option<&str>) -> Result<Request> {
        let table = self.db.table_during(Operation::Scan, self.model)?;
        let mut body = Body::new(table);
        body.projection(&self.names())?;
        body.flag("ConsistentRead", true);
        if let Some(start_key) = start_key {
            body.json("ExclusiveStartKey", start_key.as_bytes());
        }
        Ok(body.request(Operation::Scan, table))
    }

    fn names(self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = self.model.primary.keys().map(|key| key.attribute).collect();
        all.extend(names(self.model.unique));
        all.extend(owner_names(&self.model.primary).map(|(_, name)| name));
        all.extend(self.model.tenant.map(|tenant| tenant.attribute));
        all.extend(self.model.kept.and_then(|kept| kept.type_name).map(|of| of.attribute));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The items of a page, and where the next one begins.
    fn page(self, answer: &[u8]) -> Result<(Vec<Item>, Option<String>)> {
        let (mut items, mut last) = (Vec::new(), None);
        Reader::new(answer)?.object(|reader, name| match name {
            "Items" => reader.array(|reader| {
                items.push(read_item(reader)?);
                Ok(())
            }),
            "LastEvaluatedKey" if !reader.is_null() => {
                last = Some(reader.raw()?.to_owned());
                Ok(())
            }
            // A null was read by its guard.
            "LastEvaluatedKey" => Ok(()),
            _ => reader.skip(),
        })?;
        Ok((items, last))
    }

    /// True for a guard of this model.
    fn is_guard(self, item: &Item) -> bool {
        let partition = item.get(self.model.primary.partition_key().attribute);
        partition.and_then(AttributeValue::as_s).is_some_and(|text| text.starts_with(&head_of(self.model)))
    }

    /// True for an item of this model, as far as its keys and its type tell.
    fn is_own(self, item: &Item) -> bool {
        let text = |name: &str| item.get(name).and_then(AttributeValue::as_s);
        let fits = |key: &KeyShape| match text(key.attribute) {
            // A shard stands behind it.
            Some(text) if key.is_constant() && self.model.shards.is_none() => text == key.head(),
            Some(text) => text.starts_with(key.head()),
            None => key.head().is_empty(),
        };
        let is_any_guard = text(self.model.primary.partition_key().attribute)
            .is_some_and(|text| text.starts_with(crate::unique::HEAD));
        let has_heads = self.model.primary.keys().any(|key| !key.head().is_empty());
        let of_type = match self.model.kept.and_then(|kept| kept.type_name) {
            None => true,
            Some(of) => text(of.attribute).map_or(has_heads, |name| name == of.name),
        };
        !is_any_guard && of_type && self.model.primary.keys().all(fits)
    }

    fn key_of(self, item: &Item) -> Item {
        let part = |key: &KeyShape| Some((key.attribute.to_owned(), item.get(key.attribute)?.clone()));
        self.model.primary.keys().filter_map(part).collect()
    }

    /// The guard of an item's value, if it has one that can have a guard.
    fn guard_key(self, item: &Item, unique: &UniqueShape) -> Option<GuardKey> {
        let tenant = match self.model.tenant {
            None => None,
            Some(tenant) => Some(item.get(tenant.attribute)?.as_s()?),
        };
        GuardKey::of(self.model, unique, tenant, |name| item.get(name)).unwrap_or(None)
    }

    /// Makes the guard of one value, if it is missing.
    async fn mend_item(self, found: Item, unique: &'static UniqueShape) -> Result<Outcome> {
        let key = self.key_of(&found);
        let mut item = found;
        for tries in 0..TRIES {
            if tries > 0 {
                // It has changed meanwhile.
                match self.read(&key).await? {
                    Some(read) => item = read,
                    None => return Ok(Outcome::Right),
                }
            }
            let Some(guard) = self.guard_key(&item, unique) else { return Ok(Outcome::Right) };
            let stored = self.read(&guard.item(self.model)).await?;
            let owner = stored.as_ref().and_then(|stored| owner_of(self.model, stored));
            let mut checks = vec![self.still(&key, &item)?];
            let mut taken = Guard::of(self.db, self.model, &guard)?;
            taken.takes = Some(Claim::new(0, unique.attribute, self.model, &key));
            match owner {
                Some(owner) if owner == key => return Ok(Outcome::Right),
                Some(owner) => {
                    let other = self.read(&owner).await?.unwrap_or_default();
                    if self.guard_key(&other, unique).as_ref() == Some(&guard) {
                        let duplicate = Duplicate { attribute: unique.attribute, owner, other: key };
                        return Ok(Outcome::Duplicate(duplicate));
                    }
                    // Whoever had it has it no more.
                    taken.gives.push(Claim::new(0, unique.attribute, self.model, &owner));
                    checks.push(self.still(&owner, &other)?);
                }
                None => {}
            }
            if self.send(&checks, &taken).await? {
                return Ok(Outcome::Made);
            }
        }
        Ok(Outcome::Left)
    }

    /// Removes a guard, if no item has its value.
    async fn mend_guard(self, guard: Item) -> Result<Outcome> {
        let key = self.key_of(&guard);
        for _ in 0..TRIES {
            let Some(stored) = self.read(&key).await? else { return Ok(Outcome::Right) };
            let Some(owner) = owner_of(self.model, &stored) else { return Ok(Outcome::Left) };
            let item = self.read(&owner).await?.unwrap_or_default();
            let mut own = self.model.unique.iter().filter_map(|unique| self.guard_key(&item, unique));
            if own.any(|own| own.item(self.model) == key) {
                return Ok(Outcome::Right);
            }
            let mut removed = Guard::of_item(self.db, self.model, key.clone())?;
            removed.gives.push(Claim::new(0, "", self.model, &owner));
            if self.send(&[self.still(&owner, &item)?], &removed).await? {
                return Ok(Outcome::Removed);
            }
        }
        Ok(Outcome::Left)
    }

    /// Reads an item, or a guard, as it is now.
    async fn read(self, key: &Item) -> Result<Option<Item>> {
        let table = self.db.table_during(Operation::GetItem, self.model)?;
        let mut body = Body::new(table);
        body.json("Key", &identity(key));
        body.flag("ConsistentRead", true);
        body.projection(&self.names())?;
        let answer = self.db.send(body.request(Operation::GetItem, table)).await?;
        let mut item = None;
        let read = read_member(&answer, "Item", &mut |reader: &mut Reader<'_>| {
            item = Some(read_item(reader)?);
            Ok(())
        });
        read.map_err(|error| Error::from(error).during(Operation::GetItem, Some(table)))?;
        Ok(item)
    }

    /// The check that an item's unique attributes are as they were read.
    fn still(self, key: &Item, item: &Item) -> Result<Vec<u8>> {
        let mut body = Body::new(self.db.table_of(self.model)?);
        body.json("Key", &identity(key));
        let mut condition = None;
        for name in names(self.model.unique) {
            let is = match item.get(name) {
                Some(value) => Condition::<()>::equals(name, EncodedValue::of(value)),
                None => Condition::about("attribute_not_exists", name),
            };
            Condition::join(&mut condition, is);
        }
        body.condition("ConditionExpression", condition.as_ref())?;
        Ok(body.finish())
    }

    /// Sends the checks with what happens to the guard. False if one of them is not true any more.
    async fn send(self, checks: &[Vec<u8>], guard: &Guard) -> Result<bool> {
        let mut writer = Writer::with_capacity(1024);
        writer.raw("{\"TransactItems\":[");
        push_operation(&mut writer, true, guard.word(), &guard.json()?);
        for check in checks {
            push_operation(&mut writer, false, "ConditionCheck", check);
        }
        writer.raw("],\"ClientRequestToken\":");
        writer.json_string(&client_token(self.db, None)?);
        writer.raw("}");
        let request = Request {
            operation: Operation::TransactWriteItems,
            tables: vec![guard.table().to_owned()],
            body: writer.into_bytes().into(),
        };
        match transact(self.db, request, true).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_throttled() => Err(error),
            Err(error) if matches!(error.kind(), ErrorKind::TransactionCanceled | ErrorKind::Conflict) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl UniqueRepair {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Right => {}
            Outcome::Made => self.made += 1,
            Outcome::Removed => self.removed += 1,
            Outcome::Duplicate(duplicate) => self.duplicates.push(duplicate),
            Outcome::Left => self.left += 1,
        }
    }
}

impl<M: Model> fmt::Debug for RepairUnique<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepairUnique").field("model", &M::SHAPE.name).finish_non_exhaustive()
    }
}
