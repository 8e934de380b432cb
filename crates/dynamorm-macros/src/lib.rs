//! The derives of dynamorm, and `cond!`: they parse, check and emit, and hold no logic that runs.
//!
//! Four questions, in the order of the files: what did they write (`attr`, `place`, `template`), what is it (`ast`), is it legal
//! (`check`), what do we emit (`expand`, and `fallback` after a mistake).

mod ast;
mod attr;
mod check;
mod cond;
mod errors;
mod expand;
mod fallback;
mod name;
mod place;
mod template;

use errors::Errors;
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

/// Makes a struct a model: an item of a table.
///
/// It implements the trait `Model`, and adds to the struct
///
/// - `User::key(..)`, which makes the primary key `UserKey` from the fields that it is made of;
/// - `User::PRIMARY_KEY` and one constant for each index, such as `User::EMAIL_INDEX`, to query with;
/// - one constant for each attribute, such as `User::EMAIL`, to write conditions and updates with.
///
/// ```
/// use dynamorm::{Model, Timestamp, Ttl};
///
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
/// #[dynamorm(index = "email-index", pk = email)]
/// #[dynamorm(index = "by-tenant", pk = "TENANT#{tenant}", sk = "{joined}")]
/// struct User {
///     id: String,
///     email: String,
///     tenant: Option<String>,
///     joined: Timestamp,
///     #[dynamorm(rename = "nick")]
///     nickname: Option<String>,
///     #[dynamorm(version)]
///     version: u64,
///     #[dynamorm(created_at)]
///     created_at: Timestamp,
///     #[dynamorm(ttl = "30d")]
///     expires: Option<Ttl>,
/// }
///
/// let key: UserKey = User::key("u1");
/// ```
///
/// # Keys
///
/// A key is either a field, `pk = email`, whose attribute is then the key attribute, or a template, `pk = "USER#{id}"`,
/// which makes a key attribute of its own from text and fields. The fields of a template are stored as attributes too.
/// `{{` and `}}` stand for braces. Between two fields there is text that begins with a punctuation mark, such as `#`.
///
/// A query reads the items whose sort key begins with the text before the template's first field. Models that share
/// partitions therefore need sort keys that begin with different words: `ORDER#{number}` and `LINE#{number}#{line}`, not
/// `ORDER#{number}` and `ORDER#{number}#{line}`. Models made into one table together by `create_table` are checked for it.
/// In an index that several models share, a query reads all of them unless the index has such a sort key: the items of
/// another model are an error where they lack an attribute, and `count` counts them.
///
/// Keys stand above the struct, as in the example, or all of them on fields:
///
/// ```
/// # use dynamorm::Model;
/// #[derive(Model)]
/// struct Account {
///     #[dynamorm(pk)]
///     id: String,
///     #[dynamorm(sk, gsi("inverted", pk))]
///     sk: String,
///     #[dynamorm(gsi("inverted", sk))]
///     owner: String,
/// }
/// ```
///
/// The key of a global index can be several fields, `pk = (tenant, region), sk = (status, placed)`: then DynamoDB puts them
/// together, no attribute is derived, and no update can leave one stale. For a new table that is the better form. A query gives
/// all of the partition key, and conditions on the sort key from left to right.
///
/// An index with a `projection` costs less to write and to store. What it does not carry cannot be read or filtered by it.
///
/// A model without `pk` has the key of its first flattened field, which must be a model itself; its indexes count as well.
///
/// A field in the table's key cannot be an `Option`. One in an index's key can: `None`, and an empty string, leave the item
/// out of the index.
///
/// # Type and schema
///
/// ```
/// # use dynamorm::{AttributeValue, Item, Model};
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
/// #[dynamorm(type = "User", schema = 2, upcast(name_in_parts))]
/// struct User {
///     id: String,
///     first_name: String,
///     last_name: String,
/// }
///
/// /// Until schema 2 a user had one `name`.
/// fn name_in_parts(mut item: Item) -> Result<Item, &'static str> {
///     let name = item.remove("name").ok_or("there is no name")?;
///     let (first, last) = name.as_s().and_then(|name| name.split_once(' ')).ok_or("the name is one word")?;
///     item.insert("first_name".into(), AttributeValue::from(first));
///     item.insert("last_name".into(), AttributeValue::from(last));
///     Ok(item)
/// }
/// ```
///
/// **`type`** is stored in each item, in the attribute `type`, by every put and by an update that makes an item. Reading an item
/// of another type, or of none, is an error; a query leaves items of other types out, by a filter, except where the sort key of
/// the table is the same for all items of the model. Items that say nothing of their type are left out as well, unless sort keys
/// begin with a word of the model's: give them their type, by an update in DynamoDB's own words or by putting them anew, before
/// you write `type` above their model.
///
/// **`schema`** is stored in each item likewise, in the attribute `schema_version`; an item without it is of schema 1. An item of
/// an older schema is read as it is stored, handed through the functions from its schema on, and decoded then: on every read,
/// also inside a collection, of an old item that a write gives back, and of the one in an error. An item of a newer schema is an
/// error. Nothing is written by reading: a put writes an item in the newest schema, whole. An update cannot bring the rest of
/// an item with it, so it fails with `ConditionFailed` if the stored item is of another schema; a projection of such an item is
/// an error. Filters, and conditions of writes, are DynamoDB's and look at what is stored, in the schema that it is stored in.
/// The type and the schema of a flattened model do not count.
///
/// # Above the struct
///
/// | Word | What it does |
/// |---|---|
/// | `table = "app"` | the table; without it, the one that the `Db` has for all such models |
/// | `pk = field`, `pk = "USER#{id}"` | the partition key, of the table or of the index in the same `#[dynamorm(…)]` |
/// | `sk = field`, `sk = "ORDER#{at}"` | the sort key, likewise |
/// | `index = "name"` | a global secondary index, in a `#[dynamorm(…)]` of its own with `pk` and perhaps `sk` |
/// | `pk = (tenant, region)`, `sk = (status, placed)` | the key of a global index: 1 to 4 fields, each a key attribute |
/// | `projection = keys_only`, `projection = include(total)` | what an index carries besides its key and the table's; else everything. It then has a projection of its own, named after both: `OrderByStatus` for the index `by-status` |
/// | `projection_type = OpenOrder` | beside it: another name for that projection |
/// | `local_index = "name"` | a local secondary index, with `sk`: it has the table's partition key |
/// | `vector_index = "name"` | a vector index, in a `#[dynamorm(…)]` of its own with `vector` and `distance`, and perhaps `filters`, `pk` and `projection` |
/// | `vector = embedding` | the field that it is of: a `Vector<768>`, or an `Option` of one |
/// | `distance = cosine` | how it tells what is near; also `euclidean`, `dot_product` |
/// | `filters(category, lang)` | the attributes that a search can demand a value of |
/// | `pk = lang` | of a vector index: the attribute whose value parts it, so that each search is of one partition |
/// | `pk_attribute = "PK"` | the attribute that the template of `pk` makes; else `pk`, or `{index}_pk` for an index |
/// | `sk_attribute = "SK"` | the attribute that the template of `sk` makes; else `sk`, or `{index}_sk` for an index |
/// | `keys = "raw"` | templates take values as they are, without escapes or fixed widths: for tables that exist already |
/// | `rename_all = "camelCase"` | names of attributes; also `snake_case`, `kebab-case`, `PascalCase`, `SCREAMING_SNAKE_CASE` |
/// | `type = "User"` | what each item says of whose it is; reads check it, and an update changes no item of another type |
/// | `type_attribute = "_et"` | the attribute that says it; else `type` |
/// | `schema = 3` | the schema that items are written in, counted from 1 |
/// | `upcast(v1_to_v2, v2_to_v3)` | `fn(Item) -> Result<Item, E>` from each older schema to the next |
/// | `schema_attribute = "v"` | the attribute that holds the schema; else `schema_version` |
/// | `shards = 16` | spreads the items of each partition over so many, told by the sort key; queries read them as one |
/// | `shards_from("2027-01-01", 64)`, `shards_from(1000, 64)` | more shards for items whose sort key, as it is stored, is this or a higher one |
///
/// # Above a field
///
/// | Word | What it does |
/// |---|---|
/// | `pk`, `sk` | the field is the partition key or the sort key of the table |
/// | `gsi("name", pk)`, `gsi("name", sk)` | the field is a key of a global secondary index |
/// | `lsi("name", sk)` | the field is the sort key of a local secondary index |
/// | `rename = "name"` | the attribute's name |
/// | `skip` | the field is not stored, and read as its default |
/// | `flatten` | the attributes of the field's struct become attributes of the item |
/// | `version` | a `u64` that each write checks and raises |
/// | `created_at` | a `Timestamp` that the first write sets |
/// | `updated_at` | a `Timestamp` that each write sets |
/// | `tenant` | whose the item is: left out of all keys, and filled in by `db.tenant(..)`, which alone reaches the model |
/// | `unique` | no two items have the same value: text, a whole number, a time, bytes, or an `Option` of one |
/// | `unique(scope = org)` | no two items with the same `org` have the same value |
/// | `ttl` | when DynamoDB may delete the item: a `Ttl`, a `Timestamp`, or an `Option` of one |
/// | `ttl = "30d"` | the same, set by each write that sets no other time; units `s`, `m`, `h`, `d`, `w` |
#[proc_macro_derive(Model, attributes(dynamorm))]
pub fn derive_model(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input, model)
}

