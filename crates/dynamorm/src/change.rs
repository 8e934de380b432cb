//! [`Change`]: what a table's stream tells of one item, in the types of its models.
//!
//! Here: reading a record, and writing one for tests. Not here: where records come from, which is Lambda's event, and who handles them.

use crate::codec::{CodecError, Problem, Reader, Writer};
use crate::collection::{Member, member};
use crate::model::Model;
use crate::op::EncodedItem;
use crate::{Error, Result, tenant};

/// What happened to an item, as the stream of its table tells it.
///
/// `R` is a model, a projection of one, an [`ItemCollection`](crate::ItemCollection) for the items of several, or
/// [`Item`](crate::Item) for any.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change<R> {
    /// There was no such item.
    Inserted(R),
    /// It was there, and is another now.
    Updated {
        /// As it was.
        old: R,
        /// As it is.
        new: R,
    },
    /// It is gone: deleted, or over its time to live.
    Removed(R),
}

impl<R> Change<R> {
    /// The item as it is now, if it is still there.
    ///
    /// ```
    /// use dynamorm::Change;
    /// assert_eq!(Change::Updated { old: 1, new: 2 }.new(), Some(&2));
    /// assert_eq!(Change::Removed(1).new(), None);
    /// ```
    #[allow(
        clippy::new_ret_no_self,
        clippy::wrong_self_convention,
        reason = "the new one of two, beside `old`"
    )]
    pub fn new(&self) -> Option<&R> {
        match self {
            Change::Inserted(new) | Change::Updated { new, .. } => Some(new),
            Change::Removed(_) => None,
        }
    }

    /// The item as it was before, if it was there.
    ///
    /// ```
    /// use dynamorm::Change;
    /// assert_eq!(Change::Updated { old: 1, new: 2 }.old(), Some(&1));
    /// assert_eq!(Change::Inserted(1).old(), None);
    /// ```
    pub fn old(&self) -> Option<&R> {
        match self {
            Change::Removed(old) | Change::Updated { old, .. } => Some(old),
            Change::Inserted(_) => None,
        }
    }
}

/// What a stream's items can be read as: a model, a projection, an item collection, or [`Item`](crate::Item).
#[diagnostic::on_unimplemented(
    message = "a stream's items cannot be read as `{Self}`",
    label = "not a model, a projection or an item collection",
    note = "derive `Model`, `Project` or `ItemCollection` for it, or take `dynamorm::Item`"
)]
pub trait StreamItem: Member {}

#[diagnostic::do_not_recommend]
impl<R: Member> StreamItem for R {}

impl<R: StreamItem> Change<R> {
    /// Reads a record as the stream of a table gives it, in a Lambda event or an answer to GetRecords. `None` if the item is of
    /// another model than `R`: a table's stream tells of all its items.
    ///
    /// ```
    /// # use dynamorm::{Change, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// # struct User { id: String, credits: i64 }
    /// # fn main() -> Result<()> {
    /// let record = br#"{"eventName":"INSERT","dynamodb":{"NewImage":{
    ///     "pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"credits":{"N":"10"}}}}"#;
    /// let change = Change::<User>::of_record(record)?;
    /// assert_eq!(change, Some(Change::Inserted(User { id: "u1".into(), credits: 10 })));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) if an image is not an `R`; [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if the
    /// record lacks an image that its kind of change has: the stream's view type must be `NEW_AND_OLD_IMAGES`.
    pub fn of_record(record: &[u8]) -> Result<Option<Self>> {
        let Images { event, old, new } = Images::of(record)?;
        let (has_old, has_new) = match event.as_str() {
            "INSERT" => (false, true),
            "MODIFY" => (true, true),
            "REMOVE" => (true, false),
            _ => return Err(Error::invalid("the record is no INSERT, MODIFY or REMOVE")),
        };
        let old = read_image::<R>(old.filter(|_| has_old), has_old, "old")?;
        let new = read_image::<R>(new.filter(|_| has_new), has_new, "new")?;
        // An item whose type changed is no longer of the one model, and of the other from now on.
        Ok(match (old, new) {
            (Some(old), Some(new)) => Some(Change::Updated { old, new }),
            (None, Some(new)) => Some(Change::Inserted(new)),
            (Some(old), None) => Some(Change::Removed(old)),
            (None, None) => None,
        })
    }
}

