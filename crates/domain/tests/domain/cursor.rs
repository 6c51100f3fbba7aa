//! Cursors: they come back as the position they were made from, in their own list alone.

use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Part, Position, Sort, SortValue};
use plinth_domain::users::{UserFilter, UserSortKey};
use plinth_domain::{Role, Timestamp, UserId, cursor};
use proptest::prelude::*;
use uuid::Uuid;

type Items = PageRequest<ItemSortKey, ItemFilter>;

fn items(key: ItemSortKey, descending: bool, filter: ItemFilter) -> Items {
    PageRequest { filter, sort: Sort { key, descending }, part: Part::First, size: 20 }
}

fn users(filter: UserFilter) -> PageRequest<UserSortKey, UserFilter> {
    PageRequest {
        filter,
        sort: Sort { key: UserSortKey::Email, descending: false },
        part: Part::First,
        size: 20,
    }
}

fn plain() -> Items {
    items(ItemSortKey::CreatedAt, true, ItemFilter::default())
}

fn a_position() -> Position {
    Position { key: SortValue::Text("lamp".to_owned()), id: Uuid::from_u128(7) }
}

fn value() -> impl Strategy<Value = SortValue> {
    prop_oneof![
        Just(SortValue::Missing),
        any::<i64>().prop_map(SortValue::Number),
        (-62_167_219_200_000_000..=253_402_300_799_999_999_i64)
            .prop_map(|micros| SortValue::Time(Timestamp::from_micros(micros).unwrap())),
        "[^\0]{0,60}".prop_map(SortValue::Text),
    ]
}

proptest! {
    #[test]
    fn a_cursor_comes_back_as_its_position(key in value(), id in any::<u128>()) {
        let position = Position { key, id: Uuid::from_u128(id) };
        let text = cursor::encode(&position, &plain());
        prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{}", text);
        prop_assert_eq!(cursor::decode(&text, &plain()), Ok(position));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,80}", bytes in "[A-Za-z0-9_-]{0,120}") {
        prop_assert!(cursor::decode(&text, &plain()).is_err());
        prop_assert!(cursor::decode(&bytes, &plain()).is_err());
    }

    /// What a flipped bit makes is refused, or is the cursor of another position of the same list.
    #[test]
    fn a_changed_character_never_reads_as_the_same(key in value(), id in any::<u128>(), at in any::<prop::sample::Index>(), new in "[A-Za-z0-9_-]") {
        let position = Position { key, id: Uuid::from_u128(id) };
        let text = cursor::encode(&position, &plain());
        let at = at.index(text.len());
        let changed = format!("{}{new}{}", &text[..at], &text[at + 1..]);
        prop_assume!(changed != text);
        prop_assert_ne!(cursor::decode(&changed, &plain()), Ok(position));
    }

    #[test]
    fn a_cursor_cut_short_or_drawn_out_never_reads_as_the_same(key in value(), keep in any::<prop::sample::Index>(), more in "[A-Za-z0-9_-]{1,9}") {
        let position = Position { key, id: Uuid::from_u128(7) };
        let text = cursor::encode(&position, &plain());
        prop_assert_ne!(cursor::decode(&text[..keep.index(text.len())], &plain()), Ok(position.clone()));
        prop_assert_ne!(cursor::decode(&format!("{text}{more}"), &plain()), Ok(position));
    }
}

#[test]
fn a_cursor_of_another_order_or_filter_is_refused() {
    let ada = UserId::from(Uuid::from_u128(1));
    let bob = UserId::from(Uuid::from_u128(2));
    let searching = |text: &str| ItemFilter { owner: None, search: Some(text.to_owned()) };
    let mut lists = vec![];
    for (_, key) in ItemSortKey::NAMES {
        for descending in [false, true] {
            lists.push(items(key, descending, ItemFilter::default()));
        }
    }
    let title = |filter| items(ItemSortKey::Title, false, filter);
    lists.push(title(ItemFilter { owner: Some(ada), search: None }));
    lists.push(title(ItemFilter { owner: Some(bob), search: None }));
    lists.push(title(ItemFilter { owner: Some(ada), search: Some("a".to_owned()) }));
    lists.push(title(searching("a")));
    lists.push(title(searching("b")));
    lists.push(title(searching("")));
    for (n, made_for) in lists.iter().enumerate() {
        let text = cursor::encode(&a_position(), made_for);
        for (m, used_with) in lists.iter().enumerate() {
            let read = cursor::decode(&text, used_with);
            if n == m {
                assert_eq!(read, Ok(a_position()));
            } else {
                assert_eq!(read.unwrap_err().code, "invalid_cursor", "{made_for:?} with {used_with:?}");
            }
        }
    }
}

#[test]
fn every_filter_of_users_counts() {
    let filters = [
        UserFilter::default(),
        UserFilter { search: Some("x".to_owned()), ..UserFilter::default() },
        UserFilter { role: Some(Role::Admin), ..UserFilter::default() },
        UserFilter { role: Some(Role::Viewer), ..UserFilter::default() },
        UserFilter { is_active: Some(true), ..UserFilter::default() },
        UserFilter { is_active: Some(false), ..UserFilter::default() },
        UserFilter { include_deleted: true, ..UserFilter::default() },
    ];
    for (n, made_for) in filters.iter().enumerate() {
        let text = cursor::encode(&a_position(), &users(made_for.clone()));
        for (m, used_with) in filters.iter().enumerate() {
            assert_eq!(
                cursor::decode(&text, &users(used_with.clone())).is_ok(),
                n == m,
                "{made_for:?} with {used_with:?}"
            );
        }
    }
}

#[test]
fn size_and_place_do_not_bind_a_cursor() {
    let text = cursor::encode(&a_position(), &plain());
    let later = PageRequest { part: Part::After(a_position()), size: 100, ..plain() };
    assert_eq!(cursor::decode(&text, &later), Ok(a_position()));
}

/// Instances of different versions serve the same clients, so the text of a cursor must not change by accident.
#[test]
fn the_form_is_fixed() {
    let position = Position {
        key: SortValue::Number(-2),
        id: Uuid::from_u128(0x0199_0d5c_7b1e_7c3a_9f61_0d9a_3f1c_2b4e),
    };
    let list = items(ItemSortKey::Price, true, ItemFilter { owner: None, search: Some("lamp".to_owned()) });
    assert_eq!(cursor::encode(&position, &list), "AXPEA01yinbLAZkNXHsefDqfYQ2aPxwrTm7__________g");
}

/// No instant that a client can write into a cursor is beyond what a database can compare with.
#[test]
fn an_instant_out_of_range_is_refused() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let position = Position { key: SortValue::Time(Timestamp::from_micros(0).unwrap()), id: Uuid::nil() };
    let bytes = URL_SAFE_NO_PAD.decode(cursor::encode(&position, &plain())).unwrap();
    let with = |micros: i64| {
        let mut bytes = bytes.clone();
        let at = bytes.len() - 8;
        bytes[at..].copy_from_slice(&micros.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    };
    assert!(cursor::decode(&with(1), &plain()).is_ok());
    for micros in [i64::MIN, i64::MAX, -8_000_000_000_000_000_000, 300_000_000_000_000_000] {
        assert_eq!(cursor::decode(&with(micros), &plain()).unwrap_err().code, "invalid_cursor", "{micros}");
    }
}
