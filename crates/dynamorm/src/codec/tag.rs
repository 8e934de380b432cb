//! Attribute values: DynamoDB's types, and the reader's methods that read a value with its type.
//!
//! What is not here: JSON itself (`reader`), and how a Rust type is read (`scalar` and so on).

use super::reader::malformed;
use super::set::SetElement;
use super::{Attribute, CodecError, Reader};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// DynamoDB's types, by the tag that stands before each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
    /// Boolean.
    Bool,
    /// Null.
    Null,
    /// List.
    L,
    /// Map.
    M,
    /// String set.
    Ss,
    /// Number set.
    Ns,
    /// Binary set.
    Bs,
}

impl Tag {
    /// Gives DynamoDB's name for it: `S`, `BOOL`, `NS`.
    ///
    /// ```
    /// assert_eq!(dynamorm::codec::Tag::Ns.name(), "NS");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Tag::S => "S",
            Tag::N => "N",
            Tag::B => "B",
            Tag::Bool => "BOOL",
            Tag::Null => "NULL",
            Tag::L => "L",
            Tag::M => "M",
            Tag::Ss => "SS",
            Tag::Ns => "NS",
            Tag::Bs => "BS",
        }
    }

    /// How a value of it begins, as DynamoDB sends it.
    const fn opening(self) -> &'static str {
        match self {
            Tag::S => "{\"S\":",
            Tag::N => "{\"N\":",
            Tag::B => "{\"B\":",
            Tag::Bool => "{\"BOOL\":",
            Tag::Null => "{\"NULL\":",
            Tag::L => "{\"L\":",
            Tag::M => "{\"M\":",
            Tag::Ss => "{\"SS\":",
            Tag::Ns => "{\"NS\":",
            Tag::Bs => "{\"BS\":",
        }
    }

    #[inline]
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "S" => Tag::S,
            "N" => Tag::N,
            "B" => Tag::B,
            "BOOL" => Tag::Bool,
            "NULL" => Tag::Null,
            "L" => Tag::L,
            "M" => Tag::M,
            "SS" => Tag::Ss,
            "NS" => Tag::Ns,
            "BS" => Tag::Bs,
            _ => return None,
        })
    }
}

impl<'a> Reader<'a> {
    /// Reads one attribute value: `{"S":…}`. `value` gets its type and reads what the type stands before.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// use dynamorm::codec::Tag;
    /// let digits = Reader::from_text(r#"{"N":"7"}"#).value(|reader, tag| {
    ///     assert_eq!(tag, Tag::N);
    ///     reader.string()
    /// })?;
    /// assert_eq!(digits, "7");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If this is not an attribute value, or `value` fails.
    #[inline]
    pub fn value<T>(
        &mut self,
        value: impl FnOnce(&mut Self, Tag) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        let tag = self.tag()?;
        let value = value(self, tag)?;
        self.expect(b'}', "`}` after one attribute value")?;
        self.close();
        Ok(value)
    }

