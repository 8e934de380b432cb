//! Bytes to Rust values: a pull reader over the JSON of a response.
//!
//! [`Reader::object`], [`Reader::array`] and [`Reader::string`] read JSON. What is not here: attribute values, whose
//! methods are beside their types (`tag`), escapes (`text`), and how a Rust type is read (`scalar` and so on).

use super::text::{first_special, unescape};
use super::{CodecError, Problem};
use std::borrow::Cow;
use std::fmt;

/// Levels of JSON that may be nested. DynamoDB nests an attribute 32 levels deep, each is two levels of JSON, and a
/// response adds a few around them.
const JSON_DEPTH: usize = 100;

/// Reads a response from front to back, without building a tree.
///
/// Object members come in any order, unknown ones are skipped, and of a repeated one the last counts. More than 100
/// nested levels of JSON are an error: DynamoDB sends at most 64 for an attribute.
#[derive(Clone)]
pub struct Reader<'a> {
    /// Checked once to be UTF-8; every string is a slice of it.
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Without the text: that is the user's values.
impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("at", &self.at)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// JSON.
impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, CodecError> {
        match simdutf8::compat::from_utf8(bytes) {
            Ok(text) => Ok(Self::from_text(text)),
            Err(e) => Err(CodecError::new(Problem::Malformed { offset: e.valid_up_to(), expected: "UTF-8" })),
        }
    }

    /// A reader at the start of `text`.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// assert_eq!(Reader::from_text(r#"{"S":"Ada"}"#).s()?, "Ada");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_text(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Reads an object; `member` is called with each name and must read (or skip) its value.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// let mut names = Vec::new();
    /// Reader::from_text(r#"{"id":{"S":"u1"},"credits":{"N":"7"}}"#).object(|reader, name| {
    ///     names.push(name.to_owned());
    ///     reader.skip()
    /// })?;
    /// assert_eq!(names, ["id", "credits"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If this is not an object, or `member` fails; the names of members are not added to its errors.
    #[inline]
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        let mut next = self.first_name()?;
        while let Some(name) = next {
            member(self, &name)?;
            next = self.next_name()?;
        }
        Ok(())
    }

    /// Reads members of an object for as long as `member` returns true, and stays where it is then.
    ///
    /// # Errors
    ///
    /// Those of [`object`](Reader::object).
    pub(crate) fn object_while(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<bool, CodecError>,
    ) -> Result<(), CodecError> {
        let depth = self.depth;
        let mut next = self.first_name()?;
        while let Some(name) = next {
            next = if member(self, &name)? { self.next_name()? } else { None };
        }
        self.depth = depth;
        Ok(())
    }

    /// Reads an array; `element` is called for each and must read (or skip) it.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// let mut names = Vec::new();
    /// Reader::from_text(r#"["a","b"]"#).array(|reader| {
    ///     names.push(reader.string()?.into_owned());
    ///     Ok(())
    /// })?;
    /// assert_eq!(names, ["a", "b"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If this is not an array, or `element` fails; positions are not added to its errors.
    #[inline]
    pub fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        self.open(b'[', "an array")?;
        if !self.next_is(b']') {
            loop {
                element(self)?;
                if !self.next_is(b',') {
                    break;
                }
            }
            self.expect(b']', "`,` or `]`")?;
        }
        self.close();
        Ok(())
    }

    /// Reads a JSON string.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// assert_eq!(Reader::from_text(r#""a\nb""#).string()?, "a\nb");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If this is not a string, or an escape in it is wrong.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, CodecError> {
        self.string_here()
    }

    /// [`string`](Reader::string) without a call: for the names of members, which are half of all strings.
    #[inline(always)]
    fn string_here(&mut self) -> Result<Cow<'a, str>, CodecError> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        match first_special(self.rest()) {
            Some(length) if self.rest().get(length) == Some(&b'"') => {
                self.at += length + 1;
                Ok(Cow::Borrowed(self.between(start, start + length)))
            }
            _ => self.escaped_string().map(Cow::Owned),
        }
    }

    /// Reads a JSON number that is a count, such as `ScannedCount`.
    ///
    /// # Errors
    ///
    /// If this is not a whole number.
    pub fn count(&mut self) -> Result<u64, CodecError> {
        let digits = self.raw()?;
        let start = self.at - digits.len();
        digits.parse().map_err(|_| malformed(start, "a count"))
    }

    /// Reads a JSON number that may have a fraction, such as `CapacityUnits`.
    pub(crate) fn fraction(&mut self) -> Result<f64, CodecError> {
        let digits = self.raw()?;
        let start = self.at - digits.len();
        digits.parse().map_err(|_| malformed(start, "a number"))
    }

    /// Reads past any value.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// let mut reader = Reader::from_text(r#"{"M":{"a":{"N":"1"}}} {"S":"next"}"#);
    /// reader.skip()?;
    /// assert_eq!(reader.s()?, "next");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If what follows is not JSON.
    pub fn skip(&mut self) -> Result<(), CodecError> {
        // This calls itself once for each level of nesting, of which `open` admits a hundred.
        match self.peek() {
            Some(b'{') => self.object(|reader, _| reader.skip()),
            Some(b'[') => self.array(Self::skip),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(self.malformed("a value")),
        }
    }

    /// Reads past any value and gives its text.
    ///
    /// # Errors
    ///
    /// If what follows is not JSON.
    pub fn raw(&mut self) -> Result<&'a str, CodecError> {
        self.skip_white_space();
        let start = self.at;
        self.skip()?;
        Ok(self.between(start, self.at))
    }

    /// True if a JSON `null` follows, which is then read.
    pub fn is_null(&mut self) -> bool {
        self.skip_white_space();
        self.literal("null").is_ok()
    }

    /// Where the reader stands, in bytes from the start.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// let mut reader = Reader::from_text(r#"{"N":"7"} "#);
    /// reader.skip()?;
    /// assert_eq!(reader.position(), 9);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The text between two positions.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Checks that nothing but white space is left.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Reader;
    /// let mut reader = Reader::from_text(r#"{"N":"7"} x"#);
    /// reader.skip()?;
    /// assert!(reader.end().is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If something is.
    pub fn end(&mut self) -> Result<(), CodecError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed("the end")),
        }
    }
}

