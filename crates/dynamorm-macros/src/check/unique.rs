//! Names: that each is well formed, and that no two attributes or constants have the same one.

use crate::ast::{Field, Key, Model, PrimaryKey, Projection, Storage};
use crate::errors::Errors;
use crate::name;
use proc_macro2::Span;
use std::collections::HashMap;
use syn::LitStr;

/// Tables and indexes have names of 3 to 255 letters, digits, `_`, `-` and `.`.
pub(crate) fn check_resource_name(written: &LitStr, what: &str, errors: &mut Errors) {
    let value = written.value();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !(3..=255).contains(&value.len()) || !value.chars().all(legal) {
        errors.at(
            written.span(),
            format!(
                "the name of {} has 3 to 255 of the letters a-z, A-Z, 0-9, `_`, `-` and `.`",
                match what {
                    "table" => "a table",
                    _ => "an index",
                }
            ),
        );
    }
}

/// Checks that the fields of a struct have different names in the table.
pub(crate) fn fields(fields: &[Field], errors: &mut Errors) {
    let mut taken: HashMap<&str, &Field> = HashMap::new();
    for field in fields.iter().filter(|field| field.is_stored()) {
        match taken.get(field.name.as_str()) {
            Some(first) => errors.at(
                field.ident.span(),
                format!(
                    "`{}` and `{}` are both the attribute `{}`: give one another `rename`",
                    first.ident, field.ident, field.name
                ),
            ),
            None => {
                taken.insert(&field.name, field);
            }
        }
    }
}

/// Checks that all attributes of an item have different names: those of fields and those that templates make.
pub(crate) fn attributes(model: &Model, errors: &mut Errors) {
    fields(&model.fields, errors);
    let mut made: HashMap<&str, &Key> = HashMap::new();
    for (key, attribute_word) in keys(model) {
        if key.template.is_empty() {
            continue;
        }
        let attribute = key.attribute.as_str();
        if let Some(field) = model.fields.iter().find(|field| field.is_stored() && field.name == attribute) {
            errors.at(
                key.span,
                format!(
                    "the field `{}` is the attribute `{attribute}`, which this template makes: give the field another \
                     `rename`, or write `{attribute_word} = \"…\"` beside the template",
                    field.ident
                ),
            );
        }
        match made.get(attribute) {
            // One attribute may serve several keys, if it is made in the same way for each.
            Some(first) if first.template != key.template => errors.at(
                key.span,
                format!("the attribute `{attribute}` has another template already: write `{attribute_word} = \"…\"`"),
            ),
            Some(_) => {}
            None => {
                made.insert(attribute, key);
            }
        }
    }
}

/// All keys of a model, with the word that renames each.
pub(super) fn keys(model: &Model) -> impl Iterator<Item = (&Key, &'static str)> {
    let (partition, sort) = match &model.key {
        PrimaryKey::Own { partition, sort } => (Some(partition), sort.as_ref()),
        PrimaryKey::Flattened(_) => (None, None),
    };
    let partition = partition.into_iter().map(|key| (key, "pk_attribute"));
    let own = partition.chain(sort.map(|key| (key, "sk_attribute")));
    own.chain(model.indexes.iter().flat_map(|index| {
        let partition = index.partition_keys().map(|key| (key, "pk_attribute"));
        partition.chain(index.sort_keys().map(|key| (key, "sk_attribute")))
    }))
}

/// Checks that the structs that a model's derive makes have different names.
pub(crate) fn structs(model: &Model, errors: &mut Errors) {
    let own = name::plain(&model.ident);
    let mut taken = HashMap::new();
    taken.insert(format!("{own}Key"), format!("the key of `{own}`"));
    taken.insert(own, "the model".to_owned());
    for index in &model.indexes {
        let Some(ident) = model.projection_ident(index) else {
            if let Some(unused) = &index.projection_type {
                let text = format!(
                    "the index `{}` {}: remove `projection_type`",
                    index.name,
                    match index.projection {
                        Projection::All => "carries whole items, which are read as the model",
                        _ => "carries keys only that templates make, so there is nothing to read",
                    }
                );
                errors.at(unused.span(), text);
            }
            continue;
        };
        let what = format!("what the index `{}` carries", index.name);
        match taken.get(&name::plain(&ident)) {
            Some(other) => errors.at(
                ident.span(),
                format!("{what} and {other} would both be the struct `{ident}`: write `projection_type = …` for the index"),
            ),
            None => {
                taken.insert(name::plain(&ident), what);
            }
        }
    }
}

/// Checks that the constants of a model have different names. One that has not is left out, so that it is one error.
pub(crate) fn constants(model: &mut Model, errors: &mut Errors) {
    let mut taken: HashMap<String, String> = HashMap::new();
    taken.insert("PRIMARY_KEY".to_owned(), "the table's key".to_owned());
    let mut is_new = |constant: String, what: String, span: Span, advice: &str| match taken.get(&constant) {
        // An index that is written twice has been told.
        Some(other) if *other == what => false,
        Some(other) => {
            errors.at(span, format!("{what} and {other} both want the constant `{constant}`: {advice}"));
            false
        }
        None => {
            taken.insert(constant, what);
            true
        }
    };
    model.indexes.retain(|index| {
        let what = format!("the index `{}`", index.name);
        is_new(index.constant.to_string(), what, index.constant.span(), "give the index another name")
    });
    model.vectors.retain(|index| {
        let what = format!("the index `{}`", index.name);
        is_new(index.constant.to_string(), what, index.constant.span(), "give the index another name")
    });
    for field in model.fields.iter_mut().filter(|field| field.storage != Storage::Skipped) {
        let constant = name::field_constant(&field.ident);
        let what = format!("the field `{}`", field.ident);
        let advice = "give the field another name, and `rename` for the attribute's";
        if !is_new(constant.to_string(), what, constant.span(), advice) {
            field.storage = Storage::Skipped;
        }
    }
}
