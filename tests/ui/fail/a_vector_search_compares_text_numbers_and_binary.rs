use dynamorm::{Model, Vector};

type Flag = bool;

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, pk = lang, filters(open, tags, lang, year, year, embedding))]
#[dynamorm(vector_index = "by-template", vector = embedding, distance = cosine, pk = "LANG#{lang}")]
struct Doc {
    id: String,
    lang: String,
    open: bool,
    tags: Vec<String>,
    year: u16,
    embedding: Vector<3>,
}

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, filters(flag))]
struct Flagged {
    id: String,
    flag: Flag,
    embedding: Vector<3>,
}

fn main() {}
