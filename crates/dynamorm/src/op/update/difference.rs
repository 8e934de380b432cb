//! What differs between two states of one item, as changes of an update.
//!
//! Values are compared as DynamoDB stores them: numbers by value, sets in any order.

use crate::codec::{Attribute, CodecError, Reader, Writer};
use crate::expr::EncodedValue;
use crate::expr::update::{Action, Changes, Right};
use crate::lifecycle::{ManagedAttribute, ManagedValue, ManagedValues, Role, Stamp};
use crate::model::{Fields, Model, ModelShape};
use crate::op::item_key::{Encode, EncodedKey};
use crate::{AttributeValue, Ttl};

/// The changes that make `new` of `old`, or `None` if their keys differ. Index keys follow by themselves.
pub(super) fn changes_between<M: Model>(old: &M, new: &M) -> Result<Option<Changes>, CodecError> {
    between(M::SHAPE, <M as Fields>::NAMES, &old, &new)
}

fn between(
    shape: &'static ModelShape,
    names: &'static [&'static str],
    old: &dyn Encode,
    new: &dyn Encode,
) -> Result<Option<Changes>, CodecError> {
    if EncodedKey::of(shape, old)?.json != EncodedKey::of(shape, new)?.json {
        return Ok(None);
    }
    difference(shape, names, &State::of(old)?, &State::of(new)?).map(Some)
}

fn difference(
    shape: &ModelShape,
    names: &'static [&'static str],
    old: &State,
    new: &State,
) -> Result<Changes, CodecError> {
    let mut changes = Changes::default();
    attributes(shape, names, &old.json, &new.json, &mut changes)?;
    for (attribute, value) in &new.managed {
        let before = old.managed.iter().find(|(known, _)| known == attribute).map(|(_, value)| *value);
        managed(*attribute, before, *value, &mut changes)?;
    }
    Ok(changes)
}

/// An item as it would be stored, but for what the library keeps.
struct State {
    json: Vec<u8>,
    managed: ManagedValues,
}

impl State {
    fn of(item: &dyn Encode) -> Result<Self, CodecError> {
        let (mut writer, mut managed) = (Writer::with_capacity(512), ManagedValues::new());
        writer.item(|members| item.item(members, &mut managed).map(drop))?;
        Ok(Self { json: writer.into_bytes(), managed })
    }
}

/// Attributes by name, as JSON.
fn members(json: &[u8]) -> Result<Vec<(String, &str)>, CodecError> {
    let mut members = Vec::new();
    Reader::new(json)?.object(|reader, name| {
        members.push((name.to_owned(), reader.raw()?));
        Ok(())
    })?;
    Ok(members)
}

/// Adds the changes of the attributes `names`, as far as they are not part of the primary key.
fn attributes(
    shape: &ModelShape,
    names: &'static [&'static str],
    old: &[u8],
    new: &[u8],
    changes: &mut Changes,
) -> Result<(), CodecError> {
    let (old, new) = (members(old)?, members(new)?);
    let find = |members: &[(String, &str)], name: &str| {
        members.iter().find(|(known, _)| known == name).map(|(_, json)| (*json).to_owned())
    };
    for name in names {
        if shape.primary.keys().any(|key| key.attribute == *name || key.fields().any(|field| field == *name))
        {
            continue;
        }
        match (find(&old, name), find(&new, name)) {
            (Some(old), Some(new)) if is_same(&old, &new)? => {}
            (_, Some(new)) => changes.push(*name, set(new.into_bytes())),
            (Some(_), None) => changes.push(*name, Action::Remove),
            (None, None) => {}
        }
    }
    Ok(())
}

/// True if DynamoDB has both for the same value.
fn is_same(one: &str, other: &str) -> Result<bool, CodecError> {
    let value = |json: &str| AttributeValue::decode(&mut Reader::new(json.as_bytes())?);
    Ok(one == other || value(one)? == value(other)?)
}

/// Adds the change of an attribute that the library keeps, where the user may say otherwise: the version and `updated_at` are
/// its own.
fn managed(
    attribute: ManagedAttribute,
    old: Option<ManagedValue>,
    new: ManagedValue,
    changes: &mut Changes,
) -> Result<(), CodecError> {
    if old == Some(new) {
        return Ok(());
    }
    let action = match (attribute.role, new) {
        (Role::CreatedAt, ManagedValue::Time(time)) => set(Stamp::Time(time).json()?),
        (Role::Ttl { .. }, ManagedValue::Time(time)) => set(Stamp::Ttl(Ttl::at(time)).json()?),
        (Role::Ttl { after: Some(seconds) }, _) => Action::Set(Right::After { seconds }),
        (Role::Ttl { after: None }, _) => Action::Remove,
        _ => return Ok(()),
    };
    changes.push(attribute.name, action);
    Ok(())
}

fn set(json: Vec<u8>) -> Action {
    Action::Set(Right::Value(EncodedValue::of_json(json)))
}
