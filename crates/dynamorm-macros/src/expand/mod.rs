//! What do we emit: impls and constants that name nothing but `::dynamorm::private` and the language's core.
//!
//! Here stands what the three derives share, the impl of `Fields`. Start at `model`; its keys are in `key`.

mod borrowed;
mod carried;
mod collection;
mod document;
mod key;
mod model;
mod project;
mod union;
mod vector;

pub(crate) use borrowed::expand as borrowed;
pub(crate) use carried::placeholders;
pub(crate) use collection::expand as collection;
pub(crate) use document::{constants, expand as document, kinds_of_text, members};
pub(crate) use key::{item_key, key_struct, primary_types};
pub(crate) use model::{Standing, expand as model, field_constant, inherent, scope};
pub(crate) use project::expand as project;
pub(crate) use union::members as union_members;
pub(crate) use vector::placeholders as vector_placeholders;

use crate::ast::{Field, Storage};
use crate::attr::Managed;
use crate::check;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

/// What the impl of `Fields` is made of.
struct FieldsImpl<'a> {
    ident: &'a Ident,
    fields: &'a [Field],
    /// Writes keys that templates make.
    keys: TokenStream,
    /// The field that holds the tenant, if one does.
    tenant: Option<&'a Ident>,
    /// The name of a field's attribute, as an expression that is also a pattern.
    name: &'a dyn Fn(&Field) -> TokenStream,
}

/// The place of a type, for errors about it, but with names as the derive sees them.
fn place(of: &impl ToTokens) -> Span {
    of.to_token_stream().span().resolved_at(Span::call_site())
}

