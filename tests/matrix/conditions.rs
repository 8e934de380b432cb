//! Conditions and filters: that each comparison, on each kind of path, is true of the right items.

use crate::support::{TestDb, matrix};
use dynamorm::{AttributeType, AttributeValue, Condition, Document, Model, Nullable, Result, cond};
use std::collections::{BTreeMap, BTreeSet, HashMap};

matrix![
    each_comparison_selects_its_items,
    each_function_selects_its_items,
    sizes_are_compared_with_numbers_and_each_other,
    attributes_are_compared_with_each_other,
    members_elements_and_keys_are_compared_at_every_depth,
    the_positions_of_a_list_match,
    joined_conditions_select_their_items,
    conditions_in_words_select_the_same_items,
    attributes_of_a_flattened_struct_are_those_of_the_model,
    raw_conditions_select_the_same_items,
    names_with_hyphens_reserved_words_and_other_letters_are_names,
    names_that_differ_only_in_case_are_two_names,
    any_text_and_any_length_is_data,
    placeholders_of_joined_conditions_never_collide,
    a_write_depends_on_what_is_inside_an_attribute,
    a_filter_uses_no_key_attribute_on_either_side,
];

#[derive(Debug, Clone, Default, PartialEq, Document)]
struct Address {
    city: String,
    floor: Option<i64>,
    next: Option<Box<Address>>,
}

#[derive(Debug, Clone, Default, PartialEq, Document)]
struct Line {
    price: i64,
    options: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Document)]
enum Status {
    #[default]
    Open,
    Paid,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "SHOP", sk = "{id}")]
struct Basket {
    id: String,
    name: String,
    count: i64,
    limit: Option<i64>,
    weight: f64,
    code: Vec<u8>,
    paid: bool,
    status: Status,
    prefix: String,
    tags: BTreeSet<String>,
    sizes: BTreeSet<u32>,
    lines: Vec<Line>,
    numbers: Vec<i64>,
    address: Option<Address>,
    labels: HashMap<String, Address>,
    note: Option<Nullable<String>>,
    any: AttributeValue,
}

fn basket(id: &str) -> Basket {
    Basket {
        id: id.to_owned(),
        name: format!("name {id}"),
        count: 0,
        limit: None,
        weight: 0.5,
        code: vec![1],
        paid: false,
        status: Status::Open,
        prefix: "name".to_owned(),
        tags: BTreeSet::new(),
        sizes: BTreeSet::new(),
        lines: Vec::new(),
        numbers: Vec::new(),
        address: None,
        labels: HashMap::new(),
        note: None,
        any: AttributeValue::Null,
    }
}

/// Three baskets: `a` with little in it, `b` with more, `c` with most.
async fn three(db: &TestDb) -> Result<()> {
    db.create_table::<Basket>().execute().await?;
    let address = |city: &str, next| Address {
        city: city.to_owned(),
        floor: Some(2),
        next: Option::map(next, Box::new),
    };
    let a = Basket { any: 1.into(), ..basket("a") };
    let b = Basket {
        count: 5,
        limit: Some(5),
        weight: 1.5,
        code: vec![1, 2, 3],
        status: Status::Paid,
        tags: ["new".to_owned()].into(),
        lines: vec![Line { price: 10, options: vec![] }],
        address: Some(address("Rome", None)),
        labels: HashMap::from([("home".to_owned(), address("Oslo", None))]),
        note: Some(Nullable::Null),
        any: "text".into(),
        ..basket("b")
    };
    let c = Basket {
        count: 7,
        limit: Some(6),
        weight: 2.5,
        code: vec![2],
        paid: true,
        prefix: "other".to_owned(),
        tags: ["new".to_owned(), "old".to_owned()].into(),
        sizes: [3, 4].into(),
        lines: vec![
            Line { price: 20, options: vec![vec!["red".to_owned(), "big".to_owned()]] },
            Line { price: 30, options: vec![] },
        ],
        numbers: vec![7, 8],
        address: Some(address("Paris", Some(address("Lima", Some(address("Bonn", None)))))),
        labels: HashMap::from([("a.b [0] #n".to_owned(), address("Kyiv", None))]),
        note: Some(Nullable::Value("hello".to_owned())),
        any: vec![1, 2].into(),
        ..basket("c")
    };
    for basket in [a, b, c] {
        db.put(&basket).execute().await?;
    }
    Ok(())
}

