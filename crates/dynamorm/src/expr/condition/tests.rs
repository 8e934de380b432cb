//! The text of each condition, and what is refused.

use super::*;
use crate::codec::Writer;
use crate::op::test_models::*;
use crate::{AttributeType, Document, Model, cond};
use std::collections::HashMap;

fn text<M>(condition: &Condition<M>) -> String {
    let mut text = String::new();
    condition.node().push(&mut text, &mut Placeholders::default()).unwrap();
    text
}

fn problem<M>(condition: &Condition<M>) -> String {
    let pushed = condition.node().push(&mut String::new(), &mut Placeholders::default());
    pushed.unwrap_err().to_string()
}

fn any() -> Condition<User> {
    User::CREDITS.eq(1)
}

fn raw(expression: &str) -> Condition<User> {
    Condition::raw(expression, [(":v", 1)])
}

fn texts<M>(conditions: &[Condition<M>]) -> String {
    let texts: Vec<String> = conditions.iter().map(text).collect();
    texts.join("\n")
}

#[derive(Document)]
struct Line {
    price: i64,
    #[dynamorm(rename = "full-name")]
    name: String,
}

#[derive(Model)]
#[dynamorm(pk = "BASKET#{id}")]
struct Basket {
    id: String,
    name: String,
    prefix: Option<String>,
    count: u32,
    limit: Option<u32>,
    lines: Vec<Line>,
    labels: HashMap<String, String>,
    any: AttributeValue,
}

