//! From a JSON body to a value, or to a list of **all** members that are missing or of a wrong type.
//!
//! serde stops at the first mistake. So when there is one, a stand-in of the right type is put in its place and the body
//! is read again, until it can be read or nothing fits: what was replaced on the way is what was wrong. The stand-ins
//! are tried by kind (null, text, number, …) because serde does not say what type it wants in a form to rely on. A body
//! without mistakes is read once and pays nothing for this. Start at [`decode`].

use crate::error::FieldError;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

/// How often a body is read again. With at most six stand-ins per member this names at least ten.
const MAX_READS: usize = 64;
/// The longest body that is read again, in bytes: a hostile one must not cost much more than an honest one.
const MAX_BODY: usize = 64 * 1024;

/// What became of a body.
#[derive(Debug)]
pub(crate) enum Decoded<T> {
    /// It is a `T`.
    Value(T),
    /// It is not JSON; the text says where that shows.
    NotJson(String),
    /// It is JSON and not a `T`.
    Wrong {
        /// What is wrong, at least one.
        errors: Vec<FieldError>,
        /// What the rest looks like, if stand-ins could be found for all that is wrong.
        rest: Option<Rest<T>>,
    },
}

/// A value in which some members are made up.
#[derive(Debug)]
pub(crate) struct Rest<T> {
    pub(crate) value: T,
    made_up: Vec<String>,
}

impl<T> Rest<T> {
    /// True for a member that is a stand-in, or inside one: what a rule says about it means nothing.
    pub(crate) fn is_made_up(&self, field: &str) -> bool {
        self.made_up.iter().any(|made_up| is_at_or_inside(field, made_up))
    }
}

/// Reads a body.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Decoded<T> {
    if body.is_empty() {
        return Decoded::NotJson("the body is empty".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let first = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        // What follows the value must be white space only.
        Ok(value) => match reader.end() {
            Ok(()) => return Decoded::Value(value),
            Err(error) => return Decoded::NotJson(format!("the body is not valid JSON: {error}")),
        },
        Err(error) => error,
    };
    if first.inner().classify() != Category::Data {
        return Decoded::NotJson(format!("the body is not valid JSON: {}", first.inner()));
    }
    // A mistake of type may come before one of syntax; then it is syntax that must be put right first.
    let document = match serde_json::from_slice::<Value>(body) {
        Ok(document) => document,
        Err(error) => return Decoded::NotJson(format!("the body is not valid JSON: {error}")),
    };
    let first = field_error(first.path(), &first.inner().to_string());
    if body.len() > MAX_BODY {
        return Decoded::Wrong { errors: vec![first], rest: None };
    }
    let mut search = Search { document, errors: Vec::new(), stand_ins: Vec::new() };
    let rest = search.run();
    match (search.errors.is_empty(), rest) {
        // The document reads well although the text did not, such as one with a member given twice.
        (true, _) => Decoded::Wrong { errors: vec![first], rest: None },
        (false, rest) => Decoded::Wrong { errors: search.errors, rest },
    }
}

/// Names the member and says what is wrong in our words, without the value.
pub(super) fn field_error(path: &Path, problem: &str) -> FieldError {
    let (place, message) = locate(path, problem);
    FieldError::new(place.name(), message)
}

struct Search {
    document: Value,
    errors: Vec<FieldError>,
    stand_ins: Vec<StandIn>,
}

/// A member that was replaced, and by which of the candidates.
struct StandIn {
    place: Place,
    candidate: usize,
}

impl Search {
    /// Reads until it succeeds or nothing more can be replaced.
    fn run<T: DeserializeOwned>(&mut self) -> Option<Rest<T>> {
        for _ in 0..MAX_READS {
            let error = match serde_path_to_error::deserialize::<_, T>(&self.document) {
                Ok(value) => {
                    let made_up = self.stand_ins.iter().map(|stand_in| stand_in.place.name()).collect();
                    return Some(Rest { value, made_up });
                }
                Err(error) => error,
            };
            let problem = error.inner().to_string();
            let (place, message) = locate(error.path(), &problem);
            if !self.repair(place, message, problem.starts_with("unknown field ")) {
                return None;
            }
        }
        None
    }

