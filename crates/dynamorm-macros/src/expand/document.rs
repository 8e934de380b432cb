//! `derive(Document)`: a struct as a map, a newtype as its field, an enum as the name of the variant; an enum that holds data is
//! in `union`.

use super::{FieldsImpl, Standing, field_constant, place, union};
use crate::ast::{Document, DocumentKind, Field, Variant};
use crate::check;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

/// All that a document's derive emits.
pub(crate) fn expand(document: &Document) -> TokenStream {
    let ident = &document.ident;
    let constants = constants(document);
    let body = match &document.kind {
        DocumentKind::Struct(fields) => map(ident, fields),
        DocumentKind::Newtype(ty) => transparent(ident, ty),
        DocumentKind::Enum(variants) => text(ident, variants),
        DocumentKind::Union { tag, variants } => union::expand(ident, tag, variants),
    };
    quote! {
        #constants

        const _: () = {
            #body
        };
    }
}

/// `Address::CITY`, for each attribute of a struct; `Payment::CARD_LAST4`, for those of an enum.
pub(crate) fn constants(document: &Document) -> TokenStream {
    let Document { vis, ident, kind } = document;
    let fields = match kind {
        DocumentKind::Struct(fields) => {
            fields.iter().map(|field| field_constant(vis, ident, field, Standing::Plain)).collect()
        }
        DocumentKind::Union { tag, variants } => union::constants(vis, ident, tag, variants),
        DocumentKind::Newtype(_) | DocumentKind::Enum(_) => Vec::new(),
    };
    if fields.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #[automatically_derived]
        #[allow(dead_code, private_interfaces)]
        impl #ident {
            #(#fields)*
        }
    }
}

fn map(ident: &Ident, fields: &[Field]) -> TokenStream {
    let own = FieldsImpl {
        ident,
        fields,
        keys: TokenStream::new(),
        tenant: None,
        name: &|field| {
            let name = &field.name;
            quote!(#name)
        },
    };
    let distinct = own.distinct_names(&[]);
    let own = own.expand();
    let own = quote!(#own #distinct);
    // What the library keeps belongs to an item. So such a struct can be flattened into a model, but not nested in it.
    if check::managed(fields).next().is_some() {
        return own;
    }
    let unmanaged = fields.iter().filter(|field| field.is_flattened()).map(|field| {
        let ty = &field.ty;
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(
                <#ty as ::dynamorm::private::Fields>::MANAGED.is_empty(),
                "a struct with attributes that the library keeps is flattened into a model, not into a document",
            );
        }
    });
    let members = members(ident, fields);
    quote! {
        #(#unmanaged)*
        #own

        #members

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Attribute for #ident {
            fn encode(
                &self,
                writer: &mut ::dynamorm::private::Writer,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                writer.map(|item| {
                    ::dynamorm::private::Fields::encode(self, item, &mut ::dynamorm::private::Vec::new())
                })
            }
            fn decode(
                reader: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                let mut partial = <__Partial as ::core::default::Default>::default();
                reader.map(|reader, name| {
                    if !<Self as ::dynamorm::private::Fields>::accept(&mut partial, name, reader)? {
                        reader.skip()?;
                    }
                    ::dynamorm::private::Result::Ok(())
                })?;
                <Self as ::dynamorm::private::Fields>::finish(partial)
            }
        }
    }
}

