//! Where in an item something is: an attribute, and the way on through maps and lists.
//!
//! The typed handles (`attr.rs`, `path.rs`) are made of it, and expressions write it with every name aliased:
//! `#n0.#n1[3]`.

use super::Placeholders;
use crate::{Error, Result, limits};
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// An attribute, or something inside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentPath {
    root: Cow<'static, str>,
    rest: Vec<Step>,
}

/// One step into a map or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The member of a document, or the key of a map: they are stored alike.
    Name(Cow<'static, str>),
    Position(usize),
}

impl DocumentPath {
    /// The attribute that it begins with.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// True for an attribute as a whole.
    pub(crate) fn is_root(&self) -> bool {
        self.rest.is_empty()
    }

    /// The path one step further in.
    pub(crate) fn step(mut self, step: Step) -> Self {
        self.rest.push(step);
        self
    }

    /// True if one of them is, or is inside of, the other. DynamoDB refuses an update of both.
    pub(crate) fn overlaps(&self, other: &DocumentPath) -> bool {
        self.root == other.root && self.rest.iter().zip(&other.rest).all(|(own, other)| own == other)
    }

    /// Appends its text, adding its names to the request's.
    pub(crate) fn push(&self, text: &mut String, request: &mut Placeholders) -> Result<()> {
        let limit = limits::NESTING_DEPTH;
        if self.rest.len() > limit {
            return Err(Error::invalid(format!(
                "the path into attribute `{}` goes {} levels deep, the limit is {limit} levels",
                self.root,
                self.rest.len()
            )));
        }
        request.push_name(text, self.root.clone());
        for step in &self.rest {
            match step {
                Step::Name(name) => {
                    text.push('.');
                    request.push_name(text, name.clone());
                }
                Step::Position(at) => _ = write!(text, "[{at}]"),
            }
        }
        Ok(())
    }
}

impl<S: Into<Cow<'static, str>>> From<S> for DocumentPath {
    fn from(name: S) -> Self {
        Self { root: name.into(), rest: Vec::new() }
    }
}

/// As errors name it: `address.city`, `lines[0]`.
impl fmt::Display for DocumentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        for step in &self.rest {
            match step {
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Position(at) => write!(f, "[{at}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(steps: &[Step]) -> DocumentPath {
        steps.iter().cloned().fold(DocumentPath::from("a"), DocumentPath::step)
    }

    fn name(name: &'static str) -> Step {
        Step::Name(name.into())
    }

    #[test]
    fn paths_overlap_where_one_is_inside_the_other() {
        let (a, b, first) = (path(&[]), path(&[name("b")]), path(&[Step::Position(0)]));
        assert!(
            a.overlaps(&a) && a.overlaps(&b) && b.overlaps(&a) && b.overlaps(&path(&[name("b"), name("c")]))
        );
        assert!(!b.overlaps(&first) && !b.overlaps(&path(&[name("c")])) && !a.overlaps(&"ab".into()));
        assert!(!first.overlaps(&path(&[Step::Position(1)])));
    }

    #[test]
    fn thirty_two_levels_are_taken_and_one_more_is_refused() {
        let deep = |levels| path(&vec![Step::Position(7); levels]);
        assert!(deep(32).push(&mut String::new(), &mut Placeholders::default()).is_ok());
        let error = deep(33).push(&mut String::new(), &mut Placeholders::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the path into attribute `a` goes 33 levels deep, the limit is 32 levels"
        );
    }
}
