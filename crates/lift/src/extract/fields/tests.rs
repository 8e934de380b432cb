//! What is said about bodies that are wrong in one, several or many ways.

use super::*;
use serde::Deserialize;
use std::net::IpAddr;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only whether it can be read matters")]
struct User {
    name: String,
    age: u8,
    active: bool,
    tags: Vec<String>,
    address: Address,
    nickname: Option<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only whether it can be read matters")]
struct Address {
    city: String,
    zip: u32,
}

/// The errors, as `field: message`.
fn errors<T: DeserializeOwned + std::fmt::Debug>(body: &Value) -> Vec<String> {
    match decode::<T>(body.to_string().as_bytes()) {
        Decoded::Wrong { errors, .. } => {
            errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn user() -> Value {
    json!({"name": "Ada", "age": 36, "active": true, "tags": ["a"], "address": {"city": "London", "zip": 1}})
}

#[test]
fn a_right_body_is_a_value() {
    assert!(matches!(decode::<User>(user().to_string().as_bytes()), Decoded::Value(User { age: 36, .. })));
}

#[test]
fn every_wrong_type_is_named_at_any_depth() {
    let mut body = user();
    body["name"] = json!(1);
    body["age"] = json!("x");
    body["tags"] = json!(["a", 2, "c", null]);
    body["address"]["zip"] = json!([]);
    assert_eq!(
        errors::<User>(&body),
        [
            // serde_json's documents keep their members sorted, so this is the order of the alphabet.
            "address.zip: expected u32",
            "age: expected u8",
            "name: expected a string",
            "tags[1]: expected a string",
            "tags[3]: expected a string",
        ]
    );
}

#[test]
fn missing_members_are_named_together_with_wrong_ones() {
    assert_eq!(
        errors::<User>(&json!({"name": 1, "age": 1})),
        ["name: expected a string", "active: is required", "tags: is required", "address: is required",]
    );
}

#[test]
fn a_stand_in_is_not_reported_again_for_what_it_lacks_itself() {
    let mut body = user();
    body["address"] = json!("London");
    body["age"] = json!(true);
    assert_eq!(errors::<User>(&body), ["address: expected an object", "age: expected u8"]);
}

#[test]
fn a_number_out_of_range_is_told_from_a_wrong_type_without_the_number() {
    let mut body = user();
    body["age"] = json!(300);
    assert_eq!(errors::<User>(&body), ["age: is out of range, expected u8"]);
}

#[test]
fn a_type_with_no_stand_in_ends_the_search_and_is_still_named() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Peer {
        ip: IpAddr,
        port: u16,
    }
    let found = errors::<Peer>(&json!({"ip": "nowhere", "port": "x"}));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("ip: "), "{found:?}");
}

#[test]
fn unknown_members_are_named_where_the_type_denies_them() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Strict {
        a: u8,
    }
    assert_eq!(
        errors::<Strict>(&json!({"x": 1, "a": "no", "y": 2})),
        ["a: expected u8", "x: is not a known field", "y: is not a known field"]
    );
}

#[test]
fn a_member_given_twice_is_wrong_although_a_document_keeps_one() {
    let body = br#"{"city":"a","city":"b","zip":1}"#;
    let Decoded::Wrong { errors, rest } = decode::<Address>(body) else { panic!("it was taken") };
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("duplicate field"), "{errors:?}");
    assert!(rest.is_none());
}

#[test]
fn a_body_of_another_shape_is_one_error_about_the_whole() {
    assert_eq!(errors::<User>(&json!(7)), [": expected an object"]);
    assert_eq!(errors::<User>(&json!("text")), [": expected an object"]);
    // serde would read a struct from an array too, and counts its elements.
    assert_eq!(errors::<User>(&json!([])), [": expected an object"]);
}

#[test]
fn no_value_is_in_a_message() {
    let mut body = user();
    body["age"] = json!("secret, expected u8");
    body["active"] = json!("secret");
    assert!(!errors::<User>(&body).concat().contains("secret"));
}

#[test]
fn text_that_is_not_json_is_not_a_wrong_type() {
    for body in ["", "{", "{\"name\": 1", "nope", "{\"city\":\"a\",\"zip\":1} x"] {
        assert!(matches!(decode::<Address>(body.as_bytes()), Decoded::NotJson(_)), "{body}");
    }
    assert!(matches!(decode::<Address>(b"{\"city\": \"\xff\", \"zip\": 1}"), Decoded::NotJson(_)));
}

#[test]
fn a_hundred_mistakes_end_the_search_with_many_named() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Many {
        all: Vec<Address>,
    }
    let found = errors::<Many>(&json!({"all": vec![json!({"city": 1, "zip": "x"}); 50]}));
    assert!((10..100).contains(&found.len()), "{}", found.len());
    assert_eq!(found[0], "all[0].city: expected a string");
}

#[test]
fn a_large_body_is_read_again_never() {
    let mut body = user();
    body["nickname"] = json!("x".repeat(MAX_BODY));
    body["age"] = json!("x");
    body["active"] = json!("x");
    assert_eq!(errors::<User>(&body), ["active: expected a boolean"]);
}

#[test]
fn the_rest_knows_what_is_made_up() {
    let mut body = user();
    body["address"]["zip"] = json!("x");
    let Decoded::Wrong { rest: Some(rest), .. } = decode::<User>(body.to_string().as_bytes()) else {
        panic!("a stand-in for a number exists")
    };
    assert!(rest.is_made_up("address.zip"));
    assert!(rest.is_made_up("address.zip.inside"));
    assert!(!rest.is_made_up("address.zipper"));
    assert!(!rest.is_made_up("address"));
    assert_eq!(rest.value.name, "Ada");
}
