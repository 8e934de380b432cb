//! What an update is told, and the request that it becomes. Nothing here knows the model's type, so it is compiled once.

use super::index_keys::{IndexKeys, Known, is_still};
use super::target::{Given, Target, leaves_out};
use crate::codec::{Attribute, CodecError, Problem, Reader};
use crate::expr::document_path::DocumentPath;
use crate::expr::operand::Term;
use crate::expr::update::{Action, Changes, Clauses, Right};
use crate::expr::{Condition, EncodedValue, Placeholders};
use crate::lifecycle::{ManagedValue, Role, Stamp, expiry};
use crate::model::ModelShape;
use crate::op::body::Body;
use crate::op::guarded::{Alone, Effect, Known as KnownBefore, With, refuse_values};
use crate::op::index_limit;
use crate::op::item_key::{Encode, EncodedKey};
use crate::op::transact_write::Operand;
use crate::transport::{Operation, Request};
use crate::unique::{self, State};
use crate::{AttributeValue, Db, Error, Result, Timestamp, tenant};
use bytes::Bytes;
use std::borrow::Cow;

/// What an update is told.
pub(super) struct Draft {
    pub(super) shape: &'static ModelShape,
    pub(super) target: Result<Target, CodecError>,
    pub(super) changes: Changes,
    pub(super) condition: Option<Condition<()>>,
    pub(super) given: Vec<Given>,
    pub(super) must_exist: bool,
    origin: Origin,
    pub(super) returning_old_on_failure: bool,
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

impl Draft {
    pub(super) fn new(shape: &'static ModelShape, key: &dyn Encode) -> Self {
        Self {
            shape,
            target: Target::of(shape, key),
            changes: Changes::default(),
            condition: None,
            given: Vec::new(),
            must_exist: false,
            origin: Origin::Verbs,
            returning_old_on_failure: false,
        }
    }

    // Once, and not in each verb.
    #[inline(never)]
    pub(super) fn change(&mut self, path: DocumentPath, action: Action) {
        self.changes.push(path, action);
    }

    /// Takes what differs between two items, or `None` if their keys do.
    pub(super) fn take_difference(&mut self, changes: Result<Option<Changes>, CodecError>) {
        match changes {
            Ok(Some(changes)) => (self.changes, self.origin) = (changes, Origin::Difference),
            Ok(None) => self.origin = Origin::TwoItems,
            Err(error) => self.target = Err(error),
        }
    }

    fn finds_no_difference(&self) -> bool {
        self.changes.is_empty() && self.origin == Origin::Difference
    }

    /// True if there is nothing to change and nothing to check that a caller asked for.
    fn is_done(&self) -> bool {
        self.finds_no_difference() && self.condition.is_none() && self.given.is_empty()
    }

    pub(super) fn request(&self, db: &Db, return_values: Option<&str>) -> Result<Request> {
        let table = db.table_during(Operation::UpdateItem, self.shape)?;
        let during = |error: Error| error.during(Operation::UpdateItem, Some(table));
        if let Some(effect) = self.effect(db).map_err(during)? {
            return Alone::new(db, Operation::UpdateItem, self, effect, db.now())?.to_request();
        }
        let mut body = self.body(db, &With::nothing(db.now())).map_err(during)?;
        if let Some(values) = return_values {
            body.text("ReturnValues", values);
        }
        let mut request = body.request(Operation::UpdateItem, table);
        if let Cow::Owned(filled) = tenant::fill(&request.body, db.own_tenant()).map_err(during)? {
            request.body = filled.into();
        }
        Ok(request)
    }

    /// Sends the request, unless there is nothing to do.
    pub(super) async fn execute(self, db: &Db) -> Result<()> {
        if self.write_guarded(db, None).await? {
            return Ok(());
        }
        let request = self.request(db, None)?;
        if self.is_done() {
            return Ok(());
        }
        tenant::hide_failed_item(db, self.shape, db.send(request).await).map(drop)
    }

    /// Sends the request and gives the answer.
    pub(super) async fn send(self, db: &Db, return_values: &str) -> Result<Bytes> {
        self.write_guarded(db, Some(return_values)).await?;
        let request = self.request(db, Some(return_values))?;
        tenant::hide_failed_item(db, self.shape, db.send(request).await)
    }

