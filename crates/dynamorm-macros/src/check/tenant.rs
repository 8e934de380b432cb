//! Whose the items are: the field that is marked, and its place in the keys.

use super::field::Read;
use crate::ast::{Field, Index, Key, PrimaryKey, Segment, Storage, Tenant};
use crate::attr::Managed;
use crate::errors::Errors;
use proc_macro2::Span;

/// Finds the field of the tenant, and refuses keys in which it does not come first.
pub(super) fn resolve(
    read: &[Read],
    primary: &PrimaryKey,
    indexes: &[Index],
    errors: &mut Errors,
) -> Option<Tenant> {
    let mut marked =
        read.iter().enumerate().filter_map(|(at, (field, attrs))| Some((at, field, attrs.tenant?)));
    let (at, field, span) = marked.next()?;
    for (_, other, span) in marked {
        let text =
            format!("`{}` is the tenant already, and an item is of one: remove one of them", field.ident);
        errors.at(span, text);
        let _ = other;
    }
    check_field(field, span, errors);
    if let PrimaryKey::Flattened(_) = primary {
        let text = "a model with a tenant has its key written here, since the tenant is part of it: write `pk` above the struct";
        errors.at(span, text);
        return Some(Tenant { at, in_key: false });
    }
    let (partition, sort) = match primary {
        PrimaryKey::Own { partition, sort } => (partition, sort.as_ref()),
        PrimaryKey::Flattened(_) => return None,
    };
    let in_key = partition.fields.contains(&at);
    leads(partition, at, field, "the table's key", errors);
    for key in sort.into_iter().chain(indexes.iter().flat_map(Index::sort_keys)) {
        if key.fields.contains(&at) {
            let text = format!(
                "`{}` is the tenant, which stands in partition keys only: remove it here",
                field.ident
            );
            errors.at(key.span, text);
        }
    }
    for index in indexes {
        let Some(first) = &index.partition else { continue };
        for further in &index.further_partition {
            if further.fields.contains(&at) {
                let text = format!("`{}` is the tenant: write it first", field.ident);
                errors.at(further.span, text);
            }
        }
        leads(first, at, field, "the index", errors);
        // With the tenant in the table's key, an index without it would be the only way to others' items.
        if in_key && !first.fields.contains(&at) && !first.attribute.is_empty() {
            let text = format!(
                "the partition key of `{}` does not begin with the tenant, so the index holds items of all: write \
                 `pk = \"…#{{{}}}#…\"`",
                index.name, field.ident
            );
            errors.at(first.span, text);
        }
    }
    Some(Tenant { at, in_key })
}

/// Refuses a key in which another field stands before the tenant.
fn leads(key: &Key, at: usize, field: &Field, what: &str, errors: &mut Errors) {
    if key.fields.iter().position(|own| *own == at).is_some_and(|place| place > 0) {
        let text = format!("`{}` is the tenant: write it as the first part of {what}", field.ident);
        errors.at(key.span, text);
    }
    // What may be in a tenant as it is would not tell where it ends.
    let behind = key.template.iter().skip_while(|segment| **segment != Segment::Field(at)).nth(1);
    if let Some(Segment::Literal(literal)) = behind
        && !literal.starts_with(|c: char| c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '.' | '%'))
    {
        let text = format!(
            "what stands behind the tenant `{}` must not be in one: write `#` behind it",
            field.ident
        );
        errors.at(key.span, text);
    }
}

fn check_field(field: &Field, span: Span, errors: &mut Errors) {
    let wrong = match field.storage {
        Storage::Skipped => "a tenant that is skipped is not stored: remove `skip`",
        Storage::Flattened => "a flattened struct is no tenant: mark a field with text",
        Storage::Managed(Managed::Version | Managed::CreatedAt | Managed::UpdatedAt | Managed::Ttl(_)) => {
            "a tenant is not kept by the library: mark a field with text"
        }
        _ => return,
    };
    errors.at(span, wrong);
}