#[test]
fn each_comparison_has_its_text() {
    let conditions = [
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
        User::NICKNAME.attribute_type(AttributeType::Null),
        User::TAGS.size().eq(1),
        User::TAGS.size().ne(1),
        User::TAGS.size().lt(1_u8),
        User::TAGS.size().le(1_u64),
        User::TAGS.size().gt(1_usize),
        User::TAGS.size().ge(1_i64),
        User::TAGS.size().between(1, 2),
        User::TAGS.size().is_in([1, 2]),
    ];
    insta::assert_snapshot!(texts(&conditions), @"
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
    attribute_type(#n0, :v0)
    size(#n0) = :v0
    size(#n0) <> :v0
    size(#n0) < :v0
    size(#n0) <= :v0
    size(#n0) > :v0
    size(#n0) >= :v0
    size(#n0) BETWEEN :v0 AND :v1
    size(#n0) IN (:v0, :v1)
    ");
}

#[test]
fn each_comparison_of_a_path_has_its_text() {
    let price = || Basket::LINES.at(0).dot(Line::PRICE);
    let name = || Basket::LINES.at(0).dot(Line::NAME);
    let conditions = [
        price().eq(1),
        price().ne(1),
        price().lt(1),
        price().le(1),
        price().gt(1),
        price().ge(1),
        price().between(1, 2),
        price().is_in([1, 2]),
        name().begins_with("A"),
        name().contains("a"),
        name().exists(),
        name().not_exists(),
        name().attribute_type(AttributeType::S),
        name().size().ge(1),
        Basket::LABELS.key("env").eq("live"),
        Basket::LINES.at(2).size().eq(Basket::COUNT),
    ];
    insta::assert_snapshot!(texts(&conditions), @"
    #n0[0].#n1 = :v0
    #n0[0].#n1 <> :v0
    #n0[0].#n1 < :v0
    #n0[0].#n1 <= :v0
    #n0[0].#n1 > :v0
    #n0[0].#n1 >= :v0
    #n0[0].#n1 BETWEEN :v0 AND :v1
    #n0[0].#n1 IN (:v0, :v1)
    begins_with(#n0[0].#n1, :v0)
    contains(#n0[0].#n1, :v0)
    attribute_exists(#n0[0].#n1)
    attribute_not_exists(#n0[0].#n1)
    attribute_type(#n0[0].#n1, :v0)
    size(#n0[0].#n1) >= :v0
    #n0.#n1 = :v0
    size(#n0[2]) = #n1
    ");
}

#[test]
fn attributes_paths_and_sizes_are_compared_with_each_other() {
    let conditions = [
        Basket::COUNT.lt(Basket::LIMIT),
        Basket::LIMIT.ge(Basket::COUNT),
        Basket::NAME.eq(Basket::LABELS.key("name")),
        Basket::LABELS.key("name").ne(Basket::PREFIX),
        Basket::LABELS.key("a").between(Basket::LABELS.key("b"), "c"),
        Basket::NAME.is_in([Basket::LABELS.key("a"), Basket::LABELS.key("b")]),
        Basket::NAME.begins_with(Basket::PREFIX),
        Basket::NAME.contains(Basket::LINES.at(0).dot(Line::NAME)),
        Basket::COUNT.eq(Basket::LINES.size()),
        Basket::LIMIT.le(Basket::LINES.size()),
        Basket::NAME.size().gt(Basket::PREFIX.size()),
        Basket::NAME.size().between(Basket::COUNT, Basket::LABELS.size()),
        Basket::NAME.size().is_in([Basket::PREFIX.size(), Basket::LABELS.size()]),
    ];
    insta::assert_snapshot!(texts(&conditions), @"
    #n0 < #n1
    #n0 >= #n1
    #n0 = #n1.#n0
    #n0.#n1 <> #n2
    #n0.#n1 BETWEEN #n0.#n2 AND :v0
    #n0 IN (#n1.#n2, #n1.#n3)
    begins_with(#n0, #n1)
    contains(#n0, #n1[0].#n2)
    #n0 = size(#n1)
    #n0 <= size(#n1)
    size(#n0) > size(#n1)
    size(#n0) BETWEEN #n1 AND size(#n2)
    size(#n0) IN (size(#n1), size(#n2))
    ");
}

#[test]
fn every_side_tells_its_attributes() {
    let mut seen = Vec::new();
    let condition = Basket::NAME.begins_with(Basket::PREFIX)
        & Basket::COUNT.between(Basket::LIMIT, Basket::LINES.size())
        & !Basket::LABELS.key("a").is_in([Basket::ID]);
    condition.node().names(&mut |name| seen.push(name.to_owned()));
    seen.sort();
    assert_eq!(seen, ["count", "id", "labels", "limit", "lines", "name", "prefix"]);
}

#[test]
fn an_attribute_is_not_compared_with_itself() {
    assert_eq!(problem(&Basket::NAME.eq(Basket::NAME)), "attribute `name` is compared with itself");
    let price = || Basket::LINES.at(0).dot(Line::PRICE);
    assert!(problem(&price().between(0, price())).contains("`lines[0].price`"));
    assert!(problem(&Basket::NAME.is_in([Basket::NAME])).contains("itself"));
    assert!(problem(&Basket::NAME.contains(Basket::NAME)).contains("itself"));
    assert_eq!(text(&price().eq(Basket::LINES.at(1).dot(Line::PRICE))), "#n0[0].#n1 = #n0[1].#n1");
    assert_eq!(text(&Basket::NAME.size().eq(Basket::NAME.size())), "size(#n0) = size(#n0)");
}

#[test]
fn what_has_no_order_is_not_ordered() {
    let any = |value: AttributeValue| problem(&Basket::ANY.lt(value));
    assert_eq!(
        any(true.into()),
        "attribute `any` is compared by order with a value of type BOOL, DynamoDB orders S, N and B only"
    );
    assert!(any(AttributeValue::L(vec![])).contains("of type L,"));
    assert!(problem(&Basket::ANY.between(AttributeValue::from(1), AttributeValue::Null)).contains("NULL"));
    assert_eq!(text(&Basket::ANY.lt(AttributeValue::from(1))), "#n0 < :v0");
    assert_eq!(text(&Basket::ANY.eq(AttributeValue::Null)), "#n0 = :v0");
}

/// Names alone are reused, and only where they are the same to the letter.
#[test]
fn placeholders_never_collide() {
    let (mut text, mut request) = (String::new(), Placeholders::default());
    let mut add = |condition: Condition<Basket>| {
        condition.node().push(&mut text, &mut request).unwrap();
        text.push_str("; ");
    };
    add(Basket::NAME.eq("a") | (Basket::NAME.eq("b") & Basket::NAME.eq("c")));
    add(Basket::LABELS.key("Name").eq("d") & Basket::LABELS.key("nAME").eq("e"));
    add(Condition::raw("name = :v0 OR Name = :v1", [("v0", "f"), ("v1", "g")]));
    let mut written = Writer::new();
    request.write(&mut written);
    text.push_str(str::from_utf8(written.as_bytes()).unwrap());
    insta::assert_snapshot!(text, @r##"#n0 = :v0 OR (#n0 = :v1 AND #n0 = :v2); #n1.#n2 = :v3 AND #n1.#n3 = :v4; #n0 = :v5 OR #n2 = :v6; ,"ExpressionAttributeNames":{"#n0":"name","#n1":"labels","#n2":"Name","#n3":"nAME"},"ExpressionAttributeValues":{":v0":{"S":"a"},":v1":{"S":"b"},":v2":{"S":"c"},":v3":{"S":"d"},":v4":{"S":"e"},":v5":{"S":"f"},":v6":{"S":"g"}}"##);
}

#[test]
fn cond_says_what_the_calls_say() {
    let sent = |condition: Condition<Basket>| {
        let (mut text, mut request, mut written) = (String::new(), Placeholders::default(), Writer::new());
        condition.node().push(&mut text, &mut request).unwrap();
        request.write(&mut written);
        text + str::from_utf8(written.as_bytes()).unwrap()
    };
    let (prefix, at, key, bounds) = (String::from("b"), 1, "k".to_owned(), [1, 2]);
    let cases = [
        (cond!(Basket: name = {&prefix}), Basket::NAME.eq(&prefix)),
        (cond!(Basket: name <> "x" and count < 1 or count <= {bounds[0]}), {
            Basket::NAME.ne("x").and(Basket::COUNT.lt(1)).or(Basket::COUNT.le(bounds[0]))
        }),
        (cond!(Basket: 1 < count AND NOT (limit >= count OR {5} = limit)), {
            Basket::COUNT.gt(1).and(!Basket::LIMIT.ge(Basket::COUNT).or(Basket::LIMIT.eq(5)))
        }),
        (cond!(Basket: count BETWEEN {bounds[0]} AND limit AND name IN ("a", {prefix.as_str()})), {
            Basket::COUNT.between(bounds[0], Basket::LIMIT).and(Basket::NAME.is_in(["a", prefix.as_str()]))
        }),
        (cond!(Basket: lines[0].price = -5 AND lines[{at}].name = labels."env" AND labels.{&key} = "x"), {
            let env = Basket::LABELS.key("env");
            let name = Basket::LINES.at(at).dot(Line::NAME).eq(env);
            Basket::LINES.at(0).dot(Line::PRICE).eq(-5).and(name).and(Basket::LABELS.key(&key).eq("x"))
        }),
        (cond!(Basket: size(labels) > 3 AND count = size(lines[0].name) AND size(name) <> size(prefix)), {
            let count = Basket::COUNT.eq(Basket::LINES.at(0).dot(Line::NAME).size());
            Basket::LABELS.size().gt(3).and(count).and(Basket::NAME.size().ne(Basket::PREFIX.size()))
        }),
        (
            cond!(Basket: attribute_exists(lines[0]) AND attribute_not_exists(limit) AND begins_with(name, prefix)),
            {
                let begins = Basket::NAME.begins_with(Basket::PREFIX);
                Basket::LINES.at(0).exists().and(Basket::LIMIT.not_exists()).and(begins)
            },
        ),
        (
            cond!(Basket: attribute_type(any, BOOL) OR attribute_type(any, "SS") OR contains(name, {'x'.to_string()})),
            {
                let any = |kind| Basket::ANY.attribute_type(kind);
                any(AttributeType::Bool).or(any(AttributeType::Ss)).or(Basket::NAME.contains("x"))
            },
        ),
    ];
    for (cond, calls) in cases {
        assert_eq!(sent(cond), sent(calls));
    }
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
        raw("credits = :v") & any(),
        raw("(credits = :v)") & any() | raw("(credits = :v) OR name = :v"),
        !raw("(credits = :v)"),
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
    #n0 = :v0 AND #n0 = :v1
    ((#n0 = :v0) AND #n0 = :v1) OR ((#n0 = :v2) OR #n1 = :v3)
    NOT (#n0 = :v0)
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
    let size = || User::TAGS.size().eq(User::NAME.size());
    text(&(1..75).fold(size(), |condition, _| condition.or(size())));
    assert_eq!(problem(&(1..76).fold(size(), |condition, _| condition.or(size()))), too_many);
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
