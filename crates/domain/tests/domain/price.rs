//! Prices: exact from the text of a JSON number to hundredths and back.

use plinth_domain::Price;
use proptest::prelude::*;
use serde_json::value::RawValue;

fn parse(text: &str) -> Result<i64, &'static str> {
    Price::parse_json_number(text).map(Price::hundredths).map_err(|violation| violation.code)
}

#[test]
fn numbers_of_at_most_two_decimals_are_exact() {
    for (text, hundredths) in [
        ("0", 0),
        ("-0", 0),
        ("-0.00", 0),
        ("0e999999999999", 0),
        ("0e-99999999999999999999999", 0),
        ("0.01", 1),
        ("0.1", 10),
        ("1", 100),
        ("12.34", 1234),
        ("12.340", 1234),
        ("12.34000000000000000000000000000000", 1234),
        ("1e2", 10_000),
        ("1E2", 10_000),
        ("1E+2", 10_000),
        ("1e+0", 100),
        ("0.001e1", 1),
        ("1234e-2", 1234),
        ("1000e-3", 100),
        ("12340e-3", 1234),
        ("0.1e-1", 1),
        ("0.29", 29),
        ("1.15", 115),
        ("4.35", 435),
        ("9999999999.99", 999_999_999_999),
        ("999999999999e-2", 999_999_999_999),
        ("9.99999999999e9", 999_999_999_999),
        ("0.00000000000000000001e20", 100),
    ] {
        assert_eq!(parse(text), Ok(hundredths), "{text}");
    }
    assert_eq!(parse(&format!("1{}e-300", "0".repeat(300))), Ok(100));
    assert_eq!(parse(&format!("0.{}1e300", "0".repeat(299))), Ok(100));
    assert_eq!(parse(&format!("5.{}", "0".repeat(100_000))), Ok(500));
}

#[test]
fn a_third_decimal_that_counts_is_refused() {
    for text in
        ["12.345", "0.001", "1e-3", "0.015e0", "9999999999.991", "1e-99999999999999999999999", "1234.5e-2"]
    {
        assert_eq!(parse(text), Err("too_many_decimals"), "{text}");
    }
    assert_eq!(parse(&format!("0.{}1", "0".repeat(100_000))), Err("too_many_decimals"));
}

#[test]
fn what_is_beyond_the_range_is_refused() {
    for text in [
        "-0.01",
        "-1",
        "-1e400",
        "-0.001",
        "10000000000",
        "9999999999.995e1",
        "1e10",
        "1e400",
        "1E+99999999999999999999",
        "9223372036854775808",
        "92233720368547758.08",
        "18446744073709551616",
        "1e18",
        "1e17",
        "1e19",
    ] {
        assert_eq!(parse(text), Err("out_of_range"), "{text}");
    }
    assert_eq!(parse(&"9".repeat(100_000)), Err("out_of_range"));
    assert_eq!(parse(&format!("1{}", "0".repeat(100_000))), Err("out_of_range"));
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "", "-", "abc", "\"12\"", "null", "true", "[]", "{}", "NaN", "Infinity", "0x10", "1,5", "--1", "+1",
        ".5", "１２",
    ] {
        assert_eq!(parse(text), Err("wrong_type"), "{text}");
    }
}

#[test]
fn the_range_in_hundredths_has_both_ends() {
    assert_eq!(Price::from_hundredths(-1), None);
    assert_eq!(Price::from_hundredths(0).map(Price::hundredths), Some(0));
    assert_eq!(Price::from_hundredths(999_999_999_999).map(Price::hundredths), Some(999_999_999_999));
    assert_eq!(Price::from_hundredths(1_000_000_000_000), None);
}

#[test]
fn prices_print_with_two_decimals_and_serialise_as_numbers() {
    for (hundredths, printed, json) in [
        (0, "0.00", "0.0"),
        (1, "0.01", "0.01"),
        (1250, "12.50", "12.5"),
        (999_999_999_999, "9999999999.99", "9999999999.99"),
    ] {
        let price = Price::from_hundredths(hundredths).unwrap();
        assert_eq!(price.to_string(), printed);
        assert_eq!(serde_json::to_string(&price).unwrap(), json);
    }
}

proptest! {
    #[test]
    fn every_price_survives_printing_and_json(hundredths in 0..=Price::MAX_HUNDREDTHS) {
        let price = Price::from_hundredths(hundredths).unwrap();
        prop_assert_eq!(Price::parse_json_number(&price.to_string()).unwrap(), price);
        let json = serde_json::to_string(&price).unwrap();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).unwrap().is_number());
        let raw: Box<RawValue> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(Price::parse_json_number(raw.get()).unwrap(), price);
    }

    /// The same value written with any exponent and any zeros behind.
    #[test]
    fn spelling_makes_no_difference(hundredths in 0..=Price::MAX_HUNDREDTHS, shift in -30_i32..30, zeros in 0_usize..20) {
        let digits = format!("{hundredths:031}");
        let at = usize::try_from(31 - 2 + shift.clamp(-28, 2)).unwrap();
        let shift = shift.clamp(-28, 2);
        let text = format!("{}.{}{}e{}", digits[..at].trim_start_matches('0'), &digits[at..], "0".repeat(zeros), -shift);
        let text = if text.starts_with('.') { format!("0{text}") } else { text };
        prop_assert_eq!(parse(&text), Ok(hundredths), "{}", text);
    }

    #[test]
    fn any_text_is_refused_or_in_range(text in "-?[0-9]{0,30}(\\.[0-9]{0,30})?([eE][+-]?[0-9]{0,25})?") {
        if let Ok(hundredths) = parse(&text) {
            prop_assert!(Price::from_hundredths(hundredths).is_some());
        }
    }
}
