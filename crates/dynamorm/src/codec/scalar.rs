//! Text, booleans, numbers and bytes: values that hold no others. Pointers to one value are here too.
//!
//! What is not here: `Number` (`number.rs`) and times (`time.rs`), which have a file of their own.

use super::{Attribute, CodecError, Problem, Reader, SetElement, Tag, Writer};
use crate::Number;
use crate::number::{BEYOND_RANGE, NOT_A_NUMBER, NOT_FINITE};
use std::borrow::Cow;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;

#[diagnostic::do_not_recommend]
impl Attribute for String {
    #[inline]
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.s(self);
        Ok(())
    }

    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.s().map(Cow::into_owned)
    }
}

#[diagnostic::do_not_recommend]
impl Attribute for Cow<'static, str> {
    #[inline]
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.s(self);
        Ok(())
    }

    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.s().map(|text| Cow::Owned(text.into_owned()))
    }
}

#[diagnostic::do_not_recommend]
impl Attribute for Arc<str> {
    #[inline]
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.s(self);
        Ok(())
    }

    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.s().map(|text| Arc::from(&*text))
    }
}

#[diagnostic::do_not_recommend]
impl Attribute for bool {
    #[inline]
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.bool(*self);
        Ok(())
    }

    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.bool()
    }
}

/// A value on the heap, as recursive types need it: stored as the value.
#[diagnostic::do_not_recommend]
impl<T: Attribute> Attribute for Box<T> {
    const HOLDS_NULL: bool = T::HOLDS_NULL;

    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        T::encode(self, writer)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::decode(reader).map(Box::new)
    }

    fn is_absent(&self) -> bool {
        T::is_absent(self)
    }

    fn absent() -> Option<Self> {
        T::absent().map(Box::new)
    }
}

/// Reads an integer from DynamoDB's digits. Whole numbers in another form, such as `1E+2`, are taken too.
#[inline]
fn integer<T>(digits: &str) -> Result<T, CodecError>
where
    T: FromStr<Err = ParseIntError> + TryFrom<Number, Error = CodecError>,
{
    match digits.parse() {
        Ok(value) => Ok(value),
        Err(_) => T::try_from(digits.parse::<Number>()?),
    }
}

macro_rules! integers {
    ($($int:ty $({ $($more:item)+ })?),+ $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl Attribute for $int {
            #[inline]
            fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
                writer.n(itoa::Buffer::new().format(*self));
                Ok(())
            }

            #[inline]
            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                integer(&reader.n()?)
            }

            $($($more)+)?
        }

        impl SetElement for $int {
            const SET: Tag = Tag::Ns;

            fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError> {
                writer.json_string(itoa::Buffer::new().format(*self));
                Ok(())
            }

            fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                integer(&reader.string()?)
            }
        }
    )+};
}

integers!(
    u8 {
        // Many of them are a binary, not a list.
        fn encode_all(values: &[Self], writer: &mut Writer) -> Result<(), CodecError> {
            writer.b(values);
            Ok(())
        }

        fn decode_all(reader: &mut Reader<'_>) -> Result<Vec<Self>, CodecError> {
            reader.b()
        }
    },
    u16,
    u32,
    u64,
    usize,
    i8,
    i16,
    i32,
    i64,
    isize,
);

macro_rules! wide_integers {
    ($($int:ty),+) => {$(
        /// Values beyond DynamoDB's 38 significant digits are refused when they are written.
        #[diagnostic::do_not_recommend]
        impl Attribute for $int {
            fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
                Number::try_from(*self)?.encode(writer)
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                integer(&reader.n()?)
            }
        }

        impl SetElement for $int {
            const SET: Tag = Tag::Ns;

            fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError> {
                Number::try_from(*self)?.encode_element(writer)
            }

            fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                integer(&reader.string()?)
            }
        }
    )+};
}

wide_integers!(u128, i128);

macro_rules! floats {
    ($($float:ident),+) => {$(
        /// Written as the shortest digits that read back as the same value; a negative zero becomes zero. Read as the
        /// nearest value: a number with more digits than a float has is rounded, which `Number` does not do.
        #[diagnostic::do_not_recommend]
        impl Attribute for $float {
            fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
                if !self.is_finite() {
                    return Err(CodecError::invalid(NOT_FINITE));
                }
                if *self == 0.0 {
                    writer.n("0");
                    return Ok(());
                }
                if !(1e-130..1e126).contains(&f64::from(self.abs())) {
                    return Err(CodecError::invalid(BEYOND_RANGE));
                }
                let mut buffer = zmij::Buffer::new();
                let digits = buffer.format_finite(*self);
                writer.n(digits.strip_suffix(".0").unwrap_or(digits));
                Ok(())
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                let digits = reader.n()?;
                // Rust reads `inf` and `nan` too, and those are no numbers of DynamoDB's.
                let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(&digits);
                if unsigned.starts_with(|first: char| first.is_ascii_alphabetic()) {
                    return Err(CodecError::invalid(NOT_A_NUMBER));
                }
                match digits.parse::<$float>() {
                    Ok(value) if value.is_finite() => Ok(value),
                    Ok(_) => Err(CodecError::new(Problem::OutOfRange { expected: stringify!($float) })),
                    Err(_) => Err(CodecError::invalid(NOT_A_NUMBER)),
                }
            }
        }
    )+};
}

