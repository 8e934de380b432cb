//! A type without a lifetime has nothing to borrow.
use dynamorm::Db;
use dynamorm_ui::Order;

fn read(db: &Db) {
    let _ = db.scan::<Order>().project_borrowed::<Order>();
}

fn main() {}