    /// Makes the changes and returns true if they are of unique attributes.
    async fn write_guarded(&self, db: &Db, return_values: Option<&str>) -> Result<bool> {
        let during = |error: Error| error.during(Operation::UpdateItem, db.table_of(self.shape).ok());
        let Some(effect) = self.effect(db).map_err(during)? else { return Ok(false) };
        refuse_values(return_values).map_err(during)?;
        let write = Alone::new(db, Operation::UpdateItem, self, effect, db.now()).map_err(during)?;
        tenant::hide_failed_item(db, self.shape, write.execute().await)?;
        Ok(true)
    }

    /// The unique attributes and scopes that it changes, with their new values.
    fn changed_unique(&self) -> Result<State> {
        let mut changed = State::new();
        if self.shape.unique.is_empty() || self.changes.is_empty() {
            return Ok(changed);
        }
        let mut changes = self.changes.clone();
        changes.remove_where(|name, json| leaves_out(self.shape, name, json))?;
        for name in unique::names(self.shape.unique) {
            let value = match changes.of(name).map(|change| (change.path.is_root(), &change.action)) {
                None => continue,
                Some((true, Action::Set(Right::Value(value)))) => value.json(name)?,
                Some((true, Action::Remove)) => None,
                Some(_) => {
                    return Err(Error::invalid(format!(
                        "attribute `{name}` is unique, or what another is unique within: set it to a value or remove it, so that its guard can follow"
                    )));
                }
            };
            let value = value.map(|json| AttributeValue::decode(&mut Reader::new(json)?)).transpose()?;
            changed.push((name, value));
        }
        Ok(changed)
    }

    /// What is known of a unique attribute, or of a scope, before the changes.
    fn known_before(&self, target: &Target, name: &'static str) -> Result<Option<KnownBefore>> {
        let given = self.given.iter().find(|given| given.name == name);
        let (json, is_certain) = match (target.of_key(name), given) {
            (Some(json), _) => (Some(json.to_vec()), true),
            (None, Some(given)) => (given.json(self.shape)?, true),
            (None, None) => match target.of_item(name)? {
                Some(json) => (json, false),
                None => return Ok(None),
            },
        };
        let value = json.map(|json| AttributeValue::decode(&mut Reader::new(&json)?)).transpose()?;
        Ok(Some(KnownBefore { name, value, is_certain }))
    }

