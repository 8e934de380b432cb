//! What we write, the official SDK reads as the same values, and the other way round.
//!
//! The SDK's own serializers are reached through the public configuration of its operations.
#![cfg(feature = "aws")]

mod codec_values;

use aws_sdk_dynamodb::operation::put_item::{PutItem, PutItemInput};
use aws_sdk_dynamodb::operation::query::{Query, QueryOutput};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use codec_values::{number_text, read, text, value, write};
use dynamorm::codec::Reader;
use dynamorm::{AttributeValue, FromItem, Item, Number};
use proptest::prelude::*;
use std::collections::HashMap;
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The same value as the SDK has it.
fn to_sdk(value: &AttributeValue) -> SdkValue {
    match value {
        AttributeValue::S(text) => SdkValue::S(text.clone()),
        AttributeValue::N(number) => SdkValue::N(number.to_string()),
        AttributeValue::B(bytes) => SdkValue::B(Blob::new(bytes.clone())),
        AttributeValue::Bool(value) => SdkValue::Bool(*value),
        AttributeValue::Null => SdkValue::Null(true),
        AttributeValue::L(values) => SdkValue::L(values.iter().map(to_sdk).collect()),
        AttributeValue::M(map) => {
            SdkValue::M(map.iter().map(|(name, value)| (name.clone(), to_sdk(value))).collect())
        }
        AttributeValue::Ss(set) => SdkValue::Ss(set.iter().cloned().collect()),
        AttributeValue::Ns(set) => SdkValue::Ns(set.iter().map(Number::to_string).collect()),
        AttributeValue::Bs(set) => SdkValue::Bs(set.iter().cloned().map(Blob::new).collect()),
    }
}

