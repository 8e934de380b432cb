//! All that generated code may name. Not part of the public API: it changes without notice.

pub use crate::Ttl;
pub use crate::attr::{Attr, KeyPart as KeyRole, Managed as ManagedRole, Plain as PlainRole};
pub use crate::borrowed::{BorrowItem, Borrowed};
pub use crate::codec::{Attribute, CodecError, ItemWriter, Reader, Tag, Writer};
pub use crate::collection::{
    Member, any_has_guards, are_apart, at_most_one_takes_any, fill, member, share_a_table, share_shards,
    share_tenants, takes_any,
};
pub use crate::expr::{AttributeType, HasSize, Ordered, Prefixed, Searched};
pub use crate::index::Index;
pub use crate::kept::{Kept, Schema, TypeName, decode_kept, decode_projection, kept_names, upcast};
pub use crate::key::{
    IndexKeyAttribute, IndexKind, IndexShape, IntoKey, KeyAttribute, KeyParts, KeyShape, NoSortKey, Part,
    Projection, ScalarType, Segment, Several, Shards, TemplateAttribute,
};
pub use crate::lifecycle::{ManagedAttribute, ManagedValues, Role, TimeField, TtlField, VersionField};
pub use crate::model::{Collect, Fields, FromItem, Key, Model, ModelShape, Readable};
pub use crate::path::{Flattened, Members};
pub use crate::tenant::{ReachedByDb, ReachedByTenantDb, TenantShape};
pub use crate::unique::{Unique as UniqueRole, UniqueShape, UniqueWithin as UniqueWithinRole};
pub use crate::vector::{
    Distance, NoPartition, OfTenant, SearchKey, VectorAttribute, VectorIndex, VectorShape,
};
pub use core::option::Option;
pub use core::result::Result;
pub use std::string::String;
pub use std::vec::Vec;

use crate::limits;
use core::marker::PhantomData;

