//! DynamoDB's number, exact: up to 38 significant digits, never through a float.
//!
//! It is kept as an integer and a power of ten, in the one form that has no trailing zeros, so that equality, hash and
//! order are those of the number, however it was written. There is no arithmetic here.

use crate::codec::{Attribute, CodecError, Problem, Reader, SetElement, Tag, Writer};
use crate::limits::NUMBER_DIGITS;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

pub(crate) const NOT_A_NUMBER: &str = "is not a number";
pub(crate) const NOT_FINITE: &str = "is not a finite number";
pub(crate) const BEYOND_RANGE: &str = "is beyond DynamoDB's range of numbers, 1E-130 to 9.99E+125";
const TOO_MANY_DIGITS: &str = "has more than 38 significant digits";
const NOT_WHOLE: &str = "is not a whole number";

/// Powers of ten that the first significant digit of a number may stand for.
const MAGNITUDES: std::ops::RangeInclusive<i64> = -130..=125;

/// A number as DynamoDB holds it: up to 38 significant digits, from 1E-130 to 9.99…E+125, of either sign, and zero.
///
/// Two numbers are equal if their values are: `1.0` is `1` is `1E0`. Text with more digits or beyond the range is
/// refused, never rounded. In JSON it is a string, since JSON's own numbers are rounded by most readers.
///
/// # Example
///
/// ```
/// use dynamorm::Number;
///
/// let price: Number = "19.90".parse()?;
/// assert_eq!(price.to_string(), "19.9");
/// assert!(price < Number::from(20));
/// assert_eq!(i32::try_from(Number::from(20)), Ok(20));
/// assert!(i32::try_from(price).is_err());
/// # Ok::<(), dynamorm::CodecError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// At most 38 digits, the last one not zero; zero itself has the exponent 0.
    coefficient: i128,
    /// The power of ten that the coefficient is multiplied by.
    exponent: i16,
}

impl Number {
    /// Zero.
    pub const ZERO: Self = Self { coefficient: 0, exponent: 0 };

    /// Gives the nearest float, which has about 16 digits of a number's 38.
    ///
    /// ```
    /// let tenth: dynamorm::Number = "0.1".parse()?;
    /// assert_eq!(tenth.to_f64_lossy(), 0.1);
    /// # Ok::<(), dynamorm::CodecError>(())
    /// ```
    #[must_use]
    pub fn to_f64_lossy(self) -> f64 {
        // The text of every number is also the text of a float, and within its range.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    pub(crate) fn is_negative(self) -> bool {
        self.coefficient < 0
    }

    /// How many digits it has without leading and trailing zeros: none for zero.
    pub(crate) fn significant_digits(self) -> usize {
        self.coefficient.unsigned_abs().checked_ilog10().map_or(0, |log| log as usize + 1)
    }

    /// The power of ten that the first digit stands for.
    fn magnitude(self) -> i64 {
        i64::from(self.exponent) + self.coefficient.unsigned_abs().checked_ilog10().map_or(0, i64::from)
    }

    /// Makes the one form of `coefficient` × 10^`exponent`.
    fn new(negative: bool, mut coefficient: u128, mut exponent: i64) -> Result<Self, CodecError> {
        if coefficient == 0 {
            return Ok(Self::ZERO);
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent = exponent.saturating_add(1);
        }
        let digits = i64::from(coefficient.ilog10()) + 1;
        if digits > NUMBER_DIGITS as i64 {
            return Err(CodecError::invalid(TOO_MANY_DIGITS));
        }
        if !MAGNITUDES.contains(&exponent.saturating_add(digits - 1)) {
            return Err(CodecError::invalid(BEYOND_RANGE));
        }
        // Neither fails: 38 digits fit in an i128, and the exponent has just been bounded.
        let (Ok(coefficient), Ok(exponent)) = (i128::try_from(coefficient), i16::try_from(exponent)) else {
            return Err(CodecError::invalid(BEYOND_RANGE));
        };
        Ok(Self { coefficient: if negative { -coefficient } else { coefficient }, exponent })
    }

    /// Its distance from zero, if it is whole and within 128 bits; `expected` is the type that is asked for.
    fn whole(self, expected: &'static str) -> Result<u128, CodecError> {
        let exponent = u32::try_from(self.exponent).map_err(|_| CodecError::invalid(NOT_WHOLE))?;
        10_u128
            .checked_pow(exponent)
            .and_then(|power| self.coefficient.unsigned_abs().checked_mul(power))
            .ok_or_else(|| CodecError::new(Problem::OutOfRange { expected }))
    }
}

impl FromStr for Number {
    type Err = CodecError;

