//! Start keys: the text that leads from one page to the next, and what is refused of it before the network.

use crate::models::{Order, User, order, shop, user};
use crate::support::{TestDb, matrix};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use dynamorm::{Db, ErrorKind, Model, Page, Result, StartKey};

matrix![
    a_start_key_goes_through_text,
    a_start_key_of_every_key_type_goes_through_text,
    a_start_key_of_an_index_resumes_there,
    text_that_is_no_start_key_is_refused,
    a_start_key_of_another_index_is_refused_before_the_network,
    a_start_key_of_another_partition_is_refused_before_the_network,
    a_start_key_of_the_other_direction_is_refused_before_the_network,
    a_start_key_of_another_model_is_refused_before_the_network,
    an_altered_start_key_reaches_no_other_partition,
    a_signed_start_key_cannot_be_altered,
    a_start_key_signed_for_another_table_is_refused,
    every_terminal_checks_the_start_key,
];

async fn orders(db: &TestDb) -> Result<Vec<Order>> {
    shop(db).await?;
    let orders: Vec<Order> = (1..=5).map(|second| order("u1", second)).collect();
    db.batch_write().put_all(&orders).put_all(&[order("u2", 1), order("u2", 2)]).execute().await?;
    for id in ["u1", "u2", "u3"] {
        db.put(&User { email: "all".to_owned(), ..user(id) }).execute().await?;
    }
    Ok(orders)
}

async fn first_page(db: &Db) -> Result<Page<Order>> {
    db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(2).page().await
}

async fn next_page(db: &Db, start_key: impl Into<Option<StartKey>>) -> Result<Page<Order>> {
    db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(2).start_key(start_key).page().await
}

/// Demands that the start key is refused as the client's fault, and that nothing was sent.
#[track_caller]
fn refused<T>(db: &TestDb, calls: usize, result: Result<T>, why: &str) {
    let Err(error) = result else { panic!("a start key that must be refused was obeyed: {why}") };
    assert!(error.is_invalid_start_key() && error.kind() == ErrorKind::InvalidRequest, "{error}");
    assert!(error.to_string().contains(why), "{error}");
    assert_eq!(db.calls(), calls, "a request was sent: {why}");
}

async fn a_start_key_goes_through_text(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let (mut found, mut cursor): (Vec<Order>, Option<String>) = (Vec::new(), None);
    loop {
        let start_key: Option<StartKey> = cursor.map(|text| text.parse()).transpose()?;
        let page = next_page(&db, start_key.clone()).await?;
        found.extend(page.items);
        let Some(next) = page.next else { break };
        let text = next.to_string();
        assert_eq!(text.parse::<StartKey>()?, next);
        let url_safe = |c: char| c.is_ascii_alphanumeric() || "-_=".contains(c);
        assert!(text.chars().all(url_safe), "{text}");
        assert_eq!(serde_json::to_value(&next).unwrap(), serde_json::Value::from(text.as_str()));
        cursor = Some(text);
    }
    assert_eq!(found, orders);
    Ok(())
}

async fn a_start_key_of_every_key_type_goes_through_text(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(pk = bytes, sk = number)]
    #[dynamorm(index = "by-number", pk = text, sk = number)]
    struct Mixed {
        bytes: Vec<u8>,
        number: i128,
        text: String,
    }

    db.create_table::<Mixed>().execute().await?;
    let text = "\"é\\\u{1}#%";
    let items = [-7, 0, 12_345_678_901_234_567_890_123_456_789_012_345_678].map(|number| Mixed {
        bytes: vec![0, 127, 128, 255],
        number,
        text: text.to_owned(),
    });
    db.batch_write().put_all(&items).execute().await?;
    for n in 1..3 {
        let query = || db.query::<Mixed>().key(Mixed::PRIMARY_KEY.partition(vec![0, 127, 128, 255]));
        let next: StartKey = query().take(n).await?.next.unwrap().to_string().parse()?;
        assert_eq!(query().start_key(next).all().await?, items[n..]);
        let query = || db.query::<Mixed>().key(Mixed::BY_NUMBER_INDEX.partition(text));
        let next: StartKey = query().take(n).await?.next.unwrap().to_string().parse()?;
        assert_eq!(query().start_key(next).all().await?, items[n..]);
    }
    Ok(())
}

async fn a_start_key_of_an_index_resumes_there(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let query = || db.query::<User>().key(User::EMAIL_INDEX.partition("all"));
    let all = query().all().await?;
    assert_eq!(all.len(), 3);
    // Also in the middle of a page, where the key is made from the item.
    let first = query().filter(User::ACTIVE.eq(true)).take(2).await?;
    let next: StartKey = first.next.unwrap().to_string().parse()?;
    let rest = query().start_key(next).all().await?;
    assert_eq!([first.items, rest].concat(), all);
    Ok(())
}

