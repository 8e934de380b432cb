//! A text that is escaped in the answer is no slice of it, and bytes are base64 there: only `Cow<'a, str>` borrows.
use dynamorm::{Model, Project};

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    name: String,
}

#[derive(Project)]
#[dynamorm(of = User)]
struct Line<'a> {
    name: &'a str,
}

fn main() {}
