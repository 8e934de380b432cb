//! What each item of a model says of itself, where the model asks for it: its type, and the schema that it was written in.
//!
//! The derive makes a [`Kept`] of `type = "User"` and `schema = 3, upcast(..)`. Every write of a whole item, and every update
//! that may make one, stores both; every read checks them, and brings an item of an older schema to ours before it is
//! decoded. Start at [`decode_kept`].

use crate::codec::{Attribute, Cause, CodecError, ItemWriter, Problem, Reader, Writer, decode_member};
use crate::expr::{Condition, EncodedValue, Placeholders};
use crate::model::{Fields, FromItem, Model, ModelShape};
use crate::value::{AttributeValue, Item};
use std::error::Error;
use std::sync::Arc;

/// What an item says of itself.
#[doc(hidden)]
#[derive(Debug)]
pub struct Kept {
    /// The struct's name.
    pub model: &'static str,
    pub type_name: Option<TypeName>,
    pub schema: Option<Schema>,
    /// The attributes of both.
    pub names: &'static [&'static str],
}

/// Of which model an item is.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct TypeName {
    pub attribute: &'static str,
    pub name: &'static str,
}

/// In which schema an item was written. One without the attribute is of schema 1.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    pub attribute: &'static str,
    pub version: u64,
    /// From each schema to the next, the first from 1 to 2.
    pub upcasts: &'static [Upcast],
}

/// From one schema to the next.
pub(crate) type Upcast = fn(Item) -> Result<Item, Box<dyn Error + Send + Sync>>;

impl Kept {
    /// Writes what an item of this model says of itself.
    pub(crate) fn encode(&self, item: &mut ItemWriter<'_>) {
        if let Some(TypeName { attribute, name }) = self.type_name {
            item.name(attribute).s(name);
        }
        if let Some(Schema { attribute, version, .. }) = self.schema {
            item.name(attribute).n(itoa::Buffer::new().format(version));
        }
    }

    /// The attributes that an update gives an item that it makes, as JSON.
    pub(crate) fn members(&self) -> Vec<(&'static str, Vec<u8>)> {
        let json = |write: &dyn Fn(&mut Writer)| {
            let mut writer = Writer::new();
            write(&mut writer);
            writer.into_bytes()
        };
        let type_name = self.type_name.map(|of| (of.attribute, json(&|writer| writer.s(of.name))));
        let schema = self
            .schema
            .map(|of| (of.attribute, json(&|writer| writer.n(itoa::Buffer::new().format(of.version)))));
        type_name.into_iter().chain(schema).collect()
    }
}

impl TypeName {
    /// The text of the condition that an item is of this type, or says nothing of its type.
    pub(crate) fn condition(&self, or_none: bool, request: &mut Placeholders) -> String {
        let mut value = Writer::new();
        value.s(self.name);
        let mut text = String::new();
        if or_none {
            text.push_str("(attribute_not_exists(");
            request.push_name(&mut text, self.attribute);
            text.push_str(") OR ");
        }
        request.push_name(&mut text, self.attribute);
        text.push_str(" = ");
        request.push_value(&mut text, value.into_bytes());
        text.push_str(if or_none { ")" } else { "" });
        text
    }
}

impl TypeName {
    /// The stored item, if there is one, is of this type or says nothing of it: an update would else leave one that is of two.
    pub(crate) fn is_stored_or_none<M>(&self) -> Condition<M> {
        let ours = Condition::equals(self.attribute, EncodedValue::of(&self.name.to_owned()));
        Condition::about("attribute_not_exists", self.attribute).or(ours)
    }
}

impl Schema {
    /// The stored item, if there is one, is of our schema: an update would else leave one that is of two.
    pub(crate) fn condition<M>(&self, model: &ModelShape, exists: bool) -> Condition<M> {
        let ours = Condition::equals(self.attribute, EncodedValue::of(&self.version));
        match (self.version, exists) {
            // One from before there were schemas, or none at all.
            (1, _) => Condition::about("attribute_not_exists", self.attribute).or(ours),
            (_, true) => ours,
            (_, false) => {
                Condition::about("attribute_not_exists", model.primary.partition_key().attribute).or(ours)
            }
        }
    }
}

/// What was read of an item besides its fields.
#[derive(Default)]
struct Stored {
    is_ours: Option<bool>,
    schema: Option<u64>,
}

/// Reads a model that says something of itself.
///
/// # Errors
///
/// If the item says that it is of another model or of a schema that is not known; if a function from one schema to the next
/// fails; if an attribute is missing, or has another type.
pub fn decode_kept<T: Model>(reader: &mut Reader<'_>) -> Result<T, CodecError> {
    match T::SHAPE.kept {
        Some(kept) => decode(kept, true, reader),
        None => crate::private::decode_fields(reader),
    }
}

/// Reads a projection, whose model may say something of itself. An item of an older schema is refused: only whole items can be
/// brought to ours.
///
/// # Errors
///
/// If an attribute is missing, or has another type; those of [`decode_kept`].
pub fn decode_projection<T: Fields + FromItem<Model: Model>>(
    reader: &mut Reader<'_>,
) -> Result<T, CodecError> {
    match T::Model::SHAPE.kept {
        Some(kept) => decode(kept, false, reader),
        None => crate::private::decode_fields(reader),
    }
}

