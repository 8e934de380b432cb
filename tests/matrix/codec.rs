//! Every type that can be stored comes back from the engine as it went.

use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{AttributeValue, Document, ErrorKind, Item, Model, Nullable, Number, Result, Timestamp, Ttl};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

matrix![
    scalars_come_back_as_they_went,
    numbers_are_exact_to_38_digits,
    collections_come_back_as_they_went,
    documents_nested_three_levels_come_back_as_they_went,
    absent_null_and_a_value_come_back_as_three_things,
    dynamic_values_come_back_as_they_went,
    any_item_can_be_read_dynamically,
    an_old_item_without_an_attribute_is_an_error_that_names_it,
    an_attribute_of_another_type_is_an_error_that_names_it,
    unknown_attributes_are_ignored_on_read,
    an_attribute_that_is_skipped_is_not_stored,
    what_is_no_number_is_refused_before_the_network,
    a_number_that_does_not_fit_is_an_error_and_never_rounded,
];

#[derive(Debug, Clone, PartialEq, Model)]
struct Scalars {
    #[dynamorm(pk)]
    id: String,
    text: String,
    cow: Cow<'static, str>,
    arc: Arc<str>,
    yes: bool,
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    i128: i128,
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    u128: u128,
    f32: f32,
    f64: f64,
    number: Number,
    time: Timestamp,
    expires: Ttl,
    bytes: Vec<u8>,
    four: [u8; 4],
    boxed: Box<i64>,
}

/// The largest number of 38 digits.
const NINES: u128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

async fn scalars_come_back_as_they_went(db: TestDb) -> Result<()> {
    db.create_table::<Scalars>().execute().await?;
    let high = Scalars {
        id: "high".to_owned(),
        text: "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}é\u{2028}\u{10FFFF}😀".to_owned(),
        cow: Cow::Borrowed("cow"),
        arc: Arc::from("arc"),
        yes: true,
        i8: i8::MAX,
        i16: i16::MAX,
        i32: i32::MAX,
        i64: i64::MAX,
        i128: NINES as i128,
        u8: u8::MAX,
        u16: u16::MAX,
        u32: u32::MAX,
        u64: u64::MAX,
        u128: NINES,
        f32: 0.1,
        f64: 0.1 + 0.2,
        number: "-1.2345678901234567890123456789012345678E-120".parse()?,
        time: Timestamp::MAX,
        expires: Ttl::at(Timestamp::from_epoch_seconds(4_000_000_000)),
        bytes: (0..=255).collect(),
        four: [0, 1, 254, 255],
        boxed: Box::new(7),
    };
    let low = Scalars {
        id: "low".to_owned(),
        text: String::new(),
        cow: Cow::Borrowed(""),
        arc: Arc::from(""),
        yes: false,
        i8: i8::MIN,
        i16: i16::MIN,
        i32: i32::MIN,
        i64: i64::MIN,
        i128: -(NINES as i128),
        u8: 0,
        u16: 0,
        u32: 0,
        u64: 0,
        u128: 0,
        f32: -1e30,
        f64: 9.99e125,
        number: Number::ZERO,
        time: Timestamp::MIN,
        expires: Ttl::at(Timestamp::from_epoch_seconds(0)),
        bytes: Vec::new(),
        four: [0; 4],
        boxed: Box::new(-7),
    };
    for item in [high, low] {
        db.put(&item).execute().await?;
        assert_eq!(db.get(Scalars::key(item.id.as_str())).one().await?, item);
    }
    Ok(())
}