impl<M: Model> Change<M> {
    /// Writes a record as the stream of a table gives it, with the images that the change has: for tests of what handles them.
    ///
    /// The items are as they stand: nothing is raised, set or filled in that the library keeps.
    ///
    /// ```
    /// # use dynamorm::{Change, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// # struct User { id: String, credits: i64 }
    /// # fn main() -> Result<()> {
    /// let change = Change::Removed(User { id: "u1".into(), credits: 10 });
    /// let record = change.to_record()?;
    /// assert!(record.contains(r#""eventName":"REMOVE""#));
    /// assert_eq!(Change::of_record(record.as_bytes())?, Some(change));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) or [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if an item cannot be stored.
    pub fn to_record(&self) -> Result<String> {
        let (event, key) = match self {
            Change::Inserted(item) => ("INSERT", item),
            Change::Updated { new, .. } => ("MODIFY", new),
            Change::Removed(item) => ("REMOVE", item),
        };
        let mut writer = Writer::new();
        writer.raw("{\"eventName\":");
        writer.json_string(event);
        writer.raw(",\"dynamodb\":{\"Keys\":");
        writer.raw_bytes(&image(key)?.1);
        for (name, item) in [("OldImage", self.old()), ("NewImage", self.new())] {
            if let Some(item) = item {
                writer.raw(",");
                writer.json_string(name);
                writer.raw(":");
                writer.raw_bytes(&image(item)?.0);
            }
        }
        writer.raw("}}");
        String::from_utf8(writer.into_bytes()).map_err(|_| Error::invalid("an item is no text"))
    }
}

/// An item as it is stored, and its key.
fn image<M: Model>(item: &M) -> Result<(Vec<u8>, Vec<u8>)> {
    let tenant = item.claimed_tenant().filter(|tenant| !tenant.is_empty());
    let encoded = EncodedItem::of(M::SHAPE, &item)?;
    let filled = |json: &[u8]| Ok::<_, Error>(tenant::fill(json, tenant.as_deref())?.into_owned());
    Ok((filled(&encoded.image()?)?, filled(&encoded.key.json)?))
}

/// The parts of a record, as JSON.
#[derive(Default)]
struct Images<'a> {
    event: String,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

