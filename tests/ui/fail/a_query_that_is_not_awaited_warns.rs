#![deny(unused_must_use)]

use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db) {
    db.query::<User>().key(User::EMAIL_INDEX.partition("a@b.c"));
}

fn main() {}
