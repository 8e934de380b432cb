use dynamorm::{ItemCollection, Model};
use dynamorm_ui::{Order, User};

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}#{line}")]
struct Line {
    customer: String,
    number: u32,
    line: u32,
}

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Order(Order),
    Line(Line),
}

fn main() {}
