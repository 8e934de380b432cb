//! UpdateItem.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::{AttributeValue, Item, Model, Nullable, Project, Result, Update};
use std::collections::BTreeSet;

matrix![
    an_update_sets_adds_and_removes,
    calculations_start_from_the_stored_value,
    a_calculation_on_an_absent_attribute_is_refused_and_add_is_not,
    elements_are_added_to_a_set_and_deleted_from_it,
    deleting_the_last_element_leaves_an_empty_set,
    a_value_is_kept_where_there_is_one,
    an_update_touches_no_other_attribute,
    an_update_of_an_absent_item_makes_one_that_can_be_read,
    an_update_if_exists_makes_none,
    a_condition_decides_whether_an_update_changes,
    an_update_gives_the_new_item_or_the_old_one,
    a_failed_update_gives_the_stored_item_if_asked,
    an_update_that_changes_nothing_is_refused_before_the_network,
    an_attribute_changed_twice_is_refused_before_the_network,
    an_absent_attribute_alone_is_set,
    a_calculation_takes_other_attributes_and_defaults,
    an_attribute_is_set_to_another,
    a_set_stays_a_set_after_every_verb,
    null_absent_and_unchanged_are_three_things,
    conditions_are_the_same_with_every_terminal,
    an_update_gives_the_attributes_that_it_changed,
    an_update_that_is_a_value_runs_alone_and_in_a_transaction,
];

fn tags(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

async fn an_update_sets_adds_and_removes(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&User { nickname: Some("Ada".to_owned()), ..user("u1") }).execute().await?;
    db.update(User::key("u1"))
        .set(User::NAME, "Ada Lovelace")
        .add(User::CREDITS, -3)
        .remove(User::NICKNAME)
        .execute()
        .await?;
    let expected = User { name: "Ada Lovelace".to_owned(), credits: 7, ..user("u1") };
    assert_eq!(db.get(User::key("u1")).one().await?, expected);
    Ok(())
}

async fn calculations_start_from_the_stored_value(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.minus(7)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.plus(9)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 12);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "C#{id}")]
struct Counter {
    id: String,
    hits: Option<i64>,
    note: Option<String>,
}

async fn a_calculation_on_an_absent_attribute_is_refused_and_add_is_not(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let counter = Counter { id: "c".to_owned(), hits: None, note: None };
    db.put(&counter).execute().await?;
    let refused = db.update(Counter::key("c")).set(Counter::HITS, Counter::HITS.minus(1)).execute().await;
    assert!(refused.unwrap_err().is_invalid_request());
    assert_eq!(db.get(&counter).one().await?, counter);
    db.update(Counter::key("c")).add(Counter::HITS, -1).execute().await?;
    assert_eq!(db.get(&counter).one().await?.hits, Some(-1));
    Ok(())
}

async fn elements_are_added_to_a_set_and_deleted_from_it(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.update(User::key("u1")).add(User::TAGS, tags(&["a", "b"])).execute().await?;
    db.update(User::key("u1")).add(User::TAGS, tags(&["b", "c"])).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.tags, tags(&["a", "b", "c"]));
    db.update(User::key("u1")).delete(User::TAGS, tags(&["a", "x"])).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.tags, tags(&["b", "c"]));
    Ok(())
}

async fn deleting_the_last_element_leaves_an_empty_set(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&User { tags: tags(&["a"]), ..user("u1") }).execute().await?;
    let updated = db.update(User::key("u1")).delete(User::TAGS, tags(&["a"])).returning_new().await?;
    assert_eq!(updated, user("u1"));
    // Setting an empty set, which DynamoDB cannot store, removes the attribute.
    db.put(&User { tags: tags(&["a"]), ..user("u1") }).execute().await?;
    let updated = db.update(User::key("u1")).set(User::TAGS, BTreeSet::new()).returning_new().await?;
    assert_eq!(updated, user("u1"));
    Ok(())
}

