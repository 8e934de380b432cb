//! Enums: the texts that their variants are stored as, and what they hold.

use super::{field, unique};
use crate::ast::{DocumentKind, Variant, VariantData, spell_out_self};
use crate::attr::{self, StructAttrs};
use crate::errors::Errors;
use crate::name;
use crate::place::Place;
use proc_macro2::Ident;
use std::collections::HashSet;
use syn::spanned::Spanned as _;
use syn::{DataEnum, Fields};

/// The member that says which variant it is, unless another is written.
const TAG: &str = "type";

/// Checks an enum: text if no variant holds anything, else a map with a tag.
pub(super) fn read(data: &DataEnum, attrs: &StructAttrs, owner: &Ident, errors: &mut Errors) -> DocumentKind {
    let tag = attrs.union_tag.as_ref().map(syn::LitStr::value);
    if let (Some(tag), Some(written)) = (&tag, &attrs.union_tag)
        && !(1..=255).contains(&tag.len())
    {
        errors.at(written.span(), "an attribute's name has 1 to 255 bytes: write another");
    }
    let is_text = tag.is_none() && data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
    let tag = tag.unwrap_or_else(|| TAG.to_owned());
    let mut taken = HashSet::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        let attrs_here = attr::read_field(&variant.attrs, Place::Variant, errors);
        let plain = name::plain(&variant.ident);
        let (text, span) = match &attrs_here.rename {
            Some(rename) => (rename.value(), rename.span()),
            None => (attrs.rename_all.map_or(plain.clone(), |case| case.apply(&plain)), variant.ident.span()),
        };
        if text.is_empty() {
            errors.at(span, "the stored text of a variant cannot be empty");
        }
        if !taken.insert(text.clone()) {
            errors.at(span, format!("two variants are stored as \"{text}\": give one another `rename`"));
        }
        let data = self::data(variant, &tag, owner, errors);
        variants.push(Variant { ident: variant.ident.clone(), name: text, data });
    }
    if is_text {
        return DocumentKind::Enum(variants);
    }
    constants(&mut variants, errors);
    DocumentKind::Union { tag, variants }
}

fn data(variant: &syn::Variant, tag: &str, owner: &Ident, errors: &mut Errors) -> VariantData {
    match &variant.fields {
        Fields::Unit => VariantData::Nothing,
        Fields::Named(_) => {
            let fields = field::read(&variant.fields, Place::VariantField, owner, None, errors);
            for (field, attrs) in fields.iter().filter(|(field, _)| field.name == tag) {
                let span = attrs.rename.as_ref().map_or(field.ident.span(), syn::LitStr::span);
                errors.at(
                    span,
                    format!(
                        "`{tag}` says which variant it is: give the field another `rename`, or write another \
                         `tag = \"…\"` above the enum"
                    ),
                );
            }
            let fields = fields.into_iter().map(|(field, _)| field).collect::<Vec<_>>();
            unique::fields(&fields, errors);
            VariantData::Members(fields)
        }
        Fields::Unnamed(unnamed) => {
            for field in &unnamed.unnamed {
                attr::read_field(&field.attrs, Place::NewtypeField, errors);
            }
            match unnamed.unnamed.iter().collect::<Vec<_>>().as_slice() {
                [field] => VariantData::Document(Box::new(spell_out_self(&field.ty, owner))),
                _ => {
                    let ident = &variant.ident;
                    errors.at(
                        unnamed.span(),
                        format!(
                            "a variant holds one document, or fields with names: write `{ident} {{ … }}`"
                        ),
                    );
                    VariantData::Nothing
                }
            }
        }
    }
}

/// Refuses a second field whose constant is `CARD_LAST4`. It is left out then, so that it is one error.
fn constants(variants: &mut [Variant], errors: &mut Errors) {
    let mut taken = HashSet::new();
    for variant in variants {
        let VariantData::Members(fields) = &mut variant.data else { continue };
        fields.retain(|field| {
            let constant = name::member_constant(&variant.ident, &field.ident);
            let is_new = taken.insert(constant.to_string());
            if !is_new {
                let text = format!(
                    "a field of another variant has the constant `{constant}` already: name one of them otherwise"
                );
                errors.at(field.ident.span(), text);
            }
            is_new
        });
    }
}
