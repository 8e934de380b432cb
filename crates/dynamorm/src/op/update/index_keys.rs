//! Index keys that templates make: what an update must do to them, so that none goes stale.
//!
//! A key is made anew if the update changes an attribute that it is made of. The other attributes of its template must be
//! known: from the same update, the primary key, what was given, or the item as it was read. The last two may have changed
//! since, so the update is made only if they have not.

use super::target::{Given, Target};
use crate::codec::{CodecError, Reader, Writer};
use crate::expr::EncodedValue;
use crate::expr::Placeholders;
use crate::expr::tree::{Term, Tree};
use crate::expr::update::{Action, Changes, Clauses, Right};
use crate::key::{IndexShape, KeyShape, Part, Segment, render};
use crate::model::ModelShape;
use crate::op::index_limit::limit;
use crate::{Error, Result};

/// What an update does to the index keys of its item.
#[derive(Debug, Default)]
pub(super) struct IndexKeys {
    /// Keys to be written, or removed because the item leaves the index.
    changed: Vec<(&'static str, Option<Vec<u8>>)>,
    /// Keys that an item has which the update makes.
    of_new_item: Vec<(&'static str, Vec<u8>)>,
    /// Attributes as they were read, on which a changed key relies.
    relied_on: Vec<(&'static str, Option<Vec<u8>>)>,
}

/// What is known of the item: three sources beside its changes.
pub(super) struct Known<'a> {
    pub(super) shape: &'static ModelShape,
    pub(super) changes: &'a Changes,
    pub(super) given: &'a [Given],
    pub(super) target: &'a Target,
    /// How long the tenant is that a key may get.
    pub(super) tenant_bytes: usize,
}

impl IndexKeys {
    /// Makes each index key anew that is made of a changed attribute. With `upsert`, also those that the primary key tells, or
    /// that are the same for all items.
    pub(super) fn of(known: &Known<'_>, upsert: bool) -> Result<Self> {
        let mut keys = Self::default();
        let mut done: Vec<&str> = known.shape.primary.keys().map(|key| key.attribute).collect();
        for (index, key) in known.shape.index_keys() {
            if key.template.is_empty() || done.contains(&key.attribute) {
                continue;
            }
            if key.fields().any(|field| known.changes.of(field).is_some()) {
                done.push(key.attribute);
                let value = keys.make(known, index, key)?;
                keys.changed.push((key.attribute, value));
            } else if upsert && key.fields().all(|field| known.target.of_key(field).is_some()) {
                done.push(key.attribute);
                if let Some(json) = keys.make(known, index, key)? {
                    keys.of_new_item.push((key.attribute, json));
                }
            }
        }
        Ok(keys)
    }

    /// The value of an index key after the update, or `None` if the item leaves the index.
    fn make(
        &mut self,
        known: &Known<'_>,
        index: &IndexShape,
        key: &'static KeyShape,
    ) -> Result<Option<Vec<u8>>> {
        let (mut parts, mut missing, mut relied_on) = (Vec::new(), Vec::new(), Vec::new());
        let (mut leaves_index, mut left_index) = (false, false);
        for segment in key.template {
            let Segment::Field { name, part } = segment else { continue };
            // Known to whoever sends the update, and never changed by one.
            if known.shape.tenant.is_some_and(|tenant| tenant.attribute == *name) {
                parts.push(Part::Tenant);
                continue;
            }
            let (json, is_read) = match current(known, index, name)? {
                Value::Certain(json) => (json, false),
                Value::Read(json) => (json, true),
                Value::Unknown => {
                    missing.push(*name);
                    continue;
                }
            };
            let part = match &json {
                Some(json) => part(&mut Reader::new(json)?)?,
                None => None,
            };
            match part {
                Some(part) => parts.push(part),
                None if is_read => left_index = true,
                None => leaves_index = true,
            }
            if is_read {
                relied_on.push((*name, json));
            }
        }
        // Without one of its parts there is no key, whatever the others are.
        if leaves_index {
            return Ok(None);
        }
        for (name, value) in relied_on {
            if !known.target.is_versioned() && self.relied_on.iter().all(|(known, _)| *known != name) {
                self.relied_on.push((name, value));
            }
        }
        if left_index {
            return Ok(None);
        }
        if missing.is_empty() {
            let of_tenant = if parts.contains(&Part::Tenant) { known.tenant_bytes } else { 0 };
            let limit = limit(known.shape, key.attribute).saturating_sub(of_tenant);
            return Ok(Some(encoded(key, &parts, limit)?));
        }
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        let them = if missing.len() == 1 { "it" } else { "them" };
        Err(Error::invalid(format!(
            "the key of index \"{}\" is also made of {}: set {them} in the same update, tell {them} by `.given(..)`, or \
             update the item as it was read, or the index would go stale",
            index.name,
            names.join(" and ")
        )))
    }

    /// Adds what happens to the keys to an update expression.
    pub(super) fn push(&self, clauses: &mut Clauses, request: &mut Placeholders) {
        for (name, value) in &self.changed {
            match value {
                Some(json) => clauses.set_value(name, json.clone(), request),
                None => clauses.remove(name, request),
            }
        }
        for (name, json) in &self.of_new_item {
            clauses.set_if_absent(*name, json.clone(), request);
        }
    }

    /// What must be true for the keys to be right: attributes that they rely on are as they were read.
    pub(super) fn conditions(self) -> impl Iterator<Item = Tree> {
        self.relied_on.into_iter().map(|(name, value)| is_still(name, value))
    }
}

/// What is known of an attribute after the update; `None` is absent.
enum Value {
    /// From the update itself, the primary key, or a condition.
    Certain(Option<Vec<u8>>),
    /// As it was read.
    Read(Option<Vec<u8>>),
    Unknown,
}

/// The value of an attribute after the update.
fn current(known: &Known<'_>, index: &IndexShape, name: &'static str) -> Result<Value> {
    match known.changes.of(name).map(|change| &change.action) {
        Some(Action::Set(Right::Value(value))) => Ok(Value::Certain(value.json(name)?.map(<[u8]>::to_vec))),
        Some(Action::Remove) => Ok(Value::Certain(None)),
        Some(Action::Set(_) | Action::Add(_) | Action::Delete(_)) => Err(Error::invalid(format!(
            "attribute `{name}` is in the key of index \"{}\": set it to a value, so that the key can be made anew",
            index.name
        ))),
        None => unchanged(known, name),
    }
}

/// The value of an attribute that the update leaves as it is.
fn unchanged(known: &Known<'_>, name: &'static str) -> Result<Value> {
    if let Some(json) = known.target.of_key(name) {
        return Ok(Value::Certain(Some(json.to_vec())));
    }
    if let Some(given) = known.given.iter().find(|given| given.name == name) {
        return Ok(Value::Certain(given.json(known.shape)?));
    }
    Ok(known.target.of_item(name)?.map_or(Value::Unknown, Value::Read))
}

/// The stored value of an attribute is this one.
pub(super) fn is_still(name: &'static str, value: Option<Vec<u8>>) -> Tree {
    match value {
        Some(json) => {
            let value = Term::Value(EncodedValue::of_json(json));
            Tree::compare(Term::Path(name.into()), "=", value)
        }
        None => Tree::about("attribute_not_exists", name.into()),
    }
}

fn encoded(key: &KeyShape, parts: &[Part<'_>], limit: usize) -> Result<Vec<u8>, CodecError> {
    let mut writer = Writer::new();
    render(key, parts, limit)?.encode(&mut writer);
    Ok(writer.into_bytes())
}

#[cfg(test)]
mod tests;
