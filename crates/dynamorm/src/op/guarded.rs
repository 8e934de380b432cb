//! Writes of models with unique attributes: the guards that they take and give up, in one transaction with the item.
//!
//! A write knows what the unique attributes are after it, and must know what they were: from the write itself, or from a read, on
//! which the write then is under condition. Here: what a write does to the unique attributes of its item. `guards` makes the guards
//! of it, `run` reads, sends, and tells what a failure means.

mod guards;
mod run;

pub(super) use guards::{Claim, Guard};
pub(super) use run::{Alone, Guarded};

use crate::codec::CodecError;
use crate::expr::{Condition, EncodedValue};
use crate::model::ModelShape;
use crate::op::item_key::{EncodedKey, ItemKey};
use crate::unique::{State, UniqueShape, names, state_of};
use crate::{AttributeValue, Db, Error, Item, Result, Timestamp};

/// What an operation is told besides what it says itself.
pub(super) struct With {
    pub(super) now: Timestamp,
    /// What else must be true of the item.
    pub(super) condition: Option<Condition<()>>,
    /// Whether the item is wanted if its condition fails, asked for or not.
    pub(super) old_item: bool,
}

impl With {
    pub(super) fn nothing(now: Timestamp) -> Self {
        Self { now, condition: None, old_item: false }
    }

    /// Joins its condition to that of the operation.
    pub(super) fn join(&self, condition: &mut Option<Condition<()>>) {
        if let Some(own) = &self.condition {
            Condition::join(condition, own.clone());
        }
    }
}

/// What a write does to the unique attributes of its item.
pub(super) struct Effect {
    shape: &'static ModelShape,
    /// The item's key, with the tenant.
    key: Item,
    /// Those whose guards may change.
    touched: Vec<&'static UniqueShape>,
    before: Vec<Known>,
    after: After,
}

/// What an attribute was before the write.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) value: Option<AttributeValue>,
    /// The write fails if it is not so. Else it was read some time ago, or by whoever wrote the item.
    pub(super) is_certain: bool,
}

/// What the attributes are after it.
enum After {
    Gone,
    /// These; all others are as before.
    Changed(State),
}

impl Effect {
    /// The item is replaced by this one. `is_new` says that there must be none before.
    pub(super) fn of_put(db: &Db, key: &EncodedKey, item: &[u8], is_new: bool) -> Result<Option<Self>> {
        let shape = key.model;
        let touched: Vec<_> = shape.unique.iter().collect();
        let names = names(touched.iter().copied());
        let absent = |name: &&'static str| Known { name, value: None, is_certain: true };
        let before = if is_new { names.iter().map(absent).collect() } else { Vec::new() };
        let after = After::Changed(state_of(&names, item)?);
        Self::of(db, key, touched, before, after)
    }

    /// Some attributes are changed to these values. `known` gives what another one is.
    pub(super) fn of_update(
        db: &Db,
        key: &EncodedKey,
        changed: State,
        known: impl Fn(&'static str) -> Result<Option<Known>>,
    ) -> Result<Option<Self>> {
        let is_changed = |name: &'static str| changed.iter().any(|(changed, _)| *changed == name);
        let touches =
            |unique: &&UniqueShape| is_changed(unique.attribute) || unique.scope.is_some_and(is_changed);
        let touched: Vec<_> = key.model.unique.iter().filter(touches).collect();
        let names = names(touched.iter().copied());
        let before = names.into_iter().map(known).collect::<Result<Vec<_>>>()?;
        Self::of(db, key, touched, before.into_iter().flatten().collect(), After::Changed(changed))
    }

    /// The item is deleted; `before` is as it was read, if it was.
    pub(super) fn of_delete(db: &Db, key: &EncodedKey, before: Option<&State>) -> Result<Option<Self>> {
        let known = before.into_iter().flatten();
        let known = known.map(|(name, value)| Known { name, value: value.clone(), is_certain: false });
        let before = known.collect();
        Self::of(db, key, key.model.unique.iter().collect(), before, After::Gone)
    }

    fn of(
        db: &Db,
        key: &EncodedKey,
        touched: Vec<&'static UniqueShape>,
        before: Vec<Known>,
        after: After,
    ) -> Result<Option<Self>> {
        if touched.is_empty() {
            return Ok(None);
        }
        let attributes = ItemKey::new(db, key)?.attributes;
        Ok(Some(Self { shape: key.model, key: attributes, touched, before, after }))
    }

    /// The attributes that matter.
    fn names(&self) -> Vec<&'static str> {
        names(self.touched.iter().copied())
    }

    fn known(&self, name: &str) -> Option<&Known> {
        self.before.iter().find(|known| known.name == name)
    }

    /// True if an attribute is not known, so that the item must be read.
    fn is_unknown(&self) -> bool {
        self.names().into_iter().any(|name| self.known(name).is_none())
    }

    /// The value of an attribute before the write.
    fn value_before(&self, name: &str) -> Option<&AttributeValue> {
        self.known(name)?.value.as_ref()
    }

    /// The value of an attribute after it.
    fn value_after(&self, name: &str) -> Option<&AttributeValue> {
        let After::Changed(state) = &self.after else { return None };
        match state.iter().find(|(changed, _)| *changed == name) {
            Some((_, value)) => value.as_ref(),
            None => self.value_before(name),
        }
    }

    /// Takes what was read for what was before, and returns true if that is news.
    fn learn(&mut self, read: State) -> bool {
        let mut is_news = false;
        for (name, value) in read {
            match self.before.iter_mut().find(|known| known.name == name) {
                Some(known) if known.is_certain || known.value == value => {}
                Some(known) => {
                    known.value = value;
                    is_news = true;
                }
                None => {
                    self.before.push(Known { name, value, is_certain: false });
                    is_news = true;
                }
            }
        }
        is_news
    }

    /// What was taken for known is so still.
    fn condition(&self) -> Option<Condition<()>> {
        let mut condition = None;
        for Known { name, value, is_certain } in &self.before {
            if *is_certain {
                continue;
            }
            Condition::join(
                &mut condition,
                match value {
                    Some(value) => Condition::equals(*name, EncodedValue::of(value)),
                    None => Condition::about("attribute_not_exists", *name),
                },
            );
        }
        condition
    }

    /// What to say where the old values are not known and nothing may be read.
    fn unknown(&self) -> Error {
        let unknown = self.names().into_iter().find(|name| self.known(name).is_none());
        let attribute = unknown.unwrap_or_default();
        Error::invalid(format!(
            "what attribute `{attribute}` was is not known, and its guard is found by it: tell it by `.given(..)`, write \
             the item as it was read, or put a new item by `if_not_exists`"
        ))
    }
}

/// The values of unique attributes in an item as it stands in a struct.
pub(super) fn state_of_item(model: &ModelShape, item: &[u8]) -> Result<State, CodecError> {
    state_of(&names(model.unique), item)
}

/// Refuses to give an item back, which a transaction does not.
pub(super) fn refuse_values(return_values: Option<&str>) -> Result<()> {
    let method = match return_values {
        None => return Ok(()),
        Some("ALL_OLD") => "returning_old",
        Some("ALL_NEW") => "returning_new",
        Some(_) => "returning_updated",
    };
    Err(Error::invalid(format!(
        "a write of unique attributes is a transaction, which gives no item back: call `execute` instead of `{method}`, and read the item"
    )))
}

#[cfg(test)]
mod tests;
