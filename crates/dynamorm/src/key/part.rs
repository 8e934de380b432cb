//! What can be a key attribute, and how its value enters a key.

use super::shape::ScalarType;
use crate::codec::{Attribute, CodecError, ItemWriter};
use crate::{Number, Timestamp};
use std::borrow::{Borrow, Cow};
use std::marker::PhantomData;

/// A type that can be a key attribute: a string, a number, a time or bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key attribute",
    label = "not a key type",
    note = "DynamoDB keys are strings, numbers or binary"
)]
pub trait KeyAttribute: Attribute {
    /// The type that DynamoDB has it as.
    const TYPE: ScalarType;

    /// The value as it enters a key.
    fn key_part(&self) -> Part<'_>;

    /// The value that DynamoDB refuses as a key, if the type has one: an index leaves such an item out.
    fn empty() -> Option<Self> {
        None
    }
}

/// A type that can stand in a key template such as `USER#{id}`: a string, an integer or a time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a key template",
    label = "not a string, an integer or a time",
    note = "use it as a key of its own: `pk = field`"
)]
pub trait TemplateAttribute: KeyAttribute {}

/// A type that can be in the key of an index: a key attribute, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in the key of an index",
    label = "not a key type",
    note = "DynamoDB keys are strings, numbers or binary; an `Option` of one leaves the item out of the index when `None`"
)]
pub trait IndexKeyAttribute: Attribute {
    /// The type without its `Option`.
    type Value: KeyAttribute;

    /// The value as it enters the key; `None` leaves the item out of the index.
    fn index_part(&self) -> Option<Part<'_>>;

    /// What is read back when the attribute was left out; `None` makes its absence an error.
    fn left_out() -> Option<Self>;

    /// Writes it into an item, or leaves it out if it is absent or empty.
    #[doc(hidden)]
    fn write_key(&self, item: &mut ItemWriter<'_>, name: &str) -> Result<(), CodecError> {
        match self.index_part() {
            Some(_) => item.attribute(name, self),
            None => Ok(()),
        }
    }

    /// Puts into an empty place what the absence of the attribute `name` means.
    #[doc(hidden)]
    #[inline]
    fn fill(place: &mut Option<Self>, name: &str) -> Result<(), CodecError> {
        crate::private::fill_with(place, Self::left_out, name)
    }
}

/// A value on its way into a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part<'a> {
    /// Text of any length. In a template it is escaped where another part follows it.
    Text(Cow<'a, str>),
    /// Text that is equally long for all values of its type, and sorts as they do; `plain` is its everyday form.
    Fixed {
        /// As it stands in a template.
        padded: String,
        /// As it stands alone, or in a raw template.
        plain: String,
        /// The type it has when it stands alone.
        kind: ScalarType,
    },
    /// A number that cannot stand in a template.
    Number(String),
    /// Bytes, which cannot stand in a template.
    Binary(Cow<'a, [u8]>),
    /// The tenant, whom only the `Db` knows that sends the request.
    Tenant,
}

impl Part<'_> {
    /// The same, owned.
    #[must_use]
    pub fn into_owned(self) -> Part<'static> {
        match self {
            Part::Text(text) => Part::Text(Cow::Owned(text.into_owned())),
            Part::Fixed { padded, plain, kind } => Part::Fixed { padded, plain, kind },
            Part::Number(digits) => Part::Number(digits),
            Part::Binary(bytes) => Part::Binary(Cow::Owned(bytes.into_owned())),
            Part::Tenant => Part::Tenant,
        }
    }

    /// True if DynamoDB would refuse it as a key.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Part::Text(text) => text.is_empty(),
            Part::Binary(bytes) => bytes.is_empty(),
            Part::Fixed { .. } | Part::Number(_) | Part::Tenant => false,
        }
    }
}

/// The parts of one key value, in the order of its template.
pub type KeyParts = Vec<Part<'static>>;

