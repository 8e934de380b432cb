//! The JSON of one operation: `{"TableName":…,…}`, with the names and values of its expressions at the end.

use super::sink::Sink;
use crate::codec::{CodecError, Reader, Writer};
use crate::expr::{Condition, Placeholders};
use crate::limits::{self, grouped};
use crate::transport::{Operation, Request};
use crate::{Error, Result};
use bytes::Bytes;

/// Bytes that a request has room in which holds no item.
const ROOM: usize = 512;

/// Writes the members of one operation.
pub(crate) struct Body {
    writer: Writer,
    placeholders: Placeholders,
}

impl Body {
    /// Begins with the table.
    pub(crate) fn new(table: &str) -> Self {
        Self::with_room(table, ROOM)
    }

    /// The same, with room for so many bytes in all.
    pub(crate) fn with_room(table: &str, bytes: usize) -> Self {
        let mut writer = Writer::with_capacity(bytes);
        writer.raw("{\"TableName\":");
        writer.json_string(table);
        Self { writer, placeholders: Placeholders::default() }
    }

    /// Begins with another member, which is text.
    pub(crate) fn of_text(name: &str, value: &str) -> Self {
        let mut json = Writer::new();
        json.json_string(value);
        Self::begin(name, json.as_bytes())
    }

    /// Begins with another member.
    pub(crate) fn begin(name: &str, json: &[u8]) -> Self {
        let mut writer = Writer::with_capacity(ROOM);
        writer.raw("{\"");
        writer.raw(name);
        writer.raw("\":");
        writer.raw_bytes(json);
        Self { writer, placeholders: Placeholders::default() }
    }

    pub(crate) fn placeholders(&mut self) -> &mut Placeholders {
        &mut self.placeholders
    }

    /// Adds `,"name":` for the caller to write a value after.
    pub(crate) fn member(&mut self, name: &str) -> &mut Writer {
        self.writer.raw(",\"");
        self.writer.raw(name);
        self.writer.raw("\":");
        &mut self.writer
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.member(name).json_string(value);
    }

    pub(crate) fn number(&mut self, name: &str, value: u32) {
        self.member(name).raw(itoa::Buffer::new().format(value));
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.member(name).raw(if value { "true" } else { "false" });
    }

    pub(crate) fn json(&mut self, name: &str, json: &[u8]) {
        self.member(name).raw_bytes(json);
    }

    /// Adds an expression, within DynamoDB's limit on its length.
    pub(crate) fn expression(&mut self, name: &str, text: &str) -> Result<()> {
        let limit = limits::EXPRESSION_BYTES;
        if text.len() > limit {
            return Err(Error::invalid(format!(
                "{name} is {} bytes, the limit is {limit} bytes",
                text.len()
            )));
        }
        self.text(name, text);
        Ok(())
    }

    /// Adds a condition, if there is one.
    pub(crate) fn condition<M>(&mut self, name: &str, condition: Option<&Condition<M>>) -> Result<()> {
        let Some(condition) = condition else { return Ok(()) };
        let mut text = String::new();
        condition.node().push(&mut text, &mut self.placeholders)?;
        self.expression(name, &text)
    }

    /// Adds the projection of `names`.
    pub(crate) fn projection(&mut self, names: &[&'static str]) -> Result<()> {
        let mut text = String::new();
        for name in names {
            text.push_str(if text.is_empty() { "" } else { ", " });
            self.placeholders.push_name(&mut text, *name);
        }
        self.expression("ProjectionExpression", &text)
    }

    /// How many bytes have been written.
    pub(crate) fn len(&self) -> usize {
        self.writer.as_bytes().len()
    }

    /// The whole JSON.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.placeholders.write(&mut self.writer);
        self.writer.raw("}");
        self.writer.into_bytes()
    }

    /// The whole request, for an operation on one table.
    pub(crate) fn request(self, operation: Operation, table: &str) -> Request {
        Request { operation, tables: vec![table.to_owned()], body: Bytes::from(self.finish()) }
    }
}

/// Reads the item that is the member `name` of a response, if it has it.
pub(crate) fn read_member(response: &[u8], name: &str, sink: &mut dyn Sink) -> Result<(), CodecError> {
    Reader::new(response)?
        .object(|reader, member| if member == name { sink.item(reader) } else { reader.skip() })
}

/// Checks an item's size as DynamoDB counts it, before it is sent.
pub(crate) fn check_item_size(json: &[u8]) -> Result<()> {
    let limit = limits::ITEM_BYTES;
    // An item is never larger than its JSON, so only a large one needs to be counted.
    if json.len() <= limit {
        return Ok(());
    }
    let bytes = crate::codec::item_bytes(std::str::from_utf8(json).unwrap_or_default())?;
    if bytes > limit {
        return Err(Error::invalid(format!(
            "the item is {} bytes, the limit is {} bytes",
            grouped(bytes),
            grouped(limit)
        )));
    }
    Ok(())
}