fn transparent(ident: &Ident, ty: &Type) -> TokenStream {
    let attribute = quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Attribute>);
    let key = quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::KeyAttribute>);
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Attribute for #ident {
            fn encode(
                &self,
                writer: &mut ::dynamorm::private::Writer,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                #attribute::encode(&self.0, writer)
            }
            fn decode(
                reader: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                #attribute::decode(reader).map(Self)
            }
            const HOLDS_NULL: bool = #attribute::HOLDS_NULL;
            fn is_absent(&self) -> bool {
                #attribute::is_absent(&self.0)
            }
            fn absent() -> ::dynamorm::private::Option<Self> {
                #attribute::absent().map(Self)
            }
        }

        // `for<'a>` makes the bounds conditions: without it they are checked here, not where the newtype is used as a key.
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::KeyAttribute for #ident
        where
            for<'a> #ty: ::dynamorm::private::KeyAttribute,
        {
            const TYPE: ::dynamorm::private::ScalarType = #key::TYPE;
            fn key_part(&self) -> ::dynamorm::private::Part<'_> {
                #key::key_part(&self.0)
            }
            fn empty() -> ::dynamorm::private::Option<Self> {
                #key::empty().map(Self)
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::TemplateAttribute for #ident
        where
            for<'a> #ty: ::dynamorm::private::TemplateAttribute,
        {}

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Ordered for #ident
        where
            for<'a> #ty: ::dynamorm::private::Ordered,
        {}

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::HasSize for #ident
        where
            for<'a> #ty: ::dynamorm::private::HasSize,
        {}

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Prefixed for #ident
        where
            for<'a> #ty: ::dynamorm::private::Prefixed,
        {
            type Prefix = <#ty as ::dynamorm::private::Prefixed>::Prefix;
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Searched for #ident
        where
            for<'a> #ty: ::dynamorm::private::Searched,
        {
            type Element = <#ty as ::dynamorm::private::Searched>::Element;
        }
    }
}

fn text(ident: &Ident, variants: &[Variant]) -> TokenStream {
    let idents = variants.iter().map(|variant| &variant.ident).collect::<Vec<_>>();
    let names = variants.iter().map(|variant| &variant.name).collect::<Vec<_>>();
    let unknown = format!("is not one of the variants of `{ident}`");
    let kinds = kinds_of_text(ident);
    quote! {
        #[automatically_derived]
        impl #ident {
            fn __stored(&self) -> &'static str {
                match self {
                    #(Self::#idents => #names,)*
                }
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Attribute for #ident {
            fn encode(
                &self,
                writer: &mut ::dynamorm::private::Writer,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                writer.s(self.__stored());
                ::dynamorm::private::Result::Ok(())
            }
            fn decode(
                reader: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                match &*reader.s()? {
                    #(#names => ::dynamorm::private::Result::Ok(Self::#idents),)*
                    _ => ::dynamorm::private::Result::Err(::dynamorm::private::CodecError::invalid(#unknown)),
                }
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::KeyAttribute for #ident {
            const TYPE: ::dynamorm::private::ScalarType = ::dynamorm::private::ScalarType::S;
            fn key_part(&self) -> ::dynamorm::private::Part<'_> {
                ::dynamorm::private::Part::Text(::core::convert::From::from(self.__stored()))
            }
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::TemplateAttribute for #ident {}

        #kinds
    }
}

/// What expressions can do with a map: go to its members, and count them.
pub(crate) fn members(ident: &Ident, fields: &[Field]) -> TokenStream {
    let named = format_ident!("{}Members", crate::name::plain(ident));
    let stored = fields.iter().filter(|field| field.is_stored()).collect::<Vec<_>>();
    let fields = stored.iter().map(|field| &field.ident).collect::<Vec<_>>();
    let types = stored.iter().map(|field| &field.ty);
    let names = stored.iter().map(|field| &field.name);
    quote! {
        #[allow(dead_code, private_interfaces)]
        pub struct #named {
            #(pub #fields: ::dynamorm::private::Attr<#ident, #types>,)*
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Members for #ident {
            type Document = Self;
            type Named = #named;
            const NAMED: #named = #named {
                #(#fields: ::dynamorm::private::Attr::new(#names),)*
            };
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::HasSize for #ident {}
    }
}

/// What expressions can do with text.
pub(crate) fn kinds_of_text(ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Ordered for #ident {}

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::HasSize for #ident {}

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Prefixed for #ident {
            type Prefix = ::dynamorm::private::String;
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Searched for #ident {
            type Element = ::dynamorm::private::String;
        }
    }
}
