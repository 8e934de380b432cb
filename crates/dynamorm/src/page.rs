//! Pages, and the start keys that lead from one to the next.
//!
//! A start key is opaque text for URLs: base64url of `{"lastKey":{…},"index":…,"sort":…}`. It says where a read goes on, so
//! it is checked against the read that uses it: a start key of another index, another partition or another direction is
//! refused, not obeyed. One of a scan names its table and its segment, for there is no partition to tell. With a secret it is signed too (`Db::cursor_secret`).

mod start_keys;

pub use start_keys::StartKeys;

use crate::codec::{Attribute, CodecError, Reader, Writer};
use crate::key::{IndexKind, IndexShape, ScalarType};
use crate::model::{Collect, Readable};
use crate::value::{AttributeValue, Item};
use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;

/// One page of a read. A parallel scan's goes on at [`StartKeys`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page<R: Readable, N = StartKey> {
    /// What was read, as a `Vec` or in groups: by a query in the order of the key, by a scan in none.
    pub items: R::Items,
    /// Where the next page starts; `None` if there is none.
    pub next: Option<N>,
    /// How many items DynamoDB looked at before the filter: what it charges for.
    pub scanned_count: u64,
    /// The read units that it consumed, if the answer said: a multiple of one half.
    pub consumed_capacity: Option<f64>,
}

/// Nothing read, and nothing more to read.
impl<R: Readable> Default for Page<R> {
    fn default() -> Self {
        Self { items: Collect::empty(), next: None, scanned_count: 0, consumed_capacity: None }
    }
}

/// Where a read goes on: opaque text, safe in a URL, made by a page and checked by the query that gets it back.
///
/// It parses from text (`FromStr`), prints as text (`Display`), and serialises as a string.
///
/// ```
/// # use dynamorm::{Db, Model, Result, StartKey};
/// # #[derive(Debug, PartialEq, Model)]
/// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
/// # struct Order { customer: String, number: u32 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let db = Db::memory()?;
/// # db.create_table::<Order>().execute().await?;
/// # for number in 1..=3 {
/// #     db.put(&Order { customer: "u1".into(), number }).execute().await?;
/// # }
/// let orders = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(2);
/// let page = orders().page().await?;
/// let url = page.next.map(|next| format!("/orders?from={next}"));
///
/// // What comes back from a client is checked twice: its form here, and by the query whether it is one of its own.
/// let from = url.as_deref().and_then(|url| url.split_once("from=")).map(|(_, from)| from.parse::<StartKey>());
/// let page = orders().start_key(from.transpose()?).page().await?;
/// assert_eq!(page.items[0].number, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StartKey {
    /// The key attributes of the last item read.
    last: Item,
    /// Empty for the table's own key.
    index: String,
    descending: bool,
    /// Of a scan: its table and segment, since no partition binds it.
    scan: Option<Scanned>,
    signature: Option<Vec<u8>>,
}

/// Which scan a start key is of.
#[derive(Clone, PartialEq, Eq)]
struct Scanned {
    table: String,
    segment: Option<Segment>,
}

/// A part of a table, told by DynamoDB: which of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) of: u32,
}

/// Where the read that uses a start key finds its items.
pub(crate) enum Place {
    /// In the partition of this value, as JSON.
    Partition { values: Vec<Vec<u8>>, descending: bool },
    /// Anywhere in the table or the index.
    Table { segment: Option<Segment> },
}

/// The longest text that can be a start key: two keys of each sort and the names around them.
const TEXT_BYTES: usize = 16 * 1024;

impl StartKey {
    /// From DynamoDB's `LastEvaluatedKey` of a query.
    pub(crate) fn of_partition(last: Item, index: &IndexShape, descending: bool) -> Self {
        Self { last, index: index.name.to_owned(), descending, scan: None, signature: None }
    }

    /// From DynamoDB's `LastEvaluatedKey` of a scan.
    pub(crate) fn of_table(last: Item, index: &IndexShape, table: &str, segment: Option<Segment>) -> Self {
        let scan = Some(Scanned { table: table.to_owned(), segment });
        Self { last, index: index.name.to_owned(), descending: false, scan, signature: None }
    }

    /// One of the key attributes that it stands at.
    pub(crate) fn value(&self, attribute: &str) -> Option<&AttributeValue> {
        self.last.get(attribute)
    }