/// Makes a struct a projection of a model: some of its attributes, read instead of the whole item.
///
/// Each field is one of the model's, with the same name and type, or an `Option` of that type; it has the attribute's name
/// from there. A field that the model lacks, or has with another type, does not compile.
///
/// An attribute that may be absent needs an `Option` here, even where the model reads its absence as a default: one left out
/// of an index, or one that the library keeps.
///
/// ```
/// use dynamorm::{Model, Project, Timestamp};
///
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{placed_at}")]
/// struct Order {
///     customer: String,
///     placed_at: Timestamp,
///     total: i64,
/// }
///
/// #[derive(Project)]
/// #[dynamorm(of = Order)]
/// struct OrderSummary {
///     placed_at: Timestamp,
///     total: i64,
/// }
/// ```
///
/// With a lifetime, `struct OrderLine<'a> { title: Cow<'a, str>, total: i64 }`, it borrows from the answer: see
/// `Query::project_borrowed`. What borrows is a `Cow<'a, str>`, or an `Option` or a `Vec` of one; all other fields are as above.
///
/// | Word | Where | What it does |
/// |---|---|---|
/// | `of = Order` | above the struct | the model |
/// | `rename = "name"` | above a field | nothing but a check that the model has the same `rename` |
/// | `skip` | above a field | the field is not read but has its default |
/// | `flatten` | above a field | the fields of a struct, itself a projection or a document, are read too |
#[proc_macro_derive(Project, attributes(dynamorm))]
pub fn derive_project(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input, project)
}