impl FieldsImpl<'_> {
    /// Fails to compile if an attribute of a flattened struct has the name of another; `made` are those that key templates
    /// make.
    fn distinct_names(&self, made: &[&str]) -> TokenStream {
        let ident = self.ident;
        let Some(Field { ty, .. }) = self.flattened().next() else { return TokenStream::new() };
        let text = format!(
            "two attributes of `{ident}` have one name, one of them in a flattened struct: give one of them a `rename`"
        );
        quote_spanned! { place(ty)=>
            const _: () = {
                const PARTS: &[&[&str]] = &[<#ident as ::dynamorm::private::Fields>::NAMES, &[#(#made),*]];
                const ALL: &[&str] =
                    &::dynamorm::private::join_names::<{ ::dynamorm::private::count(PARTS) }>(PARTS);
                ::core::assert!(::dynamorm::private::are_distinct(ALL), #text)
            };
        }
    }

    /// The impl, and the struct of what has been read so far.
    fn expand(&self) -> TokenStream {
        let ident = self.ident;
        let slots = self.fields.iter().filter(|field| field.storage != Storage::Skipped).map(slot);
        let managed = self.managed();
        let names = self.names();
        let encode = self.encode();
        let accept = self.accept();
        let finish = self.finish();
        quote! {
            #[derive(::core::default::Default)]
            pub struct __Partial {
                #(#slots,)*
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::dynamorm::private::Fields for #ident {
                type Partial = __Partial;
                #managed
                #names
                #encode
                #accept
                #finish
            }
        }
    }

    fn managed(&self) -> TokenStream {
        let own = check::managed(self.fields).map(|(field, managed)| managed_attribute(field, managed));
        let own = quote!(&[#(#own),*]);
        let flattened = self.flattened().collect::<Vec<_>>();
        let list = if flattened.is_empty() {
            own
        } else {
            let types = flattened.iter().map(|field| &field.ty);
            quote! {{
                const PARTS: &[&[::dynamorm::private::ManagedAttribute]] =
                    &[#own #(, <#types as ::dynamorm::private::Fields>::MANAGED)*];
                &::dynamorm::private::join_managed::<{ ::dynamorm::private::count(PARTS) }>(PARTS)
            }}
        };
        quote!(const MANAGED: &'static [::dynamorm::private::ManagedAttribute] = #list;)
    }

    fn names(&self) -> TokenStream {
        let own = self.fields.iter().filter(|field| field.is_stored()).map(self.name);
        let own = quote!(&[#(#own),*]);
        let flattened = self.flattened().map(|field| &field.ty).collect::<Vec<_>>();
        let list = if flattened.is_empty() {
            own
        } else {
            quote! {{
                const PARTS: &[&[&str]] = &[#own #(, <#flattened as ::dynamorm::private::Fields>::NAMES)*];
                &::dynamorm::private::join_names::<{ ::dynamorm::private::count(PARTS) }>(PARTS)
            }}
        };
        quote!(const NAMES: &'static [&'static str] = #list;)
    }

    fn encode(&self) -> TokenStream {
        let keys = &self.keys;
        let attributes = self.fields.iter().map(|field| {
            let (ident, ty) = (&field.ident, &field.ty);
            let name = (self.name)(field);
            if self.tenant == Some(ident) && field.storage != Storage::PrimaryKey {
                return quote!(::dynamorm::private::write_tenant(item, #name););
            }
            match field.storage {
                Storage::Plain | Storage::PrimaryPart | Storage::IndexPart => quote_spanned! { place(ty)=>
                    <#ty as ::dynamorm::private::Stored>::write(&self.#ident, item, #name)?;
                },
                Storage::IndexKey => quote_spanned! { place(ty)=>
                    <#ty as ::dynamorm::private::IndexKeyAttribute>::write_key(&self.#ident, item, #name)?;
                },
                Storage::Managed(managed) => {
                    let attribute = managed_attribute(field, managed);
                    let as_trait = managed_trait(managed);
                    quote_spanned! { place(ty)=>
                        managed.push((#attribute, <#ty as #as_trait>::managed(&self.#ident)));
                    }
                }
                Storage::Flattened => quote_spanned! { place(ty)=>
                    <#ty as ::dynamorm::private::Fields>::encode(&self.#ident, item, managed)?;
                },
                // The table's key has been written whole.
                Storage::PrimaryKey | Storage::Skipped => TokenStream::new(),
            }
        });
        quote! {
            fn encode(
                &self,
                item: &mut ::dynamorm::private::ItemWriter<'_>,
                managed: &mut ::dynamorm::private::ManagedValues,
            ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                #keys
                #(#attributes)*
                ::dynamorm::private::Result::Ok(())
            }
        }
    }

    fn accept(&self) -> TokenStream {
        let own = self.fields.iter().filter(|field| field.is_stored()).map(|field| {
            let (ident, ty) = (&field.ident, &field.ty);
            let name = (self.name)(field);
            let as_trait = match field.storage {
                Storage::Managed(managed @ Managed::Ttl(_)) => managed_trait(managed),
                _ => quote!(::dynamorm::private::Stored),
            };
            quote_spanned! { place(ty)=>
                #name => <#ty as #as_trait>::read(&mut partial.#ident, reader, name)?,
            }
        });
        let flattened = self.flattened().map(|field| {
            let (ident, ty) = (&field.ident, &field.ty);
            quote_spanned! { place(ty)=>
                if <#ty as ::dynamorm::private::Fields>::accept(&mut partial.#ident, name, reader)? {
                    return ::dynamorm::private::Result::Ok(true);
                }
            }
        });
        quote! {
            fn accept(
                partial: &mut __Partial,
                name: &str,
                reader: &mut ::dynamorm::private::Reader<'_>,
            ) -> ::dynamorm::private::Result<bool, ::dynamorm::private::CodecError> {
                match name {
                    #(#own)*
                    _ => {
                        #(#flattened)*
                        return ::dynamorm::private::Result::Ok(false);
                    }
                }
                ::dynamorm::private::Result::Ok(true)
            }
        }
    }

    fn finish(&self) -> TokenStream {
        let stored = || self.fields.iter().filter(|field| field.storage != Storage::Skipped);
        let fills = stored().filter(|field| is_filled(field)).map(|field| {
            let (ident, ty, name) = (&field.ident, &field.ty, (self.name)(field));
            let as_trait = match field.storage {
                Storage::Managed(managed) => managed_trait(managed),
                Storage::IndexKey | Storage::IndexPart => quote!(::dynamorm::private::IndexKeyAttribute),
                _ => quote!(::dynamorm::private::Stored),
            };
            quote_spanned!(place(ty)=> <#ty as #as_trait>::fill(&mut partial.#ident, #name)?;)
        });
        let fills = fills.collect::<TokenStream>();
        let patterns = stored().map(|field| {
            let (ident, read) = (&field.ident, read_ident(field));
            match is_filled(field) {
                true => quote!(#ident: ::dynamorm::private::Option::Some(#read)),
                false => quote!(#ident: #read),
            }
        });
        let values = self.fields.iter().map(|field| {
            let (ident, ty, read) = (&field.ident, &field.ty, read_ident(field));
            match field.storage {
                Storage::Skipped => {
                    quote_spanned!(place(ty)=> #ident: ::core::default::Default::default())
                }
                Storage::Flattened => quote_spanned! { place(ty)=>
                    #ident: <#ty as ::dynamorm::private::Fields>::finish(#read)?
                },
                Storage::Managed(managed) if !is_filled(field) => {
                    let as_trait = managed_trait(managed);
                    quote_spanned! { place(ty)=>
                        #ident: match #read {
                            ::dynamorm::private::Option::Some(value) => value,
                            ::dynamorm::private::Option::None => <#ty as #as_trait>::left_out(),
                        }
                    }
                }
                _ => quote!(#ident: #read),
            }
        });
        let (mutable, otherwise) = match fills.is_empty() {
            true => (None, None),
            false => (
                Some(quote!(mut)),
                Some(quote!(_ => ::dynamorm::private::Result::Err(::dynamorm::private::unfilled()),)),
            ),
        };
        // All places are checked first, and emptied at once: only then is there one way out on which what was read is dropped.
        quote! {
            fn finish(
                #mutable partial: __Partial,
            ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                #fills
                match partial {
                    __Partial { #(#patterns,)* } => ::dynamorm::private::Result::Ok(Self { #(#values,)* }),
                    #otherwise
                }
            }
        }
    }

    fn flattened(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_flattened())
    }
}

/// True if the field must have been read, or be of a type that says what its absence means.
fn is_filled(field: &Field) -> bool {
    match field.storage {
        Storage::Managed(managed) => matches!(managed, Managed::Ttl(_)),
        Storage::Flattened | Storage::Skipped => false,
        _ => true,
    }
}

/// What was read of a field, as the name of a variable.
fn read_ident(field: &Field) -> Ident {
    format_ident!("{}_read", field.ident)
}

fn slot(field: &Field) -> TokenStream {
    let (ident, ty) = (&field.ident, &field.ty);
    if field.is_flattened() {
        quote_spanned!(place(ty)=> #ident: <#ty as ::dynamorm::private::Fields>::Partial)
    } else {
        quote!(#ident: ::dynamorm::private::Option<#ty>)
    }
}

fn managed_trait(managed: Managed) -> TokenStream {
    match managed {
        Managed::Version => quote!(::dynamorm::private::VersionField),
        Managed::CreatedAt | Managed::UpdatedAt => quote!(::dynamorm::private::TimeField),
        Managed::Ttl(_) => quote!(::dynamorm::private::TtlField),
    }
}

fn managed_attribute(field: &Field, managed: Managed) -> TokenStream {
    let name = &field.name;
    let role = match managed {
        Managed::Version => quote!(Version),
        Managed::CreatedAt => quote!(CreatedAt),
        Managed::UpdatedAt => quote!(UpdatedAt),
        Managed::Ttl(after) => {
            let after = match after {
                Some(seconds) => quote!(::dynamorm::private::Option::Some(#seconds)),
                None => quote!(::dynamorm::private::Option::None),
            };
            quote!(Ttl { after: #after })
        }
    };
    quote! {
        ::dynamorm::private::ManagedAttribute { name: #name, role: ::dynamorm::private::Role::#role }
    }
}

#[cfg(test)]
mod tests;
