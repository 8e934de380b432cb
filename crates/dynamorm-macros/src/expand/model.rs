//! `derive(Model)`: the constants, the key, and the impls of `Fields`, `FromItem`, `Model` and `Key`.

use super::key::{
    encode_item_key, encode_key, encode_key_fields, further_shape_name, index_sort_type, item_key,
    key_function, key_ident, key_shapes, key_source, key_struct, partition_type, primary_types, shape_name,
    template_checks, write_keys,
};
use super::{FieldsImpl, carried, place, vector};
use crate::ast::{
    Field, Index, Key, Model, PrimaryKey, Projection, Schema, Segment, Shards, Storage, Tag, Tenant,
    type_word,
};
use crate::attr::Managed;
use crate::name;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use std::collections::HashSet;
use syn::Visibility;

/// All that a model's derive emits.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let key_ident = key_ident(model);
    let key_struct = key_struct(model);
    let inherent = inherent(model);
    let shapes = key_shapes(model);
    let checks = template_checks(model);
    let one_key = one_key(model);
    let shard_checks = shard_checks(model);
    let guards = guards(model);
    let fields = FieldsImpl {
        ident,
        fields: &model.fields,
        keys: write_keys(model),
        tenant: model.tenant_field().map(|field| &field.ident),
        name: &|field| {
            let name = &field.name;
            quote!(#name)
        },
    };
    let beside = made_by_templates(model).into_iter().chain(kept_names(model)).collect::<Vec<_>>();
    let distinct = fields.distinct_names(&beside);
    let fields = fields.expand();
    let shape = shape(model);
    let decode = match (&model.tag, &model.schema) {
        (None, None) => quote!(decode_fields),
        _ => quote!(decode_kept),
    };
    let (partition, sort) = primary_types(model);
    let item_key = item_key(model);
    let encode_key = encode_key(model);
    let encode_item_key = encode_item_key(model);
    let encode_fields = encode_key_fields(model);
    let scope = scope(model);
    let claimed = claimed_tenant(model);
    let projections = carried::projections(model);
    let dimensions = vector::dimensions(model);
    quote! {
        #key_struct
        #projections
        #inherent

        const _: () = {
            #shapes
            #checks
            #one_key
            #shard_checks
            #guards
            #dimensions
            #fields
            #distinct

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::dynamorm::private::FromItem for #ident {
                type Model = #ident;
                const PROJECTION: ::dynamorm::private::Option<&'static [&'static str]> =
                    ::dynamorm::private::Option::None;
                fn decode(
                    reader: &mut ::dynamorm::private::Reader<'_>,
                ) -> ::dynamorm::private::Result<Self, ::dynamorm::private::CodecError> {
                    ::dynamorm::private::#decode(reader)
                }
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::dynamorm::private::Model for #ident {
                type Key = #key_ident;
                type Partition = #partition;
                type Sort = #sort;
                type Scope = ::dynamorm::private::#scope;
                #shape
                fn item_key(&self) -> #key_ident {
                    #item_key
                }
                #encode_item_key
                #claimed
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl ::dynamorm::private::Key for #key_ident {
                type Model = #ident;
                fn encode(
                    &self,
                    item: &mut ::dynamorm::private::ItemWriter<'_>,
                ) -> ::dynamorm::private::Result<(), ::dynamorm::private::CodecError> {
                    #encode_key
                }
                #encode_fields
            }
        };
    }
}

/// Which handle reaches the model.
pub(crate) fn scope(model: &Model) -> Ident {
    format_ident!("{}", if model.tenant.is_some() { "ReachedByTenantDb" } else { "ReachedByDb" })
}

