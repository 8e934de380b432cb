//! The stream of a table: what it tells, and turning it on.

use super::describe::{TableDescription, wait_until_active};
use super::{PATIENCE, request};
use crate::codec::{CodecError, Reader, Writer};
use crate::transport::Operation;
use crate::{Db, Error, Result};

/// What the records of a table's stream hold of an item, besides its key.
///
/// See [StreamSpecification](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamViewType {
    /// Nothing.
    KeysOnly,
    /// The item as it is after the change.
    NewImage,
    /// The item as it was before.
    OldImage,
    /// Both: what [`Change`](crate::Change) needs.
    NewAndOldImages,
}

impl StreamViewType {
    /// DynamoDB's name for it.
    ///
    /// ```
    /// use dynamorm::StreamViewType;
    /// assert_eq!(StreamViewType::NewAndOldImages.name(), "NEW_AND_OLD_IMAGES");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            StreamViewType::KeysOnly => "KEYS_ONLY",
            StreamViewType::NewImage => "NEW_IMAGE",
            StreamViewType::OldImage => "OLD_IMAGE",
            StreamViewType::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let all = [Self::KeysOnly, Self::NewImage, Self::OldImage, Self::NewAndOldImages];
        all.into_iter().find(|view_type| view_type.name() == name)
    }
}

/// The stream that a table has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamDescription {
    /// Its ARN. A stream that is turned off and on again is another one.
    pub arn: String,
    /// What its records hold.
    pub view_type: StreamViewType,
}

/// `,"StreamSpecification":{…}`
pub(super) fn write(writer: &mut Writer, view_type: StreamViewType) {
    writer.raw(",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"");
    writer.raw(view_type.name());
    writer.raw("\"}");
}

/// The view type of a stream that is on.
pub(super) fn decode_stream(reader: &mut Reader<'_>) -> Result<Option<StreamViewType>, CodecError> {
    let (mut enabled, mut view_type) = (false, None);
    reader.object(|reader, member| {
        match member {
            "StreamEnabled" => enabled = reader.raw()? == "true",
            "StreamViewType" if !reader.is_null() => view_type = StreamViewType::of(&reader.string()?),
            // A null was read by its guard.
            "StreamViewType" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(view_type.filter(|_| enabled))
}

/// Turns the stream of a table on that exists and has none, and waits until it is.
pub(super) async fn turn_on(
    db: &Db,
    table: &str,
    view_type: StreamViewType,
    found: &TableDescription,
) -> Result<()> {
    if found.stream.is_some() {
        return check(table, view_type, found);
    }
    let mut writer = Writer::new();
    writer.raw("{\"TableName\":");
    writer.json_string(table);
    write(&mut writer, view_type);
    writer.raw("}");
    let sent = db.send(request(Operation::UpdateTable, table, writer)).await;
    let found = wait_until_active(db, table, PATIENCE).await?;
    match sent {
        // Another process may have turned it on in the meantime.
        Err(error) if found.stream.is_none() => Err(error),
        _ => check(table, view_type, &found),
    }
}

fn check(table: &str, view_type: StreamViewType, found: &TableDescription) -> Result<()> {
    let there = found.stream.as_ref().map_or("none", |stream| stream.view_type.name());
    if there == view_type.name() {
        return Ok(());
    }
    let text = format!(
        "the table's stream has the view type {there}, not {}: turn that stream off, and it is made anew",
        view_type.name()
    );
    Err(Error::invalid(text).during(Operation::CreateTable, Some(table)))
}
