use dynamorm::{Db, Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = "TENANT#{tenant}", sk = "DOC#{id}")]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, pk = tenant)]
struct Doc {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    embedding: Vector<3>,
}

fn search(db: &Db, query: &Vector<3>) {
    let _ = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(query));
}

fn main() {}