impl<'a> Images<'a> {
    fn of(record: &'a [u8]) -> Result<Self, CodecError> {
        let mut images = Images::default();
        Reader::new(record)?.object(|reader, name| {
            match name {
                "eventName" => images.event = reader.string()?.into_owned(),
                "dynamodb" => reader.object(|reader, name| {
                    let image = match name {
                        "OldImage" => &mut images.old,
                        "NewImage" => &mut images.new,
                        _ => return reader.skip(),
                    };
                    *image = (!reader.is_null()).then(|| reader.raw()).transpose()?;
                    Ok(())
                })?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(images)
    }
}

/// The item of an image; `None` if it is of another model, or there was none before or after.
fn read_image<R: Member>(image: Option<&str>, is_expected: bool, which: &str) -> Result<Option<R>> {
    let Some(image) = image else {
        return match is_expected {
            false => Ok(None),
            true => Err(Error::invalid(format!(
                "the record has no {which} image: let the table's stream have the view type NEW_AND_OLD_IMAGES"
            ))),
        };
    };
    let mut reader = Reader::from_text(image);
    // A collection tells by itself.
    if R::IS_ONE && member(&reader, &[R::MODEL], "", "").is_err() {
        return Ok(None);
    }
    match R::read(&mut reader) {
        Ok(item) => Ok(Some(item)),
        Err(error) if matches!(error.problem(), Problem::NoMember { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Item, ItemCollection, Model, Project};

    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    struct User {
        id: String,
        credits: i64,
    }

    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    struct Order {
        customer: String,
        number: u32,
    }

    #[derive(Debug, PartialEq, Project)]
    #[dynamorm(of = User)]
    struct Credits {
        credits: i64,
    }

    #[derive(Debug, PartialEq, ItemCollection)]
    #[dynamorm(of = User)]
    enum Customers {
        User(User),
        Order(Order),
    }

    fn user(credits: i64) -> User {
        User { id: "u1".into(), credits }
    }

    fn image(credits: &str) -> String {
        format!(
            r#"{{"pk":{{"S":"USER#u1"}},"sk":{{"S":"PROFILE"}},"id":{{"S":"u1"}},"credits":{{"N":"{credits}"}}}}"#
        )
    }

    const ORDER: &str =
        r#"{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#1-7"},"customer":{"S":"u1"},"number":{"N":"7"}}"#;
    const NOTE: &str = r#"{"pk":{"S":"NOTE#1"},"sk":{"S":"NOTE"}}"#;

    fn record(event: &str, old: Option<&str>, new: Option<&str>) -> Vec<u8> {
        let (old, new) = (old.unwrap_or("null"), new.unwrap_or("null"));
        format!(r#"{{"eventName":"{event}","eventSource":"aws:dynamodb","dynamodb":{{"OldImage":{old},"Keys":{{}},"NewImage":{new}}}}}"#)
            .into_bytes()
    }

    #[test]
    fn each_kind_of_change_has_the_images_that_it_is_of() {
        let (old, new) = (image("1"), image("2"));
        let read = |event, old, new| Change::<User>::of_record(&record(event, old, new)).unwrap();
        assert_eq!(read("INSERT", None, Some(&new)), Some(Change::Inserted(user(2))));
        let updated = Change::Updated { old: user(1), new: user(2) };
        assert_eq!(read("MODIFY", Some(&old), Some(&new)), Some(updated));
        assert_eq!(read("REMOVE", Some(&old), None), Some(Change::Removed(user(1))));
    }

    #[test]
    fn items_of_other_models_are_none_of_its() {
        let read = |image| Change::<User>::of_record(&record("INSERT", None, Some(image))).unwrap();
        assert_eq!((read(ORDER), read(NOTE)), (None, None));
        let any = Change::<Item>::of_record(&record("INSERT", None, Some(NOTE))).unwrap().unwrap();
        assert_eq!(any.new().unwrap()["pk"].as_s(), Some("NOTE#1"));
        let of_customer =
            |image| Change::<Customers>::of_record(&record("REMOVE", Some(image), None)).unwrap();
        let order = Order { customer: "u1".into(), number: 7 };
        assert_eq!(of_customer(ORDER), Some(Change::Removed(Customers::Order(order))));
        assert_eq!(of_customer(NOTE), None);
    }

    #[test]
    fn an_item_that_becomes_another_models_is_removed_from_the_one() {
        let (user_image, event) = (image("1"), "MODIFY");
        let became = Change::<User>::of_record(&record(event, Some(&user_image), Some(NOTE))).unwrap();
        assert_eq!(became, Some(Change::Removed(user(1))));
        let became = Change::<User>::of_record(&record(event, Some(NOTE), Some(&user_image))).unwrap();
        assert_eq!(became, Some(Change::Inserted(user(1))));
    }

    #[test]
    fn a_projection_reads_its_attributes_only() {
        let image = image("7");
        let change = Change::<Credits>::of_record(&record("INSERT", None, Some(&image))).unwrap();
        assert_eq!(change, Some(Change::Inserted(Credits { credits: 7 })));
    }

    #[test]
    fn a_record_is_read_as_the_change_that_it_was_written_of() {
        use crate::op::test_models::{Account, account};
        let (old, new) = (account(1), account(2));
        let changes =
            [Change::Inserted(new.clone()), Change::Updated { old: old.clone(), new }, Change::Removed(old)];
        for change in changes {
            let record = change.to_record().unwrap();
            assert_eq!(Change::<Account>::of_record(record.as_bytes()).unwrap(), Some(change));
        }
        insta::assert_snapshot!(Change::Removed(user(7)).to_record().unwrap(), @r#"{"eventName":"REMOVE","dynamodb":{"Keys":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},"OldImage":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"credits":{"N":"7"}}}}"#);
    }

    #[test]
    fn the_images_of_a_tenants_item_have_its_keys() {
        #[derive(Debug, Clone, PartialEq, Model)]
        #[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "NOTE#{id}")]
        struct Note {
            #[dynamorm(tenant)]
            tenant: String,
            id: String,
        }
        let change = Change::Inserted(Note { tenant: "a#b".into(), id: "n1".into() });
        let record = change.to_record().unwrap();
        assert!(record.contains(r#""pk":{"S":"TENANT#a%23b"}"#), "{record}");
        assert_eq!(Change::of_record(record.as_bytes()).unwrap(), Some(change));
        let nobodys = Change::Inserted(Note { tenant: String::new(), id: "n1".into() });
        assert!(nobodys.to_record().is_err());
    }

    #[test]
    fn a_record_that_cannot_be_read_is_an_error_without_values() {
        let read = |json: &[u8]| Change::<User>::of_record(json).unwrap_err();
        let error = read(&record("MODIFY", None, Some(&image("1"))));
        insta::assert_snapshot!(error, @"the record has no old image: let the table's stream have the view type NEW_AND_OLD_IMAGES");
        insta::assert_snapshot!(read(&record("INSERT", None, None)), @"the record has no new image: let the table's stream have the view type NEW_AND_OLD_IMAGES");
        insta::assert_snapshot!(read(&record("INSERT", None, Some(&image("secret")))), @"attribute `credits` is not a number");
        insta::assert_snapshot!(read(&record("DROP", None, None)), @"the record is no INSERT, MODIFY or REMOVE");
        insta::assert_snapshot!(read(b"{\"eventName\":"), @"the value is malformed at byte 13: expected a string");
    }
}
