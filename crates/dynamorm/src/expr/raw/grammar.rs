//! DynamoDB's grammar of conditions, and of key conditions, checked token by token.
//!
//! See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>.

use super::{FUNCTIONS, Token};
use crate::limits;

/// Operators that stand between two operands.
const COMPARATORS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
/// What a key condition may have of all that.
const OF_KEYS: [&str; 11] = ["=", "<", "<=", ">", ">=", "BETWEEN", "AND", "begins_with", "(", ")", ","];

/// What an expression is at its top, which says whether parentheses must stand around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One comparison, or `NOT` and what it is of.
    Single,
    /// `AND` or `OR` of several.
    Joined,
    /// It has parentheses around it, and DynamoDB refuses a second pair.
    Parenthesized,
}

/// Where in the tokens we are. The text of each problem follows "the raw expression".
struct Grammar<'t> {
    tokens: &'t [Token],
    /// The byte at which each token begins, and at last the end of the text.
    places: &'t [usize],
    at: usize,
}

/// One side of a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side<'t> {
    Path(&'t [Token]),
    Other,
}

/// Checks a condition.
pub(super) fn condition(tokens: &[Token], places: &[usize]) -> Result<Shape, String> {
    let mut grammar = Grammar { tokens, places, at: 0 };
    let shape = grammar.either()?;
    match grammar.peek() {
        None => Ok(shape),
        Some(_) => Err(grammar.expects("`AND` or `OR`")),
    }
}

/// Checks that a condition, known to be one, is also a key condition.
pub(super) fn key_condition(tokens: &[Token], places: &[usize]) -> Result<(), String> {
    for (nth, (token, place)) in tokens.iter().zip(places).enumerate() {
        let problem = match token {
            Token::Text(word) if OF_KEYS.contains(word) => None,
            Token::Text(".") | Token::Position(_) => Some("goes into an attribute".to_owned()),
            Token::Text(word) => Some(format!("has `{word}`")),
            Token::Name(_) => {
                let before = nth.checked_sub(1).and_then(|nth| tokens.get(nth));
                let compared = matches!(before, Some(Token::Text(word)) if COMPARATORS.contains(word));
                let reversed =
                    compared && matches!(tokens.get(nth.wrapping_sub(2)), Some(Token::Value { .. }));
                (compared && !reversed).then(|| "compares two attributes".to_owned())
            }
            Token::Value { .. } => None,
        };
        if let Some(problem) = problem {
            return Err(format!(
                "{problem} at byte {place}, but a key condition compares key attributes with values, by `=`, `<`, `<=`, \
                 `>`, `>=`, `BETWEEN` and `begins_with`, joined by `AND`"
            ));
        }
    }
    Ok(())
}