/// Reads one item as the SDK reads the answer to a query.
fn sdk_reads(item: &str) -> Outcome<HashMap<String, SdkValue>> {
    let config = Query::new().config().ok_or("a query has a configuration")?;
    let deserializer = config.load::<SharedResponseDeserializer>().ok_or("a query has a deserializer")?;
    let body = format!(r#"{{"Count":1,"Items":[{item}],"ScannedCount":1}}"#);
    let response = HttpResponse::new(200.try_into()?, SdkBody::from(body));
    let output = deserializer
        .deserialize_nonstreaming_with_config(&response, &ConfigBag::base())
        .map_err(|e| format!("{e:?}"))?;
    let output = output.downcast::<QueryOutput>().map_err(|_| "the output of a query")?;
    output.items.and_then(|mut items| items.pop()).ok_or_else(|| "one item".into())
}

/// Writes an item as the SDK writes it in a put, and reads it as we do.
fn we_read(item: HashMap<String, SdkValue>) -> Outcome<Item> {
    let config = PutItem::new().config().ok_or("a put has a configuration")?;
    let serializer = config.load::<SharedRequestSerializer>().ok_or("a put has a serializer")?;
    let input = PutItemInput::builder().table_name("app").set_item(Some(item)).build()?;
    let request = serializer.serialize_input(Input::erase(input), &mut ConfigBag::base())?;
    let body = request.body().bytes().ok_or("a body in memory")?;
    let mut item = None;
    let mut reader = Reader::new(body)?;
    reader.object(|reader, name| match name {
        "Item" => {
            item = Some(<Item as FromItem>::decode(reader)?);
            Ok(())
        }
        _ => reader.skip(),
    })?;
    reader.end()?;
    item.ok_or_else(|| "an item in the request".into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_sdk_reads_what_we_write(name in text(), value in value()) {
        let name_json = serde_json::to_string(&name).unwrap();
        let read = sdk_reads(&format!("{{{name_json}:{}}}", write(&value).unwrap()))
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(read, HashMap::from([(name, to_sdk(&value))]));
    }

    #[test]
    fn we_read_what_the_sdk_writes(name in text(), value in value()) {
        let read = we_read(HashMap::from([(name.clone(), to_sdk(&value))]))
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(read, Item::from([(name, value)]));
    }

    #[test]
    fn we_read_numbers_in_any_form_the_sdk_sends(digits in number_text()) {
        let sent = HashMap::from([("n".to_owned(), SdkValue::N(digits.clone()))]);
        match digits.parse::<Number>() {
            Ok(number) => {
                let read = we_read(sent).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert_eq!(read, Item::from([("n".to_owned(), AttributeValue::N(number))]));
            }
            Err(_) => prop_assert!(we_read(sent).is_err()),
        }
    }
}

/// Reads one item as it stands in an answer, and nothing behind it.
fn we_read_item(json: &str) -> Outcome<Item> {
    let mut reader = Reader::new(json.as_bytes())?;
    let item = <Item as FromItem>::decode(&mut reader)?;
    reader.end()?;
    Ok(item)
}

/// True if both say the same: numbers by value, and of equal elements of a set one.
fn is_same(ours: &AttributeValue, theirs: &SdkValue) -> bool {
    let number = |digits: &String| digits.parse::<Number>();
    match (ours, theirs) {
        (AttributeValue::N(ours), SdkValue::N(theirs)) => number(theirs).as_ref() == Ok(ours),
        (AttributeValue::Ss(ours), SdkValue::Ss(theirs)) => *ours == theirs.iter().cloned().collect(),
        (AttributeValue::Ns(ours), SdkValue::Ns(theirs)) => {
            theirs.iter().map(number).collect::<Result<_, _>>().as_ref() == Ok(ours)
        }
        (AttributeValue::Bs(ours), SdkValue::Bs(theirs)) => {
            *ours == theirs.iter().map(|bytes| bytes.as_ref().to_vec()).collect()
        }
        (AttributeValue::L(ours), SdkValue::L(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (AttributeValue::M(ours), SdkValue::M(theirs)) => is_same_map(ours, theirs),
        (ours, theirs) => to_sdk(ours) == *theirs,
    }
}

fn is_same_map<'a>(
    ours: impl IntoIterator<Item = (&'a String, &'a AttributeValue), IntoIter: ExactSizeIterator>,
    theirs: &HashMap<String, SdkValue>,
) -> bool {
    let mut ours = ours.into_iter();
    ours.len() == theirs.len()
        && ours.all(|(name, value)| theirs.get(name).is_some_and(|theirs| is_same(value, theirs)))
}

/// True if the SDK gives what DynamoDB never sends, where we say what is wrong: digits that are no number of DynamoDB's, a type
/// that it does not know, and NULL without `true`.
fn is_taken_by_the_sdk_alone(value: &SdkValue) -> bool {
    let is_no_number = |digits: &String| digits.parse::<Number>().is_err();
    match value {
        SdkValue::N(digits) => is_no_number(digits),
        SdkValue::Ns(set) => set.iter().any(is_no_number),
        SdkValue::Null(value) => !value,
        SdkValue::L(values) => values.iter().any(is_taken_by_the_sdk_alone),
        SdkValue::M(map) => map.values().any(is_taken_by_the_sdk_alone),
        value => value.is_unknown(),
    }
}

/// What one piece of damage makes of JSON.
fn damaged(json: &str, at: prop::sample::Index, piece: Option<&str>) -> String {
    let characters: Vec<char> = json.chars().collect();
    let at = at.index(characters.len());
    let before = characters[..at].iter();
    match piece {
        // A character less, or another text in its place.
        None => before.chain(&characters[at + 1..]).collect(),
        Some("") => before.collect(),
        Some(piece) => {
            before.copied().chain(piece.chars()).chain(characters[at + 1..].iter().copied()).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_take_and_refuse_the_same_damaged_items(
        value in value(),
        at in any::<prop::sample::Index>(),
        piece in prop::option::of(prop::sample::select(vec![
            "", " ", "\n", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", "1e5", "null", "true", "\\u00e9", "\\ud800", "\u{1}",
            "S", "N", "\"N\":\"1\"", "{\"S\":\"\"}",
        ])),
    ) {
        let json = damaged(&format!(r#"{{"a":{},"b":{{"S":"x"}}}}"#, write(&value).unwrap()), at, piece);
        match (we_read_item(&json), sdk_reads(&json)) {
            (Ok(ours), Ok(theirs)) => prop_assert!(is_same_map(&ours, &theirs), "{}: {:?}, {:?}", json, ours, theirs),
            (Ok(_), Err(theirs)) => prop_assert!(false, "the SDK alone refuses {}: {}", json, theirs),
            (Err(ours), Ok(theirs)) => {
                prop_assert!(theirs.values().any(is_taken_by_the_sdk_alone), "we alone refuse {}: {}", json, ours);
            }
            (Err(_), Err(_)) => {}
        }
    }
}

#[test]
fn thirty_two_levels_pass_both_ways() {
    let nested = (0..32).fold(AttributeValue::Null, |inner, _| AttributeValue::L(vec![inner]));
    let json = write(&nested).unwrap();
    let theirs = sdk_reads(&format!("{{\"a\":{json}}}")).unwrap();
    assert_eq!(we_read(theirs).unwrap(), Item::from([("a".to_owned(), nested.clone())]));
    assert_eq!(read(json.as_bytes()), Ok(nested));
}
