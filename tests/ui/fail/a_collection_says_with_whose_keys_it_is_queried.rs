use dynamorm::ItemCollection;
use dynamorm_ui::User;

#[derive(ItemCollection)]
enum CustomerItem {
    User(User),
}

fn main() {}