    /// True if both stand at the same item of the same read; one may be signed and the other not.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        self.last == other.last
            && self.index == other.index
            && self.descending == other.descending
            && self.scan == other.scan
    }

    /// Signs it, for a table: whoever knows the secret can tell that it was made here.
    pub(crate) fn sign(&mut self, secret: &[u8], table: &str) {
        let mac = mac(secret, table, &self.json());
        self.signature = mac.map(|mac| mac.finalize().into_bytes().to_vec());
    }

    /// Checks that it is a start key of this read.
    pub(crate) fn check(
        &self,
        table: &str,
        primary: &IndexShape,
        index: &IndexShape,
        place: &Place,
        secret: Option<&[u8]>,
    ) -> Result<()> {
        if let Some(secret) = secret {
            let signature = self.signature.as_deref().unwrap_or_default();
            let mac = mac(secret, table, &self.json());
            let genuine = mac.is_some_and(|mac| mac.verify_slice(signature).is_ok());
            if !genuine {
                return Err(Error::invalid_start_key("the start key's signature does not fit"));
            }
        }
        let problem = match (place, &self.scan) {
            (Place::Partition { .. }, Some(_)) => Some("the start key is of a scan, and this is a query"),
            (Place::Table { .. }, None) => Some("the start key is of a query, and this is a scan"),
            (Place::Table { .. }, Some(scan)) if scan.table != table => {
                Some("the start key is of another table than the scan")
            }
            (Place::Table { segment }, Some(scan)) if scan.segment != *segment => {
                Some("the start key is of another segment than the scan")
            }
            (Place::Partition { .. }, None) if self.index != index.name => {
                Some("the start key is of another index than the query")
            }
            (Place::Table { .. }, Some(_)) if self.index != index.name => {
                Some("the start key is of another index than the scan")
            }
            (Place::Partition { descending, .. }, None) if self.descending != *descending => {
                Some("the start key is of a query in the other direction")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Error::invalid_start_key(problem));
        }
        if !fits(&self.last, index, primary) {
            return Err(Error::invalid_start_key("the start key has other key attributes than the read"));
        }
        let Place::Partition { values, .. } = place else { return Ok(()) };
        for (key, json) in index.partition.iter().zip(values) {
            let of_query = AttributeValue::decode(&mut Reader::new(json)?)?;
            if self.last.get(key.attribute) != Some(&of_query) {
                return Err(Error::invalid_start_key("the start key is of another partition than the query"));
            }
        }
        // A local index lies in the table's partition, so one check does for both.
        debug_assert!(
            index.kind != IndexKind::Local
                || index.partition_key().attribute == primary.partition_key().attribute
        );
        Ok(())
    }

    /// The key attributes as DynamoDB takes them, for `ExclusiveStartKey`.
    pub(crate) fn last_key(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        push_item(&mut writer, &self.last);
        writer.into_bytes()
    }

    /// `Item` is sorted by name, so equal start keys have equal text.
    fn json(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw("{\"lastKey\":");
        writer.raw_bytes(&self.last_key());
        if !self.index.is_empty() {
            writer.raw(",\"index\":");
            writer.json_string(&self.index);
        }
        if self.descending {
            writer.raw(",\"sort\":\"DESC\"");
        }
        if let Some(scan) = &self.scan {
            writer.raw(",\"scan\":{\"table\":");
            writer.json_string(&scan.table);
            if let Some(segment) = scan.segment {
                writer.raw(",\"segment\":");
                writer.raw(itoa::Buffer::new().format(segment.number));
                writer.raw(",\"of\":");
                writer.raw(itoa::Buffer::new().format(segment.of));
            }
            writer.raw("}");
        }
        writer.raw("}");
        writer.into_bytes()
    }
}

impl Scanned {
    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let (mut table, mut number, mut of) = (String::new(), None, None);
        reader.object(|reader, name| {
            match name {
                "table" => table = reader.string()?.into_owned(),
                "segment" => number = u32::try_from(reader.count()?).ok(),
                "of" => of = u32::try_from(reader.count()?).ok(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let segment = number.zip(of).map(|(number, of)| Segment { number, of });
        Ok(Self { table, segment })
    }
}

/// What the text of a start key is signed with, for one table.
fn mac(secret: &[u8], table: &str, json: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(table.as_bytes());
    mac.update(b"\n");
    mac.update(json);
    Some(mac)
}

/// True if these are the key attributes of the index and of the table, and no others.
fn fits(last: &Item, index: &IndexShape, primary: &IndexShape) -> bool {
    let mut expected: Vec<(&str, ScalarType)> = Vec::new();
    for key in index.keys().chain(primary.keys()) {
        if !expected.iter().any(|(name, _)| *name == key.attribute) {
            expected.push((key.attribute, key.kind));
        }
    }
    expected.len() == last.len()
        && expected.iter().all(|(name, kind)| {
            matches!(
                (last.get(*name), kind),
                (Some(AttributeValue::S(_)), ScalarType::S)
                    | (Some(AttributeValue::N(_)), ScalarType::N)
                    | (Some(AttributeValue::B(_)), ScalarType::B)
            )
        })
}

fn push_item(writer: &mut Writer, item: &Item) {
    // Scalars always encode.
    let _ = writer.item(|writer| item.iter().try_for_each(|(name, value)| writer.attribute(name, value)));
}

fn read_item(reader: &mut Reader<'_>) -> Result<Item, CodecError> {
    let mut item = Item::new();
    reader.object(|reader, name| {
        item.insert(name.to_owned(), AttributeValue::decode(reader)?);
        Ok(())
    })?;
    Ok(item)
}

/// Text that is not a start key: what is wrong with it stays unsaid, since it comes from clients.
fn malformed() -> Error {
    Error::invalid_start_key("the start key is malformed")
}

impl FromStr for StartKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() > TEXT_BYTES {
            return Err(malformed());
        }
        let (json, signature) = match text.split_once('.') {
            Some((json, signature)) => {
                (json, Some(URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?))
            }
            None => (text, None),
        };
        let json =
            URL_SAFE.decode(json).or_else(|_| URL_SAFE_NO_PAD.decode(json)).map_err(|_| malformed())?;
        let (mut last, mut index, mut descending, mut scan) = (Item::new(), String::new(), false, None);
        let mut read = |reader: &mut Reader<'_>| {
            reader.object(|reader, name| {
                match name {
                    "lastKey" => last = read_item(reader)?,
                    "index" => index = reader.string()?.into_owned(),
                    "scan" => scan = Some(Scanned::read(reader)?),
                    "sort" => descending = reader.string()?.eq_ignore_ascii_case("desc"),
                    _ => reader.skip()?,
                }
                Ok(())
            })?;
            reader.end()
        };
        Reader::new(&json).and_then(|mut reader| read(&mut reader)).map_err(|_| malformed())?;
        let scalar = |value: &AttributeValue| {
            matches!(value, AttributeValue::S(_) | AttributeValue::N(_) | AttributeValue::B(_))
        };
        if last.is_empty() || !last.values().all(scalar) {
            return Err(malformed());
        }
        Ok(Self { last, index, descending, scan, signature })
    }
}

