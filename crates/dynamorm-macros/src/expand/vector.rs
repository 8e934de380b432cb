//! `derive(Model)`: vector indexes, their constants and their part of the model's shape.

use super::key::key_source;
use super::place;
use crate::ast::{Field, Model, Projection, VectorIndex, type_argument, type_word};
use crate::attr::Distance;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

/// `Doc::BY_EMBEDDING_INDEX`
pub(super) fn constants(model: &Model) -> TokenStream {
    model.vectors.iter().enumerate().filter_map(|(at, index)| constant(model, index, at)).collect()
}

fn constant(model: &Model, index: &VectorIndex, at: usize) -> Option<TokenStream> {
    let (vis, ident, constant) = (&model.vis, &model.ident, &index.constant);
    let vector = model.fields.get(index.vector)?;
    let ty = vector_type(&vector.ty);
    let partition = match index.partition {
        None => quote!(::dynamorm::private::NoPartition),
        Some(at) if model.is_tenant(at) => quote!(::dynamorm::private::OfTenant),
        Some(at) => {
            let ty = &model.fields.get(at)?.ty;
            quote!(#ty)
        }
    };
    let doc = format!(
        " The vector index `{}` on the attribute `{}`{}.",
        index.name,
        vector.name,
        described(model, index)
    );
    Some(quote! {
        #[doc = #doc]
        #vis const #constant: ::dynamorm::private::VectorIndex<#ident, #ty, #partition> =
            ::dynamorm::private::VectorIndex::new(&<#ident as ::dynamorm::private::Model>::SHAPE.vectors[#at]);
    })
}

/// ``, in partitions by `tenant`, filtered by `lang` and `category` ``
fn described(model: &Model, index: &VectorIndex) -> String {
    let name =
        |at: &usize| model.fields.get(*at).map(|field| format!("`{}`", field.name)).unwrap_or_default();
    let partition =
        index.partition.iter().map(|at| format!(", in partitions by {}", name(at))).collect::<String>();
    let filters = index.filters.iter().map(name).collect::<Vec<_>>().join(" and ");
    if filters.is_empty() { partition } else { format!("{partition}, filtered by {filters}") }
}

/// `Vector<768>` of `Option<Vector<768>>`
fn vector_type(ty: &Type) -> &Type {
    type_argument(ty).filter(|_| type_word(ty).as_deref() == Some("Option")).unwrap_or(ty)
}

/// A constant for the numbers of each index's vector, to which the shape refers; fails to compile at the vector's type if no index can
/// have so many.
pub(super) fn dimensions(model: &Model) -> TokenStream {
    let checks = model.vectors.iter().filter_map(|index| {
        let Field { ident, ty, .. } = model.fields.get(index.vector)?;
        let dimensions = dimensions_of(index);
        let text = format!("`{ident}` is in a vector index, which has vectors of 1 to 4096 numbers");
        Some(quote_spanned! { place(ty)=>
            const #dimensions: usize = <#ty as ::dynamorm::private::VectorAttribute>::DIMENSIONS;
            const _: () = ::core::assert!(::dynamorm::private::are_dimensions(#dimensions), #text);
        })
    });
    checks.collect()
}

fn dimensions_of(index: &VectorIndex) -> Ident {
    format_ident!("{}_DIMENSIONS", index.constant, span = Span::call_site())
}

/// The member `vectors` of the model's shape, if it has any.
pub(super) fn shapes(model: &Model) -> Option<TokenStream> {
    if let Some(Field { ty, .. }) = key_source(model) {
        return Some(
            quote_spanned!(place(ty)=> vectors: <#ty as ::dynamorm::private::Model>::SHAPE.vectors,),
        );
    }
    let shapes = model.vectors.iter().filter_map(|index| shape(model, index)).collect::<Vec<_>>();
    if shapes.is_empty() { None } else { Some(quote!(vectors: &[#(#shapes),*],)) }
}

fn shape(model: &Model, index: &VectorIndex) -> Option<TokenStream> {
    let Field { name: attribute, .. } = model.fields.get(index.vector)?;
    let name = &index.name;
    let dimensions = dimensions_of(index);
    let distance = match index.distance {
        Distance::Cosine => quote!(Cosine),
        Distance::Euclidean => quote!(Euclidean),
        Distance::DotProduct => quote!(DotProduct),
    };
    let key = |at: usize| {
        let Field { name, ty, .. } = model.fields.get(at)?;
        let kind = quote_spanned!(place(ty)=> <#ty as ::dynamorm::private::SearchKey>::TYPE);
        Some(quote! {
            ::dynamorm::private::KeyShape { attribute: #name, kind: #kind, template: &[], raw: false }
        })
    };
    let partition = match index.partition.and_then(key) {
        Some(partition) => quote!(::dynamorm::private::Option::Some(#partition)),
        None => quote!(::dynamorm::private::Option::None),
    };
    let filters = index.filters.iter().copied().filter_map(key);
    let projection = match &index.projection {
        Projection::All => quote!(All),
        Projection::KeysOnly => quote!(KeysOnly { read_as: ::dynamorm::private::Option::None }),
        Projection::Include(fields) => {
            let names = fields.iter().filter_map(|at| Some(&model.fields.get(*at)?.name));
            quote!(Include { names: &[#(#names),*], read_as: ::dynamorm::private::Option::None })
        }
    };
    Some(quote! {
        ::dynamorm::private::VectorShape {
            name: #name,
            attribute: #attribute,
            dimensions: #dimensions,
            distance: ::dynamorm::private::Distance::#distance,
            partition: #partition,
            filters: &[#(#filters),*],
            projection: ::dynamorm::private::Projection::#projection,
        }
    })
}

/// After a mistake: as many shapes as there are constants, of nothing.
pub(crate) fn placeholders(model: &Model) -> Option<TokenStream> {
    let nothing = model.vectors.iter().map(|_| {
        quote! {
            ::dynamorm::private::VectorShape {
                name: "",
                attribute: "",
                dimensions: 1,
                distance: ::dynamorm::private::Distance::Cosine,
                partition: ::dynamorm::private::Option::None,
                filters: &[],
                projection: ::dynamorm::private::Projection::All,
            }
        }
    });
    let nothing = nothing.collect::<Vec<_>>();
    if nothing.is_empty() { None } else { Some(quote!(vectors: &[#(#nothing),*],)) }
}
