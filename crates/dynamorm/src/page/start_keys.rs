//! Where a parallel scan goes on: one position for each segment that is under way, in one text.

use super::{Segment, StartKey, fits, mac, malformed, push_item, read_item};
use crate::codec::{CodecError, Reader, Writer};
use crate::key::IndexShape;
use crate::value::Item;
use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::Mac;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Where a parallel scan goes on, in all of its segments: opaque text, as a [`StartKey`] is.
///
/// It parses from text (`FromStr`), prints as text (`Display`), and serialises as a string. Segments that are read to their end
/// are remembered as such, and are not read again.
///
/// ```
/// # use dynamorm::{Db, Model, Result, StartKeys};
/// # #[derive(Debug, PartialEq, Model)]
/// # #[dynamorm(table = "app", pk = "USER#{id}")]
/// # struct User { id: u32 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let db = Db::memory()?;
/// # db.create_table::<User>().execute().await?;
/// # for id in 1..=9 {
/// #     db.put(&User { id }).execute().await?;
/// # }
/// let first = db.scan::<User>().parallel(4).take(5).await?;
/// let saved = first.next.map(|next| next.to_string());
///
/// let next: Option<StartKeys> = saved.map(|text| text.parse()).transpose()?;
/// let rest = db.scan::<User>().parallel(4).start_key(next).take(5).await?;
/// assert_eq!((rest.items.len(), rest.next), (4, None));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StartKeys {
    table: String,
    /// Empty for the table's own key.
    index: String,
    segments: u32,
    /// Segments below this one have begun, the others have not.
    begun: u32,
    /// Where those go on that have begun and not ended.
    at: BTreeMap<u32, Item>,
    signature: Option<Vec<u8>>,
}

/// Longer text is no start key: thousands of segments fit in.
const TEXT_BYTES: usize = 64 * 1024 * 1024;

impl StartKeys {
    pub(crate) fn new(table: &str, index: &IndexShape, segments: u32, begun: u32) -> Self {
        let (table, index) = (table.to_owned(), index.name.to_owned());
        Self { table, index, segments, begun, at: BTreeMap::new(), signature: None }
    }

    /// Adds where a segment goes on.
    pub(crate) fn push(&mut self, segment: u32, start_key: StartKey) {
        self.at.insert(segment, start_key.last);
    }

    pub(crate) fn sign(&mut self, secret: &[u8]) {
        let mac = mac(secret, &self.table, &self.json());
        self.signature = mac.map(|mac| mac.finalize().into_bytes().to_vec());
    }

    /// How many segments have begun, and where those go on that have not ended.
    ///
    /// # Errors
    ///
    /// If it is of another scan.
    pub(crate) fn open(
        &self,
        table: &str,
        primary: &IndexShape,
        index: &IndexShape,
        segments: u32,
        secret: Option<&[u8]>,
    ) -> Result<(u32, BTreeMap<u32, StartKey>)> {
        if let Some(secret) = secret {
            let signature = self.signature.as_deref().unwrap_or_default();
            let mac = mac(secret, table, &self.json());
            let genuine = mac.is_some_and(|mac| mac.verify_slice(signature).is_ok());
            if !genuine {
                return Err(Error::invalid_start_key("the start key's signature does not fit"));
            }
        }
        if self.table != table {
            return Err(Error::invalid_start_key("the start key is of another table than the scan"));
        }
        if self.index != index.name {
            return Err(Error::invalid_start_key("the start key is of another index than the scan"));
        }
        if self.segments != segments {
            return Err(Error::invalid_start_key(format!(
                "the start key is of a scan in {} segments, and this one has {segments}",
                self.segments
            )));
        }
        if !self.at.values().all(|last| fits(last, index, primary)) {
            return Err(Error::invalid_start_key("the start key has other key attributes than the read"));
        }
        let start_keys = self.at.iter().map(|(number, last)| {
            let segment = Some(Segment { number: *number, of: segments });
            let mut start_key = StartKey::of_table(last.clone(), index, table, segment);
            if let Some(secret) = secret {
                start_key.sign(secret, table);
            }
            (*number, start_key)
        });
        Ok((self.begun, start_keys.collect()))
    }

    fn json(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let mut digits = itoa::Buffer::new();
        writer.raw("{\"table\":");
        writer.json_string(&self.table);
        if !self.index.is_empty() {
            writer.raw(",\"index\":");
            writer.json_string(&self.index);
        }
        writer.raw(",\"segments\":");
        writer.raw(digits.format(self.segments));
        writer.raw(",\"begun\":");
        writer.raw(digits.format(self.begun));
        writer.raw(",\"at\":{");
        for (nth, (segment, last)) in self.at.iter().enumerate() {
            writer.raw(if nth == 0 { "\"" } else { ",\"" });
            writer.raw(digits.format(*segment));
            writer.raw("\":");
            push_item(&mut writer, last);
        }
        writer.raw("}}");
        writer.into_bytes()
    }

    fn read(json: &[u8]) -> Result<Self, CodecError> {
        let mut keys = Self {
            table: String::new(),
            index: String::new(),
            segments: 0,
            begun: 0,
            at: BTreeMap::new(),
            signature: None,
        };
        let number = |number: u64| u32::try_from(number).map_err(|_| CodecError::invalid("is too large"));
        let mut reader = Reader::new(json)?;
        reader.object(|reader, name| {
            match name {
                "table" => keys.table = reader.string()?.into_owned(),
                "index" => keys.index = reader.string()?.into_owned(),
                "segments" => keys.segments = number(reader.count()?)?,
                "begun" => keys.begun = number(reader.count()?)?,
                "at" => reader.object(|reader, name| {
                    let segment = name.parse().map_err(|_| CodecError::invalid("is no segment"))?;
                    keys.at.insert(segment, read_item(reader)?);
                    Ok(())
                })?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(keys)
    }
}

impl FromStr for StartKeys {
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
        let keys = Self::read(&json).map_err(|_| malformed())?;
        let sound = keys.begun <= keys.segments && keys.at.keys().all(|segment| *segment < keys.begun);
        if !sound {
            return Err(malformed());
        }
        Ok(Self { signature, ..keys })
    }
}

impl fmt::Display for StartKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE.encode(self.json()))?;
        match &self.signature {
            Some(signature) => write!(f, ".{}", URL_SAFE_NO_PAD.encode(signature)),
            None => Ok(()),
        }
    }
}

/// How far it is, without the values.
impl fmt::Debug for StartKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartKeys")
            .field("index", &self.index)
            .field("segments", &self.segments)
            .field("begun", &self.begun)
            .field("under_way", &self.at.len())
            .finish_non_exhaustive()
    }
}

impl serde::Serialize for StartKeys {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for StartKeys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
