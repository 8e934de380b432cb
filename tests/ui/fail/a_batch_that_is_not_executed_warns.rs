#![deny(unused_must_use)]

use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db, user: &User) {
    db.batch_write().put(user);
}

fn main() {}
