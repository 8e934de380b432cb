//! Projections that borrow from the answer: what is a slice of it, what cannot be, and what is an error.

use dynamorm::{Db, Document, Error, ErrorKind, Model, Project, Result, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
struct Order {
    customer: String,
    number: u32,
    title: String,
    #[dynamorm(rename = "memo")]
    note: Option<String>,
    words: Vec<String>,
    placed: Timestamp,
    address: Address,
    prices: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Address {
    city: String,
}

/// Every kind of field: those that borrow, optional where the model's is or not, and those that do not.
#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Order)]
struct Line<'a> {
    title: Cow<'a, str>,
    note: Option<Cow<'a, str>>,
    words: Vec<Cow<'a, str>>,
    customer: Option<Cow<'a, str>>,
    number: u32,
    placed: Option<Timestamp>,
    address: Address,
    prices: BTreeMap<String, i64>,
    #[dynamorm(skip)]
    seen: bool,
}

fn order(number: u32, title: &str) -> Order {
    Order {
        customer: "u1".into(),
        number,
        title: title.into(),
        note: (number > 1).then(|| "soon".into()),
        words: vec!["plain".into(), "\"quoted\"".into()],
        placed: Timestamp::from_epoch_seconds(1_700_000_000),
        address: Address { city: "Prague".into() },
        prices: BTreeMap::from([("net".into(), 7)]),
    }
}

async fn with_orders() -> Result<Db> {
    let db = Db::memory()?;
    db.create_table::<Order>().execute().await?;
    for (number, title) in [(1, "Tea"), (2, "line\nbreak")] {
        db.put(&order(number, title)).execute().await?;
    }
    Ok(db)
}

macro_rules! is_borrowed {
    ($text:expr) => {
        matches!($text, Cow::Borrowed(_))
    };
}

#[tokio::test]
async fn texts_are_slices_of_the_answer_unless_they_are_escaped_there() -> Result<()> {
    let db = with_orders().await?;
    let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1"));
    let answer = orders.project_borrowed::<Line>().page().await?;
    let lines = answer.items()?;
    assert_eq!(lines.len(), 2);
    let expected = Line {
        title: "Tea".into(),
        note: None,
        words: vec!["plain".into(), "\"quoted\"".into()],
        customer: Some("u1".into()),
        number: 1,
        placed: Some(Timestamp::from_epoch_seconds(1_700_000_000)),
        address: Address { city: "Prague".into() },
        prices: BTreeMap::from([("net".into(), 7)]),
        seen: false,
    };
    assert_eq!(lines[0], expected);
    assert!(is_borrowed!(lines[0].title) && matches!(lines[0].customer, Some(Cow::Borrowed("u1"))));
    assert!(is_borrowed!(lines[0].words[0]) && !is_borrowed!(lines[0].words[1]));
    assert!(lines[1].title == "line\nbreak" && !is_borrowed!(lines[1].title));
    assert_eq!(lines[1].note.as_deref(), Some("soon"));
    // The answer can be read again, and says no value of itself.
    assert_eq!(answer.items()?, lines);
    assert!(!format!("{answer:?}").contains("Tea"));
    Ok(())
}

#[tokio::test]
async fn pages_go_on_where_the_one_before_ended() -> Result<()> {
    let db = with_orders().await?;
    let (mut titles, mut next) = (Vec::new(), None);
    loop {
        let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(1).start_key(next);
        let answer = orders.project_borrowed::<Line>().page().await?;
        titles.extend(answer.items()?.iter().map(|line| line.title.to_string()));
        assert!(answer.scanned_count <= 1);
        next = answer.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(titles, ["Tea", "line\nbreak"]);
    Ok(())
}

#[tokio::test]
async fn only_its_attributes_are_asked_for() -> Result<()> {
    let db = Db::memory()?;
    let request = db.scan::<Order>().project_borrowed::<Line>().to_request()?;
    for name in ["title", "memo", "words", "customer", "number", "placed", "address", "prices"] {
        assert!(request.json().contains(&format!(r#":"{name}""#)), "{name}: {}", request.json());
    }
    assert!(!request.json().contains("seen"));
    Ok(())
}

/// The same items with another type of title, and without words.
#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
struct Other {
    customer: String,
    number: u32,
    title: i64,
}

#[tokio::test]
async fn an_error_names_the_attribute_and_no_value() -> Result<()> {
    async fn error<M: Model + dynamorm::Within<dynamorm::ReachedByDb>>(stored: &M) -> Result<Error> {
        let db = Db::memory()?;
        db.create_table::<Order>().execute().await?;
        db.put(stored).execute().await?;
        let answer = db.scan::<Order>().project_borrowed::<Line>().page().await?;
        Ok(answer.items().unwrap_err())
    }
    let other = Other { customer: "u1".into(), number: 1, title: 7 };
    let wrong = error(&other).await?;
    assert_eq!(wrong.kind(), ErrorKind::Codec);
    assert_eq!(wrong.to_string(), "Scan on \"app\": attribute `title` has type N, expected S");

    #[derive(Model)]
    #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    struct Titled {
        customer: String,
        number: u32,
        title: String,
    }
    let titled = Titled { customer: "u1".into(), number: 1, title: "Tea".into() };
    let missing = error(&titled).await?;
    assert_eq!(missing.to_string(), "Scan on \"app\": attribute `words` is missing");
    Ok(())
}

#[derive(Model)]
#[dynamorm(table = "kept", pk = "USER#{id}", type = "User", schema = 2, upcast(same))]
struct User {
    id: String,
    name: String,
}

fn same(item: dynamorm::Item) -> std::result::Result<dynamorm::Item, &'static str> {
    Ok(item)
}

#[derive(Debug, Project)]
#[dynamorm(of = User)]
struct Name<'n> {
    name: Cow<'n, str>,
}

#[tokio::test]
async fn the_type_and_the_schema_of_an_item_are_checked_as_for_any_projection() -> Result<()> {
    #[derive(Model)]
    #[dynamorm(table = "kept", pk = "USER#{id}")]
    struct Raw {
        id: String,
        name: String,
        #[dynamorm(rename = "type")]
        kind: String,
        schema_version: u64,
    }
    let read = async |kind: &str, schema_version| {
        let db = Db::memory()?;
        db.create_table::<User>().execute().await?;
        let raw = Raw { id: "u1".into(), name: "Ada".into(), kind: kind.into(), schema_version };
        db.put(&raw).execute().await?;
        // A scan leaves items of other types out, a query of one item does not.
        let users = db.query::<User>().key(User::PRIMARY_KEY.partition("u1"));
        let answer = users.project_borrowed::<Name>().page().await?;
        answer.items().map(|names| names.iter().map(|name| name.name.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(read("User", 2).await?, ["Ada"]);
    let old = read("User", 1).await.unwrap_err();
    assert!(old.to_string().contains("schema 1"), "{old}");
    let newer = read("User", 3).await.unwrap_err();
    assert!(newer.to_string().contains("schema 3"), "{newer}");
    match read("Robot", 2).await {
        Ok(names) => assert!(names.is_empty(), "left out by the filter"),
        Err(other) => assert_eq!(other.kind(), ErrorKind::Codec),
    }
    Ok(())
}
