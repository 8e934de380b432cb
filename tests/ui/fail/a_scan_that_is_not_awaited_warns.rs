#![deny(unused_must_use)]

use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db) {
    db.scan::<User>();
}

fn main() {}
