//! Item collections: one query gives the items of several models, each as what it is.

use crate::models::{Order, User, order, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{ErrorKind, Item, ItemCollection, Model, Project, Result};
use futures_util::TryStreamExt as _;
use serde_json::json;

matrix![
    one_query_gives_the_items_of_several_models,
    a_collection_reads_the_whole_partition_and_no_other,
    a_collection_is_read_page_by_page,
    a_collection_is_counted_and_streamed,
    a_collection_is_read_from_an_index,
    an_item_of_no_model_is_an_error_that_says_so,
    an_item_of_no_model_is_given_as_it_is_where_asked_for,
    models_are_told_apart_by_their_types,
    a_member_may_be_a_projection,
    old_items_of_a_collection_are_read_in_our_schema,
    one_query_gives_the_items_of_several_models_in_groups,
    groups_are_read_page_by_page_counted_and_streamed,
    a_second_item_for_an_optional_field_is_an_error_that_names_it,
    an_item_of_no_group_is_an_error_that_says_so,
];

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Order(Order),
}

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = Order)]
enum Anything {
    Other(Item),
    Order(OrderTotal),
    User(User),
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Order)]
struct OrderTotal {
    total: i64,
}

/// A user with two orders, and another one.
async fn customers(db: &TestDb) -> Result<()> {
    crate::models::shop_with(db, &["u1", "u2"]).await?;
    for second in [1, 2] {
        db.put(&order("u1", second)).execute().await?;
    }
    db.put(&order("u2", 3)).execute().await
}

fn of_u1() -> [CustomerItem; 3] {
    [CustomerItem::Order(order("u1", 1)), CustomerItem::Order(order("u1", 2)), CustomerItem::User(user("u1"))]
}

async fn one_query_gives_the_items_of_several_models(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let all = db.query::<CustomerItem>().key(User::PRIMARY_KEY.partition("u1")).all().await?;
    assert_eq!(all, of_u1());
    Ok(())
}

async fn a_collection_reads_the_whole_partition_and_no_other(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let of = |id: &'static str| db.query::<CustomerItem>().key(User::PRIMARY_KEY.partition(id));
    assert_eq!(of("u2").all().await?.len(), 2);
    assert!(of("u3").all().await?.is_empty());
    assert_eq!(of("u1").descending().page().await?.items[0], CustomerItem::User(user("u1")));
    // A filter is one on all items: no order has a name.
    assert_eq!(of("u1").filter(User::NAME.exists()).one().await?, CustomerItem::User(user("u1")));
    // A query of one model is still of this one alone.
    assert_eq!(db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).count().await?, 1);
    let projected = db.query::<User>().project::<CustomerItem>().key(User::PRIMARY_KEY.partition("u1"));
    assert_eq!(projected.count().await?, 3);
    Ok(())
}

async fn a_collection_is_read_page_by_page(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let query = || db.query::<CustomerItem>().key(User::PRIMARY_KEY.partition("u1"));
    let first = query().limit(2).page().await?;
    assert_eq!(first.items, of_u1()[..2]);
    let rest = query().start_key(first.next).page().await?;
    assert_eq!(rest.items, of_u1()[2..]);
    let taken = query().take(1).await?;
    assert_eq!(taken.items, of_u1()[..1]);
    assert_eq!(query().start_key(taken.next).take(9).await?.items, of_u1()[1..]);
    Ok(())
}

async fn a_collection_is_counted_and_streamed(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let query = || db.query::<CustomerItem>().key(User::PRIMARY_KEY.partition("u1"));
    assert_eq!(query().count().await?, 3);
    let streamed: Vec<_> = query().limit(1).stream().try_collect().await?;
    assert_eq!(streamed, of_u1());
    Ok(())
}

async fn a_collection_is_read_from_an_index(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let found = db.query::<CustomerItem>().key(User::EMAIL_INDEX.partition("u2@example.com")).all().await?;
    assert_eq!(found, [CustomerItem::User(user("u2"))]);
    Ok(())
}

async fn with_a_stranger(db: &TestDb) -> Result<()> {
    customers(db).await?;
    let stranger = json!({"pk": {"S": "USER#u1"}, "sk": {"S": "CARD#1"}, "digits": {"N": "4"}});
    db.send_json(Operation::PutItem, json!({"Item": stranger})).await;
    Ok(())
}

async fn an_item_of_no_model_is_an_error_that_says_so(db: TestDb) -> Result<()> {
    with_a_stranger(&db).await?;
    let error = db.query::<CustomerItem>().key(User::PRIMARY_KEY.partition("u1")).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(
        error
            .to_string()
            .ends_with("the item is none of `CustomerItem`: add a variant `Other(Item)` for such items"),
        "{error}"
    );
    Ok(())
}

async fn an_item_of_no_model_is_given_as_it_is_where_asked_for(db: TestDb) -> Result<()> {
    with_a_stranger(&db).await?;
    let key = Order::PRIMARY_KEY.partition("u1");
    let all = db.query::<Anything>().key(key).all().await?;
    let Anything::Other(card) = &all[0] else { panic!("{all:?}") };
    assert_eq!(card["sk"].as_s(), Some("CARD#1"));
    assert_eq!(all.len(), 4);
    Ok(())
}

