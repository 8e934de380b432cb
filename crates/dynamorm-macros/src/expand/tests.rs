//! Snapshots of what is emitted, each with its input in the header.

use proc_macro2::TokenStream;
use syn::DeriveInput;

fn expanded(source: &str, derive: fn(&DeriveInput) -> TokenStream) -> String {
    let tokens = derive(&syn::parse_str(source).unwrap());
    prettyplease::unparse(&syn::parse2(tokens).unwrap())
}

macro_rules! snapshot {
    ($name:ident, $derive:path, $source:literal) => {
        #[test]
        fn $name() {
            let source = $source;
            insta::with_settings!({
                description => source,
                omit_expression => true,
                prepend_module_to_snapshot => false,
                snapshot_path => "snapshots",
            }, {
                insta::assert_snapshot!(stringify!($name), expanded(source, $derive));
            });
        }
    };
}

snapshot!(
    model_with_templates,
    crate::model,
    r#"#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = email)]
#[dynamorm(index = "by-tenant", pk = "TENANT#{tenant}", sk = "{created}")]
pub struct User {
    id: String,
    email: String,
    tenant: Option<String>,
    created: u64,
    #[dynamorm(rename = "nick")]
    nickname: Option<String>,
    #[dynamorm(skip)]
    cached: bool,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(ttl = "30d")]
    expires: Option<Ttl>,
}"#
);

snapshot!(
    model_with_a_type_and_a_schema,
    crate::model,
    r#"#[dynamorm(pk = id, type = "User", type_attribute = "_et", schema = 2, upcast(v1_to_v2))]
struct User {
    id: String,
}"#
);

snapshot!(
    model_with_several_keys,
    crate::model,
    r#"#[dynamorm(pk = id)]
#[dynamorm(index = "by-place", pk = (tenant, region), sk = (status, placed), projection = include(total))]
#[dynamorm(index = "by-status", pk = status, projection = keys_only)]
struct Order {
    id: String,
    tenant: String,
    region: Option<String>,
    status: String,
    placed: Timestamp,
    #[dynamorm(rename = "sum")]
    total: i64,
}"#
);

snapshot!(
    model_with_unique_attributes,
    crate::model,
    r#"#[dynamorm(pk = "USER#{id}")]
struct User {
    id: String,
    #[dynamorm(unique)]
    email: String,
    #[dynamorm(unique(scope = org), rename = "b")]
    badge: Option<u32>,
    org: String,
}"#
);

snapshot!(
    item_collection,
    crate::collection,
    r#"#[dynamorm(of = User)]
enum CustomerItem { User(User), Order(shop::Order), Other(Item) }"#
);

snapshot!(
    item_collection_in_groups,
    crate::collection,
    r#"#[dynamorm(of = User)]
pub struct Customer {
    user: Option<User>,
    orders: Vec<Order>,
    #[dynamorm(other)]
    rest: Vec<Item>,
}"#
);

snapshot!(
    model_with_keys_on_fields,
    crate::model,
    r#"struct Account {
    #[dynamorm(pk)]
    id: AccountId,
    #[dynamorm(sk, gsi("inverted", pk))]
    sk: String,
    #[dynamorm(gsi("inverted", sk), lsi("by-date", sk), created_at)]
    created: Timestamp,
}"#
);

snapshot!(
    model_with_a_flattened_key,
    crate::model,
    r#"#[dynamorm(local_index = "by-total", sk = total)]
struct Order {
    #[dynamorm(flatten)]
    entity: Entity,
    total: i64,
}"#
);

snapshot!(
    model_with_shards,
    crate::model,
    r#"#[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 16, shards_from("2027-01-01", 64))]
struct Entry {
    topic: String,
    at: Timestamp,
}"#
);

snapshot!(
    model_with_a_mistake,
    crate::model,
    r#"#[dynamorm(pk = "USER#{idd}")]
struct User {
    id: String,
}"#
);

snapshot!(
    projection,
    crate::project,
    r#"#[dynamorm(of = Order)]
struct OrderSummary {
    #[dynamorm(flatten)]
    entity: EntitySummary,
    #[dynamorm(rename = "amount")]
    total: i64,
    #[dynamorm(skip)]
    seen: bool,
}"#
);

snapshot!(
    projection_that_borrows,
    crate::project,
    r#"#[dynamorm(of = Order)]
struct OrderLine<'a> {
    title: Cow<'a, str>,
    #[dynamorm(rename = "amount")]
    total: i64,
    #[dynamorm(skip)]
    seen: bool,
}"#
);

snapshot!(
    document_of_a_struct,
    crate::document,
    r#"#[dynamorm(rename_all = "camelCase")]
struct Address {
    street_name: String,
    #[dynamorm(flatten)]
    place: Place,
    others: Vec<Self>,
}"#
);

snapshot!(document_of_a_newtype, crate::document, "struct UserId(String);");

snapshot!(
    document_of_an_enum,
    crate::document,
    r#"#[dynamorm(rename_all = "snake_case")]
enum Status {
    OnHold,
    #[dynamorm(rename = "gone")]
    Deleted,
}"#
);

snapshot!(
    document_of_an_enum_that_holds_data,
    crate::document,
    r#"#[dynamorm(rename_all = "snake_case", tag = "kind")]
pub enum Payment {
    CreditCard {
        last4: String,
        #[dynamorm(rename = "limit")]
        most: Option<u32>,
    },
    #[dynamorm(rename = "bill")]
    Invoice(Invoice),
    Cash,
}"#
);

snapshot!(
    model_with_vector_indexes,
    crate::model,
    r#"#[dynamorm(pk = "TENANT#{tenant}", sk = "DOC#{id}")]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, pk = tenant, filters(lang, year))]
#[dynamorm(vector_index = "by-title", vector = title, distance = dot_product, pk = tenant, projection = include(lang))]
struct Doc {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    lang: String,
    year: Option<u16>,
    embedding: Vector<768>,
    title: Option<Vector<3>>,
}"#
);
