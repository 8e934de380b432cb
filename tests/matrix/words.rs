//! Every line of the guide that there is an operation for, in our words, on the guide's own form of models; and raw text.

use crate::support::{TestDb, matrix};
use dynamorm::{
    Check, Condition, Db, Document, KeyCondition, Model, Project, Put, Result, StartKey, Timestamp, Update,
};

matrix![
    a_new_client_names_its_table,
    put,
    get_by_both_parts_of_the_key,
    get_by_an_index_is_a_query_for_one,
    consistent_read,
    query_by_a_key_condition,
    query_by_a_key_condition_in_text,
    a_raw_key_condition_says_which_index_it_means,
    start_key_and_last_evaluated_key,
    project,
    batch_write,
    transact_write,
    subtract,
    not_found_condition_failed_and_throttled,
    an_embedded_struct_is_flattened,
    two_thousand_nested_parentheses_are_an_error,
    parentheses_up_to_the_limit_are_evaluated,
];

#[derive(Debug, Clone, PartialEq, Model)]
struct User {
    #[dynamorm(pk)]
    id: String,
    #[dynamorm(sk, gsi("by-sk", pk))]
    sk: String,
    /// Empty: the user is not in the index.
    #[dynamorm(gsi("email-index", pk))]
    email_gsi: String,
    #[dynamorm(rename = "tenant_id")]
    tenant: String,
    name: String,
    credits: i64,
    #[dynamorm(flatten)]
    entity: Entity,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Entity {
    #[dynamorm(created_at)]
    created_at: Timestamp,
    #[dynamorm(updated_at)]
    updated_at: Timestamp,
    source: Option<String>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct UserSummary {
    id: String,
    name: String,
}

fn now() -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000)
}

fn ada() -> User {
    User {
        id: "u1".to_owned(),
        sk: "PROFILE".to_owned(),
        email_gsi: "ada@example.com".to_owned(),
        tenant: "t1".to_owned(),
        name: "Ada".to_owned(),
        credits: 10,
        entity: Entity { created_at: now(), updated_at: now(), source: None },
    }
}

fn settings(nr: u32) -> User {
    User { sk: format!("SETTING#{nr}"), email_gsi: String::new(), ..ada() }
}

/// A database with Ada in it, at a standing clock.
async fn with_ada(db: &TestDb) -> Result<Db> {
    let db = Db::clone(db).clock(now);
    db.create_table::<User>().execute().await?;
    db.put(&ada()).execute().await?;
    Ok(db)
}

async fn a_new_client_names_its_table(db: TestDb) -> Result<()> {
    let memory = Db::connect("memory:").await?.table("app");
    memory.create_table::<User>().execute().await?;
    let error = memory.table("users").put(&ada()).execute().await.unwrap_err();
    assert_eq!(error.table(), Some("users"));
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn put(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    let (id, sk) = ("u1", "PROFILE");
    assert_eq!(db.get(User::key(id, sk)).one().await?, ada());
    Ok(())
}

async fn get_by_both_parts_of_the_key(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    db.put(&settings(1)).execute().await?;
    assert_eq!(db.get(User::key("u1", "SETTING#1")).one().await?, settings(1));
    assert_eq!(db.get(User::key("u1", "SETTING#2")).optional().await?, None);
    Ok(())
}

async fn get_by_an_index_is_a_query_for_one(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    db.put(&settings(1)).execute().await?;
    let by_email = |email: &str| db.query::<User>().key(User::EMAIL_INDEX.partition(email));
    assert_eq!(by_email("ada@example.com").one().await?, ada());
    assert!(by_email("bob@example.com").one().await.unwrap_err().is_not_found());
    db.put(&User { id: "u2".to_owned(), ..ada() }).execute().await?;
    assert!(by_email("ada@example.com").one().await.unwrap_err().is_not_unique());
    Ok(())
}

async fn consistent_read(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    assert_eq!(db.get(User::key("u1", "PROFILE")).consistent_read().one().await?, ada());
    let query = db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).consistent_read();
    assert_eq!(query.all().await?, [ada()]);
    Ok(())
}

async fn query_by_a_key_condition(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    db.batch_write().put_all(&[settings(1), settings(2)]).execute().await?;
    let of_u1 = || User::PRIMARY_KEY.partition("u1");
    let found = db.query::<User>().key(of_u1().begins_with("SETTING#")).all().await?;
    assert_eq!(found, [settings(1), settings(2)]);
    let filtered = db.query::<User>().key(of_u1()).filter(User::TENANT.eq("t1") & User::EMAIL_GSI.exists());
    assert_eq!(filtered.descending().page().await?.items, [ada()]);
    Ok(())
}

async fn query_by_a_key_condition_in_text(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    db.batch_write().put_all(&[settings(1), settings(2)]).execute().await?;
    let all = async |key: KeyCondition<User>| db.query::<User>().key(key).all().await;
    let by_email = KeyCondition::raw("email_gsi = :e", [(":e", "ada@example.com")]);
    assert_eq!(all(by_email).await?, [ada()]);
    // A value's name may come without its colon, and the text in any order and case.
    let swapped = KeyCondition::raw(":e = email_gsi", [("e", "ada@example.com")]);
    assert_eq!(all(swapped).await?, [ada()]);
    let values = [(":id", "u1"), (":s", "SETTING#")];
    assert_eq!(all(KeyCondition::raw("id = :id and begins_with(sk, :s)", values).index("")).await?.len(), 2);
    let values = [(":id", "u1"), (":a", "SETTING#2"), (":b", "SETTING#9")];
    let between = KeyCondition::raw("id = :id AND sk BETWEEN :a AND :b", values);
    assert_eq!(all(between).await?, [settings(2)]);
    // It resumes too, and is held to its partition.
    let whole = |id: &str| db.query::<User>().key(KeyCondition::raw("id = :id", [(":id", id)]));
    let first = whole("u1").take(2).await?;
    assert_eq!(whole("u1").start_key(first.next.clone()).all().await?, [settings(2)]);
    assert!(whole("u2").start_key(first.next).all().await.unwrap_err().is_invalid_start_key());
    Ok(())
}

