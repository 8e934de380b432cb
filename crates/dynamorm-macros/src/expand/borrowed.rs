//! `derive(Project)` of a struct with a lifetime: the impl of `BorrowItem`. Its texts are slices of the answer.

use super::project::{constant, name_constant};
use super::{place, read_ident};
use crate::ast::{Field, Project, Storage};
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Lifetime, Path, Type};

/// All that the derive emits.
pub(crate) fn expand(project: &Project, lifetime: &Lifetime, of: &Path) -> TokenStream {
    let ident = &project.ident;
    let stored = || project.fields.iter().filter(|field| field.is_stored());
    // A constant has no lifetime of its own, and the type is the same with any.
    let checks =
        stored().map(|field| name_constant(field, &with_lifetime(&field.ty, lifetime, "static"), of));
    let names = stored().map(constant);
    let places = stored().map(read_ident);
    let reads = stored().map(|field| {
        let (place_of, name) = (read_ident(field), constant(field));
        let ty = &field.ty;
        match borrows(field, lifetime) {
            true => quote_spanned! { place(&field.ty)=>
                #name => ::dynamorm::private::read_borrowed::<#ty>(&mut #place_of, reader, name)?,
            },
            false => quote_spanned! { place(&field.ty)=>
                #name => <#ty as ::dynamorm::private::Stored>::read(&mut #place_of, reader, name)?,
            },
        }
    });
    let values = project.fields.iter().map(|field| value(field, lifetime));
    quote! {
        const _: () = {
            #(#checks)*

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::dynamorm::private::BorrowItem for #ident<'_> {
                type Model = #of;
                type Item<#lifetime> = #ident<#lifetime>;
                const PROJECTION: &'static [&'static str] = {
                    const PARTS: &[&[&str]] = &[
                        &[#(#names),*],
                        ::dynamorm::private::kept_names(<#of as ::dynamorm::private::Model>::SHAPE),
                    ];
                    &::dynamorm::private::join_names::<{ ::dynamorm::private::count(PARTS) }>(PARTS)
                };
                fn decode<#lifetime>(
                    reader: &mut ::dynamorm::private::Reader<#lifetime>,
                ) -> ::dynamorm::private::Result<#ident<#lifetime>, ::dynamorm::private::CodecError> {
                    #(let mut #places = ::dynamorm::private::Option::None;)*
                    reader.object(|reader, name| {
                        match name {
                            #(#reads)*
                            _ => reader.skip()?,
                        }
                        ::dynamorm::private::Result::Ok(())
                    })?;
                    ::dynamorm::private::Result::Ok(#ident { #(#values,)* })
                }
            }
        };
    }
}

/// A field and its value, from what was read of it.
fn value(field: &Field, lifetime: &Lifetime) -> TokenStream {
    let (ident, ty) = (&field.ident, &field.ty);
    if field.storage == Storage::Skipped {
        return quote_spanned!(place(&field.ty)=> #ident: ::core::default::Default::default());
    }
    let (name, read) = (constant(field), read_ident(field));
    let take = match borrows(field, lifetime) {
        true => quote!(take_borrowed),
        false => quote!(take_owned),
    };
    quote_spanned!(place(&field.ty)=> #ident: ::dynamorm::private::#take::<#ty>(#read, #name)?)
}

/// True if the lifetime stands in the field's type.
fn borrows(field: &Field, lifetime: &Lifetime) -> bool {
    let tokens = |ty: &Type| ty.to_token_stream().to_string();
    tokens(&with_lifetime(&field.ty, lifetime, "static")) != tokens(&field.ty)
}

/// The type with another lifetime.
fn with_lifetime(ty: &Type, lifetime: &Lifetime, other: &str) -> Type {
    fn replace(tokens: TokenStream, lifetime: &Ident, other: &str) -> TokenStream {
        let mut after_apostrophe = false;
        let one = |token| {
            let follows = std::mem::replace(&mut after_apostrophe, is_apostrophe(&token));
            match token {
                TokenTree::Ident(word) if follows && word == *lifetime => {
                    TokenTree::Ident(Ident::new(other, word.span()))
                }
                TokenTree::Group(group) => {
                    let inner = replace(group.stream(), lifetime, other);
                    let mut replaced = proc_macro2::Group::new(group.delimiter(), inner);
                    replaced.set_span(group.span());
                    TokenTree::Group(replaced)
                }
                token => token,
            }
        };
        tokens.into_iter().map(one).collect()
    }
    let tokens = replace(ty.to_token_stream(), &lifetime.ident, other);
    syn::parse2(tokens).unwrap_or_else(|_| ty.clone())
}

fn is_apostrophe(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '\'')
}
