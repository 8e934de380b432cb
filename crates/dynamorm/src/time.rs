//! Points in time: RFC 3339 text that sorts, and epoch seconds for time to live.
//!
//! What is not here: the text's form and the calendar (`time/rfc3339.rs`).

mod rfc3339;

use crate::codec::{Attribute, CodecError, Problem, Reader, Writer};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

const NANOSECONDS: i128 = 1_000_000_000;
const NOT_A_TIME: &str = "is not an RFC 3339 time";

/// A point in time, in UTC, to the nanosecond, in the years 0000 to 9999; stored as text that sorts as time does.
///
/// Its text is `2026-08-21T13:35:45.123456789Z`: always nine digits of a second, always UTC. Read back is any RFC 3339
/// text: another offset is turned into UTC, and digits beyond the ninth are dropped.
///
/// The default is 1970-01-01T00:00:00Z and stands for "no value yet" in attributes that the library keeps.
///
/// # Example
///
/// ```
/// use dynamorm::Timestamp;
///
/// let time: Timestamp = "2026-08-21T15:35:45.5+02:00".parse()?;
/// assert_eq!(time.to_string(), "2026-08-21T13:35:45.500000000Z");
/// # Ok::<(), dynamorm::CodecError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    nanoseconds: i128,
}

impl Timestamp {
    /// 0000-01-01T00:00:00Z, the earliest.
    pub const MIN: Self = Self { nanoseconds: -62_167_219_200 * NANOSECONDS };

    /// 9999-12-31T23:59:59.999999999Z, the latest.
    pub const MAX: Self = Self { nanoseconds: 253_402_300_800 * NANOSECONDS - 1 };

    /// Now, by the system's clock.
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// assert!(Timestamp::now() > Timestamp::from_epoch_seconds(1_700_000_000));
    /// ```
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// True if it is the default, 1970-01-01T00:00:00Z: "no value yet" for attributes that the library keeps.
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// assert!(Timestamp::default().is_unset() && !Timestamp::now().is_unset());
    /// ```
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.nanoseconds == 0
    }

    /// Whole seconds since 1970, rounded down.
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// assert_eq!(Timestamp::from_epoch_millis(1_999).epoch_seconds(), 1);
    /// ```
    #[must_use]
    pub fn epoch_seconds(&self) -> i64 {
        self.nanoseconds.div_euclid(NANOSECONDS) as i64
    }

    /// So many seconds after 1970; beyond the years 0000 to 9999 the nearest time within.
    #[must_use]
    pub fn from_epoch_seconds(seconds: i64) -> Self {
        Self::saturating(i128::from(seconds) * NANOSECONDS)
    }

    /// Whole milliseconds since 1970, rounded down.
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// assert_eq!(Timestamp::from_epoch_seconds(2).epoch_millis(), 2_000);
    /// ```
    #[must_use]
    pub fn epoch_millis(&self) -> i64 {
        self.nanoseconds.div_euclid(NANOSECONDS / 1000) as i64
    }

    /// So many milliseconds after 1970; beyond the years 0000 to 9999 the nearest time within.
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// assert_eq!(Timestamp::from_epoch_millis(1_500).to_string(), "1970-01-01T00:00:01.500000000Z");
    /// ```
    #[must_use]
    pub fn from_epoch_millis(millis: i64) -> Self {
        Self::saturating(i128::from(millis) * (NANOSECONDS / 1000))
    }

    /// Adds a duration, unless the result is after [`Timestamp::MAX`].
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// use std::time::Duration;
    /// assert_eq!(Timestamp::MAX.checked_add(Duration::from_secs(1)), None);
    /// ```
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        Self::checked(self.nanoseconds + nanoseconds(duration))
    }

    /// Subtracts a duration, unless the result is before [`Timestamp::MIN`].
    ///
    /// ```
    /// use dynamorm::Timestamp;
    /// use std::time::Duration;
    /// let hour_ago = Timestamp::now().checked_sub(Duration::from_secs(3600));
    /// assert!(hour_ago.is_some_and(|then| then < Timestamp::now()));
    /// ```
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        Self::checked(self.nanoseconds - nanoseconds(duration))
    }

    fn checked(nanoseconds: i128) -> Option<Self> {
        let time = Self { nanoseconds };
        (Self::MIN..=Self::MAX).contains(&time).then_some(time)
    }

    fn saturating(nanoseconds: i128) -> Self {
        Self { nanoseconds }.clamp(Self::MIN, Self::MAX)
    }
}