/// The ids of the baskets that the condition is true of: by a filter, and then by a check of each.
async fn matching(db: &TestDb, condition: &Condition<Basket>) -> Result<String> {
    let key = Basket::PRIMARY_KEY.partition(());
    let found = db.query::<Basket>().key(key).filter(condition.clone()).all().await?;
    let found: String = found.iter().map(|basket| basket.id.as_str()).collect();
    let mut written = String::new();
    for id in ["a", "b", "c"] {
        let update = db.update(Basket::key(id)).set(Basket::PAID, id == "c");
        match update.condition(condition.clone()).execute().await {
            Ok(()) => written.push_str(id),
            Err(error) if error.is_condition_failed() => {}
            Err(error) => return Err(error),
        }
    }
    assert_eq!(found, written, "as a filter and as a condition: {condition:?}");
    Ok(found)
}

async fn assert_matching(
    db: &TestDb,
    cases: impl IntoIterator<Item = (Condition<Basket>, &str)>,
) -> Result<()> {
    for (condition, expected) in cases {
        assert_eq!(matching(db, &condition).await?, expected, "{condition:?}");
    }
    Ok(())
}

async fn each_comparison_selects_its_items(db: TestDb) -> Result<()> {
    three(&db).await?;
    let cases = [
        (Basket::COUNT.eq(5), "b"),
        (Basket::COUNT.ne(5), "ac"),
        (Basket::COUNT.lt(5), "a"),
        (Basket::COUNT.le(5), "ab"),
        (Basket::COUNT.gt(5), "c"),
        (Basket::COUNT.ge(5), "bc"),
        (Basket::COUNT.between(1, 5), "b"),
        (Basket::COUNT.is_in([0, 7, 9]), "ac"),
        (Basket::LIMIT.eq(5), "b"),
        (Basket::LIMIT.ne(5), "ac"),
        (Basket::LIMIT.lt(100), "bc"),
        (Basket::WEIGHT.gt(0.75), "bc"),
        (Basket::NAME.ge("name b"), "bc"),
        (Basket::CODE.le(vec![1, 2]), "a"),
        (Basket::CODE.between(vec![1, 2], vec![2]), "bc"),
        (Basket::PAID.eq(true), "c"),
        (Basket::STATUS.eq(Status::Paid), "b"),
        (Basket::STATUS.lt(Status::Paid), "ac"),
        (Basket::TAGS.eq(BTreeSet::from(["new".to_owned()])), "b"),
        (Basket::NUMBERS.eq(vec![7, 8]), "c"),
        (Basket::NOTE.eq(Nullable::Null), "b"),
        (Basket::ANY.gt(AttributeValue::from(0)), "a"),
        (Basket::ANY.eq(AttributeValue::from("text")), "b"),
    ];
    assert_matching(&db, cases).await?;
    let hundred = (-99..=0).collect::<Vec<_>>();
    assert_matching(&db, [(Basket::COUNT.is_in(&hundred), "a")]).await
}

