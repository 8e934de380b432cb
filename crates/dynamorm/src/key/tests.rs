//! Properties of key templates: different values never render the same key, and keys sort as their values do.

use super::{IntoKey, KeyShape, KeyValue, Part, ScalarType, Segment, TemplateAttribute, render};
use crate::Timestamp;
use crate::codec::{CodecError, Reader};
use proptest::prelude::*;
use std::time::Duration;

/// Enough for values that differ in a separator only to meet.
const CASES: u32 = 10_000;

fn part(_: &mut Reader<'_>) -> Result<Option<Part<'static>>, CodecError> {
    Ok(None)
}

const A: Segment = Segment::Field { name: "a", part };
const B: Segment = Segment::Field { name: "b", part };
const C: Segment = Segment::Field { name: "c", part };
const D: Segment = Segment::Field { name: "d", part };

const fn shape(template: &'static [Segment], raw: bool) -> KeyShape {
    KeyShape { attribute: "pk", kind: ScalarType::S, template, raw }
}

fn text(template: &'static [Segment], raw: bool, parts: &[Part<'_>]) -> String {
    match render(&shape(template, raw), parts, 2_048) {
        Ok(KeyValue::S(text)) => text,
        other => panic!("expected a text key, found {other:?}"),
    }
}

/// Separators, escapes and what may look like them: collisions show there, if anywhere.
const PIECES: [&str; 17] = [
    "#",
    "%",
    "|",
    "/",
    "b_",
    "#b_",
    "%23",
    "%25",
    "2",
    "3",
    "5",
    "7C",
    "A",
    "x",
    "é",
    "\u{0}",
    "\u{10FFFF}",
];

/// Texts of so many pieces.
fn rich_of(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(0..PIECES.len(), pieces)
        .prop_map(|pieces| pieces.into_iter().map(|nth| PIECES[nth]).collect())
}

fn rich() -> impl Strategy<Value = String> {
    rich_of(1..5)
}

fn texts(values: &[String]) -> Vec<Part<'static>> {
    values.iter().flat_map(|value| IntoKey::<String>::into_parts(value.as_str())).collect()
}

const TEMPLATES_OF_TWO: [&[Segment]; 5] = [
    &[A, Segment::Literal("#b_"), B],
    &[Segment::Literal("A#"), A, Segment::Literal("#"), B],
    &[A, Segment::Literal("/"), B, Segment::Literal("/END")],
    &[A, Segment::Literal("%"), B],
    &[Segment::Literal("%23"), A, Segment::Literal("%23"), B],
];

const TEMPLATES_OF_THREE: [&[Segment]; 3] = [
    &[A, Segment::Literal("|"), B, Segment::Literal("|"), C],
    &[A, Segment::Literal("#"), B, Segment::Literal("/"), C],
    &[Segment::Literal("x#"), A, Segment::Literal("#b_"), B, Segment::Literal("#"), C],
];

