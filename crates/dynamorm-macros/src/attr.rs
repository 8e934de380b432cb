//! What did they write: the words in `#[dynamorm(…)]`, with their places. What they mean together is for `check` to say.
//!
//! Here: which words there are. In `value`: what stands behind one.

mod value;

use crate::errors::Errors;
use crate::name::Case;
use crate::place::Place;
use proc_macro2::{Ident, Span, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Attribute, Lit, LitInt, LitStr, Path, Token};

use value::{
    case, distance, field_name, field_names, functions, index_key, key_source, projection_words, seconds,
    shard_count, shards_from, struct_name, text, unique_scope, whole_number,
};

/// Above a struct or an enum.
#[derive(Default)]
pub(crate) struct StructAttrs {
    pub(crate) table: Option<LitStr>,
    pub(crate) raw: bool,
    pub(crate) rename_all: Option<Case>,
    pub(crate) of: Option<Path>,
    /// `type = "User"`
    pub(crate) tag: Option<LitStr>,
    /// `tag = "type"`, above an enum.
    pub(crate) union_tag: Option<LitStr>,
    pub(crate) type_attribute: Option<LitStr>,
    /// `schema = 3`
    pub(crate) schema: Option<LitInt>,
    pub(crate) schema_attribute: Option<LitStr>,
    /// `upcast(v1_to_v2, v2_to_v3)`
    pub(crate) upcast: Option<(Vec<Path>, Span)>,
    /// `shards = 16`
    pub(crate) shards: Option<LitInt>,
    /// `shards_from("2027-01-01", 64)` or `shards_from(1000, 64)`, any number of them.
    pub(crate) shards_from: Vec<(Lit, LitInt)>,
    pub(crate) key: KeyWords,
    pub(crate) indexes: Vec<IndexWords>,
    pub(crate) vectors: Vec<VectorWords>,
}

/// The words that make the key of a table or an index.
#[derive(Clone, Default)]
pub(crate) struct KeyWords {
    pub(crate) pk: Option<KeySource>,
    pub(crate) sk: Option<KeySource>,
    pub(crate) pk_attribute: Option<LitStr>,
    pub(crate) sk_attribute: Option<LitStr>,
}

/// An index written above the struct.
#[derive(Clone)]
pub(crate) struct IndexWords {
    pub(crate) name: LitStr,
    pub(crate) local: bool,
    pub(crate) key: KeyWords,
    pub(crate) projection: Option<ProjectionWords>,
    /// `projection_type = OpenOrder`
    pub(crate) projection_type: Option<Ident>,
}

/// A vector index written above the struct.
#[derive(Clone, Default)]
pub(crate) struct VectorWords {
    pub(crate) name: Option<LitStr>,
    /// `vector = embedding`
    pub(crate) vector: Option<Ident>,
    pub(crate) distance: Option<(Distance, Span)>,
    /// `filters(category, lang)`
    pub(crate) filters: Option<(Vec<Ident>, Span)>,
    pub(crate) pk: Option<KeySource>,
    pub(crate) projection: Option<ProjectionWords>,
}

/// By what a vector index tells how near two vectors are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distance {
    Cosine,
    Euclidean,
    DotProduct,
}

impl Distance {
    const ALL: [(&'static str, Distance); 3] = [
        ("cosine", Distance::Cosine),
        ("euclidean", Distance::Euclidean),
        ("dot_product", Distance::DotProduct),
    ];
}

/// What an index carries besides its own key and the table's.
#[derive(Clone)]
pub(crate) enum ProjectionWords {
    KeysOnly,
    Include(Vec<Ident>),
}

/// What a key is made of.
#[derive(Clone)]
pub(crate) enum KeySource {
    /// `pk = email`: this field itself.
    Field(Ident),
    /// `pk = "USER#{id}"`.
    Template(LitStr),
    /// `pk = (tenant, region)`: several fields, each a key attribute of an index.
    Fields(Span, Vec<Ident>),
    /// Something else in parentheses, which `check` reports: a key that is wrong is not a key that is missing.
    Unclear(syn::Error),
}

impl KeySource {
    pub(crate) fn span(&self) -> Span {
        match self {
            KeySource::Field(ident) => ident.span(),
            KeySource::Template(template) => template.span(),
            KeySource::Fields(span, _) => *span,
            KeySource::Unclear(error) => error.span(),
        }
    }
}

/// Above a field or a variant.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) rename: Option<LitStr>,
    pub(crate) skip: Option<Span>,
    pub(crate) flatten: Option<Span>,
    pub(crate) other: Option<Span>,
    pub(crate) managed: Vec<(Managed, Span)>,
    pub(crate) keys: Vec<FieldKey>,
    /// Whose the item is.
    pub(crate) tenant: Option<Span>,
    /// No other item has its value.
    pub(crate) unique: Option<UniqueWords>,
}

