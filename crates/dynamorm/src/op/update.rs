//! UpdateItem: attributes of one item.
//!
//! Here are the verbs, and the request that they become. `target` is the item, `index_keys` keeps the keys of indexes right,
//! `difference` makes changes of two items, `terminal` runs it all.

mod difference;
mod index_keys;
mod target;
mod terminal;

use self::difference::changes_between;
use self::index_keys::{IndexKeys, Known, is_still};
use self::target::{Given, Target, leaves_out};
use super::Detached;
use super::body::Body;
use super::item_key::EncodedKey;
use crate::codec::{CodecError, Problem};
use crate::expr::document_path::DocumentPath;
use crate::expr::operand::Term;
use crate::expr::update::{Action, Changes, Clauses, Right};
use crate::expr::{
    Addable, Appendable, Condition, Deletable, EncodedValue, IntoAttr, Placeholders, Removable, SetValue,
};
use crate::lifecycle::{ManagedValue, Role, Stamp, expiry};
use crate::model::{Key, Model, ModelShape};
use crate::{Attr, Changeable, Db, Error, IntoPath, Result, Timestamp};
use std::fmt;

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
    given: Vec<Given>,
    must_exist: bool,
    origin: Origin,
    returning_old_on_failure: bool,
    db: D,
}

/// Where the changes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The verbs that were called: there must be one.
    Verbs,
    /// What differs between two states of one item, which may be nothing.
    Difference,
    /// The same of two items with different keys, which is a mistake.
    TwoItems,
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

    /// An update of an item as it was read, to run or for a transaction: the same as [`Update::new`] with the item.
    pub fn of(item: &M) -> Self {
        Update::with(&item, Detached)
    }

    /// An update of what differs between two states of one item.
    pub(crate) fn between(old: &M, new: &M) -> Self {
        let mut update = Update::of(old);
        match changes_between(old, new) {
            Ok(Some(changes)) => (update.changes, update.origin) = (changes, Origin::Difference),
            Ok(None) => update.origin = Origin::TwoItems,
            Err(error) => update.target = Err(error),
        }
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
    pub fn on(self, db: &Db) -> Update<M, &Db> {
        Update {
            target: self.target,
            changes: self.changes,
            condition: self.condition,
            given: self.given,
            must_exist: self.must_exist,
            origin: self.origin,
            returning_old_on_failure: self.returning_old_on_failure,
            db,
        }
    }
}

impl<M: Model, D> Update<M, D> {
    fn with<K: Key<Model = M>>(key: &K, db: D) -> Self {
        Self {
            target: Target::of(key),
            changes: Changes::default(),
            condition: None,
            given: Vec::new(),
            must_exist: false,
            origin: Origin::Verbs,
            returning_old_on_failure: false,
            db,
        }
    }