impl fmt::Display for StartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE.encode(self.json()))?;
        match &self.signature {
            Some(signature) => write!(f, ".{}", URL_SAFE_NO_PAD.encode(signature)),
            None => Ok(()),
        }
    }
}

/// The names of its attributes, without the values.
impl fmt::Debug for StartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartKey")
            .field("index", &self.index)
            .field("attributes", &self.last.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl serde::Serialize for StartKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for StartKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = StartKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a start key")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<StartKey, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::*;

    /// What a query by the local index says to a start key of this JSON.
    fn by_total(last_key: &str) -> Result<crate::transport::Request> {
        let json = format!(r#"{{"lastKey":{last_key},"index":"by-total"}}"#);
        let from: StartKey = URL_SAFE_NO_PAD.encode(json).parse()?;
        db().query::<Order>().key(Order::BY_TOTAL_INDEX.partition("u1")).start_key(from).to_request()
    }

    #[test]
    fn a_start_key_has_the_attributes_of_the_index_and_the_table_and_no_others() {
        assert!(by_total(r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"total":{"N":"7.0"}}"#).is_ok());
        for wrong in [
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}}"#,
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"total":{"S":"7"}}"#,
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"total":{"N":"7"},"more":{"N":"7"}}"#,
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"total":{"N":"7"},"pk":{"S":"USER#u2"}}"#,
            r#"{"pk":{"S":"USER#u2"},"sk":{"S":"ORDER#00007"},"total":{"N":"7"}}"#,
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"total":{"L":[]}}"#,
            r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"},"total":{"N":"x"}}"#,
            "{}",
            "[]",
        ] {
            assert!(by_total(wrong).unwrap_err().is_invalid_start_key(), "{wrong}");
        }
    }

    #[test]
    fn a_signature_holds_for_one_table_and_one_text() {
        let index = &<Note as crate::Model>::SHAPE.primary;
        let last = [
            ("id".to_owned(), AttributeValue::S("n1".into())),
            ("at".to_owned(), AttributeValue::N(7_u64.into())),
        ];
        let mut signed = StartKey::of_partition(last.into_iter().collect(), index, false);
        signed.sign(b"secret", "notes");
        let place = Place::Partition { values: vec![br#"{"S":"n1"}"#.to_vec()], descending: false };
        let check =
            |key: &StartKey, table: &str, secret: &[u8]| key.check(table, index, index, &place, Some(secret));
        let read: StartKey = signed.to_string().parse().unwrap();
        assert!(check(&read, "notes", b"secret").is_ok());
        assert!(check(&read, "other", b"secret").is_err());
        assert!(check(&read, "notes", b"another").is_err());
        let (json, signature) =
            signed.to_string().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let unsigned: StartKey = json.parse().unwrap();
        assert!(check(&unsigned, "notes", b"secret").is_err());
        let later = StartKey::of_partition(
            [
                ("id".to_owned(), AttributeValue::S("n1".into())),
                ("at".to_owned(), AttributeValue::N(8_u64.into())),
            ]
            .into_iter()
            .collect(),
            index,
            false,
        );
        let forged: StartKey = format!("{later}.{signature}").parse().unwrap();
        assert!(check(&forged, "notes", b"secret").is_err());
    }

    #[test]
    fn text_that_is_no_start_key_is_refused_without_a_word_of_it() {
        for text in ["", "!", "s3cret", "e30", "eyJsYXN0S2V5Ijpbe119", "e30.!", &"A".repeat(20_000)] {
            let error = text.parse::<StartKey>().unwrap_err();
            assert!(error.is_invalid_start_key());
            assert_eq!(error.to_string(), "the start key is malformed");
        }
    }
}
