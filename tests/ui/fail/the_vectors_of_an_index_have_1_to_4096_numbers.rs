use dynamorm::{Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-none", vector = none, distance = cosine)]
#[dynamorm(vector_index = "by-many", vector = many, distance = cosine)]
struct Doc {
    id: String,
    none: Vector<0>,
    many: Option<Vector<4097>>,
}

fn main() {}
