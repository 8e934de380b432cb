//! What stands behind a word: text, numbers, names of fields, keys, and what only one word takes.

use super::{Distance, FieldKey, IndexWord, KeyPart, KeySource, ProjectionWords};
use crate::name::Case;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::token::Paren;
use syn::{Lit, LitInt, LitStr, Path, Token};

pub(super) fn text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
    let value = meta.value().map_err(|_| {
        syn::Error::new(meta.path.span(), format!("`{word}` needs a value: write `{word} = \"…\"`"))
    })?;
    value.parse::<LitStr>().map_err(|error| {
        syn::Error::new(error.span(), format!("write the value in quotes: `{word} = \"…\"`"))
    })
}

/// `schema = 3`
pub(super) fn whole_number(meta: &ParseNestedMeta<'_>) -> syn::Result<LitInt> {
    let wrong = "write the number of the schema that you write now: `schema = 2`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), wrong))?;
    value.parse::<LitInt>().map_err(|error| syn::Error::new(error.span(), wrong))
}

/// `shards = 16`
pub(super) fn shard_count(meta: &ParseNestedMeta<'_>) -> syn::Result<LitInt> {
    let wrong = "write how many shards a partition has: `shards = 16`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), wrong))?;
    value.parse::<LitInt>().map_err(|error| syn::Error::new(error.span(), wrong))
}

/// `shards_from("2027-01-01", 64)`
pub(super) fn shards_from(meta: &ParseNestedMeta<'_>) -> syn::Result<(Lit, LitInt)> {
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
pub(super) fn functions(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Path>> {
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

pub(super) fn key_source(meta: &ParseNestedMeta<'_>) -> syn::Result<KeySource> {
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
pub(super) fn field_name(meta: &ParseNestedMeta<'_>) -> syn::Result<Ident> {
    const WRONG: &str = "write the name of the field that holds the vector: `vector = embedding`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))
}

/// `filters(category, lang)`
pub(super) fn field_names(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Ident>> {
    let wrong = "write the names of fields in the parentheses: `filters(category, lang)`";
    let (_, fields) = idents(meta.input).map_err(|error| syn::Error::new(error.span(), wrong))?;
    Ok(fields)
}

/// `distance = cosine`
pub(super) fn distance(meta: &ParseNestedMeta<'_>) -> syn::Result<Distance> {
    const WRONG: &str = "write `distance = cosine`, `distance = euclidean` or `distance = dot_product`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    let word = value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))?;
    let found = Distance::ALL.into_iter().find(|(name, _)| word == name);
    found.map(|(_, distance)| distance).ok_or_else(|| syn::Error::new(word.span(), WRONG))
}

/// `keys_only`, or `include(total, placed_at)`
pub(super) fn projection_words(meta: &ParseNestedMeta<'_>) -> syn::Result<ProjectionWords> {
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
pub(super) fn struct_name(meta: &ParseNestedMeta<'_>) -> syn::Result<Ident> {
    const WRONG: &str = "write the name that the struct is to have: `projection_type = OpenOrder`";
    let value = meta.value().map_err(|_| syn::Error::new(meta.path.span(), WRONG))?;
    value.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), WRONG))
}

pub(super) fn case(written: &LitStr) -> syn::Result<Case> {
    let value = written.value();
    Case::ALL.iter().find(|(name, _)| *name == value).map(|(_, case)| *case).ok_or_else(|| {
        let names = Case::ALL.map(|(name, _)| format!("\"{name}\"")).join(", ");
        syn::Error::new(written.span(), format!("unknown case: write one of {names}"))
    })
}

/// `(scope = org_id)`, if it is there
pub(super) fn unique_scope(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Ident>> {
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
pub(super) fn index_key(meta: &ParseNestedMeta<'_>, index: IndexWord) -> syn::Result<FieldKey> {
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
pub(super) fn seconds(written: &LitStr) -> syn::Result<u64> {
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
