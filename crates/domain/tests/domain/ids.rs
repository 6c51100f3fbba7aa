//! Identifiers: RFC 9562 §5.7, and the one form in which they are read.

use std::sync::atomic::{AtomicU8, Ordering};

use plinth_domain::ids::{NotAnId, parse_hyphenated, uuid_v7};
use plinth_domain::{Entropy, ItemId, SessionId, Timestamp, UserId};
use proptest::prelude::*;
use uuid::{Uuid, Variant};

const TEXT: &str = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";

/// The same byte over and over, another one each time.
struct Bytes(AtomicU8);

impl Entropy for Bytes {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn bytes(first: u8) -> Bytes {
    Bytes(AtomicU8::new(first))
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

#[test]
fn an_id_holds_milliseconds_version_variant_and_randomness() {
    // The time of the example in RFC 9562, appendix A.6.
    let id = uuid_v7(at(1_645_557_742_000_000), &bytes(0xff));
    assert_eq!(id.to_string(), "017f22e2-79b0-7fff-bfff-ffffffffffff");
    let id = uuid_v7(at(1_645_557_742_000_999), &bytes(0x00));
    assert_eq!(id.to_string(), "017f22e2-79b0-7000-8000-000000000000");
    assert_eq!(uuid_v7(at(-5_000_000), &bytes(0)).to_string(), "00000000-0000-7000-8000-000000000000");
}

#[test]
fn ids_of_one_instant_differ_and_each_resource_makes_them_alike() {
    let entropy = bytes(1);
    let now = at(1_790_000_000_000_000);
    let made = [
        UserId::new(now, &entropy).uuid(),
        UserId::new(now, &entropy).uuid(),
        SessionId::new(now, &entropy).uuid(),
        ItemId::new(now, &entropy).uuid(),
    ];
    for (n, id) in made.iter().enumerate() {
        assert_eq!(id.get_version_num(), 7);
        assert!(!made[..n].contains(id), "{id} twice");
    }
}

#[test]
fn only_the_hyphenated_form_is_read() {
    let id: Uuid = TEXT.parse().unwrap();
    assert_eq!(parse_hyphenated(TEXT), Ok(id));
    assert_eq!(parse_hyphenated(&TEXT.to_uppercase()), Ok(id));
    assert_eq!(TEXT.parse::<UserId>(), Ok(UserId::from(id)));
    for other in [
        String::new(),
        TEXT.replace('-', ""),
        format!("{{{TEXT}}}"),
        format!("urn:uuid:{TEXT}"),
        format!(" {TEXT}"),
        format!("{TEXT} "),
        TEXT[..35].to_owned(),
        format!("{TEXT}0"),
        TEXT.replace('c', "g"),
        "01990d5c7-b1e-7c3a-9f61-0d9a3f1c2b4e".to_owned(),
        "01990d5c_7b1e_7c3a_9f61_0d9a3f1c2b4e".to_owned(),
        "0".repeat(36),
        "ü".repeat(18),
    ] {
        assert_eq!(parse_hyphenated(&other), Err(NotAnId), "{other:?}");
        assert!(other.parse::<ItemId>().is_err(), "{other:?}");
        assert!(serde_json::from_value::<SessionId>(other.clone().into()).is_err(), "{other:?}");
    }
}

#[test]
fn ids_show_as_lower_case_hyphenated_text() {
    let id = UserId::from(TEXT.to_uppercase().parse::<Uuid>().unwrap());
    assert_eq!(id.to_string(), TEXT);
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));
    assert_eq!(serde_json::from_str::<UserId>(&format!("\"{TEXT}\"")).unwrap(), id);
}

proptest! {
    #[test]
    fn later_ids_sort_after_earlier_ones(one in 0..253_402_300_799_999_999_i64, other in 0..253_402_300_799_999_999_i64, random: u8) {
        prop_assume!(one / 1_000 != other / 1_000);
        let (earlier, later) = (one.min(other), one.max(other));
        // The most that randomness can do against the order.
        let (first, second) = (uuid_v7(at(earlier), &bytes(0xff)), uuid_v7(at(later), &bytes(0)));
        prop_assert!(first < second);
        prop_assert!(first.to_string() < second.to_string());
        let id = uuid_v7(at(one), &bytes(random));
        prop_assert_eq!((id.get_version_num(), id.get_variant()), (7, Variant::RFC4122));
        prop_assert_eq!(parse_hyphenated(&id.to_string()), Ok(id));
    }
}

/// As in a crate that has none of these names.
mod elsewhere {
    mod serde {}
    mod uuid {}
    mod std {}

    plinth_domain::id_type! {
        /// An invoice.
        InvoiceId
    }
}

#[test]
fn an_identifier_can_be_defined_without_further_dependencies() {
    let id: elsewhere::InvoiceId = TEXT.parse().unwrap();
    assert_eq!(id.to_string(), TEXT);
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, format!("\"{TEXT}\""));
    assert_eq!(serde_json::from_str::<elsewhere::InvoiceId>(&json).unwrap(), id);
    assert_eq!(elsewhere::InvoiceId::from(id.uuid()), id);
}
