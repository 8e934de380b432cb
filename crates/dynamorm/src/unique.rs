//! Unique attributes: what a model says of them, and the guards that keep them so.
//!
//! A guard is an item of its own in the model's table, whose key is made of the value: `UNIQUE#User#email#ada@example.com`. It holds
//! the key of the item that has the value, its owner. A transaction writes both or none. Here: the handle's roles, and the key and
//! attributes of a guard. Which guards a write takes and gives up is in `op/guarded`.

use crate::codec::{Attribute, CodecError, Reader};
use crate::key::{IndexKeyAttribute, IndexShape, KeyAttribute, push_escaped};
use crate::limits::{PARTITION_KEY_BYTES, grouped};
use crate::model::ModelShape;
use crate::{AttributeValue, Changeable, EncodedValue, Error, IntoAttr, Item, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::marker::PhantomData;

/// What the keys of all guards begin with.
pub(crate) const HEAD: &str = "UNIQUE#";
/// Their sort key, where the table has one.
const SORT: &str = "UNIQUE";
/// The owner's key, as attributes of the guard.
const OWNER_PARTITION: &str = "unique_owner_pk";
const OWNER_SORT: &str = "unique_owner_sk";

/// The role of an attribute that is `#[dynamorm(unique)]`: no two items of the model have the same value of it.
///
/// See [`guide::unique`](crate::guide::unique).
#[derive(Debug, Clone, Copy)]
pub enum Unique {}

/// The role of an attribute that is `#[dynamorm(unique(scope = …))]`: no two items with the same scope, which is an `S`, have the
/// same value of it.
#[derive(Debug, Clone, Copy)]
pub struct UniqueWithin<S>(PhantomData<fn() -> S>);

/// There is no scope: the value is unique in all items of its model.
#[derive(Debug, Clone, Copy)]
pub enum NoScope {}

/// An attribute that [`Db::get_by`](crate::Db::get_by) finds an item by: one that is unique.
#[diagnostic::on_unimplemented(
    message = "`get_by` needs an attribute that is unique, and the role of this one is `{Self}`",
    label = "not a unique attribute",
    note = "mark the field with `#[dynamorm(unique)]`, or query an index by it"
)]
pub trait IsUnique {
    /// The type of what it is unique within, or `NoScope`.
    type Scope;
}

#[diagnostic::do_not_recommend]
impl IsUnique for Unique {
    type Scope = NoScope;
}

#[diagnostic::do_not_recommend]
impl<S> IsUnique for UniqueWithin<S> {
    type Scope = S;
}

#[diagnostic::do_not_recommend]
impl Changeable for Unique {}

#[diagnostic::do_not_recommend]
impl<S> Changeable for UniqueWithin<S> {}

/// A value of a unique attribute of type `T`, with its scope before it where there is one: `"ada@example.com"`, or
/// `("o1", "ada@example.com")`.
#[diagnostic::on_unimplemented(
    message = "expected a value of the unique attribute, found `{Self}`",
    label = "write a `{T}`, or `(scope, value)` if it is unique within a scope"
)]
pub trait IntoUnique<T, S> {
    /// The scope, if there is one, and the value.
    #[doc(hidden)]
    fn into_unique(self) -> (Option<EncodedValue>, EncodedValue);
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoAttr<T>> IntoUnique<T, NoScope> for V {
    fn into_unique(self) -> (Option<EncodedValue>, EncodedValue) {
        (None, self.into_value())
    }
}

/// A scope is a key type, which `NoScope` is not.
#[diagnostic::do_not_recommend]
impl<T, S: KeyAttribute, W: IntoAttr<S>, V: IntoAttr<T>> IntoUnique<T, S> for (W, V) {
    fn into_unique(self) -> (Option<EncodedValue>, EncodedValue) {
        (Some(self.0.into_value()), self.1.into_value())
    }
}

/// A type whose values can be unique.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be unique",
    label = "not text, a whole number, a time or bytes",
    note = "a guard's key is made of the value: lists, sets, maps and floats have no form of which there is one only"
)]
pub trait UniqueAttribute {}

#[diagnostic::do_not_recommend]
impl<T: IndexKeyAttribute> UniqueAttribute for T {}

/// A type within whose values others can be unique.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the scope of a unique attribute",
    label = "not text, a whole number, a time or bytes",
    note = "every item has a scope: it is no `Option`"
)]
pub trait UniqueScope {}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> UniqueScope for T {}

/// An attribute whose value no two items have.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct UniqueShape {
    pub attribute: &'static str,
    /// The attribute within whose value it is unique.
    pub scope: Option<&'static str>,
}

