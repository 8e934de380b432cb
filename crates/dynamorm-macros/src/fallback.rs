//! After a mistake: the impls all the same, with empty bodies, so that one mistake does not become many where the type is used.

use crate::ast::{Collection, Document, DocumentKind, Model, Project};
use crate::expand;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Everything of a model that other code may name.
pub(crate) fn model(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let key_ident = format_ident!("{}Key", crate::name::plain(ident), span = ident.span());
    let key_struct = expand::key_struct(model);
    let inherent = expand::inherent(model);
    let fields = fields(ident);
    let from_item = from_item(ident, &quote!(#ident));
    let failed = failed();
    let (partition, sort) = expand::primary_types(model);
    let key = expand::item_key(model);
    let scope = expand::scope(model);
    let projections = expand::placeholders(model).into_iter().map(|(projection, item)| {
        let (fields, from_item) = (self::fields(&projection), self::from_item(&projection, &quote!(#ident)));
        quote!(#item const _: () = { #fields #from_item };)
    });
    let projections = projections.collect::<TokenStream>();
    let shapes = model.indexes.iter().map(|_| quote!(NOTHING));
    let vectors = expand::vector_placeholders(model);
    quote! {
        #key_struct
        #projections
        #inherent

        const _: () = {
            const NO_KEY: ::dynamorm::private::KeyShape = ::dynamorm::private::KeyShape {
                attribute: "",
                kind: ::dynamorm::private::ScalarType::S,
                template: &[],
                raw: false,
            };
            const NOTHING: ::dynamorm::private::IndexShape = ::dynamorm::private::IndexShape {
                name: "",
                kind: ::dynamorm::private::IndexKind::Primary,
                partition: &[NO_KEY],
                sort: &[],
                projection: ::dynamorm::private::Projection::All,
            };
            #fields
            #from_item

            impl ::dynamorm::private::Model for #ident {
                type Key = #key_ident;
                type Partition = #partition;
                type Sort = #sort;
                type Scope = ::dynamorm::private::#scope;
                const SHAPE: &'static ::dynamorm::private::ModelShape = &::dynamorm::private::ModelShape {
                    primary: NOTHING,
                    indexes: &[#(#shapes),*],
                    #vectors
                    ..::dynamorm::private::ModelShape::PLAIN
                };
                fn item_key(&self) -> #key_ident {
                    #key
                }
            }

            impl ::dynamorm::private::Key for #key_ident {
                type Model = #ident;
                fn encode(
                    &self,
                    _: &mut ::dynamorm::private::ItemWriter<'_>,
                ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                    #failed
                }
            }
        };
    }
}

/// The impls of a projection.
pub(crate) fn project(project: &Project) -> TokenStream {
    let ident = &project.ident;
    let fields = fields(ident);
    let from_item = project.of.as_ref().map(|of| from_item(ident, &quote!(#of)));
    quote!(const _: () = { #fields #from_item };)
}

/// The impls of an item collection.
pub(crate) fn collection(collection: &Collection) -> TokenStream {
    let (ident, failed) = (&collection.ident, failed());
    let Some(of) = &collection.of else { return TokenStream::new() };
    if !collection.has_groups {
        let from_item = from_item(ident, &quote!(#of));
        return quote!(const _: () = { #from_item };);
    }
    quote! {
        const _: () = {
            impl ::dynamorm::private::Readable for #ident {
                type Model = #of;
                type Item = #of;
                type Items = #ident;
            }
            impl ::dynamorm::private::Collect<#of> for #ident {
                fn empty() -> Self {
                    loop {}
                }
                fn push(
                    &mut self,
                    _: #of,
                ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                    #failed
                }
            }
        };
    }
}

/// The impls of a document.
pub(crate) fn document(document: &Document) -> TokenStream {
    let ident = &document.ident;
    let failed = failed();
    let constants = expand::constants(document);
    let as_struct = match &document.kind {
        DocumentKind::Struct(written) => {
            let (fields, members) = (fields(ident), expand::members(ident, written));
            Some(quote!(#fields #members))
        }
        DocumentKind::Newtype(_) => None,
        DocumentKind::Union { tag, variants } => Some(expand::union_members(ident, variants, tag)),
        DocumentKind::Enum(_) => {
            let kinds = expand::kinds_of_text(ident);
            Some(quote! {
                impl ::dynamorm::private::KeyAttribute for #ident {
                    const TYPE: ::dynamorm::private::ScalarType = ::dynamorm::private::ScalarType::S;
                    fn key_part(&self) -> ::dynamorm::private::Part<'_> {
                        ::dynamorm::private::Part::Text(::core::convert::From::from(""))
                    }
                }
                impl ::dynamorm::private::TemplateAttribute for #ident {}
                #kinds
            })
        }
    };
    quote! {
        #constants

        const _: () = {
            #as_struct

            impl ::dynamorm::private::Attribute for #ident {
                fn encode(
                    &self,
                    _: &mut ::dynamorm::private::Writer,
                ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                    #failed
                }
                fn decode(
                    _: &mut ::dynamorm::private::Reader<'_>,
                ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                    #failed
                }
            }
        };
    }
}

fn fields(ident: &Ident) -> TokenStream {
    let failed = failed();
    quote! {
        impl ::dynamorm::private::Fields for #ident {
            type Partial = ();
            const NAMES: &'static [&'static str] = &[];
            const MANAGED: &'static [::dynamorm::private::ManagedAttribute] = &[];
            fn encode(
                &self,
                _: &mut ::dynamorm::private::ItemWriter<'_>,
                _: &mut ::dynamorm::private::ManagedValues,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                #failed
            }
            fn accept(
                _: &mut (),
                _: &str,
                _: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<bool, ::dynamorm::private::CodecError> {
                #failed
            }
            fn finish(_: ()) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                #failed
            }
        }
    }
}

fn from_item(ident: &Ident, model: &TokenStream) -> TokenStream {
    let failed = failed();
    quote! {
        impl ::dynamorm::private::FromItem for #ident {
            type Model = #model;
            const PROJECTION: ::dynamorm::private::Option<&'static [&'static str]> =
                ::dynamorm::private::Option::None;
            fn decode(
                _: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                #failed
            }
        }
    }
}

fn failed() -> TokenStream {
    quote! {
        ::dynamorm::private::Result::Err(::dynamorm::private::CodecError::invalid("did not compile"))
    }
}
