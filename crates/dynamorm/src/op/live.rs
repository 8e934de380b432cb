//! `.live()`: hides items whose time to live has passed, which DynamoDB deletes only some time later.
//!
//! A read with a filter asks DynamoDB to hide them; one without, such as a get, looks at what it got.

use crate::codec::{Attribute, CodecError, Reader};
use crate::expr::Placeholders;
use crate::lifecycle::Role;
use crate::model::ModelShape;
use crate::value::AttributeValue;
use crate::{Db, Error, Number, Result};

/// Which attribute holds the time to live of a model's items, and what time it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Live {
    attribute: &'static str,
    now_seconds: i64,
}

impl Live {
    /// # Errors
    ///
    /// If the model has no time to live: then nothing could be hidden.
    pub(crate) fn of(db: &Db, model: &ModelShape) -> Result<Self> {
        let Some(ttl) = model.managed().find(|managed| matches!(managed.role, Role::Ttl { .. })) else {
            return Err(Error::invalid(format!(
                "`{}` has no time to live to hide items by: mark a field with `#[dynamorm(ttl)]`, or leave `live` out",
                model.name
            )));
        };
        Ok(Self { attribute: ttl.name, now_seconds: db.now().epoch_seconds() })
    }

    /// The attribute that it looks at.
    pub(crate) fn attribute(&self) -> &'static str {
        self.attribute
    }

    /// Appends the filter, which is on no key: a time to live cannot be part of one. It is true of an item without the
    /// attribute, or with another type in it: neither expires.
    pub(crate) fn push(self, text: &mut String, request: &mut Placeholders) {
        text.push_str("NOT (");
        request.push_name(text, self.attribute);
        text.push_str(" <= ");
        request.push_value(text, format!("{{\"N\":\"{}\"}}", self.now_seconds).into_bytes());
        text.push(')');
    }

    /// The names to ask for, so that [`hides`](Live::hides) can tell.
    /// True if this item, `{"name":{"S":"Ada"},…}`, is past its time.
    pub(crate) fn hides(self, item: &str) -> Result<bool, CodecError> {
        let mut hidden = false;
        Reader::from_text(item).object(|reader, name| {
            if name != self.attribute {
                return reader.skip();
            }
            let value = AttributeValue::decode(reader).map_err(|error| error.at(name))?;
            hidden = matches!(value, AttributeValue::N(seconds) if seconds <= Number::from(self.now_seconds));
            Ok(())
        })?;
        Ok(hidden)
    }
}