/// Attributes of one item that its guards are made of, with their values.
pub(crate) type State = Vec<(&'static str, Option<AttributeValue>)>;

/// The unique attributes and their scopes, each once.
pub(crate) fn names<'u>(unique: impl IntoIterator<Item = &'u UniqueShape>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for shape in unique {
        for name in [Some(shape.attribute), shape.scope].into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The values of these attributes in an item, `{"email":{"S":"ada@example.com"},…}`.
pub(crate) fn state_of(names: &[&'static str], item: &[u8]) -> Result<State, CodecError> {
    let mut state: State = names.iter().map(|name| (*name, None)).collect();
    Reader::new(item)?.object(|reader, known| match state.iter_mut().find(|(name, _)| *name == known) {
        Some((_, value)) => {
            *value = Some(AttributeValue::decode(reader).map_err(|error| error.at(known))?);
            Ok(())
        }
        None => reader.skip(),
    })?;
    Ok(state)
}

/// The key of a guard: its text, in the words of its model's table.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct GuardKey(String);

impl GuardKey {
    /// The guard of a value, or `None` if there is nothing to guard: no value, or no scope.
    ///
    /// # Errors
    ///
    /// If the value is too long for a key.
    pub(crate) fn of<'v>(
        model: &ModelShape,
        unique: &UniqueShape,
        tenant: Option<&str>,
        value: impl Fn(&str) -> Option<&'v AttributeValue>,
    ) -> Result<Option<Self>> {
        let Some(own) = value(unique.attribute).and_then(text) else { return Ok(None) };
        let scope = match unique.scope {
            None => None,
            Some(name) => match value(name).and_then(text) {
                Some(scope) => Some(scope),
                None => return Ok(None),
            },
        };
        let mut key = head_of(model);
        push_escaped(&mut key, unique.attribute, '#');
        for part in [tenant, scope.as_deref(), Some(&own)].into_iter().flatten() {
            key.push('#');
            push_escaped(&mut key, part, '#');
        }
        if key.len() > PARTITION_KEY_BYTES {
            return Err(Error::invalid(format!(
                "unique attribute `{}` makes a guard's key of {} bytes, the limit is {} bytes",
                unique.attribute,
                grouped(key.len()),
                grouped(PARTITION_KEY_BYTES)
            )));
        }
        Ok(Some(Self(key)))
    }

    /// The guard's primary key.
    pub(crate) fn item(&self, model: &ModelShape) -> Item {
        let partition = model.primary.partition_key().attribute;
        let mut item = Item::from([(partition.to_owned(), AttributeValue::S(self.0.clone()))]);
        if let Some(sort) = model.primary.sort_key() {
            item.insert(sort.attribute.to_owned(), AttributeValue::S(SORT.to_owned()));
        }
        item
    }
}

/// What the keys of all guards of a model begin with.
pub(crate) fn head_of(model: &ModelShape) -> String {
    let name = model.kept.and_then(|kept| kept.type_name).map_or(model.name, |of| of.name);
    let mut head = HEAD.to_owned();
    push_escaped(&mut head, name, '#');
    head.push('#');
    head
}

/// A value as it stands in a key; of what has no one form nothing is guarded.
fn text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text.clone()),
        AttributeValue::N(number) => Some(number.to_string()),
        AttributeValue::B(bytes) => Some(STANDARD.encode(bytes)),
        _ => None,
    }
}

/// The attributes of a guard that hold its owner's key, in the order of the table's.
pub(crate) fn owner_names(
    primary: &IndexShape,
) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    primary.keys().map(|key| key.attribute).zip([OWNER_PARTITION, OWNER_SORT])
}

/// The owner's key by the names that the guard has for it.
pub(crate) fn as_owner(model: &ModelShape, key: &Item) -> Vec<(&'static str, AttributeValue)> {
    let part = |(own, name): (&str, &'static str)| Some((name, key.get(own)?.clone()));
    owner_names(&model.primary).filter_map(part).collect()
}

/// The key of the item that a guard says it is for.
pub(crate) fn owner_of(model: &ModelShape, guard: &Item) -> Option<Item> {
    owner_names(&model.primary).map(|(own, name)| Some((own.to_owned(), guard.get(name)?.clone()))).collect()
}

/// Refuses a key that could be a guard's.
pub(crate) fn check_key(model: &ModelShape, key: &[u8]) -> Result<()> {
    if model.unique.is_empty() {
        return Ok(());
    }
    let partition = model.primary.partition_key().attribute;
    let mut is_guard = false;
    Reader::new(key)?.object(|reader, name| {
        if name != partition {
            return reader.skip();
        }
        is_guard = AttributeValue::decode(reader)?.as_s().is_some_and(|text| text.starts_with(HEAD));
        Ok(())
    })?;
    if is_guard {
        return Err(Error::invalid(format!(
            "attribute `{partition}` begins with `{HEAD}`, as the keys of the guards of unique attributes do"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
