#![deny(unused_must_use)]

use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db) {
    db.delete(User::key("u1"));
}

fn main() {}
