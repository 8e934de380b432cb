//! The members of a request, taken one by one until none is left.
//!
//! Which members an operation has is in `compat`. Start at [`Members`].

use crate::transport::{Failure, Request};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// An item, a key or the values of an expression, as the client takes them.
type Attributes = HashMap<String, AttributeValue>;

/// A JSON object whose members are taken by name; what is left at the end is refused.
pub(super) struct Members {
    members: Map<String, Value>,
    /// What the object is, for messages: the operation, or the member that holds it.
    of: &'static str,
}

impl Members {
    pub(super) fn parse(request: &Request) -> Result<Self, Failure> {
        let of = request.operation.name();
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(members)) => Ok(Self { members, of }),
            _ => Err(Failure::Refused(format!("{of}: the request is not a JSON object"))),
        }
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Failure> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.malformed(name)),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Failure> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.malformed(name)),
        }
    }

    pub(super) fn integer(&mut self, name: &'static str) -> Result<Option<i32>, Failure> {
        let Some(value) = self.members.remove(name) else { return Ok(None) };
        let integer = value.as_i64().and_then(|integer| i32::try_from(integer).ok());
        integer.map(Some).ok_or_else(|| self.malformed(name))
    }

    /// Takes one of the words that DynamoDB knows. The client passes on words that it does not know itself.
    pub(super) fn choice<T: for<'a> From<&'a str>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Failure> {
        Ok(self.text(name)?.map(|word| T::from(&word)))
    }

    pub(super) fn names(&mut self, name: &'static str) -> Result<Option<HashMap<String, String>>, Failure> {
        let Some(names) = self.object(name)? else { return Ok(None) };
        let names = names.into_iter().map(|(short, value)| match value {
            Value::String(attribute) => Ok((short, attribute)),
            _ => Err(self.malformed(name)),
        });
        names.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn item(&mut self, name: &'static str) -> Result<Option<Attributes>, Failure> {
        let Some(item) = self.object(name)? else { return Ok(None) };
        attributes(item).map(Some).ok_or_else(|| self.malformed(name))
    }

    /// Takes a list of items, or of keys.
    pub(super) fn items(&mut self, name: &'static str) -> Result<Option<Vec<Attributes>>, Failure> {
        self.array(name, |item| match item {
            Value::Object(item) => attributes(item),
            _ => None,
        })
    }

    /// Takes a list of attribute values.
    pub(super) fn values(&mut self, name: &'static str) -> Result<Option<Vec<AttributeValue>>, Failure> {
        self.array(name, attribute)
    }

    fn array<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Failure> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Array(list)) => {
                let list = list.into_iter().map(read).collect::<Option<_>>();
                list.map(Some).ok_or_else(|| self.malformed(name))
            }
            Some(_) => Err(self.malformed(name)),
        }
    }

    /// Takes an object that holds members of its own, all of which must be taken by `read`.
    pub(super) fn nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Members) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let Some(members) = self.object(name)? else { return Ok(None) };
        let mut members = Members { members, of: name };
        let read = read(&mut members)?;
        members.finish()?;
        Ok(Some(read))
    }

    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Members) -> Result<T, Failure>,
    ) -> Result<Option<Vec<T>>, Failure> {
        let Some(list) = self.members.remove(name) else { return Ok(None) };
        self.elements(name, list, read).map(Some)
    }

    /// Takes an object of lists, by table.
    pub(super) fn lists<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Members) -> Result<T, Failure>,
    ) -> Result<Option<HashMap<String, Vec<T>>>, Failure> {
        let Some(lists) = self.object(name)? else { return Ok(None) };
        let lists = lists.into_iter().map(|(table, list)| Ok((table, self.elements(name, list, &read)?)));
        lists.collect::<Result<_, _>>().map(Some)
    }

    /// Takes an object of objects, by table.
    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Members) -> Result<T, Failure>,
    ) -> Result<Option<HashMap<String, T>>, Failure> {
        let Some(objects) = self.object(name)? else { return Ok(None) };
        let objects = objects.into_iter().map(|(table, object)| {
            let Value::Object(members) = object else { return Err(self.malformed(name)) };
            let mut members = Members { members, of: name };
            let object = read(&mut members)?;
            members.finish()?;
            Ok((table, object))
        });
        objects.collect::<Result<_, _>>().map(Some)
    }

    /// Refuses the request if it has a member that was not taken.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(Failure::Refused(format!("{}: `{name}` cannot be sent with `Aws::compat`", self.of)))
            }
        }
    }

    fn elements<T>(
        &self,
        name: &'static str,
        list: Value,
        read: impl Fn(Members) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let Value::Array(list) = list else { return Err(self.malformed(name)) };
        let elements = list.into_iter().map(|element| match element {
            Value::Object(members) => read(Members { members, of: name }),
            _ => Err(self.malformed(name)),
        });
        elements.collect()
    }

    fn object(&mut self, name: &'static str) -> Result<Option<Map<String, Value>>, Failure> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.malformed(name)),
        }
    }

    fn malformed(&self, name: &str) -> Failure {
        Failure::Refused(format!("{}: `{name}` does not have DynamoDB's form", self.of))
    }
}

fn attributes(item: Map<String, Value>) -> Option<Attributes> {
    item.into_iter().map(|(name, value)| Some((name, attribute(value)?))).collect()
}

/// Reads an attribute value, such as `{"S": "text"}`; `None` if it is not of that form.
fn attribute(value: Value) -> Option<AttributeValue> {
    let Value::Object(tagged) = value else { return None };
    let mut tagged = tagged.into_iter();
    let (tag, value) = tagged.next()?;
    if tagged.next().is_some() {
        return None;
    }
    Some(match (tag.as_str(), value) {
        ("S", Value::String(text)) => AttributeValue::S(text),
        ("N", Value::String(number)) => AttributeValue::N(number),
        ("B", value) => AttributeValue::B(binary(value)?),
        ("BOOL", Value::Bool(flag)) => AttributeValue::Bool(flag),
        ("NULL", Value::Bool(flag)) => AttributeValue::Null(flag),
        ("M", Value::Object(map)) => AttributeValue::M(attributes(map)?),
        ("L", Value::Array(list)) => {
            AttributeValue::L(list.into_iter().map(attribute).collect::<Option<_>>()?)
        }
        ("SS", Value::Array(set)) => AttributeValue::Ss(set.into_iter().map(string).collect::<Option<_>>()?),
        ("NS", Value::Array(set)) => AttributeValue::Ns(set.into_iter().map(string).collect::<Option<_>>()?),
        ("BS", Value::Array(set)) => AttributeValue::Bs(set.into_iter().map(binary).collect::<Option<_>>()?),
        _ => return None,
    })
}

fn string(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn binary(value: Value) -> Option<Blob> {
    STANDARD.decode(value.as_str()?).ok().map(Blob::new)
}
