use dynamorm::{Model, Vector};

type Title = String;

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-text", vector = text, distance = cosine)]
#[dynamorm(vector_index = "by-numbers", vector = numbers, distance = cosine)]
#[dynamorm(vector_index = "by-nothing", distance = cosine)]
#[dynamorm(vector_index = "by-embeding", vector = embeding, distance = cosine)]
struct Doc {
    id: String,
    text: Option<String>,
    numbers: Vec<f32>,
    embedding: Vector<3>,
}

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-title", vector = title, distance = cosine)]
struct Titled {
    id: String,
    title: Title,
}

fn main() {}
