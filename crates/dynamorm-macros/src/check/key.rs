//! Keys: which fields make the table's key and the indexes, in either of the two forms.

use super::field::Read;
use super::unique::check_resource_name;
use crate::ast::{Field, Index, Key, PrimaryKey, Projection, Segment, Storage, type_word};
use crate::attr::{
    FieldKey, IndexWord, IndexWords, KeyPart, KeySource, KeyWords, Managed, ProjectionWords, StructAttrs,
};
use crate::errors::Errors;
use crate::name;
use crate::template::{self, Piece};
use proc_macro2::{Ident, Span};
use syn::LitStr;

/// The keys of a model.
pub(crate) struct Keys {
    pub(crate) primary: PrimaryKey,
    pub(crate) indexes: Vec<Index>,
}

/// Both forms as one: what stands above the struct, or what was collected from the fields.
struct Written {
    key: KeyWords,
    indexes: Vec<IndexWords>,
}

/// Finds the keys, and marks the fields they are made of. `complain` is false if there were no fields to look at.
pub(crate) fn resolve(
    attrs: &StructAttrs,
    read: &mut [Read],
    owner: &Ident,
    complain: bool,
    errors: &mut Errors,
) -> Keys {
    let mut unheard = Errors::default();
    let errors = if complain { errors } else { &mut unheard };
    let written = written(attrs, read, errors);
    let mut resolver = Resolver { read, raw: attrs.raw, errors };
    let primary = resolver.primary(&written.key, owner);
    let indexes = written.indexes.iter().map(|index| resolver.index(index, &primary)).collect::<Vec<_>>();
    for (at, index) in written.indexes.iter().enumerate() {
        check_resource_name(&index.name, "index", errors);
        if written.indexes.iter().take(at).any(|earlier| earlier.name.value() == index.name.value()) {
            errors.at(
                index.name.span(),
                format!("there is an index `{}` already: rename one", index.name.value()),
            );
        }
    }
    mark(&primary, &indexes, read);
    Keys { primary, indexes }
}

fn written(attrs: &StructAttrs, read: &[Read], errors: &mut Errors) -> Written {
    let above = Written { key: attrs.key.clone(), indexes: attrs.indexes.clone() };
    let above_any = attrs.key.pk.is_some() || attrs.key.sk.is_some() || !attrs.indexes.is_empty();
    let on_fields = read.iter().flat_map(|(field, attrs)| attrs.keys.iter().map(move |key| (field, key)));
    match on_fields.clone().next() {
        Some((field, key)) if above_any => {
            let word = match (&key.index, key.part) {
                (Some(_), _) => format!("index = \"…\", pk = {}", field.ident),
                (None, KeyPart::Partition) => format!("pk = {}", field.ident),
                (None, KeyPart::Sort) => format!("sk = {}", field.ident),
            };
            errors.at(
                key.span,
                format!(
                    "this model has keys above the struct, so all of them stand there: \
                     write `#[dynamorm({word})]` above it"
                ),
            );
            above
        }
        Some(_) => from_fields(on_fields, errors),
        None => above,
    }
}

fn from_fields<'a>(keys: impl Iterator<Item = (&'a Field, &'a FieldKey)>, errors: &mut Errors) -> Written {
    let mut written = Written { key: KeyWords::default(), indexes: Vec::new() };
    for (field, key) in keys {
        let words = match &key.index {
            None => &mut written.key,
            Some((word, name)) => {
                let local = *word == IndexWord::Local;
                let known = written.indexes.iter().position(|index| index.name.value() == name.value());
                let at = known.unwrap_or(written.indexes.len());
                if known.is_none() {
                    written.indexes.push(IndexWords {
                        name: name.clone(),
                        local,
                        key: KeyWords::default(),
                        projection: None,
                        projection_type: None,
                    });
                }
                let Some(index) = written.indexes.get_mut(at) else { continue };
                if index.local != local {
                    errors.at(key.span, format!("`{}` is both `gsi` and `lsi`: write one", name.value()));
                    continue;
                }
                &mut index.key
            }
        };
        let (slot, word) = match key.part {
            KeyPart::Partition => (&mut words.pk, "pk"),
            KeyPart::Sort => (&mut words.sk, "sk"),
        };
        match slot {
            Some(KeySource::Field(first)) if key.index.is_some() => {
                let text = format!(
                    "`{word}` is the field `{first}` already: remove one of them; a key of several fields stands above the \
                     struct, `#[dynamorm(index = \"…\", {word} = ({first}, {}))]`",
                    field.ident
                );
                errors.at(key.span, text);
            }
            Some(KeySource::Field(first)) => {
                errors.at(key.span, format!("`{word}` is the field `{first}` already: remove one of them"));
            }
            _ => {
                let mut ident = field.ident.clone();
                ident.set_span(key.span);
                *slot = Some(KeySource::Field(ident));
            }
        }
    }
    written
}

