//! A projection without a lifetime has nothing to borrow, and one with a lifetime is nothing without its answer.
use dynamorm::{Db, Model, Project};
use std::borrow::Cow;

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    name: String,
}

#[derive(Project)]
#[dynamorm(of = User)]
struct Owned {
    name: String,
}

#[derive(Project)]
#[dynamorm(of = User)]
struct Line<'a> {
    name: Cow<'a, str>,
}

fn read(db: &Db) {
    let _ = db.scan::<User>().project_borrowed::<Owned>();
    let _ = db.scan::<User>().project::<Line>();
}

fn main() {}
