//! What is it: the checked form of a model, a projection or a document, from which `expand` writes code.

use crate::attr::{Distance, Managed};
use crate::name;
use proc_macro2::{Ident, Span, TokenStream};
use quote::format_ident;
use syn::{GenericArgument, Lifetime, Path, PathArguments, Type, Visibility};

/// A model. After a mistake it holds what could be understood.
pub(crate) struct Model {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) table: Option<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) key: PrimaryKey,
    pub(crate) indexes: Vec<Index>,
    pub(crate) vectors: Vec<VectorIndex>,
    pub(crate) tag: Option<Tag>,
    pub(crate) schema: Option<Schema>,
    pub(crate) tenant: Option<Tenant>,
    pub(crate) shards: Option<Shards>,
    pub(crate) unique: Vec<Unique>,
}

/// Over how many partitions the items of one are spread.
pub(crate) struct Shards {
    /// From which sort key on, and how many; the first is from the beginning.
    pub(crate) counts: Vec<(String, u16)>,
    /// The sort keys are written as numbers.
    pub(crate) by_number: bool,
}

/// An attribute whose value no other item has.
pub(crate) struct Unique {
    pub(crate) span: Span,
    /// The position of the field.
    pub(crate) at: usize,
    /// The field within whose value it is unique.
    pub(crate) scope: Option<usize>,
}

/// Whose the items of a model are.
pub(crate) struct Tenant {
    /// The position of the field.
    pub(crate) at: usize,
    /// It leads the table's partition key.
    pub(crate) in_key: bool,
}

/// What an item says of which model it is.
pub(crate) struct Tag {
    pub(crate) span: Span,
    pub(crate) attribute: String,
    pub(crate) name: String,
}

/// Which schema items are written in, and how older ones are read.
pub(crate) struct Schema {
    pub(crate) span: Span,
    pub(crate) attribute: String,
    pub(crate) version: u64,
    /// From each schema to the next, the first one from 1 to 2.
    pub(crate) upcasts: Vec<Path>,
}

/// A projection of the model `of`.
pub(crate) struct Project {
    pub(crate) ident: Ident,
    /// Of one that borrows from the answer.
    pub(crate) lifetime: Option<Lifetime>,
    pub(crate) of: Option<Path>,
    pub(crate) fields: Vec<Field>,
}

/// Items of several models, queried with the keys of the model `of`.
pub(crate) struct Collection {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) of: Option<Path>,
    /// A struct with a field for each group, and not an enum of what one item is.
    pub(crate) has_groups: bool,
    pub(crate) members: Vec<Member>,
}

/// What an item of a collection can be.
pub(crate) struct Member {
    /// The variant, or the field.
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// A field that holds one item, and not any number of them.
    pub(crate) is_option: bool,
    /// `other`: a field that takes any item.
    pub(crate) is_other: bool,
}

/// An attribute type.
pub(crate) struct Document {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) kind: DocumentKind,
}

pub(crate) enum DocumentKind {
    /// A map of attributes.
    Struct(Vec<Field>),
    /// Stored as its only field.
    Newtype(Box<Type>),
    /// Stored as the name of the variant.
    Enum(Vec<Variant>),
    /// Stored as a map, in which the member `tag` holds the name of the variant.
    Union { tag: String, variants: Vec<Variant> },
}

/// A variant of an enum, and the text it is stored as.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) data: VariantData,
}

/// What a variant of a union holds besides its name.
pub(crate) enum VariantData {
    Nothing,
    /// Members of the map.
    Members(Vec<Field>),
    /// A document, whose members are those of the map.
    Document(Box<Type>),
}

impl Variant {
    /// Its members that are fields of its own.
    pub(crate) fn members(&self) -> &[Field] {
        match &self.data {
            VariantData::Members(fields) => fields,
            VariantData::Nothing | VariantData::Document(_) => &[],
        }
    }
}

/// A field of a struct.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The type, with `Self` spelt out.
    pub(crate) ty: Type,
    /// The attribute's name in the table.
    pub(crate) name: String,
    /// `rename` was written here.
    pub(crate) renamed: bool,
    pub(crate) storage: Storage,
}

impl Model {
    /// The field that holds the tenant.
    pub(crate) fn tenant_field(&self) -> Option<&Field> {
        self.fields.get(self.tenant.as_ref()?.at)
    }

    /// Whether the field at this position is unique, and within what.
    pub(crate) fn unique_at(&self, at: usize) -> Option<&Unique> {
        self.unique.iter().find(|unique| unique.at == at)
    }

    /// True if the field at this position holds the tenant: callers leave it out.
    pub(crate) fn is_tenant(&self, at: usize) -> bool {
        self.tenant.as_ref().is_some_and(|tenant| tenant.at == at)
    }
}

impl Field {
    /// An attribute of its own.
    pub(crate) fn is_stored(&self) -> bool {
        !matches!(self.storage, Storage::Skipped | Storage::Flattened)
    }

    pub(crate) fn is_flattened(&self) -> bool {
        matches!(self.storage, Storage::Flattened)
    }
}

/// How a field is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// An attribute like any other.
    Plain,
    /// It is a key attribute of the table.
    PrimaryKey,
    /// An attribute, and part of a template of the table's key.
    PrimaryPart,
    /// It is a key attribute of an index.
    IndexKey,
    /// An attribute, and part of a template of an index's key.
    IndexPart,
    /// Kept by the library.
    Managed(Managed),
    /// Not stored.
    Skipped,
    /// Its own attributes are ours.
    Flattened,
}