/// The tenant that an item says it is of.
fn claimed_tenant(model: &Model) -> Option<TokenStream> {
    let Field { ident, ty, .. } = model.tenant_field()?;
    let claimed = quote_spanned!(place(ty)=> ::dynamorm::private::claimed_tenant::<#ty>(&self.#ident));
    Some(quote! {
        fn claimed_tenant(&self) -> ::dynamorm::private::Option<::dynamorm::private::String> {
            #claimed
        }
    })
}

/// `User::key`, `User::PRIMARY_KEY`, `User::EMAIL_INDEX`, `User::EMAIL`.
pub(crate) fn inherent(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let key = key_function(model);
    let primary = primary_constant(model);
    let indexes = model.indexes.iter().enumerate().map(|(at, index)| index_constant(model, index, at));
    let vectors = vector::constants(model);
    let fields = model
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| field_constant(&model.vis, ident, field, Standing::of(model, at)));
    quote! {
        #[automatically_derived]
        #[allow(dead_code, private_interfaces)]
        impl #ident {
            #primary
            #(#indexes)*
            #vectors
            #(#fields)*
            #key
        }
    }
}

fn primary_constant(model: &Model) -> TokenStream {
    let (vis, ident) = (&model.vis, &model.ident);
    let (partition, sort) = primary_types(model);
    let doc = match &model.key {
        PrimaryKey::Own { partition, sort } => {
            let spread = match model.shards.as_ref().and_then(|shards| shards.counts.last()) {
                Some((_, count)) => format!(" Each partition is spread over {count} shards."),
                None => String::new(),
            };
            format!(" The table's key: {}.{spread}", describe(model, std::iter::once(partition), sort.iter()))
        }
        PrimaryKey::Flattened(_) => " The table's key: that of the flattened struct.".to_owned(),
    };
    quote! {
        #[doc = #doc]
        #vis const PRIMARY_KEY: ::dynamorm::private::Index<#ident, #partition, #sort> =
            ::dynamorm::private::Index::new(&<#ident as ::dynamorm::private::Model>::SHAPE.primary);
    }
}

fn index_constant(model: &Model, index: &Index, at: usize) -> TokenStream {
    let (vis, ident, constant) = (&model.vis, &model.ident, &index.constant);
    let (partition, sort) = (partition_type(model, index), index_sort_type(model, index));
    let keys = describe(model, index.partition_keys(), index.sort_keys());
    let carries = match (&index.projection, model.projection_ident(index)) {
        (Projection::All, _) => String::new(),
        (_, Some(projection)) => {
            format!(" It carries what a [`{projection}`] has, and `.hydrate()` fetches the rest.")
        }
        (_, None) => " It carries keys only, and `.hydrate()` fetches the rest.".to_owned(),
    };
    let doc = format!(" The index `{}`: {keys}.{carries}", index.name);
    quote! {
        #[doc = #doc]
        #vis const #constant: ::dynamorm::private::Index<#ident, #partition, #sort> =
            ::dynamorm::private::Index::new(&<#ident as ::dynamorm::private::Model>::SHAPE.indexes[#at]);
    }
}

/// What a field is to its model besides an attribute.
#[derive(Clone, Copy)]
pub(crate) enum Standing<'a> {
    Plain,
    Tenant,
    /// With the field within whose value it is unique.
    Unique(Option<&'a Field>),
}

impl<'a> Standing<'a> {
    fn of(model: &'a Model, at: usize) -> Self {
        match model.unique_at(at) {
            _ if model.is_tenant(at) => Standing::Tenant,
            Some(unique) => Standing::Unique(unique.scope.and_then(|at| model.fields.get(at))),
            None => Standing::Plain,
        }
    }
}

/// The constant of an attribute, of a model or a document; what is skipped has none.
pub(crate) fn field_constant(
    vis: &Visibility,
    ident: &Ident,
    field: &Field,
    standing: Standing<'_>,
) -> TokenStream {
    let (ty, name) = (&field.ty, &field.name);
    let constant = name::field_constant(&field.ident);
    let (types, what) = match field.storage {
        Storage::Skipped => return TokenStream::new(),
        Storage::Flattened => {
            let doc = format!(" The struct that is flattened from the field `{}`.", field.ident);
            return quote! {
                #[doc = #doc]
                #vis const #constant: ::dynamorm::private::Flattened<#ident, #ty> =
                    ::dynamorm::private::Flattened::new();
            };
        }
        _ if matches!(standing, Standing::Tenant) => {
            (quote!(#ident, #ty, ::dynamorm::private::KeyRole), ", the tenant")
        }
        Storage::PrimaryKey | Storage::PrimaryPart => {
            (quote!(#ident, #ty, ::dynamorm::private::KeyRole), ", part of the table's key")
        }
        Storage::Managed(Managed::Ttl(_)) => {
            // Of these types the attribute may be absent, so an update may remove it.
            let may_be_absent = matches!(type_word(ty).as_deref(), Some("Option" | "Timestamp"));
            let ttl = quote!(::dynamorm::private::Ttl);
            let ttl = if may_be_absent { quote!(::dynamorm::private::Option<#ttl>) } else { ttl };
            (quote!(#ident, #ttl), ", the time to live")
        }
        Storage::Managed(_) => {
            (quote!(#ident, #ty, ::dynamorm::private::ManagedRole), ", kept by the library")
        }
        _ => match standing {
            Standing::Unique(None) => (quote!(#ident, #ty, ::dynamorm::private::UniqueRole), ", unique"),
            Standing::Unique(Some(Field { ty: scope, .. })) => {
                let role = quote!(::dynamorm::private::UniqueWithinRole<#scope>);
                (quote!(#ident, #ty, #role), ", unique within another")
            }
            Standing::Tenant | Standing::Plain => (quote!(#ident, #ty), ""),
        },
    };
    let doc = format!(" The attribute `{name}`{what}.");
    quote! {
        #[doc = #doc]
        #vis const #constant: ::dynamorm::private::Attr<#types> = ::dynamorm::private::Attr::new(#name);
    }
}

/// ``partition key `pk` = `USER#{id}`, sort key `sk` = `PROFILE` ``
fn describe<'a>(
    model: &Model,
    partition: impl Iterator<Item = &'a Key>,
    sort: impl Iterator<Item = &'a Key>,
) -> String {
    let one = |key: &Key| {
        let template = key.template.iter().map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Field(at) => {
                model.fields.get(*at).map(|field| format!("{{{}}}", field.name)).unwrap_or_default()
            }
        });
        let template = template.collect::<String>();
        match template.as_str() {
            "" => format!("`{}`", key.attribute),
            template => format!("`{}` = `{template}`", key.attribute),
        }
    };
    let all = |keys: Vec<String>| keys.join(" and ");
    let partition = partition.map(one).collect::<Vec<_>>();
    let partition = match partition.is_empty() {
        true => "the table's partition key".to_owned(),
        false => format!("partition key {}", all(partition)),
    };
    let sort = sort.map(one).collect::<Vec<_>>();
    match sort.is_empty() {
        true => partition,
        false => format!("{partition}, sort key {}", all(sort)),
    }
}

fn shape(model: &Model) -> TokenStream {
    let name = name::plain(&model.ident);
    let table = model.table.as_ref().map(|table| quote!(table: ::dynamorm::private::Option::Some(#table),));
    let source = key_source(model).map(|field| &field.ty);
    let (primary, partition) = match (&model.key, source) {
        (_, Some(ty)) => (
            quote!(<#ty as ::dynamorm::private::Model>::SHAPE.primary),
            quote!(<#ty as ::dynamorm::private::Model>::SHAPE.primary.partition),
        ),
        (key, None) => {
            let sort = match key {
                PrimaryKey::Own { sort: Some(_), .. } => quote!(&[PRIMARY_SORT]),
                _ => quote!(&[]),
            };
            let primary = quote! {
                ::dynamorm::private::IndexShape {
                    name: "",
                    kind: ::dynamorm::private::IndexKind::Primary,
                    partition: &[PRIMARY_PARTITION],
                    sort: #sort,
                    projection: ::dynamorm::private::Projection::All,
                }
            };
            (primary, quote!(&[PRIMARY_PARTITION]))
        }
    };
    let own = model.indexes.iter().map(|index| {
        let name = &index.name;
        let names = |first: &Option<Key>, further: &[Key], part: &str| {
            let first = first.iter().map(|_| format_ident!("{}", shape_name(index, part)));
            let further =
                (0..further.len()).map(|at| format_ident!("{}", further_shape_name(index, part, at)));
            first.chain(further).collect::<Vec<_>>()
        };
        let (kind, partition) = match index.partition {
            Some(_) => {
                let partition = names(&index.partition, &index.further_partition, "PARTITION");
                (quote!(Global), quote!(&[#(#partition),*]))
            }
            None => (quote!(Local), partition.clone()),
        };
        let sort = names(&index.sort, &index.further_sort, "SORT");
        let read_as = match model.projection_ident(index).map(|ident| ident.to_string()) {
            Some(ident) => quote!(::dynamorm::private::Option::Some(#ident)),
            None => quote!(::dynamorm::private::Option::None),
        };
        let projection = match &index.projection {
            Projection::All => quote!(All),
            Projection::KeysOnly => quote!(KeysOnly { read_as: #read_as }),
            Projection::Include(fields) => {
                let names = fields.iter().filter_map(|at| Some(&model.fields.get(*at)?.name));
                quote!(Include { names: &[#(#names),*], read_as: #read_as })
            }
        };
        quote! {
            ::dynamorm::private::IndexShape {
                name: #name,
                kind: ::dynamorm::private::IndexKind::#kind,
                partition: #partition,
                sort: &[#(#sort),*],
                projection: ::dynamorm::private::Projection::#projection,
            }
        }
    });
    let own = quote!(&[#(#own),*]);
    let indexes = match source {
        Some(ty) => quote! {{
            const PARTS: &[&[::dynamorm::private::IndexShape]] =
                &[#own, <#ty as ::dynamorm::private::Model>::SHAPE.indexes];
            &::dynamorm::private::join_indexes::<{ ::dynamorm::private::count(PARTS) }>(PARTS)
        }},
        None => own,
    };
    let vectors = vector::shapes(model);
    let kept = kept(model).map(|kept| quote!(kept: #kept,));
    let tenant =
        model.tenant.as_ref().zip(model.tenant_field()).map(|(Tenant { in_key, .. }, Field { name, .. })| {
            quote! {
                tenant: ::dynamorm::private::Option::Some(::dynamorm::private::TenantShape {
                    attribute: #name,
                    in_key: #in_key,
                }),
            }
        });
    let shards = match (&model.shards, source) {
        (Some(Shards { counts, .. }), _) => {
            let counts = counts.iter().map(|(from, count)| quote!((#from, #count)));
            Some(quote! {
                shards: ::dynamorm::private::Option::Some(::dynamorm::private::Shards {
                    counts: &[#(#counts),*],
                }),
            })
        }
        (None, Some(ty)) => Some(quote!(shards: <#ty as ::dynamorm::private::Model>::SHAPE.shards,)),
        (None, None) => None,
    };
    let unique = unique(model);
    let ident = &model.ident;
    // A static, of which a program has one copy: of a constant, each place that names it may have its own.
    quote! {
        const SHAPE: &'static ::dynamorm::private::ModelShape = {
            // A model that has everything leaves nothing to the plain shape.
            #[allow(clippy::needless_update)]
            static SHAPE: ::dynamorm::private::ModelShape = ::dynamorm::private::ModelShape {
                name: #name,
                #table
                primary: #primary,
                indexes: #indexes,
                #vectors
                managed: &[<#ident as ::dynamorm::private::Fields>::MANAGED],
                #kept
                #tenant
                #shards
                #unique
                ..::dynamorm::private::ModelShape::PLAIN
            };
            &SHAPE
        };
    }
}

/// The attributes whose values no two items have.
fn unique(model: &Model) -> Option<TokenStream> {
    let shapes = model.unique.iter().filter_map(|unique| {
        let attribute = &model.fields.get(unique.at)?.name;
        let scope = match unique.scope.and_then(|at| model.fields.get(at)) {
            Some(Field { name, .. }) => quote!(::dynamorm::private::Option::Some(#name)),
            None => quote!(::dynamorm::private::Option::None),
        };
        Some(quote!(::dynamorm::private::UniqueShape { attribute: #attribute, scope: #scope }))
    });
    let shapes = shapes.collect::<Vec<_>>();
    (!shapes.is_empty()).then(|| quote!(unique: &[#(#shapes),*],))
}

/// Fails to compile if guards of unique attributes cannot be kept in the model's table.
fn guards(model: &Model) -> TokenStream {
    let Some(first) = model.unique.first() else { return TokenStream::new() };
    let types = model.unique.iter().flat_map(|unique| {
        let field = model.fields.get(unique.at).map(|Field { ty, .. }| {
            quote_spanned!(place(ty)=> const _: () = ::dynamorm::private::can_be_unique::<#ty>();)
        });
        let scope = unique.scope.and_then(|at| model.fields.get(at)).map(|Field { ty, .. }| {
            quote_spanned!(place(ty)=> const _: () = ::dynamorm::private::can_be_scope::<#ty>();)
        });
        field.into_iter().chain(scope)
    });
    let types = types.collect::<TokenStream>();
    let ident = &model.ident;
    let (span, text) = (
        first.span.resolved_at(proc_macro2::Span::call_site()),
        "guards of unique attributes need a table whose keys are text: a `String` or a template, and other words than `UNIQUE#` at its beginning",
    );
    let ttl = "DynamoDB deletes an expired item alone, and its guards would stay: a model with a time to live has no unique attributes";
    quote_spanned! { span=>
        #types
        const _: () = ::core::assert!(
            ::dynamorm::private::takes_guards(<#ident as ::dynamorm::private::Model>::SHAPE),
            #text
        );
        const _: () = ::core::assert!(
            !::dynamorm::private::expires(<#ident as ::dynamorm::private::Fields>::MANAGED),
            #ttl
        );
    }
}

/// What each item of the model says of itself.
fn kept(model: &Model) -> Option<TokenStream> {
    if model.tag.is_none() && model.schema.is_none() {
        return None;
    }
    let name = name::plain(&model.ident);
    let option = |value: Option<TokenStream>| match value {
        Some(value) => quote!(::dynamorm::private::Option::Some(#value)),
        None => quote!(::dynamorm::private::Option::None),
    };
    let type_name = option(model.tag.as_ref().map(|Tag { attribute, name, .. }| {
        quote!(::dynamorm::private::TypeName { attribute: #attribute, name: #name })
    }));
    let schema = option(model.schema.as_ref().map(|Schema { attribute, version, upcasts, .. }| {
        let upcasts = upcasts.iter().map(|function| {
            let function = named(function.to_token_stream(), &model.ident);
            quote_spanned!(place(&function)=> |item| ::dynamorm::private::upcast(#function, item))
        });
        quote! {
            ::dynamorm::private::Schema { attribute: #attribute, version: #version, upcasts: &[#(#upcasts),*] }
        }
    }));
    let names = kept_names(model);
    Some(quote! {
        ::dynamorm::private::Option::Some(&::dynamorm::private::Kept {
            model: #name,
            type_name: #type_name,
            schema: #schema,
            names: &[#(#names),*],
        })
    })
}

/// The tokens with the model's name for `Self`, which a static cannot use.
fn named(tokens: TokenStream, model: &Ident) -> TokenStream {
    let one = |token| match token {
        TokenTree::Ident(word) if word == "Self" => {
            let mut name = model.clone();
            name.set_span(word.span());
            TokenTree::Ident(name)
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), named(group.stream(), model));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => other,
    };
    tokens.into_iter().map(one).collect()
}

/// The attributes of the type and the schema.
fn kept_names(model: &Model) -> impl Iterator<Item = &str> {
    let tag = model.tag.as_ref().map(|tag| tag.attribute.as_str());
    tag.into_iter().chain(model.schema.as_ref().map(|schema| schema.attribute.as_str()))
}

/// Fails to compile if a flattened struct writes a key of its own beside that of the model.
fn one_key(model: &Model) -> TokenStream {
    let key_at = match model.key {
        PrimaryKey::Flattened(at) => Some(at),
        PrimaryKey::Own { .. } => None,
    };
    let others =
        model.fields.iter().enumerate().filter(|(at, field)| field.is_flattened() && Some(*at) != key_at);
    let checks = others.map(|(_, Field { ident, ty, .. })| {
        let text = format!(
            "`{ident}` is a model with a key of its own, and this model has another: derive `Document` for what both share"
        );
        quote_spanned! { place(ty)=>
            const _: () = {
                #[allow(unused_imports)]
                use ::dynamorm::private::NoModel as _;
                ::core::assert!(!::dynamorm::private::Probe::<#ty>::IS_MODEL, #text)
            };
        }
    });
    checks.collect()
}

/// Fails to compile if the shards grow by sort keys of another type than the table's, or if a local index would be over several shards: of the
/// flattened struct's key only the compiler knows.
fn shard_checks(model: &Model) -> Option<TokenStream> {
    let grows = model.shards.as_ref().is_some_and(|shards| shards.counts.len() > 1);
    if let (true, PrimaryKey::Own { sort: Some(sort), .. }) = (grows, &model.key) {
        let field =
            sort.fields.first().and_then(|at| model.fields.get(*at)).filter(|_| sort.template.is_empty());
        let span = field.map_or(sort.span, |field| place(&field.ty));
        let (kind, text) = match model.shards.as_ref().is_some_and(|shards| shards.by_number) {
            true => (
                quote!(N),
                "this sort key is no number: write where the shards grow in quotes, as it is stored: `shards_from(\"…\", 64)`",
            ),
            false => (
                quote!(S),
                "this sort key is no text: write where the shards grow as a whole number: `shards_from(1000, 64)`",
            ),
        };
        return Some(quote_spanned! { span=>
            const _: () = ::core::assert!(
                ::core::matches!(PRIMARY_SORT.kind, ::dynamorm::private::ScalarType::#kind),
                #text
            );
        });
    }
    let local = model.indexes.iter().find(|index| index.partition.is_none())?;
    let Field { ty, .. } = key_source(model)?;
    let text = format!(
        "`{}` is a local index, whose order is lost over several shards: write a global index",
        local.name
    );
    Some(quote_spanned! { place(ty)=>
        const _: () = ::core::assert!(<#ty as ::dynamorm::private::Model>::SHAPE.shards.is_none(), #text);
    })
}

/// The attributes that the templates of the model's keys make, each once.
fn made_by_templates(model: &Model) -> Vec<&str> {
    let own = match &model.key {
        PrimaryKey::Own { partition, sort } => [Some(partition), sort.as_ref()],
        PrimaryKey::Flattened(_) => [None, None],
    };
    let of_indexes = model.indexes.iter().flat_map(Index::keys).map(Some);
    let mut seen = HashSet::new();
    own.into_iter()
        .chain(of_indexes)
        .flatten()
        .filter(|key| !key.template.is_empty())
        .map(|key| key.attribute.as_str())
        .filter(|attribute| seen.insert(*attribute))
        .collect()
}
