//! Index keys that follow updates: made anew from what is set, told or was read, or refused.

use crate::models::{User, shop_with};
use crate::support::{TestDb, matrix};
use dynamorm::{Item, Model, Result, Update};

matrix![
    an_index_key_made_of_a_changed_attribute_is_made_anew,
    an_index_key_that_would_go_stale_is_refused_before_the_network,
    an_index_key_cannot_be_made_of_a_calculation,
    removing_a_part_takes_the_item_out_of_the_index,
    an_attribute_in_the_key_helps_to_make_an_index_key,
    setting_an_index_key_to_nothing_takes_the_item_out_of_the_index,
    a_given_value_helps_to_make_an_index_key,
    a_wrong_guess_changes_nothing,
    an_item_as_it_was_read_makes_its_index_keys,
    what_was_read_is_not_trusted_after_another_write,
    an_index_key_that_is_an_attribute_is_calculated_with,
    an_item_that_an_update_makes_is_in_no_index_by_half,
];

async fn setting_an_index_key_to_nothing_takes_the_item_out_of_the_index(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let found = async || db.query::<User>().key(User::EMAIL_INDEX.partition("u1@example.com")).all().await;
    assert_eq!(found().await?.len(), 1);
    db.update(User::key("u1")).set(User::EMAIL, "").execute().await?;
    assert_eq!(found().await?, []);
    assert_eq!(db.get(User::key("u1")).one().await?.email, "");
    db.update(User::key("u1")).set(User::EMAIL, "u1@example.com").execute().await?;
    assert_eq!(found().await?.len(), 1);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TASK#{id}")]
#[dynamorm(index = "by-status", pk = "STATUS#{status}", sk = "{owner}#{due}")]
#[dynamorm(index = "by-id", pk = "{status}/{id}")]
struct Task {
    id: String,
    status: String,
    owner: Option<String>,
    due: u32,
    note: Option<String>,
}

impl Task {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            status: "open".to_owned(),
            owner: Some("ada".to_owned()),
            due: 7,
            note: None,
        }
    }

    /// The ids of the tasks with this status, in the order of the index.
    async fn with_status(db: &TestDb, status: &str) -> Result<Vec<String>> {
        let tasks = db.query::<Task>().key(Task::BY_STATUS_INDEX.partition(status)).all().await?;
        Ok(tasks.into_iter().map(|task| task.id).collect())
    }

    /// The sort key of `by-status`, as it is stored.
    async fn sort_key(db: &TestDb, id: &str) -> Result<Option<String>> {
        let refused = db.put(&Task::new(id)).if_not_exists().returning_old_on_failure().execute().await;
        let item = refused.unwrap_err().item::<Item>()?.unwrap();
        Ok(item.get("by-status_sk").and_then(|key| key.as_s()).map(str::to_owned))
    }
}

async fn an_index_key_made_of_a_changed_attribute_is_made_anew(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.put(&Task::new("t2")).execute().await?;
    db.update(Task::key("t1")).set(Task::STATUS, "done").execute().await?;
    assert_eq!(Task::with_status(&db, "open").await?, ["t2"]);
    assert_eq!(Task::with_status(&db, "done").await?, ["t1"]);
    // Inside a transaction too, and for the sort key.
    let later =
        Update::new(Task::key("t2")).set(Task::STATUS, "done").set(Task::OWNER, "ada").set(Task::DUE, 3);
    db.transact_write().update(later).execute().await?;
    assert_eq!(Task::with_status(&db, "done").await?, ["t2", "t1"]);
    Ok(())
}

