//! What holds for all values: they come back as they went, sort as they should, and no bytes make a decoder panic.

mod codec_values;

use codec_values::{number, number_text, read, text, value, write};
use dynamorm::codec::{Attribute, Reader};
use dynamorm::{AttributeValue, FromItem, Item, Nullable, Number, Timestamp, Ttl};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::time::Duration;

/// Fails unless a value is the same after a round trip.
fn assert_returns<T: Attribute + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let json = write(value).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let read = read::<T>(json.as_bytes());
    prop_assert_eq!(read.as_ref(), Ok(value), "{}", json);
    Ok(())
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    let seconds = Timestamp::MIN.epoch_seconds()..=Timestamp::MAX.epoch_seconds();
    (seconds, 0..1_000_000_000_u64)
        .prop_map(|(seconds, nanos)| Timestamp::from_epoch_seconds(seconds) + Duration::from_nanos(nanos))
}

/// The same JSON with white space around all of its tokens.
fn spaced(json: &str, between: &str) -> String {
    let (mut spaced, mut in_string, mut is_escaped) = (String::new(), false, false);
    for character in json.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        let is_token = !in_string && matches!(character, '{' | '}' | '[' | ']' | ':' | ',');
        spaced.push_str(if is_token { between } else { "" });
        spaced.push(character);
        spaced.push_str(if is_token { between } else { "" });
    }
    spaced
}

/// What DynamoDB sends has one form, which is read faster than the others that JSON allows: each type that has such a way.
#[derive(Debug, Clone, PartialEq, dynamorm::Document)]
struct Typed {
    text: String,
    number: i64,
    fraction: f64,
    truth: bool,
    list: Vec<String>,
    set: BTreeSet<String>,
    map: BTreeMap<String, i64>,
}