    /// Reads digits with an optional sign, decimal point and exponent; zeros at either end do not count.
    fn from_str(text: &str) -> Result<Self, CodecError> {
        let not_a_number = || CodecError::invalid(NOT_A_NUMBER);
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse().map_err(|_| not_a_number())?),
            None => (text, 0_i64),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(not_a_number());
        }

        let mut coefficient = 0_u128;
        let mut significant = 0;
        // Zeros that only count if a digit follows them.
        let mut zeros = 0_usize;
        for byte in whole.bytes().chain(fraction.bytes()) {
            match byte {
                b'0' => zeros += 1,
                b'1'..=b'9' => {
                    if coefficient == 0 {
                        zeros = 0;
                    }
                    significant += zeros + 1;
                    if significant > NUMBER_DIGITS {
                        // What follows may be no digit at all, but the number is wrong in any case.
                        return Err(CodecError::invalid(TOO_MANY_DIGITS));
                    }
                    for _ in 0..=zeros {
                        coefficient *= 10;
                    }
                    coefficient += u128::from(byte - b'0');
                    zeros = 0;
                }
                _ => return Err(not_a_number()),
            }
        }
        let shift = zeros as i64 - fraction.len() as i64;
        Self::new(negative, coefficient, exponent.saturating_add(shift))
    }
}

/// Writes it without zeros that do not count: with an exponent if it is beyond 40 digits or below 1E-7.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.coefficient.unsigned_abs());
        if self.is_negative() {
            f.write_str("-")?;
        }
        match (self.magnitude(), usize::try_from(self.exponent)) {
            (..40, Ok(zeros)) => write!(f, "{digits}{:0<zeros$}", ""),
            (magnitude @ 0..40, Err(_)) => {
                let (whole, fraction) = digits.split_at(magnitude as usize + 1);
                write!(f, "{whole}.{fraction}")
            }
            (magnitude @ -7..0, Err(_)) => {
                let zeros = magnitude.unsigned_abs() as usize - 1;
                write!(f, "0.{:0<zeros$}{digits}", "")
            }
            (magnitude, _) => match digits.split_at(1) {
                (first, "") => write!(f, "{first}E{magnitude:+}"),
                (first, others) => write!(f, "{first}.{others}E{magnitude:+}"),
            },
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = self.coefficient.signum().cmp(&other.coefficient.signum());
        let by_magnitude = || {
            let ordering = self.magnitude().cmp(&other.magnitude());
            if self.is_negative() { ordering.reverse() } else { ordering }
        };
        // With the same sign and the same first place, digits compare as they stand, filled up to the same length.
        let filled = |number: &Self| {
            let missing = NUMBER_DIGITS - number.significant_digits();
            (0..missing).fold(number.coefficient, |digits, _| digits * 10)
        };
        by_sign.then_with(by_magnitude).then_with(|| filled(self).cmp(&filled(other)))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! from_integers {
    ($($int:ty),+) => {$(
        impl From<$int> for Number {
            fn from(value: $int) -> Self {
                // No integer of 64 bits is wider than 20 digits.
                let mut coefficient = value as i128;
                let mut exponent = 0;
                while coefficient != 0 && coefficient % 10 == 0 {
                    coefficient /= 10;
                    exponent += 1;
                }
                Self { coefficient, exponent }
            }
        }
    )+};
}

from_integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

macro_rules! into_integers {
    ($($int:ident),+) => {$(
        /// Fails where it would round or overflow.
        impl TryFrom<Number> for $int {
            type Error = CodecError;

            fn try_from(number: Number) -> Result<Self, CodecError> {
                let whole = number.whole(stringify!($int))?;
                let value = if number.is_negative() {
                    0_i128.checked_sub_unsigned(whole).and_then(|value| value.try_into().ok())
                } else {
                    whole.try_into().ok()
                };
                value.ok_or_else(|| CodecError::new(Problem::OutOfRange { expected: stringify!($int) }))
            }
        }
    )+};
}

into_integers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

/// Fails beyond 38 significant digits.
impl TryFrom<u128> for Number {
    type Error = CodecError;

    fn try_from(value: u128) -> Result<Self, CodecError> {
        Self::new(false, value, 0)
    }
}

/// Fails beyond 38 significant digits.
impl TryFrom<i128> for Number {
    type Error = CodecError;

    fn try_from(value: i128) -> Result<Self, CodecError> {
        Self::new(value < 0, value.unsigned_abs(), 0)
    }
}

/// Takes the shortest digits that denote this float; fails if it is not finite or beyond DynamoDB's range.
impl TryFrom<f64> for Number {
    type Error = CodecError;

    fn try_from(value: f64) -> Result<Self, CodecError> {
        if !value.is_finite() {
            return Err(CodecError::invalid(NOT_FINITE));
        }
        zmij::Buffer::new().format_finite(value).parse()
    }
}

#[diagnostic::do_not_recommend]
impl Attribute for Number {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.n(&self.to_string());
        Ok(())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.n()?.parse()
    }
}

impl SetElement for Number {
    const SET: Tag = Tag::Ns;

    fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.json_string(&self.to_string());
        Ok(())
    }

    fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.string()?.parse()
    }
}

/// As a string of its digits.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a string of digits, or from an integer. A float is refused: it may have been rounded already.
impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string of digits or an integer")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(value.into())
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(value.into())
            }
        }

        deserializer.deserialize_any(Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        for text in ["1", "1.0", "1E0", "0.1e1", "+1", "001", "100E-2", "1.", ".1E+1", "10000000000e-10"] {
            assert_eq!(number(text), Number::from(1), "{text}");
        }
        for text in ["0", "-0", "0.000", "0E-500", "000"] {
            assert_eq!(number(text), Number::ZERO, "{text}");
        }
    }

    #[test]
    fn a_number_is_written_in_one_form() {
        for (text, canonical) in [
            ("-1.50", "-1.5"),
            ("1E+2", "100"),
            ("0.0000001", "0.0000001"),
            ("0.00000001", "1E-8"),
            ("1234E-12", "1.234E-9"),
            ("1E39", "1000000000000000000000000000000000000000"),
            ("1E40", "1E+40"),
            ("-12E+124", "-1.2E+125"),
            ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ] {
            assert_eq!(number(text).to_string(), canonical, "{text}");
            assert_eq!(number(canonical), number(text), "{text}");
        }
    }

    #[test]
    fn a_number_beyond_38_digits_is_refused() {
        let nines = "9".repeat(38);
        assert_eq!(number(&nines).to_string(), nines);
        assert_eq!(number(&format!("000{nines}000")).significant_digits(), 38);
        for text in [
            format!("{nines}9"),
            format!("{nines}.9"),
            format!("1{}1", "0".repeat(37)),
            format!("1{}1", "0".repeat(99)),
        ] {
            let error = text.parse::<Number>().unwrap_err();
            assert_eq!(error.to_string(), "the value has more than 38 significant digits", "{text}");
        }
    }

    #[test]
    fn the_range_is_dynamodbs() {
        let most = format!("{}E+88", "9".repeat(38));
        for text in ["1E-130", "-1E-130", "9.99E+125", &most, &"1".repeat(38)] {
            assert!(text.parse::<Number>().is_ok(), "{text}");
        }
        for text in
            ["1E-131", "9.9E-131", "1E+126", "-1E+126", "1E9223372036854775807", "10E9223372036854775807"]
        {
            let error = text.parse::<Number>().unwrap_err();
            assert!(error.to_string().ends_with("1E-130 to 9.99E+125"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "+", ".", "e5", "1e", "1e+", "--1", "+-1", "1.2.3", "1 ", " 1", "inf", "NaN", "0x1",
            "1_0", "٣",
        ] {
            assert_eq!(
                text.parse::<Number>().unwrap_err().to_string(),
                "the value is not a number",
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_sort_by_value() {
        let sorted = [
            "-9.99E+125",
            "-10",
            "-9.5",
            "-9",
            "-1",
            "-0.5",
            "-1E-130",
            "0",
            "1E-130",
            "2E-130",
            "0.09",
            "0.1",
            "0.11",
            "1",
            "1.5",
            "2",
            "10",
            "11",
            "100",
            "9.98E+125",
            "9.99E+125",
        ];
        for pair in sorted.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
            assert!(number(pair[1]) > number(pair[0]), "{pair:?}");
        }
    }

    #[test]
    fn conversions_fail_instead_of_rounding() {
        assert_eq!(u64::try_from(Number::from(u64::MAX)), Ok(u64::MAX));
        assert_eq!(i64::try_from(Number::from(i64::MIN)), Ok(i64::MIN));
        assert_eq!(i8::try_from(number("-128")), Ok(-128));
        assert!(i8::try_from(number("128")).is_err());
        assert!(u8::try_from(number("-1")).is_err());
        assert!(i64::try_from(number("0.5")).is_err());
        assert_eq!(i128::try_from(number("-17E37")), Ok(-17 * 10_i128.pow(37)));
        assert!(i128::try_from(number("-18E37")).is_err());
        assert_eq!(u128::try_from(number("34E37")), Ok(34 * 10_u128.pow(37)));
        assert!(Number::try_from(u128::MAX).is_err());
        assert!(Number::try_from(f64::NAN).is_err());
        assert_eq!(Number::try_from(0.1), Ok(number("0.1")));
        assert_eq!(number("0.10000000000000000000000000000000000001").to_f64_lossy(), 0.1);
    }

    #[test]
    fn in_json_it_is_a_string() {
        assert_eq!(serde_json::to_string(&number("1.50")).unwrap(), "\"1.5\"");
        assert_eq!(serde_json::from_str::<Number>("\"1.5\"").unwrap(), number("1.5"));
        assert_eq!(serde_json::from_str::<Number>("-7").unwrap(), number("-7"));
        assert!(serde_json::from_str::<Number>("1.5").is_err());
    }
}
