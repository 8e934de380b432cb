//! Values on their way into an expression: which Rust values an attribute of type `T` can be compared with or set to.

use crate::codec::{Attribute, CodecError, Writer};
use crate::{AttributeValue, Nullable, Number, Timestamp, Ttl};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

/// A value, already encoded. The first error waits in it for the operation's terminal.
#[derive(Clone)]
pub struct EncodedValue(Result<Option<Vec<u8>>, CodecError>);

impl EncodedValue {
    /// Encodes a value.
    pub fn of<T: Attribute>(value: &T) -> Self {
        if value.is_absent() {
            return Self(Ok(None));
        }
        let mut writer = Writer::new();
        Self(value.encode(&mut writer).map(|()| Some(writer.into_bytes())))
    }

    /// A value that is encoded already, or `None` for an absent one.
    pub(crate) fn of_json(json: Option<Vec<u8>>) -> Self {
        Self(Ok(json))
    }

    /// The value as JSON, or `None` if it is absent.
    pub(crate) fn into_json(self, name: &str) -> Result<Option<Vec<u8>>, CodecError> {
        self.0.map_err(|error| error.at(name))
    }

    /// DynamoDB's word for its type, if there is a value.
    pub(crate) fn type_name(&self) -> Option<&str> {
        let json = str::from_utf8(self.0.as_ref().ok()?.as_deref()?).ok()?;
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
        EncodedValue(Ok(Some(writer.into_bytes())))
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
impl IntoAttr<Ttl> for Timestamp {
    fn into_value(self) -> EncodedValue {
        EncodedValue::of(&Ttl::at(self))
    }
}

/// An attribute type that may be absent, so that an update may remove it: `Option`, and sets.
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{Self}` cannot be removed",
    label = "the model needs it",
    note = "declare the field as `Option<_>` if it may be absent"
)]
pub trait Optional {}

#[diagnostic::do_not_recommend]
impl<T> Optional for Option<T> {}
#[diagnostic::do_not_recommend]
impl<T> Optional for HashSet<T> {}
#[diagnostic::do_not_recommend]
impl<T> Optional for BTreeSet<T> {}

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