impl<'t> Grammar<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn place(&self) -> usize {
        self.places.get(self.at).copied().unwrap_or_default()
    }

    /// The problem that something else stands here.
    fn expects(&self, what: &str) -> String {
        format!("expects {what} at byte {}", self.place())
    }

    /// Takes a word or a sign, if it is next.
    fn takes(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Text(next)) if *next == word);
        self.at += usize::from(found);
        found
    }

    fn requires(&mut self, word: &str) -> Result<(), String> {
        if self.takes(word) { Ok(()) } else { Err(self.expects(&format!("`{word}`"))) }
    }

    /// `a OR b`
    fn either(&mut self) -> Result<Shape, String> {
        let mut shape = self.all()?;
        while self.takes("OR") {
            self.all()?;
            shape = Shape::Joined;
        }
        Ok(shape)
    }

    /// `a AND b`
    fn all(&mut self) -> Result<Shape, String> {
        let mut shape = self.opposite()?;
        while self.takes("AND") {
            self.opposite()?;
            shape = Shape::Joined;
        }
        Ok(shape)
    }

    /// `NOT a`
    fn opposite(&mut self) -> Result<Shape, String> {
        let mut negated = false;
        while self.takes("NOT") {
            negated = true;
        }
        let place = self.place();
        if !self.takes("(") {
            self.comparison()?;
            return Ok(Shape::Single);
        }
        if self.either()? == Shape::Parenthesized {
            return Err(format!("has parentheses at byte {place} around others, which DynamoDB refuses"));
        }
        self.requires(")")?;
        Ok(if negated { Shape::Single } else { Shape::Parenthesized })
    }

    /// `a >= b`, `a BETWEEN b AND c`, `a IN (b, c)`, `contains(a, b)`
    fn comparison(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(Token::Text(function)) if FUNCTIONS.contains(function) && *function != "size" => {
                return self.function(function);
            }
            _ => {}
        }
        let left = self.operand()?;
        let place = self.place();
        if COMPARATORS.iter().any(|comparator| self.takes(comparator)) {
            let right = self.operand()?;
            return distinct(left, right, place);
        }
        if self.takes("BETWEEN") {
            let low = self.operand()?;
            self.requires("AND")?;
            let high = self.operand()?;
            return distinct(left, low, place).and_then(|()| distinct(left, high, place));
        }
        if !self.takes("IN") {
            return Err(self.expects("an operator"));
        }
        self.requires("(")?;
        let mut count = 0_usize;
        loop {
            let one = self.operand()?;
            distinct(left, one, place)?;
            count += 1;
            if !self.takes(",") {
                break;
            }
        }
        self.requires(")")?;
        let limit = limits::IN_OPERANDS;
        if count > limit {
            return Err(format!("has {count} values after `IN` at byte {place}, the limit is {limit}"));
        }
        Ok(())
    }

    fn function(&mut self, function: &str) -> Result<(), String> {
        let place = self.place();
        self.at += 1;
        self.requires("(")?;
        if matches!(function, "attribute_exists" | "attribute_not_exists") {
            self.path()?;
        } else {
            let first = self.operand()?;
            self.requires(",")?;
            let second = self.operand()?;
            distinct(first, second, place)?;
        }
        self.requires(")")
    }

    /// An attribute or what is inside one, a value, or a size.
    fn operand(&mut self) -> Result<Side<'t>, String> {
        if self.takes("size") {
            self.requires("(")?;
            self.path()?;
            self.requires(")")?;
            return Ok(Side::Other);
        }
        match self.peek() {
            Some(Token::Value { .. }) => {
                self.at += 1;
                Ok(Side::Other)
            }
            Some(Token::Name(_)) => self.path().map(Side::Path),
            _ => Err(self.expects("an attribute, a value or `size(..)`")),
        }
    }

    fn path(&mut self) -> Result<&'t [Token], String> {
        let (start, place) = (self.at, self.place());
        if !matches!(self.peek(), Some(Token::Name(_))) {
            return Err(self.expects("an attribute"));
        }
        self.at += 1;
        let mut levels = 0_usize;
        loop {
            if matches!(self.peek(), Some(Token::Position(_))) {
                self.at += 1;
            } else if self.takes(".") {
                if !matches!(self.peek(), Some(Token::Name(_))) {
                    return Err(self.expects("a name"));
                }
                self.at += 1;
            } else {
                break;
            }
            levels += 1;
        }
        let limit = limits::NESTING_DEPTH;
        if levels > limit {
            return Err(format!("goes {levels} levels deep at byte {place}, the limit is {limit} levels"));
        }
        Ok(self.tokens.get(start..self.at).unwrap_or_default())
    }
}