async fn each_function_selects_its_items(db: TestDb) -> Result<()> {
    three(&db).await?;
    let cases = [
        (Basket::LIMIT.exists(), "bc"),
        (Basket::LIMIT.not_exists(), "a"),
        (Basket::NOTE.exists(), "bc"),
        (Basket::NAME.begins_with("name b"), "b"),
        (Basket::CODE.begins_with(vec![1]), "ab"),
        (Basket::STATUS.begins_with("Pa"), "b"),
        (Basket::NAME.contains("e c"), "c"),
        (Basket::TAGS.contains("old"), "c"),
        (Basket::SIZES.contains(4), "c"),
        (Basket::NUMBERS.contains(8), "c"),
        (Basket::LINES.contains(Line { price: 10, options: vec![] }), "b"),
        (Basket::NOTE.attribute_type(AttributeType::Null), "b"),
        (Basket::NOTE.attribute_type(AttributeType::S), "c"),
        (Basket::ANY.attribute_type(AttributeType::N), "a"),
        (Basket::ANY.attribute_type(AttributeType::B), "c"),
        (Basket::PAID.attribute_type(AttributeType::Bool), "abc"),
        (Basket::LINES.attribute_type(AttributeType::L), "abc"),
        (Basket::ADDRESS.attribute_type(AttributeType::M), "bc"),
        (Basket::TAGS.attribute_type(AttributeType::Ss), "bc"),
        (Basket::SIZES.attribute_type(AttributeType::Ns), "c"),
        (Basket::SIZES.attribute_type(AttributeType::Bs), ""),
    ];
    assert_matching(&db, cases).await
}

async fn sizes_are_compared_with_numbers_and_each_other(db: TestDb) -> Result<()> {
    three(&db).await?;
    let cases = [
        (Basket::TAGS.size().eq(1), "b"),
        (Basket::TAGS.size().ne(1), "ac"),
        (Basket::LINES.size().lt(2), "ab"),
        (Basket::LINES.size().le(0), "a"),
        (Basket::LINES.size().gt(0), "bc"),
        (Basket::CODE.size().ge(3), "b"),
        (Basket::NAME.size().eq(6), "abc"),
        (Basket::LABELS.size().between(1, 9), "bc"),
        (Basket::ADDRESS.size().eq(3), "c"),
        (Basket::LINES.size().is_in([0, 2]), "ac"),
        (Basket::TAGS.size().eq(Basket::LINES.size()), "bc"),
        (Basket::LINES.size().le(Basket::COUNT), "abc"),
        (Basket::COUNT.gt(Basket::LINES.size()), "bc"),
        (Basket::ADDRESS.dot(Address::CITY).size().eq(5), "c"),
        (Basket::LINES.at(0).dot(Line::OPTIONS).at(0).size().eq(2), "c"),
    ];
    assert_matching(&db, cases).await
}

async fn attributes_are_compared_with_each_other(db: TestDb) -> Result<()> {
    three(&db).await?;
    let cases = [
        (Basket::COUNT.eq(Basket::LIMIT), "b"),
        (Basket::COUNT.gt(Basket::LIMIT), "c"),
        (Basket::LIMIT.ge(Basket::COUNT), "b"),
        (Basket::COUNT.between(Basket::LIMIT, 7), "bc"),
        (Basket::COUNT.is_in([Basket::LIMIT]), "b"),
        (Basket::NAME.begins_with(Basket::PREFIX), "ab"),
        (Basket::NAME.contains(Basket::PREFIX), "ab"),
        (Basket::NUMBERS.contains(Basket::COUNT), "c"),
        (Basket::LINES.at(0).dot(Line::PRICE).gt(Basket::COUNT), "bc"),
        (Basket::LINES.at(0).dot(Line::PRICE).lt(Basket::LINES.at(1).dot(Line::PRICE)), "c"),
    ];
    assert_matching(&db, cases).await
}

async fn members_elements_and_keys_are_compared_at_every_depth(db: TestDb) -> Result<()> {
    three(&db).await?;
    let next = || Basket::ADDRESS.dot(Address::NEXT);
    let option = || Basket::LINES.at(0).dot(Line::OPTIONS).at(0);
    let cases = [
        (Basket::ADDRESS.dot(Address::CITY).eq("Paris"), "c"),
        (Basket::ADDRESS.dot(Address::CITY).ne("Paris"), "ab"),
        (Basket::ADDRESS.dot(Address::FLOOR).ge(2), "bc"),
        (next().exists(), "c"),
        (next().dot(Address::NEXT).dot(Address::CITY).begins_with("Bo"), "c"),
        (next().dot(Address::NEXT).dot(Address::NEXT).not_exists(), "abc"),
        (option().contains("red"), "c"),
        (option().at(1).is_in(["big", "small"]), "c"),
        (option().at(2).exists(), ""),
        (Basket::LABELS.key("home").dot(Address::CITY).eq("Oslo"), "b"),
        (Basket::LABELS.key("a.b [0] #n").dot(Address::CITY).between("K", "L"), "c"),
        (Basket::LABELS.key("a").dot(Address::CITY).exists(), ""),
        (Basket::LABELS.key("home").attribute_type(AttributeType::M), "b"),
    ];
    assert_matching(&db, cases).await
}

