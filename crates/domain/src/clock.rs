//! Instants, and where time and randomness come from.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::Violation;

/// An instant in UTC with microsecond resolution, which is what both databases keep.
///
/// Printed and serialised as RFC 3339 with six decimals and `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The first instant, 0000-01-01T00:00:00Z, and the last, 9999-12-31T23:59:59.999999Z: the years that RFC 3339
    /// can write. PostgreSQL keeps all of them, which is not so of every instant that 64 bits can count.
    const MICROS: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

    /// The instant this many microseconds after the Unix epoch; `None` outside the years 0 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        Self::MICROS.contains(&micros).then(|| Self::nearest(micros))
    }

    fn nearest(micros: i64) -> Self {
        Self(
            DateTime::from_timestamp_micros(micros.clamp(*Self::MICROS.start(), *Self::MICROS.end()))
                .unwrap_or_default(),
        )
    }

    /// Microseconds since the Unix epoch.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Whole seconds since the Unix epoch, rounded down, as JWT dates are counted (RFC 7519 §2).
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// This instant and that much later, at most the last instant of the year 9999.
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::nearest(self.micros().saturating_add(micros))
    }

    /// The instant that much before this one, at least the first of the year 0.
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::nearest(self.micros().saturating_sub(micros))
    }

    /// The time from `earlier` to this instant; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros() - earlier.micros()).unwrap_or(0))
    }

    /// The first instant after this one.
    ///
    /// Versions of a row are told apart by their time of change, so a change advances it at least by this.
    pub fn next(self) -> Self {
        self.plus(Duration::from_micros(1))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    /// Drops what is finer than a microsecond; an instant out of range becomes the nearest that is not.
    fn from(at: DateTime<Utc>) -> Self {
        Self::nearest(at.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Timestamp {
    /// Reads an instant in any offset (RFC 3339 §5.6).
    ///
    /// # Errors
    /// `invalid_time` for anything else.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(at) => Ok(at.with_timezone(&Utc).into()),
            Err(_) => Err(Violation::new("invalid_time", "must be an instant such as 2026-11-20T10:15:25Z")),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Tells the time. Everything that needs it is given one, so that tests can stand at any instant.
pub trait Clock: Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: the one thing in this crate that is not the same each time.
///
/// For where a program is put together. Everything else takes a [`Clock`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        DateTime::<Utc>::from(std::time::SystemTime::now()).into()
    }
}

/// Gives random bytes fit for secrets. `plinth-auth` has the operating system's.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}
