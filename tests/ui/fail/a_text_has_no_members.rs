use dynamorm_ui::{Address, User};

fn case() {
    let _ = User::NAME.dot(Address::CITY);
}

fn main() {}
