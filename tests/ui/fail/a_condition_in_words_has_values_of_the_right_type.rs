use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(User: active = true AND credits >= {"ten"});
}

fn main() {}
