//! Ten thousand random operations under injected faults, against a model in memory: nothing is lost, and nothing is done twice.
//!
//! The model knows for each item what it may be. Only a write whose answer was lost leaves two possibilities, the item before
//! and the item after, since DynamoDB itself cannot say; a transaction has one token for all its tries, so it leaves both only
//! if every try lost its answer. Every read decides what was open, and must give one of the possibilities.
#![cfg(feature = "embedded")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise, in its helper functions too"
)]

use dynamorm::transport::{Embedded, Faults};
use dynamorm::{Check, Db, Error, ErrorKind, Model, Put, Update};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const ACCOUNTS: u32 = 60;

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "SHARD#{shard}", sk = "ACCOUNT#{id}")]
struct Account {
    shard: u32,
    id: u32,
    balance: i64,
    /// Which write made it.
    write: u64,
}

fn shard(id: u32) -> u32 {
    id % 3
}

fn key(id: u32) -> AccountKey {
    Account::key(shard(id), id)
}

/// What the items may be: one possibility each, or several after a lost answer.
struct Expected {
    items: BTreeMap<u32, Vec<Option<Account>>>,
}

impl Expected {
    fn of(&self, id: u32) -> &[Option<Account>] {
        self.items.get(&id).map_or(&[None], Vec::as_slice)
    }

    fn set(&mut self, id: u32, item: Option<Account>) {
        self.items.insert(id, vec![item]);
    }

    /// It may also be this.
    fn add(&mut self, id: u32, item: Option<Account>) {
        let mut may_be = self.of(id).to_vec();
        if !may_be.contains(&item) {
            may_be.push(item);
        }
        self.items.insert(id, may_be);
    }

    /// What was read must be possible, and from now on is what it is.
    fn saw(&mut self, id: u32, item: Option<Account>, by: &str) {
        assert!(self.of(id).contains(&item), "{by} gave {item:?} for {id}, possible is {:?}", self.of(id));
        self.set(id, item);
    }
}

/// True if the write may have been carried out although there is an error.
fn is_open(error: &Error) -> bool {
    error.kind() == ErrorKind::Transport
}

/// An error that the faults explain. Anything else is a defect.
fn explained(error: &Error) {
    assert!(
        is_open(error)
            || error.is_throttled()
            || error.is_conflict()
            || matches!(error.kind(), ErrorKind::Unprocessed | ErrorKind::Service),
        "{error}"
    );
}

struct Session {
    faulty: Db,
    calm: Db,
    model: Expected,
    dice: fastrand::Rng,
    write: u64,
    /// Operations that were done, refused, and left open.
    done: usize,
    refused: usize,
    open: usize,
}

impl Session {
    async fn new(seed: u64) -> Self {
        let engine = Embedded::memory().unwrap();
        let faults = Faults::new(engine.clone())
            .seed(seed)
            .throttle(0.05)
            .unavailable(0.01)
            .unprocessed(0.3)
            .conflict(0.15)
            .lost_response(0.03)
            .latency(Duration::from_millis(3))
            .small_pages(7);
        let calm = Db::with_transport(engine);
        calm.create_table::<Account>().execute().await.unwrap();
        Self {
            faulty: Db::with_transport(faults),
            calm,
            model: Expected { items: BTreeMap::new() },
            dice: fastrand::Rng::with_seed(seed),
            write: 0,
            done: 0,
            refused: 0,
            open: 0,
        }
    }

    fn account(&mut self, id: u32) -> Account {
        self.write += 1;
        Account { shard: shard(id), id, balance: self.dice.i64(0..100), write: self.write }
    }

    fn ids(&mut self, count: usize) -> Vec<u32> {
        let ids: BTreeSet<u32> = (0..count).map(|_| self.dice.u32(0..ACCOUNTS)).collect();
        let mut ids: Vec<u32> = ids.into_iter().collect();
        self.dice.shuffle(&mut ids);
        ids
    }

