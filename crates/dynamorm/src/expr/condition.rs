//! Conditions and filters: a typed tree that becomes one expression.
//!
//! A condition belongs to a model, so that one of another model does not compile. Handles make them
//! (`User::CREDITS.ge(5)`), and `and`, `or` and `not` join them. A new comparison: a [`Node`], its text in
//! [`Node::push`], and a method in `attr.rs`.

use super::document_path::DocumentPath;
use super::raw::RawExpression;
use super::{EncodedValue, Placeholders};
use crate::{AttributeValue, Error, Result, limits};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

/// What must be true of an item of the model `M`, for a write to happen or a read to give it.
#[must_use = "a condition does nothing until it is given to an operation"]
pub struct Condition<M> {
    node: Node,
    /// Operators and functions in it. Each level of the tree has one at least, so their limit bounds recursion too.
    operators: usize,
    of: PhantomData<fn() -> M>,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    Compare {
        path: DocumentPath,
        operator: &'static str,
        value: EncodedValue,
    },
    Between {
        path: DocumentPath,
        low: EncodedValue,
        high: EncodedValue,
    },
    In {
        path: DocumentPath,
        values: Vec<EncodedValue>,
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
        value: EncodedValue,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Raw(RawExpression),
    /// Over the limit on operators: the tree is dropped as soon as it is, however it grows on.
    TooMany,
}

impl<M> Condition<M> {
    pub(crate) fn new(node: Node) -> Self {
        let operators = match &node {
            Node::Raw(raw) => raw.operators(),
            _ => 1,
        };
        Self { node, operators, of: PhantomData }
    }

    /// Joins trees by so many operators more.
    fn joined(node: Node, operators: usize) -> Self {
        let node = if operators > limits::EXPRESSION_OPERATORS { Node::TooMany } else { node };
        Self { node, operators, of: PhantomData }
    }

    /// A condition of one function on one attribute, such as `attribute_exists`.
    pub(crate) fn about(function: &'static str, path: impl Into<DocumentPath>) -> Self {
        Self::new(Node::About { function, path: path.into() })
    }

    /// The attribute has this value.
    pub(crate) fn equals(path: impl Into<DocumentPath>, value: EncodedValue) -> Self {
        Self::new(Node::Compare { path: path.into(), operator: "=", value })
    }

    /// A condition in DynamoDB's own words, for what the typed ones cannot say.
    ///
    /// `values` are those that the text names, such as `(":min", 5)`. Attribute names may stand bare, reserved words too
    /// (but for `AND`, `OR`, `NOT`, `BETWEEN` and `IN`): all are aliased before they are sent. The text is parsed first, so
    /// that a mistake in it is an
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) of the operation that uses it.
    ///
    /// ```
    /// # use dynamorm::{Condition, Model};
    /// # #[derive(Model)]
    /// # struct User { #[dynamorm(pk)] id: String, credits: i64 }
    /// let rich: Condition<User> = Condition::raw("credits >= :min", [(":min", 5)]);
    /// ```
    ///
    /// See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>.
    pub fn raw<K, V>(text: &str, values: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<AttributeValue>,
    {
        Self::new(Node::Raw(RawExpression::parse(text, values)))
    }

    /// Both must be true.
    pub fn and(self, other: Condition<M>) -> Self {
        // A chain of `and` stays one level, however long: parentheses count for the length of the text.
        let nodes = |node| match node {
            Node::And(nodes) => nodes,
            node => vec![node],
        };
        let mut all = nodes(self.node);
        all.extend(nodes(other.node));
        Self::joined(Node::And(all), self.operators.saturating_add(other.operators).saturating_add(1))
    }

    /// At least one must be true.
    pub fn or(self, other: Condition<M>) -> Self {
        let nodes = |node| match node {
            Node::Or(nodes) => nodes,
            node => vec![node],
        };
        let mut all = nodes(self.node);
        all.extend(nodes(other.node));
        Self::joined(Node::Or(all), self.operators.saturating_add(other.operators).saturating_add(1))
    }

    /// Joins a further condition to one that may be there already.
    pub(crate) fn join(to: &mut Option<Self>, other: Self) {
        *to = Some(match to.take() {
            Some(condition) => condition.and(other),
            None => other,
        });
    }

    /// The same without its model, as a read keeps it.
    pub(crate) fn untyped(self) -> Condition<()> {
        Condition { node: self.node, operators: self.operators, of: PhantomData }
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), operators: self.operators, of: PhantomData }
    }
}

/// The form without the values: they belong in no log.
impl<M> fmt::Debug for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match self.node.push(&mut text, &mut Placeholders::default()) {
            Ok(()) => write!(f, "Condition({text})"),
            Err(error) => write!(f, "Condition(invalid: {error})"),
        }
    }
}