async fn text_that_is_no_start_key_is_refused(db: TestDb) -> Result<()> {
    let encoded = |json: &str| URL_SAFE.encode(json);
    let long = encoded(&format!(r#"{{"lastKey":{{"pk":{{"S":"{}"}}}}}}"#, "x".repeat(20_000)));
    for text in [
        "",
        "garbage",
        "!!!",
        ".",
        &encoded(""),
        &encoded("null"),
        &encoded("[]"),
        &encoded("{}"),
        &encoded(r#"{"lastKey":{}}"#),
        &encoded(r#"{"lastKey":null}"#),
        &encoded(r#"{"lastKey":{"pk":"x"}}"#),
        &encoded(r#"{"lastKey":{"pk":{"M":{}}}}"#),
        &encoded(r#"{"lastKey":{"pk":{"S":"x"}}} more"#),
        &encoded(r#"{"lastKey":{"pk":{"S":"x"}}"#),
        &long,
    ] {
        let result = text.parse::<StartKey>();
        refused(&db, 0, result, "the start key is malformed");
    }
    Ok(())
}

async fn a_start_key_of_another_index_is_refused_before_the_network(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let of_index = db.query::<User>().key(User::EMAIL_INDEX.partition("all")).limit(1).page().await?.next;
    let calls = db.calls();
    refused(&db, calls, next_page(&db, of_index).await, "another index");
    let of_table = first_page(&db).await?.next;
    let calls = db.calls();
    let query = db.query::<User>().key(User::EMAIL_INDEX.partition("all")).start_key(of_table);
    refused(&db, calls, query.page().await, "another index");
    Ok(())
}

async fn a_start_key_of_another_partition_is_refused_before_the_network(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let of_u2 = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u2")).limit(1).page().await?.next;
    assert!(of_u2.is_some());
    let calls = db.calls();
    refused(&db, calls, next_page(&db, of_u2).await, "another partition");
    Ok(())
}

async fn a_start_key_of_the_other_direction_is_refused_before_the_network(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let query = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(2);
    let (up, down) = (query().page().await?.next, query().descending().page().await?.next);
    let calls = db.calls();
    refused(&db, calls, query().start_key(down).page().await, "other direction");
    refused(&db, calls, query().descending().start_key(up).page().await, "other direction");
    Ok(())
}

async fn a_start_key_of_another_model_is_refused_before_the_network(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(table = "other")]
    struct Tag {
        #[dynamorm(pk)]
        id: String,
        #[dynamorm(sk)]
        tag: u32,
    }

    orders(&db).await?;
    db.create_table::<Tag>().execute().await?;
    let tags = [1, 2, 3].map(|tag| Tag { id: "u1".to_owned(), tag });
    db.batch_write().put_all(&tags).execute().await?;
    let of_tags = db.query::<Tag>().key(Tag::PRIMARY_KEY.partition("u1")).limit(1).page().await?.next;
    assert!(of_tags.is_some());
    let calls = db.calls();
    refused(&db, calls, next_page(&db, of_tags).await, "other key attributes");
    // The right names with another type.
    let text = URL_SAFE.encode(r#"{"lastKey":{"pk":{"S":"USER#u1"},"sk":{"N":"1"}}}"#);
    refused(&db, calls, next_page(&db, text.parse::<StartKey>()?).await, "other key attributes");
    // One more than there should be.
    let text = URL_SAFE.encode(r#"{"lastKey":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#"},"x":{"S":"y"}}}"#);
    refused(&db, calls, next_page(&db, text.parse::<StartKey>()?).await, "other key attributes");
    Ok(())
}

async fn an_altered_start_key_reaches_no_other_partition(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let genuine = first_page(&db).await?.next.unwrap().to_string();
    let json = String::from_utf8(URL_SAFE.decode(genuine).unwrap()).unwrap();
    let altered: StartKey = URL_SAFE.encode(json.replace("USER#u1", "USER#u2")).parse()?;
    let calls = db.calls();
    refused(&db, calls, next_page(&db, altered).await, "another partition");
    Ok(())
}

async fn a_signed_start_key_cannot_be_altered(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let signed = Db::clone(&db).cursor_secret("secret");
    let genuine = first_page(&signed).await?.next.unwrap().to_string();
    let page = next_page(&signed, genuine.parse::<StartKey>()?).await?;
    assert_eq!(page.items, orders[2..4]);

    let (json, signature) = genuine.split_once('.').unwrap();
    let plain = String::from_utf8(URL_SAFE.decode(json).unwrap()).unwrap();
    let later = plain.replace("22:13:22", "22:13:24");
    assert_ne!(later, plain);
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let unsigned = first_page(&db).await?.next.unwrap().to_string();
    let stranger = Db::clone(&db).cursor_secret("another");
    let strange = first_page(&stranger).await?.next.unwrap().to_string();
    let calls = db.calls();
    for text in [
        format!("{}.{signature}", URL_SAFE.encode(later)),
        format!("{json}.{other}{}", &signature[1..]),
        format!("{json}."),
        json.to_owned(),
        unsigned,
        strange,
    ] {
        let result = next_page(&signed, text.parse::<StartKey>()?).await;
        refused(&db, calls, result, "signature");
    }
    Ok(())
}

async fn a_start_key_signed_for_another_table_is_refused(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let signed = Db::clone(&db).cursor_secret("secret");
    let start_key = first_page(&signed).await?.next;
    let calls = db.calls();
    let elsewhere = signed.table("elsewhere");
    refused(&db, calls, next_page(&elsewhere, start_key).await, "signature");
    Ok(())
}

async fn every_terminal_checks_the_start_key(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let of_u2 = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u2")).limit(1).page().await?.next;
    let calls = db.calls();
    let query = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).start_key(of_u2.clone());
    refused(&db, calls, query().take(3).await, "another partition");
    refused(&db, calls, query().all().await, "another partition");
    refused(&db, calls, query().count().await, "another partition");
    refused(&db, calls, query().optional().await, "another partition");
    refused(&db, calls, query().one().await, "another partition");
    refused(&db, calls, query().to_request(), "another partition");
    let mut stream = Box::pin(query().stream());
    refused(&db, calls, futures_util::TryStreamExt::try_next(&mut stream).await, "another partition");
    Ok(())
}