fn typed() -> impl Strategy<Value = Typed> {
    let list = prop::collection::vec(text(), 0..4);
    let set = prop::collection::btree_set(text(), 1..4);
    let map = prop::collection::btree_map(text(), any::<i64>(), 0..4);
    let numbers = (any::<i64>(), -1e100..1e100_f64, any::<bool>());
    (text(), numbers, list, set, map).prop_map(|(text, (number, fraction, truth), list, set, map)| Typed {
        text,
        number,
        fraction,
        truth,
        list,
        set,
        map,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_comes_back_as_it_went(value in value()) {
        assert_returns(&value)?;
    }

    #[test]
    fn any_text_comes_back_as_it_went(text in text()) {
        assert_returns(&text)?;
        assert_returns(&BTreeSet::from([text.clone()]))?;
        assert_returns(&BTreeMap::from([(text.clone(), Some(text.clone())), (String::new(), None)]))?;
    }

    #[test]
    fn what_is_written_is_the_json_that_others_read(text in text()) {
        let json: serde_json::Value = serde_json::from_str(&write(&text).unwrap()).unwrap();
        prop_assert_eq!(json, serde_json::json!({ "S": text }));
    }

    #[test]
    fn escapes_that_others_write_are_read(text in text()) {
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        prop_assert_eq!(read::<String>(format!("{{\"S\":\"{escaped}\"}}").as_bytes()), Ok(text));
    }

    #[test]
    fn white_space_between_tokens_changes_nothing(value in typed(), between in "[ \t\r\n]{1,3}") {
        let json = write(&value).unwrap();
        prop_assert_eq!(read::<Typed>(json.as_bytes()), Ok(value.clone()), "{}", json);
        let spaced = spaced(&json, &between);
        prop_assert_eq!(read::<Typed>(spaced.as_bytes()), Ok(value), "{}", spaced);
    }

    #[test]
    fn a_byte_less_is_refused_where_it_leaves_no_json(value in typed(), at in any::<prop::sample::Index>()) {
        let json = write(&value).unwrap();
        let at = at.index(json.len());
        prop_assume!(json.is_char_boundary(at) && json.is_char_boundary(at + 1));
        let less = format!("{}{}", &json[..at], &json[at + 1..]);
        if read::<Typed>(less.as_bytes()).is_ok() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&less).is_ok(), "{}", less);
        }
    }

    #[test]
    fn json_is_refused_exactly_where_serde_json_refuses_it(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"a\":1", "\"\\u00e9\"", "\"\\ud800\"", "\"\\x\"", "\"", "\t", " ",
            "0", "-1", "01", "1.5e3", "1.", "-", "true", "false", "null", "nul", "[1,2]", "{\"b\":{}}",
        ]), 0..8)
    ) {
        let text = tokens.concat();
        let mut reader = Reader::from_text(&text);
        let ours = reader.skip().and_then(|()| reader.end());
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // It also refuses a number that no float can hold, such as `1.5e3001`; a reader that skips has no float.
        prop_assume!(!theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}: {:?}, {:?}", text, ours, theirs);
    }

    #[test]
    fn any_integer_comes_back_as_it_went(wide in any::<i128>(), small in any::<i64>(), unsigned in any::<u64>()) {
        assert_returns(&small)?;
        assert_returns(&unsigned)?;
        assert_returns(&(wide >> 2))?;
        assert_returns(&BTreeSet::from([small, small >> 32]))?;
        prop_assert_eq!(Number::from(small).to_string(), small.to_string());
        prop_assert_eq!(i64::try_from(Number::from(small)), Ok(small));
        // Not every i64 fits in an i32, and none is rounded into one.
        prop_assert_eq!(read::<i32>(write(&small).unwrap().as_bytes()).ok(), i32::try_from(small).ok());
    }

    #[test]
    fn any_float_comes_back_as_it_went_or_is_refused(wide in any::<f64>(), small in any::<f32>()) {
        let held = wide == 0.0 || (1e-130..1e126).contains(&wide.abs());
        prop_assert_eq!(write(&wide).is_ok(), held);
        prop_assert_eq!(Number::try_from(wide).is_ok(), held);
        if held {
            assert_returns(&wide)?;
            prop_assert_eq!(Number::try_from(wide).unwrap().to_f64_lossy(), wide);
        }
        if small.is_finite() {
            assert_returns(&small)?;
        }
    }

    #[test]
    fn numbers_compare_as_scaled_integers_do(
        a in (-10_i64.pow(17)..10_i64.pow(17), -10..=10_i32),
        b in (-1000..1000_i64, -10..=10_i32),
        zeros in 0..5_usize,
    ) {
        let number = |(coefficient, exponent)| format!("{coefficient}E{exponent}").parse::<Number>().unwrap();
        let scaled = |(coefficient, exponent): (i64, i32)| {
            i128::from(coefficient) * 10_i128.pow((exponent + 10).unsigned_abs())
        };
        prop_assert_eq!(number(a).cmp(&number(b)), scaled(a).cmp(&scaled(b)));
        prop_assert_eq!(number(b).cmp(&number(a)), scaled(b).cmp(&scaled(a)));
        let padded = format!("{}{}E{}", b.0, "0".repeat(zeros), b.1 - zeros as i32).parse::<Number>().unwrap();
        prop_assert_eq!(padded, number(b));
        prop_assert_eq!(padded.to_string(), number(b).to_string());
    }

    #[test]
    fn the_text_of_a_number_is_the_number(number in number(), other in number()) {
        prop_assert_eq!(number.to_string().parse::<Number>(), Ok(number));
        prop_assert_eq!(number.to_string() == other.to_string(), number == other);
        // Floats order most numbers too; where they cannot tell them apart they say nothing.
        let (near, other_near) = (number.to_f64_lossy(), other.to_f64_lossy());
        if near != other_near {
            prop_assert_eq!(number.partial_cmp(&other), near.partial_cmp(&other_near));
        }
    }

    #[test]
    fn a_number_is_refused_or_read_whole(text in number_text()) {
        let digits = text.trim_start_matches(['+', '-']).split('E').next().unwrap_or_default().replace('.', "");
        let significant = digits.trim_matches('0').len();
        match text.parse::<Number>() {
            Ok(number) => {
                prop_assert!(significant <= 38);
                // The digits that count are all there, in order.
                let written = number.to_string().replace(['.', '-'], "");
                let written = written.split('E').next().unwrap_or_default();
                prop_assert_eq!(written.trim_matches('0'), digits.trim_matches('0'));
            }
            Err(e) => prop_assert!(significant > 38 || e.to_string().contains("range"), "{text}: {e}"),
        }
    }

    #[test]
    fn a_timestamp_sorts_as_text_as_it_does_as_time(a in timestamp(), b in timestamp()) {
        prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        prop_assert_eq!(a.to_string().len(), b.to_string().len());
        prop_assert_eq!(a.to_string().parse::<Timestamp>(), Ok(a));
        assert_returns(&a)?;
        assert_returns(&Ttl::at(a))?;
    }

    #[test]
    fn another_offset_is_the_same_time(time in timestamp(), minutes in -1439..=1439_i64) {
        let sign = if minutes < 0 { '-' } else { '+' };
        let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        let text = time.to_string().replace('Z', &offset);
        let utc = time.epoch_seconds() - minutes * 60;
        match text.parse::<Timestamp>() {
            Ok(read) => prop_assert_eq!(read.epoch_seconds(), utc),
            Err(_) => prop_assert_ne!(Timestamp::from_epoch_seconds(utc).epoch_seconds(), utc),
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        decode_all(&bytes);
    }

    #[test]
    fn no_damage_makes_a_decoder_panic(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut json = write(&value).unwrap().into_bytes();
        let at = at.index(json.len());
        decode_all(json.get(..at).unwrap_or_default());
        prop_assert!(read::<AttributeValue>(json.get(..at).unwrap_or_default()).is_err(), "half a value is no value");
        if let Some(damaged) = json.get_mut(at) {
            *damaged = byte;
        }
        decode_all(&json);
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "[-+0-9.eETZ: é]{0,40}") {
        let _ = text.parse::<Number>();
        let _ = text.parse::<Timestamp>();
        decode_all(format!("{{\"N\":\"{text}\"}}").as_bytes());
        decode_all(format!("{{\"S\":\"{text}\"}}").as_bytes());
    }
}

/// Reads the bytes as everything there is.
fn decode_all(bytes: &[u8]) {
    macro_rules! decode {
        ($($type:ty),+ $(,)?) => {$( let _ = read::<$type>(bytes); )+};
    }
    decode!(
        String, bool, u8, u64, u128, i8, i64, i128, f32, f64, Number, Timestamp, Ttl, AttributeValue, Item,
        Vec<u8>, [u8; 2], Vec<i64>, Vec<Option<Vec<String>>>, Nullable<String>, Option<Nullable<String>>,
        HashMap<String, Item>, BTreeSet<String>, BTreeSet<i64>, BTreeSet<Number>, BTreeSet<Vec<u8>>,
    );
    let Ok(reader) = Reader::new(bytes) else { return };
    let _ = <Item as FromItem>::decode(&mut reader.clone());
    let _ = reader.clone().skip();
    let _ = reader.clone().raw();
    let _ = reader.clone().count();
    let _ = reader.clone().is_null();
}