/// Reads an attribute of type `T` as a part of a key: the `part` of a template's field.
///
/// # Errors
///
/// If the value has another type.
pub fn read_part<T: IndexKeyAttribute>(reader: &mut Reader<'_>) -> Result<Option<Part<'static>>, CodecError> {
    let value = T::decode(reader)?;
    Ok(value.index_part().map(Part::into_owned))
}

/// Writes the primary key of a model whose key attributes are made by templates.
///
/// # Errors
///
/// If a part is empty or the value is too long.
pub fn write_key(
    item: &mut ItemWriter<'_>,
    shape: &IndexShape,
    partition: &[Part<'_>],
    sort: &[Part<'_>],
) -> Result<(), CodecError> {
    crate::key::write_key(item, shape.partition_key(), partition, limits::PARTITION_KEY_BYTES)?;
    match shape.sort_key() {
        Some(shape) => crate::key::write_key(item, shape, sort, limits::SORT_KEY_BYTES),
        None => Ok(()),
    }
}

/// Writes the primary key of a model whose partitions have shards: the sort key tells which.
///
/// # Errors
///
/// Those of [`write_key`].
pub fn write_sharded_key(
    item: &mut ItemWriter<'_>,
    model: &ModelShape,
    partition: &[Part<'_>],
    sort: &[Part<'_>],
) -> Result<(), CodecError> {
    let key = &model.primary;
    let (Some(shards), Some(shape)) = (model.shards, key.sort_key()) else {
        return write_key(item, key, partition, sort);
    };
    let sort = crate::key::render(shape, sort, limits::SORT_KEY_BYTES)?;
    let partition = crate::key::render_shard(key.partition_key(), partition, shards.of_key(&sort))?;
    partition.encode(item.name(key.partition_key().attribute));
    sort.encode(item.name(shape.attribute));
    Ok(())
}

/// Writes the attribute of the tenant, who is filled in when the item is sent.
pub fn write_tenant(item: &mut ItemWriter<'_>, name: &str) {
    item.name(name).s_of_tenant("", crate::tenant::ALONE, "");
}

/// The tenant that an item says it is of.
pub fn claimed_tenant<T: crate::tenant::TenantAttribute>(value: &T) -> Option<String> {
    match value.key_part() {
        Part::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

/// Writes the partition key of an index that is made by a template, or leaves it out if a part is absent or empty.
///
/// # Errors
///
/// If the value is too long.
pub fn write_index_partition(
    item: &mut ItemWriter<'_>,
    shape: &KeyShape,
    parts: &[Option<Part<'_>>],
) -> Result<(), CodecError> {
    write_index_key(item, shape, parts, limits::PARTITION_KEY_BYTES)
}

/// Writes the sort key of an index, as [`write_index_partition`] does the partition key.
///
/// # Errors
///
/// If the value is too long.
pub fn write_index_sort(
    item: &mut ItemWriter<'_>,
    shape: &KeyShape,
    parts: &[Option<Part<'_>>],
) -> Result<(), CodecError> {
    write_index_key(item, shape, parts, limits::SORT_KEY_BYTES)
}

fn write_index_key(
    item: &mut ItemWriter<'_>,
    shape: &KeyShape,
    parts: &[Option<Part<'_>>],
    limit: usize,
) -> Result<(), CodecError> {
    match parts.iter().cloned().collect::<Option<Vec<_>>>() {
        Some(parts) => crate::key::write_key(item, shape, &parts, limit),
        None => Ok(()),
    }
}

/// An attribute, as generated code writes and reads it: one trait for all, so that a type that is none is reported once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as a DynamoDB attribute",
    label = "not an attribute type",
    note = "derive `Document` for a struct, a newtype or an enum of your own"
)]
pub trait Stored: Sized {
    /// Adds it to an item, or leaves it out if it is absent.
    ///
    /// # Errors
    ///
    /// If it cannot be encoded; with its name, as the others.
    fn write(&self, item: &mut ItemWriter<'_>, name: &str) -> Result<(), CodecError>;

    /// Reads it into its place.
    ///
    /// # Errors
    ///
    /// If the stored value has another type.
    fn read(place: &mut Option<Self>, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError>;

    /// Puts into an empty place what the absence of the attribute means.
    ///
    /// # Errors
    ///
    /// If it must not be absent.
    fn fill(place: &mut Option<Self>, name: &str) -> Result<(), CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Stored for T {
    fn write(&self, item: &mut ItemWriter<'_>, name: &str) -> Result<(), CodecError> {
        item.attribute(name, self)
    }

    // A program has this once for each type, and not in each model that has a field of it.
    #[inline(never)]
    fn read(place: &mut Option<Self>, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError> {
        *place = Some(T::decode(reader).map_err(|error| error.at(name))?);
        Ok(())
    }

    #[inline]
    fn fill(place: &mut Option<Self>, name: &str) -> Result<(), CodecError> {
        fill_with(place, T::absent, name)
    }
}

/// Puts into an empty place what an absent attribute is read as.
///
/// # Errors
///
/// If that is nothing.
#[inline]
pub(crate) fn fill_with<T>(
    place: &mut Option<T>,
    absent: impl FnOnce() -> Option<T>,
    name: &str,
) -> Result<(), CodecError> {
    if place.is_none() {
        *place = absent();
        if place.is_none() {
            return Err(CodecError::missing(name));
        }
    }
    Ok(())
}

/// Each place has been filled, so that this does not come about.
#[cold]
#[must_use]
pub fn unfilled() -> CodecError {
    CodecError::invalid("was not read")
}

/// Reads a field that borrows from the answer into its place.
///
/// # Errors
///
/// If the stored value has another type.
#[inline]
pub fn read_borrowed<'a, T: Borrowed<'a>>(
    place: &mut Option<T>,
    reader: &mut Reader<'a>,
    name: &str,
) -> Result<(), CodecError> {
    *place = Some(T::decode(reader).map_err(|error| error.at(name))?);
    Ok(())
}

/// Takes such a field from its place, or what its absence means.
///
/// # Errors
///
/// If it must not be absent.
#[inline]
pub fn take_borrowed<'a, T: Borrowed<'a>>(place: Option<T>, name: &str) -> Result<T, CodecError> {
    place.or_else(T::absent).ok_or_else(|| CodecError::missing(name))
}

/// The same of a field that borrows nothing.
///
/// # Errors
///
/// If it must not be absent.
#[inline]
pub fn take_owned<T: Attribute>(place: Option<T>, name: &str) -> Result<T, CodecError> {
    place.or_else(T::absent).ok_or_else(|| CodecError::missing(name))
}

/// A document that a variant of an enum holds: its members stand beside the tag.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be what a variant holds",
    label = "not a struct with `derive(Document)`",
    note = "give it a name, `Variant {{ value: {Self} }}`, to hold a value of any type"
)]
pub trait VariantData: Sized {
    /// The names of its members.
    const NAMES: &'static [&'static str];

    /// Adds its members to the map.
    ///
    /// # Errors
    ///
    /// If one cannot be encoded.
    fn write(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError>;

    /// Reads them from the map.
    ///
    /// # Errors
    ///
    /// If one is missing, or has another type.
    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: Fields + Attribute> VariantData for T {
    const NAMES: &'static [&'static str] = <T as Fields>::NAMES;

    fn write(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        Fields::encode(self, item, &mut Vec::new())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::decode(reader)
    }
}

/// Reads a whole object of attributes.
///
/// # Errors
///
/// If an attribute is missing, or has another type.
pub fn decode_fields<T: Fields>(reader: &mut Reader<'_>) -> Result<T, CodecError> {
    let mut partial = T::Partial::default();
    reader.object(|reader, name| {
        if !T::accept(&mut partial, name, reader)? {
            reader.skip()?;
        }
        Ok(())
    })?;
    T::finish(partial)
}

/// Checks that a type can stand in a key template: called in a constant, at the place of the field's type.
pub const fn stands_in_template<T: TemplateAttribute>() {}

/// Checks that a type can be unique: called in a constant, at the place of the field's type.
pub const fn can_be_unique<T: crate::unique::UniqueAttribute>() {}

/// The same for a scope.
pub const fn can_be_scope<T: crate::unique::UniqueScope>() {}

/// True if the table's keys can be those of guards, and no item of the model can have one.
#[must_use]
pub const fn takes_guards(shape: &ModelShape) -> bool {
    let partition = shape.primary.partition_key();
    let sort = match shape.primary.sort_key() {
        Some(key) => matches!(key.kind, ScalarType::S),
        None => true,
    };
    let head = match partition.template {
        [Segment::Literal(text), ..] => text.as_bytes(),
        _ => b"",
    };
    // What begins otherwise is never a guard's; what might begin so is checked when it is sent.
    let own = crate::unique::HEAD.as_bytes();
    let mut at = 0;
    while at < own.len() && at < head.len() && own[at] == head[at] {
        at += 1;
    }
    matches!(partition.kind, ScalarType::S) && sort && at < own.len()
}

/// True if one of the attributes is a time to live.
#[must_use]
pub const fn expires(managed: &[ManagedAttribute]) -> bool {
    let mut at = 0;
    while at < managed.len() {
        if matches!(managed[at].role, Role::Ttl { .. }) {
            return true;
        }
        at += 1;
    }
    false
}

/// True if the vectors of a vector index can have so many numbers.
#[must_use]
pub const fn are_dimensions(numbers: usize) -> bool {
    numbers >= 1 && numbers <= limits::VECTOR_DIMENSIONS
}

/// What a projection may have for an attribute of type `T`: the same, or an `Option` of it.
#[diagnostic::on_unimplemented(
    message = "the model has this attribute as `{Self}`, not as `{P}`",
    label = "write `{Self}`, or `Option<{Self}>`"
)]
pub trait ProjectedAs<P> {}

#[diagnostic::do_not_recommend]
impl<T> ProjectedAs<T> for T {}
#[diagnostic::do_not_recommend]
impl<T> ProjectedAs<Option<T>> for T {}

/// What a projection that borrows may have for it, whatever the lifetime.
mod projected_as_borrowed {
    use super::ProjectedAs;
    use std::borrow::Cow;

    type Text = Cow<'static, str>;

    #[diagnostic::do_not_recommend]
    impl ProjectedAs<Text> for String {}
    #[diagnostic::do_not_recommend]
    impl ProjectedAs<Option<Text>> for String {}
    #[diagnostic::do_not_recommend]
    impl ProjectedAs<Option<Text>> for Option<String> {}
    #[diagnostic::do_not_recommend]
    impl ProjectedAs<Vec<Text>> for Vec<String> {}
    #[diagnostic::do_not_recommend]
    impl ProjectedAs<Option<Vec<Text>>> for Vec<String> {}
    #[diagnostic::do_not_recommend]
    impl ProjectedAs<Option<Vec<Text>>> for Option<Vec<String>> {}
}

/// The name of the attribute of `M` that a projection has as `P`.
#[must_use]
pub const fn projected<M, P, T: ProjectedAs<P>, R>(attr: Attr<M, T, R>) -> &'static str {
    attr.name()
}

/// True if both names are the same; `==` is not for constants.
#[must_use]
pub const fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Tells whether a type is a model: `Probe::<T>::IS_MODEL` is the inherent constant if `T` is one, else the trait's.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

/// The answer of [`Probe`] for all other types.
pub trait NoModel {
    /// Hidden by the inherent constant of the same name.
    const IS_MODEL: bool = false;
}

impl<T> NoModel for Probe<T> {}

impl<T: Model> Probe<T> {
    /// The type is a model.
    pub const IS_MODEL: bool = true;
}

/// How many elements several lists have together.
#[must_use]
pub const fn count<T>(lists: &[&[T]]) -> usize {
    let (mut count, mut list) = (0, 0);
    while list < lists.len() {
        count += lists[list].len();
        list += 1;
    }
    count
}

/// True if no name is in the list twice.
#[must_use]
pub const fn are_distinct(names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        let mut earlier = 0;
        while earlier < at {
            if same_name(names[at], names[earlier]) {
                return false;
            }
            earlier += 1;
        }
        at += 1;
    }
    true
}

/// True if a name is in the list.
#[must_use]
pub const fn is_among(name: &str, names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same_name(names[at], name) {
            return true;
        }
        at += 1;
    }
    false
}

/// The names of a struct's attributes and of those flattened into it.
#[must_use]
pub const fn join_names<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    join(lists, "")
}

/// The managed attributes of a struct and of those flattened into it.
#[must_use]
pub const fn join_managed<const N: usize>(lists: &[&[ManagedAttribute]]) -> [ManagedAttribute; N] {
    join(lists, ManagedAttribute { name: "", role: Role::Version })
}

/// The indexes of a model, then of the one whose key it has.
#[must_use]
pub const fn join_indexes<const N: usize>(lists: &[&[IndexShape]]) -> [IndexShape; N] {
    let nothing = IndexShape {
        name: "",
        kind: IndexKind::Primary,
        partition: &[],
        sort: &[],
        projection: Projection::All,
    };
    let mut joined = join(lists, nothing);
    let mut at = match lists {
        [own, ..] => own.len(),
        [] => 0,
    };
    while at < N {
        joined[at].projection = joined[at].projection.inherited();
        at += 1;
    }
    joined
}

const fn join<T: Copy, const N: usize>(lists: &[&[T]], filler: T) -> [T; N] {
    let mut joined = [filler; N];
    let (mut count, mut list) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            joined[count] = lists[list][at];
            count += 1;
            at += 1;
        }
        list += 1;
    }
    joined
}
