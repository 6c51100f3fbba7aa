//! Keys: no spelling gives a bucket of its own.

use std::collections::HashSet;
use std::net::IpAddr;

use plinth_domain::{Email, SessionId};
use plinth_limits::Key;
use uuid::Uuid;

fn email(text: &str) -> Key {
    Key::account(&Email::parse(text).unwrap())
}

fn ip(text: &str) -> Key {
    Key::ip(text.parse::<IpAddr>().unwrap())
}

#[test]
fn an_account_is_one_however_it_is_spelled() {
    for text in ["ada@example.com", " ADA@Example.COM\t", "\u{a0}ada@example.com\n"] {
        assert_eq!(Key::account_text(text), email("ada@example.com"), "{text:?}");
        assert_eq!(email(text), email("ada@example.com"));
    }
    // The same letters, composed and not.
    assert_eq!(Key::account_text("JOSE\u{301}@example.com"), email("jos\u{e9}@example.com"));
    for (one, other) in [("no address", "  NO Address "), ("ÉCOLE", "école"), ("", " \t ")] {
        assert_eq!(Key::account_text(one), Key::account_text(other));
    }
}

#[test]
fn of_a_long_text_the_start_counts() {
    // Cut within a character, which must not panic.
    let long = "é".repeat(1_000_000);
    assert_eq!(Key::account_text(&long), Key::account_text(&(long.clone() + "x")));
    assert_eq!(Key::account_text(&format!("x{long}")), Key::account_text(&format!(" X{long}y")));
    assert_ne!(Key::account_text(&format!("x{long}")), Key::account_text(&long));
}

#[test]
fn an_address_is_one_however_it_is_written() {
    assert_eq!(ip("192.0.2.7"), ip("::ffff:192.0.2.7"));
    assert_eq!(ip("192.0.2.7"), ip("::ffff:c000:207"));
    assert_ne!(ip("192.0.2.7"), ip("192.0.2.8"));
    // One customer of IPv6 has at least 64 bits of addresses.
    assert_eq!(ip("2001:db8:1:2::1"), ip("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(ip("2001:db8:1:2::1"), ip("2001:db8:1:3::1"));
    assert_eq!(Key::ip(None), Key::ip(None));
}

#[test]
fn what_differs_has_buckets_apart() {
    let session = SessionId::from(Uuid::from_u128(7));
    let keys = [
        email("ada@example.com"),
        email("bob@example.com"),
        email("ada+x@example.com"),
        Key::account_text("ada"),
        Key::account_text(""),
        Key::ip(None),
        ip("0.0.0.0"),
        ip("::"),
        ip("0:0:0:7::"),
        Key::session(session),
        Key::session(SessionId::from(Uuid::from_u128(8))),
        Key::account_text(&session.to_string()),
        Key::account_text("192.0.2.7"),
        ip("192.0.2.7"),
    ];
    assert_eq!(keys.into_iter().collect::<HashSet<_>>().len(), keys.len());
}

#[test]
fn a_key_shows_nothing() {
    assert_eq!(format!("{:?}", email("ada@example.com")), "Key");
}
