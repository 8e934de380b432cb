//! UpdateItem: attributes of one item.

use super::Detached;
use super::body::Body;
use super::item_key::EncodedKey;
use super::put::decode_attributes;
use crate::codec::{CodecError, Reader, Writer};
use crate::error::ErrorKind;
use crate::expr::update::{Action, Changes, Clauses, Right};
use crate::expr::{Addable, Condition, Deletable, EncodedValue, IntoAttr, Optional, Placeholders, SetValue};
use crate::key::{IndexShape, KeyShape, Part, Segment, render};
use crate::lifecycle::{ManagedValue, Role, Stamp, expiry};
use crate::model::{Key, Model};
use crate::transport::{Operation, Request};
use crate::{Attr, Changeable, Db, Error, Result, Timestamp, limits};
use std::fmt;

/// Changes attributes of one item: [`Db::update`] makes it to run, [`Update::new`] for a transaction.
///
/// As DynamoDB has it, an update of an absent item makes one, of the key and the attributes that it sets:
/// [`if_exists`](Update::if_exists) forbids that. With `&item` instead of a key, the item must exist, and still have the same
/// version if the model has one. The attributes that the library keeps are set on the way: the version is raised by one, `updated_at` and
/// a time to live with a span are set anew. An index key that is made of a changed attribute is made anew too; where that
/// needs attributes that the update does not set, it is refused.
///
/// Costs one write unit for each KB of the larger of the old and the new item, and as much again for each index that holds
/// it. See [UpdateItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html).
///
/// A lost answer may make the AWS client send an update twice, and then an `add` counts twice: where that matters, put the
/// update into a transaction, which carries a token.
#[must_use = "an update writes nothing until it is executed or added to a transaction"]
pub struct Update<M, D = Detached> {
    target: Result<Target, CodecError>,
    changes: Changes,
    condition: Option<Condition<M>>,
    must_exist: bool,
    returning_old_on_failure: bool,
    db: D,
}

#[derive(Debug, Clone)]
struct Target {
    key: EncodedKey,
    /// Attributes that the key is made of, as JSON: an item that the update makes must have them.
    fields: Members,
    /// The key's own attributes, as JSON.
    key_attributes: Members,
    version: Option<ManagedValue>,
    must_exist: bool,
}

/// Attributes by name, as JSON.
type Members = Vec<(String, Vec<u8>)>;

fn members(json: &[u8]) -> Result<Members, CodecError> {
    let mut members = Members::new();
    Reader::new(json)?.object(|reader, name| {
        members.push((name.to_owned(), reader.raw()?.as_bytes().to_vec()));
        Ok(())
    })?;
    Ok(members)
}

impl Target {
    fn of<K: Key>(key: &K) -> Result<Self, CodecError> {
        let mut writer = Writer::new();
        writer.item(|item| key.encode_fields(item))?;
        let key_json = EncodedKey::of(key)?;
        Ok(Self {
            fields: members(&writer.into_bytes())?,
            key_attributes: members(&key_json.json)?,
            key: key_json,
            version: key.version()?,
            must_exist: key.is_of_item(),
        })
    }

    /// The value of an attribute, if it is one that the key tells.
    fn of_key(&self, name: &str) -> Option<&Vec<u8>> {
        self.fields.iter().chain(&self.key_attributes).find(|(known, _)| known == name).map(|(_, json)| json)
    }
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
    pub fn update<K: Key>(&self, key: K) -> Update<K::Model, &Db> {
        Update::with(&key, self)
    }
}

impl<M: Model> Update<M> {
    /// An update for a transaction.
    pub fn new(key: impl Key<Model = M>) -> Self {
        Update::with(&key, Detached)
    }
}

impl<M: Model, D> Update<M, D> {
    fn with<K: Key<Model = M>>(key: &K, db: D) -> Self {
        Self {
            target: Target::of(key),
            changes: Changes::default(),
            condition: None,
            must_exist: false,
            returning_old_on_failure: false,
            db,
        }
    }

    /// Sets an attribute to a value, or to a calculation such as `User::CREDITS.minus(7)`.
    pub fn set<T, R: Changeable, By>(
        mut self,
        attribute: Attr<M, T, R>,
        value: impl SetValue<M, T, By>,
    ) -> Self {
        self.changes.push(attribute.name(), Action::Set(value.into_right().0));
        self
    }

    /// Adds to a number, which may be negative, or to a set. An absent attribute counts as 0, or as the empty set.
    pub fn add<T: Addable, R: Changeable>(
        mut self,
        attribute: Attr<M, T, R>,
        value: impl IntoAttr<T>,
    ) -> Self {
        self.changes.push(attribute.name(), Action::Add(value.into_value()));
        self
    }

    /// Removes an attribute that the model can do without: an `Option` or a set.
    pub fn remove<T: Optional, R: Changeable>(mut self, attribute: Attr<M, T, R>) -> Self {
        self.changes.push(attribute.name(), Action::Remove);
        self
    }

    /// Deletes elements from a set.
    pub fn delete<T: Deletable, R: Changeable>(
        mut self,
        attribute: Attr<M, T, R>,
        elements: impl IntoAttr<T>,
    ) -> Self {
        self.changes.push(attribute.name(), Action::Delete(elements.into_value()));
        self
    }

