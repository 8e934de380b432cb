use dynamorm::Model;

#[derive(Model)]
#[dynamorm(tabel = "app", pk = "USER#{idd}")]
struct User {
    id: String,
    #[dynamorm(skip, rename = "mail")]
    email: String,
}

fn main() {}