/// Attributes that a partition key or a sort key of an index may have.
const MOST_KEYS: usize = 4;

/// In whose key a field is to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Table,
    Index,
}

struct Resolver<'a> {
    read: &'a [Read],
    raw: bool,
    errors: &'a mut Errors,
}

impl Resolver<'_> {
    fn primary(&mut self, words: &KeyWords, owner: &Ident) -> PrimaryKey {
        let sort = words
            .sk
            .as_ref()
            .map(|source| self.key(source, words.sk_attribute.as_ref(), "sk", "sk", Of::Table));
        if let (None, Some(attribute)) = (&words.sk, &words.sk_attribute) {
            self.errors
                .at(attribute.span(), "`sk_attribute` renames the attribute of `sk`, which is not written");
        }
        let flattened = self.read.iter().position(|(field, _)| field.is_flattened());
        match (&words.pk, flattened) {
            (Some(source), _) => {
                let partition = self.key(source, words.pk_attribute.as_ref(), "pk", "pk", Of::Table);
                PrimaryKey::Own { partition, sort }
            }
            (None, Some(at)) if words.sk.is_none() => PrimaryKey::Flattened(at),
            // The word that was not understood may be the key's.
            (None, _) if self.errors.is_misread() => {
                PrimaryKey::Own { partition: Key::unknown(owner.span()), sort }
            }
            (None, _) => {
                let field = self.read.iter().find(|(field, _)| field.is_stored());
                let field = field.map_or_else(|| "id".to_owned(), |(field, _)| field.ident.to_string());
                self.errors.at(
                    owner.span(),
                    format!(
                        "`{owner}` has no partition key: write `#[dynamorm(pk = {field})]` above it, \
                         a template such as `pk = \"{}#{{{field}}}\"`, or `#[dynamorm(pk)]` above a field",
                        name::Case::ScreamingSnake.apply(&name::plain(owner))
                    ),
                );
                PrimaryKey::Own { partition: Key::unknown(owner.span()), sort }
            }
        }
    }

    fn index(&mut self, index: &IndexWords, primary: &PrimaryKey) -> Index {
        let name = index.name.value();
        let words = &index.key;
        let made = |part: &str| format!("{name}_{part}");
        let pk = words.pk.as_ref();
        let mut partitions = match pk {
            Some(source) => self.keys(source, words.pk_attribute.as_ref(), &made("pk"), "pk"),
            None => Vec::new(),
        };
        let partition = if partitions.is_empty() { None } else { Some(partitions.remove(0)) };
        let sk = words.sk.as_ref();
        let mut sorts = match sk {
            Some(source) => self.keys(source, words.sk_attribute.as_ref(), &made("sk"), "sk"),
            None => Vec::new(),
        };
        let sort = if sorts.is_empty() { None } else { Some(sorts.remove(0)) };
        if index.local && !sorts.is_empty() {
            let text = "a local index sorts by one attribute: write one field, or a global index";
            self.errors.at(index.name.span(), text);
            sorts.clear();
        }
        for (source, attribute, word) in [(pk, &words.pk_attribute, "pk"), (sk, &words.sk_attribute, "sk")] {
            if let (None, Some(attribute)) = (source, attribute) {
                let text =
                    format!("`{word}_attribute` renames the attribute of `{word}`, which is not written");
                self.errors.at(attribute.span(), text);
            }
        }
        let span = index.name.span();
        let partition = match (index.local, partition) {
            (false, None) => {
                let text = format!("the index `{name}` has no partition key: write `pk` for it as well");
                self.errors.at(span, text);
                Some(Key::unknown(span))
            }
            (true, Some(partition)) => {
                let text =
                    "a local index has the table's partition key: remove `pk`, or write a global index";
                self.errors.at(partition.span, text);
                partitions.clear();
                None
            }
            (_, partition) => partition,
        };
        if index.local && sort.is_none() {
            self.errors.at(span, format!("the local index `{name}` has no sort key: write `sk` for it"));
        }
        if index.local && matches!(primary, PrimaryKey::Own { sort: None, .. }) {
            let text =
                "a local index needs a table with a sort key: write `sk` for the table, or a global index";
            self.errors.at(span, text);
        }
        let constant = Ident::new(&name::index_constant(&name), span);
        let projection = self.projection(index.projection.as_ref());
        let projection_type = index.projection_type.clone();
        let (further_partition, further_sort) = (partitions, sorts);
        Index {
            name,
            constant,
            partition,
            further_partition,
            sort,
            further_sort,
            projection,
            projection_type,
        }
    }

    fn projection(&mut self, words: Option<&ProjectionWords>) -> Projection {
        match words {
            None => Projection::All,
            Some(ProjectionWords::KeysOnly) => Projection::KeysOnly,
            Some(ProjectionWords::Include(fields)) => {
                let fields = fields.iter().filter_map(|ident| {
                    let Some(at) = self.position(&name::plain(ident)) else {
                        return self.missing(ident);
                    };
                    let (field, _) = self.read.get(at)?;
                    if !field.is_stored() {
                        let text = format!("`{ident}` is no attribute of its own: name another field");
                        self.errors.at(ident.span(), text);
                        return None;
                    }
                    Some(at)
                });
                Projection::Include(fields.collect())
            }
        }
    }

    /// The key attributes of an index that one word makes: one, or those of a tuple.
    fn keys(&mut self, source: &KeySource, attribute: Option<&LitStr>, made: &str, word: &str) -> Vec<Key> {
        let KeySource::Fields(span, fields) = source else {
            return vec![self.key(source, attribute, made, word, Of::Index)];
        };
        if !(1..=MOST_KEYS).contains(&fields.len()) {
            let text = format!(
                "the `{word}` of an index has 1 to {MOST_KEYS} fields, and this has {}: remove some",
                fields.len()
            );
            self.errors.at(*span, text);
        }
        for (at, field) in fields.iter().enumerate() {
            if fields.iter().take(at).any(|earlier| earlier == field) {
                self.errors.at(field.span(), format!("`{field}` is in this key already: remove one of them"));
            }
        }
        if let Some(attribute) = attribute {
            let text = format!(
                "`{word}` is made of fields, whose attributes are the key: rename them there, with `rename`"
            );
            self.errors.at(attribute.span(), text);
        }
        let one = |ident: &Ident| self.key(&KeySource::Field(ident.clone()), None, made, word, Of::Index);
        fields.iter().map(one).collect()
    }

    /// One key attribute. What is wrong with it is left out.
    fn key(&mut self, source: &KeySource, attribute: Option<&LitStr>, made: &str, word: &str, of: Of) -> Key {
        match source {
            KeySource::Field(ident) => {
                if let Some(attribute) = attribute {
                    self.errors.at(
                        attribute.span(),
                        format!(
                            "`{word} = {ident}` is the field's own attribute: rename it there, with `rename`"
                        ),
                    );
                }
                let known = self.field(ident, false, of).and_then(|at| Some((at, self.read.get(at)?)));
                match known {
                    Some((at, (field, _))) => Key {
                        span: ident.span(),
                        attribute: field.name.clone(),
                        template: Vec::new(),
                        fields: vec![at],
                        raw: false,
                    },
                    None => Key::unknown(ident.span()),
                }
            }
            KeySource::Unclear(error) => {
                self.errors.add(error.clone());
                Key::unknown(error.span())
            }
            KeySource::Fields(span, fields) => {
                let names = fields.iter().map(|field| format!("{{{field}}}")).collect::<Vec<_>>().join("#");
                let text = format!(
                    "the table's `{word}` is one attribute: make it of a template, `{word} = \"{names}\"`; only an index has \
                     several"
                );
                self.errors.at(*span, text);
                Key::unknown(*span)
            }
            KeySource::Template(template) => {
                self.suspect_constant(template, word);
                let mut segments = Vec::new();
                for piece in template::parse(template, self.raw, self.errors) {
                    match piece {
                        Piece::Literal(text) => segments.push(Segment::Literal(text)),
                        Piece::Field(ident) => {
                            segments.extend(self.field(&ident, true, of).map(Segment::Field));
                        }
                    }
                }
                if let Some(attribute) = attribute
                    && !(1..=255).contains(&attribute.value().len())
                {
                    self.errors.at(attribute.span(), "an attribute's name has 1 to 255 bytes: write another");
                }
                let fields = segments.iter().filter_map(|segment| match segment {
                    Segment::Field(at) => Some(*at),
                    Segment::Literal(_) => None,
                });
                Key {
                    span: template.span(),
                    attribute: attribute.map_or_else(|| made.to_owned(), LitStr::value),
                    fields: fields.collect(),
                    template: segments,
                    raw: self.raw,
                }
            }
        }
    }

    /// `pk = "id"` is legal and surely not meant: the same key for every item.
    fn suspect_constant(&mut self, template: &LitStr, word: &str) {
        let value = template.value();
        if self.read.iter().any(|(field, _)| name::plain(&field.ident) == value) {
            self.errors.at(
                template.span(),
                format!(
                    "\"{value}\" is the same for every item: write `{word} = {value}` for the field, \
                     or `{word} = \"{{{value}}}\"` for a template"
                ),
            );
        }
    }

    /// The position of the field of this name.
    fn position(&self, name: &str) -> Option<usize> {
        self.read.iter().position(|(field, _)| name::plain(&field.ident) == name)
    }

    /// Says that there is no such field, and gives the position of the one that was meant.
    fn missing(&mut self, ident: &Ident) -> Option<usize> {
        let wanted = name::plain(ident);
        let known = self.read.iter().filter(|(field, _)| field.is_stored());
        let known = known.map(|(field, _)| name::plain(&field.ident)).collect::<Vec<_>>();
        let similar = name::similar(&wanted, known.iter().map(String::as_str));
        let advice = match similar {
            Some(similar) => format!("write `{similar}`"),
            None => format!("write one of `{}`", known.join("`, `")),
        };
        self.errors.at(ident.span(), format!("there is no field `{wanted}`: {advice}"));
        similar.and_then(|name| self.position(name))
    }

    /// The position of a field that may stand in a key.
    fn field(&mut self, ident: &Ident, in_template: bool, of: Of) -> Option<usize> {
        let wanted = name::plain(ident);
        let Some(at) = self.position(&wanted) else {
            // The one that was meant, so that `key(..)` takes the arguments that callers give it.
            return self.missing(ident);
        };
        let (field, _) = self.read.get(at)?;
        if let Some(text) = unfit(field, in_template, of) {
            self.errors.at(ident.span(), text);
            return None;
        }
        let word = type_word(&field.ty).unwrap_or_default();
        if matches!(word.as_str(), "f32" | "f64" | "bool") {
            let text = format!(
                "a `{word}` cannot be in a key: DynamoDB keys are strings, numbers or binary, so use text, an integer or \
                 `Number`"
            );
            self.errors.at(syn::spanned::Spanned::span(&field.ty), text);
            return None;
        }
        if of == Of::Table && word == "Option" {
            let text =
                format!("`{wanted}` is in the table's key and always has a value: remove its `Option`");
            self.errors.at(syn::spanned::Spanned::span(&field.ty), text);
        }
        Some(at)
    }
}

