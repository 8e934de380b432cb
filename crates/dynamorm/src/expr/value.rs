//! Values on their way into an expression: which Rust values an attribute of type `T` can be compared with or set to.

use crate::attr::{KeyPart, Managed, Plain};
use crate::codec::{Attribute, CodecError, Writer};
use crate::path::Element;
use crate::unique::{Unique, UniqueWithin};
use crate::{AttributeValue, Nullable, Number, Timestamp, Ttl};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

/// A value, already encoded. The first error waits in it for the operation's terminal.
#[derive(Clone)]
pub struct EncodedValue(Result<Encoded, CodecError>);

#[derive(Clone)]
enum Encoded {
    Json(Vec<u8>),
    /// Absent as an attribute. As an element of a list or a map it cannot be: there it is this, or an error.
    Absent(Result<Vec<u8>, CodecError>),
}

impl EncodedValue {
    /// Encodes a value.
    pub fn of<T: Attribute>(value: &T) -> Self {
        let mut writer = Writer::new();
        let json = value.encode(&mut writer).map(|()| writer.into_bytes());
        Self(if value.is_absent() { Ok(Encoded::Absent(json)) } else { json.map(Encoded::Json) })
    }

    /// A value that is encoded already.
    pub(crate) fn of_json(json: Vec<u8>) -> Self {
        Self(Ok(Encoded::Json(json)))
    }

    /// The same as an element of a list or a map, where nothing is absent.
    pub(crate) fn into_element(self) -> Self {
        match self.0 {
            Ok(Encoded::Absent(json)) => Self(json.map(Encoded::Json)),
            other => Self(other),
        }
    }

    /// The value as JSON, or `None` if it is absent.
    pub(crate) fn json(&self, path: &(impl fmt::Display + ?Sized)) -> Result<Option<&[u8]>, CodecError> {
        match &self.0 {
            Ok(Encoded::Json(json)) => Ok(Some(json)),
            Ok(Encoded::Absent(_)) => Ok(None),
            Err(error) => Err(error.clone().at(&path.to_string())),
        }
    }

    /// The value as JSON, or `None` if it is absent.
    pub(crate) fn into_json(self, name: &str) -> Result<Option<Vec<u8>>, CodecError> {
        Ok(self.json(name)?.map(<[u8]>::to_vec))
    }

    /// DynamoDB's word for its type, if there is a value.
    pub(crate) fn type_name(&self) -> Option<&str> {
        let Ok(Encoded::Json(json)) = &self.0 else { return None };
        let json = str::from_utf8(json).ok()?;
        json.strip_prefix("{\"")?.split('"').next()
    }

    /// The value as JSON, which must not be absent.
    pub(crate) fn into_present(self, name: &str) -> Result<Vec<u8>, CodecError> {
        self.into_json(name)?.ok_or_else(|| {
            CodecError::invalid("is compared with an absent value: use `exists` or `not_exists`").at(name)
        })
    }
}

/// Without the value: it belongs in no log.
impl fmt::Debug for EncodedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(_) => f.write_str("EncodedValue(..)"),
            Err(error) => write!(f, "EncodedValue(invalid: {error})"),
        }
    }
}

