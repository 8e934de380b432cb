//! Index keys are never stale: after any updates the item is as a fresh put of it would write it, or the update was refused.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise, in its helper functions too")]

use dynamorm::{Db, Error, Item, Model, Timestamp, Update};
use proptest::prelude::*;
use proptest::sample::Index;

/// Every form of an index key: templates of one part and of two, a constant one, one with the primary key in it, an attribute
/// that two indexes share, attributes that are keys themselves, and fields in several templates.
#[derive(Debug, Clone, PartialEq, Model)]
#[allow(clippy::duplicated_attributes, reason = "two indexes share an attribute")]
#[dynamorm(table = "app", pk = "TASK#{id}", sk = "META")]
#[dynamorm(index = "by-state", pk = "STATE#{state}", sk = "DUE#{due}#{owner}", pk_attribute = "state_pk")]
#[dynamorm(index = "by-state-and-team", pk = "STATE#{state}", sk = "{team}", pk_attribute = "state_pk")]
#[dynamorm(index = "by-team", pk = "{team}#{owner}", sk = "TASK#{id}#{state}")]
#[dynamorm(index = "all", pk = "TASKS", sk = "{id}")]
#[dynamorm(index = "by-mail", pk = mail, sk = due)]
struct Task {
    id: String,
    state: Option<String>,
    team: Option<String>,
    owner: Option<String>,
    due: Option<i32>,
    mail: Option<String>,
    note: Option<String>,
}

/// What is flattened brings the keys, of the table and of an index.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "ENTITY#{id}")]
#[dynamorm(index = "by-kind", pk = "KIND#{kind}", sk = "{place}")]
struct Entity {
    id: String,
    kind: String,
    place: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app")]
#[dynamorm(index = "by-shelf", pk = "{shelf}/{box}")]
struct Book {
    #[dynamorm(flatten)]
    entity: Entity,
    shelf: Option<String>,
    r#box: u8,
    #[dynamorm(version)]
    version: u64,
}

/// One field of a task with its new value.
#[derive(Debug, Clone)]
enum Change {
    State(Option<String>),
    Team(Option<String>),
    Owner(Option<String>),
    Due(Option<i32>),
    DueLater(i32),
    DueUnlessSet(i32),
    Mail(Option<String>),
    Note(Option<String>),
}

impl Change {
    fn field(&self) -> usize {
        match self {
            Change::State(_) => 0,
            Change::Team(_) => 1,
            Change::Owner(_) => 2,
            Change::Due(_) | Change::DueLater(_) | Change::DueUnlessSet(_) => 3,
            Change::Mail(_) => 4,
            Change::Note(_) => 5,
        }
    }