/// Why a field cannot stand in a key.
fn unfit(field: &Field, in_template: bool, of: Of) -> Option<String> {
    let ident = &field.ident;
    match field.storage {
        Storage::Skipped => Some(format!("`{ident}` is not stored: remove its `skip` to make a key of it")),
        Storage::Flattened => Some(format!(
            "`{ident}` is flattened: name a field of this struct, or leave out the key to take its"
        )),
        Storage::Managed(Managed::Ttl(_)) => {
            Some(format!("`{ident}` is a time to live, which cannot be in a key: make a field for the key"))
        }
        Storage::Managed(managed) if in_template => Some(format!(
            "`{ident}` gets its value when the item is written, too late for a template: {}",
            match (of, managed) {
                (Of::Index, _) => format!("write the field alone, without quotes: `{ident}`"),
                (Of::Table, _) => "make a field for the key".to_owned(),
            }
        )),
        Storage::Managed(managed) if of == Of::Table => Some(format!(
            "`{ident}` is kept by the library, so it cannot be in the table's key: remove `{}`",
            managed.word()
        )),
        _ => None,
    }
}

/// The position of the field of this name; if there is none, of the one that was meant, and an error.
pub(super) fn position(read: &[Read], ident: &Ident, errors: &mut Errors) -> Option<usize> {
    let mut resolver = Resolver { read, raw: false, errors };
    resolver.position(&name::plain(ident)).or_else(|| resolver.missing(ident))
}