/// A value that can be given for a key of type `P`.
#[diagnostic::on_unimplemented(
    message = "expected a value for a key of type `{P}`, found `{Self}`",
    label = "not a `{P}`"
)]
pub trait IntoKey<P> {
    /// The parts it is made of.
    fn into_parts(self) -> KeyParts;
}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> IntoKey<T> for T {
    fn into_parts(self) -> KeyParts {
        one_part(&self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> IntoKey<T> for &T {
    fn into_parts(self) -> KeyParts {
        one_part(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P: KeyAttribute + Borrow<str>> IntoKey<P> for &str {
    fn into_parts(self) -> KeyParts {
        vec![Part::Text(Cow::Owned(self.to_owned()))]
    }
}

/// Once for each type, and not for each place where a key is given.
#[inline(never)]
fn one_part<T: KeyAttribute>(value: &T) -> KeyParts {
    vec![value.key_part().into_owned()]
}

/// A key that is the same for all items of its model.
#[diagnostic::do_not_recommend]
impl IntoKey<()> for () {
    fn into_parts(self) -> KeyParts {
        Vec::new()
    }
}

macro_rules! tuple_keys {
    ($($value:ident: $part:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($value, $part),+> IntoKey<($($part,)+)> for ($($value,)+)
        where
            $($value: IntoKey<$part>),+
        {
            #[allow(non_snake_case)]
            fn into_parts(self) -> KeyParts {
                let ($($value,)+) = self;
                let mut parts = KeyParts::new();
                $(parts.extend($value.into_parts());)+
                parts
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($part: TemplateAttribute),+> SortKey for ($($part,)+) {
            type Next = Self;
            type Left = Self;
            type Done = Self;
        }

        #[diagnostic::do_not_recommend]
        impl<$($part: TemplateAttribute),+> FurtherSortKey for ($($part,)+) {}

        #[diagnostic::do_not_recommend]
        impl<$($part: TemplateAttribute),+> HasSortKey for ($($part,)+) {}
    };
}

tuple_keys!(A: P, B: Q);
tuple_keys!(A: P, B: Q, C: R);
tuple_keys!(A: P, B: Q, C: R, D: S);

/// The type of a sort key's value, and what is left of it when it is compared.
pub trait SortKey {
    /// What the next condition compares: the whole of it, or the next attribute of [`Several`].
    type Next;
    /// What can still be compared after an equality.
    type Left;
    /// What can still be compared after a range.
    type Done;
}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> SortKey for T {
    type Next = T;
    // Not `NoMoreSortKeys`, so that a key with a condition and one without can stand for each other.
    type Left = T;
    type Done = T;
}

/// One that is the same for all items of its model.
#[diagnostic::do_not_recommend]
impl SortKey for () {
    type Next = ();
    type Left = ();
    type Done = ();
}

/// The sort key of an index that sorts by several attributes, given as a tuple of their types.
///
/// A query compares them from left to right: each `eq` leaves the others, and a range, which is the last condition, none.
#[derive(Debug)]
pub struct Several<T>(PhantomData<fn() -> T>);

/// What is left of a sort key when each of its attributes is compared, or one of them by a range.
#[derive(Debug, Clone, Copy)]
pub enum NoMoreSortKeys {}

/// The sort key of an index that has one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this index has no sort key",
    label = "a condition on the sort key of an index that has none"
)]
pub trait HasSortKey {}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> HasSortKey for T {}
#[diagnostic::do_not_recommend]
impl HasSortKey for () {}
#[diagnostic::do_not_recommend]
impl<T> HasSortKey for Several<T> {}
/// Has its own error: see [`FurtherSortKey`].
#[diagnostic::do_not_recommend]
impl HasSortKey for NoMoreSortKeys {}

/// Its error is that of [`HasSortKey`].
#[diagnostic::do_not_recommend]
impl SortKey for NoSortKey {
    type Next = NoSortKey;
    type Left = NoSortKey;
    type Done = NoSortKey;
}

/// A sort key that can still be compared.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "each sort key of this index is compared already, or the last condition was a range",
    label = "compare sort keys from left to right with `eq`; a range such as `ge` or `between` comes last"
)]
pub trait FurtherSortKey {}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> FurtherSortKey for T {}
#[diagnostic::do_not_recommend]
impl FurtherSortKey for () {}
#[diagnostic::do_not_recommend]
impl<T> FurtherSortKey for Several<T> {}
/// Has its own error: see [`HasSortKey`].
#[diagnostic::do_not_recommend]
impl FurtherSortKey for NoSortKey {}

/// Takes anything, so that the missing sort key is the only error: see [`FurtherSortKey`].
#[diagnostic::do_not_recommend]
impl<V> IntoKey<NoMoreSortKeys> for V {
    fn into_parts(self) -> KeyParts {
        KeyParts::new()
    }
}

#[diagnostic::do_not_recommend]
impl SortKey for NoMoreSortKeys {
    type Next = NoMoreSortKeys;
    type Left = NoMoreSortKeys;
    type Done = NoMoreSortKeys;
}

macro_rules! several {
    ($first:ident -> $left:ty) => {
        several!($first () -> $left);
    };
    ($first:ident ($($rest:ident),*) -> $left:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$first: KeyAttribute $(, $rest)*> SortKey for Several<($first, $($rest,)*)> {
            type Next = $first;
            type Left = $left;
            type Done = NoMoreSortKeys;
        }

        #[diagnostic::do_not_recommend]
        impl<$first: PrefixedSortKey $(, $rest)*> PrefixedSortKey for Several<($first, $($rest,)*)> {
            type Prefix = $first::Prefix;
        }
    };
}

several!(A -> NoMoreSortKeys);
several!(A (B) -> Several<(B,)>);
several!(A (B, C) -> Several<(B, C)>);
several!(A (B, C, D) -> Several<(B, C, D)>);

/// Takes anything, so that the missing sort key is the only error of a condition on it: see [`HasSortKey`].
#[diagnostic::do_not_recommend]
impl<V> IntoKey<NoSortKey> for V {
    fn into_parts(self) -> KeyParts {
        KeyParts::new()
    }
}

/// A sort key that `begins_with` works on.
#[diagnostic::on_unimplemented(
    message = "`begins_with` needs a sort key that is a string",
    label = "the sort key is `{Self}`"
)]
pub trait PrefixedSortKey {
    /// What it may begin with.
    type Prefix;
}

#[diagnostic::do_not_recommend]
impl PrefixedSortKey for String {
    type Prefix = String;
}

/// The first parts of a sort key whose template has several fields, as a shorter tuple.
#[derive(Debug)]
pub struct Leading<T>(PhantomData<fn() -> T>);

macro_rules! leading {
    ($($part:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($part: TemplateAttribute),+> PrefixedSortKey for ($($part,)+) {
            type Prefix = Leading<Self>;
        }
    };
    ($($part:ident),+: $($value:ident as $of:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($part,)+ $($value),+> IntoKey<Leading<($($part,)+)>> for ($($value,)+)
        where
            $($value: IntoKey<$of>),+
        {
            #[allow(non_snake_case)]
            fn into_parts(self) -> KeyParts {
                let ($($value,)+) = self;
                let mut parts = KeyParts::new();
                $(parts.extend($value.into_parts());)+
                parts
            }
        }
    };
}

leading!(A, B);
leading!(A, B: V as A);
leading!(A, B, C);
leading!(A, B, C: V as A);
leading!(A, B, C: V as A, W as B);
leading!(A, B, C, D);
leading!(A, B, C, D: V as A);
leading!(A, B, C, D: V as A, W as B);
leading!(A, B, C, D: V as A, W as B, X as C);

/// Has its own error: see [`FurtherSortKey`].
#[diagnostic::do_not_recommend]
impl PrefixedSortKey for NoMoreSortKeys {
    type Prefix = NoMoreSortKeys;
}

/// Has its own error: see [`HasSortKey`].
impl PrefixedSortKey for NoSortKey {
    type Prefix = NoSortKey;
}

/// The sort key of an index that has none.
#[derive(Debug, Clone, Copy)]
pub enum NoSortKey {}

#[diagnostic::do_not_recommend]
impl KeyAttribute for String {
    const TYPE: ScalarType = ScalarType::S;
    fn key_part(&self) -> Part<'_> {
        Part::Text(Cow::Borrowed(self))
    }
    fn empty() -> Option<Self> {
        Some(String::new())
    }
}
#[diagnostic::do_not_recommend]
impl TemplateAttribute for String {}

#[diagnostic::do_not_recommend]
impl KeyAttribute for Vec<u8> {
    const TYPE: ScalarType = ScalarType::B;
    fn key_part(&self) -> Part<'_> {
        Part::Binary(Cow::Borrowed(self))
    }
    fn empty() -> Option<Self> {
        Some(Vec::new())
    }
}

#[diagnostic::do_not_recommend]
impl KeyAttribute for Number {
    const TYPE: ScalarType = ScalarType::N;
    fn key_part(&self) -> Part<'_> {
        Part::Number(self.to_string())
    }
}

/// Fixed width already: see [`Timestamp`].
#[diagnostic::do_not_recommend]
impl KeyAttribute for Timestamp {
    const TYPE: ScalarType = ScalarType::S;
    fn key_part(&self) -> Part<'_> {
        let text = self.to_string();
        Part::Fixed { padded: text.clone(), plain: text, kind: ScalarType::S }
    }
}
#[diagnostic::do_not_recommend]
impl TemplateAttribute for Timestamp {}

macro_rules! unsigned_keys {
    ($($int:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyAttribute for $int {
            const TYPE: ScalarType = ScalarType::N;
            fn key_part(&self) -> Part<'_> {
                const WIDTH: usize = <$int>::MAX.ilog10() as usize + 1;
                Part::Fixed {
                    padded: format!("{self:0WIDTH$}"),
                    plain: self.to_string(),
                    kind: ScalarType::N,
                }
            }
        }
        #[diagnostic::do_not_recommend]
        impl TemplateAttribute for $int {}
    )+};
}