    fn put_into(&self, update: Update<Task>) -> Update<Task> {
        match self.clone() {
            Change::State(Some(value)) => update.set(Task::STATE, value),
            Change::State(None) => update.remove(Task::STATE),
            Change::Team(value) => update.set(Task::TEAM, value),
            Change::Owner(value) => update.set(Task::OWNER, value),
            Change::Due(Some(value)) => update.set(Task::DUE, value),
            Change::Due(None) => update.remove(Task::DUE),
            Change::DueLater(days) => update.add(Task::DUE, days),
            Change::DueUnlessSet(day) => update.set(Task::DUE, Task::DUE.or_if_absent(day)),
            Change::Mail(value) => update.set(Task::MAIL, value),
            Change::Note(value) => update.set(Task::NOTE, value),
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put(Task),
    Delete,
    /// By key, with some current values told, rightly or not.
    ByKey(Vec<Change>, [bool; 4], Option<String>),
    /// By one of the items that were read before.
    ByItem(Vec<Change>, Index),
    /// To these values, from one of the items that were read before.
    Difference(Task, Index),
}

/// Values that meet often, that look like separators, and that cannot stand in a key.
fn text() -> impl Strategy<Value = Option<String>> {
    let texts = ["", "a", "b", "#", "a#b", "%23", "é"];
    prop_oneof![1 => Just(None), 4 => (0..texts.len()).prop_map(move |nth| Some(texts[nth].to_owned()))]
}

fn day() -> impl Strategy<Value = Option<i32>> {
    prop_oneof![1 => Just(None), 3 => (-2..3).prop_map(Some), 1 => any::<i32>().prop_map(Some)]
}

fn task() -> impl Strategy<Value = Task> {
    (text(), text(), text(), day(), text(), text()).prop_map(|(state, team, owner, due, mail, note)| Task {
        id: "t#1".to_owned(),
        state,
        team,
        owner,
        due,
        mail,
        note,
    })
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        3 => text().prop_map(Change::State),
        3 => text().prop_map(Change::Team),
        3 => text().prop_map(Change::Owner),
        3 => day().prop_map(Change::Due),
        1 => (-2..3).prop_map(Change::DueLater),
        1 => (-2..3).prop_map(Change::DueUnlessSet),
        2 => text().prop_map(Change::Mail),
        1 => text().prop_map(Change::Note),
    ];
    prop::collection::vec(change, 1..5).prop_map(|mut changes| {
        let mut seen = [false; 6];
        changes.retain(|change| !std::mem::replace(&mut seen[change.field()], true));
        changes
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => task().prop_map(Step::Put),
        1 => Just(Step::Delete),
        5 => (changes(), any::<[bool; 4]>(), prop_oneof![3 => Just(None), 1 => text()])
            .prop_map(|(changes, told, guess)| Step::ByKey(changes, told, guess)),
        3 => (changes(), any::<Index>()).prop_map(|(changes, which)| Step::ByItem(changes, which)),
        3 => (task(), any::<Index>()).prop_map(|(task, which)| Step::Difference(task, which)),
    ]
}

/// An update by key that tells the current values of some fields that it does not change. A guess may stand for one of them.
fn by_key(changes: &[Change], told: [bool; 4], guess: Option<&String>, now: Option<&Task>) -> Update<Task> {
    let mut update = Update::new(Task::key("t#1"));
    for change in changes {
        update = change.put_into(update);
    }
    let tells = |field: usize| told[field] && changes.iter().all(|change| change.field() != field);
    if tells(0) {
        update = update.given(Task::STATE, now.and_then(|now| now.state.clone()));
    }
    if tells(1) {
        update = update.given(Task::TEAM, guess.cloned().or(now.and_then(|now| now.team.clone())));
    }
    if tells(2) {
        update = update.given(Task::OWNER, now.and_then(|now| now.owner.clone()));
    }
    if tells(3) {
        update = update.given(Task::DUE, now.and_then(|now| now.due));
    }
    update
}

/// A database in memory, where it is always the same second.
fn db() -> Db {
    Db::memory().unwrap().clock(|| Timestamp::from_epoch_seconds(1_790_000_000))
}

/// The item as it is stored, every attribute of it.
async fn raw<M: Model<Scope = dynamorm::ReachedByDb>>(db: &Db, key: M::Key) -> Option<Item> {
    let read = Update::<M>::new(key).if_exists();
    let never = read.condition(dynamorm::Condition::raw("attribute_not_exists(id)", [("", ""); 0]));
    let error = never
        .remove(dynamorm::Attr::<M, Option<String>>::new("never"))
        .returning_old_on_failure()
        .on(db)
        .execute()
        .await
        .unwrap_err();
    error.item::<Item>().unwrap()
}

/// The item as a put of it into an empty table stores it.
async fn fresh<M: Model<Scope = dynamorm::ReachedByDb>>(model: &M) -> Item {
    let db = db();
    db.create_table::<M>().execute().await.unwrap();
    db.put(model).execute().await.unwrap();
    raw::<M>(&db, model.item_key()).await.unwrap()
}

/// True if it was done; false if it was refused by us, or because the stored item is another than was said.
fn was_done(result: Result<(), Error>) -> Result<bool, TestCaseError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.is_condition_failed() => Ok(false),
        Err(error) if error.is_invalid_request() => Ok(false),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

async fn tasks_follow(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let db = db();
    db.create_table::<Task>().execute().await.unwrap();
    let key = || Task::key("t#1");
    let mut read: Vec<Task> = Vec::new();
    for step in steps {
        let (before, now) = (raw::<Task>(&db, key()).await, db.get(key()).optional().await.unwrap());
        read.extend(now.clone());
        let some = |which: Index| if read.is_empty() { None } else { Some(which.get(&read)) };
        let result = match &step {
            Step::Put(task) => db.put(task).execute().await,
            Step::Delete => db.delete(key()).execute().await,
            Step::ByKey(changes, told, guess) => {
                by_key(changes, *told, guess.as_ref(), now.as_ref()).on(&db).execute().await
            }
            Step::ByItem(changes, which) => {
                let Some(item) = some(*which) else { continue };
                let update = changes.iter().fold(Update::of(item), |update, change| change.put_into(update));
                update.on(&db).execute().await
            }
            Step::Difference(task, which) => {
                let Some(item) = some(*which) else { continue };
                task.changes_from(item).on(&db).execute().await
            }
        };
        let after = raw::<Task>(&db, key()).await;
        if !was_done(result)? {
            prop_assert_eq!(after, before, "a refused step changes nothing: {:?}", step);
        } else if let Some(now) = db.get(key()).optional().await.unwrap() {
            prop_assert_eq!(after, Some(fresh(&now).await), "{:?}", step);
        }
    }
    Ok(())
}

fn book() -> impl Strategy<Value = Book> {
    (text(), text(), text(), 0..3_u8).prop_map(|(kind, place, shelf, r#box)| Book {
        entity: Entity { id: "b1".to_owned(), kind: kind.unwrap_or_default(), place },
        shelf,
        r#box,
        version: 0,
    })
}

/// From one of the items that were read before, to these values: by what differs, or by some fields alone.
async fn books_follow(first: Book, steps: Vec<(Book, Index, bool)>) -> Result<(), TestCaseError> {
    let db = db();
    db.create_table::<Book>().execute().await.unwrap();
    db.put(&first).execute().await.unwrap();
    let key = || first.item_key();
    let mut read = Vec::new();
    for (to, which, whole) in steps {
        let before = raw::<Book>(&db, key()).await;
        read.push(db.get(key()).one().await.unwrap());
        let from = which.get(&read);
        let update = match whole {
            true => to.changes_from(from),
            false => Update::of(from).set(Book::SHELF, to.shelf),
        };
        let (is_current, is_empty) = (read.last() == Some(from), update.is_empty());
        let done = was_done(update.on(&db).execute().await)?;
        let after = raw::<Book>(&db, key()).await;
        if !done || is_empty {
            prop_assert!(!is_current || is_empty);
            prop_assert_eq!(after, before);
        } else {
            prop_assert!(is_current, "an item that has changed is not updated from an older state");
            let now = db.get(key()).one().await.unwrap();
            let mut expected = fresh(&Book { version: 0, ..now.clone() }).await;
            expected.insert("version".to_owned(), now.version.into());
            prop_assert_eq!(after, Some(expected));
        }
    }
    Ok(())
}

/// Runs a case on a runtime of its own.
fn block_on(case: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(case)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn updates_leave_index_keys_as_a_fresh_put_would(steps in prop::collection::vec(step(), 1..16)) {
        block_on(tasks_follow(steps))?;
    }

    #[test]
    fn updates_of_a_flattened_model_with_a_version_do_too(
        first in book(),
        steps in prop::collection::vec((book(), any::<Index>(), any::<bool>()), 1..10),
    ) {
        block_on(books_follow(first, steps))?;
    }
}
