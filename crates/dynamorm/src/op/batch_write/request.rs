//! The requests of a batch, and the writes that an answer gives back.

use crate::codec::{CodecError, Reader, Writer};
use crate::error::Unprocessed;
use crate::limits;
use crate::op::item_key::{ItemKey, read_item};
use crate::transport::{Operation, Request};
use bytes::Bytes;

/// A write as it is sent, and what tells it among those that come back.
pub(super) struct Ready {
    /// Which write of the batch it is.
    pub(super) operation: usize,
    pub(super) key: ItemKey,
    pub(super) is_delete: bool,
    /// The item to put, or the key to delete.
    pub(super) json: Bytes,
}

impl Ready {
    /// What of its request is not the item or the key.
    const fn around(&self) -> (&'static str, &'static str) {
        if self.is_delete {
            ("{\"DeleteRequest\":{\"Key\":", "}}")
        } else {
            ("{\"PutRequest\":{\"Item\":", "}}")
        }
    }

    pub(super) fn into_unprocessed(self) -> Unprocessed {
        let item = (!self.is_delete).then_some(self.json);
        Unprocessed::write(self.operation, self.key.table, self.key.attributes, item)
    }
}

/// Divides the writes into requests: 25 each, or as many as fit into the size of one.
pub(super) fn chunks(writes: Vec<Ready>) -> Vec<Vec<Ready>> {
    // Room for the table names and what stands around them.
    const AROUND: usize = 64 * 1024;
    let mut chunks: Vec<Vec<Ready>> = Vec::new();
    let mut bytes = 0;
    for write in writes {
        let (before, after) = write.around();
        let length = before.len() + write.json.len() + after.len();
        match chunks.last_mut() {
            Some(chunk)
                if chunk.len() < limits::BATCH_WRITE_ITEMS && bytes + length <= limits::REQUEST_BYTES =>
            {
                bytes += length;
                chunk.push(write);
            }
            _ => {
                bytes = AROUND + length;
                chunks.push(vec![write]);
            }
        }
    }
    chunks
}

pub(super) fn request(chunk: &[Ready]) -> Request {
    let mut tables: Vec<&str> = chunk.iter().map(|write| write.key.table.as_str()).collect();
    tables.sort_unstable();
    tables.dedup();
    let mut writer =
        Writer::with_capacity(chunk.iter().map(|write| write.json.len() + 32).sum::<usize>() + 64);
    writer.raw("{\"RequestItems\":{");
    for (nth, table) in tables.iter().enumerate() {
        writer.raw(if nth == 0 { "" } else { "," });
        writer.json_string(table);
        writer.raw(":[");
        for (nth, write) in chunk.iter().filter(|write| write.key.table == *table).enumerate() {
            let (before, after) = write.around();
            writer.raw(if nth == 0 { "" } else { "," });
            writer.raw(before);
            writer.raw_bytes(&write.json);
            writer.raw(after);
        }
        writer.raw("]");
    }
    writer.raw("}}");
    Request {
        operation: Operation::BatchWriteItem,
        tables: tables.into_iter().map(str::to_owned).collect(),
        body: Bytes::from(writer.into_bytes()),
    }
}

/// The writes of a chunk that the response gives back.
pub(super) fn unprocessed(
    response: &[u8],
    mut chunk: Vec<Ready>,
) -> Result<Vec<Ready>, (CodecError, Vec<Ready>)> {
    let mut left = Vec::new();
    let read = |left: &mut Vec<usize>| {
        Reader::new(response)?.object(|reader, name| {
            if name != "UnprocessedItems" || reader.is_null() {
                return if name == "UnprocessedItems" { Ok(()) } else { reader.skip() };
            }
            reader.object(|reader, table| {
                reader.array(|reader| {
                    let mut attributes = None;
                    // {"PutRequest":{"Item":{…}}} or {"DeleteRequest":{"Key":{…}}}
                    reader.object(|reader, _| {
                        reader.object(|reader, _| {
                            attributes = Some(read_item(reader)?);
                            Ok(())
                        })
                    })?;
                    let position = attributes.and_then(|attributes| {
                        chunk
                            .iter()
                            .position(|write| write.key.table == table && write.key.is_of(&attributes))
                    });
                    left.push(position.ok_or_else(|| {
                        CodecError::invalid("of the unprocessed items is not one that was sent")
                    })?);
                    Ok(())
                })
            })
        })
    };
    if let Err(error) = read(&mut left) {
        return Err((error, chunk));
    }
    left.sort_unstable();
    left.dedup();
    let mut nth = 0;
    chunk.retain(|_| {
        nth += 1;
        left.binary_search(&(nth - 1)).is_ok()
    });
    Ok(chunk)
}
