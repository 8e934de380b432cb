//! The keys of guards: of two values never the same one, and never an item's.

use super::*;
use crate::{Model, Number};
use proptest::prelude::*;

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
struct User {
    id: String,
    #[dynamorm(unique)]
    email: String,
    #[dynamorm(unique(scope = org))]
    badge: u32,
    org: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = id, type = "A#B")]
struct Typed {
    id: String,
    #[dynamorm(unique)]
    code: Option<Vec<u8>>,
}

fn key(
    model: &ModelShape,
    nth: usize,
    tenant: Option<&str>,
    values: &[(&str, AttributeValue)],
) -> Result<Option<String>> {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    Ok(GuardKey::of(model, &model.unique[nth], tenant, value)?.map(|key| key.0))
}

#[test]
fn a_guards_key_can_be_read() {
    let email = |text: &str| [("email", AttributeValue::from(text))];
    let of = |text| key(User::SHAPE, 0, None, &email(text)).unwrap().unwrap();
    assert_eq!(of("ada@example.com"), "UNIQUE#User#email#ada@example.com");
    assert_eq!(of("50%#1"), "UNIQUE#User#email#50%25%231");
    assert_eq!(of(""), "UNIQUE#User#email#");
    let badge = [("badge", AttributeValue::from(7)), ("org", AttributeValue::from("o1"))];
    assert_eq!(key(User::SHAPE, 1, Some("t"), &badge).unwrap().unwrap(), "UNIQUE#User#badge#t#o1#7");
    let bytes = [("code", AttributeValue::B(vec![1, 2]))];
    assert_eq!(key(Typed::SHAPE, 0, None, &bytes).unwrap().unwrap(), "UNIQUE#A%23B#code#AQI=");
    let own = GuardKey("UNIQUE#x".into());
    assert_eq!((own.item(User::SHAPE).len(), own.item(Typed::SHAPE).len()), (2, 1));
}

#[test]
fn equal_numbers_have_one_guard() {
    let of = |text: &str| {
        let number = AttributeValue::N(text.parse::<Number>().unwrap());
        key(User::SHAPE, 1, None, &[("badge", number), ("org", AttributeValue::from("o"))]).unwrap()
    };
    assert_eq!(of("100"), of("1E2"));
    assert_eq!(of("1.0"), of("1"));
    assert_ne!(of("1"), of("-1"));
}

#[test]
fn what_is_absent_or_has_no_one_form_has_no_guard() {
    assert_eq!(key(User::SHAPE, 0, None, &[]).unwrap(), None);
    assert_eq!(key(User::SHAPE, 1, None, &[("badge", AttributeValue::from(7))]).unwrap(), None);
    assert_eq!(key(User::SHAPE, 0, None, &[("email", AttributeValue::L(vec![]))]).unwrap(), None);
}

#[test]
fn a_value_too_long_for_a_key_is_refused_without_it() {
    let of = |length| key(User::SHAPE, 0, None, &[("email", AttributeValue::from("x".repeat(length)))]);
    assert!(of(2_048 - "UNIQUE#User#email#".len()).is_ok());
    assert_eq!(
        of(2_049 - "UNIQUE#User#email#".len()).unwrap_err().to_string(),
        "unique attribute `email` makes a guard's key of 2,049 bytes, the limit is 2,048 bytes"
    );
}

#[test]
fn a_key_that_could_be_a_guards_is_refused() {
    let check = |text: &str| check_key(Typed::SHAPE, format!(r#"{{"id":{{"S":"{text}"}}}}"#).as_bytes());
    assert!(check("UNIQUE").is_ok() && check("unique#").is_ok());
    assert!(check("UNIQUE#").is_err_and(|error| error.is_invalid_request()));
    assert!(check("\\u0055NIQUE#Typed#code#AQI=").is_err());
}

#[test]
fn an_owner_is_told_by_its_key() {
    let key = Item::from([
        ("pk".to_owned(), AttributeValue::from("USER#u1")),
        ("sk".to_owned(), AttributeValue::from("PROFILE")),
    ]);
    let guard = as_owner(User::SHAPE, &key);
    let guard: Item = guard.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(owner_of(User::SHAPE, &guard), Some(key));
    assert_eq!(owner_of(User::SHAPE, &Item::new()), None);
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["#", "%", "%23", "%25", "2", "3", "5", "a", "é"]), 0..5)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_two_values_have_one_guard(
        one in (text(), text(), text()),
        other in (text(), text(), text()),
    ) {
        #[derive(Model)]
        #[dynamorm(table = "app", pk = "X#{id}")]
        struct Scoped { id: String, #[dynamorm(unique(scope = org))] name: String, org: String }
        let of = |(tenant, scope, value): &(String, String, String)| {
            let values = [("name", AttributeValue::from(value.as_str())), ("org", AttributeValue::from(scope.as_str()))];
            key(Scoped::SHAPE, 0, Some(tenant), &values).unwrap()
        };
        prop_assert_eq!(of(&one) == of(&other), one == other);
    }
}
