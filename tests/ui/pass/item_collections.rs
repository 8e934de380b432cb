//! Models told apart by their keys, by constants, by types, with projections and anything else beside them.

use dynamorm::{Item, ItemCollection, Model, Project};

#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
struct User {
    id: String,
}

#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE#{language}", type = "Profile")]
struct Profile {
    id: String,
    language: String,
}

#[derive(Debug, Model)]
#[dynamorm(pk = "USER#{id}", sk = "{note}", pk_attribute = "pk", type = "Note")]
struct Note {
    id: String,
    note: String,
}

#[derive(Debug, Project)]
#[dynamorm(of = Profile)]
struct Language {
    language: String,
}

#[derive(Debug, ItemCollection)]
#[dynamorm(of = User)]
enum Keyed {
    User(User),
    Language(Language),
}

#[derive(Debug, ItemCollection)]
#[dynamorm(of = Note)]
enum Typed {
    Profile(Box1<Profile>),
    Note(Note),
    Any(Item),
}

#[derive(Debug, ItemCollection)]
#[dynamorm(of = User)]
struct Groups {
    user: std::option::Option<User>,
    languages: Vec<Language>,
    #[dynamorm(other)]
    rest: Vec<Item>,
}

/// An alias is as good as the type.
type Box1<T> = T;

fn main() {
    let _ = std::mem::size_of::<(Keyed, Typed, Groups, GroupsItem)>();
}
