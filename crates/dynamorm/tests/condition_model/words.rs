//! The same trees in DynamoDB's own words.

use super::{Comparison, Numbers, Operator, Texts, Thing, Tree, Which};
use dynamorm::{AttributeValue, Condition};

/// The values of a condition, which its words name. Parentheses are only where they are needed.
#[derive(Debug, Default)]
struct Words {
    values: Vec<(String, AttributeValue)>,
}

impl Texts {
    fn path(self) -> &'static str {
        match self {
            Texts::Text => "text",
            Texts::Other => "other",
            Texts::City => "place.city",
            Texts::LabelA => "labels-by-name.a",
        }
    }
}

impl Numbers {
    fn path(self) -> &'static str {
        match self {
            Numbers::Number => "number",
            Numbers::Least => "least",
            Numbers::FirstFloor => "place.floors[0]",
            Numbers::SecondNumber => "numbers[1]",
        }
    }
}

impl Which {
    fn path(self) -> &'static str {
        match self {
            Which::Text => "text",
            Which::Number => "number",
            Which::Tags => "size",
            Which::Numbers => "numbers",
            Which::Labels => "labels-by-name",
            Which::Place => "place",
        }
    }
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Operator::Eq => "=",
            Operator::Ne => "<>",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
        }
    }
}

impl Words {
    fn value(&mut self, value: impl Into<AttributeValue>) -> String {
        let name = format!(":v{}", self.values.len());
        self.values.push((name.clone(), value.into()));
        name
    }

    fn comparison<T: Clone + Into<AttributeValue>>(
        &mut self,
        operand: &str,
        comparison: &Comparison<T>,
    ) -> String {
        let mut than = |word: &str, value: &T| format!("{operand} {word} {}", self.value(value.clone()));
        match comparison {
            Comparison::Eq(to) => than("=", to),
            Comparison::Ne(to) => than("<>", to),
            Comparison::Lt(to) => than("<", to),
            Comparison::Le(to) => than("<=", to),
            Comparison::Gt(to) => than(">", to),
            Comparison::Ge(to) => than(">=", to),
            Comparison::Between(low, high) => {
                let (low, high) = (self.value(low.clone()), self.value(high.clone()));
                format!("{operand} BETWEEN {low} AND {high}")
            }
            Comparison::In(values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(value.clone())).collect();
                format!("{operand} IN ({})", values.join(", "))
            }
        }
    }

    /// How tightly the outermost word binds, and the text.
    fn tree(&mut self, tree: &Tree) -> (u8, String) {
        let function = |name: &str, path: &str, value: String| format!("{name}({path}, {value})");
        let text = match tree {
            Tree::Text(which, comparison) => self.comparison(which.path(), comparison),
            Tree::Number(which, comparison) => self.comparison(which.path(), comparison),
            Tree::TwoTexts(one, operator, other) => {
                format!("{} {} {}", one.path(), operator.word(), other.path())
            }
            Tree::TwoNumbers(one, operator, other) => {
                format!("{} {} {}", one.path(), operator.word(), other.path())
            }
            Tree::Size(which, comparison) => self.comparison(&format!("size({})", which.path()), comparison),
            Tree::Type(which, kind) => {
                function("attribute_type", which.path(), self.value(format!("{kind:?}").to_uppercase()))
            }
            Tree::BeginsWith(which, prefix) => {
                function("begins_with", which.path(), self.value(prefix.as_str()))
            }
            Tree::ContainsText(which, part) => function("contains", which.path(), self.value(part.as_str())),
            Tree::ContainsTag(tag) => function("contains", "size", self.value(tag.as_str())),
            Tree::ContainsNumber(number) => function("contains", "numbers", self.value(*number)),
            Tree::Flag(flag) => format!("flag = {}", self.value(*flag)),
            Tree::Exists(what) => format!("attribute_exists({})", what.path()),
            Tree::NotExists(what) => format!("attribute_not_exists({})", what.path()),
            Tree::And(one, other) => {
                return (1, format!("{} AND {}", self.inside(one, 1), self.inside(other, 1)));
            }
            Tree::Or(one, other) => {
                return (0, format!("{} OR {}", self.inside(one, 0), self.inside(other, 0)));
            }
            Tree::Not(tree) => return (2, format!("NOT {}", self.inside(tree, 2))),
        };
        (3, text)
    }

    fn inside(&mut self, tree: &Tree, outside: u8) -> String {
        let (inside, text) = self.tree(tree);
        if inside < outside { format!("({text})") } else { text }
    }
}

impl Tree {
    pub(super) fn raw(&self) -> Condition<Thing> {
        let mut words = Words::default();
        let (_, text) = words.tree(self);
        Condition::raw(&text, words.values)
    }
}