/// A duration is at most 2^64 seconds, so neither this nor a sum with a time overflows.
fn nanoseconds(duration: Duration) -> i128 {
    i128::from(duration.as_secs()) * NANOSECONDS + i128::from(duration.subsec_nanos())
}

/// Ends at [`Timestamp::MAX`].
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self::saturating(self.nanoseconds + nanoseconds(duration))
    }
}

/// Ends at [`Timestamp::MIN`].
impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self::saturating(self.nanoseconds - nanoseconds(duration))
    }
}

/// Beyond the years 0000 to 9999 it is the nearest time within.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::saturating(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => nanoseconds(after),
            Err(before) => -nanoseconds(before.duration()),
        })
    }
}

/// Fails if the system's time does not reach so far.
impl TryFrom<Timestamp> for SystemTime {
    type Error = CodecError;

    fn try_from(time: Timestamp) -> Result<Self, CodecError> {
        let distance = time.nanoseconds.unsigned_abs();
        let seconds = (distance / NANOSECONDS.unsigned_abs()) as u64;
        let duration = Duration::new(seconds, (distance % NANOSECONDS.unsigned_abs()) as u32);
        let converted = if time.nanoseconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(duration)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(duration)
        };
        converted.ok_or_else(|| CodecError::new(Problem::OutOfRange { expected: "SystemTime" }))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        rfc3339::write(f, self.epoch_seconds(), self.nanoseconds.rem_euclid(NANOSECONDS))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = CodecError;

    /// Reads RFC 3339, with a fraction of any length and any offset. A leap second is the second after it.
    fn from_str(text: &str) -> Result<Self, CodecError> {
        rfc3339::parse(text.as_bytes())
            .and_then(|(seconds, nanos)| Self::checked(i128::from(seconds) * NANOSECONDS + i128::from(nanos)))
            .ok_or_else(|| CodecError::invalid(NOT_A_TIME))
    }
}

impl Attribute for Timestamp {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.s(&self.to_string());
        Ok(())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.s()?.parse()
    }
}

/// As its text.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From RFC 3339 text.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// When DynamoDB may delete an item; stored as a number of seconds since 1970.
///
/// DynamoDB deletes some time after it, and not at all what has been over for five years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(Timestamp);

impl Ttl {
    /// At this time, to the second: a fraction is dropped.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(Timestamp::from_epoch_seconds(time.epoch_seconds()))
    }

    /// So long from now, by the system's clock.
    ///
    /// ```
    /// use dynamorm::{Timestamp, Ttl};
    /// use std::time::Duration;
    /// assert!(Ttl::after(Duration::from_secs(3600)).time() > Timestamp::now());
    /// ```
    #[must_use]
    pub fn after(duration: Duration) -> Self {
        Self::at(Timestamp::now() + duration)
    }

    /// The time.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.0
    }

    fn from_seconds(seconds: i64) -> Result<Self, CodecError> {
        Timestamp::checked(i128::from(seconds) * NANOSECONDS)
            .map(Self)
            .ok_or_else(|| CodecError::new(Problem::OutOfRange { expected: "Ttl" }))
    }
}

impl From<Timestamp> for Ttl {
    fn from(time: Timestamp) -> Self {
        Self::at(time)
    }
}

#[diagnostic::do_not_recommend]
impl Attribute for Ttl {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        self.0.epoch_seconds().encode(writer)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Self::from_seconds(i64::decode(reader)?)
    }
}

/// As a number of seconds since 1970.
impl Serialize for Ttl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.epoch_seconds())
    }
}

