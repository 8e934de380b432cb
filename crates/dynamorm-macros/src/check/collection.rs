//! Item collections: an enum with a variant for each model, or a struct with a field for each group.

use crate::ast::{Collection, Member, type_argument, type_word};
use crate::attr;
use crate::errors::Errors;
use crate::place::Place;
use proc_macro2::Ident;
use syn::spanned::Spanned as _;
use syn::{Data, DataEnum, DeriveInput, Fields};

/// Checks a `derive(ItemCollection)`.
pub(crate) fn collection(input: &DeriveInput, errors: &mut Errors) -> Collection {
    let attrs = attr::read_struct(&input.attrs, Place::Collection, errors);
    super::refuse_generics(input, "an item collection", errors);
    let members = match &input.data {
        Data::Enum(data) => variants(data, &input.ident, errors),
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => {
            groups(&data.fields, &input.ident, errors)
        }
        Data::Struct(_) | Data::Union(_) => {
            let text = "an item collection is an enum with a variant for each model, `enum … { User(User), … }`, or a \
                        struct with a field for each, `struct … { orders: Vec<Order>, … }`";
            errors.at(input.ident.span(), text);
            Vec::new()
        }
    };
    if attrs.of.is_none() {
        errors.at(
            input.ident.span(),
            "with whose keys is it queried: write `#[dynamorm(of = YourModel)]` above it",
        );
    }
    let has_groups = matches!(input.data, Data::Struct(_));
    Collection { vis: input.vis.clone(), ident: input.ident.clone(), of: attrs.of, has_groups, members }
}

fn variants(data: &DataEnum, owner: &Ident, errors: &mut Errors) -> Vec<Member> {
    if data.variants.is_empty() {
        errors.at(
            owner.span(),
            "a collection of no models is always empty: write a variant for each, `User(User)`",
        );
    }
    let mut members = Vec::new();
    for variant in &data.variants {
        attr::read_field(&variant.attrs, Place::CollectionVariant, errors);
        let fields = match &variant.fields {
            Fields::Unnamed(fields) => fields.unnamed.iter().collect::<Vec<_>>(),
            Fields::Named(_) | Fields::Unit => Vec::new(),
        };
        let [field] = fields.as_slice() else {
            let ident = &variant.ident;
            errors.at(
                variant.span(),
                format!("a variant holds the items of one model: write `{ident}({ident})`"),
            );
            continue;
        };
        attr::read_field(&field.attrs, Place::CollectionVariant, errors);
        members.push(Member {
            ident: variant.ident.clone(),
            ty: crate::ast::spell_out_self(&field.ty, owner),
            is_option: false,
            is_other: false,
        });
    }
    members
}

fn groups(fields: &Fields, owner: &Ident, errors: &mut Errors) -> Vec<Member> {
    if fields.is_empty() {
        errors.at(
            owner.span(),
            "a collection of no models is always empty: write a field for each, `orders: Vec<Order>`",
        );
    }
    let mut members = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let attrs = attr::read_field(&field.attrs, Place::CollectionField, errors);
        let ty = crate::ast::spell_out_self(&field.ty, owner);
        let is_option = match (type_word(&ty).as_deref(), attrs.other) {
            (Some("Vec"), _) => false,
            (Some("Option"), None) => true,
            (_, Some(_)) => {
                errors
                    .at(field.ty.span(), "`other` takes any number of items, of any form: write `Vec<Item>`");
                continue;
            }
            (_, None) => {
                let text = "a field holds the items of one model: write `Option<…>` for at most one of them, or `Vec<…>`";
                errors.at(field.ty.span(), text);
                continue;
            }
        };
        if let Some(ty) = type_argument(&ty) {
            members.push(Member {
                ident: ident.clone(),
                ty: ty.clone(),
                is_option,
                is_other: attrs.other.is_some(),
            });
        }
    }
    members
}