/// Makes a struct, a newtype or an enum an attribute type, or a struct to flatten.
///
/// - A struct with named fields is stored as a map (M).
/// - A newtype is stored as its field, and can be a key where that can.
/// - An enum without data is stored as the name of its variant (S), and can be a key.
/// - An enum with data is stored as a map (M), in which the member `type` holds the name of the variant, beside the fields of
///   the variant, or the members of the one document that it holds. With `tag = ".."` an enum without data is a map as well.
///
/// ```
/// use dynamorm::Document;
///
/// #[derive(Document)]
/// struct Address {
///     city: String,
///     country: Option<String>,
/// }
///
/// #[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
/// struct UserId(String);
///
/// #[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
/// #[dynamorm(rename_all = "snake_case")]
/// enum Status {
///     Active,
///     #[dynamorm(rename = "on-hold")]
///     OnHold,
/// }
///
/// /// `{"type": "card", "last4": "4242"}`, `{"type": "bill", "city": .., "country": ..}` or `{"type": "cash"}`.
/// #[derive(Document)]
/// #[dynamorm(rename_all = "snake_case")]
/// enum Payment {
///     Card { last4: String },
///     Bill(Address),
///     Cash,
/// }
/// ```
///
/// Conditions go to what is in an enum by `Order::PAYMENT.dot(Payment::TAG).eq("card")` and
/// `Order::PAYMENT.dot(Payment::CARD_LAST4)`, which is absent in other variants. An update sets an enum whole, so that its
/// variants never get mixed up. A stored tag that is none of the variants is an error that names those there are.
///
/// | Word | Where | What it does |
/// |---|---|---|
/// | `rename_all = "camelCase"` | above a struct or an enum | names of attributes or variants, in one of the cases of `Model` |
/// | `rename = "name"` | above a field or a variant | the attribute's name, or the text of the variant |
/// | `tag = "type"` | above an enum | the member that says which variant it is |
/// | `skip` | above a field | the field is not stored, and read as its default |
/// | `flatten` | above a field | the attributes of the field's struct become ours |
/// | `version`, `created_at`, `updated_at`, `ttl` | above a field | as in a model; such a struct can only be flattened into one |
///
/// A key must also be `Debug`, `Clone`, `PartialEq`, `Eq` and `Hash`.
#[proc_macro_derive(Document, attributes(dynamorm))]
pub fn derive_document(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input, document)
}