async fn a_value_is_kept_where_there_is_one(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let set = |hits: i64| {
        db.update(Counter::key("c")).set(Counter::HITS, Counter::HITS.or_if_absent(hits)).returning_new()
    };
    assert_eq!(set(1).await?.hits, Some(1));
    assert_eq!(set(2).await?.hits, Some(1));
    Ok(())
}

async fn an_update_touches_no_other_attribute(db: TestDb) -> Result<()> {
    use dynamorm::transport::Operation;
    shop_with(&db, &["u1"]).await?;
    // An attribute that the model does not know.
    let update = serde_json::json!({
        "Key": { "pk": { "S": "USER#u1" }, "sk": { "S": "PROFILE" } },
        "UpdateExpression": "SET added = :v",
        "ExpressionAttributeValues": { ":v": { "S": "kept" } },
    });
    db.send_json(Operation::UpdateItem, update).await;
    db.update(User::key("u1")).set(User::NAME, "Ada").execute().await?;
    let error = db.put(&user("u1")).if_not_exists().returning_old_on_failure().execute().await.unwrap_err();
    let stored = error.item::<dynamorm::Item>()?.unwrap();
    assert_eq!((stored["added"].as_s(), stored["name"].as_s()), (Some("kept"), Some("Ada")));
    Ok(())
}

async fn an_update_of_an_absent_item_makes_one_that_can_be_read(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    db.update(Counter::key("c")).add(Counter::HITS, 1).execute().await?;
    // The id is in the key `C#c` and as an attribute of its own.
    let expected = Counter { id: "c".to_owned(), hits: Some(1), note: None };
    assert_eq!(db.get(Counter::key("c")).one().await?, expected);
    Ok(())
}

async fn an_update_if_exists_makes_none(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let update = || db.update(Counter::key("c")).add(Counter::HITS, 1).if_exists();
    assert!(update().execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Counter::key("c")).optional().await?, None);
    // An item that was read is never made again by an update of it.
    let gone = Counter { id: "c".to_owned(), hits: None, note: None };
    db.put(&gone).execute().await?;
    assert_eq!(update().returning_new().await?.hits, Some(1));
    Ok(())
}