fn decode<T: Fields>(kept: &Kept, whole: bool, reader: &mut Reader<'_>) -> Result<T, CodecError> {
    let start = reader.clone();
    let mut stored = Stored::default();
    let mut partial = T::Partial::default();
    let read = reader.object(|reader, name| {
        match &kept.type_name {
            Some(of) if of.attribute == name => {
                stored.is_ours = Some(reader.s().map_err(|error| error.at(name))? == of.name);
                return Ok(());
            }
            _ => {}
        }
        match &kept.schema {
            Some(of) if of.attribute == name => {
                stored.schema = Some(u64::decode(reader).map_err(|error| error.at(name))?);
                return Ok(());
            }
            _ => {}
        }
        if !T::accept(&mut partial, name, reader)? {
            reader.skip()?;
        }
        Ok(())
    });
    let current = kept.schema.is_none_or(|schema| stored.schema.unwrap_or(1) == schema.version);
    if read.is_ok() && current {
        kept.check_type(stored.is_ours)?;
        return T::finish(partial);
    }
    // Of an item of an older schema, or of another model, no attribute needs to be what ours is.
    let mut item_reader = start;
    let item = <Item as FromItem>::decode(&mut item_reader)?;
    let (item, was_current) = kept.bring_up(item, whole)?;
    *reader = item_reader;
    match read {
        Err(error) if was_current => Err(error),
        _ => decode_item(&item),
    }
}

/// Checks what an item says of itself, before some of its attributes are borrowed from the answer.
///
/// # Errors
///
/// Those of [`decode_projection`].
pub(crate) fn check(kept: &Kept, mut reader: Reader<'_>) -> Result<(), CodecError> {
    let mut said = Item::new();
    reader.object(|reader, name| match kept.names.contains(&name) {
        true => decode_member(reader, name, |name, value| said.insert(name, value)),
        false => reader.skip(),
    })?;
    kept.bring_up(said, false).map(drop)
}

fn decode_item<T: Fields>(item: &Item) -> Result<T, CodecError> {
    let mut writer = Writer::new();
    writer.item(|members| item.iter().try_for_each(|(name, value)| members.attribute(name, value)))?;
    crate::private::decode_fields(&mut Reader::new(writer.as_bytes())?)
}

impl Kept {
    fn check_type(&self, is_ours: Option<bool>) -> Result<(), CodecError> {
        match (&self.type_name, is_ours) {
            (None, _) | (_, Some(true)) => Ok(()),
            (Some(of), None) => Err(CodecError::missing(of.attribute)),
            (Some(of), Some(false)) => {
                Err(CodecError::new(Problem::OtherType { model: self.model }).at(of.attribute))
            }
        }
    }

    /// Brings an item to our schema, and tells whether it was of it.
    fn bring_up(&self, mut item: Item, whole: bool) -> Result<(Item, bool), CodecError> {
        let is_ours = |item: &Item| {
            let of = self.type_name.as_ref()?;
            item.get(of.attribute).map(|value| value.as_s() == Some(of.name))
        };
        if is_ours(&item) == Some(false) {
            self.check_type(Some(false))?;
        }
        let Some(schema) = &self.schema else {
            self.check_type(is_ours(&item))?;
            return Ok((item, true));
        };
        let known = schema.version;
        let stored = match item.get(schema.attribute) {
            None => 1,
            Some(value) => stored_version(value).map_err(|error| error.at(schema.attribute))?,
        };
        if stored == known {
            self.check_type(is_ours(&item))?;
            return Ok((item, true));
        }
        if stored == 0 || stored > known {
            return Err(CodecError::new(Problem::UnknownSchema { stored, known }));
        }
        if !whole {
            return Err(CodecError::new(Problem::OldSchema { stored, known }));
        }
        for (from, upcast) in (1..).zip(schema.upcasts).filter(|(from, _)| *from >= stored) {
            item = upcast(item)
                .map_err(|why| CodecError::new(Problem::Upcast { from, why: Cause(Arc::from(why)) }))?;
        }
        self.check_type(is_ours(&item))?;
        Ok((item, false))
    }
}

fn stored_version(value: &AttributeValue) -> Result<u64, CodecError> {
    let mut writer = Writer::new();
    value.encode(&mut writer)?;
    u64::decode(&mut Reader::new(writer.as_bytes())?)
}

/// Calls a function from one schema to the next, whatever the type of its errors.
///
/// # Errors
///
/// Those of the function.
pub fn upcast<E: Into<Box<dyn Error + Send + Sync>>>(
    function: fn(Item) -> Result<Item, E>,
    item: Item,
) -> Result<Item, Box<dyn Error + Send + Sync>> {
    function(item).map_err(Into::into)
}

/// The names that a projection asks for besides its own.
#[must_use]
pub const fn kept_names(shape: &ModelShape) -> &'static [&'static str] {
    match shape.kept {
        Some(kept) => kept.names,
        None => &[],
    }
}