    /// The members of the request that a transaction has too.
    fn body(&self, db: &Db, with: &With) -> Result<Body> {
        let target = self.target.as_ref().map_err(Clone::clone)?;
        let shape = self.shape;
        if self.origin == Origin::TwoItems {
            return Err(Error::invalid(
                "`changes_from` is given an item with another key, and a key never changes: put this item and delete the other",
            ));
        }
        let mut body = Body::new(db.table_of(shape)?);
        body.json("Key", &target.key.filled(db)?);
        let mut condition = self.condition.clone();
        self.join_given(&mut condition)?;
        if !self.changes.is_empty() {
            let exists = self.must_exist || target.must_exist();
            let mut changes = self.changes.clone();
            changes.stamp(with.now);
            changes.remove_where(|name, json| leaves_out(shape, name, json))?;
            check_index_keys(shape, &changes)?;
            let tenant_bytes = db.own_tenant().map_or(0, str::len);
            let known = Known { shape, changes: &changes, given: &self.given, target, tenant_bytes };
            let keys = IndexKeys::of(&known, !exists)?;
            let text = changes.render(body.placeholders(), |clauses, request| {
                push_managed(shape, &changes, exists, clauses, request, with.now)?;
                keys.push(clauses, request);
                if !exists {
                    for (name, json) in &target.fields {
                        index_limit::check_value(shape, name, json)?;
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
        if let Some(guard) = tenant::guard(db, shape) {
            Condition::join(&mut condition, guard);
        }
        with.join(&mut condition);
        body.condition("ConditionExpression", condition.as_ref())?;
        if self.returning_old_on_failure || with.old_item {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(body)
    }

    /// Joins what was given to the condition.
    fn join_given(&self, condition: &mut Option<Condition<()>>) -> Result<()> {
        for (nth, given) in self.given.iter().enumerate() {
            let name = given.name;
            // What a unique attribute was tells which guard it gives up.
            let is_unique = || unique::names(self.shape.unique).contains(&name);
            if self.changes.of(name).is_some() && !is_unique() {
                return Err(Error::invalid(format!(
                    "the update changes attribute `{name}`, and `given` is for those that it leaves as they are"
                )));
            }
            if self.given.iter().take(nth).any(|earlier| earlier.name == name) {
                return Err(Error::invalid(format!("attribute `{name}` is given twice")));
            }
            Condition::join(condition, Condition::new(is_still(name, given.json(self.shape)?)));
        }
        Ok(())
    }

    /// Joins to the condition that the item exists, in the version that was read, where that is demanded; and that it is of our
    /// type and schema if it does.
    fn join_existence(&self, target: &Target, condition: &mut Option<Condition<()>>) {
        match target.version {
            // An item of this version exists.
            Some(version) => Condition::join(condition, version_condition(self.shape, version)),
            None if self.must_exist || target.must_exist() => Condition::join(condition, exists(self.shape)),
            None => {}
        }
        if let Some(type_name) = self.shape.kept.and_then(|kept| kept.type_name) {
            Condition::join(condition, type_name.is_stored_or_none());
        }
        if let Some(schema) = self.shape.kept.and_then(|kept| kept.schema) {
            let exists = self.must_exist || target.must_exist();
            Condition::join(condition, schema.condition(self.shape, exists));
        }
    }
}

impl Operand for Draft {
    /// Without a change it is a check.
    fn word(&self) -> &'static str {
        if self.finds_no_difference() { "ConditionCheck" } else { "Update" }
    }

    fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.target.as_ref().map(|target| &target.key).map_err(Clone::clone)
    }

    fn json(&self, db: &Db, with: &With) -> Result<Vec<u8>> {
        Ok(tenant::fill(&self.body(db, with)?.finish(), db.own_tenant())?.into_owned())
    }

    fn effect(&self, db: &Db) -> Result<Option<Effect>> {
        let changed = self.changed_unique()?;
        if changed.is_empty() {
            return Ok(None);
        }
        let target = self.target.as_ref().map_err(Clone::clone)?;
        Effect::of_update(db, &target.key, changed, |name| self.known_before(target, name))
    }

    fn wants_old_item(&self) -> bool {
        self.returning_old_on_failure
    }
}

/// Refuses a value that cannot be the key of an index: one that is too long; and an empty one where it is not known whether the
/// attribute gets it, since only a `set` to it can leave the attribute out.
fn check_index_keys(shape: &ModelShape, changes: &Changes) -> Result<()> {
    for change in changes.iter() {
        let name = change.path.root();
        let (value, may_be) = match &change.action {
            Action::Set(Right::Value(value)) => (value, false),
            Action::Set(Right::Term(Term::OrElse(_, other))) => match other.as_ref() {
                Term::Value(value) => (value, true),
                Term::Path(_) | Term::OrElse(..) => continue,
            },
            _ => continue,
        };
        let Some(json) = value.json(&change.path)? else { continue };
        if may_be && leaves_out(shape, name, json) {
            return Err(CodecError::new(Problem::EmptyKey).at(name).into());
        }
        index_limit::check_value(shape, name, json)?;
    }
    Ok(())
}

/// An item of this key exists.
fn exists<M>(shape: &ModelShape) -> Condition<M> {
    Condition::about("attribute_exists", shape.primary.partition_key().attribute)
}

/// An item exists and has this version. An item from before there were versions has none, and is read as 0.
pub(crate) fn version_condition<M>(shape: &ModelShape, version: ManagedValue) -> Condition<M> {
    let name = shape.version().unwrap_or_default();
    match version {
        ManagedValue::Version(version) => Condition::equals(name, EncodedValue::of(&version)),
        ManagedValue::Unset | ManagedValue::Time(_) => {
            exists(shape).and(Condition::about("attribute_not_exists", name))
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