/// Tokens.
impl<'a> Reader<'a> {
    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte after white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.skip_white_space();
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn next_is(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), CodecError> {
        if self.next_is(byte) { Ok(()) } else { Err(self.malformed(expected)) }
    }

    /// Enters an object or an array.
    #[inline]
    pub(super) fn open(&mut self, byte: u8, expected: &'static str) -> Result<(), CodecError> {
        self.expect(byte, expected)?;
        if self.depth == JSON_DEPTH {
            return Err(malformed(self.at - 1, "at most 100 nested levels"));
        }
        self.depth += 1;
        Ok(())
    }

    /// Enters an object if it begins with exactly this, `{"L":` as DynamoDB sends it. If something else is there, or it is nested
    /// too deep, nothing is read.
    #[inline]
    pub(super) fn open_plain(&mut self, opening: &str) -> bool {
        let found = self.rest().starts_with(opening.as_bytes()) && self.depth < JSON_DEPTH;
        if found {
            self.at += opening.len();
            self.depth += 1;
        }
        found
    }

    /// Leaves it.
    #[inline]
    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Enters an object. Gives the name of its first member, or leaves it if it has none.
    fn first_name(&mut self) -> Result<Option<Cow<'a, str>>, CodecError> {
        self.open(b'{', "an object")?;
        if self.next_is(b'}') {
            self.close();
            return Ok(None);
        }
        self.name().map(Some)
    }

    /// After a member: gives the name of the next one, or leaves the object after the last.
    #[inline]
    fn next_name(&mut self) -> Result<Option<Cow<'a, str>>, CodecError> {
        match self.plain(b",\"", b"\":") {
            Some(name) => Ok(Some(Cow::Borrowed(name))),
            None => self.any_next_name(),
        }
    }

    /// The same, in whatever form it stands there.
    #[inline(never)]
    fn any_next_name(&mut self) -> Result<Option<Cow<'a, str>>, CodecError> {
        if self.next_is(b',') {
            return self.name().map(Some);
        }
        self.expect(b'}', "`,` or `}`")?;
        self.close();
        Ok(None)
    }

    /// A member's name and the colon after it.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, CodecError> {
        let name = self.string()?;
        self.expect(b':', "`:`")?;
        Ok(name)
    }

    #[inline]
    pub(super) fn literal(&mut self, literal: &'static str) -> Result<(), CodecError> {
        if self.rest().starts_with(literal.as_bytes()) {
            self.at += literal.len();
            Ok(())
        } else {
            Err(self.malformed(literal))
        }
    }

    /// The rest of a string in which something else than `"` comes first.
    #[cold]
    fn escaped_string(&mut self) -> Result<String, CodecError> {
        // What ends at the next quote is, but for its escapes, as long as the text.
        let length = self.rest().iter().position(|&byte| byte == b'"').unwrap_or_default();
        let mut text = String::with_capacity(length + 16);
        loop {
            let length = first_special(self.rest()).unwrap_or(self.rest().len());
            text.push_str(self.between(self.at, self.at + length));
            self.at += length;
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(text);
                }
                [b'\\', escape @ ..] => {
                    let (character, length) = unescape(escape).ok_or_else(|| self.malformed("an escape"))?;
                    text.push(character);
                    self.at += 1 + length;
                }
                [] => return Err(self.malformed("`\"` at the end of a string")),
                _ => return Err(self.malformed("no control character in a string")),
            }
        }
    }

    /// Reads what DynamoDB sends, without the white space and the escapes that JSON allows: exactly `before`, a text, and exactly
    /// `after`, which begins with the text's last quote. If something else is there, nothing is read.
    // Where it is called, the two are constants, and comparing them is an instruction or two.
    #[inline(always)]
    pub(super) fn plain(&mut self, before: &[u8], after: &[u8]) -> Option<&'a str> {
        let rest = self.rest().strip_prefix(before)?;
        let length = first_special(rest)?;
        if !rest.get(length..)?.starts_with(after) {
            return None;
        }
        let start = self.at + before.len();
        self.at = start + length + after.len();
        Some(self.between(start, start + length))
    }

    /// Reads a value of type N in the form that DynamoDB sends, `{"N":"7"}` without white space or escapes, if `parse` makes
    /// something of its digits; else nothing is read.
    #[inline]
    pub(super) fn plain_n<T>(&mut self, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        self.skip_white_space();
        let from = self.at;
        let parsed = self.plain(b"{\"N\":\"", b"\"}").and_then(|digits| parse(digits.as_bytes()));
        if parsed.is_none() {
            self.at = from;
        }
        parsed
    }

    fn skip_number(&mut self) -> Result<(), CodecError> {
        if self.rest().starts_with(b"-") {
            self.at += 1;
        }
        // JSON has no leading zeros.
        if self.rest().starts_with(b"0") {
            self.at += 1;
        } else {
            self.skip_digits()?;
        }
        if self.rest().starts_with(b".") {
            self.at += 1;
            self.skip_digits()?;
        }
        if let [b'e' | b'E', after @ ..] = self.rest() {
            self.at += if let [b'+' | b'-', ..] = after { 2 } else { 1 };
            self.skip_digits()?;
        }
        Ok(())
    }

    fn skip_digits(&mut self) -> Result<(), CodecError> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.malformed("a digit"));
        }
        self.at += digits;
        Ok(())
    }

    #[cold]
    fn malformed(&self, expected: &'static str) -> CodecError {
        malformed(self.at, expected)
    }
}

