//! Rust values to bytes: JSON as DynamoDB wants it, appended to one buffer.
//!
//! What is not here: escapes (`text`), and how a Rust type is written (`scalar` and so on).

use super::set::SetElement;
use super::text::push_escaped;
use super::{Attribute, CodecError};
use crate::limits::NESTING_DEPTH;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Appends values to the bytes of a request.
#[derive(Default)]
pub struct Writer {
    buffer: Vec<u8>,
    /// Lists and maps that are open.
    depth: usize,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty writer with room for `bytes`.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let writer = Writer::with_capacity(512);
    /// assert!(writer.as_bytes().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { buffer: Vec::with_capacity(bytes), depth: 0 }
    }

    /// What has been written.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.null();
    /// assert_eq!(writer.into_bytes(), br#"{"NULL":true}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    /// What has been written so far.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.n("7");
    /// assert_eq!(writer.as_bytes(), br#"{"N":"7"}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Appends JSON text as it is: the caller answers for its form.
    #[inline]
    pub(crate) fn raw(&mut self, json: &str) {
        self.buffer.extend_from_slice(json.as_bytes());
    }

    /// Appends JSON bytes as they are: the caller answers for their form.
    pub(crate) fn raw_bytes(&mut self, json: &[u8]) {
        self.buffer.extend_from_slice(json);
    }

    /// Appends a JSON string, quoted and escaped.
    #[inline]
    pub(crate) fn json_string(&mut self, text: &str) {
        self.escaped("\"", text, "\"");
    }

    /// Appends JSON text up to a quote, a text that is escaped, and JSON text from a quote on.
    // Where it is called, what stands around the text is constant, and appending that is an instruction or two.
    #[inline(always)]
    fn escaped(&mut self, before: &str, text: &str, after: &str) {
        // So that the buffer grows once, not piece by piece.
        self.buffer.reserve(before.len() + text.len() + after.len());
        self.raw(before);
        push_escaped(&mut self.buffer, text);
        self.raw(after);
    }

    /// Writes `{"S":"…"}`.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.s("say \"hi\"");
    /// assert_eq!(writer.as_bytes(), br#"{"S":"say \"hi\""}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn s(&mut self, text: &str) {
        self.escaped("{\"S\":\"", text, "\"}");
    }

    /// Writes `{"S":"…"}` with a mark of this form where the tenant is filled in.
    pub(crate) fn s_of_tenant(&mut self, before: &str, form: u8, after: &str) {
        self.raw("{\"S\":\"");
        push_escaped(&mut self.buffer, before);
        self.buffer.extend_from_slice(&[crate::tenant::MARK, form]);
        push_escaped(&mut self.buffer, after);
        self.raw("\"}");
    }

    /// Writes `{"N":"…"}` from digits that are a number already.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.n("7.5");
    /// assert_eq!(writer.as_bytes(), br#"{"N":"7.5"}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn n(&mut self, digits: &str) {
        self.escaped("{\"N\":\"", digits, "\"}");
    }

    /// Writes `{"B":"…"}`, in base64.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.b(&[1, 2]);
    /// assert_eq!(writer.as_bytes(), br#"{"B":"AQI="}"#);
    /// # Ok(())
    /// # }
    /// ```
    pub fn b(&mut self, bytes: &[u8]) {
        self.raw("{\"B\":");
        self.base64(bytes);
        self.raw("}");
    }

    /// Writes `{"BOOL":…}`.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.bool(true);
    /// assert_eq!(writer.as_bytes(), br#"{"BOOL":true}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { "{\"BOOL\":true}" } else { "{\"BOOL\":false}" });
    }

    /// Writes `{"NULL":true}`.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.null();
    /// assert_eq!(writer.as_bytes(), br#"{"NULL":true}"#);
    /// # Ok(())
    /// # }
    /// ```
    pub fn null(&mut self) {
        self.raw("{\"NULL\":true}");
    }

    /// Writes `{"L":[…]}`.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.list(&[1_u8, 2])?;
    /// assert_eq!(writer.as_bytes(), br#"{"L":[{"N":"1"},{"N":"2"}]}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first one of its elements, with its position; or if it is nested more than 32 levels deep.
    pub fn list<'v, T: Attribute + 'v>(
        &mut self,
        values: impl IntoIterator<Item = &'v T>,
    ) -> Result<(), CodecError> {
        self.nested(|writer| {
            writer.raw("{\"L\":[");
            for (index, value) in values.into_iter().enumerate() {
                if index > 0 {
                    writer.raw(",");
                }
                value.encode(writer).map_err(|e| e.at_index(index))?;
            }
            writer.raw("]}");
            Ok(())
        })
    }

    /// Writes `{"M":{…}}`, whose members `write` adds.
    ///
    /// # Errors
    ///
    /// What `write` returns; or if it is nested more than 32 levels deep.
    pub fn map(
        &mut self,
        write: impl FnOnce(&mut ItemWriter<'_>) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        self.nested(|writer| {
            writer.raw("{\"M\":");
            writer.item(write)?;
            writer.raw("}");
            Ok(())
        })
    }

    /// Writes `{…}` without a type around it, as an item or a key stands in a request; `write` adds the members.
    ///
    /// # Errors
    ///
    /// What `write` returns.
    #[inline]
    pub fn item(
        &mut self,
        write: impl FnOnce(&mut ItemWriter<'_>) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        self.raw("{");
        write(&mut ItemWriter { writer: self, empty: true })?;
        self.raw("}");
        Ok(())
    }

    /// Writes `{"SS":[…]}`, `{"NS":[…]}` or `{"BS":[…]}`, whichever the elements are stored in.
    ///
    /// # Errors
    ///
    /// If there are none, for DynamoDB has no empty sets; or the first one of its elements, with its position.
    pub fn set<'v, T: SetElement + 'v>(
        &mut self,
        elements: impl IntoIterator<Item = &'v T>,
    ) -> Result<(), CodecError> {
        let mut elements = elements.into_iter().enumerate().peekable();
        if elements.peek().is_none() {
            return Err(CodecError::invalid("is an empty set, which DynamoDB does not have"));
        }
        self.raw("{\"");
        self.raw(T::SET.name());
        self.raw("\":[");
        for (index, element) in elements {
            if index > 0 {
                self.raw(",");
            }
            element.encode_element(self).map_err(|e| e.at_index(index))?;
        }
        self.raw("]}");
        Ok(())
    }

    /// Appends bytes as a JSON string of base64.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        self.raw("\"");
        self.raw(&STANDARD.encode(bytes));
        self.raw("\"");
    }

    pub(super) fn nested(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        if self.depth == NESTING_DEPTH {
            return Err(CodecError::invalid("is nested more than 32 levels deep"));
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }
}