async fn a_condition_decides_whether_an_update_changes(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let debit =
        |n: i64| db.update(User::key("u1")).add(User::CREDITS, -n).condition(User::CREDITS.ge(n)).execute();
    debit(7).await?;
    assert!(debit(7).await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    Ok(())
}

async fn an_update_gives_the_new_item_or_the_old_one(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let update = || db.update(User::key("u1")).add(User::CREDITS, 1);
    assert_eq!(update().returning_old().await?, Some(user("u1")));
    assert_eq!(update().returning_new().await?, User { credits: 12, ..user("u1") });
    let absent = db.update(User::key("u9")).add(User::CREDITS, 1).returning_old().await?;
    assert_eq!(absent, None);
    Ok(())
}

async fn a_failed_update_gives_the_stored_item_if_asked(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let update = || db.update(User::key("u1")).add(User::CREDITS, -70).condition(User::CREDITS.ge(70));
    let error = update().returning_old_on_failure().execute().await.unwrap_err();
    assert_eq!(error.item::<User>()?, Some(user("u1")));
    assert_eq!(update().execute().await.unwrap_err().item::<User>()?, None);
    Ok(())
}

async fn an_update_that_changes_nothing_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let error = db.update(User::key("u1")).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("changes nothing"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn an_attribute_changed_twice_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let update = db.update(User::key("u1")).set(User::CREDITS, 1).add(User::CREDITS, 1);
    let error = update.execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("`credits`"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn an_absent_attribute_alone_is_set(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let set = |hits: i64| db.update(Counter::key("c")).set_if_absent(Counter::HITS, hits).returning_new();
    assert_eq!(set(1).await?.hits, Some(1));
    assert_eq!(set(2).await?.hits, Some(1));
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "A#{id}")]
struct Account {
    id: String,
    balance: i64,
    fee: i64,
    bonus: Option<i64>,
    best: Option<i64>,
}

async fn a_calculation_takes_other_attributes_and_defaults(db: TestDb) -> Result<()> {
    db.create_table::<Account>().execute().await?;
    let account = Account { id: "a".to_owned(), balance: 100, fee: 3, bonus: None, best: None };
    db.put(&account).execute().await?;
    let update = || db.update(Account::key("a"));
    // One attribute less another.
    let now = update().set(Account::BALANCE, Account::BALANCE.minus(Account::FEE)).returning_new().await?;
    assert_eq!(now.balance, 97);
    // What is absent has a default, and is set by the same calculation.
    let bonus = || update().set(Account::BONUS, Account::BONUS.or_if_absent(10).minus(Account::FEE));
    assert_eq!(bonus().returning_new().await?.bonus, Some(7));
    assert_eq!(bonus().returning_new().await?.bonus, Some(4));
    // The default of one may be another, and both sides may have one.
    let sum = Account::BEST.or_if_absent(Account::BALANCE).plus(Account::BONUS.or_if_absent(0));
    assert_eq!(update().set(Account::BALANCE, sum).returning_new().await?.balance, 101);
    // Without a default an absent one fails, and nothing is changed.
    let error = update().set(Account::BALANCE, Account::FEE.plus(Account::BEST)).execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(db.get(&account).one().await?.balance, 101);
    Ok(())
}

async fn an_attribute_is_set_to_another(db: TestDb) -> Result<()> {
    db.create_table::<Account>().execute().await?;
    let account = Account { id: "a".to_owned(), balance: 100, fee: 3, bonus: None, best: None };
    db.put(&account).execute().await?;
    // All right sides are of the item as it was before: two attributes change places.
    let swapped = db
        .update(Account::key("a"))
        .set(Account::BALANCE, Account::FEE)
        .set(Account::FEE, Account::BALANCE)
        .set(Account::BEST, Account::BALANCE)
        .returning_new()
        .await?;
    assert_eq!(swapped, Account { balance: 3, fee: 100, best: Some(100), ..account });
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "S#{id}")]
struct Sets {
    id: String,
    texts: BTreeSet<String>,
    numbers: BTreeSet<u8>,
}

async fn a_set_stays_a_set_after_every_verb(db: TestDb) -> Result<()> {
    db.create_table::<Sets>().execute().await?;
    let sets = Sets { id: "s".to_owned(), texts: tags(&["a"]), numbers: BTreeSet::from([1]) };
    db.put(&sets).execute().await?;
    let update = || db.update(Sets::key("s"));
    let tell = async |expected: usize| {
        let refused = db.put(&sets).if_not_exists().returning_old_on_failure().execute().await;
        let item = refused.unwrap_err().item::<Item>()?.unwrap();
        assert!(matches!(&item["texts"], AttributeValue::Ss(texts) if texts.len() == expected), "{item:?}");
        assert!(matches!(&item["numbers"], AttributeValue::Ns(numbers) if numbers.len() == expected));
        Ok::<_, dynamorm::Error>(())
    };
    tell(1).await?;
    update().set(Sets::TEXTS, tags(&["a", "b"])).set(Sets::NUMBERS, BTreeSet::from([1, 2])).execute().await?;
    tell(2).await?;
    update().add(Sets::TEXTS, tags(&["c"])).add(Sets::NUMBERS, BTreeSet::from([3])).execute().await?;
    tell(3).await?;
    update()
        .delete(Sets::TEXTS, tags(&["a", "b"]))
        .delete(Sets::NUMBERS, BTreeSet::from([1, 2]))
        .execute()
        .await?;
    tell(1).await?;
    Sets { texts: tags(&["x", "y"]), numbers: BTreeSet::from([7, 8]), ..sets.clone() }
        .changes_from(&sets)
        .on(&db)
        .execute()
        .await?;
    tell(2).await
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "P#{id}")]
struct Profile {
    id: String,
    left: Option<Nullable<String>>,
    name: Option<String>,
}