#[cold]
pub(super) fn malformed(offset: usize, expected: &'static str) -> CodecError {
    CodecError::new(Problem::Malformed { offset, expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AttributeValue;
    use crate::codec::Attribute;

    fn skipped(text: &str) -> Result<(), CodecError> {
        let mut reader = Reader::from_text(text);
        reader.skip()?;
        reader.end()
    }

    fn offset(result: Result<(), CodecError>) -> usize {
        match result.unwrap_err().problem() {
            Problem::Malformed { offset, .. } => *offset,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_json_is_skipped() {
        for text in [
            "null",
            " true ",
            "false",
            "0",
            "-0.5e+10",
            "12E3",
            "\"a\\\"b\\u00e9\"",
            "[]",
            "[1, [2], {}]",
            "\t{ \"a\" : 1 ,\r\n\"b\":[ true ] } ",
        ] {
            assert_eq!(skipped(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_offset() {
        for (text, at) in [
            ("", 0),
            ("nul", 0),
            ("nullx", 4),
            ("True", 0),
            ("01", 1),
            ("-", 1),
            ("1.", 2),
            ("1e", 2),
            (".5", 0),
            ("+1", 0),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("[", 1),
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("{a:1}", 1),
            ("{\"a\":}", 5),
            ("\"abc", 4),
            ("\"a\nb\"", 2),
            ("\"a\\xb\"", 2),
            ("\"\\ud800\"", 1),
            ("\"\\u12", 1),
            ("{} {}", 3),
            ("'a'", 0),
        ] {
            assert_eq!(offset(skipped(text)), at, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_where_they_begin() {
        assert_eq!(offset(Reader::new(b"\"ab\xff\"").map(drop)), 3);
    }

    #[test]
    fn a_hundred_levels_are_read_and_one_more_is_refused() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(skipped(&nested(100)), Ok(()));
        assert_eq!(offset(skipped(&nested(101))), 100);
        assert_eq!(offset(skipped(&"[".repeat(100_000))), 100);
        assert_eq!(offset(skipped(&"{\"a\":".repeat(100_000))), 500);
        let value = "{\"L\":[".repeat(100_000);
        assert!(AttributeValue::decode(&mut Reader::from_text(&value)).is_err());
    }

    #[test]
    fn names_with_escapes_are_read_and_plain_ones_are_slices() {
        let mut names = Vec::new();
        Reader::from_text(r#"{"a\u0062":1,"c":2}"#)
            .object(|reader, name| {
                names.push(name.to_owned());
                reader.skip()
            })
            .unwrap();
        assert_eq!(names, ["ab", "c"]);
        assert!(matches!(Reader::from_text("\"plain\"").string(), Ok(Cow::Borrowed("plain"))));
    }

    #[test]
    fn a_count_is_whole() {
        assert_eq!(Reader::from_text(" 12,").count(), Ok(12));
        for text in ["-1", "1.0", "1e3", "\"1\"", "99999999999999999999", ""] {
            assert!(Reader::from_text(text).count().is_err(), "{text}");
        }
    }

    #[test]
    fn raw_text_is_given_without_the_white_space_around_it() {
        let mut reader = Reader::from_text("  {\"a\": [1]} ,");
        assert_eq!(reader.raw(), Ok("{\"a\": [1]}"));
        assert_eq!(reader.position(), 12);
    }

    #[test]
    fn a_json_null_is_read_only_if_it_is_one() {
        let mut reader = Reader::from_text(" null {\"S\":\"a\"}");
        assert!(reader.is_null());
        assert!(!reader.is_null());
        assert!(reader.s().is_ok());
    }
}
