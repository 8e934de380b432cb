//! Random condition trees, by calls and in DynamoDB's own words, evaluated by the engine as filters and as conditions of writes,
//! against an evaluation in memory.

mod words;

use dynamorm::{AttributeType, Condition, Db, Document, Model, Size};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Attributes of each kind, most of them often absent.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "things", pk = group, sk = id)]
struct Thing {
    group: String,
    id: u32,
    text: Option<String>,
    other: Option<String>,
    number: Option<i64>,
    least: Option<i64>,
    flag: Option<bool>,
    #[dynamorm(rename = "size")]
    tags: BTreeSet<String>,
    numbers: Option<Vec<i64>>,
    #[dynamorm(rename = "labels-by-name")]
    labels: Option<BTreeMap<String, String>>,
    place: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    city: Option<String>,
    floors: Option<Vec<i64>>,
}

/// A condition as data, so that it can be evaluated without the library.
#[derive(Debug, Clone)]
enum Tree {
    Text(Texts, Comparison<String>),
    Number(Numbers, Comparison<i64>),
    TwoTexts(Texts, Operator, Texts),
    TwoNumbers(Numbers, Operator, Numbers),
    Size(Which, Comparison<i64>),
    Type(Which, AttributeType),
    BeginsWith(Texts, String),
    ContainsText(Texts, String),
    ContainsTag(String),
    ContainsNumber(i64),
    Flag(bool),
    Exists(Which),
    NotExists(Which),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Texts {
    Text,
    Other,
    City,
    LabelA,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Numbers {
    Number,
    Least,
    FirstFloor,
    SecondNumber,
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Text,
    Number,
    Tags,
    Numbers,
    Labels,
    Place,
}

/// Between two attributes.
#[derive(Debug, Clone, Copy)]
enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Operator {
    /// Absent attributes are unequal to all, each other included, and nothing else.
    fn holds<T: PartialOrd>(self, one: Option<&T>, other: Option<&T>) -> bool {
        let (Some(one), Some(other)) = (one, other) else { return matches!(self, Operator::Ne) };
        match self {
            Operator::Eq => one == other,
            Operator::Ne => one != other,
            Operator::Lt => one < other,
            Operator::Le => one <= other,
            Operator::Gt => one > other,
            Operator::Ge => one >= other,
        }
    }
}

#[derive(Debug, Clone)]
enum Comparison<T> {
    Eq(T),
    Ne(T),
    Lt(T),
    Le(T),
    Gt(T),
    Ge(T),
    Between(T, T),
    In(Vec<T>),
}

impl<T: PartialOrd> Comparison<T> {
    /// An absent attribute is only ever unequal.
    fn holds(&self, value: Option<&T>) -> bool {
        let Some(value) = value else { return matches!(self, Comparison::Ne(_)) };
        match self {
            Comparison::Eq(to) => value == to,
            Comparison::Ne(to) => value != to,
            Comparison::Lt(to) => value < to,
            Comparison::Le(to) => value <= to,
            Comparison::Gt(to) => value > to,
            Comparison::Ge(to) => value >= to,
            Comparison::Between(low, high) => low <= value && value <= high,
            Comparison::In(values) => values.contains(value),
        }
    }
}

macro_rules! compare {
    ($handle:expr, $comparison:expr) => {
        match $comparison.clone() {
            Comparison::Eq(to) => $handle.eq(to),
            Comparison::Ne(to) => $handle.ne(to),
            Comparison::Lt(to) => $handle.lt(to),
            Comparison::Le(to) => $handle.le(to),
            Comparison::Gt(to) => $handle.gt(to),
            Comparison::Ge(to) => $handle.ge(to),
            Comparison::Between(low, high) => $handle.between(low, high),
            Comparison::In(values) => $handle.is_in(values),
        }
    };
}

macro_rules! between_two {
    ($one:expr, $operator:expr, $other:expr) => {
        match $operator {
            Operator::Eq => $one.eq($other),
            Operator::Ne => $one.ne($other),
            Operator::Lt => $one.lt($other),
            Operator::Le => $one.le($other),
            Operator::Gt => $one.gt($other),
            Operator::Ge => $one.ge($other),
        }
    };
}

/// The handle of a text, each of another type.
macro_rules! on_text {
    ($which:expr, $handle:ident => $condition:expr) => {
        match $which {
            Texts::Text => {
                let $handle = Thing::TEXT;
                $condition
            }
            Texts::Other => {
                let $handle = Thing::OTHER;
                $condition
            }
            Texts::City => {
                let $handle = Thing::PLACE.dot(Place::CITY);
                $condition
            }
            Texts::LabelA => {
                let $handle = Thing::LABELS.key("a");
                $condition
            }
        }
    };
}

macro_rules! on_number {
    ($which:expr, $handle:ident => $condition:expr) => {
        match $which {
            Numbers::Number => {
                let $handle = Thing::NUMBER;
                $condition
            }
            Numbers::Least => {
                let $handle = Thing::LEAST;
                $condition
            }
            Numbers::FirstFloor => {
                let $handle = Thing::PLACE.dot(Place::FLOORS).at(0);
                $condition
            }
            Numbers::SecondNumber => {
                let $handle = Thing::NUMBERS.at(1);
                $condition
            }
        }
    };
}

impl Texts {
    fn of(self, thing: &Thing) -> Option<&String> {
        match self {
            Texts::Text => thing.text.as_ref(),
            Texts::Other => thing.other.as_ref(),
            Texts::City => thing.place.as_ref()?.city.as_ref(),
            Texts::LabelA => thing.labels.as_ref()?.get("a"),
        }
    }
}

impl Numbers {
    fn of(self, thing: &Thing) -> Option<&i64> {
        match self {
            Numbers::Number => thing.number.as_ref(),
            Numbers::Least => thing.least.as_ref(),
            Numbers::FirstFloor => thing.place.as_ref()?.floors.as_ref()?.first(),
            Numbers::SecondNumber => thing.numbers.as_ref()?.get(1),
        }
    }
}

impl Which {
    fn is_in(self, thing: &Thing) -> bool {
        match self {
            Which::Text => thing.text.is_some(),
            Which::Number => thing.number.is_some(),
            Which::Tags => !thing.tags.is_empty(),
            Which::Numbers => thing.numbers.is_some(),
            Which::Labels => thing.labels.is_some(),
            Which::Place => thing.place.is_some(),
        }
    }

    /// Of those that trees ask for the size of: the length of a text is that in UTF-16.
    fn size_of(self, thing: &Thing) -> Option<i64> {
        let size = match self {
            Which::Text => thing.text.as_ref()?.encode_utf16().count(),
            Which::Tags if thing.tags.is_empty() => return None,
            Which::Tags => thing.tags.len(),
            Which::Numbers => thing.numbers.as_ref()?.len(),
            Which::Labels => thing.labels.as_ref()?.len(),
            Which::Number | Which::Place => return None,
        };
        i64::try_from(size).ok()
    }

    fn size(self) -> Size<Thing> {
        match self {
            Which::Text | Which::Number | Which::Place => Thing::TEXT.size(),
            Which::Tags => Thing::TAGS.size(),
            Which::Numbers => Thing::NUMBERS.size(),
            Which::Labels => Thing::LABELS.size(),
        }
    }

    fn stored_as(self) -> AttributeType {
        match self {
            Which::Text => AttributeType::S,
            Which::Number => AttributeType::N,
            Which::Tags => AttributeType::Ss,
            Which::Numbers => AttributeType::L,
            Which::Labels | Which::Place => AttributeType::M,
        }
    }

    fn is_type(self, kind: AttributeType) -> Condition<Thing> {
        match self {
            Which::Text => Thing::TEXT.attribute_type(kind),
            Which::Number => Thing::NUMBER.attribute_type(kind),
            Which::Tags => Thing::TAGS.attribute_type(kind),
            Which::Numbers => Thing::NUMBERS.attribute_type(kind),
            Which::Labels => Thing::LABELS.attribute_type(kind),
            Which::Place => Thing::PLACE.attribute_type(kind),
        }
    }

    fn exists(self, there: bool) -> Condition<Thing> {
        macro_rules! about {
            ($handle:expr) => {
                if there { $handle.exists() } else { $handle.not_exists() }
            };
        }
        match self {
            Which::Text => about!(Thing::TEXT),
            Which::Number => about!(Thing::NUMBER),
            Which::Tags => about!(Thing::TAGS),
            Which::Numbers => about!(Thing::NUMBERS),
            Which::Labels => about!(Thing::LABELS),
            Which::Place => about!(Thing::PLACE),
        }
    }
}

impl Tree {
    fn holds(&self, thing: &Thing) -> bool {
        match self {
            Tree::Text(which, comparison) => comparison.holds(which.of(thing)),
            Tree::Number(which, comparison) => comparison.holds(which.of(thing)),
            Tree::TwoTexts(one, operator, other) => operator.holds(one.of(thing), other.of(thing)),
            Tree::TwoNumbers(one, operator, other) => operator.holds(one.of(thing), other.of(thing)),
            Tree::Size(which, comparison) => comparison.holds(which.size_of(thing).as_ref()),
            Tree::Type(which, kind) => which.is_in(thing) && which.stored_as() == *kind,
            Tree::BeginsWith(which, prefix) => {
                which.of(thing).is_some_and(|text| text.starts_with(prefix.as_str()))
            }
            Tree::ContainsText(which, part) => {
                which.of(thing).is_some_and(|text| text.contains(part.as_str()))
            }
            Tree::ContainsTag(tag) => thing.tags.contains(tag),
            Tree::ContainsNumber(number) => {
                thing.numbers.as_ref().is_some_and(|numbers| numbers.contains(number))
            }
            Tree::Flag(flag) => thing.flag == Some(*flag),
            Tree::Exists(what) => what.is_in(thing),
            Tree::NotExists(what) => !what.is_in(thing),
            Tree::And(one, other) => one.holds(thing) && other.holds(thing),
            Tree::Or(one, other) => one.holds(thing) || other.holds(thing),
            Tree::Not(tree) => !tree.holds(thing),
        }
    }

    fn condition(&self) -> Condition<Thing> {
        match self {
            Tree::Text(which, comparison) => on_text!(*which, text => compare!(text, comparison)),
            Tree::Number(which, comparison) => on_number!(*which, number => compare!(number, comparison)),
            Tree::TwoTexts(one, operator, other) => {
                on_text!(*one, one => on_text!(*other, other => between_two!(one, operator, other)))
            }
            Tree::TwoNumbers(one, operator, other) => {
                on_number!(*one, one => on_number!(*other, other => between_two!(one, operator, other)))
            }
            Tree::Size(which, comparison) => compare!(which.size(), comparison),
            Tree::Type(which, kind) => which.is_type(*kind),
            Tree::BeginsWith(which, prefix) => on_text!(*which, text => text.begins_with(prefix.as_str())),
            Tree::ContainsText(which, part) => on_text!(*which, text => text.contains(part.as_str())),
            Tree::ContainsTag(tag) => Thing::TAGS.contains(tag.as_str()),
            Tree::ContainsNumber(number) => Thing::NUMBERS.contains(*number),
            Tree::Flag(flag) => Thing::FLAG.eq(*flag),
            Tree::Exists(what) => what.exists(true),
            Tree::NotExists(what) => what.exists(false),
            Tree::And(one, other) => one.condition() & other.condition(),
            Tree::Or(one, other) => one.condition() | other.condition(),
            Tree::Not(tree) => !tree.condition(),
        }
    }
}

/// Few and short texts, so that comparisons often hold.
fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "ab", "abc", "b", "é", "😀", "#n0", ":v0"]).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = i64> {
    -3..4_i64
}