    /// Notes what is wrong at a place and changes the document there. False if there is nothing left to try.
    fn repair(&mut self, place: Place, message: String, surplus: bool) -> bool {
        if let Some(stand_in) = self.stand_ins.iter_mut().find(|stand_in| stand_in.place == place) {
            stand_in.candidate += 1;
            let Some(candidate) = candidate(stand_in.candidate) else { return false };
            return place.put(&mut self.document, candidate);
        }
        // Inside a stand-in everything is our own doing: repaired, and not reported.
        let name = place.name();
        if !self.stand_ins.iter().any(|stand_in| is_at_or_inside(&name, &stand_in.place.name())) {
            self.errors.push(FieldError::new(name, message));
        }
        if place.0.is_empty() {
            return false;
        }
        if surplus {
            return place.take_out(&mut self.document);
        }
        let put = candidate(0).is_some_and(|candidate| place.put(&mut self.document, candidate));
        self.stand_ins.push(StandIn { place, candidate: 0 });
        put
    }
}

/// A value of each kind; the first that serde takes is the right one.
fn candidate(nth: usize) -> Option<Value> {
    Some(match nth {
        0 => Value::Null,
        1 => json!(""),
        2 => json!(0),
        3 => json!(false),
        4 => json!([]),
        5 => json!({}),
        _ => return None,
    })
}

/// Where in a document: the steps from its root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

impl Place {
    /// As garde writes it: `users[3].email`.
    fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.0 {
            match step {
                Step::Element(nth) => name.push_str(&format!("[{nth}]")),
                Step::Member(key) if name.is_empty() => name.push_str(key),
                Step::Member(key) => {
                    name.push('.');
                    name.push_str(key);
                }
            }
        }
        name
    }

    fn put(&self, document: &mut Value, value: Value) -> bool {
        let Some((last, parents)) = self.0.split_last() else { return false };
        match (last, descend(document, parents)) {
            (Step::Member(key), Some(Value::Object(members))) => {
                members.insert(key.clone(), value);
                true
            }
            (Step::Element(nth), Some(Value::Array(elements))) => match elements.get_mut(*nth) {
                Some(element) => {
                    *element = value;
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    fn take_out(&self, document: &mut Value) -> bool {
        let Some((Step::Member(key), parents)) = self.0.split_last() else { return false };
        match descend(document, parents) {
            Some(Value::Object(members)) => members.remove(key).is_some(),
            _ => false,
        }
    }
}

fn descend<'a>(document: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    steps.iter().try_fold(document, |value, step| match step {
        Step::Member(key) => value.get_mut(key),
        Step::Element(nth) => value.get_mut(nth),
    })
}

fn is_at_or_inside(field: &str, place: &str) -> bool {
    field.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Where the mistake is and what it is. serde reports a missing member at its parent, with the name in the text.
fn locate(path: &Path, problem: &str) -> (Place, String) {
    let mut steps: Vec<Step> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } | Segment::Enum { variant: key } => Some(Step::Member(key.clone())),
            Segment::Seq { index } => Some(Step::Element(*index)),
            Segment::Unknown => None,
        })
        .collect();
    if let Some(name) = quoted_after(problem, "missing field ") {
        steps.push(Step::Member(name.to_owned()));
    } else if let Some(name) = quoted_after(problem, "unknown field ") {
        // Reported at the member itself, or at its parent if serde had to look ahead.
        if steps.last() != Some(&Step::Member(name.to_owned())) {
            steps.push(Step::Member(name.to_owned()));
        }
    }
    (Place(steps), in_our_words(problem))
}

fn quoted_after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

/// Leaves out values, line numbers and Rust's words where serde's text has a known form.
fn in_our_words(problem: &str) -> String {
    if problem.starts_with("missing field ") {
        return "is required".to_owned();
    }
    if problem.starts_with("unknown field ") {
        return "is not a known field".to_owned();
    }
    let expected = problem.rsplit_once(", expected ").map(|(_, expected)| {
        // From a text (not a document) serde_json adds where: ` at line 1 column 7`.
        expected.split(" at line ").next().unwrap_or(expected)
    });
    match expected {
        // The rest is a name in our code, and perhaps the number of its fields.
        Some(expected) if expected.starts_with("struct ") => "expected an object".to_owned(),
        Some(expected)
            if problem.starts_with("invalid type: ") || problem.starts_with("unknown variant ") =>
        {
            format!("expected {expected}")
        }
        Some(expected) if problem.starts_with("invalid value: ") => {
            format!("is out of range, expected {expected}")
        }
        _ => problem.split(" at line ").next().unwrap_or(problem).to_owned(),
    }
}

#[cfg(test)]
mod tests;
