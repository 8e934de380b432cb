//! Of a projection that borrows, each field is an attribute, and its only parameter is the lifetime.
use dynamorm::{Document, Model, Project};
use std::borrow::Cow;

#[derive(Document)]
struct Names {
    name: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    #[dynamorm(flatten)]
    names: Names,
}

#[derive(Project)]
#[dynamorm(of = User)]
struct Line<'a> {
    id: Cow<'a, str>,
    #[dynamorm(flatten)]
    names: Names,
}

#[derive(Project)]
#[dynamorm(of = User)]
struct Two<'a, 'b> {
    id: Cow<'a, str>,
    other: Cow<'b, str>,
}

fn main() {}
