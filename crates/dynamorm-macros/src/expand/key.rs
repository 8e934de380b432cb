//! Keys of a model: the struct `UserKey`, the types and shapes of all keys, and the code that writes them.

use super::place;
use crate::ast::{Field, Index, Key, Model, PrimaryKey, Segment, Storage, type_word};
use crate::name;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use std::collections::HashSet;

pub(super) fn key_ident(model: &Model) -> Ident {
    format_ident!("{}Key", name::plain(&model.ident), span = model.ident.span())
}

/// The fields of the table's key, each once, in the order of the templates.
pub(super) fn key_fields(model: &Model) -> Vec<&Field> {
    let PrimaryKey::Own { partition, sort } = &model.key else { return Vec::new() };
    let mut seen = HashSet::new();
    let all = partition.fields.iter().chain(sort.iter().flat_map(|sort| &sort.fields));
    all.filter(|at| seen.insert(**at) && !model.is_tenant(**at))
        .filter_map(|at| model.fields.get(*at))
        .collect()
}

/// The type of the flattened field that gives the key.
pub(super) fn key_source(model: &Model) -> Option<&Field> {
    match model.key {
        PrimaryKey::Flattened(at) => model.fields.get(at),
        PrimaryKey::Own { .. } => None,
    }
}

/// `pub struct UserKey { pub id: String }`
pub(crate) fn key_struct(model: &Model) -> TokenStream {
    let (vis, ident, key_ident) = (&model.vis, &model.ident, key_ident(model));
    let doc = format!("The primary key of a [`{ident}`], made by [`{ident}::key`].");
    let body = match key_source(model) {
        Some(Field { ty, .. }) => {
            let key = quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Model>::Key);
            quote!((#[doc = "The key of the flattened struct."] #vis #key);)
        }
        None => {
            let fields = key_fields(model).into_iter().map(|field| {
                let (ident, ty) = (&field.ident, &field.ty);
                let doc = format!("The value of `{}`.", field.name);
                quote!(#[doc = #doc] #vis #ident: #ty)
            });
            quote!({ #(#fields,)* })
        }
    };
    quote! {
        #[doc = #doc]
        #[derive(
            ::core::fmt::Debug,
            ::core::clone::Clone,
            ::core::cmp::PartialEq,
            ::core::cmp::Eq,
            ::core::hash::Hash,
        )]
        #vis struct #key_ident #body
    }
}

pub(super) fn key_function(model: &Model) -> TokenStream {
    let (vis, key_ident) = (&model.vis, key_ident(model));
    let doc = format!(" Makes the primary key of a `{}`.", model.ident);
    if let Some(Field { ty, .. }) = key_source(model) {
        let key = quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Model>::Key);
        return quote! {
            #[doc = #doc]
            #[must_use]
            #vis fn key(key: #key) -> #key_ident {
                #key_ident(key)
            }
        };
    }
    let fields = key_fields(model);
    let is_string = |field: &Field| type_word(&field.ty).as_deref() == Some("String");
    let arguments = fields.iter().map(|field| {
        let (ident, ty) = (&field.ident, &field.ty);
        if is_string(field) { quote!(#ident: impl ::core::convert::Into<#ty>) } else { quote!(#ident: #ty) }
    });
    let values = fields.iter().map(|field| {
        let ident = &field.ident;
        if is_string(field) { quote!(#ident: ::core::convert::Into::into(#ident)) } else { quote!(#ident) }
    });
    quote! {
        #[doc = #doc]
        #[must_use]
        #vis fn key(#(#arguments),*) -> #key_ident {
            #key_ident { #(#values),* }
        }
    }
}

/// The types of the table's key values.
pub(crate) fn primary_types(model: &Model) -> (TokenStream, TokenStream) {
    match (&model.key, key_source(model)) {
        (_, Some(Field { ty, .. })) => (
            quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Model>::Partition),
            quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::Model>::Sort),
        ),
        (PrimaryKey::Own { partition, sort }, None) => {
            let one = |key: &Key| {
                key_type(model, key, &|field| {
                    let ty = &field.ty;
                    quote!(#ty)
                })
            };
            (one(partition), sort_type(sort.as_ref().map(one)))
        }
        (PrimaryKey::Flattened(_), None) => (quote!(()), sort_type(None)),
    }
}

pub(super) fn index_key_type(model: &Model, key: &Key) -> TokenStream {
    key_type(model, key, &|field| {
        let ty = &field.ty;
        quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::IndexKeyAttribute>::Value)
    })
}

fn key_type(model: &Model, key: &Key, one: &dyn Fn(&Field) -> TokenStream) -> TokenStream {
    let given = key.fields.iter().filter(|at| !model.is_tenant(**at));
    let mut types = given.filter_map(|at| model.fields.get(*at)).map(one).collect::<Vec<_>>();
    match types.len() {
        1 => types.remove(0),
        _ => quote!((#(#types),*)),
    }
}

/// The type of an index's partition key: a tuple where it has several attributes.
pub(super) fn partition_type(model: &Model, index: &Index) -> TokenStream {
    // Of several attributes the tenant is left out; of one it leaves nothing, `()`.
    let is_given =
        |key: &&Key| index.further_partition.is_empty() || !key.fields.iter().all(|at| model.is_tenant(*at));
    let types =
        index.partition_keys().filter(is_given).map(|key| index_key_type(model, key)).collect::<Vec<_>>();
    match types.as_slice() {
        [] => primary_types(model).0,
        [one] => one.clone(),
        several => quote!((#(#several),*)),
    }
}

/// The type of an index's sort key: `Several` where it has several attributes.
pub(super) fn index_sort_type(model: &Model, index: &Index) -> TokenStream {
    let types = index.sort_keys().map(|key| index_key_type(model, key)).collect::<Vec<_>>();
    match types.as_slice() {
        [] => sort_type(None),
        [one] => one.clone(),
        several => quote!(::dynamorm::private::Several<(#(#several,)*)>),
    }
}

pub(super) fn sort_type(sort: Option<TokenStream>) -> TokenStream {
    sort.unwrap_or_else(|| quote!(::dynamorm::private::NoSortKey))
}

/// A constant for each key attribute, which the shape and the impl of `Fields` refer to.
pub(super) fn key_shapes(model: &Model) -> TokenStream {
    let own = match &model.key {
        PrimaryKey::Own { partition, sort } => {
            let partition = key_shape(model, partition, "PRIMARY_PARTITION", true);
            let sort = sort.as_ref().map(|sort| key_shape(model, sort, "PRIMARY_SORT", true));
            quote!(#partition #sort)
        }
        PrimaryKey::Flattened(_) => TokenStream::new(),
    };
    let indexes = model.indexes.iter().map(|index| {
        let one = |key: &Option<Key>, part: &str| {
            key.as_ref().map(|key| key_shape(model, key, &shape_name(index, part), false))
        };
        let further = |keys: &[Key], part: &str| {
            let shapes = keys
                .iter()
                .enumerate()
                .map(|(at, key)| key_shape(model, key, &further_shape_name(index, part, at), false));
            shapes.collect::<TokenStream>()
        };
        let (partition, sort) = (one(&index.partition, "PARTITION"), one(&index.sort, "SORT"));
        let more = [further(&index.further_partition, "PARTITION"), further(&index.further_sort, "SORT")];
        quote!(#partition #sort #(#more)*)
    });
    quote!(#own #(#indexes)*)
}

pub(super) fn shape_name(index: &Index, part: &str) -> String {
    format!("{}_{part}", index.constant)
}

/// The names of the constants of the second key attribute and those after it.
pub(super) fn further_shape_name(index: &Index, part: &str, at: usize) -> String {
    format!("{}_{part}_{}", index.constant, at + 2)
}

fn key_shape(model: &Model, key: &Key, constant: &str, primary: bool) -> TokenStream {
    let constant = format_ident!("{constant}");
    let (attribute, raw) = (&key.attribute, key.raw);
    let alone = key.fields.first().and_then(|at| model.fields.get(*at)).filter(|_| key.template.is_empty());
    let kind = match alone {
        Some(Field { ty, .. }) if primary => {
            quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::KeyAttribute>::TYPE)
        }
        Some(Field { ty, .. }) => quote_spanned! { place(ty)=>
            <<#ty as ::dynamorm::private::IndexKeyAttribute>::Value as ::dynamorm::private::KeyAttribute>::TYPE
        },
        None => quote!(::dynamorm::private::ScalarType::S),
    };
    let template = key.template.iter().filter_map(|segment| match segment {
        Segment::Literal(text) => Some(quote!(::dynamorm::private::Segment::Literal(#text))),
        Segment::Field(at) => {
            let Field { name, ty, .. } = model.fields.get(*at)?;
            let part = quote_spanned!(place(ty)=> ::dynamorm::private::read_part::<#ty>);
            Some(quote!(::dynamorm::private::Segment::Field { name: #name, part: #part }))
        }
    });
    quote! {
        const #constant: ::dynamorm::private::KeyShape = ::dynamorm::private::KeyShape {
            attribute: #attribute,
            kind: #kind,
            template: &[#(#template),*],
            raw: #raw,
        };
    }
}

/// Fails to compile at a field's type if it cannot stand in a template.
pub(super) fn template_checks(model: &Model) -> TokenStream {
    let in_templates = |key: &Key| match key.template.is_empty() {
        true => Vec::new(),
        false => key.fields.clone(),
    };
    let mut types = Vec::new();
    if let PrimaryKey::Own { partition, sort } = &model.key {
        for at in [Some(partition), sort.as_ref()].into_iter().flatten().flat_map(in_templates) {
            types.extend(model.fields.get(at).map(|Field { ty, .. }| (at, quote!(#ty), place(ty))));
        }
    }
    let indexes = model.indexes.iter().flat_map(Index::keys);
    for at in indexes.flat_map(in_templates) {
        types.extend(model.fields.get(at).map(|Field { ty, .. }| {
            let value = quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::IndexKeyAttribute>::Value);
            (at, value, place(ty))
        }));
    }
    let mut seen = HashSet::new();
    types.retain(|(at, _, _)| seen.insert(*at));
    let calls = types
        .into_iter()
        .map(|(_, ty, span)| quote_spanned!(span=> ::dynamorm::private::stands_in_template::<#ty>();));
    let calls = calls.collect::<TokenStream>();
    if calls.is_empty() { calls } else { quote!(const _: () = { #calls };) }
}

/// Writes the table's key whole, then the keys of indexes that templates make.
pub(super) fn write_keys(model: &Model) -> TokenStream {
    let PrimaryKey::Own { partition, sort } = &model.key else {
        return write_index_keys(model, HashSet::new());
    };
    let ident = &model.ident;
    let primary = quote!(<#ident as ::dynamorm::private::Model>::encode_key(self, item));
    let written = [Some(partition), sort.as_ref()].into_iter().flatten().map(|key| key.attribute.as_str());
    let indexes = write_index_keys(model, written.collect());
    quote!(#primary?; #indexes)
}

/// An expression that writes the table's key, of the model as of its key.
fn write_primary(model: &Model) -> TokenStream {
    let PrimaryKey::Own { partition, sort } = &model.key else { return TokenStream::new() };
    let ident = &model.ident;
    let parts = |key: &Key| {
        let fields = key.fields.iter().filter_map(|at| Some((at, model.fields.get(*at)?))).map(
            |(at, Field { ident, ty, .. })| match model.is_tenant(*at) {
                true => quote!(::dynamorm::private::Part::Tenant),
                false => {
                    quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::KeyAttribute>::key_part(&self.#ident))
                }
            },
        );
        quote!(&[#(#fields),*])
    };
    let partition = parts(partition);
    let sort = sort.as_ref().map_or_else(|| quote!(&[]), parts);
    if model.shards.is_some() {
        return quote! {
            ::dynamorm::private::write_sharded_key(
                item,
                <#ident as ::dynamorm::private::Model>::SHAPE,
                #partition,
                #sort,
            )
        };
    }
    quote! {
        ::dynamorm::private::write_key(
            item,
            &<#ident as ::dynamorm::private::Model>::SHAPE.primary,
            #partition,
            #sort,
        )
    }
}

/// `written` has the attributes that the table's key has written already.
fn write_index_keys<'a>(model: &'a Model, mut written: HashSet<&'a str>) -> TokenStream {
    let mut statements = TokenStream::new();
    for index in &model.indexes {
        let partition = (&index.partition, "PARTITION", quote!(write_index_partition));
        let sort = (&index.sort, "SORT", quote!(write_index_sort));
        for (key, part, write) in [partition, sort] {
            let Some(key) = key else { continue };
            if key.template.is_empty() || !written.insert(&key.attribute) {
                continue;
            }
            let shape = format_ident!("{}", shape_name(index, part));
            let parts = key.fields.iter().filter_map(|at| Some((at, model.fields.get(*at)?))).map(
                |(at, Field { ident, ty, .. })| match model.is_tenant(*at) {
                    true => quote! {
                        ::dynamorm::private::Option::Some(::dynamorm::private::Part::Tenant)
                    },
                    false => quote_spanned! { place(ty)=>
                        <#ty as ::dynamorm::private::IndexKeyAttribute>::index_part(&self.#ident)
                    },
                },
            );
            statements.extend(quote! {
                ::dynamorm::private::#write(item, &#shape, &[#(#parts),*])?;
            });
        }
    }
    statements
}

pub(crate) fn item_key(model: &Model) -> TokenStream {
    let key_ident = key_ident(model);
    if let Some(Field { ident, ty, .. }) = key_source(model) {
        return quote_spanned! { place(ty)=>
            #key_ident(<#ty as ::dynamorm::private::Model>::item_key(&self.#ident))
        };
    }
    let values = key_fields(model).into_iter().map(|Field { ident, ty, .. }| {
        quote_spanned!(place(ty)=> #ident: ::core::clone::Clone::clone(&self.#ident))
    });
    quote!(#key_ident { #(#values),* })
}

/// `Model::encode_key`, where the item has the fields of its key itself.
pub(super) fn encode_item_key(model: &Model) -> Option<TokenStream> {
    let PrimaryKey::Own { .. } = &model.key else { return None };
    let write = write_primary(model);
    Some(quote! {
        fn encode_key(
            &self,
            item: &mut ::dynamorm::private::ItemWriter<'_>,
        ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
            #write
        }
    })
}

pub(super) fn encode_key(model: &Model) -> TokenStream {
    if let Some(Field { ty, .. }) = key_source(model) {
        return quote_spanned! { place(ty)=>
            <<#ty as ::dynamorm::private::Model>::Key as ::dynamorm::private::Key>::encode(&self.0, item)
        };
    }
    write_primary(model)
}

/// `Key::encode_fields`, where templates are made of attributes that are stored besides the key.
pub(super) fn encode_key_fields(model: &Model) -> TokenStream {
    let write = match (&model.key, key_source(model)) {
        (_, Some(Field { ty, .. })) => quote_spanned! { place(ty)=>
            <<#ty as ::dynamorm::private::Model>::Key as ::dynamorm::private::Key>::encode_fields(&self.0, item)
        },
        (PrimaryKey::Own { partition, sort }, None) => {
            let mut seen = HashSet::new();
            let tenant = model.tenant_field().filter(|field| field.storage != Storage::PrimaryKey);
            let tenant =
                tenant.map(|Field { name, .. }| quote!(::dynamorm::private::write_tenant(item, #name);));
            let attributes = [Some(partition), sort.as_ref()]
                .into_iter()
                .flatten()
                .filter(|key| !key.template.is_empty())
                .flat_map(|key| &key.fields)
                .filter(|at| seen.insert(**at) && !model.is_tenant(**at))
                .filter_map(|at| model.fields.get(*at))
                .map(|Field { ident, ty, name, .. }| {
                    quote_spanned! { place(ty)=>
                        <#ty as ::dynamorm::private::Stored>::write(&self.#ident, item, #name)?;
                    }
                })
                .collect::<TokenStream>();
            if attributes.is_empty() && tenant.is_none() {
                return attributes;
            }
            quote!(#tenant #attributes ::dynamorm::private::Result::Ok(()))
        }
        (PrimaryKey::Flattened(_), None) => return TokenStream::new(),
    };
    quote! {
        fn encode_fields(
            &self,
            item: &mut ::dynamorm::private::ItemWriter<'_>,
        ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
            #write
        }
    }
}
