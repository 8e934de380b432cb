//! `derive(Project)`: the impls of `Fields` and `FromItem`, with names and types that come from the model's constants.

use super::{FieldsImpl, place};
use crate::ast::{Field, Project};
use crate::name;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Path, Type};

/// All that a projection's derive emits.
pub(crate) fn expand(project: &Project, of: &Path) -> TokenStream {
    let ident = &project.ident;
    let stored = project.fields.iter().filter(|field| field.is_stored());
    let names = stored.map(|field| name_constant(field, &field.ty, of));
    let fields = FieldsImpl {
        ident,
        fields: &project.fields,
        keys: TokenStream::new(),
        tenant: None,
        name: &|field| {
            let constant = constant(field);
            quote!(#constant)
        },
    };
    let distinct = fields.distinct_names(&[]);
    let fields = fields.expand();
    quote! {
        const _: () = {
            #(#names)*
            #fields
            #distinct

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::dynamorm::private::FromItem for #ident {
                type Model = #of;
                const PROJECTION: ::dynamorm::private::Option<&'static [&'static str]> =
                    ::dynamorm::private::Option::Some({
                        const PARTS: &[&[&str]] = &[
                            <#ident as ::dynamorm::private::Fields>::NAMES,
                            ::dynamorm::private::kept_names(<#of as ::dynamorm::private::Model>::SHAPE),
                        ];
                        &::dynamorm::private::join_names::<{ ::dynamorm::private::count(PARTS) }>(PARTS)
                    });
                fn decode(
                    reader: &mut ::dynamorm::private::Reader<'_>,
                ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                    ::dynamorm::private::decode_projection(reader)
                }
            }
        };
    }
}

pub(super) fn constant(field: &Field) -> Ident {
    format_ident!("__{}", name::plain(&field.ident).to_uppercase())
}

/// The attribute's name, which exists only if the model has the field, with this type.
pub(super) fn name_constant(field: &Field, ty: &Type, of: &Path) -> TokenStream {
    let constant = constant(field);
    let model_constant = name::field_constant(&field.ident);
    let name = quote_spanned! { place(ty)=>
        ::dynamorm::private::projected::<#of, #ty, _, _>(<#of>::#model_constant)
    };
    let renamed = field.renamed.then(|| {
        let written = &field.name;
        let text = format!("the model has another `rename` for `{}`: write the same", field.ident);
        quote!(
            const _: () = ::core::assert!(::dynamorm::private::same_name(#constant, #written), #text);
        )
    });
    quote! {
        const #constant: &str = #name;
        #renamed
    }
}
