use dynamorm::{Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector = embedding, distance = cosine, filters(lang))]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, sk = lang)]
#[dynamorm(vector_index = "by-lang", index = "by-other", vector = embedding, distance = cosine, filters())]
struct Doc {
    id: String,
    lang: String,
    embedding: Vector<3>,
}

fn main() {}