/// `unique`, or `unique(scope = org_id)`
#[derive(Clone)]
pub(crate) struct UniqueWords {
    pub(crate) span: Span,
    pub(crate) scope: Option<Ident>,
}

/// What the library keeps in a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Managed {
    Version,
    CreatedAt,
    UpdatedAt,
    /// With the seconds after which an item expires.
    Ttl(Option<u64>),
}

impl Managed {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Managed::Version => "version",
            Managed::CreatedAt => "created_at",
            Managed::UpdatedAt => "updated_at",
            Managed::Ttl(_) => "ttl",
        }
    }
}

/// `pk`, `sk`, `gsi("name", pk)` or `lsi("name", sk)` above a field.
pub(crate) struct FieldKey {
    pub(crate) span: Span,
    pub(crate) part: KeyPart,
    pub(crate) index: Option<(IndexWord, LitStr)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPart {
    Partition,
    Sort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexWord {
    Global,
    Local,
}

/// Reads what stands above a struct or an enum.
pub(crate) fn read_struct(attrs: &[Attribute], place: Place, errors: &mut Errors) -> StructAttrs {
    let mut read = StructAttrs::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("dynamorm")) {
        let mut key = KeyWords::default();
        let mut index = None;
        let mut projection = None;
        let mut projection_type = None;
        let mut of_vectors = VectorWords::default();
        let mut table_words: Vec<(&'static str, Span)> = Vec::new();
        let (mut shards, mut growth) = (None, Vec::new());
        each_word(attr, place, errors, |word, meta| {
            match word {
                "pk" => once(&mut key.pk, meta, key_source(meta)?)?,
                "sk" => once(&mut key.sk, meta, key_source(meta)?)?,
                "pk_attribute" => once(&mut key.pk_attribute, meta, text(meta)?)?,
                "sk_attribute" => once(&mut key.sk_attribute, meta, text(meta)?)?,
                "vector_index" => {
                    if index.is_some() || of_vectors.name.is_some() {
                        return Err(meta.error("write each index in a `#[dynamorm(…)]` of its own"));
                    }
                    of_vectors.name = Some(text(meta)?);
                }
                "vector" => once(&mut of_vectors.vector, meta, field_name(meta)?)?,
                "distance" => {
                    let distance = (distance(meta)?, meta.path.span());
                    once(&mut of_vectors.distance, meta, distance)?;
                }
                "filters" => {
                    let filters = (field_names(meta)?, meta.path.span());
                    once(&mut of_vectors.filters, meta, filters)?;
                }
                "index" | "local_index" => {
                    if index.is_some() || of_vectors.name.is_some() {
                        return Err(meta.error("write each index in a `#[dynamorm(…)]` of its own"));
                    }
                    index = Some((text(meta)?, word == "local_index"));
                }
                "projection" => {
                    let words = projection_words(meta)?;
                    once(&mut projection, meta, (words, meta.path.span()))?;
                }
                "projection_type" => once(&mut projection_type, meta, struct_name(meta)?)?,
                "table" => {
                    table_words.push(("table", meta.path.span()));
                    once(&mut read.table, meta, text(meta)?)?;
                }
                "keys" => {
                    table_words.push(("keys", meta.path.span()));
                    let value = text(meta)?;
                    if value.value() != "raw" {
                        return Err(syn::Error::new(value.span(), "write `keys = \"raw\"`, or leave it out"));
                    }
                    read.raw = true;
                }
                "rename_all" => {
                    table_words.push(("rename_all", meta.path.span()));
                    let case = case(&text(meta)?)?;
                    once(&mut read.rename_all, meta, case)?;
                }
                "tag" => once(&mut read.union_tag, meta, text(meta)?)?,
                "of" => {
                    let path = meta.value()?.parse::<Path>()?;
                    once(&mut read.of, meta, path)?;
                }
                "type" | "type_attribute" | "schema" | "schema_attribute" | "upcast" => {
                    table_words.push((known(word), meta.path.span()));
                    read_kept(word, meta, &mut read)?;
                }
                "shards" => {
                    let count = (shard_count(meta)?, meta.path.span());
                    if read.shards.is_some() {
                        return Err(meta.error("`shards` is written twice: remove one of them"));
                    }
                    once(&mut shards, meta, count)?;
                }
                "shards_from" => {
                    growth.push((shards_from(meta)?, meta.path.span()));
                }
                _ => {}
            }
            Ok(())
        });
        if index.is_some() || of_vectors.name.is_some() {
            for (word, span) in table_words {
                errors.at(
                    span,
                    format!("`{word}` is the table's: write it in a `#[dynamorm(…)]` without `index`"),
                );
            }
            let words = growth.iter().map(|(_, span)| ("shards_from", *span));
            for (word, span) in shards.iter().map(|(_, span)| ("shards", *span)).chain(words) {
                let text = format!(
                    "`{word}` is the table's, and an index has no shards: spread it by a field of a few values in its key"
                );
                errors.at(span, text);
            }
        }
        if of_vectors.name.is_some() {
            refuse_in_vectors(&key, projection_type.as_ref(), errors);
            of_vectors.pk = key.pk;
            of_vectors.projection = projection.map(|(words, _)| words);
            read.vectors.push(of_vectors);
            continue;
        }
        for (word, span) in [
            ("vector", of_vectors.vector.as_ref().map(Ident::span)),
            ("distance", of_vectors.distance.map(|(_, span)| span)),
            ("filters", of_vectors.filters.as_ref().map(|(_, span)| *span)),
        ] {
            let Some(span) = span else { continue };
            let text = format!(
                "`{word}` is a vector index's: write it in the `#[dynamorm(…)]` of its `vector_index = \"…\"`"
            );
            errors.at(span, text);
        }
        match index {
            Some((name, local)) => {
                let projection = projection.map(|(words, _)| words);
                read.indexes.push(IndexWords { name, local, key, projection, projection_type });
            }
            None => {
                let projection = projection.map(|(_, span)| ("projection", span));
                let projection_type = projection_type.map(|name| ("projection_type", name.span()));
                for (word, span) in projection.into_iter().chain(projection_type) {
                    let text =
                        format!("`{word}` is an index's: write it in the `#[dynamorm(…)]` of its `index`");
                    errors.at(span, text);
                }
                merge(&mut read.key, key, errors);
                read.shards = read.shards.take().or(shards.map(|(count, _)| count));
                read.shards_from.extend(growth.into_iter().map(|(growth, _)| growth));
            }
        }
    }
    read
}

/// A vector index has no sort key, and reads what it carries by projections of the user's own.
fn refuse_in_vectors(key: &KeyWords, projection_type: Option<&Ident>, errors: &mut Errors) {
    for (word, span) in [
        ("sk", key.sk.as_ref().map(KeySource::span)),
        ("pk_attribute", key.pk_attribute.as_ref().map(LitStr::span)),
        ("sk_attribute", key.sk_attribute.as_ref().map(LitStr::span)),
        ("projection_type", projection_type.map(Ident::span)),
    ] {
        if let Some(span) = span {
            let text = format!(
                "a vector index has no `{word}`: remove it; `filters(…)` are what a search filters by"
            );
            errors.at(span, text);
        }
    }
}

/// The table's key may be spread over several attributes, but each word comes once.
fn merge(all: &mut KeyWords, more: KeyWords, errors: &mut Errors) {
    fn take<T>(
        all: &mut Option<T>,
        more: Option<T>,
        word: &str,
        span: impl Fn(&T) -> Span,
        errors: &mut Errors,
    ) {
        match (&all, more) {
            (Some(_), Some(second)) => {
                errors.at(span(&second), format!("`{word}` is written twice: remove one of them"));
            }
            (None, Some(first)) => *all = Some(first),
            (_, None) => {}
        }
    }
    take(&mut all.pk, more.pk, "pk", KeySource::span, errors);
    take(&mut all.sk, more.sk, "sk", KeySource::span, errors);
    take(&mut all.pk_attribute, more.pk_attribute, "pk_attribute", LitStr::span, errors);
    take(&mut all.sk_attribute, more.sk_attribute, "sk_attribute", LitStr::span, errors);
}

/// The words of what each item of a model says of itself: its type and its schema.
fn read_kept(word: &str, meta: &ParseNestedMeta<'_>, read: &mut StructAttrs) -> syn::Result<()> {
    match word {
        "type" => once(&mut read.tag, meta, text(meta)?),
        "type_attribute" => once(&mut read.type_attribute, meta, text(meta)?),
        "schema" => once(&mut read.schema, meta, whole_number(meta)?),
        "schema_attribute" => once(&mut read.schema_attribute, meta, text(meta)?),
        _ => {
            let functions = (functions(meta)?, meta.path.span());
            once(&mut read.upcast, meta, functions)
        }
    }
}

fn known(word: &str) -> &'static str {
    Place::Model.words().iter().find(|known| **known == word).copied().unwrap_or_default()
}

/// Reads what stands above a field or a variant.
pub(crate) fn read_field(attrs: &[Attribute], place: Place, errors: &mut Errors) -> FieldAttrs {
    let mut read = FieldAttrs::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("dynamorm")) {
        each_word(attr, place, errors, |word, meta| {
            let span = meta.path.span();
            match word {
                "rename" => once(&mut read.rename, meta, text(meta)?)?,
                "skip" => once(&mut read.skip, meta, span)?,
                "flatten" => once(&mut read.flatten, meta, span)?,
                "other" => once(&mut read.other, meta, span)?,
                "tenant" => once(&mut read.tenant, meta, span)?,
                "unique" => {
                    let scope = unique_scope(meta)?;
                    once(&mut read.unique, meta, UniqueWords { span, scope })?;
                }
                "version" => read.managed.push((Managed::Version, span)),
                "created_at" => read.managed.push((Managed::CreatedAt, span)),
                "updated_at" => read.managed.push((Managed::UpdatedAt, span)),
                "ttl" => {
                    let after = if meta.input.peek(Token![=]) { Some(seconds(&text(meta)?)?) } else { None };
                    read.managed.push((Managed::Ttl(after), span));
                }
                "pk" => read.keys.push(FieldKey { span, part: KeyPart::Partition, index: None }),
                "sk" => read.keys.push(FieldKey { span, part: KeyPart::Sort, index: None }),
                "gsi" => read.keys.push(index_key(meta, IndexWord::Global)?),
                "lsi" => read.keys.push(index_key(meta, IndexWord::Local)?),
                _ => {}
            }
            Ok(())
        });
    }
    read
}

/// Calls `read` with each known word. A mistake in one word does not hide those in the next.
fn each_word(
    attr: &Attribute,
    place: Place,
    errors: &mut Errors,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<()>,
) {
    let parsed = attr.parse_nested_meta(|meta| {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        let outcome = if place.words().contains(&word.as_str()) {
            read(&word, &meta)
        } else {
            Err(syn::Error::new(meta.path.span(), place.unknown(&word)))
        };
        if let Err(error) = outcome {
            errors.misread(error);
            while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
                meta.input.parse::<TokenTree>()?;
            }
        }
        Ok(())
    });
    if let Err(error) = parsed {
        errors.add(error);
    }
}

fn once<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> syn::Result<()> {
    if slot.is_some() {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        return Err(syn::Error::new(
            meta.path.span(),
            format!("`{word}` is written twice: remove one of them"),
        ));
    }
    *slot = Some(value);
    Ok(())
}
