//! The untyped form of a condition, and its text. All that is the same for every model is here, so that it is compiled once.
//!
//! A new comparison: a [`Node`], its text in [`Node::push`], its names in [`Node::names`].

use super::document_path::DocumentPath;
use super::raw::RawExpression;
use super::{EncodedValue, Placeholders};
use crate::{Error, Result, limits};

/// A condition without its model.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    node: Node,
    /// Operators and functions in it. Each level of the tree has one at least, so their limit bounds recursion too.
    operators: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    Compare {
        left: Term,
        operator: &'static str,
        right: Term,
    },
    Between {
        term: Term,
        low: Term,
        high: Term,
    },
    In {
        term: Term,
        list: Vec<Term>,
    },
    /// `attribute_exists(#a)`
    About {
        function: &'static str,
        path: DocumentPath,
    },
    /// `begins_with(#a, :v)`
    With {
        function: &'static str,
        path: DocumentPath,
        term: Term,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Raw(RawExpression),
    /// Over the limit on operators: the tree is dropped as soon as it is, however it grows on.
    TooMany,
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(crate) enum Term {
    Path(DocumentPath),
    /// `size(#a)`
    Size(DocumentPath),
    Value(EncodedValue),
}

impl Tree {
    /// How many operators and functions it has.
    pub(crate) fn operators(&self) -> usize {
        self.operators
    }

    pub(crate) fn compare(left: Term, operator: &'static str, right: Term) -> Self {
        let operators = 1 + left.operators() + right.operators();
        Self { node: Node::Compare { left, operator, right }, operators }
    }

    pub(crate) fn between(term: Term, low: Term, high: Term) -> Self {
        let operators = 1 + term.operators() + low.operators() + high.operators();
        Self { node: Node::Between { term, low, high }, operators }
    }

    pub(crate) fn is_in(term: Term, list: Vec<Term>) -> Self {
        let operators = 1 + term.operators() + list.iter().map(Term::operators).sum::<usize>();
        Self::limited(Node::In { term, list }, operators)
    }

    pub(crate) fn about(function: &'static str, path: DocumentPath) -> Self {
        Self { node: Node::About { function, path }, operators: 1 }
    }

    pub(crate) fn with(function: &'static str, path: DocumentPath, term: Term) -> Self {
        let operators = 1 + term.operators();
        Self { node: Node::With { function, path, term }, operators }
    }

    pub(crate) fn raw(raw: RawExpression) -> Self {
        let operators = raw.operators();
        Self { node: Node::Raw(raw), operators }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        let operators = self.operators.saturating_add(other.operators).saturating_add(1);
        // A chain of `and` stays one level, however long: parentheses count for the length of the text.
        let nodes = |node| match node {
            Node::And(nodes) => nodes,
            node => vec![node],
        };
        let mut all = nodes(self.node);
        all.extend(nodes(other.node));
        Self::limited(Node::And(all), operators)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        let operators = self.operators.saturating_add(other.operators).saturating_add(1);
        let nodes = |node| match node {
            Node::Or(nodes) => nodes,
            node => vec![node],
        };
        let mut all = nodes(self.node);
        all.extend(nodes(other.node));
        Self::limited(Node::Or(all), operators)
    }

    pub(crate) fn not(self) -> Self {
        let operators = self.operators.saturating_add(1);
        Self::limited(Node::Not(Box::new(self.node)), operators)
    }

    fn limited(node: Node, operators: usize) -> Self {
        let node = if operators > limits::EXPRESSION_OPERATORS { Node::TooMany } else { node };
        Self { node, operators }
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }
}

impl Term {
    fn operators(&self) -> usize {
        usize::from(matches!(self, Term::Size(_)))
    }

    /// Where in an item it is, for errors; a value is nowhere.
    fn path(&self) -> Option<&DocumentPath> {
        match self {
            Term::Path(path) | Term::Size(path) => Some(path),
            Term::Value(_) => None,
        }
    }

    /// Appends its text. `about` says what a value is compared with.
    fn push(&self, about: &Term, text: &mut String, request: &mut Placeholders) -> Result<()> {
        match self {
            Term::Path(path) => path.push(text, request),
            Term::Size(path) => {
                text.push_str("size(");
                path.push(text, request)?;
                text.push(')');
                Ok(())
            }
            Term::Value(value) => {
                request.push_value(text, value.clone().into_present(&about.name())?);
                Ok(())
            }
        }
    }

    fn name(&self) -> String {
        self.path().map(DocumentPath::to_string).unwrap_or_default()
    }

    /// Refuses a value that has no order. Typed attributes have one; this is for those that hold any value.
    fn check_order(&self, about: &Term) -> Result<()> {
        let Term::Value(value) = self else { return Ok(()) };
        match value.type_name() {
            None | Some("S" | "N" | "B") => Ok(()),
            Some(kind) => Err(Error::invalid(format!(
                "attribute `{}` is compared by order with a value of type {kind}, DynamoDB orders S, N and B only",
                about.name()
            ))),
        }
    }
}

impl Node {
    /// Appends its text, adding its names and values to the request's.
    pub(crate) fn push(&self, text: &mut String, request: &mut Placeholders) -> Result<()> {
        match self {
            Node::Compare { left, operator, right } => {
                if !matches!(*operator, "=" | "<>") {
                    right.check_order(left)?;
                }
                check_distinct(left, [right])?;
                left.push(right, text, request)?;
                text.push(' ');
                text.push_str(operator);
                text.push(' ');
                right.push(left, text, request)
            }
            Node::Between { term, low, high } => {
                low.check_order(term)?;
                high.check_order(term)?;
                check_distinct(term, [low, high])?;
                term.push(low, text, request)?;
                text.push_str(" BETWEEN ");
                low.push(term, text, request)?;
                text.push_str(" AND ");
                high.push(term, text, request)
            }
            Node::In { term, list } => {
                let limit = limits::IN_OPERANDS;
                if list.is_empty() || list.len() > limit {
                    let (got, name) = (list.len(), term.name());
                    return Err(Error::invalid(format!(
                        "`in` on attribute `{name}` has {got} values, it takes 1 to {limit}"
                    )));
                }
                check_distinct(term, list)?;
                term.push(term, text, request)?;
                text.push_str(" IN (");
                for (nth, one) in list.iter().enumerate() {
                    text.push_str(if nth == 0 { "" } else { ", " });
                    one.push(term, text, request)?;
                }
                text.push(')');
                Ok(())
            }
            Node::About { function, path } => {
                text.push_str(function);
                text.push('(');
                path.push(text, request)?;
                text.push(')');
                Ok(())
            }
            Node::With { function, path, term } => {
                text.push_str(function);
                text.push('(');
                path.push(text, request)?;
                text.push_str(", ");
                let first = Term::Path(path.clone());
                check_distinct(&first, [term])?;
                term.push(&first, text, request)?;
                text.push(')');
                Ok(())
            }
            Node::And(nodes) => push_joined(nodes, " AND ", text, request),
            Node::Or(nodes) => push_joined(nodes, " OR ", text, request),
            Node::Not(node) => {
                let apart = !matches!(&**node, Node::Raw(raw) if raw.is_parenthesized());
                text.push_str(if apart { "NOT (" } else { "NOT " });
                node.push(text, request)?;
                text.push_str(if apart { ")" } else { "" });
                Ok(())
            }
            Node::Raw(raw) => raw.push(text, request),
            Node::TooMany => {
                let limit = limits::EXPRESSION_OPERATORS;
                Err(Error::invalid(format!(
                    "the condition has more than {limit} operators, which is the limit"
                )))
            }
        }
    }

    /// Calls `see` with the name of each attribute in it, on whichever side it stands.
    pub(crate) fn names(&self, see: &mut dyn FnMut(&str)) {
        let mut terms = |terms: &mut dyn Iterator<Item = &Term>| {
            terms.filter_map(Term::path).for_each(|path| see(path.root()));
        };
        match self {
            Node::Compare { left, right, .. } => terms(&mut [left, right].into_iter()),
            Node::Between { term, low, high } => terms(&mut [term, low, high].into_iter()),
            Node::In { term, list } => terms(&mut list.iter().chain([term])),
            Node::About { path, .. } => see(path.root()),
            Node::With { path, term, .. } => {
                terms(&mut [term].into_iter());
                see(path.root());
            }
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| node.names(see)),
            Node::Not(node) => node.names(see),
            Node::Raw(raw) => raw.names(see),
            Node::TooMany => {}
        }
    }
}

/// DynamoDB refuses a comparison of an attribute with itself.
fn check_distinct<'t>(left: &Term, others: impl IntoIterator<Item = &'t Term>) -> Result<()> {
    let Term::Path(path) = left else { return Ok(()) };
    match others.into_iter().any(|other| matches!(other, Term::Path(other) if other == path)) {
        true => Err(Error::invalid(format!("attribute `{path}` is compared with itself"))),
        false => Ok(()),
    }
}

fn push_joined(nodes: &[Node], between: &str, text: &mut String, request: &mut Placeholders) -> Result<()> {
    for (nth, node) in nodes.iter().enumerate() {
        text.push_str(if nth == 0 { "" } else { between });
        let apart = match node {
            Node::And(_) | Node::Or(_) => true,
            Node::Raw(raw) => raw.is_joined(),
            _ => false,
        };
        text.push_str(if apart { "(" } else { "" });
        node.push(text, request)?;
        text.push_str(if apart { ")" } else { "" });
    }
    Ok(())
}
