//! What did they write: the words in `#[dynamorm(…)]`, with their places. What they mean together is for `check` to say.

use crate::errors::Errors;
use crate::name::Case;
use crate::place::Place;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::token::Paren;
use syn::{Attribute, Lit, LitInt, LitStr, Path, Token};

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

fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    let value = meta.value().map_err(|_| {
        syn::Error::new(meta.path.span(), format!("`{word}` needs a value: write `{word} = \"…\"`"))
    })?;
    value.parse::<LitStr>().map_err(|error| {
        syn::Error::new(error.span(), format!("write the value in quotes: `{word} = \"…\"`"))
    })
}

/// `schema = 3`
fn whole_number(meta: &ParseNestedMeta<'_>) -> syn::Result<LitInt> {
    let wrong = "write the number of the schema that you write now: `schema = 2`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), wrong))?;
    value.parse::<LitInt>().map_err(|error| syn::Error::new(error.span(), wrong))
}

/// `shards = 16`
fn shard_count(meta: &ParseNestedMeta<'_>) -> syn::Result<LitInt> {
    let wrong = "write how many shards a partition has: `shards = 16`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), wrong))?;
    value.parse::<LitInt>().map_err(|error| syn::Error::new(error.span(), wrong))
}

/// `shards_from("2027-01-01", 64)`
fn shards_from(meta: &ParseNestedMeta<'_>) -> syn::Result<(Lit, LitInt)> {
    let wrong = "write the first sort key and how many shards there are from it on: `shards_from(\"2027-01-01\", 64)`";
    let parse = || {
        let content;
        syn::parenthesized!(content in meta.input);
        let both = (|| {
            let from = content.parse::<Lit>()?;
            if !matches!(from, Lit::Str(_) | Lit::Int(_)) {
                return Err(syn::Error::new(from.span(), wrong));
            }
            content.parse::<Token![,]>()?;
            let count = content.parse::<LitInt>()?;
            content.parse::<Option<Token![,]>>()?;
            if content.is_empty() { Ok((from, count)) } else { Err(content.error(wrong)) }
        })();
        both.inspect_err(|_| {
            // What is left unread would be a second mistake.
            let _ = content.parse::<TokenStream>();
        })
    };
    parse().map_err(|error: syn::Error| syn::Error::new(error.span(), wrong))
}

/// `upcast(v1_to_v2, v2_to_v3)`
fn functions(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Path>> {
    let wrong = "write the functions from each schema to the next: `upcast(v1_to_v2, v2_to_v3)`";
    let parse = || {
        let content;
        syn::parenthesized!(content in meta.input);
        let paths = Punctuated::<Path, Token![,]>::parse_terminated(&content).inspect_err(|_| {
            // What is left unread would be a second mistake.
            let _ = content.parse::<TokenStream>();
        })?;
        Ok(paths.into_iter().collect())
    };
    parse().map_err(|error: syn::Error| syn::Error::new(error.span(), wrong))
}

fn key_source(meta: &ParseNestedMeta<'_>) -> syn::Result<KeySource> {
    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    let wrong = format!("write `{word} = field`, or a template: `{word} = \"USER#{{id}}\"`");
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), &wrong))?;
    if value.peek(LitStr) {
        return value.parse().map(KeySource::Template);
    }
    if value.peek(Paren) {
        let wrong = format!("write the names of fields in the parentheses: `{word} = (tenant, region)`");
        return Ok(match idents(value) {
            Ok((span, fields)) => KeySource::Fields(span, fields),
            Err(error) => KeySource::Unclear(syn::Error::new(error.span(), wrong)),
        });
    }
    value.parse().map(KeySource::Field).map_err(|error| syn::Error::new(error.span(), wrong))
}

/// `(tenant, region)`
fn idents(input: ParseStream<'_>) -> syn::Result<(Span, Vec<Ident>)> {
    let content;
    let parentheses = syn::parenthesized!(content in input);
    let idents = Punctuated::<Ident, Token![,]>::parse_terminated(&content).inspect_err(|_| {
        // What is left unread would be a second mistake.
        let _ = content.parse::<TokenStream>();
    })?;
    Ok((parentheses.span.join(), idents.into_iter().collect()))
}

/// `vector = embedding`
fn field_name(meta: &ParseNestedMeta<'_>) -> syn::Result<Ident> {
    const WRONG: &str = "write the name of the field that holds the vector: `vector = embedding`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))
}