const TEMPLATES_OF_FOUR: [&[Segment]; 2] = [
    &[A, Segment::Literal("#"), B, Segment::Literal("#"), C, Segment::Literal("#"), D],
    &[
        A,
        Segment::Literal("%"),
        B,
        Segment::Literal("#b_"),
        C,
        Segment::Literal("/"),
        D,
        Segment::Literal("/END"),
    ],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn two_pairs_of_texts_are_two_keys(one in [rich(), rich()], other in [rich(), rich()]) {
        for template in TEMPLATES_OF_TWO {
            let keys = [&one, &other].map(|values| text(template, false, &texts(values)));
            prop_assert_eq!(keys[0] == keys[1], one == other, "{:?}", keys);
        }
    }

    #[test]
    fn a_separator_moved_from_one_text_to_the_next_makes_another_key(
        pieces in rich_of(3..7),
        cuts in [any::<prop::sample::Index>(), any::<prop::sample::Index>()],
    ) {
        // The same text cut in two places, with a separator put into each cut.
        let places: Vec<usize> = pieces.char_indices().map(|(at, _)| at).skip(1).collect();
        let [one, other] = cuts.map(|cut| *cut.get(&places));
        let (low, high) = (one.min(other), one.max(other));
        let (first, middle, last) = (&pieces[..low], &pieces[low..high], &pieces[high..]);
        for (template, separator) in
            [(TEMPLATES_OF_TWO[0], "#b_"), (TEMPLATES_OF_TWO[1], "#"), (TEMPLATES_OF_TWO[3], "%")]
        {
            let one = [first.to_owned(), format!("{middle}{separator}{last}")];
            let two = [format!("{first}{separator}{middle}"), last.to_owned()];
            let keys = [&one, &two].map(|values| text(template, false, &texts(values)));
            prop_assert_ne!(&keys[0], &keys[1]);
        }
    }

    #[test]
    fn a_text_and_its_escaped_form_are_two_keys(a in rich(), b in rich()) {
        for (template, separator, escape) in
            [(TEMPLATES_OF_TWO[0], "#", "%23"), (TEMPLATES_OF_TWO[2], "/", "%2F"), (TEMPLATES_OF_TWO[3], "%", "%25")]
        {
            let escaped = [a.replace(separator, escape), a.replace('%', "%25"), a.replace(escape, separator)];
            for other in escaped.into_iter().filter(|other| *other != a) {
                let keys = [&a, &other].map(|a| text(template, false, &texts(&[a.clone(), b.clone()])));
                prop_assert_ne!(&keys[0], &keys[1]);
            }
        }
    }

    #[test]
    fn two_triples_of_texts_are_two_keys(one in [rich(), rich(), rich()], other in [rich(), rich(), rich()]) {
        for template in TEMPLATES_OF_THREE {
            let keys = [&one, &other].map(|values| text(template, false, &texts(values)));
            prop_assert_eq!(keys[0] == keys[1], one == other, "{:?}", keys);
        }
    }

    #[test]
    fn two_fours_of_texts_are_two_keys(
        one in [rich(), rich(), rich(), rich()],
        other in [rich(), rich(), rich(), rich()],
    ) {
        for template in TEMPLATES_OF_FOUR {
            let keys = [&one, &other].map(|values| text(template, false, &texts(values)));
            prop_assert_eq!(keys[0] == keys[1], one == other, "{:?}", keys);
        }
    }

    #[test]
    fn raw_values_go_in_as_they_are(values in [rich(), rich(), rich()], number in any::<i64>()) {
        let [a, b, c] = &values;
        prop_assert_eq!(text(TEMPLATES_OF_THREE[0], true, &texts(&values)), format!("{a}|{b}|{c}"));
        let parts = [texts(&values[..1]), IntoKey::<i64>::into_parts(number)].concat();
        prop_assert_eq!(text(TEMPLATES_OF_TWO[0], true, &parts), format!("{a}#b_{number}"));
    }

    #[test]
    fn a_last_text_stands_as_it_is(a in "[a-z]{1,8}", b in rich()) {
        let key = text(TEMPLATES_OF_TWO[1], false, &texts(&[a.clone(), b.clone()]));
        prop_assert_eq!(key, format!("A#{a}#{b}"));
    }
}

/// Keys sort as these two values do: alone in a template, and before a text part.
fn sorts_as<T: TemplateAttribute + Ord + Copy>(
    one: T,
    other: T,
    after: [&str; 2],
) -> Result<(), TestCaseError> {
    let key = |value: T| text(&[Segment::Literal("N#"), A], false, &IntoKey::<T>::into_parts(value));
    prop_assert_eq!(key(one).cmp(&key(other)), one.cmp(&other), "{} {}", key(one), key(other));
    let followed = |value: T, after: &str| {
        let parts = [IntoKey::<T>::into_parts(value), IntoKey::<String>::into_parts(after)].concat();
        text(&[A, Segment::Literal("#"), B], false, &parts)
    };
    if one != other {
        let keys = [followed(one, after[0]), followed(other, after[1])];
        prop_assert_eq!(keys[0].cmp(&keys[1]), one.cmp(&other), "{:?}", keys);
    } else {
        prop_assert_eq!(followed(one, after[0]) == followed(other, after[1]), after[0] == after[1]);
    }
    Ok(())
}

