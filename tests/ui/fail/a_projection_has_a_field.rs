use dynamorm::Project;
use dynamorm_ui::Order;

#[derive(Project)]
#[dynamorm(of = Order)]
struct Summary {}

fn main() {}
