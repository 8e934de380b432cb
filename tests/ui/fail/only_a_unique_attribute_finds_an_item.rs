use dynamorm::Db;
use dynamorm_ui::User;

fn case(db: &Db) {
    let _ = db.get_by(User::NAME, "Ada");
}

fn main() {}
