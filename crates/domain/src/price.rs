//! Prices: exact amounts with at most two decimals.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::text::Violation;

/// A price from 0 to 9,999,999,999.99, kept as whole hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

impl Price {
    /// The greatest price, in hundredths.
    pub const MAX_HUNDREDTHS: i64 = 999_999_999_999;

    /// A price of that many hundredths; `None` outside the range.
    pub fn from_hundredths(hundredths: i64) -> Option<Self> {
        (0..=Self::MAX_HUNDREDTHS).contains(&hundredths).then_some(Self(hundredths))
    }

    /// A price that was checked before it was stored. Checks nothing: only for what [`Price::hundredths`] gave.
    pub fn from_stored(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// The price in hundredths.
    pub fn hundredths(self) -> i64 {
        self.0
    }

    /// Reads the text of a JSON number (RFC 8259 §6) without passing through binary floating point: `12.340` and
    /// `1e2` are prices, `12.345` is not.
    pub fn parse_json_number(text: &str) -> Result<Self, Violation> {
        let out_of_range = || Violation::new("out_of_range", "must be between 0 and 9999999999.99");
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            // An exponent that no integer holds is as good as the greatest, or the least.
            Some((mantissa, exponent)) => {
                let extreme = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
                (mantissa, exponent.parse::<i64>().unwrap_or(extreme))
            }
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction_len = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let digits = || whole.bytes().chain(fraction.bytes());
        if whole.is_empty() || !digits().all(|digit| digit.is_ascii_digit()) {
            return Err(Violation::new("wrong_type", "must be a number"));
        }
        if digits().all(|digit| digit == b'0') {
            return Ok(Self(0));
        }
        // The value is `significant` × 10^`scale` hundredths, where `significant` neither starts nor ends with zero.
        let zeros = digits().rev().take_while(|digit| *digit == b'0').count();
        let significant: Vec<u8> = digits().rev().skip(zeros).collect();
        let scale = exponent
            .saturating_sub(fraction_len)
            .saturating_add(2)
            .saturating_add(i64::try_from(zeros).unwrap_or(i64::MAX));
        if scale < 0 && !negative {
            return Err(Violation::new("too_many_decimals", "must have at most two decimals"));
        }
        let mut hundredths: i64 = 0;
        for digit in significant.iter().rev() {
            hundredths = hundredths
                .checked_mul(10)
                .and_then(|n| n.checked_add(i64::from(digit - b'0')))
                .ok_or_else(out_of_range)?;
        }
        let scale = u32::try_from(scale.max(0)).map_err(|_| out_of_range())?;
        let hundredths = 10_i64
            .checked_pow(scale)
            .and_then(|factor| hundredths.checked_mul(factor))
            .ok_or_else(out_of_range)?;
        if negative {
            Err(out_of_range())
        } else {
            Self::from_hundredths(hundredths).ok_or_else(out_of_range)
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Price {
    /// As a JSON number. The nearest double prints back as the same decimal, since a price has at most 12 digits.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_precision_loss, reason = "12 digits fit a double's 15")]
        serializer.serialize_f64(self.0 as f64 / 100.0)
    }
}
