use dynamorm::Project;
use dynamorm_ui::Order;

#[derive(Project)]
#[dynamorm(of = Order)]
struct Summary {
    #[dynamorm(rename = "sum")]
    total: i64,
}

fn main() {}
