//! Lists of 32-bit floats: to and from a plain `&[f32]`, number by number, with nothing between.
//!
//! A vector of 768 numbers is most of its item, so its digits are read here by the way that nearly all take, and by Rust's own
//! parser where that could round wrongly. Start at [`Reader::floats`].

use super::{Attribute, CodecError, Problem, Reader, Tag, Writer};

/// Whole powers of ten that a 64-bit float holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

impl Writer {
    /// Writes `{"L":[{"N":"0.5"},…]}`: the shortest digits that read back as the same numbers.
    ///
    /// # Errors
    ///
    /// If one is not finite, with its position; or if it is nested more than 32 levels deep.
    pub(crate) fn floats(&mut self, numbers: &[f32]) -> Result<(), CodecError> {
        self.nested(|writer| {
            writer.raw("{\"L\":");
            writer.float_array(numbers)?;
            writer.raw("}");
            Ok(())
        })
    }

    /// The same without a type around it: `[{"N":"0.5"},…]`.
    ///
    /// # Errors
    ///
    /// If one is not finite, with its position.
    pub(crate) fn float_array(&mut self, numbers: &[f32]) -> Result<(), CodecError> {
        self.raw("[");
        for (at, number) in numbers.iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            number.encode(self).map_err(|error| error.at_index(at))?;
        }
        self.raw("]");
        Ok(())
    }
}

impl Reader<'_> {
    /// Reads a list of exactly so many numbers, instead of what is in `numbers`. One with more digits than a 32-bit float has is
    /// read as the nearest.
    ///
    /// # Errors
    ///
    /// If it has another type, another length, or an element is no 32-bit float: then with its position.
    pub(crate) fn floats(&mut self, numbers: &mut Vec<f32>, expected: usize) -> Result<(), CodecError> {
        numbers.clear();
        self.value(|reader, found| {
            if found != Tag::L {
                return Err(CodecError::wrong_type(Tag::L.name(), found.name()));
            }
            reader.array(|reader| {
                let number = match reader.plain_n(float) {
                    Some(number) => number,
                    None => f32::decode(reader).map_err(|error| error.at_index(numbers.len()))?,
                };
                numbers.push(number);
                Ok(())
            })
        })?;
        match numbers.len() {
            found if found == expected => Ok(()),
            found => Err(CodecError::new(Problem::Length { found, expected })),
        }
    }
}

