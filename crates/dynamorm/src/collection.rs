//! Item collections: items of several models in one partition, read together and told apart.
//!
//! The derive checks while it compiles that any two models of a collection can be told apart: by their keys, where the texts
//! that their templates begin with cannot be those of one item, else by the type that each item says it has. Start at
//! [`member`], which finds whose an item is.

use crate::codec::{CodecError, Problem, Reader, Tag};
use crate::key::{KeyShape, Segment};
use crate::model::{FromItem, Model, ModelShape};
use crate::private::same_name;
use crate::value::Item;
use std::borrow::Cow;

/// What an item of a collection can be.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in an item collection",
    label = "not a model",
    note = "each variant holds a model, a projection of one, or `Item` for anything else"
)]
pub trait Member: Sized {
    /// `None` takes any item.
    const MODEL: Option<&'static ModelShape>;
    /// False for a collection, which holds several models itself.
    const IS_ONE: bool = true;

    /// Reads an item that is for it.
    ///
    /// # Errors
    ///
    /// Those of [`FromItem::decode`].
    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<R: FromItem<Model: Model>> Member for R {
    const MODEL: Option<&'static ModelShape> = Some(R::Model::SHAPE);
    const IS_ONE: bool = !R::IS_COLLECTION;

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        R::decode(reader)
    }
}

#[diagnostic::do_not_recommend]
impl Member for Item {
    const MODEL: Option<&'static ModelShape> = None;

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        FromItem::decode(reader)
    }
}

/// Finds the position of the member that the next item is for. Nothing is read of it.
///
/// # Errors
///
/// If it is for none.
pub fn member<const N: usize>(
    reader: &Reader<'_>,
    members: &[Option<&'static ModelShape>; N],
    collection: &'static str,
    advice: &'static str,
) -> Result<usize, CodecError> {
    let mut seen = Seen { partition: None, sort: None, types: [None; N] };
    let first = members.iter().flatten().next();
    if let Some(first) = first {
        let key = &first.primary;
        let sort = key.sort_key().map_or(key.partition_key().attribute, |sort| sort.attribute);
        reader.clone().object_while(|reader, name| {
            if name == key.partition_key().attribute {
                seen.partition = Some(text(reader)?);
            } else if name == sort {
                seen.sort = Some(text(reader)?);
            } else if !seen.take_type(members, name, reader)? {
                reader.skip()?;
            }
            Ok(!seen.is_all(members, key.sort_key().is_some()))
        })?;
    }
    let model =
        |(at, shape): (usize, &Option<&'static ModelShape>)| shape.filter(|shape| seen.fits(at, shape));
    let found = members.iter().enumerate().position(|member| model(member).is_some());
    found
        .or_else(|| members.iter().position(Option::is_none))
        .ok_or_else(|| CodecError::new(Problem::NoMember { collection, advice }))
}

/// What has been seen of an item: the texts of its key, and whether its type is that of each member. A value that is no text
/// was seen, but is none.
struct Seen<'a, const N: usize> {
    partition: Option<Option<Cow<'a, str>>>,
    sort: Option<Option<Cow<'a, str>>>,
    types: [Option<bool>; N],
}

impl<const N: usize> Seen<'_, N> {
    /// Reads the attribute if it is a type of one of the members.
    fn take_type(
        &mut self,
        members: &[Option<&'static ModelShape>; N],
        name: &str,
        reader: &mut Reader<'_>,
    ) -> Result<bool, CodecError> {
        let types = || members.iter().map(|shape| shape.and_then(|shape| shape.kept?.type_name));
        if !types().flatten().any(|of| of.attribute == name) {
            return Ok(false);
        }
        let value = text(reader)?;
        for (seen, of) in self.types.iter_mut().zip(types()) {
            if let Some(of) = of.filter(|of| of.attribute == name) {
                *seen = Some(value.as_deref() == Some(of.name));
            }
        }
        Ok(true)
    }

    /// True if there is no more to look for.
    fn is_all(&self, members: &[Option<&'static ModelShape>; N], has_sort: bool) -> bool {
        let typed = |shape: &Option<&'static ModelShape>| {
            shape.is_some_and(|shape| shape.kept.is_some_and(|kept| kept.type_name.is_some()))
        };
        self.partition.is_some()
            && (self.sort.is_some() || !has_sort)
            && self.types.iter().zip(members).all(|(seen, member)| seen.is_some() || !typed(member))
    }

    fn fits(&self, at: usize, shape: &ModelShape) -> bool {
        let typed = shape.kept.is_some_and(|kept| kept.type_name.is_some());
        (!typed || self.types.get(at).copied().flatten() == Some(true))
            && key_fits(shape.primary.partition_key(), &self.partition, shape.shards.is_some())
            && shape.primary.sort_key().is_none_or(|sort| key_fits(sort, &self.sort, false))
    }
}

fn text<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, str>>, CodecError> {
    reader.value(|reader, tag| match tag {
        Tag::S => reader.string().map(Some),
        _ => reader.skip().map(|()| None),
    })
}

/// With shards, one of them stands behind the template.
fn key_fits(key: &KeyShape, seen: &Option<Option<Cow<'_, str>>>, has_shards: bool) -> bool {
    if key.template.is_empty() {
        return true;
    }
    match seen {
        Some(Some(text)) if is_constant(key) && !has_shards => text == head(key),
        Some(Some(text)) => text.starts_with(head(key)),
        Some(None) | None => false,
    }
}

/// Puts an item into a field that holds one.
///
/// # Errors
///
/// If there is one in it: nothing is dropped.
pub fn fill<T>(
    field: &mut Option<T>,
    item: T,
    collection: &'static str,
    name: &'static str,
) -> Result<(), CodecError> {
    match field {
        Some(_) => Err(CodecError::new(Problem::SecondItem { collection, field: name })),
        None => {
            *field = Some(item);
            Ok(())
        }
    }
}

/// True if no item can be of both members: by their keys, or by their types.
#[must_use]
pub const fn are_apart(one: Option<&ModelShape>, other: Option<&ModelShape>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return true };
    if are_of_types(one, other) {
        return true;
    }
    if are_disjoint(one.primary.partition_key(), other.primary.partition_key()) {
        return true;
    }
    match (one.primary.sort_key(), other.primary.sort_key()) {
        (Some(one), Some(other)) => are_disjoint(one, other),
        _ => false,
    }
}