/// Without what has been written: those are the user's values.
impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("bytes", &self.buffer.len()).finish_non_exhaustive()
    }
}

/// Appends the attributes of one item, or of one nested document.
#[derive(Debug)]
pub struct ItemWriter<'w> {
    writer: &'w mut Writer,
    empty: bool,
}

impl ItemWriter<'_> {
    /// Adds an attribute, or leaves it out if it is absent.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.item(|item| {
    ///     item.attribute("name", &"Ada".to_owned())?;
    ///     item.attribute("nickname", &None::<String>)
    /// })?;
    /// assert_eq!(writer.as_bytes(), br#"{"name":{"S":"Ada"}}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What encoding the value returns, with the attribute's name added.
    #[inline]
    pub fn attribute<T: Attribute>(&mut self, name: &str, value: &T) -> Result<(), CodecError> {
        if value.is_absent() {
            return Ok(());
        }
        value.encode(self.name(name)).map_err(|e| e.at(name))
    }

    /// Adds an attribute's name; the caller writes exactly one value next.
    ///
    /// ```
    /// # fn main() -> Result<(), dynamorm::CodecError> {
    /// use dynamorm::codec::Writer;
    /// let mut writer = Writer::new();
    /// writer.item(|item| {
    ///     item.name("credits").n("7");
    ///     Ok(())
    /// })?;
    /// assert_eq!(writer.as_bytes(), br#"{"credits":{"N":"7"}}"#);
    /// # Ok(())
    /// # }
    /// ```
    // Once in a program, not in each model.
    #[inline(never)]
    pub fn name(&mut self, name: &str) -> &mut Writer {
        if !self.empty {
            self.writer.raw(",");
        }
        self.empty = false;
        self.writer.escaped("\"", name, "\":");
        self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::new();
        write(&mut writer);
        String::from_utf8(writer.into_bytes()).unwrap()
    }

    #[test]
    fn text_is_escaped_where_json_needs_it_and_where_it_would_be_a_mark() {
        let text = "a\"b\\c\nd\te\rf\u{0}g\u{1f}h/\u{7f}é😀";
        assert_eq!(written(|w| w.s(text)), "{\"S\":\"a\\\"b\\\\c\\nd\\te\\rf\\u0000g\\u001fh/\\u007fé😀\"}");
    }

    #[test]
    fn bytes_are_base64_with_padding() {
        assert_eq!(written(|w| w.b(b"abcd")), "{\"B\":\"YWJjZA==\"}");
    }

    #[test]
    fn absent_attributes_are_left_out_and_names_are_escaped() {
        let json = written(|w| {
            w.item(|item| {
                item.attribute("a", &None::<String>)?;
                item.attribute("b\"", &true)?;
                item.attribute("c", &1)
            })
            .unwrap();
        });
        assert_eq!(json, r#"{"b\"":{"BOOL":true},"c":{"N":"1"}}"#);
    }

    #[test]
    fn the_thirty_third_level_is_refused() {
        fn nest(writer: &mut Writer, levels: usize) -> Result<(), CodecError> {
            match levels {
                0 => true.encode(writer),
                _ => writer.map(|item| nest(item.name("a"), levels - 1)),
            }
        }
        let mut writer = Writer::new();
        assert_eq!(nest(&mut writer, 32), Ok(()));
        assert_eq!(
            nest(&mut writer, 33).unwrap_err().to_string(),
            "the value is nested more than 32 levels deep"
        );
        assert_eq!(nest(&mut writer, 32), Ok(()), "a refused value leaves the count as it was");
    }

    #[test]
    fn what_was_written_is_not_shown() {
        let mut writer = Writer::new();
        writer.s("secret");
        assert_eq!(format!("{writer:?}"), "Writer { bytes: 14, .. }");
    }
}
