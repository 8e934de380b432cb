#![deny(unused_must_use)]

use dynamorm_ui::User;

fn case() {
    User::CREDITS.plus(7);
}

fn main() {}
