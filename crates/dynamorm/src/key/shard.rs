//! Shards: the partitions that the items of one are spread over, and which of them an item is in.
//!
//! The shard is told by the item's sort key alone, so that a key finds its item with one request. It is a part of what is stored:
//! the hash must never change. Not here: reading all shards in order, which is `op/read/shards.rs`.

use super::part::Part;
use super::shape::KeyShape;
use super::template::{KeyValue, render};
use crate::codec::CodecError;
use crate::limits::PARTITION_KEY_BYTES;
use crate::value::AttributeValue;
use crate::{Error, Number};
use std::fmt::Write as _;

/// Digits of a shard's number. All counts have the same, so that shard 7 of 16 is shard 7 of 64 and a partition that gets more
/// shards keeps those that it has.
const DIGITS: usize = 3;

/// Over how many shards the items of a partition are spread.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Shards {
    /// The first sort key from which on there are so many, and how many; both only grow. The first is from the beginning. Where
    /// sort keys are numbers, these are whole ones.
    pub counts: &'static [(&'static str, u16)],
}

impl Shards {
    /// All that there are: a query asks each.
    pub(crate) fn count(&self) -> u16 {
        self.counts.last().map_or(1, |(_, count)| *count)
    }

    /// The shard of an item with this sort key.
    pub(crate) fn of_key(&self, sort: &KeyValue) -> u16 {
        match sort {
            KeyValue::S(text) => self.of_text(text),
            KeyValue::N(digits) => match digits.parse::<Number>() {
                Ok(number) => self.of_number(number),
                Err(_) => 0,
            },
            KeyValue::B(bytes) => self.of_bytes(bytes),
            // A tenant stands in no sort key.
            KeyValue::OfTenant { .. } | KeyValue::Tenant => 0,
        }
    }

    /// The shard of a stored item with this sort key.
    pub(crate) fn of_value(&self, sort: &AttributeValue) -> u16 {
        match sort {
            AttributeValue::S(text) => self.of_text(text),
            AttributeValue::N(number) => self.of_number(*number),
            AttributeValue::B(bytes) => self.of_bytes(bytes),
            _ => 0,
        }
    }

    fn of_text(&self, text: &str) -> u16 {
        let count = self.counts.iter().rev().find(|(from, _)| *from <= text).map_or(1, |(_, count)| *count);
        modulo(hash(text.as_bytes()), count)
    }

    /// Numbers that are equal are one sort key, however they are written.
    fn of_number(&self, number: Number) -> u16 {
        let begun = |from: &str| from.parse::<Number>().is_ok_and(|from| from <= number);
        let mut counts = self.counts.iter().enumerate().rev();
        let count =
            counts.find(|(nth, (from, _))| *nth == 0 || begun(from)).map_or(1, |(_, (_, count))| *count);
        modulo(hash(number.to_string().as_bytes()), count)
    }

    fn of_bytes(&self, bytes: &[u8]) -> u16 {
        modulo(hash(bytes), self.counts.first().map_or(1, |(_, count)| *count))
    }
}

fn modulo(hash: u64, count: u16) -> u16 {
    // What is left is below a number of 16 bits.
    u16::try_from(hash % u64::from(count.max(1))).unwrap_or(0)
}