/// Makes an enum, or a struct of groups, an item collection: the items of several models in one partition, read by one query.
///
/// ```
/// use dynamorm::{Db, Item, ItemCollection, Model, Result};
///
/// #[derive(Debug, PartialEq, Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
/// struct User { id: String }
///
/// #[derive(Debug, PartialEq, Model)]
/// #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
/// struct Order { customer: String, number: u32 }
///
/// #[derive(Debug, PartialEq, ItemCollection)]
/// #[dynamorm(of = User)]
/// enum CustomerItem { User(User), Order(Order), Other(Item) }
///
/// # async fn example(db: &Db) -> Result<()> {
/// # db.create_table::<(User, Order)>().execute().await?;
/// # db.put(&User { id: "u1".into() }).execute().await?;
/// # db.put(&Order { customer: "u1".into(), number: 1 }).execute().await?;
/// let all = db.query::<CustomerItem>().key(User::PRIMARY_KEY.partition("u1")).all().await?;
/// assert_eq!(all[0], CustomerItem::Order(Order { customer: "u1".into(), number: 1 }));
/// assert_eq!(all[1], CustomerItem::User(User { id: "u1".into() }));
/// # Ok(())
/// # }
/// ```
///
/// It is queried with the keys and filters of the model `of`. The query reads the whole partition, of the table or of an index:
/// unlike one of a model, it is not bounded by what the model's sort keys begin with. A filter applies to all items, those of
/// other models too.
///
/// Each variant holds a model, or a projection of one. Models are told apart by the texts that their key templates begin with.
/// Where these could be of the same item, and where keys are fields, both models need a type, `#[dynamorm(type = "User")]`,
/// which does not compile otherwise. At most one variant holds [`Item`](https://docs.rs/dynamorm/latest/dynamorm/type.Item.html):
/// anything else. Without it, an item that is of none of the models is an error.
///
/// # Groups
///
/// A struct has a field for each model instead: `Vec`, or `Option` where a partition has at most one, of which a second is an
/// error. `page`, `take` and `all` give the struct, a page's `items` too; `stream` gives the items one by one, each as a variant
/// of an enum that the derive makes, here `CustomerItem`.
///
/// ```
/// use dynamorm::{Db, Item, ItemCollection, Model, Result};
/// # #[derive(Debug, PartialEq, Model)]
/// # #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
/// # struct User { id: String }
/// # #[derive(Debug, PartialEq, Model)]
/// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
/// # struct Order { customer: String, number: u32 }
///
/// #[derive(Debug, ItemCollection)]
/// #[dynamorm(of = User)]
/// struct Customer {
///     user: Option<User>,
///     orders: Vec<Order>,
///     #[dynamorm(other)]
///     rest: Vec<Item>,
/// }
///
/// # async fn example(db: &Db) -> Result<()> {
/// # db.create_table::<(User, Order)>().execute().await?;
/// # db.put(&User { id: "u1".into() }).execute().await?;
/// # for number in 1..=3 {
/// #     db.put(&Order { customer: "u1".into(), number }).execute().await?;
/// # }
/// let customer = db.query::<Customer>().key(User::PRIMARY_KEY.partition("u1")).all().await?;
/// assert_eq!((customer.user.is_some(), customer.orders.len()), (true, 3));
///
/// let page = db.query::<Customer>().key(User::PRIMARY_KEY.partition("u1")).take(2).await?;
/// assert_eq!((page.items.user.is_some(), page.items.orders.len()), (false, 2));
/// # Ok(())
/// # }
/// ```
///
/// | Word | Where | What it does |
/// |---|---|---|
/// | `of = User` | above the enum or the struct | the model whose keys it is queried with |
/// | `other` | above a `Vec<Item>` of the struct | takes the items of none of the models |
#[proc_macro_derive(ItemCollection, attributes(dynamorm))]
pub fn derive_item_collection(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input, collection)
}

