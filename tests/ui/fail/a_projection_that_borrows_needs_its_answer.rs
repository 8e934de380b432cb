//! What borrows from an answer cannot outlive it, so it is read by `project_borrowed`.
use dynamorm::Db;
use dynamorm_ui::{User, UserLine};

fn read(db: &Db) {
    let _ = db.scan::<User>().project::<UserLine>();
}

fn main() {}