async fn a_member_may_be_a_projection(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let all = db.query::<Anything>().key(Order::PRIMARY_KEY.partition("u2")).all().await?;
    assert_eq!(all, [Anything::Order(OrderTotal { total: 30 }), Anything::User(user("u2"))]);
    Ok(())
}

/// Two models whose keys say nothing of whose they are.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(table = "other", pk = tenant, sk = id, type = "Cat", type_attribute = "_et")]
struct Cat {
    tenant: String,
    id: String,
}

#[derive(Debug, PartialEq, Model)]
#[dynamorm(table = "other", pk = tenant, sk = id, type = "Dog", type_attribute = "_et", schema = 2, upcast(barks))]
struct Dog {
    tenant: String,
    id: String,
    loud: bool,
}

/// A dog as it was in the first schema.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(table = "other", pk = tenant, sk = id, type = "Dog", type_attribute = "_et")]
struct FirstDog {
    tenant: String,
    id: String,
}

fn barks(mut dog: Item) -> Result<Item, std::convert::Infallible> {
    dog.insert("loud".to_owned(), dynamorm::AttributeValue::Bool(true));
    Ok(dog)
}

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = Cat)]
enum Pet {
    Cat(Cat),
    Dog(Dog),
}

async fn models_are_told_apart_by_their_types(db: TestDb) -> Result<()> {
    db.create_table::<(Cat, Dog)>().execute().await?;
    db.put(&Cat { tenant: "t1".into(), id: "a".into() }).execute().await?;
    db.put(&Dog { tenant: "t1".into(), id: "b".into(), loud: false }).execute().await?;
    let pets = db.query::<Pet>().key(Cat::PRIMARY_KEY.partition("t1")).all().await?;
    let dog = Dog { tenant: "t1".into(), id: "b".into(), loud: false };
    assert_eq!(pets, [Pet::Cat(Cat { tenant: "t1".into(), id: "a".into() }), Pet::Dog(dog)]);
    Ok(())
}

async fn old_items_of_a_collection_are_read_in_our_schema(db: TestDb) -> Result<()> {
    db.create_table::<(Cat, Dog)>().execute().await?;
    db.put(&FirstDog { tenant: "t1".into(), id: "b".into() }).execute().await?;
    let pet = db.query::<Pet>().key(Cat::PRIMARY_KEY.partition("t1")).one().await?;
    assert_eq!(pet, Pet::Dog(Dog { tenant: "t1".into(), id: "b".into(), loud: true }));
    Ok(())
}

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = User)]
struct CustomerPage {
    user: Option<User>,
    orders: Vec<Order>,
}

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = User)]
struct LastOrder {
    order: Option<OrderTotal>,
    #[dynamorm(other)]
    rest: Vec<Item>,
}

async fn one_query_gives_the_items_of_several_models_in_groups(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let query = || db.query::<CustomerPage>().key(User::PRIMARY_KEY.partition("u1"));
    let all = query().all().await?;
    assert_eq!(all, CustomerPage { user: Some(user("u1")), orders: vec![order("u1", 1), order("u1", 2)] });
    let none = db.query::<CustomerPage>().key(User::PRIMARY_KEY.partition("u3")).all().await?;
    assert_eq!(none, CustomerPage { user: None, orders: Vec::new() });
    let last = db.query::<LastOrder>().key(User::PRIMARY_KEY.partition("u2")).all().await?;
    assert_eq!((last.order, last.rest.len()), (Some(OrderTotal { total: 30 }), 1));
    Ok(())
}

async fn groups_are_read_page_by_page_counted_and_streamed(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let query = || db.query::<CustomerPage>().key(User::PRIMARY_KEY.partition("u1"));
    let first = query().take(2).await?;
    assert_eq!(first.items, CustomerPage { user: None, orders: vec![order("u1", 1), order("u1", 2)] });
    let rest = query().start_key(first.next).page().await?;
    assert_eq!(rest.items, CustomerPage { user: Some(user("u1")), orders: Vec::new() });
    assert!(rest.next.is_none());
    assert_eq!(query().count().await?, 3);
    let streamed: Vec<CustomerPageItem> = query().limit(1).stream().try_collect().await?;
    assert!(matches!(streamed.as_slice(), [
        CustomerPageItem::Orders(_),
        CustomerPageItem::Orders(_),
        CustomerPageItem::User(found),
    ] if *found == user("u1")));
    assert_eq!(format!("{:?}", streamed[0]), "CustomerPageItem(Orders)");
    Ok(())
}

async fn a_second_item_for_an_optional_field_is_an_error_that_names_it(db: TestDb) -> Result<()> {
    customers(&db).await?;
    let error = db.query::<LastOrder>().key(User::PRIMARY_KEY.partition("u1")).all().await.unwrap_err();
    assert!(
        error.to_string().ends_with("the item is the second one for `order` of `LastOrder`: make it a `Vec`"),
        "{error}"
    );
    Ok(())
}

async fn an_item_of_no_group_is_an_error_that_says_so(db: TestDb) -> Result<()> {
    with_a_stranger(&db).await?;
    let error = db.query::<CustomerPage>().key(User::PRIMARY_KEY.partition("u1")).all().await.unwrap_err();
    let advice =
        "the item is none of `CustomerPage`: add a field `#[dynamorm(other)] rest: Vec<Item>` for such items";
    assert!(error.to_string().ends_with(advice), "{error}");
    Ok(())
}
