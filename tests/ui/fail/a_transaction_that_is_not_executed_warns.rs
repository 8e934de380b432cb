#![deny(unused_must_use)]

use dynamorm::{Db, Put};
use dynamorm_ui::User;

fn case(db: &Db, user: &User) {
    db.transact_write().put(Put::new(user));
}

fn main() {}