/// True if the items of both say of which type they are, in one attribute, and the types differ.
pub(crate) const fn are_of_types(one: &ModelShape, other: &ModelShape) -> bool {
    if let (Some(one), Some(other)) = (one.kept, other.kept)
        && let (Some(one), Some(other)) = (&one.type_name, &other.type_name)
    {
        same_name(one.attribute, other.attribute) && !same_name(one.name, other.name)
    } else {
        false
    }
}

/// True if a member can be in the table of the model whose keys a collection is queried with.
#[must_use]
pub const fn share_a_table(of: &ModelShape, member: Option<&ModelShape>) -> bool {
    let Some(member) = member else { return true };
    if let (Some(one), Some(other)) = (of.table, member.table)
        && !same_name(one, other)
    {
        return false;
    }
    let sort = match (of.primary.sort_key(), member.primary.sort_key()) {
        (Some(one), Some(other)) => same_name(one.attribute, other.attribute),
        (None, None) => true,
        _ => false,
    };
    sort && same_name(of.primary.partition_key().attribute, member.primary.partition_key().attribute)
}

/// True if a member is of tenants in the way of the model whose keys a collection is queried with, or neither is of any: else a
/// handle would read by one what it does not reach by the other.
#[must_use]
pub const fn share_tenants(of: &ModelShape, member: Option<&ModelShape>) -> bool {
    let Some(member) = member else { return true };
    match (of.tenant, member.tenant) {
        (None, None) => true,
        (Some(one), Some(other)) => one.in_key == other.in_key && same_name(one.attribute, other.attribute),
        _ => false,
    }
}

/// True if a member is spread over shards as the model whose keys a collection is queried with: else a query would ask too few.
#[must_use]
pub const fn share_shards(of: &ModelShape, member: Option<&ModelShape>) -> bool {
    let Some(member) = member else { return true };
    match (of.shards, member.shards) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            if one.counts.len() != other.counts.len() {
                return false;
            }
            let mut at = 0;
            while at < one.counts.len() {
                let (one, other) = (one.counts[at], other.counts[at]);
                if one.1 != other.1 || !same_name(one.0, other.0) {
                    return false;
                }
                at += 1;
            }
            true
        }
        _ => false,
    }
}

/// True if guards of unique attributes are in the table with the items of a collection.
#[must_use]
pub const fn any_has_guards(members: &[Option<&ModelShape>]) -> bool {
    let mut at = 0;
    while at < members.len() {
        if let Some(member) = members[at]
            && !member.unique.is_empty()
        {
            return true;
        }
        at += 1;
    }
    false
}

/// True if a member takes any item, or if it does not, as it should be.
#[must_use]
pub const fn takes_any(member: Option<&ModelShape>, should: bool) -> bool {
    member.is_none() == should
}

/// True if at most one member takes any item.
#[must_use]
pub const fn at_most_one_takes_any(members: &[Option<&ModelShape>]) -> bool {
    let (mut any, mut at) = (0, 0);
    while at < members.len() {
        if members[at].is_none() {
            any += 1;
        }
        at += 1;
    }
    any <= 1
}

/// True if no text is a key of both.
const fn are_disjoint(one: &KeyShape, other: &KeyShape) -> bool {
    let (one_head, other_head) = (head(one), head(other));
    match (is_constant(one), is_constant(other)) {
        (true, true) => !same_name(one_head, other_head),
        (true, false) => !begins_with(one_head, other_head),
        (false, true) => !begins_with(other_head, one_head),
        (false, false) => !begins_with(one_head, other_head) && !begins_with(other_head, one_head),
    }
}

/// The text that every key of this template begins with.
const fn head(key: &KeyShape) -> &'static str {
    match key.template {
        [Segment::Literal(text), ..] => text,
        _ => "",
    }
}

const fn is_constant(key: &KeyShape) -> bool {
    matches!(key.template, [Segment::Literal(_)])
}

const fn begins_with(text: &str, head: &str) -> bool {
    let (text, head) = (text.as_bytes(), head.as_bytes());
    if text.len() < head.len() {
        return false;
    }
    let mut at = 0;
    while at < head.len() {
        if text[at] != head[at] {
            return false;
        }
        at += 1;
    }
    true
}
