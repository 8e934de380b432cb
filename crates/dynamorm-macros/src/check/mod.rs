//! Is it legal: from what was written to the checked form, with every mistake of one struct found in one go.
//!
//! Start at [`model`]; item collections are in `collection`. Fields are checked in `field`, keys and indexes in `key`, type and schema in
//! `kept`, unique attributes in `guarded`, names that must differ in `unique`, enums in
//! `variant`, tenants, shards and vector indexes in files of their own.

mod collection;
mod field;
mod guarded;
mod kept;
mod key;
mod shards;
mod tenant;
mod unique;
mod variant;
mod vector;

pub(crate) use collection::collection;

use crate::ast::{Document, DocumentKind, Field, Model, Project, Storage};
use crate::attr::{self, Managed};
use crate::errors::Errors;
use crate::place::Place;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, GenericParam, Lifetime, Type};

/// Checks a `derive(Model)`.
pub(crate) fn model(input: &DeriveInput, errors: &mut Errors) -> Model {
    let attrs = attr::read_struct(&input.attrs, Place::Model, errors);
    refuse_generics(input, "a model", errors);
    let named = match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => Some(&data.fields),
        _ => {
            let text =
                "a model is a struct with named fields: write `struct … { … }`, one for each kind of item";
            errors.at(input.ident.span(), text);
            None
        }
    };
    let mut read = match named {
        Some(fields) => field::read(fields, Place::ModelField, &input.ident, attrs.rename_all, errors),
        None => Vec::new(),
    };
    if let Some(table) = &attrs.table {
        unique::check_resource_name(table, "table", errors);
    }
    let keys = key::resolve(&attrs, &mut read, &input.ident, named.is_some(), errors);
    let vectors = match named {
        Some(_) => vector::resolve(&attrs, &mut read, &keys, errors),
        None => Vec::new(),
    };
    let tenant = tenant::resolve(&read, &keys.primary, &keys.indexes, errors);
    if let Some(tenant) = &tenant {
        vector::check_tenant(&vectors, tenant, &read, errors);
    }
    let shards = shards::resolve(&attrs, &keys.primary, &keys.indexes, errors);
    let unique = guarded::resolve(&read, tenant.as_ref(), errors);
    let fields = read.into_iter().map(|(field, _)| field).collect();
    let (tag, schema) = (kept::tag(&attrs, errors), kept::schema(&attrs, errors));
    let mut model = Model {
        vis: input.vis.clone(),
        ident: input.ident.clone(),
        table: attrs.table.map(|table| table.value()),
        fields,
        key: keys.primary,
        indexes: keys.indexes,
        vectors,
        tag,
        schema,
        tenant,
        shards,
        unique,
    };
    unique::attributes(&model, errors);
    kept::distinct(&model, errors);
    unique::constants(&mut model, errors);
    unique::structs(&model, errors);
    model
}

/// Checks a `derive(Project)`.
pub(crate) fn project(input: &DeriveInput, errors: &mut Errors) -> Project {
    let attrs = attr::read_struct(&input.attrs, Place::Project, errors);
    let lifetime = lifetime(input);
    let lifetimes = input.generics.lifetimes().count();
    if lifetimes > 1 && lifetimes == input.generics.params.len() {
        let text = "a projection has one lifetime at most: all of it borrows from one answer";
        errors.at(input.generics.params.span(), text);
    } else if lifetime.is_none() {
        refuse_generics(input, "a projection", errors);
    }
    let fields = match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => {
            field::read(&data.fields, Place::ProjectField, &input.ident, None, errors)
                .into_iter()
                .map(|(field, _)| field)
                .collect::<Vec<_>>()
        }
        _ => {
            let text = "a projection is a struct with named fields: write `struct … { … }`";
            errors.at(input.ident.span(), text);
            return Project { ident: input.ident.clone(), lifetime, of: attrs.of, fields: Vec::new() };
        }
    };
    if attrs.of.is_none() {
        errors
            .at(input.ident.span(), "whose projection is this: write `#[dynamorm(of = YourModel)]` above it");
    }
    if fields.iter().all(|field| field.storage == Storage::Skipped) {
        errors.at(input.ident.span(), "a projection has at least one field of its model: add one");
    }
    unique::fields(&fields, errors);
    if lifetime.is_some() {
        for field in fields.iter().filter(|field| field.is_flattened()) {
            let text = "a projection that borrows has no flattened fields: write their attributes out, or leave the lifetime out";
            errors.at(field.ident.span(), text);
        }
        for field in fields.iter().filter(|field| matches!(field.ty, Type::Reference(_))) {
            let text = "a text that is escaped in the answer is no slice of it: write `Cow<'_, str>`, with the struct's lifetime";
            errors.at(field.ty.span(), text);
        }
    }
    Project { ident: input.ident.clone(), lifetime, of: attrs.of, fields }
}