async fn the_positions_of_a_list_match(db: TestDb) -> Result<()> {
    three(&db).await?;
    let cases = [
        (Basket::NUMBERS.at(0).eq(7), "c"),
        (Basket::NUMBERS.at(1).eq(7), ""),
        (Basket::NUMBERS.at(1).gt(7), "c"),
        (Basket::LINES.at(0).dot(Line::PRICE).le(10), "b"),
        (Basket::LINES.at(1).dot(Line::PRICE).eq(30), "c"),
        (Basket::LINES.at(1).exists(), "c"),
        (Condition::raw("numbers[0] = :n AND lines[1].price > :n", [("n", 7)]), "c"),
    ];
    assert_matching(&db, cases).await
}

async fn joined_conditions_select_their_items(db: TestDb) -> Result<()> {
    three(&db).await?;
    let (few, many) = (Basket::COUNT.lt(6), Basket::LINES.size().gt(0));
    let cases = [
        (few.clone().and(many.clone()), "b"),
        (few.clone() | many.clone(), "abc"),
        (!few.clone(), "c"),
        (!(few.clone() & many.clone()), "ac"),
        ((!few.clone() | Basket::NAME.eq("name a")) & !many.clone(), "a"),
        (!few.clone() | Basket::NAME.eq("name a") & !many.clone(), "ac"),
        (!!few, "ab"),
    ];
    assert_matching(&db, cases).await
}

async fn raw_conditions_select_the_same_items(db: TestDb) -> Result<()> {
    three(&db).await?;
    let cases = [
        (
            Condition::raw(
                "count >= :n AND NOT paid = :t",
                [("n", 5.into()), ("t", AttributeValue::from(true))],
            ),
            "b",
        ),
        (Condition::raw("count = limit OR size(lines) = :n", [("n", 0)]), "ab"),
        (Condition::raw("address.next.city IN (:a, :b)", [("a", "Lima"), ("b", "Rome")]), "c"),
        (
            Condition::raw("size(name) BETWEEN :a AND :b AND attribute_exists(limit)", [("a", 1), ("b", 6)]),
            "bc",
        ),
        (Condition::raw("begins_with(name, prefix) AND attribute_type(limit, :t)", [("t", "N")]), "b"),
        (Condition::raw("NOT (contains(tags, :t) OR limit < count)", [("t", "new")]), "a"),
        (!Condition::raw("(count = :n)", [("n", 5)]) & Basket::COUNT.gt(0), "c"),
        (Basket::PAID.eq(true) | Condition::raw("(count = :n) OR (count = :m)", [("n", 0), ("m", 1)]), "ac"),
    ];
    assert_matching(&db, cases).await
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "NAMES#{id}")]
struct Names {
    id: String,
    #[dynamorm(rename = "first-name")]
    first_name: String,
    size: i64,
    #[dynamorm(rename = "attribute_exists")]
    exists: i64,
    #[dynamorm(rename = "in.a [0] #x :y")]
    strange: i64,
    name: String,
    #[dynamorm(rename = "nAME")]
    other_name: String,
    script: String,
    data: Vec<u8>,
    list: Vec<i64>,
    map: BTreeMap<String, String>,
}

fn names() -> Names {
    Names {
        id: "n".to_owned(),
        first_name: "Ada".to_owned(),
        size: 1,
        exists: 2,
        strange: 3,
        name: "lower".to_owned(),
        other_name: "mixed".to_owned(),
        script: "<script>-- ; DROP TABLE".to_owned(),
        data: vec![7; 10_000],
        list: (0..1_000).collect(),
        map: BTreeMap::from([("a-b c.d[0]".to_owned(), "x -- y".to_owned())]),
    }
}

