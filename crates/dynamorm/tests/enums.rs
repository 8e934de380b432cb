//! Enums that hold data: they come back as they went, wherever they stand, and what is stored that is none of them is told.

mod codec_values;

use codec_values::{number, read, text, value, write};
use dynamorm::{AttributeValue, Document, Number};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamorm(rename_all = "snake_case")]
enum Shape {
    Point,
    Empty {},
    Circle {
        radius: Number,
        #[dynamorm(rename = "colour")]
        color: Option<String>,
    },
    #[dynamorm(rename = "other-thing")]
    Other {
        value: AttributeValue,
        tags: BTreeSet<String>,
    },
    Named(Named),
    /// All the ways in which one can stand in another.
    Group {
        boxed: Option<Box<Shape>>,
        list: Vec<Self>,
        map: BTreeMap<String, Shape>,
        events: Vec<Event>,
    },
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Named {
    name: String,
    shape: Option<Box<Shape>>,
}

/// A map, although it holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Document)]
#[dynamorm(tag = "kind")]
enum Event {
    Started,
    Stopped,
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Point),
        Just(Shape::Empty {}),
        (number(), prop::option::of(text())).prop_map(|(radius, color)| Shape::Circle { radius, color }),
        (value(), prop::collection::btree_set(text(), 0..3))
            .prop_map(|(value, tags)| Shape::Other { value, tags }),
        text().prop_map(|name| Shape::Named(Named { name, shape: None })),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = || prop::option::of(inner.clone().prop_map(Box::new));
        let event = prop::sample::select(vec![Event::Started, Event::Stopped]);
        prop_oneof![
            (text(), boxed()).prop_map(|(name, shape)| Shape::Named(Named { name, shape })),
            (
                boxed(),
                prop::collection::vec(inner.clone(), 0..3),
                prop::collection::btree_map(text(), inner.clone(), 0..3),
                prop::collection::vec(event, 0..2),
            )
                .prop_map(|(boxed, list, map, events)| Shape::Group { boxed, list, map, events }),
        ]
    })
}

/// The same JSON with the members of every object the other way round: the tag stands last.
fn reversed(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            let members: Vec<String> = members
                .into_iter()
                .rev()
                .map(|(name, value)| format!("{}:{}", serde_json::Value::from(name), reversed(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        serde_json::Value::Array(elements) => {
            let elements: Vec<String> = elements.into_iter().map(reversed).collect();
            format!("[{}]", elements.join(","))
        }
        other => other.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_enum_comes_back_as_it_went(shape in shape()) {
        let json = write(&shape).map_err(|error| TestCaseError::reject(error.to_string()))?;
        prop_assert_eq!(read::<Shape>(json.as_bytes()), Ok(shape.clone()), "{}", json);
        // DynamoDB keeps no order of members.
        let turned = reversed(serde_json::from_str(&json).unwrap());
        prop_assert_eq!(read::<Shape>(turned.as_bytes()), Ok(shape), "{}", turned);
    }

    #[test]
    fn no_bytes_make_it_panic(value in value()) {
        let _ = read::<Shape>(write(&value).unwrap().as_bytes());
    }
}

#[test]
fn a_map_holds_the_tag_and_what_the_variant_holds() {
    let radius = Number::from(3);
    for (shape, json) in [
        (Shape::Point, r#"{"M":{"type":{"S":"point"}}}"#),
        (Shape::Empty {}, r#"{"M":{"type":{"S":"empty"}}}"#),
        (
            Shape::Circle { radius, color: Some("red".into()) },
            r#"{"M":{"type":{"S":"circle"},"radius":{"N":"3"},"colour":{"S":"red"}}}"#,
        ),
        // As everywhere, what is absent is left out.
        (Shape::Circle { radius, color: None }, r#"{"M":{"type":{"S":"circle"},"radius":{"N":"3"}}}"#),
        (
            Shape::Other { value: AttributeValue::Null, tags: BTreeSet::new() },
            r#"{"M":{"type":{"S":"other-thing"},"value":{"NULL":true}}}"#,
        ),
        (
            Shape::Named(Named { name: "a".into(), shape: Some(Box::new(Shape::Point)) }),
            r#"{"M":{"type":{"S":"named"},"name":{"S":"a"},"shape":{"M":{"type":{"S":"point"}}}}}"#,
        ),
    ] {
        assert_eq!(write(&shape).unwrap(), json);
        assert_eq!(read(json.as_bytes()), Ok(shape));
    }
    assert_eq!(write(&Event::Stopped).unwrap(), r#"{"M":{"kind":{"S":"Stopped"}}}"#);
}

#[test]
fn what_is_none_of_the_variants_is_told_by_its_path_and_without_its_value() {
    let error = |json: &str| read::<Shape>(json.as_bytes()).unwrap_err().to_string();
    let known = "`point`, `empty`, `circle`, `other-thing`, `named`, `group`";
    assert_eq!(
        error(r#"{"M":{"type":{"S":"s3cret"}}}"#),
        format!("attribute `type` is not one of the variants of `Shape`: {known}")
    );
    let nested = r#"{"M":{"type":{"S":"group"},"list":{"L":[{"M":{"type":{"S":"point"}}},{"M":{"type":{"S":"s3cret"}}}]},
        "map":{"M":{}},"events":{"L":[]}}}"#;
    assert_eq!(
        error(nested),
        format!("attribute `list[1].type` is not one of the variants of `Shape`: {known}")
    );
    let nested = r#"{"M":{"name":{"S":"a"},"shape":{"M":{"x":{"S":"s3cret"}}},"type":{"S":"named"}}}"#;
    assert_eq!(error(nested), "attribute `shape.type` is missing");
    assert_eq!(error(r#"{"M":{}}"#), "attribute `type` is missing");
    assert_eq!(error(r#"{"M":{"type":{"N":"1"}}}"#), "attribute `type` has type N, expected S");
    assert_eq!(error(r#"{"S":"point"}"#), "the value has type S, expected M");
    assert_eq!(error(r#"{"M":{"type":{"S":"circle"}}}"#), "attribute `radius` is missing");
    assert_eq!(
        error(r#"{"M":{"radius":{"S":"s3cret"},"type":{"S":"circle"}}}"#),
        "attribute `radius` has type S, expected N"
    );
    // A member of nobody's is passed over, as in every document.
    assert_eq!(read(br#"{"M":{"x":{"N":"1"},"type":{"S":"point"}}}"#), Ok(Shape::Point));
}
