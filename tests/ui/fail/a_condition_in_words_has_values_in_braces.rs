use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(User: credits = config.minimum());
}

fn main() {}