/// Makes a condition of the model before the colon, in DynamoDB's own words: the same as the calls of the handles.
///
/// ```
/// use dynamorm::{Condition, Document, Model, cond};
/// # use std::collections::{BTreeSet, HashMap};
///
/// #[derive(Document)]
/// struct Address { city: String }
///
/// #[derive(Document)]
/// struct Line { price: i64 }
///
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}")]
/// struct User {
///     id: String,
///     email: String,
///     credits: i64,
///     floor: i64,
///     active: bool,
///     address: Option<Address>,
///     lines: Vec<Line>,
///     labels: HashMap<String, String>,
///     tags: BTreeSet<String>,
/// }
///
/// let (amount, prefix) = (5, "ada");
/// let rich: Condition<User> = cond!(User: credits >= {amount} AND begins_with(email, {prefix}) AND NOT active = false);
/// let same: Condition<User> = User::CREDITS.ge(amount).and(User::EMAIL.begins_with(prefix)).and(!User::ACTIVE.eq(false));
/// # assert_eq!(format!("{rich:?}"), format!("{same:?}"));
///
/// let _ = cond!(User: address.city = "Paris" OR size(tags) > 3 AND credits > floor);
/// let _ = cond!(User: lines[0].price BETWEEN 1 AND {2 * amount} OR labels."env" IN ("live", "test"));
/// let _ = cond!(User: attribute_exists(address) AND attribute_type(tags, SS) AND contains(tags, "new"));
/// ```
///
/// - Attributes are the fields of the struct, by their names in Rust. `.member` goes into a document, `[position]` into a
///   list and `."key"` into a map; `[{nth}]` and `.{key}` do it by a value.
/// - Values are Rust in braces, or literals. Their types are checked as by the calls.
/// - Operators are `=`, `<>`, `<`, `<=`, `>`, `>=`, `BETWEEN … AND …` and `IN (…)`; then `NOT`, `AND` and `OR`, which bind in
///   this order. Keywords are written in any case; a field that is named like one is written `r#and`.
/// - Functions are `attribute_exists`, `attribute_not_exists`, `attribute_type`, `begins_with`, `contains` and `size`.
#[proc_macro]
pub fn cond(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    cond::expand(input.into()).into()
}

fn derive(
    input: proc_macro::TokenStream,
    expand: impl FnOnce(&DeriveInput) -> TokenStream,
) -> proc_macro::TokenStream {
    match syn::parse::<DeriveInput>(input) {
        Ok(input) => expand(&input).into(),
        Err(error) => error.to_compile_error().into(),
    }
}

fn model(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let model = check::model(input, &mut errors);
    if errors.is_empty() {
        return expand::model(&model);
    }
    refuse(input, &errors, fallback::model(&model))
}

fn project(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let project = check::project(input, &mut errors);
    match &project.of {
        Some(of) if errors.is_empty() => match &project.lifetime {
            Some(lifetime) => expand::borrowed(&project, lifetime, of),
            None => expand::project(&project, of),
        },
        _ => refuse(input, &errors, fallback::project(&project)),
    }
}

fn collection(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let collection = check::collection(input, &mut errors);
    match &collection.of {
        Some(of) if errors.is_empty() => expand::collection(&collection, of),
        _ => refuse(input, &errors, fallback::collection(&collection)),
    }
}

fn document(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let document = check::document(input, &mut errors);
    if errors.is_empty() {
        return expand::document(&document);
    }
    refuse(input, &errors, fallback::document(&document))
}

/// The mistakes, and impls that keep them from spreading. A generic type gets none: they would need its parameters.
fn refuse(input: &DeriveInput, errors: &Errors, fallback: TokenStream) -> TokenStream {
    let errors = errors.to_tokens();
    if input.generics.params.is_empty() { quote!(#errors #fallback) } else { errors }
}
