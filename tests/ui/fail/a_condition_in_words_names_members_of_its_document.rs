use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(User: address.town = "Paris");
}

fn main() {}