async fn numbers_are_exact_to_38_digits(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Exact {
        #[dynamorm(pk)]
        id: u32,
        number: Number,
        small: f64,
    }

    db.create_table::<Exact>().execute().await?;
    let numbers = [
        "99999999999999999999999999999999999999",
        "-99999999999999999999999999999999999999",
        "0.00000000000000000000000000000000000001",
        "1234567890.1234567890123456789012345678",
        "1e125",
        "1e-130",
        "-9.9999999999999999999999999999999999999e125",
        "100",
        "0",
    ];
    for (id, text) in (0..).zip(numbers) {
        let item = Exact { id, number: text.parse()?, small: 1e-100 };
        db.put(&item).execute().await?;
        assert_eq!(db.get(Exact::key(id)).one().await?, item, "{text}");
    }
    // A sum is exact where a float's is not.
    let tenth: Number = "0.1".parse()?;
    db.put(&Exact { id: 99, number: tenth, small: 0.0 }).execute().await?;
    let sum = db.update(Exact::key(99)).add(Exact::NUMBER, "0.2".parse::<Number>()?).returning_new().await?;
    assert_eq!(sum.number, "0.3".parse()?);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Collections {
    #[dynamorm(pk)]
    id: String,
    texts: BTreeSet<String>,
    numbers: BTreeSet<i64>,
    exact: BTreeSet<Number>,
    bytes: BTreeSet<Vec<u8>>,
    hashed: HashSet<String>,
    list: Vec<String>,
    pair: [i32; 2],
    lists: Vec<Vec<u32>>,
    map: BTreeMap<String, i64>,
    hash_map: HashMap<String, Vec<bool>>,
    optional: Vec<Option<u32>>,
}

async fn collections_come_back_as_they_went(db: TestDb) -> Result<()> {
    db.create_table::<Collections>().execute().await?;
    let full = Collections {
        id: "full".to_owned(),
        texts: ["a", "", "é"].map(str::to_owned).into(),
        numbers: [i64::MIN, 0, i64::MAX].into(),
        exact: ["0.1".parse()?, "1e20".parse()?].into(),
        bytes: [vec![0], vec![255, 0]].into(),
        hashed: ["x", "y"].map(str::to_owned).into(),
        list: vec!["b".to_owned(), "a".to_owned(), "a".to_owned(), String::new()],
        pair: [1, -1],
        lists: vec![vec![], vec![1, 2]],
        map: [("one".to_owned(), 1), ("a.b[0] #:".to_owned(), 2)].into(),
        hash_map: [("flags".to_owned(), vec![true, false])].into(),
        optional: vec![Some(1), None],
    };
    let empty = Collections {
        id: "empty".to_owned(),
        texts: BTreeSet::new(),
        numbers: BTreeSet::new(),
        exact: BTreeSet::new(),
        bytes: BTreeSet::new(),
        hashed: HashSet::new(),
        list: Vec::new(),
        pair: [0, 0],
        lists: Vec::new(),
        map: BTreeMap::new(),
        hash_map: HashMap::new(),
        optional: Vec::new(),
    };
    for item in [full, empty] {
        db.put(&item).execute().await?;
        assert_eq!(db.get(Collections::key(item.id.as_str())).one().await?, item);
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Company {
    name: String,
    address: Address,
    branches: Vec<Address>,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamorm(rename_all = "camelCase")]
struct Address {
    street_name: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    city: String,
    country: Option<String>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[dynamorm(rename_all = "snake_case")]
enum Kind {
    Capital,
    SmallTown,
}

#[derive(Debug, Clone, PartialEq, Eq, Document)]
struct Code(u32);

#[derive(Debug, Clone, PartialEq, Model)]
struct Person {
    #[dynamorm(pk)]
    id: String,
    company: Company,
    second: Option<Company>,
    by_name: BTreeMap<String, Company>,
    kind: Kind,
    kinds: Vec<Kind>,
    code: Code,
}

async fn documents_nested_three_levels_come_back_as_they_went(db: TestDb) -> Result<()> {
    db.create_table::<Person>().execute().await?;
    let address = |city: &str, kind: Kind| Address {
        street_name: "Main".to_owned(),
        place: Place { city: city.to_owned(), country: None, kind },
    };
    let company = Company {
        name: "ACME".to_owned(),
        address: address("Paris", Kind::Capital),
        branches: vec![address("Giverny", Kind::SmallTown), address("Rome", Kind::Capital)],
    };
    let person = Person {
        id: "p".to_owned(),
        company: company.clone(),
        second: None,
        by_name: [("acme".to_owned(), company.clone())].into(),
        kind: Kind::SmallTown,
        kinds: vec![Kind::Capital],
        code: Code(7),
    };
    db.put(&person).execute().await?;
    assert_eq!(db.get(Person::key("p")).one().await?, person);
    db.update(Person::key("p")).set(Person::SECOND, company.clone()).execute().await?;
    let error = db.put(&person).if_not_exists().returning_old_on_failure().execute().await.unwrap_err();
    assert_eq!(error.item::<Person>()?, Some(Person { second: Some(company), ..person }));
    let stored = error.item::<Item>()?.unwrap();
    let address = stored["company"].as_m().unwrap()["address"].as_m().unwrap();
    assert_eq!(address["streetName"].as_s(), Some("Main"));
    assert_eq!(address["place"].as_m().unwrap()["kind"].as_s(), Some("capital"));
    assert_eq!(stored["code"].as_n(), Some(7.into()));
    Ok(())
}

async fn absent_null_and_a_value_come_back_as_three_things(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Three {
        #[dynamorm(pk)]
        id: u32,
        maybe: Option<String>,
        null: Nullable<String>,
        both: Option<Nullable<i64>>,
    }

    db.create_table::<Three>().execute().await?;
    let both = [None, Some(Nullable::Null), Some(Nullable::Value(1))];
    for (id, both) in (0..).zip(both) {
        let null = Nullable::from((id == 1).then(|| "x".to_owned()));
        let item = Three { id, maybe: (id == 2).then(String::new), null, both };
        db.put(&item).execute().await?;
        assert_eq!(db.get(Three::key(id)).one().await?, item);
        let error = db
            .put(&item)
            .condition(Three::BOTH.exists() & Three::BOTH.not_exists())
            .returning_old_on_failure();
        let stored = error.execute().await.unwrap_err().item::<Item>()?.unwrap();
        assert_eq!(stored.contains_key("both"), id > 0);
        assert_eq!(stored.contains_key("maybe"), id == 2);
        assert!(stored.contains_key("null"));
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Dynamic {
    #[dynamorm(pk)]
    id: String,
    value: AttributeValue,
    map: Item,
}

fn every_type() -> AttributeValue {
    let set = |texts: [&str; 2]| BTreeSet::from(texts.map(str::to_owned));
    AttributeValue::M(
        [
            ("s", AttributeValue::from("é")),
            ("n", AttributeValue::N("1.5".parse().unwrap())),
            ("b", AttributeValue::B(vec![1, 2])),
            ("bool", AttributeValue::Bool(false)),
            ("null", AttributeValue::Null),
            ("l", AttributeValue::L(vec![true.into(), AttributeValue::Null, AttributeValue::L(vec![])])),
            ("m", AttributeValue::M(Item::new())),
            ("ss", AttributeValue::Ss(set(["b", "a"]))),
            ("ns", AttributeValue::Ns(BTreeSet::from([20, -1].map(Number::from)))),
            ("bs", AttributeValue::Bs(BTreeSet::from([vec![0], vec![1]]))),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
    )
}

async fn dynamic_values_come_back_as_they_went(db: TestDb) -> Result<()> {
    db.create_table::<Dynamic>().execute().await?;
    let map = every_type().as_m().unwrap().clone();
    let item = Dynamic { id: "d".to_owned(), value: every_type(), map };
    db.put(&item).execute().await?;
    assert_eq!(db.get(Dynamic::key("d")).one().await?, item);
    let null = Dynamic { value: AttributeValue::Null, ..item };
    db.put(&null).execute().await?;
    assert_eq!(db.get(Dynamic::key("d")).one().await?, null);
    let empty = Dynamic { value: AttributeValue::Ss(BTreeSet::new()), ..null };
    assert_eq!(db.put(&empty).execute().await.unwrap_err().kind(), ErrorKind::Codec);
    Ok(())
}

async fn any_item_can_be_read_dynamically(db: TestDb) -> Result<()> {
    db.create_table::<Dynamic>().execute().await?;
    let map = every_type().as_m().unwrap().clone();
    let item = Dynamic { id: "d".to_owned(), value: every_type(), map };
    db.put(&item).execute().await?;
    let error = db.put(&item).if_not_exists().returning_old_on_failure().execute().await.unwrap_err();
    let read = error.item::<Item>()?.unwrap();
    assert_eq!(read.keys().collect::<Vec<_>>(), ["id", "map", "value"]);
    assert_eq!((&read["value"], read["id"].as_s()), (&every_type(), Some("d")));
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Strict {
    #[dynamorm(pk)]
    id: String,
    count: u8,
    #[dynamorm(skip)]
    cached: u32,
}

async fn put_json(db: &TestDb, item: serde_json::Value) {
    db.send_json(Operation::PutItem, serde_json::json!({ "Item": item })).await;
}

async fn an_old_item_without_an_attribute_is_an_error_that_names_it(db: TestDb) -> Result<()> {
    db.create_table::<Strict>().execute().await?;
    put_json(&db, serde_json::json!({ "id": { "S": "s" } })).await;
    let error = db.get(Strict::key("s")).one().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    let text = format!("GetItem on \"{}\": attribute `count` is missing", db.table_name());
    assert_eq!(error.to_string(), text);
    let error = db.query::<Strict>().key(Strict::PRIMARY_KEY.partition("s")).all().await.unwrap_err();
    assert!(error.to_string().ends_with("attribute `count` is missing"), "{error}");
    Ok(())
}

async fn an_attribute_of_another_type_is_an_error_that_names_it(db: TestDb) -> Result<()> {
    db.create_table::<Strict>().execute().await?;
    put_json(&db, serde_json::json!({ "id": { "S": "s" }, "count": { "S": "12" } })).await;
    let error = db.get(Strict::key("s")).one().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("`count`") && !error.to_string().contains("12"), "{error}");
    Ok(())
}

async fn unknown_attributes_are_ignored_on_read(db: TestDb) -> Result<()> {
    db.create_table::<Strict>().execute().await?;
    let item = serde_json::json!({
        "a": { "L": [{ "M": { "x": { "NULL": true } } }] },
        "id": { "S": "s" }, "count": { "N": "12" }, "z": { "BS": ["AQ=="] },
    });
    put_json(&db, item).await;
    assert_eq!(db.get(Strict::key("s")).one().await?.count, 12);
    Ok(())
}

async fn an_attribute_that_is_skipped_is_not_stored(db: TestDb) -> Result<()> {
    db.create_table::<Strict>().execute().await?;
    let item = Strict { id: "s".to_owned(), count: 1, cached: 9 };
    db.put(&item).execute().await?;
    assert_eq!(db.get(Strict::key("s")).one().await?, Strict { cached: 0, ..item });
    Ok(())
}

async fn what_is_no_number_is_refused_before_the_network(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Price {
        #[dynamorm(pk)]
        id: String,
        price: f64,
        wide: u128,
        prices: Vec<f32>,
    }

    let price = Price { id: "p".to_owned(), price: 1.0, wide: 1, prices: vec![] };
    let bad = [
        (Price { price: f64::NAN, ..price.clone() }, "`price`"),
        (Price { price: f64::NEG_INFINITY, ..price.clone() }, "`price`"),
        (Price { wide: NINES + 2, ..price.clone() }, "`wide`"),
        (Price { prices: vec![1.0, f32::NAN], ..price }, "`prices[1]`"),
    ];
    for (item, name) in bad {
        let error = db.put(&item).execute().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert!(error.to_string().contains(name), "{error}");
    }
    let update = db.update(Price::key("p")).set(Price::PRICE, f64::NAN).execute().await;
    assert!(update.unwrap_err().to_string().contains("`price`"));
    let condition = db.delete(Price::key("p")).condition(Price::PRICE.gt(f64::NAN)).execute().await;
    assert!(condition.unwrap_err().to_string().contains("`price`"));
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_number_that_does_not_fit_is_an_error_and_never_rounded(db: TestDb) -> Result<()> {
    db.create_table::<Strict>().execute().await?;
    for number in ["256", "-1", "1.5", "1e2", "1e3"] {
        put_json(&db, serde_json::json!({ "id": { "S": "s" }, "count": { "N": number } })).await;
        let read = db.get(Strict::key("s")).one().await;
        match number {
            "1e2" => assert_eq!(read?.count, 100),
            _ => {
                let error = read.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Codec, "{number}");
                assert!(error.to_string().contains("`count`"), "{error}");
            }
        }
    }
    Ok(())
}