impl<M> BitAnd for Condition<M> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<M> BitOr for Condition<M> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// The opposite must be true.
impl<M> Not for Condition<M> {
    type Output = Self;
    fn not(self) -> Self {
        Self::joined(Node::Not(Box::new(self.node)), self.operators.saturating_add(1))
    }
}

impl Node {
    /// Appends its text, adding its names and values to the request's.
    pub(crate) fn push(&self, text: &mut String, request: &mut Placeholders) -> Result<()> {
        match self {
            Node::Compare { path, operator, value } => {
                path.push(text, request)?;
                text.push(' ');
                text.push_str(operator);
                text.push(' ');
                request.push_value(text, value.clone().into_present(&path.to_string())?);
            }
            Node::Between { path, low, high } => {
                path.push(text, request)?;
                text.push_str(" BETWEEN ");
                request.push_value(text, low.clone().into_present(&path.to_string())?);
                text.push_str(" AND ");
                request.push_value(text, high.clone().into_present(&path.to_string())?);
            }
            Node::In { path, values } => {
                let limit = limits::IN_OPERANDS;
                if values.is_empty() || values.len() > limit {
                    let got = values.len();
                    return Err(Error::invalid(format!(
                        "`in` on attribute `{path}` has {got} values, it takes 1 to {limit}"
                    )));
                }
                path.push(text, request)?;
                text.push_str(" IN (");
                for (nth, value) in values.iter().enumerate() {
                    text.push_str(if nth == 0 { "" } else { ", " });
                    request.push_value(text, value.clone().into_present(&path.to_string())?);
                }
                text.push(')');
            }
            Node::About { function, path } => {
                text.push_str(function);
                text.push('(');
                path.push(text, request)?;
                text.push(')');
            }
            Node::With { function, path, value } => {
                text.push_str(function);
                text.push('(');
                path.push(text, request)?;
                text.push_str(", ");
                request.push_value(text, value.clone().into_present(&path.to_string())?);
                text.push(')');
            }
            Node::And(nodes) => push_joined(nodes, " AND ", text, request)?,
            Node::Or(nodes) => push_joined(nodes, " OR ", text, request)?,
            Node::Not(node) => {
                text.push_str("NOT (");
                node.push(text, request)?;
                text.push(')');
            }
            Node::Raw(raw) => raw.push(text, request)?,
            Node::TooMany => {
                let limit = limits::EXPRESSION_OPERATORS;
                return Err(Error::invalid(format!(
                    "the condition has more than {limit} operators, which is the limit"
                )));
            }
        }
        Ok(())
    }

    /// Calls `see` with each attribute name in it.
    pub(crate) fn names(&self, see: &mut dyn FnMut(&str)) {
        match self {
            Node::Compare { path, .. }
            | Node::Between { path, .. }
            | Node::In { path, .. }
            | Node::About { path, .. }
            | Node::With { path, .. } => see(path.root()),
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| node.names(see)),
            Node::Not(node) => node.names(see),
            Node::Raw(raw) => raw.names(see),
            Node::TooMany => {}
        }
    }
}

