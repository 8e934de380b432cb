use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    #[dynamorm(unique(scope = organisation))]
    email: String,
    #[dynamorm(unique(scope = phone))]
    phone: String,
    #[dynamorm(unique(scope = version))]
    fax: String,
    org: Option<String>,
    #[dynamorm(version)]
    version: u64,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "BOOK#{id}")]
struct Book {
    id: String,
    #[dynamorm(unique(scope = shelf))]
    isbn: String,
    shelf: Option<String>,
}

fn main() {}