/// A value that can be given for an attribute of type `T`.
#[diagnostic::on_unimplemented(
    message = "expected a value for an attribute of type `{T}`, found `{Self}`",
    label = "not a `{T}`"
)]
pub trait IntoAttr<T> {
    /// Encodes it.
    fn into_value(self) -> EncodedValue;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> IntoAttr<T> for T {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> IntoAttr<T> for &T {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(self)
    }
}

/// An optional attribute takes the plain value; to unset it, remove it.
#[diagnostic::do_not_recommend]
impl<T: Attribute> IntoAttr<Option<T>> for T {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> IntoAttr<Option<T>> for &T {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoAttr<String> for &str {
    fn into_value(self) -> EncodedValue {
        let mut writer = Writer::new();
        writer.s(self);
        EncodedValue::of_json(writer.into_bytes())
    }
}

#[diagnostic::do_not_recommend]
impl IntoAttr<Option<String>> for &str {
    fn into_value(self) -> EncodedValue {
        <&str as IntoAttr<String>>::into_value(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Attribute + Clone> IntoAttr<Vec<T>> for &[T] {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&self.to_vec())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Attribute, const N: usize> IntoAttr<Vec<T>> for [T; N] {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&Vec::from(self))
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoAttr<Vec<String>> for [&str; N] {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&self.map(str::to_owned).to_vec())
    }
}

#[diagnostic::do_not_recommend]
impl IntoAttr<Ttl> for Timestamp {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&Ttl::at(self))
    }
}

#[diagnostic::do_not_recommend]
impl IntoAttr<Option<Ttl>> for Timestamp {
    fn into_value(self) -> EncodedValue {
        <Timestamp as IntoAttr<Ttl>>::into_value(self)
    }
}

/// An attribute type that may be absent, so that an update may remove it: `Option`, and sets.
pub trait Optional {}

#[diagnostic::do_not_recommend]
impl<T> Optional for Option<T> {}
#[diagnostic::do_not_recommend]
impl<T> Optional for HashSet<T> {}
#[diagnostic::do_not_recommend]
impl<T> Optional for BTreeSet<T> {}

/// What an update may remove: an attribute that may be absent, and any element of a list or a map.
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{Self}` cannot be removed",
    label = "the model needs it",
    note = "declare the field as `Option<_>` if it may be absent"
)]
pub trait Removable<Role> {}

#[diagnostic::do_not_recommend]
impl<T: Optional> Removable<Plain> for T {}
#[diagnostic::do_not_recommend]
impl<T: Optional> Removable<Unique> for T {}
#[diagnostic::do_not_recommend]
impl<T: Optional, S> Removable<UniqueWithin<S>> for T {}
#[diagnostic::do_not_recommend]
impl<T> Removable<Element> for T {}
// No update changes these: one mistake is one error.
#[diagnostic::do_not_recommend]
impl<T> Removable<KeyPart> for T {}
#[diagnostic::do_not_recommend]
impl<T> Removable<Managed> for T {}

/// An attribute type that DynamoDB's ADD works on: numbers and sets.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used with `add`",
    label = "not a number or a set",
    note = "DynamoDB's ADD works on numbers and sets only; use `set` for other attributes"
)]
pub trait Addable: Attribute {}

/// An attribute type that DynamoDB's DELETE takes elements from: sets.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used with `delete`",
    label = "not a set",
    note = "DynamoDB's DELETE takes elements out of a set; to remove a whole attribute use `remove`"
)]
pub trait Deletable: Attribute {}

#[diagnostic::do_not_recommend]
impl<T> Deletable for HashSet<T> where HashSet<T>: Attribute {}
#[diagnostic::do_not_recommend]
impl<T> Deletable for BTreeSet<T> where BTreeSet<T>: Attribute {}
#[diagnostic::do_not_recommend]
impl<T: Deletable> Deletable for Option<T> {}

/// A number, for calculations in a `SET`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a number", label = "not a number")]
pub trait Numeric: Addable {}

#[diagnostic::do_not_recommend]
impl<T: Numeric> Numeric for Option<T> {}

macro_rules! addable {
    ($($number:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl Addable for $number {}
        #[diagnostic::do_not_recommend]
        impl Numeric for $number {}
    )+};
}

addable!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, Number);

#[diagnostic::do_not_recommend]
impl<T: Addable> Addable for Option<T> {}
#[diagnostic::do_not_recommend]
impl<T> Addable for HashSet<T> where HashSet<T>: Attribute {}
#[diagnostic::do_not_recommend]
impl<T> Addable for BTreeSet<T> where BTreeSet<T>: Attribute {}

/// An attribute type that elements are appended to: lists.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used with `append` or `prepend`",
    label = "not a list",
    note = "`add` adds to a number or a set; use `set` for other attributes"
)]
pub trait Appendable {
    /// The type of its elements.
    type Element: Attribute;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Appendable for Vec<T> {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Appendable> Appendable for Option<T> {
    type Element = T::Element;
}

#[diagnostic::do_not_recommend]
impl<T: Appendable> Appendable for Box<T> {
    type Element = T::Element;
}

/// An attribute type that `begins_with` works on: strings and bytes.
#[diagnostic::on_unimplemented(
    message = "`begins_with` does not work on `{Self}`",
    label = "not a string or bytes"
)]
pub trait Prefixed: Attribute {
    /// What it may begin with.
    type Prefix: Attribute;
}

#[diagnostic::do_not_recommend]
impl Prefixed for String {
    type Prefix = String;
}

#[diagnostic::do_not_recommend]
impl Prefixed for Cow<'static, str> {
    type Prefix = String;
}

#[diagnostic::do_not_recommend]
impl Prefixed for Arc<str> {
    type Prefix = String;
}

#[diagnostic::do_not_recommend]
impl Prefixed for Vec<u8> {
    type Prefix = Vec<u8>;
}

/// Of whatever type the value is, that of the prefix must be the same.
#[diagnostic::do_not_recommend]
impl Prefixed for AttributeValue {
    type Prefix = AttributeValue;
}

#[diagnostic::do_not_recommend]
impl<T: Prefixed> Prefixed for Option<T> {
    type Prefix = T::Prefix;
}

#[diagnostic::do_not_recommend]
impl<T: Prefixed> Prefixed for Box<T> {
    type Prefix = T::Prefix;
}

#[diagnostic::do_not_recommend]
impl<T: Prefixed> Prefixed for Nullable<T> {
    type Prefix = T::Prefix;
}

/// An attribute type that `contains` works on, and what it is searched for.
#[diagnostic::on_unimplemented(
    message = "`contains` does not work on `{Self}`",
    label = "not a string, a set or a list"
)]
pub trait Searched: Attribute {
    /// What it may contain.
    type Element: Attribute;
}

#[diagnostic::do_not_recommend]
impl Searched for String {
    type Element = String;
}

#[diagnostic::do_not_recommend]
impl Searched for Cow<'static, str> {
    type Element = String;
}

#[diagnostic::do_not_recommend]
impl Searched for Arc<str> {
    type Element = String;
}

#[diagnostic::do_not_recommend]
impl Searched for AttributeValue {
    type Element = AttributeValue;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Searched for Vec<T> {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute, const N: usize> Searched for [T; N] {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Searched for HashSet<T>
where
    HashSet<T>: Attribute,
{
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Searched for BTreeSet<T>
where
    BTreeSet<T>: Attribute,
{
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Searched> Searched for Option<T> {
    type Element = T::Element;
}

#[diagnostic::do_not_recommend]
impl<T: Searched> Searched for Box<T> {
    type Element = T::Element;
}

#[diagnostic::do_not_recommend]
impl<T: Searched> Searched for Nullable<T> {
    type Element = T::Element;
}
