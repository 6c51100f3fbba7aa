//! What serialises reads back as it was, and what does not keep the rules is refused.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use plinth_domain::{
    Description, Email, FullName, Item, Page, Price, Role, Timestamp, Title, User, Violation,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::users::{item, user};

/// The value after it has been JSON, as text and as a tree.
fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    assert_eq!(&serde_json::from_value::<T>(serde_json::to_value(value).unwrap()).unwrap(), value, "{text}");
}

/// Why that JSON is no `T`.
fn refusal<T: DeserializeOwned>(json: &Value) -> String {
    match serde_json::from_str::<T>(&json.to_string()) {
        Ok(_) => panic!("{json} was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn users_and_items_read_back() {
    for role in Role::ALL {
        let mut full = user(7, role);
        there_and_back(&full);
        full.pending_email = Some(Email::parse("new@example.com").unwrap());
        full.deleted_at = Some(full.updated_at.next());
        there_and_back(&full);
        full.full_name = None;
        there_and_back(&full);
    }
    let mut lamp = item(&user(7, Role::Viewer));
    there_and_back(&lamp);
    lamp.description = Some(Description::parse("  Brass foot\n").unwrap());
    lamp.price = Price::from_hundredths(1999);
    there_and_back(&lamp);
}

#[test]
fn pages_read_back() {
    let lamp = item(&user(7, Role::Viewer));
    let mut page =
        Page { items: vec![lamp], total: Some(41), page: Some(2), page_size: 20, next_cursor: None };
    there_and_back(&page);
    page = Page { total: None, page: None, next_cursor: Some("AUnHlq0AAAAB".to_owned()), ..page };
    there_and_back(&page);
    assert!(refusal::<Page<Item>>(&json!({"items": [{}], "page_size": 20})).contains("missing field"));
}

/// The JSON of a value with one member set.
fn with(value: &impl Serialize, name: &str, member: Value) -> Value {
    let mut json = serde_json::to_value(value).unwrap();
    json[name] = member;
    json
}

#[test]
fn what_a_member_s_type_refuses_is_refused() {
    let ada = user(7, Role::Editor);
    for (name, member, reason) in [
        ("id", json!("7"), "UUID"),
        ("email", json!("ada"), "must be an email address"),
        ("email", json!(7), "string"),
        ("pending_email", json!("ada@"), "must be an email address"),
        ("full_name", json!(" "), "must not be blank"),
        ("full_name", json!("x".repeat(101)), "at most 100"),
        ("role", json!("root"), "root"),
        ("is_active", json!(1), "bool"),
        ("is_superuser", json!(true), "contradicts"),
        ("created_at", json!("yesterday"), "must be an instant"),
    ] {
        let refused = refusal::<User>(&with(&ada, name, member));
        assert!(refused.contains(reason), "{name}: {refused}");
    }
    let lamp = item(&ada);
    for (name, member, reason) in [
        ("title", json!(""), "must not be blank"),
        ("description", json!("\0"), "U+0000"),
        ("price", json!(-1), "must be between"),
        ("price", json!("1"), "a number"),
        ("owner_id", json!(null), "string"),
    ] {
        let refused = refusal::<Item>(&with(&lamp, name, member));
        assert!(refused.contains(reason), "{name}: {refused}");
    }
}

#[test]
fn what_is_missing_or_new_does_not_hinder_where_it_need_not() {
    let ada = user(7, Role::Admin);
    let mut json = with(&ada, "avatar", json!("a later version's"));
    json.as_object_mut().unwrap().remove("is_superuser");
    assert_eq!(serde_json::from_value::<User>(json).unwrap(), ada);
    let newer = with(&item(&ada), "colour", json!("amber"));
    assert_eq!(serde_json::from_value::<Item>(newer).unwrap(), item(&ada));
}

#[test]
fn a_price_is_a_number_within_its_rules() {
    for (number, hundredths) in [
        ("0", 0),
        ("-0", 0),
        ("-0.0", 0),
        ("12", 1200),
        ("12.5", 1250),
        ("12.340", 1234),
        ("0.01", 1),
        ("1e2", 10_000),
        ("1.5E1", 1500),
        ("9999999999.99", Price::MAX_HUNDREDTHS),
    ] {
        let price: Price = serde_json::from_str(number).unwrap();
        assert_eq!(price.hundredths(), hundredths, "{number}");
    }
    for number in [
        "0.001",
        "9999999999.98999",
        "12.345",
        "-1",
        "-0.01",
        "10000000000",
        "1e300",
        "5e-324",
        "18446744073709551615",
        "-9223372036854775808",
        "null",
        "\"1\"",
        "true",
        "[1]",
    ] {
        assert!(serde_json::from_str::<Price>(number).is_err(), "{number}");
    }
    // The nearest double is that of a price: nobody can tell them apart any more.
    let near: Price = serde_json::from_str("0.010000000000000000001").unwrap();
    assert_eq!(near.hundredths(), 1);
}

#[test]
fn texts_parse_with_from_str_as_with_parse() {
    assert_eq!("Ada@Example.com".parse(), Email::parse("ada@example.com"));
    assert_eq!(" Ada ".parse(), FullName::parse("Ada"));
    assert_eq!(" ".parse::<Title>().map_err(|violation| violation.code), Err("blank"));
    assert_eq!(" ".parse(), Description::parse(" "));
    assert_eq!("12.50".parse(), Price::parse_json_number("12.5"));
    for role in Role::ALL {
        assert_eq!(role.to_string().parse(), Ok(role));
    }
    assert_eq!("root".parse::<Role>().map_err(|violation| violation.code), Err("invalid_choice"));
    assert_eq!(format!("[{:8}]", Role::Admin), "[admin   ]");
    let email = Email::parse("ada@example.com").unwrap();
    assert_eq!(AsRef::<str>::as_ref(&email), "ada@example.com");
}

fn shown_and_read<T>(value: &T)
where
    T: Display + FromStr<Err = Violation> + Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(value.to_string().parse::<T>().as_ref(), Ok(value));
    there_and_back(value);
}

proptest! {
    #[test]
    fn every_price_reads_back(hundredths in 0..=Price::MAX_HUNDREDTHS) {
        shown_and_read(&Price::from_hundredths(hundredths).unwrap());
    }

    #[test]
    fn every_text_reads_back(text in "\\PC{0,120}", local in "[\\p{L}\\p{M}0-9+_-]{1,8}") {
        if let Ok(email) = Email::parse(&format!("{local}@example.com")) {
            shown_and_read(&email);
        }
        if let Ok(name) = FullName::parse(&text) {
            shown_and_read(&name);
        }
        if let Ok(title) = Title::parse(&text) {
            shown_and_read(&title);
        }
        shown_and_read(&Description::parse(&text).unwrap());
    }

    #[test]
    fn every_instant_reads_back(micros in -62_167_219_200_000_000_i64..=253_402_300_799_999_999) {
        there_and_back(&Timestamp::from_micros(micros).unwrap());
    }

    #[test]
    fn every_user_and_item_reads_back(
        ids: (u128, u128),
        micros in 0_i64..253_402_300_799_999_999,
        name in prop::option::of("[a-zß語 ]{0,20}x"),
        role in prop::sample::select(&Role::ALL[..]),
        flags: (bool, bool, bool),
        hundredths in prop::option::of(0..=Price::MAX_HUNDREDTHS),
    ) {
        let at = Timestamp::from_micros(micros).unwrap();
        let ada = User {
            full_name: name.as_deref().map(|name| FullName::parse(name).unwrap()),
            is_active: flags.0,
            email_verified: flags.1,
            created_at: at,
            deleted_at: flags.2.then_some(at),
            ..user(ids.0, role)
        };
        there_and_back(&ada);
        let lamp = Item {
            price: hundredths.and_then(Price::from_hundredths),
            description: name.as_deref().map(|text| Description::parse(text).unwrap()),
            updated_at: at,
            ..item(&ada)
        };
        there_and_back(&lamp);
    }
}
