//! What each item of a model says of itself: its type and its schema.

use crate::ast::{Model, Schema, Tag};
use crate::attr::StructAttrs;
use crate::errors::Errors;
use proc_macro2::Span;
use syn::LitStr;

/// The type, if one is written.
pub(crate) fn tag(attrs: &StructAttrs, errors: &mut Errors) -> Option<Tag> {
    let Some(name) = &attrs.tag else {
        if let Some(attribute) = &attrs.type_attribute {
            errors.at(attribute.span(), "there is no type to store in it: write `type = \"…\"` beside it");
        }
        return None;
    };
    if name.value().is_empty() {
        errors.at(name.span(), "a type has a name: write one, such as the struct's");
    }
    let attribute = attribute(attrs.type_attribute.as_ref(), "type", errors);
    Some(Tag { span: name.span(), attribute, name: name.value() })
}

/// The schema, if one is written.
pub(crate) fn schema(attrs: &StructAttrs, errors: &mut Errors) -> Option<Schema> {
    let Some(written) = &attrs.schema else {
        if let Some(attribute) = &attrs.schema_attribute {
            errors.at(attribute.span(), "there is no schema to store in it: write `schema = 1` beside it");
        }
        if let Some((functions, span)) = &attrs.upcast {
            errors.at(
                *span,
                format!("upcast to which schema: write `schema = {}` beside it", functions.len() + 1),
            );
        }
        return None;
    };
    let version = match written.base10_parse::<u64>() {
        Ok(version) if (1..=u64::from(u32::MAX)).contains(&version) => version,
        Ok(_) | Err(_) => {
            errors.at(written.span(), "schemas are counted from 1: write `schema = 1`, or a higher number");
            return None;
        }
    };
    let upcasts = attrs.upcast.as_ref().map(|(functions, _)| functions.clone()).unwrap_or_default();
    if upcasts.len() as u64 + 1 != version {
        let span = attrs.upcast.as_ref().map_or(written.span(), |(_, span)| *span);
        let text = match version {
            1 => "schema 1 is the first, and no item is older: remove `upcast`, or write a higher `schema`"
                .to_owned(),
            _ => {
                let names =
                    (1..version.min(4)).map(|v| format!("v{v}_to_v{}", v + 1)).collect::<Vec<_>>().join(", ");
                let dots = if version > 4 { ", …" } else { "" };
                format!(
                    "schema {version} needs {} from each schema to the next, and {} written: write `upcast({names}{dots})`",
                    counted(version - 1, "function"),
                    match upcasts.len() {
                        0 => "none is".to_owned(),
                        1 => "1 is".to_owned(),
                        more => format!("{more} are"),
                    }
                )
            }
        };
        errors.at(span, text);
    }
    let attribute = attribute(attrs.schema_attribute.as_ref(), "schema_version", errors);
    Some(Schema { span: written.span(), attribute, version, upcasts })
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn attribute(written: Option<&LitStr>, default: &str, errors: &mut Errors) -> String {
    let Some(written) = written else { return default.to_owned() };
    if !(1..=255).contains(&written.value().len()) {
        errors.at(written.span(), "an attribute's name has 1 to 255 bytes: write another");
    }
    written.value()
}

/// Checks that nothing else is stored in the attributes of the type and the schema.
pub(crate) fn distinct(model: &Model, errors: &mut Errors) {
    let tag = model.tag.as_ref().map(|tag| (tag.span, &tag.attribute, "type", "type_attribute"));
    let schema = model.schema.as_ref().map(|s| (s.span, &s.attribute, "schema", "schema_attribute"));
    for (span, attribute, what, word) in tag.into_iter().chain(schema) {
        if let Some(field) = model.fields.iter().find(|field| field.is_stored() && field.name == *attribute) {
            errors.at(
                field.ident.span(),
                format!(
                    "the attribute `{attribute}` holds the {what} of the item: give the field `{}` another `rename`, or \
                     write `{word} = \"…\"` above the struct",
                    field.ident
                ),
            );
        }
        if super::unique::keys(model).any(|(key, _)| !key.template.is_empty() && key.attribute == *attribute)
        {
            clash(span, attribute, "a key", word, errors);
        }
    }
    if let (Some((_, one, ..)), Some((span, other, _, word))) = (tag, schema)
        && one == other
    {
        clash(span, other, "the type", word, errors);
    }
}

fn clash(span: Span, attribute: &str, other: &str, word: &str, errors: &mut Errors) {
    errors.at(
        span,
        format!("the attribute `{attribute}` holds {other} already: write `{word} = \"…\"` beside it"),
    );
}
