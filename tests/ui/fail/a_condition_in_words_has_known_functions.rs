use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(User: starts_with(name, "A"));
}

fn main() {}
