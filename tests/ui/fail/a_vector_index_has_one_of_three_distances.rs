use dynamorm::{Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-angle", vector = embedding, distance = angle)]
struct Doc {
    id: String,
    embedding: Vector<3>,
}

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-nothing", vector = embedding)]
struct Other {
    id: String,
    embedding: Vector<3>,
}

fn main() {}
