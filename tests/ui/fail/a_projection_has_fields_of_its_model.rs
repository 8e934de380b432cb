use dynamorm::Project;
use dynamorm_ui::Order;

#[derive(Project)]
#[dynamorm(of = Order)]
struct Summary {
    totl: i64,
}

fn main() {}
