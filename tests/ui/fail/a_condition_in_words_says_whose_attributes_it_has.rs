use dynamorm::cond;
use dynamorm_ui::User;

fn case() {
    let _ = cond!(credits = 5);
}

fn main() {}
