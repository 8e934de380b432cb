use dynamorm::ItemCollection;
use dynamorm_ui::User;

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Name(String),
}

fn main() {}
