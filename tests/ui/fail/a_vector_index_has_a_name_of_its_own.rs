use dynamorm::{Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(index = "by-lang", pk = lang)]
#[dynamorm(vector_index = "by-lang", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "near", vector = embedding, distance = cosine)]
#[dynamorm(vector_index = "near", vector = embedding, distance = euclidean)]
#[dynamorm(vector_index = "x", vector = embedding, distance = euclidean)]
struct Doc {
    id: String,
    lang: String,
    embedding: Vector<3>,
}

fn main() {}
