//! Vector indexes: of which field each is, and by which fields it is parted and filtered.

use super::field::Read;
use super::key::{self, Keys};
use super::unique::check_resource_name;
use crate::ast::{Field, PrimaryKey, Storage, Tenant, VectorIndex, type_argument, type_word};
use crate::attr::{Distance, KeySource, StructAttrs, VectorWords};
use crate::errors::Errors;
use crate::name;
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned as _;

/// Vector indexes that a table may have.
const MOST: usize = 5;

/// What surely is no vector. Any other type is for the compiler to look at.
const NO_VECTORS: [&str; 22] = [
    "String", "Vec", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "bool", "f32", "f64", "u8", "u16", "u32",
    "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "Number",
];

/// Finds the fields of each vector index.
pub(super) fn resolve(
    attrs: &StructAttrs,
    read: &mut [Read],
    keys: &Keys,
    errors: &mut Errors,
) -> Vec<VectorIndex> {
    let mut vectors: Vec<VectorIndex> = Vec::new();
    for (at, words) in attrs.vectors.iter().enumerate() {
        let Some(written) = &words.name else { continue };
        check_resource_name(written, "index", errors);
        let name = written.value();
        let others =
            keys.indexes.iter().map(|index| &index.name).chain(vectors.iter().map(|index| &index.name));
        if others.into_iter().any(|other| *other == name) {
            errors.at(written.span(), format!("there is an index `{name}` already: rename one"));
            continue;
        }
        if at == MOST {
            errors.at(written.span(), format!("a table has at most {MOST} vector indexes: remove some"));
        }
        if matches!(keys.primary, PrimaryKey::Flattened(_)) {
            let text = "a model with the key of a flattened struct has its vector indexes there: write them above that struct";
            errors.at(written.span(), text);
        }
        vectors.extend(one(words, name, written.span(), read, errors));
    }
    for at in vectors.iter().filter_map(|index| index.partition) {
        // An empty text leaves the item out of the index, where DynamoDB would refuse it.
        if let Some((field, _)) = read.get_mut(at)
            && matches!(field.storage, Storage::Plain | Storage::IndexPart)
        {
            field.storage = Storage::IndexKey;
        }
    }
    vectors
}

fn one(
    words: &VectorWords,
    name: String,
    span: Span,
    read: &[Read],
    errors: &mut Errors,
) -> Option<VectorIndex> {
    let vector = match &words.vector {
        Some(ident) => {
            let at = key::position(read, ident, errors);
            if let Some(text) = at.and_then(|at| no_vector(read, at)) {
                errors.at(ident.span(), text);
                return None;
            }
            at
        }
        None => {
            errors.at(span, format!("the vector index `{name}` has no vector: write `vector = field`"));
            None
        }
    };
    let distance = words.distance.map(|(distance, _)| distance).unwrap_or_else(|| {
        if !errors.is_misread() {
            let text = format!(
                "the vector index `{name}` has no distance: write `distance = cosine`, `euclidean` or `dot_product`"
            );
            errors.at(span, text);
        }
        Distance::Cosine
    });
    let partition = match &words.pk {
        Some(KeySource::Field(ident)) => search_field(ident, vector, read, errors),
        Some(KeySource::Unclear(error)) => {
            errors.add(error.clone());
            None
        }
        Some(other) => {
            errors.at(other.span(), "the partition of a vector index is one attribute: write `pk = field`");
            None
        }
        None => None,
    };
    let mut filters = Vec::new();
    for ident in words.filters.iter().flat_map(|(filters, _)| filters) {
        let Some(at) = search_field(ident, vector, read, errors) else { continue };
        if partition == Some(at) {
            let text =
                format!("`{ident}` is the partition of the index, which each search names: remove it here");
            errors.at(ident.span(), text);
        } else if filters.contains(&at) {
            errors.at(ident.span(), format!("`{ident}` is a filter already: remove one of them"));
        } else {
            filters.push(at);
        }
    }
    if let Some((filters, span)) = &words.filters
        && filters.is_empty()
    {
        errors.at(*span, "an index without filters has no word for it: remove `filters()`");
    }
    let constant = Ident::new(&name::index_constant(&name), span);
    let projection = key::projection(read, words.projection.as_ref(), errors);
    Some(VectorIndex { name, constant, vector: vector?, distance, partition, filters, projection })
}

/// Why a field can be no vector of an index.
fn no_vector(read: &[Read], at: usize) -> Option<String> {
    let (Field { ident, ty, storage, .. }, _) = read.get(at)?;
    if *storage != Storage::Plain {
        return Some(format!(
            "`{ident}` cannot be the vector of an index: name a field of its own, a `Vector<N>`"
        ));
    }
    let word = type_word(ty)?;
    let inner = type_argument(ty).filter(|_| word == "Option").and_then(type_word);
    let word = inner.unwrap_or(word);
    NO_VECTORS.contains(&word.as_str()).then(|| {
        format!("`{ident}` is a `{word}`, and a vector index is of a vector: make it a `Vector<768>`, say")
    })
}

/// The position of a field that a search can compare.
fn search_field(ident: &Ident, vector: Option<usize>, read: &[Read], errors: &mut Errors) -> Option<usize> {
    let at = key::position(read, ident, errors)?;
    let (field, _) = read.get(at)?;
    if vector == Some(at) {
        errors.at(
            ident.span(),
            format!("`{ident}` is the vector, which is searched and not compared: remove it here"),
        );
        return None;
    }
    if !field.is_stored() || matches!(field.storage, Storage::Managed(_)) {
        let text = format!(
            "`{ident}` cannot be compared in a search: name an attribute of text, a number or binary"
        );
        errors.at(ident.span(), text);
        return None;
    }
    let word = type_word(&field.ty).unwrap_or_default();
    if matches!(word.as_str(), "f32" | "f64" | "bool" | "Vec") && !is_bytes(field) {
        let text = format!(
            "a `{word}` cannot be compared in a vector search: DynamoDB takes strings, numbers and binary, so use text, an integer \
             or `Number`"
        );
        errors.at(field.ty.span(), text);
        return None;
    }
    Some(at)
}

fn is_bytes(field: &Field) -> bool {
    type_argument(&field.ty).and_then(type_word).as_deref() == Some("u8")
}

/// An index that is not parted by the tenant would find the items of all.
pub(super) fn check_tenant(vectors: &[VectorIndex], tenant: &Tenant, read: &[Read], errors: &mut Errors) {
    for index in vectors.iter().filter(|index| index.partition != Some(tenant.at)) {
        let field = read.get(tenant.at).map(|(field, _)| field.ident.to_string()).unwrap_or_default();
        let text = format!(
            "the vector index `{}` holds items of all tenants: write `pk = {field}` for it",
            index.name
        );
        errors.at(index.constant.span(), text);
    }
}