/// What an index carries.
pub(super) fn projection(read: &[Read], words: Option<&ProjectionWords>, errors: &mut Errors) -> Projection {
    Resolver { read, raw: false, errors }.projection(words)
}

/// Writes into the fields which keys they are in.
fn mark(primary: &PrimaryKey, indexes: &[Index], read: &mut [Read]) {
    let (partition, sort) = match primary {
        PrimaryKey::Own { partition, sort } => (Some(partition), sort.as_ref()),
        PrimaryKey::Flattened(_) => (None, None),
    };
    let own = partition.into_iter().chain(sort);
    let others = indexes.iter().flat_map(Index::keys).collect::<Vec<_>>();
    // From the weakest claim to the strongest: the last one stays.
    for (keys, alone, storage) in [
        (others.clone(), false, Storage::IndexPart),
        (others, true, Storage::IndexKey),
        (own.clone().collect(), false, Storage::PrimaryPart),
        (own.collect(), true, Storage::PrimaryKey),
    ] {
        for at in keys.into_iter().filter(|key| key.template.is_empty() == alone).flat_map(|key| &key.fields)
        {
            if let Some((field, _)) = read.get_mut(*at)
                && !matches!(field.storage, Storage::Managed(_))
            {
                field.storage = storage;
            }
        }
    }
}

impl Key {
    /// A key that was not understood.
    fn unknown(span: Span) -> Self {
        Key {
            span,
            attribute: String::new(),
            template: vec![Segment::Literal(String::new())],
            fields: Vec::new(),
            raw: false,
        }
    }
}
