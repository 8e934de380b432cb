//! Update expressions: clauses by DynamoDB's words, `SET`, `ADD`, `REMOVE` and `DELETE`.
//!
//! What is not here: which attributes the library adds by itself, and index keys that must follow (`op/update.rs`).

use super::document_path::DocumentPath;
use super::operand::Term;
use super::{EncodedValue, Placeholders};
use crate::codec::CodecError;
use crate::{Error, Result, Timestamp, Ttl};
use std::time::Duration;

/// What one update does, in the order it was said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes(Vec<Change>);

#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) path: DocumentPath,
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
    /// Another attribute, or one of two.
    Term(Term),
    /// `#b + :v`
    Arithmetic {
        left: Term,
        sign: &'static str,
        right: Term,
    },
    /// `list_append(if_not_exists(#a, :empty), :v)`, of the attribute itself
    Append {
        elements: EncodedValue,
        /// Before the others, instead of after them.
        first: bool,
    },
}

impl Changes {
    pub(crate) fn push(&mut self, path: impl Into<DocumentPath>, action: Action) {
        self.0.push(Change { path: path.into(), action });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// What happens to an attribute, or first of all inside of it.
    pub(crate) fn of(&self, name: &str) -> Option<&Change> {
        self.0.iter().find(|change| change.path.root() == name)
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

    /// Turns a `SET` of an absent value into a `REMOVE`, and one that `leaves_out` says cannot be stored.
    pub(crate) fn remove_where(&mut self, leaves_out: impl Fn(&str, &[u8]) -> bool) -> Result<()> {
        for Change { path, action } in &mut self.0 {
            if let Action::Set(Right::Value(value)) = action {
                let removed = match value.json(&*path)? {
                    None => true,
                    Some(json) => path.is_root() && leaves_out(path.root(), json),
                };
                if removed {
                    *action = Action::Remove;
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
            let path = &change.path;
            match self.0.iter().take(nth).find(|earlier| earlier.path.overlaps(path)) {
                Some(earlier) if earlier.path == *path => {
                    return Err(Error::invalid(format!("the update changes attribute `{path}` twice")));
                }
                Some(Change { path: earlier, .. }) => {
                    return Err(Error::invalid(format!(
                        "the update changes `{earlier}` and `{path}`, of which one is inside of the other"
                    )));
                }
                None => {}
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
    fn push(&mut self, Change { path, action }: &Change, request: &mut Placeholders) -> Result<()> {
        match action {
            Action::Set(right) => {
                let mut text = String::new();
                push_right(right, path, &mut text, request)?;
                let set = next(&mut self.set);
                path.push(set, request)?;
                set.push_str(" = ");
                set.push_str(&text);
            }
            Action::Remove => path.push(next(&mut self.remove), request)?,
            Action::Add(value) => push_change(next(&mut self.add), path, value, request)?,
            Action::Delete(value) => push_change(next(&mut self.delete), path, value, request)?,
        }
        Ok(())
    }

    /// Adds `SET name = value`.
    pub(crate) fn set_value(&mut self, name: &'static str, json: Vec<u8>, request: &mut Placeholders) {
        let text = next(&mut self.set);
        request.push_name(text, name);
        text.push_str(" = ");
        request.push_value(text, json);
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

/// Appends `path value`, as `ADD` and `DELETE` have it.
fn push_change(
    text: &mut String,
    path: &DocumentPath,
    value: &EncodedValue,
    request: &mut Placeholders,
) -> Result<()> {
    let json = present(value, path)?;
    path.push(text, request)?;
    text.push(' ');
    request.push_value(text, json);
    Ok(())
}

fn push_right(
    right: &Right,
    path: &DocumentPath,
    text: &mut String,
    request: &mut Placeholders,
) -> Result<()> {
    match right {
        Right::Value(value) => request.push_value(text, present(value, path)?),
        // A value by now.
        Right::After { .. } => {}
        Right::Term(term) => push_term(term, path, text, request)?,
        Right::Arithmetic { left, sign, right } => {
            push_term(left, path, text, request)?;
            text.push(' ');
            text.push_str(sign);
            text.push(' ');
            push_term(right, path, text, request)?;
        }
        Right::Append { elements, first } => {
            let elements = present(elements, path)?;
            if !elements.starts_with(b"{\"L\":") {
                return Err(CodecError::invalid("holds bytes, which nothing is appended to: use `set`")
                    .at(&path.to_string())
                    .into());
            }
            let list = |text: &mut String, request: &mut Placeholders| {
                text.push_str("if_not_exists(");
                path.push(text, request)?;
                text.push_str(", ");
                request.push_value(text, b"{\"L\":[]}".to_vec());
                text.push(')');
                Ok::<_, Error>(())
            };
            text.push_str("list_append(");
            if *first {
                request.push_value(text, elements);
                text.push_str(", ");
                list(text, request)?;
            } else {
                list(text, request)?;
                text.push_str(", ");
                request.push_value(text, elements);
            }
            text.push(')');
        }
    }
    Ok(())
}

/// Appends one side of a calculation; `of` is the attribute that is set to it.
fn push_term(term: &Term, of: &DocumentPath, text: &mut String, request: &mut Placeholders) -> Result<()> {
    match term {
        Term::Value(value) => request.push_value(text, present(value, of)?),
        Term::Path(path) => path.push(text, request)?,
        Term::OrElse(path, other) => {
            text.push_str("if_not_exists(");
            path.push(text, request)?;
            text.push_str(", ");
            push_term(other, of, text, request)?;
            text.push(')');
        }
    }
    Ok(())
}

/// The value as JSON; of absent ones, `set` alone knows what to do.
fn present(value: &EncodedValue, path: &DocumentPath) -> Result<Vec<u8>, CodecError> {
    value.json(path)?.map(<[u8]>::to_vec).ok_or_else(|| {
        CodecError::invalid("is given an absent value, which only `set` takes: leave the call out")
            .at(&path.to_string())
    })
}

/// The list, ready for its next action.
fn next(list: &mut String) -> &mut String {
    if !list.is_empty() {
        list.push_str(", ");
    }
    list
}