    /// Writes only if the item exists.
    pub fn if_exists(mut self) -> Self {
        self.must_exist = true;
        self
    }

    /// Writes only if this is true of the stored item. Several conditions must all be true.
    pub fn condition(mut self, condition: Condition<M>) -> Self {
        Condition::join(&mut self.condition, condition);
        self
    }

    /// Gives the stored item with the error if a condition fails: `err.item::<User>()`.
    pub fn returning_old_on_failure(mut self) -> Self {
        self.returning_old_on_failure = true;
        self
    }

    fn body(&self, db: &Db) -> Result<Body> {
        let target = self.target.as_ref().map_err(Clone::clone)?;
        if self.changes.is_empty() {
            return Err(Error::invalid(
                "the update changes nothing: call `set`, `add`, `remove` or `delete`",
            ));
        }
        let mut changes = self.changes.clone();
        // DynamoDB refuses an empty key of an index; leaving the attribute out takes the item out of the index.
        changes.remove_where(|name, json| {
            let is_key =
                M::SHAPE.index_keys().any(|(_, key)| key.template.is_empty() && key.attribute == name);
            is_key && matches!(json, b"{\"S\":\"\"}" | b"{\"B\":\"\"}")
        })?;
        let mut body = Body::new(db.table_of(M::SHAPE)?);
        body.json("Key", &target.key.json);
        let exists = self.must_exist || target.must_exist;
        let text = changes.render(body.placeholders(), |clauses, request| {
            push_managed::<M>(&changes, exists, clauses, request, db.now())?;
            push_index_keys::<M>(&changes, target, clauses, request)?;
            if !exists {
                push_index_keys_of_key::<M>(&changes, target, clauses, request)?;
                for (name, json) in &target.fields {
                    clauses.set_if_absent(name.clone(), json.clone(), request);
                }
            }
            Ok(())
        })?;
        body.expression("UpdateExpression", &text)?;
        body.condition("ConditionExpression", self.whole_condition(target).as_ref())?;
        if self.returning_old_on_failure {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(body)
    }

    fn whole_condition(&self, target: &Target) -> Option<Condition<M>> {
        let mut condition = self.condition.clone();
        match target.version {
            // An item of this version exists.
            Some(version) => Condition::join(&mut condition, version_condition(version)),
            None if self.must_exist || target.must_exist => Condition::join(&mut condition, exists()),
            None => {}
        }
        condition
    }

    /// The operation as it stands in a transaction.
    pub(crate) fn transact(&self, db: &Db) -> Result<Vec<u8>> {
        Ok(self.body(db)?.finish())
    }

    pub(crate) fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.target.as_ref().map(|target| &target.key).map_err(Clone::clone)
    }
}

/// An item of this key exists.
fn exists<M: Model>() -> Condition<M> {
    Condition::about("attribute_exists", M::SHAPE.primary.partition.attribute)
}

/// An item exists and has this version. An item from before there were versions has none, and is read as 0.
pub(crate) fn version_condition<M: Model>(version: ManagedValue) -> Condition<M> {
    let name = M::SHAPE.version().unwrap_or_default();
    match version {
        ManagedValue::Version(version) => Condition::equals(name, EncodedValue::of(&version)),
        ManagedValue::Unset | ManagedValue::Time(_) => {
            exists().and(Condition::about("attribute_not_exists", name))
        }
    }
}

/// Adds what the library keeps: version, times, time to live. An item that exists was not created now, whether or not it says
/// when it was.
fn push_managed<M: Model>(
    changes: &Changes,
    exists: bool,
    clauses: &mut Clauses,
    request: &mut Placeholders,
    now: Timestamp,
) -> Result<()> {
    for attribute in M::SHAPE.managed() {
        let name = attribute.name;
        match attribute.role {
            Role::Version => clauses.add(name, Stamp::Version(1).json()?, request),
            Role::CreatedAt if exists => {}
            Role::CreatedAt => clauses.set_if_absent(name, Stamp::Time(now).json()?, request),
            Role::UpdatedAt => clauses.set_value(name, Stamp::Time(now).json()?, request),
            Role::Ttl { after: Some(seconds) } if changes.of(name).is_none() => {
                clauses.set_value(name, Stamp::Ttl(expiry(now, seconds)).json()?, request);
            }
            Role::Ttl { .. } => {}
        }
    }
    Ok(())
}

/// Makes each index key anew that is made of a changed attribute.
fn push_index_keys<M: Model>(
    changes: &Changes,
    target: &Target,
    clauses: &mut Clauses,
    request: &mut Placeholders,
) -> Result<()> {
    let mut done: Vec<&str> = Vec::new();
    for (index, key) in M::SHAPE.index_keys() {
        let changed = !key.template.is_empty() && key.fields().any(|field| changes.of(field).is_some());
        if !changed || done.contains(&key.attribute) {
            continue;
        }
        done.push(key.attribute);
        match new_index_key(index, key, changes, target)? {
            Some(json) => clauses.set_value(key.attribute, json, request),
            None => clauses.remove(key.attribute, request),
        }
    }
    Ok(())
}