/// DynamoDB refuses a comparison of something with itself.
fn distinct(left: Side<'_>, right: Side<'_>, place: usize) -> Result<(), String> {
    match (left, right) {
        (Side::Path(left), Side::Path(right)) if left == right => {
            Err(format!("compares an attribute with itself at byte {place}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RawExpression;

    fn parsed(text: &str) -> Result<RawExpression, String> {
        let values = [":a", ":b"].into_iter().filter(|name| text.contains(name)).map(|name| (name, 1));
        let expression = RawExpression::parse(text, values);
        expression.tokens().map_err(|error| error.to_string())?;
        Ok(expression)
    }

    #[test]
    fn what_dynamodb_takes_is_taken() {
        for text in [
            "a = :a",
            ":a = a AND :b <> b",
            "a = b OR a.b[0][1].c < c[1] AND NOT NOT d >= :a",
            "(a = :a OR b = :a) AND (c = :a)",
            "((a = :a) AND b = :b)",
            "NOT (a = :a)",
            "size(a) = size(a) AND size(a.b) IN (:a, b, size(c))",
            "a BETWEEN :a AND :b AND b BETWEEN c AND size(d)",
            "a IN (:a) and a in (:a, :b)",
            "attribute_exists(a.b) AND attribute_not_exists(a[0]) AND attribute_type(a, :a)",
            "begins_with(a, b) AND contains(a, size(b)) AND contains(:a, b)",
        ] {
            assert!(parsed(text).is_ok(), "{text}: {:?}", parsed(text));
        }
    }

    #[test]
    fn what_dynamodb_does_not_take_is_refused_with_its_place() {
        let hundred_and_one = format!("a IN ({})", vec![":a"; 101].join(", "));
        let deep = format!("a{} = :a", ".b".repeat(33));
        let texts = [
            "a =",
            "a",
            ":a",
            "= :a",
            "a = :a AND",
            "AND a = :a",
            "a = :a b = :b",
            "a = :a,",
            "a = = :a",
            "a = :a = :b",
            "NOT",
            "()",
            "(a) = :a",
            "a = (:a)",
            "((a = :a))",
            "NOT ((a = :a))",
            "size(a)",
            "size() = :a",
            "size(:a) = :b",
            "size(size(a)) = :a",
            "size(a, b) = :a",
            "a IN ()",
            "a IN :a",
            "a IN (:a,)",
            "a IN (:a :b)",
            &hundred_and_one,
            "a BETWEEN :a",
            "a BETWEEN :a, :b",
            "a BETWEEN :a AND",
            "attribute_exists(:a)",
            "attribute_exists(a) = :a",
            "attribute_exists(a, b)",
            "contains(a)",
            "contains(a :a)",
            "contains(a, contains(b, :a))",
            "begins_with(a, :a) = :b",
            "a..b = :a",
            "a. = :a",
            "[0] = :a",
            ":a[0] = :b",
            "a = a",
            "a.b[0] BETWEEN :a AND a.b[0]",
            "a IN (b, a)",
            "contains(a, a)",
            &deep,
        ];
        let problems = texts.map(|text| format!("{text:.32}  ->  {}", parsed(text).unwrap_err()));
        insta::assert_snapshot!(problems.join("\n"), @"
        a =  ->  the raw expression expects an attribute, a value or `size(..)` at byte 3
        a  ->  the raw expression expects an operator at byte 1
        :a  ->  the raw expression expects an operator at byte 2
        = :a  ->  the raw expression expects an attribute, a value or `size(..)` at byte 0
        a = :a AND  ->  the raw expression expects an attribute, a value or `size(..)` at byte 10
        AND a = :a  ->  the raw expression expects an attribute, a value or `size(..)` at byte 0
        a = :a b = :b  ->  the raw expression expects `AND` or `OR` at byte 7
        a = :a,  ->  the raw expression expects `AND` or `OR` at byte 6
        a = = :a  ->  the raw expression expects an attribute, a value or `size(..)` at byte 4
        a = :a = :b  ->  the raw expression expects `AND` or `OR` at byte 7
        NOT  ->  the raw expression expects an attribute, a value or `size(..)` at byte 3
        ()  ->  the raw expression expects an attribute, a value or `size(..)` at byte 1
        (a) = :a  ->  the raw expression expects an operator at byte 2
        a = (:a)  ->  the raw expression expects an attribute, a value or `size(..)` at byte 4
        ((a = :a))  ->  the raw expression has parentheses at byte 0 around others, which DynamoDB refuses
        NOT ((a = :a))  ->  the raw expression has parentheses at byte 4 around others, which DynamoDB refuses
        size(a)  ->  the raw expression expects an operator at byte 7
        size() = :a  ->  the raw expression expects an attribute at byte 5
        size(:a) = :b  ->  the raw expression expects an attribute at byte 5
        size(size(a)) = :a  ->  the raw expression expects an attribute at byte 5
        size(a, b) = :a  ->  the raw expression expects `)` at byte 6
        a IN ()  ->  the raw expression expects an attribute, a value or `size(..)` at byte 6
        a IN :a  ->  the raw expression expects `(` at byte 5
        a IN (:a,)  ->  the raw expression expects an attribute, a value or `size(..)` at byte 9
        a IN (:a :b)  ->  the raw expression expects `)` at byte 9
        a IN (:a, :a, :a, :a, :a, :a, :a  ->  the raw expression has 101 values after `IN` at byte 2, the limit is 100
        a BETWEEN :a  ->  the raw expression expects `AND` at byte 12
        a BETWEEN :a, :b  ->  the raw expression expects `AND` at byte 12
        a BETWEEN :a AND  ->  the raw expression expects an attribute, a value or `size(..)` at byte 16
        attribute_exists(:a)  ->  the raw expression expects an attribute at byte 17
        attribute_exists(a) = :a  ->  the raw expression expects `AND` or `OR` at byte 20
        attribute_exists(a, b)  ->  the raw expression expects `)` at byte 18
        contains(a)  ->  the raw expression expects `,` at byte 10
        contains(a :a)  ->  the raw expression expects `,` at byte 11
        contains(a, contains(b, :a))  ->  the raw expression expects an attribute, a value or `size(..)` at byte 12
        begins_with(a, :a) = :b  ->  the raw expression expects `AND` or `OR` at byte 19
        a..b = :a  ->  the raw expression expects a name at byte 2
        a. = :a  ->  the raw expression expects a name at byte 3
        [0] = :a  ->  the raw expression expects an attribute, a value or `size(..)` at byte 0
        :a[0] = :b  ->  the raw expression expects an operator at byte 2
        a = a  ->  the raw expression compares an attribute with itself at byte 2
        a.b[0] BETWEEN :a AND a.b[0]  ->  the raw expression compares an attribute with itself at byte 7
        a IN (b, a)  ->  the raw expression compares an attribute with itself at byte 2
        contains(a, a)  ->  the raw expression compares an attribute with itself at byte 0
        a.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.  ->  the raw expression goes 33 levels deep at byte 0, the limit is 32 levels
        ");
    }

    #[test]
    fn a_key_condition_has_less() {
        for text in [
            "a = :a",
            ":a = a AND (b < :b)",
            "a = :a AND begins_with(b, :b)",
            "a = :a AND b BETWEEN :a AND :b",
        ] {
            assert!(parsed(text).unwrap().check_key().is_ok(), "{text}");
        }
        let texts = [
            "a = :a OR b = :b",
            "a = :a AND NOT b = :b",
            "a = :a AND b <> :b",
            "a = :a AND b IN (:b)",
            "a = :a AND contains(b, :b)",
            "a = :a AND size(b) = :b",
            "a.b = :a",
            "a[0] = :a",
            "a = b",
            "a = :a AND b > a",
        ];
        let problems = texts.map(|text| {
            let problem = parsed(text).unwrap().check_key().unwrap_err().to_string();
            format!("{text}  ->  {}", problem.split(", but").next().unwrap())
        });
        insta::assert_snapshot!(problems.join("\n"), @"
        a = :a OR b = :b  ->  the raw key condition has `OR` at byte 7
        a = :a AND NOT b = :b  ->  the raw key condition has `NOT` at byte 11
        a = :a AND b <> :b  ->  the raw key condition has `<>` at byte 13
        a = :a AND b IN (:b)  ->  the raw key condition has `IN` at byte 13
        a = :a AND contains(b, :b)  ->  the raw key condition has `contains` at byte 11
        a = :a AND size(b) = :b  ->  the raw key condition has `size` at byte 11
        a.b = :a  ->  the raw key condition goes into an attribute at byte 1
        a[0] = :a  ->  the raw key condition goes into an attribute at byte 1
        a = b  ->  the raw key condition compares two attributes at byte 4
        a = :a AND b > a  ->  the raw key condition compares two attributes at byte 15
        ");
    }
}
