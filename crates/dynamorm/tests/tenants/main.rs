//! Two tenants on one database, through every operation, with forged ids, keys, cursors, conditions and projections: no byte of
//! one reaches the other, and no write of one touches an item of the other.
//!
//! Each tenant's texts hold a word that the other's never do; every answer and every error is searched for it. What the other has
//! is compared with what it had. `DYNAMORM_TEST_OPERATIONS=20000` makes it long.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod steps;

use dynamorm::transport::{Embedded, Faults};
use dynamorm::{
    Check, Condition, Db, Delete, Item, KeyCondition, Model, Project, Put, Result, StartKey, TenantDb,
    Update, Vector,
};
use std::fmt::Debug;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// The tenant leads every key.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "notes", pk = "T#{tenant}", sk = "NOTE#{id}")]
#[dynamorm(index = "by-kind", pk = "T#{tenant}#K#{kind}", sk = n)]
#[dynamorm(index = "by-n", pk = (tenant, n), sk = kind, projection = keys_only)]
#[dynamorm(vector_index = "near", vector = embedding, distance = euclidean, pk = tenant, filters(kind))]
struct Note {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    kind: String,
    text: String,
    n: u32,
    embedding: Option<Vector<2>>,
}

/// In the table of the notes, with sort keys like theirs: only the tenant keeps their partitions apart.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "notes", pk = "T#{tenant}#K#{kind}", sk = "NOTE#{id}")]
struct Room {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    kind: String,
    text: String,
    n: u32,
}

/// Beside the notes, spread over shards.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "notes", pk = "T#{tenant}", sk = "EVENT#{id}", shards = 3)]
struct Event {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    text: String,
}

/// Values that no two of one tenant have, though both tenants have the same: their guards lie in one table.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "notes", pk = "T#{tenant}", sk = "NAMED#{id}")]
struct Named {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    #[dynamorm(unique)]
    name: Option<String>,
    n: u32,
    text: String,
}

/// The same where the tenant is an attribute only.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "pages", pk = "PAGE#{id}")]
struct Page {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
    #[dynamorm(unique)]
    slug: String,
    text: String,
}

/// The tenant is an attribute only.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(index = "by-tenant", pk = tenant, sk = n)]
#[dynamorm(index = "by-kind", pk = kind)]
#[dynamorm(vector_index = "near", vector = embedding, distance = cosine, pk = tenant, filters(kind))]
struct Doc {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
    kind: String,
    text: String,
    n: u32,
    embedding: Option<Vector<2>>,
}

#[derive(Debug, Project)]
#[dynamorm(of = Note)]
struct NoteText {
    text: String,
}

#[derive(Debug, Project)]
#[dynamorm(of = Doc)]
struct DocText {
    text: String,
}

/// Names that would be one another's, or each other's keys, if they were not kept apart.
const PAIRS: [[&str; 2]; 6] = [
    ["t1", "t1#"],
    ["t", "t#K#a"],
    ["a#", "a%23"],
    ["\u{7f}{", "\u{7f}="],
    ["acme", "acme\u{1}"],
    ["\"}", "\\"],
];
const WORDS: [&str; 2] = ["first-canary", "second-canary"];
const KINDS: [&str; 4] = ["a", "a#K#b", "T#t1", "\u{7f}{"];

/// The same for both tenants: each has what is nearest to the other's.
fn vector(n: u32) -> Vector<2> {
    [n as f32, 1.0].try_into().unwrap()
}

/// What an id may be: of both tenants' making, with all that means something in a key.
fn ids(pair: [&str; 2]) -> Vec<String> {
    let mut ids: Vec<String> =
        ["x", "y", "x#y", "%23", "\u{7f}=", "NOTE#x", "\u{0}\"\\"].map(str::to_owned).to_vec();
    ids.extend(pair.iter().flat_map(|tenant| [(*tenant).to_owned(), format!("T#{tenant}")]));
    ids
}