fn push_joined(nodes: &[Node], between: &str, text: &mut String, request: &mut Placeholders) -> Result<()> {
    for (nth, node) in nodes.iter().enumerate() {
        text.push_str(if nth == 0 { "" } else { between });
        // Raw text may hold an operator of any precedence.
        let apart = matches!(node, Node::And(_) | Node::Or(_) | Node::Raw(_));
        text.push_str(if apart { "(" } else { "" });
        node.push(text, request)?;
        text.push_str(if apart { ")" } else { "" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::*;

    fn text(condition: &Condition<User>) -> String {
        let mut text = String::new();
        condition.node().push(&mut text, &mut Placeholders::default()).unwrap();
        text
    }

    fn problem(condition: &Condition<User>) -> String {
        let pushed = condition.node().push(&mut String::new(), &mut Placeholders::default());
        pushed.unwrap_err().to_string()
    }

    fn any() -> Condition<User> {
        User::CREDITS.eq(1)
    }

    fn raw(expression: &str) -> Condition<User> {
        Condition::raw(expression, [(":v", 1)])
    }

    #[test]
    fn each_comparison_has_its_text() {
        let texts: Vec<String> = [
            User::CREDITS.eq(1),
            User::CREDITS.ne(1),
            User::CREDITS.lt(1),
            User::CREDITS.le(1),
            User::CREDITS.gt(1),
            User::CREDITS.ge(1),
            User::CREDITS.between(1, 2),
            User::CREDITS.is_in([1, 2]),
            User::NAME.begins_with("A"),
            User::TAGS.contains("a"),
            User::NICKNAME.exists(),
            User::NICKNAME.not_exists(),
        ]
        .iter()
        .map(text)
        .collect();
        insta::assert_snapshot!(texts.join("\n"), @"
        #n0 = :v0
        #n0 <> :v0
        #n0 < :v0
        #n0 <= :v0
        #n0 > :v0
        #n0 >= :v0
        #n0 BETWEEN :v0 AND :v1
        #n0 IN (:v0, :v1)
        begins_with(#n0, :v0)
        contains(#n0, :v0)
        attribute_exists(#n0)
        attribute_not_exists(#n0)
        ");
    }

    #[test]
    fn parentheses_stand_where_precedence_needs_them() {
        let texts: Vec<String> = [
            any().and(any()).and(any()),
            any().and(any().and(any())),
            any().or(any()).or(any().or(any())),
            any().and(any().or(any())),
            any().and(any()).or(any()),
            any() & any() | any() & any(),
            !any() & any(),
            !(any() & any()),
            !!any(),
            User::CREDITS.between(1, 2) & any(),
            raw("credits = :v OR name = :v") & any(),
            !raw("credits = :v OR name = :v"),
        ]
        .iter()
        .map(text)
        .collect();
        insta::assert_snapshot!(texts.join("\n"), @"
        #n0 = :v0 AND #n0 = :v1 AND #n0 = :v2
        #n0 = :v0 AND #n0 = :v1 AND #n0 = :v2
        #n0 = :v0 OR #n0 = :v1 OR #n0 = :v2 OR #n0 = :v3
        #n0 = :v0 AND (#n0 = :v1 OR #n0 = :v2)
        (#n0 = :v0 AND #n0 = :v1) OR #n0 = :v2
        (#n0 = :v0 AND #n0 = :v1) OR (#n0 = :v2 AND #n0 = :v3)
        NOT (#n0 = :v0) AND #n0 = :v1
        NOT (#n0 = :v0 AND #n0 = :v1)
        NOT (NOT (#n0 = :v0))
        #n0 BETWEEN :v0 AND :v1 AND #n0 = :v2
        (#n0 = :v0 OR #n1 = :v1) AND #n0 = :v2
        NOT (#n0 = :v0 OR #n1 = :v1)
        ");
    }

    #[test]
    fn a_value_that_cannot_stand_in_a_condition_is_refused() {
        assert_eq!(
            problem(&User::NICKNAME.eq(None)),
            "attribute `nickname` is compared with an absent value: use `exists` or `not_exists`"
        );
        assert_eq!(
            problem(&User::CREDITS.is_in([0; 0])),
            "`in` on attribute `credits` has 0 values, it takes 1 to 100"
        );
        assert_eq!(
            problem(&User::CREDITS.is_in([0; 101])),
            "`in` on attribute `credits` has 101 values, it takes 1 to 100"
        );
    }

    #[test]
    fn three_hundred_operators_are_taken_and_one_more_is_refused() {
        let chain = |count: usize| (1..count).fold(any(), |condition, _| condition.and(any()));
        // 150 comparisons and the 149 words between them.
        text(&chain(150));
        text(&!chain(150));
        let too_many = "the condition has more than 300 operators, which is the limit";
        assert_eq!(problem(&!!chain(150)), too_many);
        assert_eq!(problem(&chain(151)), too_many);
        let raw = vec!["credits = :v"; 75].join(" OR ");
        text(&(self::raw(&raw) & self::raw(&raw)));
        assert_eq!(problem(&(self::raw(&raw) & self::raw(&raw) & any())), too_many);
    }

    #[test]
    fn no_depth_overflows_the_stack() {
        let on_a_small_stack = |run: fn()| {
            let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(run);
            thread.unwrap().join().unwrap();
        };
        on_a_small_stack(|| {
            // As deep as can be.
            let deepest = (1..300).fold(any(), |condition, _| !condition);
            assert_eq!(text(&deepest.clone()).matches("NOT").count(), 299);
        });
        on_a_small_stack(|| {
            let deep = (0..100_000).fold(any(), |condition, _| !condition);
            assert!(problem(&deep.clone()).contains("more than 300"));
            assert!(format!("{deep:?}").contains("more than 300"));
        });
        on_a_small_stack(|| {
            let left = (0..100_000).fold(any(), |condition, _| condition.and(any()).or(any()));
            let right = (0..100_000).fold(any(), |condition, _| any().and(any().or(condition)));
            assert!(problem(&left.and(right)).contains("more than 300"));
        });
    }
}