/// The digits as the nearest 32-bit float; `None` where that is not certain, or they are no number.
fn float(digits: &[u8]) -> Option<f32> {
    let (negative, digits) = match digits {
        [b'-', rest @ ..] => (true, rest),
        digits => (false, digits),
    };
    let (mut coefficient, mut exponent, mut count) = (0_u64, 0_i32, 0_usize);
    let mut rest = digits;
    let mut in_fraction = false;
    loop {
        match rest {
            [digit @ b'0'..=b'9', after @ ..] => {
                coefficient = coefficient.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
                count += 1;
                exponent -= i32::from(in_fraction);
                rest = after;
            }
            [b'.', after @ ..] if !in_fraction => {
                in_fraction = true;
                rest = after;
            }
            _ => break,
        }
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let (sign, after) = match after {
            [b'-', after @ ..] => (-1, after),
            [b'+', after @ ..] => (1, after),
            after => (1, after),
        };
        match after {
            [digit @ b'0'..=b'9'] => exponent += sign * i32::from(digit - b'0'),
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                exponent += sign * (10 * i32::from(tens - b'0') + i32::from(ones - b'0'));
            }
            _ => return None,
        }
        rest = &[];
    }
    // Nineteen digits fit into 64 bits.
    if !rest.is_empty() || !(1..=19).contains(&count) || coefficient >= 1 << 53 {
        return None;
    }
    let power = *EXACT_POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    #[allow(clippy::cast_precision_loss, reason = "it is below 2^53")]
    let coefficient = coefficient as f64;
    // Both are exact, so this is the nearest 64-bit float.
    let value = if exponent < 0 { coefficient / power } else { coefficient * power };
    // It rounds to the nearest 32-bit float as the digits do, unless it lies between two of them: the digits may not.
    const DROPPED: u64 = (1 << 29) - 1;
    const HALF: u64 = 1 << 28;
    let is_plain = (f64::from(f32::MIN_POSITIVE)..f64::from(f32::MAX)).contains(&value) || value == 0.0;
    if !is_plain || value.to_bits() & DROPPED == HALF {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
    let value = value as f32;
    // DynamoDB knows no negative zero.
    Some(if negative && value != 0.0 { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str, expected: usize) -> Result<Vec<f32>, CodecError> {
        let mut numbers = vec![7.0];
        let mut reader = Reader::from_text(json);
        reader.floats(&mut numbers, expected)?;
        reader.end()?;
        Ok(numbers)
    }

    fn written(numbers: &[f32]) -> String {
        let mut writer = Writer::new();
        writer.floats(numbers).unwrap();
        String::from_utf8(writer.into_bytes()).unwrap()
    }

    #[test]
    fn numbers_are_written_as_short_as_they_can_be() {
        let json = written(&[0.1, -0.0, 1.0, f32::MAX, f32::MIN_POSITIVE, 1e-45, 16_777_216.0]);
        assert_eq!(
            json,
            r#"{"L":[{"N":"0.1"},{"N":"0"},{"N":"1"},{"N":"3.4028235e+38"},{"N":"1.1754944e-38"},{"N":"1e-45"},{"N":"16777216"}]}"#
        );
        assert_eq!(read(&json, 7).unwrap()[5].to_bits(), 1);
        let error = Writer::new().floats(&[1.0, f32::NAN]).unwrap_err();
        assert_eq!(error.at("e").to_string(), "attribute `e[1]` is not a finite number");
    }

    #[test]
    fn what_is_no_vector_of_that_length_is_refused_where_it_is_wrong() {
        for (json, why) in [
            (r#"{"L":[{"N":"1"}]}"#, "attribute `e` is a list of 1 numbers, expected 2"),
            (r#"{"L":[{"N":"1"},{"N":"2"},{"N":"3"}]}"#, "attribute `e` is a list of 3 numbers, expected 2"),
            (r#"{"L":[]}"#, "attribute `e` is a list of 0 numbers, expected 2"),
            (r#"{"S":"1"}"#, "attribute `e` has type S, expected L"),
            (r#"{"NS":["1","2"]}"#, "attribute `e` has type NS, expected L"),
            (r#"{"L":[{"N":"1"},{"S":"2"}]}"#, "attribute `e[1]` has type S, expected N"),
            (r#"{"L":[{"N":"1"},{"N":"1e39"}]}"#, "attribute `e[1]` does not fit in `f32`"),
            (r#"{"L":[{"N":"nan"},{"N":"1"}]}"#, "attribute `e[0]` is not a number"),
        ] {
            assert_eq!(read(json, 2).unwrap_err().at("e").to_string(), why, "{json}");
        }
    }

    #[test]
    fn white_space_and_every_form_of_a_number_are_read() {
        let json = "{ \"L\" : [ { \"N\" : \"1\" } ,{\"N\":\"-2.50\"},{\"N\":\"1E+2\"},{\"N\":\"+3\"},{\"N\":\"00.5\"},{\"N\":\"-0\"}]}";
        assert_eq!(read(json, 6).unwrap(), [1.0, -2.5, 100.0, 3.0, 0.5, 0.0]);
        assert!(read(json, 6).unwrap()[5].is_sign_positive());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn every_finite_number_is_read_back_to_the_bit(bits in any::<u32>()) {
            let number = f32::from_bits(bits);
            prop_assume!(number.is_finite());
            let read = read(&written(&[number]), 1).unwrap();
            // Equal, and no negative zero.
            prop_assert_eq!(read[0].to_bits(), (number + 0.0).to_bits());
        }

        #[test]
        fn digits_are_rounded_as_rust_rounds_them(digits in "-?[0-9]{1,12}(\\.[0-9]{1,12})?(e-?[0-9]{1,2})?") {
            let expected: f32 = digits.parse().unwrap();
            if let Some(found) = float(digits.as_bytes()) {
                prop_assert_eq!(found.to_bits(), (expected + 0.0).to_bits(), "{}", digits);
            }
        }

        #[test]
        fn what_lies_between_two_floats_is_rounded_as_rust_rounds_it(bits in 0x0080_0000_u32..0x7f00_0000, low in 0_u64..3) {
            // One 64-bit float below, at, and above the middle.
            let middle = f64::from(f32::from_bits(bits)).to_bits() + (1 << 28) - 1 + low;
            let digits = f64::from_bits(middle).to_string();
            let expected: f32 = digits.parse().unwrap();
            prop_assert_eq!(read(&format!(r#"{{"L":[{{"N":"{digits}"}}]}}"#), 1).unwrap()[0], expected);
        }
    }
}
