//! Update expressions: clauses by DynamoDB's words, `SET`, `ADD`, `REMOVE` and `DELETE`.
//!
//! What is not here: which attributes the library adds by itself, and index keys that must follow (`op/update.rs`).

use super::{EncodedValue, IntoAttr, Placeholders};
use crate::codec::CodecError;
use crate::{Attr, Error, Result, Timestamp, Ttl};
use std::marker::PhantomData;
use std::time::Duration;

/// What one update does, in the order it was said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes(Vec<Change>);

#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Set(Right),
    Add(EncodedValue),
    Remove,
    Delete(EncodedValue),
}

/// The right side of a `SET`.
#[derive(Debug, Clone)]
pub(crate) enum Right {
    Value(EncodedValue),
    /// A time to live, so long after the write: the operation makes a value of it.
    After {
        seconds: u64,
    },
    /// `if_not_exists(#b, :v)`
    IfNotExists {
        of: &'static str,
        value: EncodedValue,
    },
    /// `#b + :v`
    Arithmetic {
        of: &'static str,
        sign: &'static str,
        by: EncodedValue,
    },
}

/// The result of a calculation on an attribute, made by `User::CREDITS.minus(7)`; an update can set an attribute to it.
#[derive(Debug, Clone)]
#[must_use = "an operand does nothing until an update sets an attribute to it"]
pub struct Operand<M, T> {
    right: Right,
    of: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Operand<M, T> {
    pub(crate) fn arithmetic<R>(of: Attr<M, T, R>, sign: &'static str, by: EncodedValue) -> Self {
        Self { right: Right::Arithmetic { of: of.name(), sign, by }, of: PhantomData }
    }

    pub(crate) fn if_not_exists(of: Attr<M, T>, value: EncodedValue) -> Self {
        Self { right: Right::IfNotExists { of: of.name(), value }, of: PhantomData }
    }
}

/// What an update can set an attribute of type `T` to: a value, a calculation on an attribute of the same type, or, for a time
/// to live, how long after the write.
#[diagnostic::on_unimplemented(
    message = "expected a value for an attribute of type `{T}`, found `{Self}`",
    label = "not a `{T}`, nor a calculation on an attribute of `{M}` that gives one"
)]
pub trait SetValue<M, T, By> {
    #[doc(hidden)]
    fn into_right(self) -> SetRight;
}

/// Sets to a value; tells the two kinds of [`SetValue`] apart.
#[derive(Debug, Clone, Copy)]
pub enum ByValue {}

/// Sets to a calculation; tells the two kinds of [`SetValue`] apart.
#[derive(Debug, Clone, Copy)]
pub enum ByCalculation {}

/// Sets a time to live by a span; tells it apart from the other kinds of [`SetValue`].
#[derive(Debug, Clone, Copy)]
pub enum BySpan {}

/// The right side of a `SET`, opaque.
#[doc(hidden)]
#[derive(Debug)]
pub struct SetRight(pub(crate) Right);

#[diagnostic::do_not_recommend]
impl<M, T, V: IntoAttr<T>> SetValue<M, T, ByValue> for V {
    fn into_right(self) -> SetRight {
        SetRight(Right::Value(self.into_value()))
    }
}

#[diagnostic::do_not_recommend]
impl<M, T> SetValue<M, T, ByCalculation> for Operand<M, T> {
    fn into_right(self) -> SetRight {
        SetRight(self.right)
    }
}

/// An optional attribute takes what is calculated on one that is not.
#[diagnostic::do_not_recommend]
impl<M, T> SetValue<M, Option<T>, ByCalculation> for Operand<M, T> {
    fn into_right(self) -> SetRight {
        SetRight(self.right)
    }
}

/// A time to live, so long after the write. A fraction of a second is dropped.
#[diagnostic::do_not_recommend]
impl<M> SetValue<M, Ttl, BySpan> for Duration {
    fn into_right(self) -> SetRight {
        SetRight(Right::After { seconds: self.as_secs() })
    }
}