/// The value of a partition key with the shard at its end: `LOG#topic#007`.
///
/// # Errors
///
/// If a part is empty, or the value is too long.
pub(crate) fn render_shard(shape: &KeyShape, parts: &[Part<'_>], shard: u16) -> Result<KeyValue, CodecError> {
    let mut value = render(shape, parts, PARTITION_KEY_BYTES - DIGITS - 1)?;
    let (KeyValue::S(text) | KeyValue::OfTenant { after: text, .. }) = &mut value else {
        return Err(CodecError::invalid("is no text, and has no shards").at(shape.attribute));
    };
    let _ = write!(text, "#{shard:0DIGITS$}");
    Ok(value)
}

/// An item of another shard than its sort key says: a copy of it may be where it should be.
pub(crate) fn misplaced() -> Error {
    let problem = "an item is not in the shard of its sort key: `shards` was changed, or `shards_from` begins below a sort key that \
                   was stored before";
    Error::new(crate::ErrorKind::Service, problem)
}

/// FNV-1a, then the finaliser of MurmurHash3: of the first alone, the low bits depend on the low bits of each byte only.
fn hash(bytes: &[u8]) -> u64 {
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;
    use crate::key::{ScalarType, Segment};
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    const fn shards(count: u16) -> Shards {
        match count {
            2 => Shards { counts: &[("", 2)] },
            16 => Shards { counts: &[("", 16)] },
            _ => Shards { counts: &[("", 1000)] },
        }
    }

    /// Computed by another program: what is stored lies where this says.
    #[test]
    fn the_shard_of_a_sort_key_never_changes() {
        let known = [
            ("", 0xefd0_1f60_ba99_2926, 6, 342),
            ("a", 0x82a2_a958_a9be_ce5b, 11, 315),
            ("2026-11-25T00:00:00.000000000Z#e1", 0xa532_ca25_088b_9576, 6, 438),
            ("2026-11-25T00:00:00.000000000Z#e2", 0x3219_02c6_c1c9_fece, 14, 14),
            ("100", 0xaf32_9a4c_40ce_bb3c, 12, 772),
            ("é", 0x9d55_ccb9_ba86_763b, 11, 43),
        ];
        for (text, hashed, of_16, of_1000) in known {
            assert_eq!(hash(text.as_bytes()), hashed, "{text}");
            let key = KeyValue::S(text.to_owned());
            assert_eq!((shards(16).of_key(&key), shards(1000).of_key(&key)), (of_16, of_1000), "{text}");
            assert_eq!(shards(16).of_value(&AttributeValue::S(text.to_owned())), of_16);
        }
    }

    #[test]
    fn equal_numbers_are_in_one_shard_however_they_are_written() {
        for (written, plain) in
            [("100", 100_u64), ("1E2", 100), ("0100.0", 100), ("18446744073709551615", u64::MAX)]
        {
            let of_key = shards(1000).of_key(&KeyValue::N(written.to_owned()));
            let of_value = shards(1000).of_value(&AttributeValue::N(Number::from(plain)));
            assert_eq!(of_key, of_value, "{written}");
        }
        let bytes = vec![0, 159, 255];
        assert_eq!(
            shards(16).of_key(&KeyValue::B(bytes.clone())),
            shards(16).of_value(&AttributeValue::B(bytes))
        );
    }

    #[test]
    fn keys_that_count_up_are_spread_evenly() {
        for count in [2, 16, 1000] {
            let mut found: BTreeMap<u16, u32> = BTreeMap::new();
            for number in 0..100_000_u32 {
                let key = KeyValue::S(format!("2026-11-25T{number:09}Z#{number}"));
                *found.entry(shards(count).of_key(&key)).or_default() += 1;
            }
            assert_eq!(found.len(), usize::from(count));
            let mean = 100_000 / u32::from(count);
            // Six standard deviations.
            let most = mean + 6 * mean.isqrt();
            assert!(found.values().all(|items| *items < most), "{count}: {found:?}");
        }
    }

    #[test]
    fn a_count_holds_from_its_sort_key_on() {
        const GROWN: Shards = Shards { counts: &[("", 2), ("2027", 16), ("2028-06", 1000)] };
        assert_eq!(GROWN.count(), 1000);
        for (text, count) in
            [("", 2), ("2026-12-31", 2), ("2027", 16), ("2028-05-31", 16), ("2028-06", 1000), ("x", 1000)]
        {
            let key = KeyValue::S(text.to_owned());
            assert_eq!(GROWN.of_key(&key), shards(count).of_key(&key), "{text}");
        }
        const BY_NUMBER: Shards = Shards { counts: &[("", 2), ("-9", 16), ("1000", 1000)] };
        let numbers = [
            ("-5000", 2),
            ("-10", 2),
            ("-9.1", 2),
            ("-9", 16),
            ("0", 16),
            ("999", 16),
            ("1000", 1000),
            ("1E9", 1000),
        ];
        for (text, count) in numbers {
            let (key, value) = (KeyValue::N(text.to_owned()), AttributeValue::N(text.parse().unwrap()));
            assert_eq!(BY_NUMBER.of_key(&key), shards(count).of_key(&key), "{text}");
            assert_eq!(BY_NUMBER.of_value(&value), BY_NUMBER.of_key(&key), "{text}");
        }
    }

    #[test]
    fn a_shard_stands_behind_the_template_in_three_digits() {
        const TEMPLATE: &[Segment] =
            &[Segment::Literal("LOG#"), Segment::Field { name: "topic", part: |_| Ok(None) }];
        let shape = KeyShape { attribute: "pk", kind: ScalarType::S, template: TEMPLATE, raw: false };
        let of = |topic: &str, shard| render_shard(&shape, &[Part::Text(Cow::Borrowed(topic))], shard);
        assert_eq!(of("web", 7).unwrap(), KeyValue::S("LOG#web#007".into()));
        // The shard is what stands behind the last separator, so that no topic has another one's partition.
        let topics = ["a", "a#0", "a#007", "a#00", "a#", "#", "a#007#007"];
        let mut seen = BTreeMap::new();
        for topic in topics {
            for shard in [0, 7, 70, 700, 999] {
                let KeyValue::S(text) = of(topic, shard).unwrap() else { panic!("no text") };
                assert_eq!(seen.insert(text, (topic, shard)), None);
            }
        }
        assert!(of(&"x".repeat(2_048 - 8), 0).is_ok());
        assert!(of(&"x".repeat(2_048 - 7), 0).is_err());
        assert!(of("", 0).is_err());
    }
}
