//! Unique attributes: what can be one, and within what.

use super::field::Read;
use crate::ast::{Storage, Tenant, Unique};
use crate::errors::Errors;

/// Finds the fields that are unique, and refuses those that cannot be.
pub(super) fn resolve(read: &[Read], tenant: Option<&Tenant>, errors: &mut Errors) -> Vec<Unique> {
    let mut unique = Vec::new();
    for (at, (field, attrs)) in read.iter().enumerate() {
        let Some(words) = &attrs.unique else { continue };
        let wrong = match field.storage {
            _ if tenant.is_some_and(|tenant| tenant.at == at) => {
                Some("all items of a tenant have the same one: remove `unique`")
            }
            Storage::Skipped => Some("what is skipped is not stored: remove `skip` or `unique`"),
            Storage::Flattened => Some("a flattened struct has many attributes: mark one field of the model"),
            Storage::Managed(_) => Some("the library keeps this attribute by itself: remove `unique`"),
            Storage::PrimaryKey | Storage::PrimaryPart => Some(
                "part of the table's key never changes: make it the whole key, which is unique as it is, or take another field",
            ),
            Storage::Plain | Storage::IndexKey | Storage::IndexPart => None,
        };
        if let Some(wrong) = wrong {
            errors.at(words.span, wrong);
            continue;
        }
        let mut scope = None;
        if let Some(name) = &words.scope {
            let found = read.iter().position(|(other, _)| other.ident == *name);
            let wrong = match found.and_then(|found| Some((found, read.get(found)?))) {
                None => Some(format!("there is no field `{name}`: write one of this model")),
                Some((found, _)) if found == at => {
                    Some(format!("`{name}` cannot be its own scope: write another field, or `unique` alone"))
                }
                Some((_, (other, _)))
                    if !other.is_stored() || matches!(other.storage, Storage::Managed(_)) =>
                {
                    Some(format!("`{name}` is no attribute that a write sets: write another field"))
                }
                Some(_) => None,
            };
            match wrong {
                Some(wrong) => errors.at(name.span(), wrong),
                None => scope = found,
            }
        }
        // The tenant is in every guard's key anyway.
        scope = scope.filter(|scope| tenant.is_none_or(|tenant| tenant.at != *scope));
        unique.push(Unique { span: words.span, at, scope });
    }
    unique
}
