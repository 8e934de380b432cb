//! That `cond!` becomes the calls of the handles, and what it says of mistakes.

use super::condition;
use quote::quote;
use syn::parse::Parser as _;

fn expanded(source: &str) -> String {
    let parsed = (|input: syn::parse::ParseStream<'_>| condition(input, &mut None)).parse_str(source);
    parsed.map_or_else(|error| error.to_string(), |calls| calls.to_string())
}

fn assert_becomes(source: &str, calls: proc_macro2::TokenStream) {
    assert_eq!(expanded(source), calls.to_string(), "{source}");
}

#[test]
fn it_becomes_the_calls_of_the_handles() {
    assert_becomes("User: credits = {amount}", quote!(User::CREDITS.eq(amount)));
    assert_becomes("crate::User: credits <> -3", quote!(crate::User::CREDITS.ne(-3)));
    assert_becomes("User: credits < {a}", quote!(User::CREDITS.lt(a)));
    assert_becomes("User: credits <= {a + 1}", quote!(User::CREDITS.le(a + 1)));
    assert_becomes("User: credits > {f(a, b)}", quote!(User::CREDITS.gt(f(a, b))));
    assert_becomes("User: credits >= floor", quote!(User::CREDITS.ge(User::FLOOR)));
    assert_becomes("User: {5} <= credits", quote!(User::CREDITS.ge(5)));
    assert_becomes("User: 5 > size(tags)", quote!(User::TAGS.size().lt(5)));
    assert_becomes("User: credits BETWEEN 1 AND {2}", quote!(User::CREDITS.between(1, 2)));
    assert_becomes("User: name in (\"a\", {b},)", quote!(User::NAME.is_in(["a", b])));
    assert_becomes("User: attribute_exists(name)", quote!(User::NAME.exists()));
    assert_becomes("User: attribute_not_exists(name)", quote!(User::NAME.not_exists()));
    assert_becomes("User: begins_with(name, {p})", quote!(User::NAME.begins_with(p)));
    assert_becomes("User: contains(tags, name)", quote!(User::TAGS.contains(User::NAME)));
    assert_becomes(
        "User: attribute_type(name, BOOL)",
        quote!(User::NAME.attribute_type(::dynamorm::private::AttributeType::Bool)),
    );
    assert_becomes("User: size(a) >= size(b)", quote!(User::A.size().ge(User::B.size())));
    assert_becomes("User: r#type = true", quote!(User::TYPE.eq(true)));
}

#[test]
fn paths_go_on_by_members_positions_and_keys() {
    assert_becomes(
        "User: lines[0].price = 1",
        quote!(User::LINES.at(0).__member(|members| members.price).eq(1)),
    );
    assert_becomes("User: labels.\"a b\" = 1", quote!(User::LABELS.key("a b").eq(1)));
    assert_becomes("User: labels.{key}[{n}] = 1", quote!(User::LABELS.key(key).at(n).eq(1)));
}

#[test]
fn not_binds_closer_than_and_and_that_closer_than_or() {
    let (a, b, c) = (quote!(User::A.eq(1)), quote!(User::B.eq(2)), quote!(User::C.eq(3)));
    assert_becomes("User: a = 1 OR b = 2 AND c = 3", quote!(#a.or(#b.and(#c))));
    assert_becomes("User: a = 1 and b = 2 or c = 3", quote!(#a.and(#b).or(#c)));
    assert_becomes("User: (a = 1 OR b = 2) AND c = 3", quote!(#a.or(#b).and(#c)));
    assert_becomes("User: NOT a = 1 AND b = 2", quote!((!#a).and(#b)));
    assert_becomes("User: NOT (a = 1 AND NOT b = 2)", quote!((!#a.and((!#b)))));
    assert_becomes(
        "User: a = 1 OR b BETWEEN 1 AND 2 AND c = 3",
        quote!(#a.or(User::B.between(1, 2).and(#c))),
    );
}

#[test]
fn mistakes_are_told_with_what_to_write() {
    let many = vec!["1"; 101].join(", ");
    let problems = [
        "credits = 1",
        "User::CREDITS = 1",
        "User:",
        "User: credits == 1",
        "User: credits != 1",
        "User: credits => 1",
        "User: credits = 1 && active = true",
        "User: credits = 1 & active = true",
        "User: credits = 1 || active = true",
        "User: !active = true",
        "User: active",
        "User: active AND credits = 1",
        "User: size(tags)",
        "User: size(tags, 1) > 1",
        "User: {1} = 2",
        "User: {1} BETWEEN a AND b",
        "User: credits BETWEEN 1, 2",
        "User: credits NOT IN (1)",
        "User: credits IN ()",
        "User: credits IN {list}",
        &format!("User: credits IN ({many})"),
        "User: credits LIKE 1",
        "User: credits = 1 active = true",
        "User: credits = a + 1",
        "User: credits = self.a",
        "User: credits = config::A",
        "User: credits = {}",
        "User: credits = AND active = true",
        "User: credits =",
        "User: begin_with(name, 1)",
        "User: credits = amount()",
        "User: credits = config.amount()",
        "User: exists(name)",
        "User: contains(name)",
        "User: contains(name, 1, 2)",
        "User: contains(name, 1) = true",
        "User: attribute_type(name, X)",
        "User: lines[a].price = 1",
        "User: lines. = 1",
        "User: (credits = 1",
    ]
    .map(|source| format!("{source:.60}  ->  {}", expanded(source)));
    insta::assert_snapshot!(problems.join("\n"), @"
    credits = 1  ->  write whose attributes these are: `cond!(User: credits >= {5})`
    User::CREDITS = 1  ->  write whose attributes these are: `cond!(User: credits >= {5})`
    User:  ->  unexpected end of input, write an attribute, a value in braces or a literal
    User: credits == 1  ->  write `=`
    User: credits != 1  ->  write `<>`
    User: credits => 1  ->  write `>=`
    User: credits = 1 && active = true  ->  write `AND`
    User: credits = 1 & active = true  ->  write `AND`
    User: credits = 1 || active = true  ->  write `OR`
    User: !active = true  ->  write `NOT`
    User: active  ->  compare the attribute: `active = true`
    User: active AND credits = 1  ->  compare the attribute: `active = true`
    User: size(tags)  ->  compare the size: `size(tags) > 3`
    User: size(tags, 1) > 1  ->  `size` takes one attribute: close the parenthesis
    User: {1} = 2  ->  write an attribute on one side of the comparison
    User: {1} BETWEEN a AND b  ->  write an attribute or `size(..)` before `BETWEEN`
    User: credits BETWEEN 1, 2  ->  `BETWEEN` has two bounds: write `AND` and the upper one
    User: credits NOT IN (1)  ->  write `NOT` before the attribute: `NOT status IN ({a}, {b})`
    User: credits IN ()  ->  `IN` has 0 values, it takes 1 to 100
    User: credits IN {list}  ->  `IN` has a list: `IN ({a}, {b})`
    User: credits IN (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,   ->  `IN` has 101 values, it takes 1 to 100
    User: credits LIKE 1  ->  `LIKE` is no operator: write `=`, `<>`, `<`, `<=`, `>`, `>=`, `BETWEEN` or `IN`
    User: credits = 1 active = true  ->  write `AND` or `OR` between two conditions
    User: credits = a + 1  ->  put a value that Rust makes into braces: `{a + b}`
    User: credits = self.a  ->  put a value that Rust makes into braces: `{self..}`
    User: credits = config::A  ->  put a value that Rust makes into braces: `{config..}`
    User: credits = {}  ->  write a value into the braces: `{value}`
    User: credits = AND active = true  ->  write an attribute, a value in braces or a literal before `AND`
    User: credits =  ->  unexpected end of input, write an attribute, a value in braces or a literal
    User: begin_with(name, 1)  ->  unknown function `begin_with`: write `begins_with`
    User: credits = amount()  ->  unknown function `amount`: write one of `attribute_exists`, `attribute_not_exists`, `attribute_type`, `begins_with`, `contains`, `size`, or put a value that Rust makes into braces
    User: credits = config.amount()  ->  put a value that Rust makes into braces: `{a.b()}`
    User: exists(name)  ->  unknown function `exists`: write `attribute_exists`
    User: contains(name)  ->  unexpected end of input, write a comma and what follows: `contains(name, {value})`
    User: contains(name, 1, 2)  ->  `contains` takes no more than this: close the parenthesis
    User: contains(name, 1) = true  ->  write `AND` or `OR` between two conditions
    User: attribute_type(name, X)  ->  write one of DynamoDB's types: `S`, `N`, `B`, `BOOL`, `NULL`, `L`, `M`, `SS`, `NS`, `BS`
    User: lines[a].price = 1  ->  write a position in the list, from 0: `[0]`, or `[{nth}]`
    User: lines. = 1  ->  write the member of a document, or the key of a map in quotes
    User: (credits = 1  ->  cannot parse string into token stream
    ");
}
