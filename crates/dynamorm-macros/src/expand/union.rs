//! An enum that holds data, as a map: a member tells the variant, the others are what it holds.

use super::place;
use crate::ast::{Field, Variant, VariantData};
use crate::name;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Visibility;

pub(super) fn expand(ident: &Ident, tag: &str, variants: &[Variant]) -> TokenStream {
    let names = variants.iter().map(|variant| &variant.name).collect::<Vec<_>>();
    let known = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let unknown = format!("is not one of the variants of `{ident}`: {}", known.join(", "));
    let encode = variants.iter().map(|variant| encode(variant, tag));
    let decode = variants.iter().enumerate().map(|(nth, variant)| decode(nth, variant));
    let apart = variants.iter().map(|variant| no_member_is_the_tag(variant, tag));
    let members = members(ident, variants, tag);
    quote! {
        #(#apart)*

        #members

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Attribute for #ident {
            fn encode(
                &self,
                writer: &mut ::dynamorm::private::Writer,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                writer.map(|item| {
                    match self {
                        #(#encode)*
                    }
                    ::dynamorm::private::Result::Ok(())
                })
            }
            fn decode(
                reader: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                match reader.variant(#tag, &[#(#names),*], #unknown)? {
                    #(#decode)*
                    _ => ::dynamorm::private::Result::Err(::dynamorm::private::unfilled()),
                }
            }
        }
    }
}

fn encode(variant: &Variant, tag: &str) -> TokenStream {
    let (ident, name) = (&variant.ident, &variant.name);
    let tagged = quote!(item.name(#tag).s(#name););
    match &variant.data {
        VariantData::Nothing => quote!(Self::#ident => { #tagged }),
        VariantData::Members(fields) => {
            let idents = fields.iter().map(|field| &field.ident);
            let bindings = bindings(fields);
            let writes = fields.iter().zip(&bindings).map(|(Field { ty, name, .. }, binding)| {
                quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Stored>::write(#binding, item, #name)?;)
            });
            quote!(Self::#ident { #(#idents: #bindings,)* } => { #tagged #(#writes)* })
        }
        VariantData::Document(ty) => {
            let write = quote_spanned! { place(ty)=>
                <#ty as ::dynamorm::private::VariantData>::write(data, item)?;
            };
            quote!(Self::#ident(data) => { #tagged #write })
        }
    }
}

fn decode(nth: usize, variant: &Variant) -> TokenStream {
    let ident = &variant.ident;
    match &variant.data {
        VariantData::Nothing => quote! {
            #nth => {
                reader.skip()?;
                ::dynamorm::private::Result::Ok(Self::#ident)
            }
        },
        VariantData::Members(fields) => {
            let (idents, bindings) = (fields.iter().map(|field| &field.ident), bindings(fields));
            let types = fields.iter().map(|field| &field.ty);
            let reads = fields.iter().zip(&bindings).map(|(Field { ty, name, .. }, binding)| {
                quote_spanned! { place(ty)=>
                    #name => <#ty as ::dynamorm::private::Stored>::read(&mut #binding, reader, name)?,
                }
            });
            let fills = fields.iter().zip(&bindings).map(|(Field { ty, name, .. }, binding)| {
                quote_spanned! { place(ty)=>
                    <#ty as ::dynamorm::private::Stored>::fill(&mut #binding, #name)?;
                }
            });
            quote! {
                #nth => {
                    #(let mut #bindings: ::dynamorm::private::Option<#types> = ::dynamorm::private::Option::None;)*
                    reader.map(|reader, name| {
                        match name {
                            #(#reads)*
                            _ => reader.skip()?,
                        }
                        ::dynamorm::private::Result::Ok(())
                    })?;
                    #(#fills)*
                    match (#(#bindings,)*) {
                        (#(::dynamorm::private::Option::Some(#bindings),)*) => {
                            ::dynamorm::private::Result::Ok(Self::#ident { #(#idents: #bindings,)* })
                        }
                        #[allow(unreachable_patterns)]
                        _ => ::dynamorm::private::Result::Err(::dynamorm::private::unfilled()),
                    }
                }
            }
        }
        VariantData::Document(ty) => quote_spanned! { place(ty)=>
            #nth => <#ty as ::dynamorm::private::VariantData>::read(reader).map(Self::#ident),
        },
    }
}

/// A variable for each field, whatever the fields are called.
fn bindings(fields: &[Field]) -> Vec<Ident> {
    (0..fields.len()).map(|nth| format_ident!("member_{nth}")).collect()
}

/// Fails to compile if a document that a variant holds has a member of the tag's name.
fn no_member_is_the_tag(variant: &Variant, tag: &str) -> Option<TokenStream> {
    let VariantData::Document(ty) = &variant.data else { return None };
    let text = format!(
        "`{tag}` says which variant it is, and the document of `{}` has a member of this name: write another `tag = \"…\"` above the enum",
        variant.ident
    );
    Some(quote_spanned! { place(ty)=>
        const _: () = ::core::assert!(
            !::dynamorm::private::is_among(#tag, <#ty as ::dynamorm::private::VariantData>::NAMES),
            #text
        );
    })
}

/// `Payment::TAG`, and `Payment::CARD_LAST4` for a member of a variant. An update cannot change them: the variants would get
/// mixed up.
pub(super) fn constants(
    vis: &Visibility,
    ident: &Ident,
    tag: &str,
    variants: &[Variant],
) -> Vec<TokenStream> {
    let constant = |constant: Ident, ty: TokenStream, name: &str, doc: String| {
        quote! {
            #[doc = #doc]
            #vis const #constant: ::dynamorm::private::Attr<#ident, #ty, ::dynamorm::private::ManagedRole> =
                ::dynamorm::private::Attr::new(#name);
        }
    };
    let text = quote!(::dynamorm::private::String);
    let doc = format!(" The member `{tag}`, which says which variant it is.");
    let mut all = vec![constant(format_ident!("TAG"), text, tag, doc)];
    for variant in variants {
        for field in variant.members() {
            let (ty, name) = (&field.ty, &field.name);
            let doc = format!(" The member `{name}` of the variant `{}`.", variant.ident);
            all.push(constant(name::member_constant(&variant.ident, &field.ident), quote!(#ty), name, doc));
        }
    }
    all
}

/// What expressions can do with the map: go to its members, and count them.
pub(crate) fn members(ident: &Ident, variants: &[Variant], tag: &str) -> TokenStream {
    let named = format_ident!("{}Members", name::plain(ident));
    let fields =
        variants.iter().flat_map(|variant| variant.members().iter().map(move |field| (variant, field)));
    let fields = fields.collect::<Vec<_>>();
    let idents = fields.iter().map(|(variant, field)| {
        let constant = name::member_constant(&variant.ident, &field.ident).to_string();
        Ident::new(&constant.to_lowercase(), field.ident.span())
    });
    let idents = idents.collect::<Vec<_>>();
    let types = fields.iter().map(|(_, field)| &field.ty);
    let names = fields.iter().map(|(_, field)| &field.name);
    quote! {
        #[allow(dead_code, private_interfaces)]
        pub struct #named {
            pub tag: ::dynamorm::private::Attr<#ident, ::dynamorm::private::String, ::dynamorm::private::ManagedRole>,
            #(pub #idents: ::dynamorm::private::Attr<#ident, #types, ::dynamorm::private::ManagedRole>,)*
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Members for #ident {
            type Document = Self;
            type Named = #named;
            const NAMED: #named = #named {
                tag: ::dynamorm::private::Attr::new(#tag),
                #(#idents: ::dynamorm::private::Attr::new(#names),)*
            };
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::HasSize for #ident {}
    }
}
