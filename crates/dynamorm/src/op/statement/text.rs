//! The text of a statement and its parameters: checked, and written.

use crate::codec::{Attribute, Writer};
use crate::limits::{self, grouped};
use crate::op::body::Body;
use crate::value::AttributeValue;
use crate::{Error, Result};
use std::fmt;

/// A statement and what its `?` stand for.
#[derive(Clone)]
pub(super) struct Text {
    text: String,
    parameters: Vec<AttributeValue>,
}

impl Text {
    pub(super) fn new<V: Into<AttributeValue>>(
        text: impl Into<String>,
        parameters: impl IntoIterator<Item = V>,
    ) -> Self {
        Self { text: text.into(), parameters: parameters.into_iter().map(Into::into).collect() }
    }

    /// The members that every request has of it.
    pub(super) fn body(&self) -> Result<Body> {
        let (bytes, limit) = (self.text.len(), limits::STATEMENT_BYTES);
        if self.text.trim().is_empty() {
            return Err(Error::invalid("the statement is empty"));
        }
        if bytes > limit {
            return Err(Error::invalid(format!(
                "the statement is {} bytes, the limit is {} bytes",
                grouped(bytes),
                grouped(limit)
            )));
        }
        let (marks, given) = (placeholders(&self.text), self.parameters.len());
        if marks != given {
            return Err(Error::invalid(format!(
                "the statement has {marks} `?` outside of quotes, and {given} parameters are given"
            )));
        }
        let mut text = Writer::with_capacity(bytes + 16);
        text.json_string(&self.text);
        let mut body = Body::begin("Statement", text.as_bytes());
        if given > 0 {
            let mut parameters = Writer::new();
            parameters.raw("[");
            for (nth, parameter) in self.parameters.iter().enumerate() {
                parameters.raw(if nth == 0 { "" } else { "," });
                let of_parameter = |error| Error::from(error).in_parameter(nth);
                parameter.encode(&mut parameters).map_err(of_parameter)?;
            }
            parameters.raw("]");
            body.json("Parameters", parameters.as_bytes());
        }
        Ok(body)
    }
}

/// Counts the `?` that are not in quotes. A quote inside of quotes is doubled, which reads as two texts side by side.
fn placeholders(text: &str) -> usize {
    let (mut count, mut open) = (0, None);
    for c in text.chars() {
        match (open, c) {
            (None, '?') => count += 1,
            (None, '\'' | '"') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    count
}

/// Without the text and the values.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text")
            .field("bytes", &self.text.len())
            .field("parameters", &self.parameters.len())
            .finish()
    }
}