async fn names_hold(db: &TestDb, condition: Condition<Names>) -> Result<bool> {
    Ok(db.query::<Names>().key(Names::PRIMARY_KEY.partition("n")).filter(condition).count().await? == 1)
}

async fn names_with_hyphens_reserved_words_and_other_letters_are_names(db: TestDb) -> Result<()> {
    db.create_table::<Names>().execute().await?;
    db.put(&names()).execute().await?;
    assert!(names_hold(&db, Names::FIRST_NAME.eq("Ada")).await?);
    assert!(names_hold(&db, Names::SIZE.eq(1) & Names::EXISTS.eq(2) & Names::STRANGE.eq(3)).await?);
    assert!(!names_hold(&db, Names::STRANGE.eq(4)).await?);
    let raw = Condition::raw(
        "first-name = :a AND size = :n",
        [(":a", "Ada".into()), (":n", AttributeValue::from(1))],
    );
    assert!(names_hold(&db, raw).await?);
    Ok(())
}

async fn names_that_differ_only_in_case_are_two_names(db: TestDb) -> Result<()> {
    db.create_table::<Names>().execute().await?;
    db.put(&names()).execute().await?;
    assert!(names_hold(&db, Names::NAME.eq("lower") & Names::OTHER_NAME.eq("mixed")).await?);
    assert!(!names_hold(&db, Names::OTHER_NAME.eq("lower")).await?);
    assert!(names_hold(&db, Names::NAME.ne(Names::OTHER_NAME)).await?);
    Ok(())
}

async fn any_text_and_any_length_is_data(db: TestDb) -> Result<()> {
    db.create_table::<Names>().execute().await?;
    db.put(&names()).execute().await?;
    assert_eq!(db.get(Names::key("n")).one().await?, names());
    assert!(names_hold(&db, Names::SCRIPT.eq(names().script)).await?);
    assert!(names_hold(&db, Names::DATA.eq(vec![7; 10_000]) & Names::LIST.at(999).eq(999)).await?);
    assert!(names_hold(&db, Names::MAP.key("a-b c.d[0]").contains(" -- ")).await?);
    Ok(())
}

async fn placeholders_of_joined_conditions_never_collide(db: TestDb) -> Result<()> {
    three(&db).await?;
    let is = |count: i64, name: &str| Basket::COUNT.eq(count) & Basket::NAME.eq(name);
    let raw = |count: i64| Condition::raw("count = :v0 OR count = :v1", [("v0", count), ("v1", count)]);
    let cases = [
        ((is(0, "name b") | is(5, "name b")) & (raw(5) | raw(7)), "b"),
        (is(0, "name a") | is(5, "name a") | is(7, "name c"), "ac"),
        (raw(0) | raw(7), "ac"),
    ];
    assert_matching(&db, cases).await
}

async fn a_write_depends_on_what_is_inside_an_attribute(db: TestDb) -> Result<()> {
    three(&db).await?;
    let in_paris = || Basket::ADDRESS.dot(Address::CITY).eq("Paris");
    let error = db.delete(Basket::key("b")).condition(in_paris()).execute().await.unwrap_err();
    assert!(error.is_condition_failed());
    let put = db.put(&basket("c")).condition(in_paris() & Basket::LINES.at(1).exists());
    put.execute().await?;
    assert!(db.delete(Basket::key("c")).condition(in_paris()).execute().await.is_err());
    db.delete(Basket::key("c")).condition(!in_paris()).execute().await?;
    assert_eq!(db.get(Basket::key("c")).optional().await?, None);
    Ok(())
}

#[derive(Debug, Model)]
#[dynamorm(pk = customer, sk = number)]
struct Order {
    customer: String,
    number: u32,
    seller: String,
}

