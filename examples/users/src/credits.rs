//! [`Credits`]: an amount with at most two decimals, exact from the request's JSON to the table and back.

use dynamorm::{Addable, Document, Number, Numeric};
use lift::utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use lift::utoipa::{PartialSchema, ToSchema};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;
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
        let number: Number = text.parse().ok()?;
        // Without zeros that do not count. Very large and very small ones have an exponent, which no amount has.
        let plain = number.to_string();
        let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let fits = digits.len() <= 15 && decimals.len() <= 2 && !plain.contains('E');
        fits.then_some(Self(number))
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

/// A JSON number with all its digits, which a float would not keep. For `serde_json` only.
impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

/// A JSON number, read as it is written: a float would round what has too many digits. For `serde_json` only.
impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(json.get())
            .ok_or_else(|| de::Error::custom("expected a number with at most 15 digits and two decimals"))
    }
}

/// As it is described: a number with two decimals at most.
impl PartialSchema for Credits {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).multiple_of(Some(0.01)).into()
    }
}

impl ToSchema for Credits {}

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
        // A float of 64 bits would make two decimals of these.
        for json in ["1.999999999999999999", "0.0099999999999999999999", "1e-8", "1e-400"] {
            assert!(serde_json::from_str::<Credits>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_amount_beyond_a_float_is_the_same_in_json_to_the_last_cent() {
        for json in ["800000000000000.01", "999999999999999.99", "99999999999999.99"] {
            let amount: Credits = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
        }
    }

    #[test]
    fn a_sum_of_amounts_is_answered_to_the_last_cent() {
        let sum = Credits("3999999999999996.01".parse().unwrap());
        assert_eq!(serde_json::to_string(&sum).unwrap(), "3999999999999996.01");
    }
}
