//! Templates to text: two different values of one template never render the same key, and integers and times sort there as
//! they do by value. Text sorts with what follows it in the template: `a!#1` comes before `a#1`.
//!
//! A text value may contain the separator that follows it in the template. Then, and only where another part follows, the
//! separator's first character and `%` are written as `%23`-style escapes, so that a key splits in one way only.
//! Integers and times are written at a fixed width, and need no escape.

use super::part::Part;
use super::shape::{KeyShape, ScalarType, Segment};
use crate::codec::{CodecError, ItemWriter, Problem, Writer};
use crate::tenant::{ALONE, IN_TEMPLATE};
use std::fmt::Write as _;

/// Bytes that most keys have room in.
const ROOM: usize = 64;

/// The value of a key attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyValue {
    S(String),
    N(String),
    B(Vec<u8>),
    /// Text with the tenant in it.
    OfTenant {
        before: String,
        after: String,
    },
    /// The tenant alone, as it is.
    Tenant,
}

impl KeyValue {
    fn bytes(&self) -> usize {
        match self {
            KeyValue::S(text) => text.len(),
            KeyValue::N(_) => 0,
            KeyValue::B(bytes) => bytes.len(),
            // What the tenant adds is checked once it is there.
            KeyValue::OfTenant { before, after } => before.len() + after.len(),
            KeyValue::Tenant => 0,
        }
    }

    /// Writes it with its type.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        match self {
            KeyValue::S(text) => writer.s(text),
            KeyValue::N(digits) => writer.n(digits),
            KeyValue::B(bytes) => writer.b(bytes),
            KeyValue::OfTenant { before, after } => writer.s_of_tenant(before, IN_TEMPLATE, after),
            KeyValue::Tenant => writer.s_of_tenant("", ALONE, ""),
        }
    }
}

/// Makes the value of a key attribute from its parts.
///
/// # Errors
///
/// If a part is empty, or the value is over `limit` bytes.
pub(crate) fn render(shape: &KeyShape, parts: &[Part<'_>], limit: usize) -> Result<KeyValue, CodecError> {
    if let Some(nth) = parts.iter().position(Part::is_empty) {
        let name = shape.fields().nth(nth).unwrap_or(shape.attribute);
        return Err(CodecError::new(Problem::EmptyKey).at(name));
    }
    let value = match (shape.template, parts) {
        ([], [part]) => alone(part),
        ([], _) => return Err(CodecError::invalid("needs exactly one value").at(shape.attribute)),
        (template, parts) => fill(template, shape.raw, parts).map_err(|e| e.at(shape.attribute))?,
    };
    if value.bytes() > limit {
        let problem = Problem::KeyTooLong { bytes: value.bytes(), limit };
        return Err(CodecError::new(problem).at(shape.attribute));
    }
    Ok(value)
}

/// Makes the value of a key attribute and adds it to an item.
///
/// # Errors
///
/// Those of [`render`].
pub(crate) fn write_key(
    item: &mut ItemWriter<'_>,
    shape: &KeyShape,
    parts: &[Part<'_>],
    limit: usize,
) -> Result<(), CodecError> {
    match (shape.template, parts) {
        // A text that is the key needs no copy of it first.
        ([], [Part::Text(text)]) if !text.is_empty() && text.len() <= limit => {
            item.name(shape.attribute).s(text);
        }
        _ => render(shape, parts, limit)?.encode(item.name(shape.attribute)),
    }
    Ok(())
}

fn alone(part: &Part<'_>) -> KeyValue {
    match part {
        Part::Text(text) => KeyValue::S(text.clone().into_owned()),
        Part::Fixed { plain, kind: ScalarType::N, .. } => KeyValue::N(plain.clone()),
        Part::Fixed { plain, .. } => KeyValue::S(plain.clone()),
        Part::Number(digits) => KeyValue::N(digits.clone()),
        Part::Binary(bytes) => KeyValue::B(bytes.clone().into_owned()),
        Part::Tenant => KeyValue::Tenant,
    }
}

fn fill(template: &[Segment], raw: bool, parts: &[Part<'_>]) -> Result<KeyValue, CodecError> {
    let mut text = String::with_capacity(ROOM);
    let mut tenant = None;
    let mut parts = parts.iter().peekable();
    for (at, segment) in template.iter().enumerate() {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Field { .. } => {
                let part =
                    parts.next().ok_or_else(|| CodecError::invalid("has fewer parts than its template"))?;
                let separator = match template.get(at + 1) {
                    Some(Segment::Literal(literal)) if parts.peek().is_some() => literal.chars().next(),
                    _ => None,
                };
                if *part == Part::Tenant {
                    tenant = Some(std::mem::take(&mut text));
                } else {
                    push_part(&mut text, part, separator.filter(|_| !raw), raw)?;
                }
            }
        }
    }
    match (parts.next(), tenant) {
        (None, None) => Ok(KeyValue::S(text)),
        (None, Some(before)) => Ok(KeyValue::OfTenant { before, after: text }),
        (Some(_), _) => Err(CodecError::invalid("has more parts than its template")),
    }
}

/// What all keys of this template begin with for a tenant that leads it, up to the next field; and true if that is the whole key.
pub(crate) fn render_head_of(shape: &KeyShape, tenant: &str) -> (String, bool) {
    let mut text = String::new();
    let mut is_first = true;
    for segment in shape.template {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Field { .. } if is_first => {
                text.push_str(tenant);
                is_first = false;
            }
            Segment::Field { .. } => return (text, false),
        }
    }
    (text, true)
}

/// What all keys begin with whose first parts are these, fewer than the template has: the text up to the next field, so that
/// `1` is not taken for the beginning of `11`.
///
/// # Errors
///
/// If a part is empty, or cannot stand in a template.
pub(crate) fn render_leading(shape: &KeyShape, parts: &[Part<'_>]) -> Result<String, CodecError> {
    let mut text = String::new();
    let mut parts = parts.iter();
    for (at, segment) in shape.template.iter().enumerate() {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Field { name, .. } => {
                let Some(part) = parts.next() else { break };
                if part.is_empty() {
                    return Err(CodecError::new(Problem::EmptyKey).at(name));
                }
                // Another field follows, so the part is escaped as it is in a whole key.
                let separator = match shape.template.get(at + 1) {
                    Some(Segment::Literal(literal)) => literal.chars().next().filter(|_| !shape.raw),
                    _ => None,
                };
                push_part(&mut text, part, separator, shape.raw).map_err(|e| e.at(shape.attribute))?;
            }
        }
    }
    Ok(text)
}

fn push_part(
    text: &mut String,
    part: &Part<'_>,
    separator: Option<char>,
    raw: bool,
) -> Result<(), CodecError> {
    match (part, separator) {
        (Part::Fixed { plain, .. }, _) if raw => text.push_str(plain),
        (Part::Fixed { padded, .. }, _) => text.push_str(padded),
        (Part::Text(value), None) => text.push_str(value),
        (Part::Text(value), Some(separator)) => push_escaped(text, value, separator),
        (Part::Number(_) | Part::Binary(_) | Part::Tenant, _) => {
            return Err(CodecError::invalid("has a part that cannot stand in a template"));
        }
    }
    Ok(())
}

/// Appends a part of a key, so that it ends where the separator stands.
pub(crate) fn push_escaped(text: &mut String, value: &str, separator: char) {
    for c in value.chars() {
        if c == separator || c == '%' {
            // The derive admits ASCII separators only, so two digits do.
            let _ = write!(text, "%{:02X}", u32::from(c));
        } else {
            text.push(c);
        }
    }
}
