use dynamorm_ui::{Address, User};

fn case() {
    let _ = User::ADDRESS.dot(Address::CITY).eq(7);
}

fn main() {}