macro_rules! integers_sort {
    ($($name:ident: $int:ty),+) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(one in near(any::<$int>()), other in near(any::<$int>()), after in [rich(), rich()]) {
                    sorts_as(one, other, [&after[0], &after[1]])?;
                }
            )+
        }
    };
}

/// Any value, and often one of few digits or near an end.
fn near<T>(any: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = T>
where
    T: std::fmt::Debug + Copy + TryFrom<i16> + Bounded + 'static,
{
    prop_oneof![
        any,
        (-200..=200_i16).prop_filter_map("does not fit", |value| T::try_from(value).ok()),
        prop_oneof![Just(T::LEAST), Just(T::MOST)],
    ]
}

trait Bounded {
    const LEAST: Self;
    const MOST: Self;
}

macro_rules! bounded {
    ($($int:ty),+) => {$(
        impl Bounded for $int {
            const LEAST: Self = <$int>::MIN;
            const MOST: Self = <$int>::MAX;
        }
    )+};
}

bounded!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

integers_sort!(
    u8_sorts: u8, u16_sorts: u16, u32_sorts: u32, u64_sorts: u64, u128_sorts: u128, usize_sorts: usize,
    i8_sorts: i8, i16_sorts: i16, i32_sorts: i32, i64_sorts: i64, i128_sorts: i128, isize_sorts: isize
);

fn time() -> impl Strategy<Value = Timestamp> {
    let seconds = -62_167_219_200..253_402_300_800_i64;
    let nanoseconds = prop_oneof![Just(0), Just(1), Just(999_999_999), 0..1_000_000_000_u64];
    (prop_oneof![seconds, -3..3_i64], nanoseconds).prop_map(|(seconds, nanoseconds)| {
        Timestamp::from_epoch_seconds(seconds) + Duration::from_nanos(nanoseconds)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn times_sort(one in time(), other in time(), after in [rich(), rich()]) {
        sorts_as(one, other, [&after[0], &after[1]])?;
    }
}

/// What keys of this template begin with whose first parts are these.
fn leading(template: &'static [Segment], parts: &[Part<'_>]) -> String {
    super::render_leading(&shape(template, false), parts).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn keys_begin_with_leading_texts_only_if_these_are_theirs(
        key in prop::collection::vec(rich(), 3),
        other in prop::collection::vec(rich(), 3),
        mixed in 0..3_usize,
        nth in 0..TEMPLATES_OF_THREE.len(),
    ) {
        // Often the same at the beginning, so that both answers come up.
        let given: Vec<String> = key.iter().take(mixed).chain(other.iter().skip(mixed)).cloned().collect();
        let template = TEMPLATES_OF_THREE[nth];
        let whole = text(template, false, &texts(&key));
        for count in 1..3 {
            let begins = whole.starts_with(&leading(template, &texts(&given[..count])));
            prop_assert_eq!(begins, key[..count] == given[..count], "{} parts", count);
        }
    }

    #[test]
    fn keys_begin_with_leading_numbers_only_if_these_are_theirs(
        key in (-12..13_i16, 0..200_u8, "[a#%]{1,3}"),
        given in (-12..13_i16, 0..200_u8),
    ) {
        const NUMBERS: &[Segment] =
            &[Segment::Literal("N#"), A, Segment::Literal("#"), B, Segment::Literal("#"), C];
        let parts = |first: i16, second: u8| {
            let mut parts = IntoKey::<i16>::into_parts(first);
            parts.extend(IntoKey::<u8>::into_parts(second));
            parts
        };
        let mut all = parts(key.0, key.1);
        all.extend(IntoKey::<String>::into_parts(key.2.as_str()));
        let whole = text(NUMBERS, false, &all);
        let two = parts(given.0, given.1);
        prop_assert_eq!(whole.starts_with(&leading(NUMBERS, &two[..1])), key.0 == given.0);
        prop_assert_eq!(whole.starts_with(&leading(NUMBERS, &two)), (key.0, key.1) == given);
    }
}