async fn null_absent_and_unchanged_are_three_things(db: TestDb) -> Result<()> {
    db.create_table::<Profile>().execute().await?;
    let profile =
        Profile { id: "p".to_owned(), left: Some("today".to_owned().into()), name: Some("Ada".to_owned()) };
    db.put(&profile).execute().await?;
    let update = || db.update(Profile::key("p"));
    let null = update().set(Profile::LEFT, Nullable::Null).returning_new().await?;
    assert_eq!(null, Profile { left: Some(Nullable::Null), ..profile.clone() });
    assert_eq!(
        update().remove(Profile::LEFT).returning_new().await?,
        Profile { left: None, ..profile.clone() }
    );
    let both = update().set(Profile::LEFT, Nullable::Null).set(Profile::NAME, None).returning_new().await?;
    assert_eq!(both, Profile { left: Some(Nullable::Null), name: None, ..profile.clone() });
    // The difference of two items tells them apart too.
    let absent = Profile { left: None, ..both.clone() };
    assert_eq!(absent.changes_from(&both).on(&db).returning_new().await?, absent);
    assert_eq!(both.changes_from(&absent).on(&db).returning_new().await?, both);
    Ok(())
}

async fn conditions_are_the_same_with_every_terminal(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let either = || User::CREDITS.ge(1_000).or(User::NAME.eq("User u1"));
    let neither = || User::CREDITS.ge(1_000).or(User::NAME.eq("nobody"));
    let update = |condition| db.update(User::key("u1")).add(User::CREDITS, 1).condition(condition);
    update(either()).execute().await?;
    update(either()).returning_new().await?;
    update(either()).returning_old().await?;
    update(either()).returning_updated::<Credits>().await?;
    let failed = [
        update(neither()).execute().await.err(),
        update(neither()).returning_new().await.err(),
        update(neither()).returning_old().await.err(),
        update(neither()).returning_updated::<Credits>().await.err(),
        // Several conditions must all be true, whatever is in each.
        update(either()).condition(neither()).execute().await.err(),
    ];
    assert!(failed.into_iter().all(|error| error.unwrap().is_condition_failed()));
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 14);
    Ok(())
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct Credits {
    credits: i64,
    name: Option<String>,
}

async fn an_update_gives_the_attributes_that_it_changed(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let update = || db.update(User::key("u1")).if_exists();
    let credits: Credits = update().add(User::CREDITS, 1).returning_updated().await?;
    assert_eq!(credits, Credits { credits: 11, name: None });
    let both: Credits = update().add(User::CREDITS, 1).set(User::NAME, "Ada").returning_updated().await?;
    assert_eq!(both, Credits { credits: 12, name: Some("Ada".to_owned()) });
    // What is asked for and was not changed is an error, after the change.
    let error = update().set(User::NAME, "Bob").returning_updated::<Credits>().await.unwrap_err();
    assert!(error.kind() == dynamorm::ErrorKind::Codec && error.to_string().contains("`credits`"), "{error}");
    assert_eq!(db.get(User::key("u1")).one().await?.name, "Bob");
    Ok(())
}

async fn an_update_that_is_a_value_runs_alone_and_in_a_transaction(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let debit = |n: i64| {
        Update::new(User::key("u1"))
            .set(User::CREDITS, User::CREDITS.minus(n))
            .condition(User::CREDITS.ge(n))
            .returning_old_on_failure()
    };
    debit(3).on(&db).execute().await?;
    db.transact_write().update(debit(3)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 4);
    let error = debit(5).on(&db).execute().await.unwrap_err();
    assert_eq!(error.item::<User>()?.unwrap().credits, 4);
    let error = db.transact_write().update(debit(5)).execute().await.unwrap_err();
    assert_eq!(error.cancellations()[0].item::<User>()?.unwrap().credits, 4);
    Ok(())
}