impl Changes {
    pub(crate) fn push(&mut self, name: &'static str, action: Action) {
        self.0.push(Change { name, action });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn of(&self, name: &str) -> Option<&Change> {
        self.0.iter().find(|change| change.name == name)
    }

    /// Makes a time of each span, by the time of the write.
    pub(crate) fn stamp(&mut self, now: Timestamp) {
        for Change { action, .. } in &mut self.0 {
            if let Action::Set(Right::After { seconds }) = action {
                let expires = Ttl::at(now + Duration::from_secs(*seconds));
                *action = Action::Set(Right::Value(EncodedValue::of(&expires)));
            }
        }
    }

    /// Turns a `SET` of an empty or absent value into a `REMOVE`, where `leaves_out` says that the value cannot be stored.
    pub(crate) fn remove_where(&mut self, leaves_out: impl Fn(&str, &[u8]) -> bool) -> Result<()> {
        for change in &mut self.0 {
            if let Action::Set(Right::Value(value)) = &change.action {
                let removed = match value.clone().into_json(change.name)? {
                    None => true,
                    Some(json) => leaves_out(change.name, &json),
                };
                if removed {
                    change.action = Action::Remove;
                }
            }
        }
        Ok(())
    }

    /// The update expression; `extra` adds further clauses.
    pub(crate) fn render(
        &self,
        request: &mut Placeholders,
        extra: impl FnOnce(&mut Clauses, &mut Placeholders) -> Result<()>,
    ) -> Result<String> {
        for (nth, change) in self.0.iter().enumerate() {
            if self.0.iter().take(nth).any(|earlier| earlier.name == change.name) {
                return Err(Error::invalid(format!("the update changes attribute `{}` twice", change.name)));
            }
        }
        let mut clauses = Clauses::default();
        for change in &self.0 {
            clauses.push(change, request)?;
        }
        extra(&mut clauses, request)?;
        Ok(clauses.text())
    }
}

/// The four clauses of an update expression, each a list of actions.
#[derive(Debug, Default)]
pub(crate) struct Clauses {
    set: String,
    remove: String,
    add: String,
    delete: String,
}

impl Clauses {
    fn push(&mut self, change: &Change, request: &mut Placeholders) -> Result<()> {
        let name = change.name;
        match &change.action {
            Action::Set(right) => {
                let mut text = String::new();
                match right {
                    Right::Value(value) => request.push_value(&mut text, present(value, name)?),
                    // A value by now.
                    Right::After { .. } => {}
                    Right::IfNotExists { of, value } => {
                        text.push_str("if_not_exists(");
                        request.push_name(&mut text, *of);
                        text.push_str(", ");
                        request.push_value(&mut text, present(value, name)?);
                        text.push(')');
                    }
                    Right::Arithmetic { of, sign, by } => {
                        request.push_name(&mut text, *of);
                        text.push(' ');
                        text.push_str(sign);
                        text.push(' ');
                        request.push_value(&mut text, present(by, name)?);
                    }
                }
                self.set(name, &text, request);
            }
            Action::Remove => self.remove(name, request),
            Action::Add(value) => self.add(name, present(value, name)?, request),
            Action::Delete(value) => {
                let json = present(value, name)?;
                let text = next(&mut self.delete);
                request.push_name(text, name);
                text.push(' ');
                request.push_value(text, json);
            }
        }
        Ok(())
    }

    /// Adds `SET name = right`.
    pub(crate) fn set(&mut self, name: &'static str, right: &str, request: &mut Placeholders) {
        let text = next(&mut self.set);
        request.push_name(text, name);
        text.push_str(" = ");
        text.push_str(right);
    }

    /// Adds `SET name = value`.
    pub(crate) fn set_value(&mut self, name: &'static str, json: Vec<u8>, request: &mut Placeholders) {
        let mut right = String::new();
        request.push_value(&mut right, json);
        self.set(name, &right, request);
    }

    /// Adds `SET name = if_not_exists(name, value)`.
    pub(crate) fn set_if_absent(
        &mut self,
        name: impl Into<std::borrow::Cow<'static, str>>,
        json: Vec<u8>,
        request: &mut Placeholders,
    ) {
        let name = name.into();
        let text = next(&mut self.set);
        request.push_name(text, name.clone());
        text.push_str(" = if_not_exists(");
        request.push_name(text, name);
        text.push_str(", ");
        request.push_value(text, json);
        text.push(')');
    }

    /// Adds `REMOVE name`.
    pub(crate) fn remove(&mut self, name: &'static str, request: &mut Placeholders) {
        request.push_name(next(&mut self.remove), name);
    }

    /// Adds `ADD name value`.
    pub(crate) fn add(&mut self, name: &'static str, json: Vec<u8>, request: &mut Placeholders) {
        let text = next(&mut self.add);
        request.push_name(text, name);
        text.push(' ');
        request.push_value(text, json);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (word, list) in
            [("SET ", &self.set), ("REMOVE ", &self.remove), ("ADD ", &self.add), ("DELETE ", &self.delete)]
        {
            if !list.is_empty() {
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(word);
                text.push_str(list);
            }
        }
        text
    }
}

/// The value as JSON; of absent ones, `set` alone knows what to do.
fn present(value: &EncodedValue, name: &str) -> Result<Vec<u8>, CodecError> {
    value.clone().into_json(name)?.ok_or_else(|| {
        CodecError::invalid("is given an absent value, which only `set` takes: leave the call out").at(name)
    })
}

/// The list, ready for its next action.
fn next(list: &mut String) -> &mut String {
    if !list.is_empty() {
        list.push_str(", ");
    }
    list
}
