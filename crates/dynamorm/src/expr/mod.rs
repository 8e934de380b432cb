//! Typed trees to expression text, with `#names` and `:values` always aliased.
//!
//! One request has one `Placeholders`: all of its expressions share it, so none of their names and values can collide.
//! Start at `condition.rs`. What is not here: requests (`op/`), how values are stored (`codec/`).

mod comparand;
pub(crate) mod condition;
pub(crate) mod document_path;
pub(crate) mod key_condition;
mod kind;
pub(crate) mod operand;
pub(crate) mod raw;
pub(crate) mod tree;
pub(crate) mod update;
mod value;

pub(crate) use comparand::Side;
pub use comparand::{ByAttribute, BySize, Comparand, Size, SizeComparand};
pub use condition::Condition;
pub use key_condition::KeyCondition;
pub use kind::{AttributeType, HasSize, Ordered};
pub use operand::{ByCalculation, BySpan, ByValue, Calculation, IntoOperand, Operand, SetValue};
pub use value::{
    Addable, Appendable, Deletable, EncodedValue, IntoAttr, Numeric, Optional, Prefixed, Removable, Searched,
};

use crate::codec::Writer;
use std::borrow::Cow;

/// The `#names` and `:values` of one request.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    names: Vec<Cow<'static, str>>,
    values: Vec<Vec<u8>>,
}

impl Placeholders {
    /// Adds a name to an expression's text; a name that the request has already keeps its alias.
    pub(crate) fn push_name(&mut self, text: &mut String, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        let nth = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        text.push_str("#n");
        text.push_str(itoa::Buffer::new().format(nth));
    }

    /// Adds a value, already encoded, to an expression's text.
    pub(crate) fn push_value(&mut self, text: &mut String, json: Vec<u8>) {
        text.push_str(":v");
        text.push_str(itoa::Buffer::new().format(self.values.len()));
        self.values.push(json);
    }

    /// Writes `,"ExpressionAttributeNames":{…},"ExpressionAttributeValues":{…}`, or what of it is needed.
    pub(crate) fn write(&self, writer: &mut Writer) {
        if !self.names.is_empty() {
            writer.raw(",\"ExpressionAttributeNames\":{");
            for (nth, name) in self.names.iter().enumerate() {
                writer.raw(if nth == 0 { "\"#n" } else { ",\"#n" });
                writer.raw(itoa::Buffer::new().format(nth));
                writer.raw("\":");
                writer.json_string(name);
            }
            writer.raw("}");
        }
        if !self.values.is_empty() {
            writer.raw(",\"ExpressionAttributeValues\":{");
            for (nth, value) in self.values.iter().enumerate() {
                writer.raw(if nth == 0 { "\":v" } else { ",\":v" });
                writer.raw(itoa::Buffer::new().format(nth));
                writer.raw("\":");
                writer.raw_bytes(value);
            }
            writer.raw("}");
        }
    }
}