/// The table's key.
pub(crate) enum PrimaryKey {
    Own {
        partition: Key,
        sort: Option<Key>,
    },
    /// The key of the flattened field at this position.
    Flattened(usize),
}

/// An index other than the table's key.
pub(crate) struct Index {
    pub(crate) name: String,
    /// The constant of the model: `EMAIL_INDEX`.
    pub(crate) constant: Ident,
    /// `None` for a local index, which shares the table's.
    pub(crate) partition: Option<Key>,
    /// The second to the fourth attribute of a partition key that has several.
    pub(crate) further_partition: Vec<Key>,
    pub(crate) sort: Option<Key>,
    /// The second to the fourth attribute of a sort key that has several.
    pub(crate) further_sort: Vec<Key>,
    pub(crate) projection: Projection,
    /// The name of its struct, if it is not the usual one.
    pub(crate) projection_type: Option<Ident>,
}

/// A vector index. Fields are positions.
pub(crate) struct VectorIndex {
    pub(crate) name: String,
    /// The constant of the model: `BY_EMBEDDING_INDEX`.
    pub(crate) constant: Ident,
    /// The field that holds the vector.
    pub(crate) vector: usize,
    pub(crate) distance: Distance,
    /// The field whose value parts it.
    pub(crate) partition: Option<usize>,
    pub(crate) filters: Vec<usize>,
    pub(crate) projection: Projection,
}

/// What an index carries.
pub(crate) enum Projection {
    All,
    KeysOnly,
    /// Besides the keys, these fields, by position.
    Include(Vec<usize>),
}

impl Model {
    /// The fields whose attributes an index carries, if it does not carry all. What a template of a key is made of is not carried,
    /// unless it is included.
    pub(crate) fn carried(&self, index: &Index) -> impl Iterator<Item = &Field> {
        let (carries_some, included) = match &index.projection {
            Projection::All => (false, &[][..]),
            Projection::KeysOnly => (true, &[][..]),
            Projection::Include(fields) => (true, fields.as_slice()),
        };
        let own = match &self.key {
            PrimaryKey::Own { partition, sort } => [Some(partition), sort.as_ref()],
            PrimaryKey::Flattened(_) => [None, None],
        };
        let keys = own.into_iter().flatten().chain(index.keys()).filter(|key| key.template.is_empty());
        let carried = keys.flat_map(|key| &key.fields).chain(included).copied().collect::<Vec<_>>();
        let fields =
            self.fields.iter().enumerate().filter(move |(at, _)| carries_some && carried.contains(at));
        fields.map(|(_, field)| field).filter(|field| field.is_stored())
    }

    /// The name of the struct that has what an index carries, where that is some attributes of the model.
    pub(crate) fn projection_ident(&self, index: &Index) -> Option<Ident> {
        self.carried(index).next()?;
        if let Some(ident) = &index.projection_type {
            return Some(ident.clone());
        }
        let pascal = name::Case::Pascal.apply(&name::index_words(&index.name));
        Some(format_ident!("{}{pascal}", name::plain(&self.ident), span = index.constant.span()))
    }
}

impl Index {
    /// The attributes of its partition key; those of a local index are the table's.
    pub(crate) fn partition_keys(&self) -> impl Iterator<Item = &Key> {
        self.partition.iter().chain(&self.further_partition)
    }

    /// The attributes of its sort key.
    pub(crate) fn sort_keys(&self) -> impl Iterator<Item = &Key> {
        self.sort.iter().chain(&self.further_sort)
    }

    /// All of them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.partition_keys().chain(self.sort_keys())
    }
}

/// One key attribute.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) span: Span,
    pub(crate) attribute: String,
    /// Empty if a field is the key attribute itself.
    pub(crate) template: Vec<Segment>,
    /// The fields it is made of, by position.
    pub(crate) fields: Vec<usize>,
    pub(crate) raw: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    Field(usize),
}

/// The type with `Self` replaced: generated code also uses it where `Self` is another type.
pub(crate) fn spell_out_self(ty: &Type, ident: &Ident) -> Type {
    fn replace(tokens: TokenStream, ident: &Ident) -> TokenStream {
        tokens
            .into_iter()
            .map(|token| match token {
                proc_macro2::TokenTree::Ident(word) if word == "Self" => {
                    let mut ident = ident.clone();
                    ident.set_span(word.span());
                    ident.into()
                }
                proc_macro2::TokenTree::Group(group) => {
                    let mut replaced =
                        proc_macro2::Group::new(group.delimiter(), replace(group.stream(), ident));
                    replaced.set_span(group.span());
                    replaced.into()
                }
                token => token,
            })
            .collect()
    }
    let tokens = replace(quote::ToTokens::to_token_stream(ty), ident);
    syn::parse2(tokens).unwrap_or_else(|_| ty.clone())
}

/// What stands between the angle brackets: `User` of `Option<User>`, if it is one type.
pub(crate) fn type_argument(ty: &Type) -> Option<&Type> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Group(group) => return type_argument(&group.elem),
        Type::Paren(paren) => return type_argument(&paren.elem),
        _ => return None,
    };
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else { return None };
    match arguments.args.iter().collect::<Vec<_>>().as_slice() {
        [GenericArgument::Type(ty)] => Some(ty),
        _ => None,
    }
}

/// The last word of a type's path: `Option` of `std::option::Option<String>`.
pub(crate) fn type_word(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().map(|s| s.ident.to_string()),
        Type::Group(group) => type_word(&group.elem),
        Type::Paren(paren) => type_word(&paren.elem),
        _ => None,
    }
}
