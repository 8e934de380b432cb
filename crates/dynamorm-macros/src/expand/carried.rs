//! `derive(Model)`: a projection for each index that carries only some attributes, `OrderByStatus` for the index `by-status`.
//!
//! An attribute that the index does not carry is no field of it, so reading one does not compile.

use super::FieldsImpl;
use super::key::{item_key, key_fields, key_ident};
use crate::ast::{Field, Index, Model};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use std::collections::HashSet;

/// The structs of all such indexes, with their impls.
pub(super) fn projections(model: &Model) -> TokenStream {
    model.indexes.iter().filter_map(|index| projection(model, index)).collect()
}

/// After a mistake: each struct once, without impls of its own.
pub(crate) fn placeholders(model: &Model) -> Vec<(Ident, TokenStream)> {
    let own = [model.ident.to_string(), key_ident(model).to_string()];
    let mut seen = HashSet::from(own);
    let idents = model.indexes.iter().filter_map(|index| Some((model.projection_ident(index)?, index)));
    let first = idents.filter(|(ident, _)| seen.insert(ident.to_string()));
    first
        .map(|(ident, index)| {
            let item = item(model, index, &ident);
            (ident, item)
        })
        .collect()
}

/// The struct with its `item_key`, and `Clone` and `Debug` where its fields have them.
fn item(model: &Model, index: &Index, ident: &Ident) -> TokenStream {
    let (vis, of) = (&model.vis, &model.ident);
    let fields = model.carried(index).collect::<Vec<_>>();
    let doc = format!(
        " What the index `{}` carries of a [`{of}`]: `.project::<{ident}>()`. The rest is fetched by `.hydrate()`.",
        index.name
    );
    let members = fields.iter().map(|Field { ident, ty, name, .. }| {
        let doc = format!(" The attribute `{name}`.");
        quote!(#[doc = #doc] #vis #ident: #ty)
    });
    let key = key_function(model, ident, &fields);
    let (idents, types): (Vec<_>, Vec<_>) = fields.iter().map(|field| (&field.ident, &field.ty)).unzip();
    let text = ident.to_string();
    // If the name is taken, the compiler shows the place of this: the index's name.
    let place = ident.span().resolved_at(Span::call_site());
    let head = vis.to_token_stream().into_iter().map(|mut token| {
        token.set_span(place);
        token
    });
    let head = head.chain(quote_spanned!(place=> struct #ident)).collect::<TokenStream>();
    // A bound with a lifetime is no error where it does not hold: then the impl is just not there.
    quote! {
        #[doc = #doc]
        #[automatically_derived]
        #[allow(dead_code, private_interfaces)]
        #head {
            #(#members,)*
        }

        #key

        #[automatically_derived]
        impl ::core::clone::Clone for #ident
        where
            #(for<'__a> #types: ::core::clone::Clone,)*
        {
            fn clone(&self) -> Self {
                Self { #(#idents: ::core::clone::Clone::clone(&self.#idents),)* }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Debug for #ident
        where
            #(for<'__a> #types: ::core::fmt::Debug,)*
        {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text)#(.field(::core::stringify!(#idents), &self.#idents))*.finish()
            }
        }
    }
}

fn projection(model: &Model, index: &Index) -> Option<TokenStream> {
    let ident = model.projection_ident(index)?;
    let (of, item) = (&model.ident, item(model, index, &ident));
    let fields = model.carried(index).cloned().collect::<Vec<_>>();
    let impls = FieldsImpl {
        ident: &ident,
        fields: &fields,
        keys: TokenStream::new(),
        tenant: None,
        name: &|field| {
            let name = &field.name;
            quote!(#name)
        },
    };
    let impls = impls.expand();
    Some(quote! {
        #item

        const _: () = {
            #impls

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
    })
}

/// `item_key`, if the index carries all that the table's key is made of.
fn key_function(model: &Model, ident: &Ident, fields: &[&Field]) -> Option<TokenStream> {
    let of_key = key_fields(model);
    let is_carried = |key: &&Field| fields.iter().any(|field| field.ident == key.ident);
    if of_key.is_empty() || !of_key.iter().all(is_carried) {
        return None;
    }
    let (vis, of, key_ident, key) = (&model.vis, &model.ident, key_ident(model), item_key(model));
    let doc = format!(" The key of the whole [`{of}`].");
    Some(quote! {
        #[automatically_derived]
        #[allow(dead_code, private_interfaces)]
        impl #ident {
            #[doc = #doc]
            #[must_use]
            #vis fn item_key(&self) -> #key_ident {
                #key
            }
        }
    })
}
