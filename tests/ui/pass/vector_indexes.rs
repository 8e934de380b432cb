//! Vector indexes in every form.

use dynamorm::{Attr, Db, Distance, Model, OfTenant, Vector, VectorIndex};

type Embedding = Vector<3>;

#[derive(Model)]
#[dynamorm(table = "docs", pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(index = "by-day", pk = lang, sk = day)]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, filters(lang, day, hash, note))]
#[dynamorm(vector_index = "by-lang", vector = embedding, distance = euclidean, pk = lang, projection = keys_only)]
#[dynamorm(vector_index = "by-id", vector = other, distance = dot_product, pk = id, projection = include(note))]
struct Doc {
    id: u64,
    lang: String,
    day: u16,
    hash: Vec<u8>,
    note: Option<String>,
    embedding: Embedding,
    #[dynamorm(rename = "o")]
    other: Option<Vector<2>>,
}

/// With the keys on the fields.
#[derive(Model)]
#[dynamorm(vector_index = "tenants-docs", vector = embedding, distance = cosine, pk = tenant)]
struct OfTenants {
    #[dynamorm(pk, tenant)]
    tenant: String,
    #[dynamorm(sk)]
    id: String,
    embedding: Vector<2>,
}

fn searches(db: &Db) {
    let (three, two) = (Vector::try_from([1.0, 0.0, 0.0]).unwrap(), Vector::try_from([1.0, 0.0]).unwrap());
    let _ = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(&three)).filter(Doc::LANG, "en").filter(Doc::NOTE, "n");
    let _ = db.search_vectors(Doc::BY_LANG_INDEX.partition("en").near(&three));
    let _ = db.search_vectors(Doc::BY_ID_INDEX.partition(7).near(&two));
    let _ = db.tenant("acme").search_vectors(OfTenants::TENANTS_DOCS_INDEX.near(&two));
    let _: VectorIndex<OfTenants, Vector<2>, OfTenant> = OfTenants::TENANTS_DOCS_INDEX;
}

fn main() {
    let _: Attr<Doc, Embedding> = Doc::EMBEDDING;
    assert_eq!(Doc::BY_ID_INDEX.distance(), Distance::DotProduct);
}
