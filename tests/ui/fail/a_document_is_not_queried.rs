use dynamorm::Db;
use dynamorm_ui::Address;

fn case(db: &Db) {
    db.query::<Address>();
}

fn main() {}
