use dynamorm::{ItemCollection, Model};
use dynamorm_ui::User;

#[derive(Model)]
#[dynamorm(table = "invoices", pk = "USER#{customer}", sk = "INVOICE#{number}")]
struct Invoice {
    customer: String,
    number: u32,
}

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Invoice(Invoice),
}

fn main() {}