/// `filters(category, lang)`
fn field_names(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Ident>> {
    let wrong = "write the names of fields in the parentheses: `filters(category, lang)`";
    let (_, fields) = idents(meta.input).map_err(|error| syn::Error::new(error.span(), wrong))?;
    Ok(fields)
}

/// `distance = cosine`
fn distance(meta: &ParseNestedMeta<'_>) -> syn::Result<Distance> {
    const WRONG: &str = "write `distance = cosine`, `distance = euclidean` or `distance = dot_product`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    let word = value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))?;
    let found = Distance::ALL.into_iter().find(|(name, _)| word == name);
    found.map(|(_, distance)| distance).ok_or_else(|| syn::Error::new(word.span(), WRONG))
}

/// `keys_only`, or `include(total, placed_at)`
fn projection_words(meta: &ParseNestedMeta<'_>) -> syn::Result<ProjectionWords> {
    const WRONG: &str = "write `projection = keys_only`, or `projection = include(field, …)`; without it the index carries all";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    let word = value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))?;
    match word.to_string().as_str() {
        "keys_only" => Ok(ProjectionWords::KeysOnly),
        "include" if value.peek(Paren) => {
            let (span, fields) = idents(value).map_err(|error| syn::Error::new(error.span(), WRONG))?;
            if fields.is_empty() {
                return Err(syn::Error::new(
                    span,
                    "an index that includes nothing has `projection = keys_only`",
                ));
            }
            Ok(ProjectionWords::Include(fields))
        }
        _ => Err(syn::Error::new(word.span(), WRONG)),
    }
}

/// `projection_type = OpenOrder`
fn struct_name(meta: &ParseNestedMeta<'_>) -> syn::Result<Ident> {
    const WRONG: &str = "write the name that the struct is to have: `projection_type = OpenOrder`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))
}

fn case(written: &LitStr) -> syn::Result<Case> {
    let value = written.value();
    Case::ALL.iter().find(|(name, _)| *name == value).map(|(_, case)| *case).ok_or_else(|| {
        let names = Case::ALL.map(|(name, _)| format!("\"{name}\"")).join(", ");
        syn::Error::new(written.span(), format!("unknown case: write one of {names}"))
    })
}

/// `(scope = org_id)`, if it is there
fn unique_scope(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Ident>> {
    const WRONG: &str =
        "write `unique`, or `unique(scope = org_id)` for one that is unique within another field's value";
    if meta.input.peek(Token![=]) {
        // What is left unread would be a second mistake.
        let _ = meta.value().and_then(|value| value.parse::<TokenTree>());
        return Err(syn::Error::new(meta.path.span(), WRONG));
    }
    if !meta.input.peek(Paren) {
        return Ok(None);
    }
    let parse = |content: ParseStream<'_>| {
        let word = content.parse::<Ident>()?;
        content.parse::<Token![=]>()?;
        let scope = content.parse::<Ident>()?;
        if word == "scope" && content.is_empty() { Ok(Some(scope)) } else { Err(content.error(WRONG)) }
    };
    let content;
    syn::parenthesized!(content in meta.input);
    parse(&content).map_err(|_| {
        let _ = content.parse::<TokenStream>();
        syn::Error::new(meta.path.span(), WRONG)
    })
}

/// `"email-index", pk`
fn index_key(meta: &ParseNestedMeta<'_>, index: IndexWord) -> syn::Result<FieldKey> {
    let wrong = match index {
        IndexWord::Global => "write the index's name and the part: `gsi(\"email-index\", pk)`",
        IndexWord::Local => "write the index's name and the part: `lsi(\"by-date\", sk)`",
    };
    let parse = |content: ParseStream<'_>| {
        let name = content.parse::<LitStr>()?;
        content.parse::<Token![,]>()?;
        let part = content.parse::<Ident>()?;
        content.parse::<Option<Token![,]>>()?;
        if content.is_empty() { Ok((name, part)) } else { Err(content.error(wrong)) }
    };
    let braced = |meta: &ParseNestedMeta<'_>| {
        let content;
        syn::parenthesized!(content in meta.input);
        parse(&content).inspect_err(|_| {
            // What is left unread would be a second mistake.
            let _ = content.parse::<TokenStream>();
        })
    };
    let (name, part) = braced(meta).map_err(|error| syn::Error::new(error.span(), wrong))?;
    let part = match part.to_string().as_str() {
        "pk" => KeyPart::Partition,
        "sk" => KeyPart::Sort,
        _ => return Err(syn::Error::new(part.span(), wrong)),
    };
    Ok(FieldKey { span: meta.path.span(), part, index: Some((index, name)) })
}

/// `30d` in seconds.
fn seconds(written: &LitStr) -> syn::Result<u64> {
    let value = written.value();
    let (digits, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
    let unit = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        "w" => Some(7 * 24 * 60 * 60),
        _ => None,
    };
    let seconds = digits.parse::<u64>().ok().zip(unit).and_then(|(count, unit)| count.checked_mul(unit));
    seconds.filter(|seconds| *seconds > 0 && i64::try_from(*seconds).is_ok()).ok_or_else(|| {
        syn::Error::new(written.span(), "write a number and a unit, such as \"30d\": s, m, h, d or w")
    })
}
