//! How often: a count and a period.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// That many at once, refilled evenly over the period: `10/1m` is ten, and another one every six seconds.
///
/// Between one refill and the next lies a whole number of microseconds, rounded up, so that never more is allowed
/// than the rate says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    /// In seconds.
    period: u32,
}

impl Rate {
    /// The highest count.
    pub const MAX_COUNT: u32 = 1_000_000;
    /// The longest period: 365 days.
    pub const MAX_PERIOD: Duration = Duration::from_secs(365 * DAY as u64);

    /// A rate of that many in that many seconds.
    pub fn new(count: u32, seconds: u32) -> Result<Self, NotARate> {
        if !(1..=Self::MAX_COUNT).contains(&count) {
            return Err(NotARate::Count);
        }
        if seconds == 0 || u64::from(seconds) > Self::MAX_PERIOD.as_secs() {
            return Err(NotARate::Period);
        }
        Ok(Self { count, period: seconds })
    }

    /// For the defaults, which are known to be within the bounds.
    pub(crate) const fn fixed(count: u32, seconds: u32) -> Self {
        Self { count, period: seconds }
    }

    /// How many are allowed at once.
    pub fn count(self) -> u32 {
        self.count
    }

    /// In how long an empty bucket is full again.
    pub fn period(self) -> Duration {
        Duration::from_secs(self.period.into())
    }

    /// Microseconds from one refill to the next.
    pub(crate) fn interval(self) -> u64 {
        (u64::from(self.period) * 1_000_000).div_ceil(self.count.into())
    }

    /// Microseconds in which an empty bucket fills.
    pub(crate) fn full(self) -> u64 {
        self.interval() * u64::from(self.count)
    }
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// The units of a period, the longest first.
const UNITS: [(char, u32); 4] = [('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', 1)];

/// Why a text is no rate. The message says what is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARate {
    /// Another shape.
    #[error("must be a count and a period in s, m, h or d, such as 10/1m")]
    Shape,
    /// A count out of bounds.
    #[error("must have a count from 1 to 1000000")]
    Count,
    /// A period out of bounds.
    #[error("must have a period from 1s to 365d")]
    Period,
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (count, period) = text.split_once('/').ok_or(NotARate::Shape)?;
        let (unit, seconds) =
            *UNITS.iter().find(|(unit, _)| period.ends_with(*unit)).ok_or(NotARate::Shape)?;
        let period = period.strip_suffix(unit).unwrap_or_default();
        // Both shapes before either size: the message about the size would mislead.
        let (count, period) = (digits(count)?, digits(period)?);
        let count = count.parse().map_err(|_| NotARate::Count)?;
        let period = period.parse::<u32>().ok().and_then(|period| period.checked_mul(seconds));
        Self::new(count, period.ok_or(NotARate::Period)?)
    }
}

fn digits(text: &str) -> Result<&str, NotARate> {
    // `parse` would take a plus sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(text).ok_or(NotARate::Shape)
}

impl fmt::Display for Rate {
    /// In the longest unit that divides the period.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = UNITS.iter().find(|(_, seconds)| self.period.is_multiple_of(*seconds));
        let (unit, seconds) = fits.copied().unwrap_or(('s', 1));
        write!(f, "{}/{}{unit}", self.count, self.period / seconds)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
