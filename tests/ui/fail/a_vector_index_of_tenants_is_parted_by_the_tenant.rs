use dynamorm::{Model, Vector};

#[derive(Model)]
#[dynamorm(table = "docs", pk = "TENANT#{tenant}", sk = "DOC#{id}")]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, filters(tenant))]
struct Doc {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    embedding: Vector<3>,
}

#[derive(Model)]
#[dynamorm(table = "files", pk = id)]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, pk = kind)]
struct File {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
    kind: String,
    embedding: Vector<3>,
}

fn main() {}
