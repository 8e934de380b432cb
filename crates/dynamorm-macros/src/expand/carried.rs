//! `derive(Model)`: a projection for each index that carries only some attributes, `OrderByStatus` for the index `by-status`.
//!
//! An attribute that the index does not carry is no field of it, so reading one does not compile.

use super::FieldsImpl;
use super::key::{item_key, key_fields, key_ident};
use crate::ast::{Field, Index, Key, Model, PrimaryKey, Projection};
use crate::name;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The structs of all such indexes, with their impls.
pub(super) fn projections(model: &Model) -> TokenStream {
    model.indexes.iter().filter_map(|index| projection(model, index)).collect()
}

/// The name of an index's struct, if it has one.
pub(super) fn ident(model: &Model, index: &Index) -> Option<Ident> {
    if carried(model, index).is_empty() {
        return None;
    }
    let pascal = name::Case::Pascal.apply(&name::index_words(&index.name));
    Some(format_ident!("{}{pascal}", name::plain(&model.ident), span = index.constant.span()))
}

/// The fields whose attributes the index carries, in the order in which the model has them. What only a template of a key is made
/// of is not carried, unless it is included.
fn carried(model: &Model, index: &Index) -> Vec<Field> {
    let included: &[usize] = match &index.projection {
        Projection::All => return Vec::new(),
        Projection::KeysOnly => &[],
        Projection::Include(fields) => fields,
    };
    let own = match &model.key {
        PrimaryKey::Own { partition, sort } => [Some(partition), sort.as_ref()],
        PrimaryKey::Flattened(_) => [None, None],
    };
    let keys = own.into_iter().flatten().chain(index.keys()).filter(|key| key.template.is_empty());
    let carried = keys.flat_map(|key: &Key| &key.fields).chain(included).collect::<Vec<_>>();
    let fields =
        model.fields.iter().enumerate().filter(|(at, field)| carried.contains(&at) && field.is_stored());
    fields.map(|(_, field)| field.clone()).collect()
}

fn projection(model: &Model, index: &Index) -> Option<TokenStream> {
    let ident = ident(model, index)?;
    let (vis, of) = (&model.vis, &model.ident);
    let fields = carried(model, index);
    let doc = format!(
        " What the index `{}` carries of a [`{of}`]: `.project::<{ident}>()`. The rest is fetched by `.hydrate()`.",
        index.name
    );
    let members = fields.iter().map(|Field { ident, ty, name, .. }| {
        let doc = format!(" The attribute `{name}`.");
        quote!(#[doc = #doc] #vis #ident: #ty)
    });
    let (idents, types): (Vec<_>, Vec<_>) = fields.iter().map(|field| (&field.ident, &field.ty)).unzip();
    let text = ident.to_string();
    let key = key_function(model, &ident, &fields);
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
    // A bound with a lifetime is no error where it does not hold: then the impl is just not there.
    Some(quote! {
        #[doc = #doc]
        #[automatically_derived]
        #[allow(dead_code, private_interfaces)]
        #vis struct #ident {
            #(#members,)*
        }

        #key

        const _: () = {
            #impls

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
fn key_function(model: &Model, ident: &Ident, fields: &[Field]) -> Option<TokenStream> {
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