fn comparison<T: Clone + std::fmt::Debug + PartialOrd + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = Comparison<T>> {
    let two = (value.clone(), value.clone());
    prop_oneof![
        value.clone().prop_map(Comparison::Eq),
        value.clone().prop_map(Comparison::Ne),
        value.clone().prop_map(Comparison::Lt),
        value.clone().prop_map(Comparison::Le),
        value.clone().prop_map(Comparison::Gt),
        value.clone().prop_map(Comparison::Ge),
        two.prop_map(|(a, b)| if a <= b { Comparison::Between(a, b) } else { Comparison::Between(b, a) }),
        prop::collection::vec(value, 1..4).prop_map(Comparison::In),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let texts = || prop::sample::select(vec![Texts::Text, Texts::Other, Texts::City, Texts::LabelA]);
    let numbers = || {
        let numbers = [Numbers::Number, Numbers::Least, Numbers::FirstFloor, Numbers::SecondNumber];
        prop::sample::select(numbers.to_vec())
    };
    let operator = || {
        let all = [Operator::Eq, Operator::Ne, Operator::Lt, Operator::Le, Operator::Gt, Operator::Ge];
        prop::sample::select(all.to_vec())
    };
    let sized = || prop::sample::select(vec![Which::Text, Which::Tags, Which::Numbers, Which::Labels]);
    let kind = || {
        use AttributeType::{L, M, N, S, Ss};
        prop::sample::select(vec![S, N, Ss, L, M])
    };
    let which = || {
        prop::sample::select(vec![
            Which::Text,
            Which::Number,
            Which::Tags,
            Which::Numbers,
            Which::Labels,
            Which::Place,
        ])
    };
    let leaf = prop_oneof![
            3 => (texts(), comparison(text().boxed())).prop_map(|(which, to)| Tree::Text(which, to)),
            3 => (numbers(), comparison(number().boxed())).prop_map(|(which, to)| Tree::Number(which, to)),
            2 => (texts(), operator(), texts())
    .prop_filter("two attributes", |(one, _, other)| one != other)
    .prop_map(|(one, operator, other)| Tree::TwoTexts(one, operator, other)),
            2 => (numbers(), operator(), numbers())
    .prop_filter("two attributes", |(one, _, other)| one != other)
    .prop_map(|(one, operator, other)| Tree::TwoNumbers(one, operator, other)),
            2 => (sized(), comparison(number().boxed())).prop_map(|(which, to)| Tree::Size(which, to)),
            1 => (which(), kind()).prop_map(|(which, kind)| Tree::Type(which, kind)),
            1 => (texts(), text()).prop_map(|(which, prefix)| Tree::BeginsWith(which, prefix)),
            1 => (texts(), text()).prop_map(|(which, part)| Tree::ContainsText(which, part)),
            1 => text().prop_map(Tree::ContainsTag),
            1 => number().prop_map(Tree::ContainsNumber),
            1 => any::<bool>().prop_map(Tree::Flag),
            1 => which().prop_map(Tree::Exists),
            1 => which().prop_map(Tree::NotExists),
        ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            two().prop_map(|(one, other)| Tree::And(Box::new(one), Box::new(other))),
            two().prop_map(|(one, other)| Tree::Or(Box::new(one), Box::new(other))),
            inner.clone().prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

fn thing() -> impl Strategy<Value = Thing> {
    let place = (prop::option::of(text()), prop::option::of(prop::collection::vec(number(), 0..3)))
        .prop_map(|(city, floors)| Place { city, floors });
    (
        prop::option::of(text()),
        prop::option::of(text()),
        prop::option::of(number()),
        prop::option::of(number()),
        prop::option::of(any::<bool>()),
        prop::collection::btree_set(text(), 0..3),
        prop::option::of(prop::collection::vec(number(), 0..4)),
        prop::option::of(prop::collection::btree_map(text(), text(), 0..3)),
        prop::option::of(place),
    )
        .prop_map(|(text, other, number, least, flag, tags, numbers, labels, place)| Thing {
            group: "g".into(),
            id: 0,
            text,
            other,
            number,
            least,
            flag,
            tags,
            numbers,
            labels,
            place,
        })
}

#[test]
fn the_engine_finds_what_the_condition_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(200));
    let things = prop::collection::vec(thing(), 12);
    let trees = prop::collection::vec(tree(), 5);
    let outcome = runner.run(&(things, trees), |(mut things, trees)| {
        for (id, thing) in (0..).zip(&mut things) {
            thing.id = id;
        }
        runtime.block_on(async {
            let db = Db::memory().unwrap();
            db.create_table::<Thing>().execute().await.unwrap();
            db.batch_write().put_all(&things).execute().await.unwrap();
            for tree in &trees {
                let expected: Vec<Thing> = things.iter().filter(|thing| tree.holds(thing)).cloned().collect();
                for condition in [tree.condition(), tree.raw()] {
                    let shown = format!("as a filter: {condition:?}");
                    let query = db.query::<Thing>().key(Thing::PRIMARY_KEY.partition("g"));
                    let found = query.filter(condition).all().await.unwrap();
                    prop_assert_eq!(&found, &expected, "{}", shown);
                }
                let Some(thing) = things.first() else { continue };
                for condition in [tree.condition(), tree.raw()] {
                    let shown = format!("of a write: {condition:?}");
                    let written = db.put(thing).condition(condition).execute().await;
                    prop_assert!(
                        written.as_ref().err().is_none_or(|error| error.is_condition_failed()),
                        "{:?}",
                        written
                    );
                    prop_assert_eq!(written.is_ok(), tree.holds(thing), "{}", shown);
                }
            }
            Ok(())
        })
    });
    outcome.unwrap();
}
