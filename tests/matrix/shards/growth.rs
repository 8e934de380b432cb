//! A partition that gets more shards, and what happens where its rule is broken.

use super::*;

matrix![
    a_partition_grows_from_a_sort_key_on,
    an_item_in_the_wrong_shard_is_an_error,
    models_of_one_partition_have_different_numbers_of_shards,
];

/// The same log before it grew, and after.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 2)]
struct Before {
    topic: String,
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 2, shards_from("2027-01-01", 5))]
struct After {
    topic: String,
    at: Timestamp,
}

async fn a_partition_grows_from_a_sort_key_on(db: TestDb) -> Result<()> {
    db.create_table::<Before>().execute().await?;
    // 2026-12-31T23:59:40Z and on.
    let at = |second: i64| Timestamp::from_epoch_seconds(1_798_761_580 + second);
    for second in 0..20 {
        db.put(&Before { topic: "web".into(), at: at(second) }).execute().await?;
    }
    for second in 20..60 {
        db.put(&After { topic: "web".into(), at: at(second) }).execute().await?;
    }
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for item in stored(&db).await? {
        *of.entry(item["pk"].as_s().unwrap_or_default().to_owned()).or_default() += 1;
    }
    assert_eq!(of.len(), 5, "{of:?}");
    let all = db.query::<After>().key(After::PRIMARY_KEY.partition("web")).all().await?;
    assert_eq!(all.iter().map(|item| item.at).collect::<Vec<_>>(), (0..60).map(at).collect::<Vec<_>>());
    // Each is where its key says, with one request, and a put replaces it.
    let before = db.calls();
    for second in 0..60 {
        assert!(db.get(After::key("web", at(second))).optional().await?.is_some());
    }
    assert_eq!(db.calls() - before, 60);
    // A start key from before it grew leads on.
    let page = db.query::<Before>().key(Before::PRIMARY_KEY.partition("web").lt(at(20))).take(7).await?;
    let key = After::PRIMARY_KEY.partition("web");
    assert_eq!(db.query::<After>().key(key).start_key(page.next).take(1).await?.items[0].at, at(7));
    for second in [3, 19, 20, 50] {
        db.put(&After { topic: "web".into(), at: at(second) }).execute().await?;
    }
    assert_eq!(db.query::<After>().key(After::PRIMARY_KEY.partition("web")).count().await?, 60);
    Ok(())
}

async fn an_item_in_the_wrong_shard_is_an_error(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    #[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 7)]
    struct Careless {
        topic: String,
        at: Timestamp,
    }
    db.create_table::<Before>().execute().await?;
    for second in 0..10 {
        let at = Timestamp::from_epoch_seconds(second);
        db.put(&Before { topic: "web".into(), at }).execute().await?;
    }
    let error = db.query::<Careless>().key(Careless::PRIMARY_KEY.partition("web")).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert!(error.to_string().contains("not in the shard of its sort key"), "{error}");
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "OF#{topic}", sk = "{at}", shards = 4, type = "Few")]
struct Few {
    topic: String,
    at: u32,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "OF#{topic}", sk = "{at}", shards = 11, type = "Many")]
struct Many {
    topic: String,
    at: u32,
}

async fn models_of_one_partition_have_different_numbers_of_shards(db: TestDb) -> Result<()> {
    db.create_table::<(Few, Many)>().execute().await?;
    for at in 0..40 {
        db.put(&Few { topic: "a".into(), at: 2 * at }).execute().await?;
        db.put(&Many { topic: "a".into(), at: 2 * at + 1 }).execute().await?;
    }
    let few = db.query::<Few>().key(Few::PRIMARY_KEY.partition("a")).limit(3).all().await?;
    assert_eq!(
        few.iter().map(|few| few.at).collect::<Vec<_>>(),
        (0..40).map(|at| 2 * at).collect::<Vec<_>>()
    );
    let many = db.query::<Many>().key(Many::PRIMARY_KEY.partition("a")).limit(5).descending().all().await?;
    let expected: Vec<u32> = (0..40).rev().map(|at| 2 * at + 1).collect();
    assert_eq!(many.iter().map(|many| many.at).collect::<Vec<_>>(), expected);
    Ok(())
}
