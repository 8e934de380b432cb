//! `derive(ItemCollection)`: the impl of `FromItem`, and checks that its models can be told apart.

use super::place;
use crate::ast::{Collection, Member, type_word};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, Type};

/// All that an item collection's derive emits.
pub(crate) fn expand(collection: &Collection, of: &Path) -> TokenStream {
    let ident = &collection.ident;
    let members =
        collection.members.iter().map(|Member { ident, ty, .. }| (ident.clone(), ty)).collect::<Vec<_>>();
    let checks = checks(&members, of);
    let from_item = from_item(ident, of, &members, ident, "add a variant `Other(Item)` for such items");
    quote! {
        const _: () = {
            #checks
            #from_item
        };
    }
}

/// Reads one item as the variant of `ident` that it is for.
fn from_item(
    ident: &Ident,
    of: &Path,
    members: &[(Ident, &Type)],
    collection: &Ident,
    advice: &str,
) -> TokenStream {
    let collection = crate::name::plain(collection);
    let arms = members.iter().enumerate().map(|(at, (variant, ty))| {
        quote_spanned! { place(ty)=>
            #at => <#ty as ::dynamorm::private::Member>::read(reader).map(#ident::#variant),
        }
    });
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::FromItem for #ident {
            type Model = #of;
            const PROJECTION: ::dynamorm::private::Option<&'static [&'static str]> =
                ::dynamorm::private::Option::None;
            const IS_COLLECTION: bool = true;
            fn decode(
                reader: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                match ::dynamorm::private::member(reader, &MEMBERS, #collection, #advice)? {
                    #(#arms)*
                    _ => ::dynamorm::private::Result::Err(::dynamorm::private::CodecError::invalid("is of no variant")),
                }
            }
        }
    }
}

/// Fails to compile if two models could be of the same item, or one cannot be in the table.
fn checks(members: &[(Ident, &Type)], of: &Path) -> TokenStream {
    let shapes =
        members.iter().map(|(_, ty)| quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Member>::MODEL));
    let count = members.len();
    let word = |ty: &Type| type_word(ty).unwrap_or_else(|| quote!(#ty).to_string());
    let of_word = of.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
    let shared = members.iter().enumerate().map(|(at, (_, ty))| {
        let text = format!(
            "`{}` is in another table than `{of_word}` or has other key attributes, so no partition has items of both",
            word(ty)
        );
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(
                ::dynamorm::private::share_a_table(<#of as ::dynamorm::private::Model>::SHAPE, MEMBERS[#at]),
                #text
            );
        }
    });
    let one = members.iter().map(|(_, ty)| {
        let text =
            format!("`{}` is an item collection itself: write a variant for each of its models", word(ty));
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(<#ty as ::dynamorm::private::Member>::IS_ONE, #text);
        }
    });
    let apart = members.iter().enumerate().flat_map(|(at, (_, ty))| {
        members.iter().enumerate().take(at).map(move |(earlier_at, (_, earlier))| {
            let text = format!(
                "`{}` and `{}` cannot be told apart by what their keys begin with: write `#[dynamorm(type = \"…\")]` above both",
                word(earlier),
                word(ty)
            );
            quote_spanned! { place(ty)=>
                const _: () = ::core::assert!(
                    ::dynamorm::private::are_apart(MEMBERS[#earlier_at], MEMBERS[#at]),
                    #text
                );
            }
        })
    });
    let any = members.last().map(|(_, ty)| {
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(
                ::dynamorm::private::at_most_one_takes_any(&MEMBERS),
                "`Item` takes any item, so only one can hold it: remove the others"
            );
        }
    });
    quote! {
        const MEMBERS: [::dynamorm::private::Option<&'static ::dynamorm::private::ModelShape>; #count] =
            [#(#shapes),*];
        #(#one)*
        #(#shared)*
        #(#apart)*
        #any
    }
}
