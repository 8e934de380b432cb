use dynamorm::{Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "one", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "two", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "three", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "four", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "five", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "six", vector = embedding, distance = cosine)]
struct Doc {
    id: String,
    embedding: Vector<3>,
}

fn main() {}