struct Run {
    db: Db,
    pair: [&'static str; 2],
    ids: Vec<String>,
    chance: fastrand::Rng,
    unique_chance: fastrand::Rng,
    /// The last cursor of each tenant, as text that a client has.
    cursors: [Vec<String>; 2],
}

#[derive(Debug, PartialEq)]
struct Stored {
    notes: Vec<Note>,
    events: Vec<Event>,
    docs: Vec<Doc>,
}

impl Run {
    async fn new(pair: [&'static str; 2], seed: u64) -> Self {
        let db = Db::with_transport(Faults::new(Embedded::memory().unwrap()).small_pages(3)).cache(1 << 20);
        db.create_table::<Note>().execute().await.unwrap();
        db.create_table::<Doc>().execute().await.unwrap();
        db.create_table::<Page>().execute().await.unwrap();
        let (ids, chance) = (ids(pair), fastrand::Rng::with_seed(seed));
        let unique_chance = fastrand::Rng::with_seed(seed + 1_000);
        let mut run = Self { db, pair, ids, chance, unique_chance, cursors: Default::default() };
        // Ids of documents are shared: without a share of its own, a tenant might never have one.
        for (who, tenant) in pair.into_iter().enumerate() {
            let doc = Doc { id: run.ids[who].clone(), ..run.doc(who) };
            run.db.tenant(tenant).put(&doc).execute().await.unwrap();
        }
        run
    }

    /// All that is stored of one tenant, read by the administration's handle.
    async fn stored(&self, who: usize) -> Stored {
        let mut notes: Vec<Note> = self.db.scan::<Note>().all().await.unwrap();
        let mut events: Vec<Event> = self.db.scan::<Event>().all().await.unwrap();
        let mut docs: Vec<Doc> = self.db.scan::<Doc>().all().await.unwrap();
        notes.retain(|note| note.tenant == self.pair[who]);
        events.retain(|event| event.tenant == self.pair[who]);
        docs.retain(|doc| doc.tenant == self.pair[who]);
        notes.sort_by(|a, b| a.id.cmp(&b.id));
        events.sort_by(|a, b| a.id.cmp(&b.id));
        docs.sort_by(|a, b| a.id.cmp(&b.id));
        Stored { notes, events, docs }
    }

    /// The same of what has unique attributes.
    async fn stored_unique(&self, who: usize) -> (Vec<Named>, Vec<Page>) {
        let mut named: Vec<Named> = self.db.scan::<Named>().all().await.unwrap();
        let mut pages: Vec<Page> = self.db.scan::<Page>().all().await.unwrap();
        named.retain(|named| named.tenant == self.pair[who]);
        pages.retain(|page| page.tenant == self.pair[who]);
        named.sort_by(|a, b| a.id.cmp(&b.id));
        pages.sort_by(|a, b| a.id.cmp(&b.id));
        (named, pages)
    }

    fn id(&mut self) -> String {
        let at = self.chance.usize(..self.ids.len());
        self.ids[at].clone()
    }

    fn kind(&mut self) -> String {
        KINDS[self.chance.usize(..KINDS.len())].to_owned()
    }

    fn note(&mut self, who: usize) -> Note {
        let (id, kind, n) = (self.id(), self.kind(), self.chance.u32(..5));
        let embedding = (n > 0).then(|| vector(n));
        Note { tenant: String::new(), id, kind, text: format!("{} {n}", WORDS[who]), n, embedding }
    }

    fn doc(&mut self, who: usize) -> Doc {
        let Note { tenant, id, kind, text, n, embedding } = self.note(who);
        Doc { id, tenant, kind, text, n, embedding }
    }

    /// A partition as text: of both tenants, in the form of keys and as it is.
    fn partition(&mut self) -> String {
        let tenant = self.pair[self.chance.usize(..2)];
        let kind = self.kind();
        match self.chance.u8(..4) {
            0 => tenant.to_owned(),
            1 => format!("T#{tenant}"),
            2 => format!("T#{tenant}#K#{kind}"),
            _ => format!("T#{}", tenant.replace('#', "%23")),
        }
    }

    /// A cursor that some client has: one's own, the other's, or one that is altered.
    fn cursor(&mut self, who: usize) -> Option<StartKey> {
        let whose = if self.chance.bool() { who } else { 1 - who };
        let of = &self.cursors[whose];
        let mut text = of.get(self.chance.usize(..of.len().max(1)))?.clone();
        if self.chance.u8(..4) == 0 {
            let at = self.chance.usize(..text.len());
            text.replace_range(at..=at, "A");
        }
        text.parse().ok()
    }

    async fn step(&mut self, who: usize) {
        let other = 1 - who;
        let db = self.db.tenant(self.pair[who]);
        let before = self.stored(other).await;
        let seen = match self.chance.bool() {
            true => self.on_notes(&db, who).await,
            false => self.on_docs(&db, who).await,
        };
        assert!(!seen.contains(WORDS[other]), "{:?} of {:?} saw {seen}", self.pair[who], self.pair);
        assert_eq!(
            self.stored(other).await,
            before,
            "{:?} of {:?} changed what is not its own",
            self.pair[who],
            self.pair
        );
    }

    /// The same with unique attributes, by dice of its own.
    async fn step_unique(&mut self, who: usize) {
        let other = 1 - who;
        let db = self.db.tenant(self.pair[who]);
        let before = self.stored_unique(other).await;
        std::mem::swap(&mut self.chance, &mut self.unique_chance);
        let seen = self.on_unique(&db, who).await;
        std::mem::swap(&mut self.chance, &mut self.unique_chance);
        assert!(!seen.contains(WORDS[other]), "{:?} of {:?} saw {seen}", self.pair[who], self.pair);
        let after = self.stored_unique(other).await;
        assert_eq!(after, before, "{:?} of {:?} changed what is not its own", self.pair[who], self.pair);
        self.check_guards(other).await;
    }

    /// Each value of a tenant finds its item still, so that no guard of it was touched.
    async fn check_guards(&self, who: usize) {
        let db = self.db.tenant(self.pair[who]);
        let (named, pages) = self.stored_unique(who).await;
        for named in named {
            let Some(name) = &named.name else { continue };
            assert_eq!(db.get_by(Named::NAME, name).one().await.unwrap(), named);
        }
        for page in pages {
            assert_eq!(db.get_by(Page::SLUG, &page.slug).one().await.unwrap(), page);
        }
    }

    /// What a client is shown, and the cursor that it keeps.
    fn page<T>(&mut self, who: usize, page: Result<dynamorm::Page<T>>) -> String
    where
        T: dynamorm::Readable,
        T::Items: Debug,
    {
        match page {
            Ok(page) => {
                self.cursors[who].extend(page.next.as_ref().map(ToString::to_string));
                format!("{:?} {:?}", page.items, page.next.map(|next| next.to_string()))
            }
            Err(error) => error_text(&error),
        }
    }
}

/// All that a caller can see of an answer.
fn seen<T: Debug>(answer: Result<T>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error_text(&error),
    }
}

fn failure(answer: Result<()>) -> String {
    seen(answer)
}

fn error_text(error: &dynamorm::Error) -> String {
    let items: Vec<Option<Item>> = error.cancellations().iter().map(|one| one.item().unwrap()).collect();
    format!("{error} {error:?} {:?} {:?} {items:?}", error.service_message(), error.item::<Item>().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_one_tenant_reaches_the_other_and_no_write_touches_its_items() {
    let operations = std::env::var("DYNAMORM_TEST_OPERATIONS").map_or(1_500, |text| text.parse().unwrap());
    let mut runs = Vec::new();
    for (seed, pair) in PAIRS.into_iter().enumerate() {
        runs.push(tokio::spawn(async move {
            let mut run = Run::new(pair, seed as u64 + 20).await;
            let mut both = 0;
            for nth in 0..operations / PAIRS.len() {
                let who = run.chance.usize(..2);
                run.step(who).await;
                if nth % 4 == 0 {
                    run.step_unique(who).await;
                }
                if nth % 10 == 0 {
                    let [one, other] = [run.stored(0).await, run.stored(1).await];
                    both += usize::from(
                        [one, other]
                            .iter()
                            .all(|of| !of.notes.is_empty() && !of.events.is_empty() && !of.docs.is_empty()),
                    );
                }
            }
            assert!(both > 5, "{pair:?}: both had something at {both} times only, so little was shown");
        }));
    }
    for run in runs {
        run.await.unwrap();
    }
}
