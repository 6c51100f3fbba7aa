//! Instants: microseconds, how they print, and what is done about those out of range.

use std::time::Duration;

use chrono::{DateTime, Utc};
use plinth_domain::{Clock, SystemClock, Timestamp};
use proptest::prelude::*;

const LEAST: i64 = -62_167_219_200_000_000;
const GREATEST: i64 = 253_402_300_799_999_999;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

#[test]
fn instants_print_with_six_decimals_and_z() {
    for (micros, printed) in [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_790_000_000_123_400, "2026-09-21T14:13:20.123400Z"),
        (LEAST, "0000-01-01T00:00:00.000000Z"),
        (GREATEST, "9999-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(at(micros).to_string(), printed);
        assert_eq!(serde_json::to_string(&at(micros)).unwrap(), format!("\"{printed}\""));
        assert_eq!(at(micros).micros(), micros);
    }
}

#[test]
fn years_that_cannot_be_written_are_out_of_range() {
    for micros in [i64::MIN, LEAST - 1, GREATEST + 1, i64::MAX] {
        assert_eq!(Timestamp::from_micros(micros), None, "{micros}");
    }
}

#[test]
fn what_is_finer_than_a_microsecond_is_dropped() {
    let fine = DateTime::<Utc>::from_timestamp(10, 123_456_999).unwrap();
    assert_eq!(Timestamp::from(fine), at(10_123_456));
    let before_the_epoch = DateTime::<Utc>::from_timestamp(-1, 999_999_999).unwrap();
    assert_eq!(Timestamp::from(before_the_epoch), at(-1));
    assert_eq!(Timestamp::from(DateTime::<Utc>::MAX_UTC), at(GREATEST));
    assert_eq!(Timestamp::from(DateTime::<Utc>::MIN_UTC), at(LEAST));
    let read: Timestamp = serde_json::from_str("\"2026-11-20T12:15:25.1234569+02:00\"").unwrap();
    assert_eq!(read.to_string(), "2026-11-20T10:15:25.123456Z");
    assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
}

#[test]
fn seconds_are_rounded_down() {
    for (micros, seconds) in
        [(0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-1_000_000, -1), (-1_000_001, -2)]
    {
        assert_eq!(at(micros).seconds(), seconds, "{micros}");
    }
}

#[test]
fn spans_go_forward_only() {
    assert_eq!(at(5_000_001).since(at(5)), Duration::from_micros(4_999_996));
    assert_eq!(at(5).since(at(5)), Duration::ZERO);
    assert_eq!(at(5).since(at(6)), Duration::ZERO, "an earlier clock");
    assert_eq!(at(GREATEST).since(at(LEAST)), Duration::from_micros((GREATEST - LEAST).unsigned_abs()));
    assert_eq!(at(LEAST).since(at(GREATEST)), Duration::ZERO);
}

#[test]
fn time_is_added_up_to_the_end() {
    assert_eq!(at(7).plus(Duration::from_nanos(1_999)), at(8));
    assert_eq!(at(GREATEST).plus(Duration::from_secs(1)), at(GREATEST));
    assert_eq!(at(0).plus(Duration::MAX), at(GREATEST));
    assert_eq!(at(41).next(), at(42));
    assert!(at(41).next() > at(41));
}

#[test]
fn the_machine_s_clock_runs() {
    let first = SystemClock.now();
    // 2025; a clock in another unit would be decades off.
    assert!(first > at(1_735_689_600_000_000) && first < at(10_000_000_000_000_000), "{first}");
    while SystemClock.now() <= first {
        std::hint::spin_loop();
    }
}

proptest! {
    #[test]
    fn printing_keeps_every_instant_and_its_order(one in LEAST..=GREATEST, other in LEAST..=GREATEST) {
        let json = serde_json::to_string(&at(one)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at(one));
        prop_assert_eq!(at(one).to_string().cmp(&at(other).to_string()), one.cmp(&other));
    }

    #[test]
    fn plus_undoes_since(one in LEAST..=GREATEST, other in LEAST..=GREATEST) {
        let (earlier, later) = (at(one.min(other)), at(one.max(other)));
        prop_assert_eq!(earlier.plus(later.since(earlier)), later);
    }
}