/// Gives an item that the update makes each index key that the primary key tells, or that is the same for all items.
fn push_index_keys_of_key<M: Model>(
    changes: &Changes,
    target: &Target,
    clauses: &mut Clauses,
    request: &mut Placeholders,
) -> Result<()> {
    let mut done: Vec<&str> = M::SHAPE.primary.keys().map(|key| key.attribute).collect();
    for (index, key) in M::SHAPE.index_keys() {
        let told = !key.template.is_empty() && key.fields().all(|field| target.of_key(field).is_some());
        if !told || done.contains(&key.attribute) {
            continue;
        }
        done.push(key.attribute);
        if let Some(json) = new_index_key(index, key, changes, target)? {
            clauses.set_if_absent(key.attribute, json, request);
        }
    }
    Ok(())
}

/// The value of an index key after the update, or `None` if the item leaves the index.
fn new_index_key(
    index: &IndexShape,
    key: &KeyShape,
    changes: &Changes,
    target: &Target,
) -> Result<Option<Vec<u8>>> {
    let (mut parts, mut missing) = (Vec::new(), Vec::new());
    let mut leaves_index = false;
    for segment in key.template {
        let Segment::Field { name, part } = segment else { continue };
        let json = match changes.of(name).map(|change| &change.action) {
            Some(Action::Set(Right::Value(value))) => value.clone().into_json(name)?,
            Some(Action::Remove) => {
                leaves_index = true;
                continue;
            }
            Some(Action::Set(_) | Action::Add(_) | Action::Delete(_)) => {
                return Err(Error::invalid(format!(
                    "attribute `{name}` is in the key of index \"{}\": set it to a value, so that the key can be made anew",
                    index.name
                )));
            }
            None => target.of_key(name).cloned(),
        };
        match json {
            Some(json) => match part(&mut Reader::new(&json)?)? {
                Some(part) => parts.push(part),
                None => leaves_index = true,
            },
            None => missing.push(*name),
        }
    }
    if leaves_index {
        return Ok(None);
    }
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        return Err(Error::invalid(format!(
            "the key of index \"{}\" is also made of {}: set it in the same update, or the index would go stale",
            index.name,
            names.join(" and ")
        )));
    }
    let limit = match &index.sort {
        Some(sort) if sort.attribute == key.attribute => limits::SORT_KEY_BYTES,
        _ => limits::PARTITION_KEY_BYTES,
    };
    Ok(Some(index_key_json(key, &parts, limit)?))
}

fn index_key_json(key: &KeyShape, parts: &[Part<'_>], limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut writer = Writer::new();
    render(key, parts, limit)?.encode(&mut writer);
    Ok(writer.into_bytes())
}

impl<M: Model> Update<M, &Db> {
    /// Shows the request, without sending it.
    ///
    /// # Errors
    ///
    /// If the update cannot be right: it changes nothing, or one attribute twice, or leaves an index key stale.
    pub fn to_request(&self) -> Result<Request> {
        self.request(None)
    }

    fn request(&self, return_values: Option<&str>) -> Result<Request> {
        let table = self.db.table_during(Operation::UpdateItem, M::SHAPE)?;
        let mut body =
            self.body(self.db).map_err(|error| error.during(Operation::UpdateItem, Some(table)))?;
        if let Some(values) = return_values {
            body.text("ReturnValues", values);
        }
        Ok(body.request(Operation::UpdateItem, table))
    }

    /// Makes the changes.
    ///
    /// # Errors
    ///
    /// [`ConditionFailed`](crate::ErrorKind::ConditionFailed) if a condition, or the version, does not hold; and those of
    /// any operation.
    pub async fn execute(self) -> Result<()> {
        self.db.send(self.request(None)?).await.map(drop)
    }

    /// Makes the changes and gives the item as it is then.
    ///
    /// # Errors
    ///
    /// Those of [`execute`](Update::execute); [`Codec`](crate::ErrorKind::Codec) if the item is not an `M`: the changes are
    /// made then all the same.
    pub async fn returning_new(self) -> Result<M> {
        let error = |error: Error| error.during(Operation::UpdateItem, self.db.table_of(M::SHAPE).ok());
        let response = self.db.send(self.request(Some("ALL_NEW"))?).await?;
        decode_attributes(&response)
            .map_err(|problem| error(problem.into()))?
            .ok_or_else(|| error(Error::new(ErrorKind::Service, "the answer has no attributes")))
    }

    /// Makes the changes and gives the item as it was before, if there was one.
    ///
    /// # Errors
    ///
    /// Those of [`returning_new`](Update::returning_new).
    pub async fn returning_old(self) -> Result<Option<M>> {
        let response = self.db.send(self.request(Some("ALL_OLD"))?).await?;
        decode_attributes(&response).map_err(|error| {
            Error::from(error).during(Operation::UpdateItem, self.db.table_of(M::SHAPE).ok())
        })
    }
}

/// Whose item, without values: they belong in no log.
impl<M: Model, D> fmt::Debug for Update<M, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("model", &M::SHAPE.name)
            .field("condition", &self.condition)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
