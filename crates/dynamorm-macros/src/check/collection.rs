//! Item collections: an enum with a variant for each model.

use crate::ast::{Collection, Member};
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
        Data::Struct(_) | Data::Union(_) => {
            let text = "an item collection is an enum with a variant for each model: write `enum … { User(User), … }`";
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
    Collection { ident: input.ident.clone(), of: attrs.of, members }
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
        members
            .push(Member { ident: variant.ident.clone(), ty: crate::ast::spell_out_self(&field.ty, owner) });
    }
    members
}