async fn a_filter_uses_no_key_attribute_on_either_side(db: TestDb) -> Result<()> {
    db.create_table::<Order>().execute().await?;
    let order = Order { customer: "u1".to_owned(), number: 1, seller: "u1".to_owned() };
    db.put(&order).execute().await?;
    let (of_customer, calls) = (Order::PRIMARY_KEY.partition("u1"), db.calls());
    for filter in [
        Order::CUSTOMER.eq(Order::SELLER),
        Order::SELLER.eq(Order::CUSTOMER),
        Order::SELLER.is_in([Order::CUSTOMER]),
        Order::SELLER.begins_with(Order::CUSTOMER),
        Order::SELLER.size().eq(Order::NUMBER),
        Order::SELLER.size().eq(Order::CUSTOMER.size()),
        Condition::raw("size(seller) = number", [("", 0); 0]),
    ] {
        let error = db.query::<Order>().key(of_customer.clone()).filter(filter).all().await.unwrap_err();
        assert!(error.to_string().contains("which is in the key that is queried"), "{error}");
    }
    assert_eq!(db.calls(), calls);
    // A write may look at its key.
    let own = Order::SELLER.eq(Order::CUSTOMER) & Order::SELLER.size().gt(Order::NUMBER);
    db.delete(Order::key("u1", 1)).condition(own).execute().await?;
    let rest: Vec<Order> = db.query::<Order>().key(of_customer).all().await?;
    assert!(rest.is_empty());
    Ok(())
}

async fn conditions_in_words_select_the_same_items(db: TestDb) -> Result<()> {
    three(&db).await?;
    let (city, nth) = ("Paris", 1);
    let cases = [
        (cond!(Basket: count >= 5 AND NOT paid = true), "b"),
        (cond!(Basket: address.city = {city} OR size(lines) = 0), "ac"),
        (cond!(Basket: lines[{nth}].price = 30 AND address.next.next.city IN ("Bonn", "Rome")), "c"),
        (cond!(Basket: count BETWEEN limit AND 7 AND begins_with(name, {"name"})), "bc"),
        (cond!(Basket: labels."home".city = "Oslo" OR labels.{"a.b [0] #n"}.city > "K"), "bc"),
        (cond!(Basket: attribute_type(note, NULL) OR contains(numbers, {count_of_c()})), "bc"),
        (cond!(Basket: attribute_not_exists(limit) AND status = {Status::Open}), "a"),
    ];
    assert_matching(&db, cases).await
}

fn count_of_c() -> i64 {
    7
}

#[derive(Debug, PartialEq, Document)]
struct Entity {
    tenant: String,
    #[dynamorm(flatten)]
    place: Place,
}

#[derive(Debug, PartialEq, Document)]
struct Place {
    #[dynamorm(rename = "the-city")]
    city: String,
}

#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "FLAT", sk = "{id}")]
struct Flat {
    id: String,
    #[dynamorm(flatten)]
    entity: Entity,
    nested: Entity,
}

async fn attributes_of_a_flattened_struct_are_those_of_the_model(db: TestDb) -> Result<()> {
    db.create_table::<Flat>().execute().await?;
    let entity = |tenant: &str, city: &str| Entity {
        tenant: tenant.to_owned(),
        place: Place { city: city.to_owned() },
    };
    for (id, tenant) in [("a", "acme"), ("b", "other")] {
        let flat = Flat { id: id.to_owned(), entity: entity(tenant, "Rome"), nested: entity("none", "Oslo") };
        db.put(&flat).execute().await?;
    }
    let city = || Entity::PLACE.dot(Place::CITY);
    for (condition, expected) in [
        (Flat::ENTITY.dot(Entity::TENANT).eq("acme"), "a"),
        (cond!(Flat: entity.tenant <> "acme"), "b"),
        (Flat::ENTITY.dot(city()).eq("Rome"), "ab"),
        (Flat::NESTED.dot(city()).begins_with("Os"), "ab"),
        (Flat::NESTED.dot(city()).eq("Rome"), ""),
    ] {
        let found = db.query::<Flat>().key(Flat::PRIMARY_KEY.partition(())).filter(condition).all().await?;
        assert_eq!(found.iter().map(|flat| flat.id.as_str()).collect::<String>(), expected);
    }
    Ok(())
}
