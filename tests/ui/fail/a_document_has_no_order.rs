use dynamorm_ui::{Address, User};

fn case(home: Address) {
    let _ = User::PAST.at(0).ge(home);
}

fn main() {}