floats!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    fn written<T: Attribute>(value: T) -> Result<String, CodecError> {
        let mut writer = Writer::new();
        value.encode(&mut writer)?;
        Ok(String::from_utf8(writer.into_bytes()).unwrap())
    }

    fn read<T: Attribute>(json: &str) -> Result<T, CodecError> {
        let mut reader = Reader::from_text(json);
        let value = T::decode(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    fn n<T: Attribute>(digits: &str) -> Result<T, CodecError> {
        read(&format!("{{\"N\":\"{digits}\"}}"))
    }

    #[test]
    fn each_scalar_is_written_with_its_type() {
        assert_eq!(written("é".to_owned()).unwrap(), r#"{"S":"é"}"#);
        assert_eq!(written(Cow::Borrowed("a")).unwrap(), r#"{"S":"a"}"#);
        assert_eq!(written(Arc::<str>::from("a")).unwrap(), r#"{"S":"a"}"#);
        assert_eq!(written(Box::new(true)).unwrap(), r#"{"BOOL":true}"#);
        assert_eq!(written(u64::MAX).unwrap(), r#"{"N":"18446744073709551615"}"#);
        assert_eq!(written(i64::MIN).unwrap(), r#"{"N":"-9223372036854775808"}"#);
        assert_eq!(written(-(10_i128.pow(38) - 1)).unwrap(), format!(r#"{{"N":"-{}"}}"#, "9".repeat(38)));
    }

    #[test]
    fn an_integer_beyond_38_digits_is_refused() {
        let error = written(u128::MAX).unwrap_err();
        assert_eq!(error.to_string(), "the value has more than 38 significant digits");
        assert!(written(i128::MIN).is_err());
        // It has 39 digits, of which one is significant.
        assert_eq!(read::<u128>(&written(2 * 10_u128.pow(38)).unwrap()), Ok(2 * 10_u128.pow(38)));
    }

    #[test]
    fn whole_numbers_in_any_form_are_integers() {
        for digits in ["100", "100.0", "1E+2", "1e2", "1000E-1", "+100", "00100"] {
            assert_eq!(n::<u8>(digits), Ok(100), "{digits}");
        }
        assert_eq!(n::<u8>("-0"), Ok(0));
    }

    #[test]
    fn an_integer_that_does_not_fit_is_an_error() {
        assert_eq!(n::<u8>("256").unwrap_err().to_string(), "the value does not fit in `u8`");
        assert_eq!(n::<u8>("-1").unwrap_err().to_string(), "the value does not fit in `u8`");
        assert_eq!(n::<i8>("-129").unwrap_err().problem(), &Problem::OutOfRange { expected: "i8" });
        assert_eq!(n::<u128>("1E+39").unwrap_err().problem(), &Problem::OutOfRange { expected: "u128" });
        assert_eq!(n::<i64>("1E+125").unwrap_err().problem(), &Problem::OutOfRange { expected: "i64" });
        assert_eq!(n::<i64>("1.5").unwrap_err().to_string(), "the value is not a whole number");
        assert_eq!(n::<i64>("ten").unwrap_err().to_string(), "the value is not a number");
        // An integer through a float would be one less.
        assert_eq!(n::<i64>("9007199254740993"), Ok(9_007_199_254_740_993));
    }

    #[test]
    fn floats_are_written_as_short_as_their_own_type_allows() {
        assert_eq!(written(0.1_f32).unwrap(), r#"{"N":"0.1"}"#);
        assert_eq!(written(0.1_f64).unwrap(), r#"{"N":"0.1"}"#);
        assert_eq!(written(5.0_f64).unwrap(), r#"{"N":"5"}"#);
        assert_eq!(written(-0.0_f64).unwrap(), r#"{"N":"0"}"#);
        assert_eq!(written(1e-130_f64).unwrap(), r#"{"N":"1e-130"}"#);
        assert_eq!(n::<f32>(&f32::MAX.to_string()), Ok(f32::MAX));
    }

    #[test]
    fn floats_that_dynamodb_cannot_hold_are_refused() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(written(value).unwrap_err().to_string(), "the value is not a finite number");
        }
        for value in [1e126, -1e300, 9.9e-131, f64::MIN_POSITIVE] {
            assert!(written(value).unwrap_err().to_string().contains("1E-130"), "{value}");
        }
        assert!(written(9.999e125).is_ok());
    }

    #[test]
    fn text_that_is_no_number_is_no_float() {
        for digits in ["inf", "NaN", "-infinity", "", "1e", "0x10", "1 "] {
            assert_eq!(n::<f64>(digits).unwrap_err().to_string(), "the value is not a number", "{digits}");
        }
        assert_eq!(n::<f32>("1E+39").unwrap_err().problem(), &Problem::OutOfRange { expected: "f32" });
    }
}