    /// Enters into the model what a write of several items did: all of it, nothing, or nobody knows.
    fn wrote(&mut self, result: &Result<(), Error>, items: Vec<(u32, Option<Account>)>) {
        match result {
            Ok(()) => {
                items.into_iter().for_each(|(id, item)| self.model.set(id, item));
                self.done += 1;
            }
            Err(error) => {
                explained(error);
                if is_open(error) {
                    items.into_iter().for_each(|(id, item)| self.model.add(id, item));
                    self.open += 1;
                } else {
                    self.refused += 1;
                }
            }
        }
    }

    async fn put_or_delete(&mut self) {
        let id = self.dice.u32(0..ACCOUNTS);
        if self.dice.bool() {
            let item = self.account(id);
            let result = self.faulty.put(&item).execute().await;
            self.wrote(&result, vec![(id, Some(item))]);
        } else {
            let result = self.faulty.delete(key(id)).execute().await;
            self.wrote(&result, vec![(id, None)]);
        }
    }

    async fn batch_write(&mut self) {
        let count = self.dice.usize(1..60);
        let faulty = self.faulty.clone();
        let mut batch = faulty.batch_write().concurrency(self.dice.usize(1..5));
        let mut writes = Vec::new();
        for id in self.ids(count) {
            let item = self.dice.bool().then(|| self.account(id));
            batch = match &item {
                Some(item) => batch.put(item),
                None => batch.delete(key(id)),
            };
            writes.push((id, item));
        }
        let Err(error) = batch.execute().await else { return self.wrote(&Ok(()), writes) };
        explained(&error);
        // What is not in the error is done. What is may be, if an answer was lost.
        let left: BTreeSet<usize> = error.unprocessed().iter().map(|write| write.operation).collect();
        assert!(!left.is_empty());
        for write in error.unprocessed() {
            let (_, item) = &writes[write.operation];
            assert_eq!(write.item::<Account>().unwrap(), *item);
            assert_eq!(write.is_delete(), item.is_none());
        }
        for (operation, (id, item)) in writes.into_iter().enumerate() {
            match left.contains(&operation) {
                true => self.model.add(id, item),
                false => self.model.set(id, item),
            }
        }
        self.open += 1;
    }

    /// Moves money from one account to another, if both exist and there is enough, and opens a third one if it is not there.
    async fn transact_write(&mut self) {
        let ids = self.ids(9);
        let &[from, to, new, check, ..] = ids.as_slice() else { return };
        // What it writes depends on what there is, so that must be known.
        for id in [from, to, new, check] {
            let item = self.calm.get(key(id)).consistent_read().optional().await.unwrap();
            self.model.saw(id, item, "a get");
        }
        let amount = self.dice.i64(1..40);
        let opened = self.account(new);
        let result = self
            .faulty
            .transact_write()
            .update(
                Update::new(key(from)).add(Account::BALANCE, -amount).condition(Account::BALANCE.ge(amount)),
            )
            .update(Update::new(key(to)).add(Account::BALANCE, amount).if_exists())
            .put(Put::new(&opened).if_not_exists())
            .check(Check::new(key(check), Account::BALANCE.ge(0)))
            .execute()
            .await;
        let of = |id: u32| self.model.of(id)[0].clone();
        let (from_item, to_item) = (of(from), of(to));
        let holds = [
            from_item.as_ref().is_some_and(|account| account.balance >= amount),
            to_item.is_some(),
            of(new).is_none(),
            of(check).is_some(),
        ];
        if let Err(error) = &result
            && error.is_condition_failed()
        {
            // Exactly the operations at fault are told, or beside them one that met a conflict.
            let told: Vec<usize> = error.cancellations().iter().map(|c| c.operation).collect();
            let wrong: Vec<usize> = (0..4).filter(|operation| !holds[*operation]).collect();
            assert_eq!(told, wrong);
            self.refused += 1;
            return;
        }
        let changed = |item: Option<Account>, by| item.map(|a| Account { balance: a.balance + by, ..a });
        let writes =
            vec![(from, changed(from_item, -amount)), (to, changed(to_item, amount)), (new, Some(opened))];
        match &result {
            // With a condition that does not hold nothing can have been written, whatever was lost.
            Err(error) if holds.contains(&false) => {
                explained(error);
                self.refused += 1;
            }
            _ => {
                assert!(!holds.contains(&false), "written although {holds:?}");
                self.wrote(&result, writes);
            }
        }
    }