    /// Sets an attribute, or something inside one, to a value, to another attribute, or to a calculation such as
    /// `User::CREDITS.minus(7)`. A time to live may be set to a [`Duration`](std::time::Duration): so long after the write.
    ///
    /// A path goes into documents, lists and maps: `User::ADDRESS.dot(Address::CITY)`. The document must be there, else
    /// DynamoDB refuses the update: set it whole where it may be absent. An element beyond the end of a list becomes its last
    /// one. `None` removes an attribute, and as an element of a list or a map it is NULL.
    ///
    /// ```
    /// # use dynamorm::{Db, Document, Model, Result};
    /// # use std::collections::BTreeMap;
    /// # #[derive(Document)]
    /// # struct Address { city: String }
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, address: Address, labels: BTreeMap<String, String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let address = Address { city: "London".into() };
    /// # db.put(&User { id: "u1".into(), credits: 10, address, labels: BTreeMap::new() }).execute().await?;
    /// db.update(User::key("u1"))
    ///     .set(User::CREDITS, User::CREDITS.minus(7))
    ///     .set(User::ADDRESS.dot(Address::CITY), "Paris")
    ///     .set(User::LABELS.key("env"), "test")
    ///     .execute()
    ///     .await?;
    /// let user = db.get(User::key("u1")).one().await?;
    /// assert_eq!((user.credits, user.address.city.as_str(), user.labels["env"].as_str()), (3, "Paris", "test"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set<T, R: Changeable, By>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        value: impl SetValue<M, T, By>,
    ) -> Self {
        let right = match value.into_right().0 {
            Right::Value(value) if R::IS_ELEMENT => Right::Value(value.into_element()),
            right => right,
        };
        self.with_change(path.into_path().path, Action::Set(right))
    }

    /// Sets an attribute, or something inside one, if it is absent, and leaves it as it is otherwise.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// for name in ["Ada", "Countess"] {
    ///     db.update(User::key("u1")).set_if_absent(User::NICKNAME, name).execute().await?;
    /// }
    /// assert_eq!(db.get(User::key("u1")).one().await?.nickname.as_deref(), Some("Ada"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_if_absent<T, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        value: impl IntoAttr<T>,
    ) -> Self {
        let path = path.into_path().path;
        let value = value.into_value();
        let value = Term::Value(if R::IS_ELEMENT { value.into_element() } else { value });
        self.with_change(path.clone(), Action::Set(Right::Term(Term::OrElse(path, Box::new(value)))))
    }

    /// Adds to a number, which may be negative, or to a set. What is absent counts as 0, or as the empty set; the document or
    /// the map that it is in must be there.
    pub fn add<T: Addable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        value: impl IntoAttr<T>,
    ) -> Self {
        self.with_change(path.into_path().path, Action::Add(value.into_value()))
    }

    /// Removes an attribute that the model can do without, an `Option` or a set; or an element of a list or a map, which may
    /// be any. Those after it in a list move up.
    pub fn remove<T: Removable<R>, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
    ) -> Self {
        self.with_change(path.into_path().path, Action::Remove)
    }

    /// Deletes elements from a set. Without its last one the set is absent, and read as empty.
    pub fn delete<T: Deletable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        elements: impl IntoAttr<T>,
    ) -> Self {
        self.with_change(path.into_path().path, Action::Delete(elements.into_value()))
    }

    /// Adds elements at the end of a list. An absent list counts as empty.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "ORDER#{id}")]
    /// # struct Order { id: String, lines: Vec<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// db.update(Order::key("o1")).append(Order::LINES, ["tea"]).execute().await?;
    /// db.update(Order::key("o1")).prepend(Order::LINES, ["cup", "pot"]).execute().await?;
    /// assert_eq!(db.get(Order::key("o1")).one().await?.lines, ["cup", "pot", "tea"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn append<T: Appendable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        elements: impl IntoAttr<Vec<T::Element>>,
    ) -> Self {
        let right = Right::Append { elements: elements.into_value(), first: false };
        self.with_change(path.into_path().path, Action::Set(right))
    }

    /// Adds elements at the beginning of a list, in the order given, as [`append`](Update::append) does at the end.
    pub fn prepend<T: Appendable, R: Changeable>(
        self,
        path: impl IntoPath<Model = M, Value = T, Role = R>,
        elements: impl IntoAttr<Vec<T::Element>>,
    ) -> Self {
        let right = Right::Append { elements: elements.into_value(), first: true };
        self.with_change(path.into_path().path, Action::Set(right))
    }

    fn with_change(mut self, path: DocumentPath, action: Action) -> Self {
        self.changes.push(path, action);
        self
    }

    /// Tells the current value of an attribute that the update leaves as it is, so that the key of an index can be made which
    /// is made of it too. `None` says that it is absent.
    ///
    /// The update is made only if that is the stored value: else it fails with
    /// [`ConditionFailed`](crate::ErrorKind::ConditionFailed), and no index key goes stale. An update of an item as it was read
    /// knows all its attributes and needs this for none.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "TASK#{id}")]
    /// # #[dynamorm(index = "by-status", pk = "STATUS#{status}#{owner}")]
    /// # struct Task { id: String, status: String, owner: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Task>().execute().await?;
    /// # db.put(&Task { id: "t1".into(), status: "open".into(), owner: "ada".into() }).execute().await?;
    /// // The key of the index is `STATUS#{status}#{owner}`: from the status alone it cannot be made.
    /// db.update(Task::key("t1")).set(Task::STATUS, "done").given(Task::OWNER, "ada").execute().await?;
    /// let done = db.query::<Task>().key(Task::BY_STATUS_INDEX.partition(("done", "ada"))).one().await?;
    /// assert_eq!(done.id, "t1");
    ///
    /// let guess = db.update(Task::key("t1")).set(Task::STATUS, "open").given(Task::OWNER, "bob").execute().await;
    /// assert!(guess.is_err_and(|err| err.is_condition_failed()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn given<T, R>(mut self, attribute: Attr<M, T, R>, value: impl IntoAttr<T>) -> Self {
        self.given.push(Given { name: attribute.name(), value: value.into_value() });
        self
    }

    /// True if it changes nothing: no verb was called, or there was no difference between two items.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
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
        let shape = M::SHAPE;
        if self.origin == Origin::TwoItems {
            return Err(Error::invalid(
                "`changes_from` is given an item with another key, and a key never changes: put this item and delete the other",
            ));
        }
        let mut body = Body::new(db.table_of(shape)?);
        body.json("Key", &target.key.json);
        let mut condition = self.condition.clone();
        self.join_given(&mut condition)?;
        if !self.is_empty() {
            let exists = self.must_exist || target.must_exist();
            let mut changes = self.changes.clone();
            changes.stamp(db.now());
            changes.remove_where(|name, json| leaves_out(shape, name, json))?;
            refuse_empty_keys(shape, &changes)?;
            let known = Known { shape, changes: &changes, given: &self.given, target };
            let keys = IndexKeys::of(&known, !exists)?;
            let text = changes.render(body.placeholders(), |clauses, request| {
                push_managed(shape, &changes, exists, clauses, request, db.now())?;
                keys.push(clauses, request);
                if !exists {
                    for (name, json) in &target.fields {
                        clauses.set_if_absent(name.clone(), json.clone(), request);
                    }
                    for (name, json) in shape.kept.iter().flat_map(|kept| kept.members()) {
                        clauses.set_if_absent(name, json, request);
                    }
                }
                Ok(())
            })?;
            body.expression("UpdateExpression", &text)?;
            keys.conditions().for_each(|tree| Condition::join(&mut condition, Condition::new(tree)));
        } else if self.origin == Origin::Verbs {
            return Err(Error::invalid(
                "the update changes nothing: call `set`, `add`, `remove` or `delete`",
            ));
        }
        self.join_existence(target, &mut condition);
        body.condition("ConditionExpression", condition.as_ref())?;
        if self.returning_old_on_failure {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(body)
    }

    /// Joins what was given to the condition.
    fn join_given(&self, condition: &mut Option<Condition<M>>) -> Result<()> {
        for (nth, given) in self.given.iter().enumerate() {
            let name = given.name;
            if self.changes.of(name).is_some() {
                return Err(Error::invalid(format!(
                    "the update changes attribute `{name}`, and `given` is for those that it leaves as they are"
                )));
            }
            if self.given.iter().take(nth).any(|earlier| earlier.name == name) {
                return Err(Error::invalid(format!("attribute `{name}` is given twice")));
            }
            Condition::join(condition, Condition::new(is_still(name, given.json(M::SHAPE)?)));
        }
        Ok(())
    }

    /// Joins to the condition that the item exists, in the version that was read, where that is demanded; and that it is of our
    /// schema if it does.
    fn join_existence(&self, target: &Target, condition: &mut Option<Condition<M>>) {
        match target.version {
            // An item of this version exists.
            Some(version) => Condition::join(condition, version_condition(version)),
            None if self.must_exist || target.must_exist() => Condition::join(condition, exists()),
            None => {}
        }
        if let Some(schema) = M::SHAPE.kept.and_then(|kept| kept.schema) {
            let exists = self.must_exist || target.must_exist();
            Condition::join(condition, schema.condition(M::SHAPE, exists));
        }
    }

    /// The member of `TransactItems` that it stands under: without a change it is a check.
    pub(crate) fn word(&self) -> &'static str {
        if self.is_empty() && self.origin == Origin::Difference { "ConditionCheck" } else { "Update" }
    }

    /// The operation as it stands in a transaction.
    pub(crate) fn transact(&self, db: &Db) -> Result<Vec<u8>> {
        Ok(self.body(db)?.finish())
    }

    pub(crate) fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.target.as_ref().map(|target| &target.key).map_err(Clone::clone)
    }
}

/// Refuses an empty value that might become the key of an index: only a `set` to it can leave the attribute out.
fn refuse_empty_keys(shape: &ModelShape, changes: &Changes) -> Result<()> {
    for change in changes.iter() {
        let Action::Set(Right::Term(Term::OrElse(_, other))) = &change.action else { continue };
        let Term::Value(value) = other.as_ref() else { continue };
        let name = change.path.root();
        if value.json(name)?.is_some_and(|json| leaves_out(shape, name, json)) {
            return Err(CodecError::new(Problem::EmptyKey).at(name).into());
        }
    }
    Ok(())
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
fn push_managed(
    shape: &ModelShape,
    changes: &Changes,
    exists: bool,
    clauses: &mut Clauses,
    request: &mut Placeholders,
    now: Timestamp,
) -> Result<()> {
    for attribute in shape.managed() {
        let name = attribute.name;
        match attribute.role {
            Role::Version => clauses.add(name, Stamp::Version(1).json()?, request),
            Role::CreatedAt if exists || changes.of(name).is_some() => {}
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
