//! `derive(ItemCollection)`: the impl of `FromItem`, and checks that its models can be told apart. Of a struct, an enum of what
//! one item can be, which has that impl, and the impls that put each item into its group.

use super::place;
use crate::ast::{Collection, Member, type_word};
use crate::name::{self, Case};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Path, Type};

/// All that an item collection's derive emits.
pub(crate) fn expand(collection: &Collection, of: &Path) -> TokenStream {
    let ident = &collection.ident;
    let variants = collection.members.iter().map(|member| (variant(collection, member), &member.ty));
    let members = variants.collect::<Vec<_>>();
    let checks = checks(&members, of);
    if !collection.has_groups {
        let from_item = from_item(ident, of, &members, ident, "add a variant `Other(Item)` for such items");
        return quote! {
            const _: () = {
                #checks
                #from_item
            };
        };
    }
    let item = item_ident(collection);
    let advice = "add a field `#[dynamorm(other)] rest: Vec<Item>` for such items";
    let from_item = from_item(&item, of, &members, ident, advice);
    let item_enum = item_enum(collection, &item, &members);
    let others = others(collection);
    let groups = groups(collection, of, &item);
    quote! {
        #item_enum

        const _: () = {
            #checks
            #others
            #from_item
            #groups
        };
    }
}

/// The enum of what one item of a struct of groups is: `CustomerPageItem`.
pub(crate) fn item_ident(collection: &Collection) -> Ident {
    format_ident!("{}Item", name::plain(&collection.ident), span = collection.ident.span())
}

fn variant(collection: &Collection, member: &Member) -> Ident {
    if !collection.has_groups {
        return member.ident.clone();
    }
    Ident::new(&Case::Pascal.apply(&name::plain(&member.ident)), member.ident.span())
}

fn item_enum(collection: &Collection, item: &Ident, members: &[(Ident, &Type)]) -> TokenStream {
    let (vis, word) = (&collection.vis, item.to_string());
    let doc = format!(" One item of a [`{}`].", name::plain(&collection.ident));
    let variants = members.iter().zip(&collection.members).map(|((variant, ty), member)| {
        let doc = format!(" It belongs into `{}`.", name::plain(&member.ident));
        quote!(#[doc = #doc] #variant(#ty))
    });
    let names = members.iter().map(|(variant, _)| {
        let name = variant.to_string();
        quote!(Self::#variant(_) => #name)
    });
    quote! {
        #[doc = #doc]
        #[allow(dead_code, private_interfaces, clippy::large_enum_variant)]
        #vis enum #item {
            #(#variants,)*
        }

        /// Which group it belongs into, without the values.
        #[automatically_derived]
        impl ::core::fmt::Debug for #item {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let group = match self {
                    #(#names,)*
                };
                f.debug_tuple(#word).field(&::core::format_args!("{group}")).finish()
            }
        }
    }
}

/// Fails to compile if a field takes any item that does not say so, or the other way round.
fn others(collection: &Collection) -> TokenStream {
    let checks = collection.members.iter().enumerate().map(|(at, Member { ident, ty, is_other, .. })| {
        let text = match is_other {
            true => format!("`{ident}` is for items of any form: write `Vec<Item>`, or remove `other`"),
            false => format!("`{ident}` takes any item: write `#[dynamorm(other)]` above it"),
        };
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(::dynamorm::private::takes_any(MEMBERS[#at], #is_other), #text);
        }
    });
    checks.collect()
}

/// Puts each item into its field.
fn groups(collection: &Collection, of: &Path, item: &Ident) -> TokenStream {
    let ident = &collection.ident;
    let word = name::plain(ident);
    let empty = collection.members.iter().map(|Member { ident, is_option, .. }| match is_option {
        true => quote!(#ident: ::dynamorm::private::Option::None),
        false => quote!(#ident: ::dynamorm::private::Vec::new()),
    });
    let arms = collection.members.iter().map(|member| {
        let (variant, field) = (variant(collection, member), &member.ident);
        let name = name::plain(field);
        match member.is_option {
            true => quote! {
                #item::#variant(item) => {
                    return ::dynamorm::private::fill(&mut self.#field, item, #word, #name);
                }
            },
            false => quote!(#item::#variant(item) => self.#field.push(item),),
        }
    });
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Readable for #ident {
            type Model = #of;
            type Item = #item;
            type Items = #ident;
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl ::dynamorm::private::Collect<#item> for #ident {
            fn empty() -> Self {
                Self { #(#empty,)* }
            }
            fn push(
                &mut self,
                item: #item,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                match item {
                    #(#arms)*
                }
                ::dynamorm::private::Result::Ok(())
            }
        }
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
            const HAS_GUARDS: bool = ::dynamorm::private::any_has_guards(&MEMBERS);
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
    let tenants = members.iter().enumerate().map(|(at, (_, ty))| {
        let text = format!(
            "`{}` and `{of_word}` are not of tenants in the same way: mark the same field of both with `#[dynamorm(tenant)]`, \
             in the keys of both or of neither",
            word(ty)
        );
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(
                ::dynamorm::private::share_tenants(<#of as ::dynamorm::private::Model>::SHAPE, MEMBERS[#at]),
                #text
            );
        }
    });
    let shards = members.iter().enumerate().map(|(at, (_, ty))| {
        let text = format!(
            "`{}` and `{of_word}` are not spread over the same shards: write the same `shards` above both, or above neither",
            word(ty)
        );
        quote_spanned! { place(ty)=>
            const _: () = ::core::assert!(
                ::dynamorm::private::share_shards(<#of as ::dynamorm::private::Model>::SHAPE, MEMBERS[#at]),
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
        #(#tenants)*
        #(#shards)*
        #(#apart)*
        #any
    }
}
