#![deny(unused_must_use)]

use dynamorm_ui::User;

fn case() {
    User::EMAIL_INDEX.partition("a@b.c");
}

fn main() {}
