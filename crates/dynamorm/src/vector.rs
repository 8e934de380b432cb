//! [`Vector`]: numbers that are stored as a list and searched by their nearness, and what is about them besides.
//!
//! `distance` scores two of them and finds the nearest of many, `index` is the handle of a vector index. The search itself is
//! `op/search_vectors.rs`.

mod distance;
mod index;

pub use distance::Distance;
pub(crate) use distance::{Nearest, Scorer};
pub use index::{
    Near, NoPartition, OfTenant, SearchKey, SearchedWhole, VectorIndex, VectorPartition, VectorShape,
};

use crate::codec::{Attribute, CodecError, Reader, Writer};
use crate::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A vector of `N` numbers, such as an embedding: an attribute that a vector index can search.
///
/// It is stored as a list of numbers, each with the shortest digits that read back as the same 32-bit float, and a list of another
/// length, or with anything but such numbers, is not read. Its numbers are finite, which making one checks, and there is no
/// negative zero among them: DynamoDB has none. A number that something else stored with more digits is read as the nearest.
///
/// See [`guide::vectors`](crate::guide::vectors).
///
/// ```
/// # fn main() -> dynamorm::Result<()> {
/// use dynamorm::Vector;
///
/// let of_an_array = Vector::try_from([0.5, -1.0, 0.0])?;
/// let of_a_vec: Vector<3> = vec![0.5, -1.0, -0.0].try_into()?;
/// assert_eq!(of_an_array, of_a_vec);
/// assert_eq!(of_a_vec.as_slice(), [0.5, -1.0, 0.0]);
///
/// let err = Vector::<3>::try_from(vec![1.0, 2.0]).unwrap_err();
/// assert_eq!(err.to_string(), "a vector of 3 numbers was given 2");
/// assert!(Vector::try_from([1.0, f32::NAN]).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Vector<const N: usize>(Box<[f32; N]>);

/// Its numbers are finite, so each equals itself.
impl<const N: usize> Eq for Vector<N> {}

/// Why numbers make no [`Vector`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VectorError {
    /// There are more of them, or fewer.
    Length {
        /// How many the vector has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// One is infinite or no number.
    NotFinite {
        /// Its position, counted from 0.
        position: usize,
    },
}

impl<const N: usize> Vector<N> {
    /// How many numbers it has.
    pub const DIMENSIONS: usize = N;

    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        self.0.as_slice()
    }
}

/// Makes numbers those of a vector: finite, and without a negative zero.
fn checked(numbers: &mut [f32]) -> Result<(), VectorError> {
    for (position, number) in numbers.iter_mut().enumerate() {
        if !number.is_finite() {
            return Err(VectorError::NotFinite { position });
        }
        // Makes zero of a negative one, and leaves all else.
        *number += 0.0;
    }
    Ok(())
}

impl<const N: usize> TryFrom<Vec<f32>> for Vector<N> {
    type Error = VectorError;

    fn try_from(mut numbers: Vec<f32>) -> Result<Self, VectorError> {
        checked(&mut numbers)?;
        let found = numbers.len();
        let numbers = numbers.into_boxed_slice().try_into();
        numbers.map(Self).map_err(|_| VectorError::Length { expected: N, found })
    }
}

impl<const N: usize> TryFrom<&[f32]> for Vector<N> {
    type Error = VectorError;

    fn try_from(numbers: &[f32]) -> Result<Self, VectorError> {
        numbers.to_vec().try_into()
    }
}

impl<const N: usize> TryFrom<[f32; N]> for Vector<N> {
    type Error = VectorError;

    fn try_from(numbers: [f32; N]) -> Result<Self, VectorError> {
        numbers.to_vec().try_into()
    }
}

impl<const N: usize> From<Vector<N>> for Vec<f32> {
    fn from(vector: Vector<N>) -> Self {
        (vector.0 as Box<[f32]>).into_vec()
    }
}

impl<const N: usize> AsRef<[f32]> for Vector<N> {
    fn as_ref(&self) -> &[f32] {
        self.as_slice()
    }
}

/// How many numbers it has, and none of them: they say what the item is about.
impl<const N: usize> fmt::Debug for Vector<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vector<{N}>(..)")
    }
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VectorError::Length { expected, found } => {
                write!(f, "a vector of {expected} numbers was given {found}")
            }
            VectorError::NotFinite { position } => write!(f, "number {position} of the vector is not finite"),
        }
    }
}

impl std::error::Error for VectorError {}

/// [`InvalidRequest`](ErrorKind::InvalidRequest), so that `?` works where operations are.
impl From<VectorError> for Error {
    fn from(error: VectorError) -> Self {
        Self::new(ErrorKind::InvalidRequest, error.to_string()).with_source(error)
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> Attribute for Vector<N> {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.floats(self.as_slice())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut numbers = Vec::with_capacity(N);
        reader.floats(&mut numbers, N)?;
        numbers.try_into().map_err(|_| CodecError::invalid("is no vector"))
    }
}

/// A list of numbers.
impl<const N: usize> Serialize for Vector<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Vector<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<f32>::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// An attribute that a vector index can be of: a [`Vector`], or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a vector",
    label = "not a `Vector<N>`",
    note = "a vector index is of a `Vector<N>`, or of an `Option<Vector<N>>`, whose items it leaves out when `None`"
)]
pub trait VectorAttribute: Attribute {
    /// How many numbers it has.
    #[doc(hidden)]
    const DIMENSIONS: usize;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> VectorAttribute for Vector<N> {
    const DIMENSIONS: usize = N;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> VectorAttribute for Option<Vector<N>> {
    const DIMENSIONS: usize = N;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_once_and_not_shown() {
        let vector = Vector::try_from([1.5, -0.0]).unwrap();
        assert!(vector.as_slice()[1].is_sign_positive());
        assert_eq!(format!("{vector:?}"), "Vector<2>(..)");
        assert_eq!(Vec::from(vector), [1.5, 0.0]);
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = Vector::<2>::try_from(&[0.0, number][..]).unwrap_err();
            assert_eq!(refused, VectorError::NotFinite { position: 1 });
        }
        let error = Error::from(Vector::<2>::try_from(vec![]).unwrap_err());
        assert!(error.is_invalid_request());
        assert_eq!(error.to_string(), "a vector of 2 numbers was given 0");
    }

    #[test]
    fn in_json_it_is_a_list_that_is_checked_too() {
        let vector = Vector::try_from([1.5, 2.0]).unwrap();
        let json = serde_json::to_string(&vector).unwrap();
        assert_eq!(json, "[1.5,2.0]");
        assert_eq!(serde_json::from_str::<Vector<2>>(&json).unwrap(), vector);
        assert!(serde_json::from_str::<Vector<3>>(&json).is_err());
        assert!(serde_json::from_str::<Vector<1>>("[1e39]").is_err());
    }
}
