use dynamorm::Model;
use std::collections::{BTreeSet, HashMap};

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    #[dynamorm(unique)]
    emails: Vec<String>,
    #[dynamorm(unique)]
    tags: BTreeSet<String>,
    #[dynamorm(unique)]
    labels: HashMap<String, String>,
    #[dynamorm(unique)]
    score: Option<f64>,
}

fn main() {}