async fn a_raw_key_condition_says_which_index_it_means(db: TestDb) -> Result<()> {
    let refused = [
        KeyCondition::raw("tenant_id = :t", [(":t", "t1")]),
        KeyCondition::raw("id > :i", [(":i", "u1")]),
        KeyCondition::raw("id = :i AND sk = :s", [(":i", "u1"), (":s", "PROFILE")]),
        KeyCondition::raw("id = :i", [(":i", "u1")]).index("email-index"),
        KeyCondition::raw("id = :i", [(":j", "u1")]),
        KeyCondition::raw("id = :i", [(":i", "u1"), (":j", "unused")]),
    ];
    for key in refused {
        let error = db.query::<User>().key(key).all().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
    }
    assert_eq!(db.calls(), 0);
    let db = with_ada(&db).await?;
    let values = [(":i", "u1"), (":s", "PROFILE")];
    let primary = KeyCondition::raw("id = :i AND sk = :s", values).index("");
    assert_eq!(db.query::<User>().key(primary).one().await?, ada());
    Ok(())
}

async fn start_key_and_last_evaluated_key(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    db.batch_write().put_all(&[settings(1), settings(2)]).execute().await?;
    let query = || db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).limit(2);
    let page = query().page().await?;
    let cursor: String = page.next.unwrap().to_string();
    let page = query().start_key(cursor.parse::<StartKey>()?).page().await?;
    assert_eq!(page.items, [settings(2)]);
    Ok(())
}

async fn project(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    let summary = || UserSummary { id: "u1".to_owned(), name: "Ada".to_owned() };
    assert_eq!(db.get(User::key("u1", "PROFILE")).project::<UserSummary>().one().await?, summary());
    let query =
        db.query::<User>().project::<UserSummary>().key(User::EMAIL_INDEX.partition("ada@example.com"));
    assert_eq!(query.all().await?, [summary()]);
    Ok(())
}

async fn batch_write(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    let bob = User { id: "u2".to_owned(), name: "Bob".to_owned(), ..ada() };
    db.batch_write().put(&bob).delete(User::key("u1", "PROFILE")).execute().await?;
    assert_eq!(db.get(&bob).one().await?, bob);
    assert_eq!(db.get(&ada()).optional().await?, None);
    Ok(())
}

async fn transact_write(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    let key = || User::key("u1", "PROFILE");
    db.transact_write()
        .put(Put::new(&settings(1)).if_not_exists())
        .update(Update::new(key()).set(User::NAME, "Ada Lovelace").condition(User::CREDITS.ge(7)))
        .check(Check::new(User::key("u1", "SETTING#9"), User::NAME.not_exists()))
        .execute()
        .await?;
    assert_eq!(db.get(key()).one().await?.name, "Ada Lovelace");
    Ok(())
}

async fn subtract(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    let key = || User::key("u1", "PROFILE");
    db.update(key()).set(User::CREDITS, User::CREDITS.minus(3)).execute().await?;
    db.update(key()).add(User::CREDITS, -3).execute().await?;
    assert_eq!(db.get(key()).one().await?.credits, 4);
    Ok(())
}

async fn not_found_condition_failed_and_throttled(db: TestDb) -> Result<()> {
    let throttled = db.faulty(|faults| faults.throttle(1.0));
    let db = with_ada(&db).await?;
    assert!(db.get(User::key("u9", "PROFILE")).one().await.unwrap_err().is_not_found());
    assert!(db.put(&ada()).if_not_exists().execute().await.unwrap_err().is_condition_failed());
    assert!(throttled.get(&ada()).one().await.unwrap_err().is_throttled());
    Ok(())
}

async fn an_embedded_struct_is_flattened(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    let late = Timestamp::from_epoch_seconds(1_900_000_000);
    let later = db.clone().clock(move || late);
    let new = User {
        entity: Entity {
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            source: Some("import".to_owned()),
        },
        ..settings(1)
    };
    let stored = later.put(&new).returning_new().await?;
    assert_eq!((stored.entity.created_at, stored.entity.updated_at), (late, late));
    assert_eq!(db.get(&new).one().await?, stored);
    Ok(())
}

fn nested(parentheses: usize) -> Condition<User> {
    let text = format!("{}credits = :n{}", "(".repeat(parentheses), ")".repeat(parentheses));
    Condition::raw(&text, [(":n", 10)])
}

async fn two_thousand_nested_parentheses_are_an_error(db: TestDb) -> Result<()> {
    let error = db.put(&ada()).condition(nested(2_000)).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("100 deep"), "{error}");
    let key = format!("{}id = :n{}", "(".repeat(2_000), ")".repeat(2_000));
    let query = db.query::<User>().key(KeyCondition::raw(&key, [(":n", "u1")]));
    assert!(query.page().await.unwrap_err().is_invalid_request());
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn parentheses_up_to_the_limit_are_evaluated(db: TestDb) -> Result<()> {
    let db = with_ada(&db).await?;
    // Parentheses around parentheses would be redundant, which DynamoDB refuses: each pair needs its `NOT`.
    let text = format!("{}credits = :n{}", "NOT (".repeat(50), ")".repeat(50));
    db.put(&ada()).condition(Condition::raw(&text, [(":n", 10)])).execute().await?;
    let deep = (0..50).fold(User::CREDITS.eq(10), |condition, _| !condition);
    db.put(&ada()).condition(deep).execute().await
}
