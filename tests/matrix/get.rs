//! GetItem.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::{Model, Project, Result};

matrix![
    a_get_gives_the_item,
    an_absent_item_is_none_or_an_error_as_asked,
    a_consistent_read_sees_the_last_write,
    a_projection_reads_its_own_attributes_only,
    an_item_is_read_by_another_item_as_its_key,
    ids_rich_in_separators_are_different_items,
    a_key_with_an_empty_part_is_refused_before_the_network,
    a_key_over_its_limit_is_refused_before_the_network,
];

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct Summary {
    id: String,
    credits: i64,
    nickname: Option<String>,
}

async fn a_get_gives_the_item(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    assert_eq!(db.get(User::key("u1")).one().await?, user("u1"));
    assert_eq!(db.get(User::key("u2")).optional().await?, Some(user("u2")));
    Ok(())
}

async fn an_absent_item_is_none_or_an_error_as_asked(db: TestDb) -> Result<()> {
    shop(&db).await?;
    assert_eq!(db.get(User::key("u1")).optional().await?, None);
    let error = db.get(User::key("u1")).one().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(
        error.to_string(),
        format!("GetItem on \"{}\": there is no item with this key", db.table_name())
    );
    Ok(())
}

async fn a_consistent_read_sees_the_last_write(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    assert_eq!(db.get(User::key("u1")).consistent_read().one().await?, user("u1"));
    assert!(
        db.get(User::key("u1")).consistent_read().to_request()?.json().contains("\"ConsistentRead\":true")
    );
    Ok(())
}

async fn a_projection_reads_its_own_attributes_only(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&User { nickname: Some("Ada".to_owned()), ..user("u1") }).execute().await?;
    let get = db.get(User::key("u1")).project::<Summary>();
    assert!(get.to_request()?.json().contains("ProjectionExpression"));
    let expected = Summary { id: "u1".to_owned(), credits: 10, nickname: Some("Ada".to_owned()) };
    assert_eq!(get.one().await?, expected);
    assert_eq!(db.get(User::key("u9")).project::<Summary>().optional().await?, None);
    Ok(())
}

async fn an_item_is_read_by_another_item_as_its_key(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let stale = User { credits: 99, ..user("u1") };
    assert_eq!(db.get(&stale).one().await?, user("u1"));
    Ok(())
}

#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "{a}#b_{b}")]
struct Pair {
    a: String,
    b: String,
    note: u32,
}

async fn ids_rich_in_separators_are_different_items(db: TestDb) -> Result<()> {
    db.create_table::<Pair>().execute().await?;
    let ids = [("x#b_y", "z"), ("x", "y#b_z"), ("x%23b_y", "z"), ("x%", "y"), ("x%25", "y"), ("x", "%y")];
    for (note, (a, b)) in (0..).zip(ids) {
        let pair = Pair { a: a.to_owned(), b: b.to_owned(), note };
        db.put(&pair).if_not_exists().execute().await?;
    }
    for (note, (a, b)) in (0..).zip(ids) {
        let read = db.get(Pair::key(a, b)).one().await?;
        assert_eq!((read.a.as_str(), read.b.as_str(), read.note), (a, b, note));
    }
    Ok(())
}

async fn a_key_with_an_empty_part_is_refused_before_the_network(db: TestDb) -> Result<()> {
    for (a, b, name) in [("", "b", "a"), ("a", "", "b")] {
        let error = db.get(Pair::key(a, b)).optional().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_key_over_its_limit_is_refused_before_the_network(db: TestDb) -> Result<()> {
    #[derive(Debug, PartialEq, Model)]
    struct Two {
        #[dynamorm(pk)]
        partition: String,
        #[dynamorm(sk)]
        sort: String,
    }

    db.create_table::<Two>().execute().await?;
    let longest = Two { partition: "p".repeat(2_048), sort: "s".repeat(1_024) };
    db.put(&longest).execute().await?;
    assert_eq!(db.get(&longest).one().await?, longest);
    let calls = db.calls();
    let long_partition = Two { partition: "p".repeat(2_049), ..longest };
    let error = db.put(&long_partition).execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    for text in ["`partition`", "2,049", "2,048"] {
        assert!(error.to_string().contains(text), "{error}");
    }
    let error = db.get(Two::key("p", "s".repeat(1_025))).one().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    for text in ["`sort`", "1,025", "1,024"] {
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(db.calls(), calls);
    Ok(())
}