/// From a number of seconds since 1970.
impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_seconds(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn text_is_utc_and_as_wide_for_all_times() {
        for (text, canonical) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000000Z"),
            ("2026-08-21T15:35:45.5+02:00", "2026-08-21T13:35:45.500000000Z"),
            ("2024-02-29t23:00:00.123456789123-01:30", "2024-03-01T00:30:00.123456789Z"),
            ("1969-12-31 23:59:59.999999999z", "1969-12-31T23:59:59.999999999Z"),
            ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000000000Z"),
            ("2000-02-29T00:00:00-00:00", "2000-02-29T00:00:00.000000000Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000000Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(time(text).to_string(), canonical, "{text}");
        }
        assert_eq!(time("0000-01-01T00:00:00Z"), Timestamp::MIN);
        assert_eq!(time("9999-12-31T23:59:59.999999999999Z"), Timestamp::MAX);
    }

    #[test]
    fn seconds_are_those_of_the_epoch() {
        assert_eq!(time("2001-09-09T01:46:40Z").epoch_seconds(), 1_000_000_000);
        assert_eq!(time("1969-12-31T23:59:59.5Z").epoch_seconds(), -1);
        assert_eq!(time("1969-12-31T23:59:59.5Z").epoch_millis(), -500);
        assert_eq!(Timestamp::from_epoch_millis(-500), time("1969-12-31T23:59:59.5Z"));
        assert_eq!(Timestamp::from_epoch_seconds(i64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_epoch_millis(i64::MIN), Timestamp::MIN);
        assert!(Timestamp::default().is_unset() && !Timestamp::now().is_unset());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-08-21",
            "2026-08-21T13:35:45",
            "2026-08-21T13:35Z",
            "2026-08-21T13:35:45.Z",
            "2026-08-21T13:35:45,5Z",
            "2026-08-21T13:35:45Z ",
            "2026-08-21T13:35:45+0200",
            "2026-08-21T13:35:45+24:00",
            "2026-08-21T24:00:00Z",
            "2026-08-21T13:60:45Z",
            "2026-08-21T13:35:60Z",
            "2026-13-21T13:35:45Z",
            "2026-00-21T13:35:45Z",
            "2026-04-31T13:35:45Z",
            "2026-02-29T13:35:45Z",
            "1900-02-29T13:35:45Z",
            "+2026-08-21T13:35:45Z",
            "12026-08-21T13:35:45Z",
            "2026-08-2éT13:35:45Z",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(error.to_string(), "the value is not an RFC 3339 time", "{text}");
        }
    }

    #[test]
    fn a_sum_ends_at_the_last_time_and_a_checked_one_fails() {
        let second = Duration::from_secs(1);
        assert_eq!(time("2024-02-29T23:59:59Z") + second, time("2024-03-01T00:00:00Z"));
        assert_eq!(time("2024-03-01T00:00:00Z") - second, time("2024-02-29T23:59:59Z"));
        assert_eq!(Timestamp::MAX + Duration::MAX, Timestamp::MAX);
        assert_eq!(Timestamp::MIN - Duration::MAX, Timestamp::MIN);
        assert_eq!(Timestamp::MAX.checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Timestamp::MIN.checked_sub(Duration::from_nanos(1)), None);
        assert_eq!(Timestamp::default().checked_add(second), Some(Timestamp::from_epoch_seconds(1)));
    }

    #[test]
    fn system_times_come_and_go() {
        for text in ["1969-12-31T23:59:59.5Z", "2026-08-21T13:35:45.123456789Z"] {
            let system = SystemTime::try_from(time(text)).unwrap();
            assert_eq!(Timestamp::from(system), time(text));
        }
    }

    #[test]
    fn a_time_is_stored_as_text_and_a_time_to_live_as_seconds() {
        let mut writer = Writer::new();
        let at = time("2001-09-09T01:46:40.9Z");
        at.encode(&mut writer).unwrap();
        Ttl::at(at).encode(&mut writer).unwrap();
        let json = r#"{"S":"2001-09-09T01:46:40.900000000Z"}{"N":"1000000000"}"#;
        assert_eq!(str::from_utf8(writer.as_bytes()).unwrap(), json);
        let mut reader = Reader::from_text(json);
        assert_eq!(Timestamp::decode(&mut reader), Ok(at));
        assert_eq!(<Ttl as Attribute>::decode(&mut reader), Ok(Ttl::from(at)));
    }

    #[test]
    fn a_time_to_live_beyond_the_years_is_refused() {
        let error = <Ttl as Attribute>::decode(&mut Reader::from_text(r#"{"N":"1E+18"}"#)).unwrap_err();
        assert_eq!(error.to_string(), "the value does not fit in `Ttl`");
    }

    #[test]
    fn in_json_a_time_is_text_and_a_time_to_live_a_number() {
        let at = time("2001-09-09T01:46:40Z");
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2001-09-09T01:46:40.000000000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>("\"2001-09-09T01:46:40Z\"").unwrap(), at);
        assert_eq!(serde_json::to_string(&Ttl::at(at)).unwrap(), "1000000000");
        assert_eq!(serde_json::from_str::<Ttl>("1000000000").unwrap(), Ttl::at(at));
        assert!(serde_json::from_str::<Timestamp>("\"soon\"").is_err());
    }
}