async fn an_index_key_that_would_go_stale_is_refused_before_the_network(db: TestDb) -> Result<()> {
    // The sort key is made of the owner and the due day, and the update knows one of them.
    let error = db.update(Task::key("t1")).set(Task::DUE, 3).execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    for text in ["\"by-status\"", "`owner`", "stale"] {
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn an_index_key_cannot_be_made_of_a_calculation(db: TestDb) -> Result<()> {
    for update in [
        db.update(Task::key("t1")).set(Task::OWNER, "ada").add(Task::DUE, 1),
        db.update(Task::key("t1")).set(Task::OWNER, "ada").set(Task::DUE, Task::DUE.plus(1)),
        db.update(Task::key("t1")).set(Task::STATUS, Task::STATUS.or_if_absent("open")),
    ] {
        let error = update.execute().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("made anew"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn removing_a_part_takes_the_item_out_of_the_index(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.update(Task::key("t1")).remove(Task::OWNER).execute().await?;
    assert_eq!(Task::with_status(&db, "open").await?, [] as [String; 0]);
    assert_eq!(db.get(Task::key("t1")).one().await?, Task { owner: None, ..Task::new("t1") });
    db.update(Task::key("t1")).set(Task::OWNER, "bob").set(Task::DUE, 7).execute().await?;
    assert_eq!(Task::with_status(&db, "open").await?, ["t1"]);
    Ok(())
}

async fn an_attribute_in_the_key_helps_to_make_an_index_key(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.update(Task::key("t1")).set(Task::STATUS, "done").execute().await?;
    let by_id = |status: &'static str| db.query::<Task>().key(Task::BY_ID_INDEX.partition((status, "t1")));
    assert_eq!(by_id("open").optional().await?, None);
    assert_eq!(by_id("done").one().await?.status, "done");
    Ok(())
}

async fn a_given_value_helps_to_make_an_index_key(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.put(&Task { owner: None, ..Task::new("t2") }).execute().await?;
    db.update(Task::key("t1")).set(Task::DUE, 9).given(Task::OWNER, "ada").execute().await?;
    assert_eq!(Task::sort_key(&db, "t1").await?.as_deref(), Some("ada#0000000009"));
    // Absence can be told too. It keeps the item out of the index.
    db.update(Task::key("t2")).set(Task::DUE, 9).given(Task::OWNER, None).execute().await?;
    assert_eq!(Task::sort_key(&db, "t2").await?, None);
    // Inside a transaction too.
    let later = Update::new(Task::key("t1")).set(Task::DUE, 10).given(Task::OWNER, "ada");
    db.transact_write().update(later).execute().await?;
    assert_eq!(Task::sort_key(&db, "t1").await?.as_deref(), Some("ada#0000000010"));
    Ok(())
}

async fn a_wrong_guess_changes_nothing(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    for guess in [Some("bob"), Some(""), None] {
        let guess = guess.map(str::to_owned);
        let update = || Update::new(Task::key("t1")).set(Task::DUE, 9).given(Task::OWNER, guess.clone());
        assert!(update().on(&db).execute().await.unwrap_err().is_condition_failed());
        assert!(db.transact_write().update(update()).execute().await.unwrap_err().is_condition_failed());
    }
    assert_eq!(db.get(Task::key("t1")).one().await?, Task::new("t1"));
    assert_eq!(Task::sort_key(&db, "t1").await?.as_deref(), Some("ada#0000000007"));
    Ok(())
}

async fn an_item_as_it_was_read_makes_its_index_keys(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    let task = Task::new("t1");
    db.put(&task).execute().await?;
    db.update(&task).set(Task::DUE, 9).execute().await?;
    assert_eq!(Task::sort_key(&db, "t1").await?.as_deref(), Some("ada#0000000009"));
    db.transact_write().update(Update::of(&task).set(Task::DUE, 10)).execute().await?;
    assert_eq!(Task::sort_key(&db, "t1").await?.as_deref(), Some("ada#0000000010"));
    db.update(&task).remove(Task::OWNER).execute().await?;
    assert_eq!(Task::sort_key(&db, "t1").await?, None);
    Ok(())
}

async fn what_was_read_is_not_trusted_after_another_write(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    let read = Task::new("t1");
    db.put(&read).execute().await?;
    db.update(&read).set(Task::OWNER, "bob").execute().await?;
    // The key is made of the owner too, who is another one now.
    let late = || db.update(&read).set(Task::DUE, 9);
    assert!(late().execute().await.unwrap_err().is_condition_failed());
    // Other attributes of the item are not asked about, and what is told counts before what was read.
    db.update(&read).set(Task::NOTE, "late").execute().await?;
    late().given(Task::OWNER, "bob").execute().await?;
    assert_eq!(Task::sort_key(&db, "t1").await?.as_deref(), Some("bob#0000000009"));
    Ok(())
}

/// A number that sorts an index, and an attribute that is in no template.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "PLAYER#{id}")]
#[dynamorm(index = "ranking", pk = "PLAYERS", sk = points)]
struct Player {
    id: String,
    points: i64,
}

async fn an_index_key_that_is_an_attribute_is_calculated_with(db: TestDb) -> Result<()> {
    db.create_table::<Player>().execute().await?;
    db.put(&Player { id: "a".to_owned(), points: 1 }).execute().await?;
    db.put(&Player { id: "b".to_owned(), points: 2 }).execute().await?;
    db.update(Player::key("a")).add(Player::POINTS, 5).execute().await?;
    db.update(Player::key("b")).set(Player::POINTS, Player::POINTS.plus(1)).execute().await?;
    let ranking = db.query::<Player>().key(Player::RANKING_INDEX.partition(())).all().await?;
    assert_eq!(ranking.iter().map(|player| player.points).collect::<Vec<_>>(), [3, 6]);
    Ok(())
}

async fn an_item_that_an_update_makes_is_in_no_index_by_half(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    // The sort key is made of the owner and the due day: with one of them the update cannot tell.
    let half = db.update(Task::key("t1")).set(Task::STATUS, "open").set(Task::OWNER, "ada");
    assert!(half.execute().await.unwrap_err().is_invalid_request());
    let whole =
        db.update(Task::key("t1")).set(Task::STATUS, "open").set(Task::OWNER, "ada").set(Task::DUE, 7);
    assert_eq!(whole.returning_new().await?, Task::new("t1"));
    assert_eq!(Task::with_status(&db, "open").await?, ["t1"]);
    Ok(())
}
