#![deny(unused_must_use)]

use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db) {
    db.update(User::key("u1")).add(User::CREDITS, 1);
}

fn main() {}
