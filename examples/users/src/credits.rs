//! [`Credits`]: an amount with at most two decimals, exact from the request's JSON to the table and back.

use dynamorm::{Addable, Document, Number, Numeric};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// An amount of credits: at most two decimals, never through a float in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Document)]
pub struct Credits(Number);

/// DynamoDB can calculate with it.
impl Addable for Credits {}
impl Numeric for Credits {}

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(Number::ZERO);

    fn parse(text: &str) -> Option<Self> {
        // Whole parts of up to 15 digits are exact in JSON's floats too.
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let fits = (1..=15).contains(&digits.len()) && decimals.len() <= 2;
        text.parse().ok().filter(|_| fits).map(Self)
    }
}

/// With two decimals, as a person reads it: `25.00`.
impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        write!(f, "{whole}.{decimals:0<2}")
    }
}

/// A JSON number.
impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(self.0) {
            Ok(whole) => serializer.serialize_i64(whole),
            // 17 digits at most: the shortest float that prints so is the same amount.
            Err(_) => serializer.serialize_f64(self.0.to_f64_lossy()),
        }
    }
}

/// A JSON number.
impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;
        impl Visitor<'_> for Amount {
            type Value = Credits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number with at most 15 digits and two decimals")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Credits, E> {
                Credits::parse(&value.to_string()).ok_or_else(|| E::custom("expected at most 15 digits"))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Credits, E> {
                Credits::parse(&value.to_string()).ok_or_else(|| E::custom("expected at most 15 digits"))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Credits, E> {
                Credits::parse(&value.to_string()).ok_or_else(|| E::custom("expected at most two decimals"))
            }
        }
        deserializer.deserialize_any(Amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_the_same_in_json_and_in_words() {
        for (json, words) in
            [("25", "25.00"), ("10.5", "10.50"), ("0.01", "0.01"), ("0", "0.00"), ("-3.25", "-3.25")]
        {
            let amount: Credits = serde_json::from_str(json).unwrap();
            assert_eq!(amount.to_string(), words);
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
        }
    }

    #[test]
    fn an_amount_that_would_be_rounded_is_refused() {
        for json in ["0.001", "1e30", "1234567890123456", "\"5\"", "true", "null"] {
            assert!(serde_json::from_str::<Credits>(json).is_err(), "{json}");
        }
    }
}