/// The only parameter of a type, if that is a lifetime.
fn lifetime(input: &DeriveInput) -> Option<Lifetime> {
    match input.generics.params.iter().collect::<Vec<_>>().as_slice() {
        [GenericParam::Lifetime(parameter)] => Some(parameter.lifetime.clone()),
        _ => None,
    }
}

/// Checks a `derive(Document)`.
pub(crate) fn document(input: &DeriveInput, errors: &mut Errors) -> Document {
    refuse_generics(input, "a document", errors);
    let kind = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) => {
                let attrs = attr::read_struct(&input.attrs, Place::Document, errors);
                let fields =
                    field::read(&data.fields, Place::DocumentField, &input.ident, attrs.rename_all, errors)
                        .into_iter()
                        .map(|(field, _)| field)
                        .collect::<Vec<_>>();
                unique::fields(&fields, errors);
                DocumentKind::Struct(fields)
            }
            Fields::Unnamed(unnamed) => {
                attr::read_struct(&input.attrs, Place::Newtype, errors);
                for field in &unnamed.unnamed {
                    attr::read_field(&field.attrs, Place::NewtypeField, errors);
                }
                match unnamed.unnamed.iter().collect::<Vec<_>>().as_slice() {
                    [field] => {
                        DocumentKind::Newtype(Box::new(crate::ast::spell_out_self(&field.ty, &input.ident)))
                    }
                    _ => {
                        let text =
                            "a tuple struct is stored as its only field: name the fields, `struct … { … }`";
                        errors.at(unnamed.span(), text);
                        DocumentKind::Enum(Vec::new())
                    }
                }
            }
            Fields::Unit => {
                let text =
                    "a unit struct has nothing to store: write `struct … { … }`, or leave the field out";
                errors.at(input.ident.span(), text);
                DocumentKind::Enum(Vec::new())
            }
        },
        Data::Enum(data) => {
            let attrs = attr::read_struct(&input.attrs, Place::Enum, errors);
            if data.variants.is_empty() {
                errors.at(input.ident.span(), "an enum without variants has no values to store: add one");
            }
            variant::read(data, &attrs, &input.ident, errors)
        }
        Data::Union(_) => {
            errors.at(input.ident.span(), "a `union` cannot be stored: write a struct, or an enum");
            DocumentKind::Enum(Vec::new())
        }
    };
    Document { vis: input.vis.clone(), ident: input.ident.clone(), kind }
}

fn refuse_generics(input: &DeriveInput, what: &str, errors: &mut Errors) {
    if !input.generics.params.is_empty() {
        errors.at(
            input.generics.params.span(),
            format!("{what} cannot be generic: write the types out, one struct for each"),
        );
    }
}

/// The fields that the library keeps, with what it keeps in them.
pub(crate) fn managed(fields: &[Field]) -> impl Iterator<Item = (&Field, Managed)> {
    fields.iter().filter_map(|field| match field.storage {
        Storage::Managed(managed) => Some((field, managed)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
