//! What can go wrong between bytes and Rust values, with the path of the attribute and never its value.

use crate::limits::grouped;
use std::fmt;
use std::sync::Arc;

/// Why a value could not be read or written, and where.
///
/// Its text has the attribute's path, the expected type and the found one, never a value.
#[derive(Clone, PartialEq, Eq)]
pub struct CodecError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    /// From the innermost segment outwards.
    path: Vec<Segment>,
    problem: Problem,
}

#[derive(Clone, PartialEq, Eq)]
enum Segment {
    Name(String),
    Index(usize),
}

/// What is wrong, without the value that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The stored type is another one.
    Type { expected: &'static str, found: &'static str },
    /// The attribute is not in the item and its type has no form for absence.
    Missing,
    /// A number that the Rust type cannot hold.
    OutOfRange { expected: &'static str },
    /// A list of numbers of another length than the vector it is read into.
    Length { found: usize, expected: usize },
    /// Anything else about one value; the text completes "the attribute …".
    Invalid(&'static str),
    /// The bytes are not the JSON that DynamoDB sends.
    Malformed { offset: usize, expected: &'static str },
    /// A key attribute that is empty.
    EmptyKey,
    /// A key attribute over its limit, in bytes.
    KeyTooLong { bytes: usize, limit: usize },
    /// An item of another model than the one that is read.
    OtherType { model: &'static str },
    /// An item that no variant of a collection, or no field, is for.
    NoMember { collection: &'static str, advice: &'static str },
    /// A second item for a field of a collection that holds one.
    SecondItem { collection: &'static str, field: &'static str },
    /// An item of a schema that is newer than the one that this program knows, or is no schema at all.
    UnknownSchema { stored: u64, known: u64 },
    /// An item of an older schema, read in parts.
    OldSchema { stored: u64, known: u64 },
    /// A function from an older schema to the next one failed.
    Upcast { from: u64, why: Cause },
}

/// An error of the user's, which may hold values: it is the source, and in no text.
#[derive(Clone)]
pub(crate) struct Cause(pub(crate) Arc<dyn std::error::Error + Send + Sync>);

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Cause {}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause")
    }
}

impl CodecError {
    #[cold]
    pub(crate) fn new(problem: Problem) -> Self {
        Self(Box::new(Inner { path: Vec::new(), problem }))
    }

    /// The stored type is another one than the Rust type needs; both by DynamoDB's name, such as `S` or `NS`.
    ///
    /// ```
    /// use dynamorm::CodecError;
    /// let error = CodecError::wrong_type("S", "N").at("name");
    /// assert_eq!(error.to_string(), "attribute `name` has type N, expected S");
    /// ```
    #[cold]
    pub fn wrong_type(expected: &'static str, found: &'static str) -> Self {
        Self::new(Problem::Type { expected, found })
    }

    /// The value cannot be stored or read; `why` completes the sentence "the attribute …", without the value.
    ///
    /// ```
    /// use dynamorm::CodecError;
    /// let error = CodecError::invalid("is no colour").at("shade");
    /// assert!(error.to_string().contains("`shade` is no colour"));
    /// ```
    #[cold]
    pub fn invalid(why: &'static str) -> Self {
        Self::new(Problem::Invalid(why))
    }

    /// The attribute is absent and must not be.
    ///
    /// ```
    /// use dynamorm::CodecError;
    /// assert_eq!(CodecError::missing("name").path(), "name");
    /// ```
    #[cold]
    pub fn missing(name: &str) -> Self {
        Self::new(Problem::Missing).at(name)
    }

    /// Adds the name of the attribute in which this happened: call it on the way out.
    #[cold]
    #[must_use]
    pub fn at(mut self, name: &str) -> Self {
        self.0.path.push(Segment::Name(name.to_owned()));
        self
    }

    /// Adds the position in the list in which this happened.
    ///
    /// ```
    /// use dynamorm::CodecError;
    /// let error = CodecError::invalid("is no line").at_index(2).at("lines").at("address");
    /// assert_eq!(error.path(), "address.lines[2]");
    /// ```
    #[cold]
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// The path of the attribute, as DynamoDB writes it: `address.lines[2]`. Empty where no attribute is concerned.
    ///
    /// ```
    /// use dynamorm::CodecError;
    /// assert_eq!(CodecError::missing("city").at("address").path(), "address.city");
    /// ```
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }

    /// True if a whole item is wrong, and not one value of it.
    fn is_about_item(&self) -> bool {
        matches!(
            self.0.problem,
            Problem::NoMember { .. }
                | Problem::SecondItem { .. }
                | Problem::UnknownSchema { .. }
                | Problem::OldSchema { .. }
                | Problem::Upcast { .. }
        )
    }

    pub(crate) fn problem(&self) -> &Problem {
        &self.0.problem
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        match path.as_str() {
            "" if self.is_about_item() => f.write_str("the item ")?,
            "" => f.write_str("the value ")?,
            path => write!(f, "attribute `{path}` ")?,
        }
        match &self.0.problem {
            Problem::Type { expected, found } => write!(f, "has type {found}, expected {expected}"),
            Problem::Missing => f.write_str("is missing"),
            Problem::OutOfRange { expected } => write!(f, "does not fit in `{expected}`"),
            Problem::Length { found, expected } => {
                write!(f, "is a list of {found} numbers, expected {expected}")
            }
            Problem::Invalid(why) => f.write_str(why),
            Problem::Malformed { offset, expected } => {
                write!(f, "is malformed at byte {offset}: expected {expected}")
            }
            Problem::EmptyKey => f.write_str("is empty, and DynamoDB keys must not be"),
            Problem::KeyTooLong { bytes, limit } => {
                let (bytes, limit) = (grouped(*bytes), grouped(*limit));
                write!(f, "is {bytes} bytes, the limit for this key is {limit} bytes")
            }
            Problem::OtherType { model } => write!(f, "says that the item is no `{model}`"),
            Problem::NoMember { collection, advice } => write!(f, "is none of `{collection}`: {advice}"),
            Problem::SecondItem { collection, field } => {
                write!(f, "is the second one for `{field}` of `{collection}`: make it a `Vec`")
            }
            Problem::UnknownSchema { stored, known } => {
                write!(f, "has schema {stored}, and this program knows the schemas from 1 to {known}")
            }
            Problem::OldSchema { stored, known } => write!(
                f,
                "has schema {stored}, and only whole items are brought to schema {known}: read it without a projection"
            ),
            Problem::Upcast { from, .. } => write!(f, "could not be brought from schema {from} to the next"),
        }
    }
}

impl fmt::Debug for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodecError({self})")
    }
}

impl std::error::Error for CodecError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.problem {
            Problem::Upcast { why, .. } => Some(why.0.as_ref()),
            _ => None,
        }
    }
}
