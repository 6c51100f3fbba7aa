//! Rates: what is read, what is refused and how, and the defaults.

use std::time::Duration;

use plinth_limits::{Limit, NotARate, Rate, Rates};
use proptest::prelude::*;

#[test]
fn a_rate_is_a_count_and_a_period() {
    for (text, count, seconds, printed) in [
        ("10/1m", 10, 60, "10/1m"),
        ("1/1s", 1, 1, "1/1s"),
        ("5/90s", 5, 90, "5/90s"),
        ("5/60s", 5, 60, "5/1m"),
        ("30/1h", 30, 3_600, "30/1h"),
        ("100/24h", 100, 86_400, "100/1d"),
        ("007/02m", 7, 120, "7/2m"),
        ("1000000/365d", 1_000_000, 31_536_000, "1000000/365d"),
    ] {
        let rate: Rate = text.parse().unwrap();
        assert_eq!((rate.count(), rate.period()), (count, Duration::from_secs(seconds)), "{text}");
        assert_eq!(rate.to_string(), printed);
    }
}

#[test]
fn what_is_no_rate_is_refused_with_what_is_right() {
    use NotARate::{Count, Period, Shape};
    for (text, why) in [
        ("", Shape),
        ("10", Shape),
        ("10/", Shape),
        ("/1m", Shape),
        ("10/m", Shape),
        ("10/1", Shape),
        ("10/1w", Shape),
        ("10/1M", Shape),
        ("10/1m ", Shape),
        (" 10/1m", Shape),
        ("10 / 1m", Shape),
        ("+10/1m", Shape),
        ("-10/1m", Shape),
        ("10/+1m", Shape),
        ("10/1m/1m", Shape),
        ("1.5/1m", Shape),
        ("10/1ms", Shape),
        ("10/1µ", Shape),
        ("x/99999999999d", Shape),
        ("٣/1m", Shape),
        ("0/1m", Count),
        ("1000001/1m", Count),
        ("99999999999999999999/1m", Count),
        ("10/0s", Period),
        ("10/366d", Period),
        ("10/4294967296s", Period),
        ("10/49711d", Period),
        ("10/99999999999999999999d", Period),
    ] {
        assert_eq!(text.parse::<Rate>(), Err(why), "{text}");
    }
    assert_eq!(Shape.to_string(), "must be a count and a period in s, m, h or d, such as 10/1m");
    assert!(Count.to_string().contains(&Rate::MAX_COUNT.to_string()));
    assert!(Period.to_string().contains(&format!("{}d", Rate::MAX_PERIOD.as_secs() / 86_400)));
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let rates = Rates::default();
    let printed = Limit::ALL.map(|limit| format!("{} {}", limit.name(), rates.of(limit)));
    assert_eq!(
        printed,
        [
            "login-account 10/1m",
            "login-ip 60/1m",
            "register-ip 30/1h",
            "mail-address 5/1h",
            "mail-ip 60/1m",
            "refresh-session 60/1m",
        ]
    );
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(count in 1..=Rate::MAX_COUNT, seconds in 1..=31_536_000u32) {
        let rate = Rate::new(count, seconds).unwrap();
        prop_assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate));
    }

    #[test]
    fn no_text_panics(text in "[0-9]{0,12}/?[0-9]{0,12}[smhdw]?|.{0,8}") {
        if let Ok(rate) = text.parse::<Rate>() {
            prop_assert_eq!(Rate::new(rate.count(), u32::try_from(rate.period().as_secs()).unwrap()), Ok(rate));
        }
    }
}
