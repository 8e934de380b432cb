use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(User: credits >= 5 AND creditz < {7});
}

fn main() {}