    async fn batch_get(&mut self) {
        let count = self.dice.usize(1..130);
        let ids: Vec<u32> = (0..count).map(|_| self.dice.u32(0..ACCOUNTS)).collect();
        let batch = self.faulty.batch_get(ids.iter().map(|id| key(*id))).consistent_read();
        match batch.all().await {
            Ok(items) => {
                assert_eq!(items.len(), ids.len());
                for (id, item) in ids.into_iter().zip(items) {
                    self.model.saw(id, item, "a batch");
                }
                self.done += 1;
            }
            Err(error) => {
                explained(&error);
                let left: BTreeSet<usize> = error.unprocessed().iter().map(|key| key.operation).collect();
                assert!(!left.is_empty());
                let mut read: BTreeMap<usize, Account> = error.items().unwrap().into_iter().collect();
                for (position, id) in ids.into_iter().enumerate() {
                    if !left.contains(&position) {
                        self.model.saw(id, read.remove(&position), "a part of a batch");
                    }
                }
                assert!(read.is_empty());
                self.refused += 1;
            }
        }
    }

    async fn transact_get(&mut self) {
        let ids = self.ids(6);
        let keys: Vec<_> = ids.iter().map(|id| key(*id)).collect();
        match self.faulty.transact_get(keys).optional().await {
            Ok(items) => {
                for (id, item) in ids.into_iter().zip(items) {
                    self.model.saw(id, item, "a transaction");
                }
                self.done += 1;
            }
            Err(error) => {
                explained(&error);
                self.refused += 1;
            }
        }
    }

    /// All accounts of a shard, or of the table.
    async fn read_all(&mut self) {
        let (read, of_shard) = match self.dice.u32(0..4) {
            3 => (self.faulty.scan::<Account>().consistent_read().all().await, None),
            shard => {
                let query = self.faulty.query::<Account>().key(Account::PRIMARY_KEY.partition(shard));
                (query.consistent_read().all().await, Some(shard))
            }
        };
        match read {
            Ok(items) => {
                self.saw_all(items, of_shard);
                self.done += 1;
            }
            Err(error) => {
                explained(&error);
                self.refused += 1;
            }
        }
    }

    fn saw_all(&mut self, items: Vec<Account>, of_shard: Option<u32>) {
        let count = items.len();
        let mut items: BTreeMap<u32, Account> = items.into_iter().map(|item| (item.id, item)).collect();
        assert_eq!(items.len(), count, "an item was given twice");
        for id in (0..ACCOUNTS).filter(|id| of_shard.is_none_or(|of| of == shard(*id))) {
            self.model.saw(id, items.remove(&id), "a read of all");
        }
        assert!(items.is_empty());
    }

    async fn run(&mut self, operations: usize) {
        for _ in 0..operations {
            match self.dice.u32(0..100) {
                0..30 => self.put_or_delete().await,
                30..50 => self.batch_write().await,
                50..75 => self.transact_write().await,
                75..85 => self.batch_get().await,
                85..93 => self.transact_get().await,
                _ => self.read_all().await,
            }
        }
        // In the end, without faults, the table is what the model says.
        let items = self.calm.scan::<Account>().all().await.unwrap();
        self.saw_all(items, None);
    }
}

/// Pauses and latency cost no time: the clock is paused, and goes on when nothing else does.
async fn session(seed: u64) {
    let mut session = Session::new(seed).await;
    session.run(2_500).await;
    let Session { done, refused, open, .. } = session;
    println!("seed {seed}: {done} done, {refused} refused, {open} open");
    assert!(done > 1_000 && refused > 100 && open > 20, "{done} done, {refused} refused, {open} open");
}

mod ten_thousand_operations_lose_nothing_and_do_nothing_twice {
    use super::session;

    #[tokio::test(start_paused = true)]
    async fn with_seed_1() {
        session(1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn with_seed_2() {
        session(2).await;
    }

    #[tokio::test(start_paused = true)]
    async fn with_seed_3() {
        session(3).await;
    }

    #[tokio::test(start_paused = true)]
    async fn with_seed_4() {
        session(4).await;
    }
}