    /// Reads a value of type S.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// assert_eq!(Reader::from_text(r#"{"S":"Ada"}"#).s()?, "Ada");
    /// assert!(Reader::from_text(r#"{"N":"7"}"#).s().is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it has another type.
    #[inline]
    pub fn s(&mut self) -> Result<Cow<'a, str>, CodecError> {
        match self.plain(b"{\"S\":\"", b"\"}") {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.any_text(Tag::S),
        }
    }

    /// Reads the digits of a value of type N.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// assert_eq!(Reader::from_text(r#"{"N":"7.50"}"#).n()?, "7.50");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it has another type.
    #[inline]
    pub fn n(&mut self) -> Result<Cow<'a, str>, CodecError> {
        match self.plain(b"{\"N\":\"", b"\"}") {
            Some(digits) => Ok(Cow::Borrowed(digits)),
            None => self.any_text(Tag::N),
        }
    }

    /// Reads a value whose type stands before a text, in whatever form it stands there.
    #[inline(never)]
    fn any_text(&mut self, tag: Tag) -> Result<Cow<'a, str>, CodecError> {
        self.typed(tag, Self::string)
    }

    /// Reads a value of type B.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// assert_eq!(Reader::from_text(r#"{"B":"AQI="}"#).b()?, [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it has another type, or is not base64.
    pub fn b(&mut self) -> Result<Vec<u8>, CodecError> {
        self.typed(Tag::B, Self::base64)
    }

    /// Reads a value of type BOOL.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// assert!(Reader::from_text(r#"{"BOOL":true}"#).bool()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it has another type.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, CodecError> {
        self.typed(Tag::Bool, Self::truth)
    }

    /// Reads a value of type L.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// let numbers: Vec<u8> = Reader::from_text(r#"{"L":[{"N":"1"},{"N":"2"}]}"#).list()?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it has another type, or an element fails: then with its position.
    pub fn list<T: Attribute>(&mut self) -> Result<Vec<T>, CodecError> {
        self.list_of(T::decode)
    }

    /// The same, of which `element` reads each element.
    pub(crate) fn list_of<T>(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        self.typed(Tag::L, |reader| reader.elements(element))
    }

    /// Reads a value of type M, an object of attributes, one `member` at a time.
    ///
    /// # Errors
    ///
    /// If it has another type, or `member` fails; the names of members are not added to its errors.
    #[inline]
    pub fn map(
        &mut self,
        member: impl FnMut(&mut Self, &str) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        self.typed(Tag::M, |reader| reader.object(member))
    }

    /// Reads a value of type SS, NS or BS, whichever the elements are stored in.
    ///
    /// # Errors
    ///
    /// If it has another type, or an element fails: then with its position.
    pub fn set<T: SetElement>(&mut self) -> Result<Vec<T>, CodecError> {
        self.typed(T::SET, |reader| reader.elements(T::decode_element))
    }

    /// The same, of which `keep` gets one element after the other.
    pub(super) fn each_of_set<T: SetElement>(&mut self, mut keep: impl FnMut(T)) -> Result<(), CodecError> {
        self.typed(T::SET, |reader| reader.each_element(T::decode_element, &mut keep))
    }

    /// Which variant of an enum the map is that follows: the position of its tag's text. Nothing is read.
    ///
    /// # Errors
    ///
    /// If this is no map, has no tag, or the tag is none of the variants: `unknown` says so.
    #[doc(hidden)]
    pub fn variant(&self, tag: &str, variants: &[&str], unknown: &'static str) -> Result<usize, CodecError> {
        let mut ahead = self.clone();
        ahead.open(b'{', "an attribute value")?;
        let kind = ahead.name()?;
        if kind != Tag::M.name() {
            // Says what it is instead.
            return self.clone().map(|reader, _| reader.skip()).and_then(|()| Err(CodecError::missing(tag)));
        }
        let mut found = None;
        ahead.object_while(|reader, name| {
            if name == tag {
                let text = reader.s().map_err(|error| error.at(tag))?;
                found = Some(variants.iter().position(|variant| *variant == text));
            } else {
                reader.skip()?;
            }
            Ok(found.is_none())
        })?;
        match found {
            Some(Some(nth)) => Ok(nth),
            Some(None) => Err(CodecError::invalid(unknown).at(tag)),
            None => Err(CodecError::missing(tag)),
        }
    }

    /// Reads `{"NULL":true}` if it follows, else reads nothing and gives false.
    #[inline]
    pub(crate) fn null(&mut self) -> Result<bool, CodecError> {
        let mut ahead = self.clone();
        ahead.open(b'{', "an attribute value")?;
        if ahead.name()? != Tag::Null.name() {
            return Ok(false);
        }
        self.value(|reader, _| reader.only_true())?;
        Ok(true)
    }

    /// Reads what follows the tag B: a string of base64.
    pub(crate) fn base64(&mut self) -> Result<Vec<u8>, CodecError> {
        STANDARD.decode(self.string()?.as_bytes()).map_err(|_| CodecError::invalid("is not base64"))
    }

    /// Reads what follows the tag BOOL.
    #[inline]
    pub(crate) fn truth(&mut self) -> Result<bool, CodecError> {
        match self.peek() {
            Some(b't') => self.literal("true").map(|()| true),
            _ => self.literal("false").map(|()| false),
        }
    }

    /// Reads what follows the tag NULL, for which DynamoDB has one value.
    #[inline]
    pub(crate) fn only_true(&mut self) -> Result<(), CodecError> {
        self.skip_white_space();
        self.literal("true")
    }

    /// Reads what follows the tag L, SS, NS or BS.
    pub(crate) fn elements<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let mut elements = Vec::new();
        self.each_element(&mut element, |element| elements.push(element))?;
        Ok(elements)
    }

    fn each_element<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, CodecError>,
        mut keep: impl FnMut(T),
    ) -> Result<(), CodecError> {
        let mut count = 0;
        self.array(|reader| {
            keep(element(reader).map_err(|e| e.at_index(count))?);
            count += 1;
            Ok(())
        })
    }

    #[inline]
    fn typed<T>(
        &mut self,
        expected: Tag,
        value: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        if !self.open_plain(expected.opening()) {
            self.open_any(expected)?;
        }
        let value = value(self)?;
        self.expect(b'}', "`}` after one attribute value")?;
        self.close();
        Ok(value)
    }

    /// Reads up to what a type stands before, which must be this one, in whatever form it stands there.
    #[inline(never)]
    fn open_any(&mut self, expected: Tag) -> Result<(), CodecError> {
        match self.tag()? {
            found if found == expected => Ok(()),
            found => Err(CodecError::wrong_type(expected.name(), found.name())),
        }
    }

    /// Reads up to what a type stands before.
    fn tag(&mut self) -> Result<Tag, CodecError> {
        self.open(b'{', "an attribute value")?;
        let start = self.position();
        Tag::from_name(&self.name()?).ok_or_else(|| malformed(start, "an attribute type"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Problem;

    #[test]
    fn an_attribute_value_has_exactly_one_type() {
        let read = |text| Reader::from_text(text).s().map(Cow::into_owned);
        assert_eq!(read(r#" { "S" : "a" } "#).as_deref(), Ok("a"));
        for text in [r#"{}"#, r#"{"S":"a","N":"1"}"#, r#"{"S":"a",}"#, r#"{"X":"a"}"#, r#""a""#, r#"{"S":1}"#]
        {
            assert!(matches!(read(text).unwrap_err().problem(), Problem::Malformed { .. }), "{text}");
        }
    }

    #[test]
    fn another_type_is_named() {
        let error = Reader::from_text(r#"{"S":"secret"}"#).n().unwrap_err();
        assert_eq!(error.to_string(), "the value has type S, expected N");
    }
}
