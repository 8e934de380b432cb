use dynamorm::{Db, Model};

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    org: String,
    #[dynamorm(unique(scope = org))]
    badge: u32,
    #[dynamorm(unique)]
    email: String,
}

fn find(db: &Db) {
    let _ = db.get_by(User::BADGE, 7_u32);
    let _ = db.get_by(User::EMAIL, ("o1", "ada@example.com"));
}

fn main() {}
