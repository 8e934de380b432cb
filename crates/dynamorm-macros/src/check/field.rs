//! Fields: what one field may be, and what it may not be at once.

use crate::ast::{Field, Storage, spell_out_self};
use crate::attr::{self, FieldAttrs, Managed};
use crate::errors::Errors;
use crate::name::{self, Case};
use crate::place::Place;
use proc_macro2::Ident;
use syn::Fields;

/// A field, with what was written above it.
pub(crate) type Read = (Field, FieldAttrs);

/// Reads and checks the fields of a struct. Keys are not looked at.
pub(crate) fn read(
    fields: &Fields,
    place: Place,
    owner: &Ident,
    rename_all: Option<Case>,
    errors: &mut Errors,
) -> Vec<Read> {
    let mut read = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let attrs = attr::read_field(&field.attrs, place, errors);
        let plain = name::plain(ident);
        let name = match &attrs.rename {
            Some(rename) => rename.value(),
            None => rename_all.map_or(plain.clone(), |case| case.apply(&plain)),
        };
        if let Some(rename) = &attrs.rename
            && !(1..=255).contains(&rename.value().len())
        {
            errors.at(rename.span(), "an attribute's name has 1 to 255 bytes: write another");
        }
        let storage = storage(&attrs, errors);
        let field = Field {
            ident: ident.clone(),
            ty: spell_out_self(&field.ty, owner),
            name,
            renamed: attrs.rename.is_some(),
            storage,
        };
        read.push((field, attrs));
    }
    check_managed_once(&read, errors);
    read
}

fn storage(attrs: &FieldAttrs, errors: &mut Errors) -> Storage {
    let mut others = Vec::new();
    others.extend(attrs.rename.as_ref().map(|_| "rename"));
    others.extend(attrs.managed.iter().map(|(managed, _)| managed.word()));
    others.extend(attrs.keys.iter().map(|key| match (&key.index, key.part) {
        (Some((attr::IndexWord::Global, _)), _) => "gsi",
        (Some((attr::IndexWord::Local, _)), _) => "lsi",
        (None, attr::KeyPart::Partition) => "pk",
        (None, attr::KeyPart::Sort) => "sk",
    }));
    if let (Some(span), Some(other)) =
        (attrs.skip, others.first().copied().or(attrs.flatten.map(|_| "flatten")))
    {
        errors.at(span, format!("`skip` leaves the field out of the item: remove `skip` or `{other}`"));
        return Storage::Skipped;
    }
    if let (Some(span), Some(other)) = (attrs.flatten, others.first()) {
        let text =
            format!("a flattened struct has attributes and keys of its own: remove `flatten` or `{other}`");
        errors.at(span, text);
        return Storage::Flattened;
    }
    if let [(first, _), (second, span), ..] = attrs.managed.as_slice() {
        errors.at(
            *span,
            format!("a field cannot be `{}` and `{}`: make two fields of it", first.word(), second.word()),
        );
    }
    match (attrs.skip, attrs.flatten, attrs.managed.first()) {
        (Some(_), _, _) => Storage::Skipped,
        (_, Some(_), _) => Storage::Flattened,
        (_, _, Some((managed, _))) => Storage::Managed(*managed),
        _ => Storage::Plain,
    }
}

fn check_managed_once(read: &[Read], errors: &mut Errors) {
    let mut seen: Vec<(Managed, &Ident)> = Vec::new();
    for (field, attrs) in read {
        for (managed, span) in attrs.managed.iter().take(1) {
            match seen.iter().find(|(earlier, _)| earlier.word() == managed.word()) {
                Some((_, earlier)) => errors.at(
                    *span,
                    format!("`{}` is the field `{earlier}` already: remove one of them", managed.word()),
                ),
                None => seen.push((*managed, &field.ident)),
            }
        }
    }
}
