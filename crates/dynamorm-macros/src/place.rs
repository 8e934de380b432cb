//! Places where `#[dynamorm(…)]` can stand, the words that each has, and what to say about any other word.

use crate::name;

/// Where an attribute stands, which decides the words it may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Model,
    ModelField,
    Project,
    ProjectField,
    Document,
    DocumentField,
    Newtype,
    NewtypeField,
    Enum,
    Variant,
    VariantField,
    Collection,
    CollectionVariant,
    CollectionField,
}

impl Place {
    const ALL: [Place; 14] = [
        Place::Model,
        Place::ModelField,
        Place::Project,
        Place::ProjectField,
        Place::Document,
        Place::DocumentField,
        Place::Newtype,
        Place::NewtypeField,
        Place::Enum,
        Place::Variant,
        Place::VariantField,
        Place::Collection,
        Place::CollectionVariant,
        Place::CollectionField,
    ];

    /// The words that can stand here.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Place::Model => &[
                "table",
                "pk",
                "sk",
                "index",
                "local_index",
                "vector_index",
                "vector",
                "distance",
                "filters",
                "projection",
                "projection_type",
                "pk_attribute",
                "sk_attribute",
                "keys",
                "rename_all",
                "type",
                "type_attribute",
                "schema",
                "schema_attribute",
                "upcast",
                "shards",
                "shards_from",
            ],
            Place::ModelField => &[
                "pk",
                "sk",
                "gsi",
                "lsi",
                "rename",
                "skip",
                "flatten",
                "version",
                "created_at",
                "updated_at",
                "ttl",
                "tenant",
                "unique",
            ],
            Place::Project | Place::Collection => &["of"],
            Place::ProjectField => &["rename", "skip", "flatten"],
            Place::Document => &["rename_all"],
            Place::Enum => &["rename_all", "tag"],
            Place::DocumentField => {
                &["rename", "skip", "flatten", "version", "created_at", "updated_at", "ttl"]
            }
            Place::Newtype | Place::NewtypeField | Place::CollectionVariant => &[],
            Place::CollectionField => &["other"],
            Place::Variant | Place::VariantField => &["rename"],
        }
    }

    fn title(self) -> &'static str {
        match self {
            Place::Model => "above a model",
            Place::ModelField => "above a field of a model",
            Place::Project => "above a projection",
            Place::ProjectField => "above a field of a projection",
            Place::Document => "above a document",
            Place::DocumentField => "above a field of a document",
            Place::Newtype => "above a newtype",
            Place::NewtypeField => "above a newtype's field",
            Place::Enum => "above an enum",
            Place::Variant => "above a variant",
            Place::VariantField => "above a field of a variant",
            Place::Collection => "above an item collection",
            Place::CollectionVariant => "above a variant of an item collection",
            Place::CollectionField => "above a field of an item collection",
        }
    }

    /// Words of others that mean one of ours.
    fn meant(self, word: &str) -> Option<&'static str> {
        let known = match word {
            "primary_key" | "hash" | "hash_key" | "partition" | "partition_key" | "key" | "id" => "pk",
            "range" | "range_key" | "sort" | "sort_key" => "sk",
            "global_index" | "gsi" | "secondary_index" if self == Place::Model => "index",
            "lsi" | "local" if self == Place::Model => "local_index",
            "index" | "global_index" => "gsi",
            "local_index" => "lsi",
            "table_name" => "table",
            "name" | "attribute" | "column" => "rename",
            "ignore" | "transient" => "skip",
            "embed" | "embedded" | "inline" => "flatten",
            "optimistic_lock" | "lock" => "version",
            "created" => "created_at",
            "updated" | "modified" | "modified_at" => "updated_at",
            "expires" | "expires_at" | "time_to_live" => "ttl",
            "model" | "for" => "of",
            "rest" | "unknown" | "catch_all" => "other",
            "type" | "type_attribute" | "discriminator" | "kind" if self == Place::Enum => "tag",
            "entity" | "discriminator" | "kind" | "tag" => "type",
            "schema_version" | "model_version" => "schema",
            "upcasts" | "migrate" | "migrations" => "upcast",
            "shard" | "sharded" | "buckets" | "write_shards" => "shards",
            _ => return name::similar(word, self.words().iter().copied()),
        };
        self.words().contains(&known).then_some(known)
    }

    /// What to say about a word that cannot stand here.
    pub(crate) fn unknown(self, word: &str) -> String {
        let place = self.title();
        if let Some(meant) = self.meant(word) {
            return format!("unknown word `{word}`: write `{meant}`");
        }
        match Place::ALL.into_iter().find(|other| other.words().contains(&word)) {
            Some(other) => format!("`{word}` does not stand {place}, only {}", other.title()),
            None if self.words().is_empty() => {
                format!("unknown word `{word}`: nothing can be written {place}")
            }
            None => format!("unknown word `{word}`: write one of `{}`", self.words().join("`, `")),
        }
    }
}
