use dynamorm::{Db, Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, filters(year))]
#[dynamorm(vector_index = "by-lang", vector = embedding, distance = cosine, pk = lang)]
struct Doc {
    id: String,
    lang: String,
    year: u16,
    embedding: Option<Vector<3>>,
}

fn search(db: &Db, query: &Vector<4>) {
    let _ = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(query));
}

fn main() {}
