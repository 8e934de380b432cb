use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, schema = 2, upcast(v1_to_v2))]
struct User {
    id: String,
}

fn v1_to_v2(user: User) -> User {
    user
}

fn main() {}
