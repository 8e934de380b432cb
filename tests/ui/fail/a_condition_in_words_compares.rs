use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(User: active AND credits = 5);
}

fn main() {}
