#![deny(unused_must_use)]

use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db, user: &User) {
    db.put(user).if_not_exists();
}

fn main() {}