macro_rules! signed_keys {
    ($($int:ty as $wide:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl KeyAttribute for $int {
            const TYPE: ScalarType = ScalarType::N;
            fn key_part(&self) -> Part<'_> {
                const WIDTH: usize = <$wide>::MAX.ilog10() as usize + 1;
                // `-` sorts before `0`, and the larger a negative number is, the larger its distance from the smallest one.
                let padded = match *self {
                    value if value < 0 => {
                        let above_least = value.wrapping_sub(<$int>::MIN) as $wide;
                        format!("-{above_least:0WIDTH$}")
                    }
                    value => format!("0{value:0WIDTH$}"),
                };
                Part::Fixed { padded, plain: self.to_string(), kind: ScalarType::N }
            }
        }
        #[diagnostic::do_not_recommend]
        impl TemplateAttribute for $int {}
    )+};
}

unsigned_keys!(u8, u16, u32, u64, u128, usize);
signed_keys!(i8 as u8, i16 as u16, i32 as u32, i64 as u64, i128 as u128, isize as usize);

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> IndexKeyAttribute for T {
    type Value = T;

    fn index_part(&self) -> Option<Part<'_>> {
        Some(self.key_part()).filter(|part| !part.is_empty())
    }

    fn left_out() -> Option<Self> {
        T::empty()
    }
}

#[diagnostic::do_not_recommend]
impl<T: KeyAttribute> IndexKeyAttribute for Option<T> {
    type Value = T;

    fn index_part(&self) -> Option<Part<'_>> {
        self.as_ref().map(KeyAttribute::key_part).filter(|part| !part.is_empty())
    }

    fn left_out() -> Option<Self> {
        Some(None)
    }
}
