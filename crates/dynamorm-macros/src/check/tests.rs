//! Each mistake has one message, which says what to write instead.

use super::*;

fn errors<T>(source: &str, check: fn(&DeriveInput, &mut Errors) -> T) -> Vec<String> {
    let mut errors = Errors::default();
    check(&syn::parse_str(source).unwrap(), &mut errors);
    errors.texts()
}

/// The only mistake of a model whose attributes are `above` and whose fields are `fields`.
fn mistake(above: &str, fields: &str) -> String {
    let found = errors(&format!("{above} struct User {{ {fields} }}"), model);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.concat()
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "{text}");
}

const ID: &str = "#[dynamorm(pk = id)]";

#[test]
fn a_model_without_mistakes_has_no_errors() {
    let above = r#"#[dynamorm(table = "app", pk = "USER#{id}", sk = created)]
        #[dynamorm(index = "by-name", pk = name)] #[dynamorm(local_index = "by-age", sk = age)]"#;
    let fields = "id: String, created: u64, name: String, age: u8, #[dynamorm(version)] version: u64";
    assert_eq!(errors(&format!("{above} struct User {{ {fields} }}"), model), Vec::<String>::new());
}

#[test]
fn all_mistakes_are_found_at_once() {
    let source = r#"#[dynamorm(pk = "USER#{idd}", tabel = "app", keys = "x")]
        struct User { id: String, #[dynamorm(renam = "x", ttl = "1y")] a: Ttl, #[dynamorm(rename = "id")] b: u8 }"#;
    let found = errors(source, model);
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[test]
fn a_model_needs_a_partition_key() {
    says(&mistake("", "id: String"), "write `#[dynamorm(pk = id)]`");
    says(&mistake("#[dynamorm(sk = id)]", "id: String"), "no partition key");
}

#[test]
fn both_forms_at_once_are_refused_once() {
    let fields = r#"id: String, #[dynamorm(sk)] a: String, #[dynamorm(gsi("by-b", pk))] b: String"#;
    says(&mistake(ID, fields), "write `#[dynamorm(sk = a)]` above");
}

#[test]
fn a_key_is_written_once() {
    says(&mistake("#[dynamorm(pk = id, pk = b)]", "id: String, b: String"), "`pk` is written twice");
    says(
        &mistake("#[dynamorm(pk = id)] #[dynamorm(pk = b)]", "id: String, b: String"),
        "`pk` is written twice",
    );
    says(
        &mistake("", "#[dynamorm(pk)] id: String, #[dynamorm(pk)] b: String"),
        "`pk` is the field `id` already",
    );
}

#[test]
fn a_template_names_fields_that_are_stored() {
    says(&mistake(r#"#[dynamorm(pk = "U#{emial}")]"#, "email: String"), "no field `emial`: write `email`");
    says(&mistake(r#"#[dynamorm(pk = "U#{xyz}")]"#, "email: String, b: u8"), "write one of `email`, `b`");
    says(&mistake(r#"#[dynamorm(pk = "U#{id}")]"#, "#[dynamorm(skip)] id: String"), "remove its `skip`");
    says(&mistake(r#"#[dynamorm(pk = "U#{id")]"#, "id: String"), "is not closed");
    says(&mistake(r#"#[dynamorm(pk = "{id}{b}")]"#, "id: String, b: u8"), "write `{id}#{b}`");
}

#[test]
fn raw_keys_may_have_any_separator() {
    let source = r#"#[dynamorm(pk = "{a}{b}", sk = "{a}x{b}", keys = "raw")] struct U { a: u8, b: u8 }"#;
    assert_eq!(errors(source, model), Vec::<String>::new());
}

#[test]
fn a_template_that_is_the_name_of_a_field_is_suspect() {
    says(&mistake(r#"#[dynamorm(pk = "id")]"#, "id: String"), "write `pk = id`");
}

#[test]
fn the_tables_key_has_no_option() {
    says(&mistake(ID, "id: Option<String>"), "remove its `Option`");
}

#[test]
fn attributes_have_different_names() {
    says(&mistake(ID, r#"id: String, #[dynamorm(rename = "id")] b: u8"#), "both the attribute `id`");
    says(&mistake(r#"#[dynamorm(pk = "U#{id}")]"#, "id: String, pk: u8"), "write `pk_attribute = ");
    let index =
        r#"#[dynamorm(pk = "U#{id}")] #[dynamorm(index = "by-b", pk = "B#{id}", pk_attribute = "pk")]"#;
    says(&mistake(index, "id: String"), "another template already");
    says(&mistake(ID, r#"id: String, #[dynamorm(rename = "")] b: u8"#), "1 to 255 bytes");
    says(&mistake(r#"#[dynamorm(pk = id, pk_attribute = "x")]"#, "id: String"), "with `rename`");
}

#[test]
fn unknown_words_are_answered_with_known_ones() {
    let above = |word: &str| mistake(&format!("#[dynamorm(pk = id, {word})]"), "id: String");
    says(&above("primary_key"), "write `pk`");
    says(&above("hash = id"), "write `pk`");
    says(&above("range = id"), "write `sk`");
    says(&above("global_index = \"x\""), "write `index`");
    says(&above("tabel = \"x\""), "write `table`");
    says(&above("version"), "only above a field of a model");
    says(&above("zzz"), "write one of `table`, `pk`");
    let field = |word: &str| mistake(ID, &format!("id: String, #[dynamorm({word})] b: u8"));
    says(&field("ignore"), "write `skip`");
    says(&field("table = \"x\""), "only above a model");
}

#[test]
fn values_have_their_form() {
    says(&mistake("#[dynamorm(pk = id, table = app)]", "id: String"), "in quotes: `table = ");
    says(&mistake("#[dynamorm(pk = id, table)]", "id: String"), "`table` needs a value");
    says(&mistake("#[dynamorm(pk = id, sk)]", "id: String"), "write `sk = field`");
    says(&mistake(r#"#[dynamorm(pk = id, keys = "x")]"#, "id: String"), "`keys = \"raw\"`");
    says(&mistake(r#"#[dynamorm(pk = id, rename_all = "x")]"#, "id: String"), "\"camelCase\"");
    for ttl in ["30", "d", "30y", "0d", "-1d", "99999999999999999w"] {
        let field = format!("id: String, #[dynamorm(ttl = \"{ttl}\")] t: Ttl");
        says(&mistake(ID, &field), "such as \"30d\"");
    }
}

#[test]
fn tables_and_indexes_have_legal_names() {
    says(&mistake(r#"#[dynamorm(pk = id, table = "")]"#, "id: String"), "name of a table has 3 to 255");
    says(&mistake(r#"#[dynamorm(pk = id, table = "my table")]"#, "id: String"), "name of a table");
    says(&mistake(&format!("{ID} #[dynamorm(index = \"i!x\", pk = id)]"), "id: String"), "name of an index");
}

#[test]
fn indexes_have_the_keys_of_their_kind() {
    let above = |index: &str| mistake(&format!("{ID} #[dynamorm({index})]"), "id: String, b: u8");
    says(&above(r#"index = "by-b", sk = b"#), "no partition key: write `pk`");
    says(&above(r#"local_index = "by-b", sk = b"#), "write `sk` for the table");
    says(&above(r#"index = "by-b", pk = b, table = "app""#), "`table` is the table's");
    let sorted = |index: &str| {
        mistake(&format!("#[dynamorm(pk = id, sk = b)] #[dynamorm({index})]"), "id: String, b: u8")
    };
    says(&sorted(r#"local_index = "by-b", pk = b, sk = b"#), "remove `pk`");
    says(&sorted(r#"local_index = "by-b""#), "has no sort key");
    let twice = format!("{ID} #[dynamorm(index = \"by-b\", pk = b)] #[dynamorm(index = \"by-b\", pk = id)]");
    let found = errors(&format!("{twice} struct User {{ id: String, b: u8 }}"), model);
    says(&found.concat(), "there is an index `by-b` already");
}

#[test]
fn indexes_on_fields_have_the_keys_of_their_kind() {
    let on = |word: &str| mistake("", &format!("#[dynamorm(pk)] id: String, #[dynamorm({word})] b: u8"));
    says(&on(r#"gsi("by-b", sk)"#), "no partition key");
    says(&on(r#"gsi("by-b")"#), "`gsi(\"email-index\", pk)`");
    says(&on(r#"gsi("by-b", hash)"#), "`gsi(\"email-index\", pk)`");
    says(&on("lsi(by_b, sk)"), "`lsi(\"by-date\", sk)`");
    says(&on(r#"lsi("by-b", sk)"#), "needs a table with a sort key");
    says(&on(r#"gsi("by-b", pk), lsi("by-b", sk)"#), "both `gsi` and `lsi`");
}

#[test]
fn what_the_library_keeps_is_kept_once_and_out_of_keys() {
    let managed = |a: &str, b: &str| format!("id: String, #[dynamorm({a})] a: u64, #[dynamorm({b})] b: u64");
    says(&mistake(ID, &managed("version", "version")), "`version` is the field `a` already");
    says(&mistake(ID, &managed("ttl", "ttl = \"1d\"")), "`ttl` is the field `a` already");
    says(&mistake(ID, "id: String, #[dynamorm(version, ttl)] a: u64"), "cannot be `version` and `ttl`");
    says(&mistake("", "#[dynamorm(pk, version)] id: u64"), "remove `version`");
    let index = |key: &str| format!("{ID} #[dynamorm(index = \"by-a\", pk = {key})]");
    says(&mistake(&index("\"A#{a}\""), &managed("updated_at", "version")), "without quotes: `a`");
    says(&mistake(&index("a"), &managed("ttl", "version")), "cannot be in a key");
}

#[test]
fn skip_and_flatten_stand_alone() {
    says(&mistake(ID, r#"id: String, #[dynamorm(skip, rename = "x")] b: u8"#), "remove `skip` or `rename`");
    says(&mistake(ID, "id: String, #[dynamorm(skip, flatten)] b: u8"), "remove `skip` or `flatten`");
    says(
        &mistake(ID, r#"id: String, #[dynamorm(flatten, rename = "x")] b: B"#),
        "remove `flatten` or `rename`",
    );
}

#[test]
fn constants_have_different_names() {
    says(&mistake(ID, "id: String, primary_key: u8"), "the constant `PRIMARY_KEY`");
    let index = format!("{ID} #[dynamorm(index = \"by-b\", pk = id)]");
    says(&mistake(&index, "id: String, by_b_index: u8"), "the constant `BY_B_INDEX`");
}

#[test]
fn a_model_is_a_struct_with_named_fields_and_no_parameters() {
    for source in ["struct U(String);", "struct U;", "enum U { A }", "union U { a: u8 }"] {
        says(&errors(source, model).join("|"), "a struct with named fields");
        assert_eq!(errors(source, model).len(), 1);
    }
    says(&mistake_of("#[dynamorm(pk = id)] struct U<T> { id: T }", model), "cannot be generic");
}

fn mistake_of<T>(source: &str, check: fn(&DeriveInput, &mut Errors) -> T) -> String {
    let found = errors(source, check);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.concat()
}

#[test]
fn a_projection_is_of_a_model_and_has_its_fields() {
    says(&mistake_of("struct S { id: String }", project), "`#[dynamorm(of = YourModel)]`");
    says(
        &mistake_of("#[dynamorm(of = U)] struct S { #[dynamorm(version)] v: u64 }", project),
        "`version` does not",
    );
    says(&mistake_of("#[dynamorm(of = U)] struct S {}", project), "at least one field");
    says(&mistake_of("#[dynamorm(of = U)] struct S(u8);", project), "named fields");
    says(&mistake_of("#[dynamorm(model = U, of = U)] struct S { a: u8 }", project), "write `of`");
}

#[test]
fn a_document_is_a_struct_a_newtype_or_an_enum() {
    says(&mistake_of("enum E { A(u8, u8), B }", document), "or fields with names: write `A { … }`");
    says(&mistake_of("enum E { A(), B }", document), "or fields with names: write `A { … }`");
    says(&mistake_of("enum E { A { r#type: u8 }, B }", document), "`type` says which variant it is");
    says(
        &mistake_of("enum E { A { bar_c: u8 }, ABar { c: u8 } }", document),
        "the constant `A_BAR_C` already",
    );
    says(&mistake_of("#[dynamorm(tag = \"\")] enum E { A }", document), "1 to 255 bytes");
    says(&mistake_of("enum E {}", document), "add one");
    says(&mistake_of("struct S(u8, u8);", document), "name the fields");
    says(&mistake_of("struct S;", document), "nothing to store");
    says(&mistake_of("struct S<T>(T);", document), "cannot be generic");
    says(
        &mistake_of("struct S { #[dynamorm(pk)] id: String }", document),
        "`pk` does not stand above a field of a doc",
    );
    says(&mistake_of("enum E { #[dynamorm(rename = \"B\")] A, B }", document), "two variants");
    says(
        &mistake_of("#[dynamorm(rename_all = \"camelCase\")] struct S(u8);", document),
        "only above a model",
    );
}

#[test]
fn a_type_has_an_attribute_to_itself() {
    says(&mistake("#[dynamorm(pk = id, type_attribute = \"_et\")]", "id: String"), "write `type = \"…\"`");
    says(&mistake("#[dynamorm(pk = id, type = \"\")]", "id: String"), "a type has a name");
    says(
        &mistake("#[dynamorm(pk = id, type = \"User\", type_attribute = \"\")]", "id: String"),
        "1 to 255 bytes",
    );
    says(
        &mistake("#[dynamorm(pk = id, type = \"User\")]", "id: String, r#type: String"),
        "the attribute `type` holds the type of the item: give the field `r#type` another `rename`",
    );
    says(
        &mistake("#[dynamorm(pk = \"U#{id}\", type = \"User\", type_attribute = \"pk\")]", "id: String"),
        "the attribute `pk` holds a key already: write `type_attribute = \"…\"`",
    );
    says(
        &mistake("#[dynamorm(pk = id, type = \"U\", schema = 1, schema_attribute = \"type\")]", "id: String"),
        "the attribute `type` holds the type already",
    );
}

#[test]
fn a_schema_has_one_function_from_each_older_one() {
    let above = |words: &str| format!("#[dynamorm(pk = id, {words})]");
    for (words, text) in [
        ("schema = 0", "schemas are counted from 1"),
        ("schema = \"2\"", "write the number of the schema that you write now: `schema = 2`"),
        ("schema = 2", "schema 2 needs 1 function from each schema to the next, and none is written"),
        (
            "schema = 3, upcast(a)",
            "needs 2 functions from each schema to the next, and 1 is written: write `upcast(v1_to_v2, v2_to_v3)`",
        ),
        ("schema = 9, upcast(a)", "`upcast(v1_to_v2, v2_to_v3, v3_to_v4, …)`"),
        ("schema = 1, upcast(a)", "schema 1 is the first, and no item is older"),
        ("upcast(a, b)", "upcast to which schema: write `schema = 3`"),
        ("schema = 1, upcast = a", "`upcast(v1_to_v2, v2_to_v3)`"),
        ("schema_attribute = \"v\"", "write `schema = 1` beside it"),
    ] {
        says(&mistake(&above(words), "id: String"), text);
    }
    assert_eq!(
        errors(&format!("{} struct User {{ id: String }}", above("schema = 3, upcast(a, b)")), model),
        Vec::<String>::new()
    );
}

#[test]
fn shards_are_counted_and_told_by_text() {
    let mistake = |words: &str| mistake(&format!("#[dynamorm({words})]"), "topic: String, at: String");
    for count in ["0", "1", "1001", "65536", "99999999999"] {
        says(
            &mistake(&format!(r#"pk = "L#{{topic}}", sk = "{{at}}", shards = {count}"#)),
            "2 to 1000 shards",
        );
    }
    says(&mistake(r#"pk = "L#{topic}", sk = "{at}", shards = true"#), "`shards = 16`");
    says(&mistake(r#"pk = "L#{topic}", sk = "{at}", shards = 16, shards_from("x")"#), "`shards_from(\"2027");
    says(&mistake(r#"pk = "L#{topic}", sk = "{at}", shards = 16, shards_from("", 32)"#), "a higher sort key");
    says(
        &mistake(r#"pk = "L#{topic}", sk = "A#{at}", shards = 16, shards_from("A#", 32)"#),
        "begin with \"A#\"",
    );
    says(&mistake(r#"pk = "L#{topic}", sk = "{at}", shards = 16, shards_from("x", 16)"#), "only grows");
    for wrong in ["1.5", "true", "7u8"] {
        let words = format!(r#"pk = "L#{{topic}}", sk = at, shards = 16, shards_from({wrong}, 32)"#);
        assert_eq!(
            errors(&format!("#[dynamorm({words})] struct User {{ topic: String, at: u64 }}"), model).len(),
            1
        );
    }
    let mixed = r#"pk = "L#{topic}", sk = "{at}", shards = 2, shards_from(7, 32), shards_from("8", 64)"#;
    says(&mistake(mixed), "all as whole numbers");
    let order = r#"pk = "L#{topic}", sk = "{at}", shards = 2, shards_from(10, 32), shards_from(9, 64)"#;
    says(&mistake(order), "a higher sort key");
    // What the key lacks is the only mistake.
    says(&mistake(r#"pk = "L#{topik}", sk = "{at}", shards = 16"#), "no field `topik`");
}
