//! A program with one model, or with five: `scripts/model-size` tells what each costs, from the difference.
//!
//! Each model has twelve attributes and one index, and every operation is used with it. They have other names, so that the
//! compiler cannot take two for one. Nothing is sent: the transport refuses.

use dynamorm::transport::{Call, Failure, Request, Transport};
use dynamorm::{Check, Db, Delete, Model, Project, Put, Result, Timestamp, Update};
use futures_util::TryStreamExt;
use std::pin::Pin;

/// A transport that answers nothing.
#[derive(Debug)]
struct Nowhere;

impl Transport for Nowhere {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move { Err(Failure::Refused(format!("{} is not sent", request.operation.name()))) })
    }
}

/// A model of twelve attributes, a projection of it, and a function that uses every operation with it.
macro_rules! model {
    ($name:ident $summary:ident $run:ident $pk:literal $sk:literal $index:literal $constant:ident:
     $owner:ident $number:ident $text:ident $amount:ident $maybe:ident $tags:ident $flag:ident $list:ident $small:ident
     $version:ident $created:ident $updated:ident, $TEXT:ident $AMOUNT:ident $MAYBE:ident $TAGS:ident) => {
        #[derive(Debug, Model)]
        #[dynamorm(table = "app", pk = $pk, sk = $sk)]
        #[dynamorm(index = $index, pk = $text, sk = $amount)]
        struct $name {
            $owner: String,
            $number: u32,
            $text: String,
            $amount: i64,
            $maybe: Option<String>,
            $tags: std::collections::BTreeSet<String>,
            $flag: bool,
            $list: Vec<i64>,
            $small: u16,
            #[dynamorm(version)]
            $version: u64,
            #[dynamorm(created_at)]
            $created: Timestamp,
            #[dynamorm(updated_at)]
            $updated: Timestamp,
        }

        #[derive(Debug, Project)]
        #[dynamorm(of = $name)]
        struct $summary {
            $text: String,
            $amount: i64,
        }

        async fn $run(db: &Db, owner: &str, number: u32) -> Result<usize> {
            let key = || $name::key(owner, number);
            let mut item: $name = db.get(key()).consistent_read().one().await?;
            let _: Option<$summary> = db.get(key()).project().optional().await?;
            item.$amount += 1;
            db.put(&item).if_not_exists().execute().await?;
            db.put(&item)
                .condition($name::$AMOUNT.ge(5) & $name::$MAYBE.not_exists())
                .returning_old()
                .await?;
            db.update(key())
                .set($name::$TEXT, "text")
                .add($name::$AMOUNT, -1)
                .remove($name::$MAYBE)
                .delete($name::$TAGS, std::collections::BTreeSet::from(["tag".to_owned()]))
                .condition($name::$TEXT.begins_with("t"))
                .execute()
                .await?;
            item = db.update(&item).add($name::$AMOUNT, 1).returning_new().await?;
            db.delete(&item).condition($name::$TAGS.contains("tag")).returning_old().await?;
            let all = || db.query::<$name>().key($name::PRIMARY_KEY.partition(owner).ge(number));
            let page = all().filter($name::$AMOUNT.gt(0)).limit(10).page().await?;
            let taken = all().start_key(page.next).descending().take(5).await?;
            let mut found = page.items.len() + taken.items.len() + all().all().await?.len();
            found += all().stream().try_fold(0, async |sum, _| Ok(sum + 1)).await?;
            found += usize::try_from(all().count().await?).unwrap_or_default();
            let indexed = || db.query::<$name>().key($name::$constant.partition("text").between(1, 9));
            found += usize::from(indexed().optional().await?.is_some());
            found += indexed().project::<$summary>().all().await?.len();
            db.transact_write()
                .put(Put::new(&item).if_not_exists())
                .update(Update::new(key()).set($name::$TEXT, "other"))
                .delete(Delete::new(&item))
                .check(Check::new(key(), $name::$AMOUNT.ge(1)))
                .execute()
                .await?;
            db.batch_write().put(&item).delete(key()).execute().await?;
            found += db.batch_get([key()]).consistent_read().all().await?.len();
            let (one, other) = db.transact_get((key(), $name::key(owner, number + 1))).optional().await?;
            found += usize::from(one.is_some()) + usize::from(other.is_some());
            let scan = || db.scan::<$name>().filter($name::$AMOUNT.ge(5));
            found += scan().page().await?.items.len() + scan().all().await?.len();
            found += scan().parallel(4).all().await?.len();
            let statement = db.statement("SELECT * FROM app WHERE pk = ?", ["key"]);
            found += statement.all::<$name>().await?.len();
            let mut changed: $name = db.get(key()).one().await?;
            changed.$amount += 1;
            changed.changes_from(&item).on(db).execute().await?;
            Ok(found)
        }
    };
}

model!(Order OrderSummary order "USER#{customer}" "ORDER#{order_number}" "by-status" BY_STATUS_INDEX:
    customer order_number status total note labels paid lines items version created updated,
    STATUS TOTAL NOTE LABELS);

#[cfg(feature = "four-more")]
mod four_more {
    use super::*;

    model!(Invoice InvoiceSummary invoice "FIRM#{firm}" "INVOICE#{invoice_number}" "by-state" BY_STATE_INDEX:
        firm invoice_number state sum remark marks sent parts copies edition issued changed,
        STATE SUM REMARK MARKS);
    model!(Ticket TicketSummary ticket "EVENT#{event}" "TICKET#{seat}" "by-holder" BY_HOLDER_INDEX:
        event seat holder price gate extras used scans row revision sold touched,
        HOLDER PRICE GATE EXTRAS);
    model!(Parcel ParcelSummary parcel "DEPOT#{depot}" "PARCEL#{parcel_number}" "by-route" BY_ROUTE_INDEX:
        depot parcel_number route weight hint flags fragile stops floor pass arrived moved,
        ROUTE WEIGHT HINT FLAGS);
    model!(Lesson LessonSummary lesson "COURSE#{course}" "LESSON#{hour}" "by-teacher" BY_TEACHER_INDEX:
        course hour teacher minutes room topics held marks_given places draft planned edited,
        TEACHER MINUTES ROOM TOPICS);

    pub(super) async fn run(db: &Db, owner: &str, number: u32) -> Result<usize> {
        let found = [
            boxed(invoice(db, owner, number)).await,
            boxed(ticket(db, owner, number)).await,
            boxed(parcel(db, owner, number)).await,
            boxed(lesson(db, owner, number)).await,
        ];
        found.into_iter().sum()
    }
}

fn boxed<'a>(
    found: impl Future<Output = Result<usize>> + 'a,
) -> Pin<Box<dyn Future<Output = Result<usize>> + 'a>> {
    Box::pin(found)
}

fn main() -> std::process::ExitCode {
    let db = Db::with_transport(Nowhere);
    let arguments: Vec<String> = std::env::args().collect();
    let owner = arguments.first().map_or("", String::as_str);
    let number = u32::try_from(arguments.len()).unwrap_or_default();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return std::process::ExitCode::FAILURE;
    };
    // Boxed, so that the runtime has one copy of what polls them, and they are what is measured.
    let found = runtime.block_on(boxed(order(&db, owner, number)));
    #[cfg(feature = "four-more")]
    let found = [found, runtime.block_on(boxed(four_more::run(&db, owner, number)))];
    println!("{found:?}");
    std::process::ExitCode::SUCCESS
}
