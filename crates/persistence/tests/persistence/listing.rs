//! Lists: what they show, what they find and how they count.

use plinth_domain::fold::fold;
use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Part, Slice, Sort};
use plinth_domain::users::{UserFilter, UserSortKey};
use plinth_domain::{Description, Item, Role, Title, User};
use plinth_persistence::{items, users};
use plinth_testing::{TestDb, on_both};
use uuid::Uuid;

use crate::support::{at, item, named, somebody, store_item, store_user, user};

fn users_of(db: &TestDb, filter: UserFilter, part: Part, size: u32) -> Slice<User> {
    let request =
        PageRequest { filter, sort: Sort { key: UserSortKey::Email, descending: false }, part, size };
    db.read(move |c| users::list(c, &request)).unwrap()
}

fn items_of(db: &TestDb, filter: ItemFilter, part: Part, size: u32) -> Slice<Item> {
    let request =
        PageRequest { filter, sort: Sort { key: ItemSortKey::Title, descending: false }, part, size };
    db.read(move |c| items::list(c, &request)).unwrap()
}

/// The local parts of the addresses that a search finds.
fn found(db: &TestDb, text: &str) -> Vec<String> {
    let filter = UserFilter { search: Some(fold(text)), ..UserFilter::default() };
    let by_number = users_of(db, filter.clone(), Part::Numbered(1), 100);
    let by_cursor = users_of(db, filter, Part::First, 100);
    assert_eq!(by_number.rows, by_cursor.rows);
    assert_eq!(by_number.total, Some(i64::try_from(by_number.rows.len()).unwrap()), "{text}");
    by_number.rows.iter().map(|user| user.email.as_str().split('@').next().unwrap().to_owned()).collect()
}

on_both! {
    fn a_search_ignores_case_in_all_of_unicode(db) {
        for (name, full_name) in [
            ("ada", "Ada Lovelace"), ("strasse", "Jörg STRASSE"), ("sofos", "ΣΟΦΟΣ Παπάς"), ("istanbul", "Ilhan"),
            ("eva", "E\u{301}va Žižek"), ("privet", "Привет Мир"),
        ] {
            store_user(&db, &named(name, full_name)).unwrap();
        }
        for (text, who) in [
            ("LOVELACE", vec!["ada"]),
            ("lOvE", vec!["ada"]),
            ("a l", vec!["ada"]),
            ("straße", vec!["strasse"]),
            ("STRAẞE", vec!["strasse"]),
            ("JÖRG", vec!["strasse"]),
            ("jo\u{308}rg", vec!["strasse"]),
            ("σοφος", vec!["sofos"]),
            ("σοφοσ", vec!["sofos"]),
            ("παπάς", vec!["sofos"]),
            ("ÉVA", vec!["eva"]),
            ("žižek", vec!["eva"]),
            ("ПРИВЕТ", vec!["privet"]),
            ("EXAMPLE.com", vec!["ada", "eva", "istanbul", "privet", "sofos", "strasse"]),
            ("jorg", vec![]),
            ("nobody", vec![]),
        ] {
            assert_eq!(found(&db, text), who, "{text}");
        }
    }

    fn percent_underscore_and_backslash_are_plain(db) {
        for (name, full_name) in [
            ("a", "100% wool"), ("b", "100 percent"), ("c", "snake_case"), ("d", "snakeXcase"), ("e", r"back\slash"),
            ("f", r"a\%b"), ("g", "it's; DROP TABLE users; --"), ("h", "[ab]*?"),
        ] {
            store_user(&db, &named(name, full_name)).unwrap();
        }
        for (text, who) in [
            ("100%", vec!["a"]), ("%", vec!["a", "f"]), ("_", vec!["c"]), ("e_c", vec!["c"]), ("\\", vec!["e", "f"]),
            (r"\s", vec!["e"]), (r"\%", vec!["f"]), (r"\\", vec![]), ("%%", vec![]), ("'s; drop", vec!["g"]), ("[ab]*", vec!["h"]),
            ("?", vec!["h"]),
        ] {
            assert_eq!(found(&db, text), who, "{text}");
        }
    }

    fn no_match_runs_from_one_text_into_the_next(db) {
        store_user(&db, &named("ada", "Lovelace")).unwrap();
        for text in ["comlove", "com love", "comlovelace", ".coml"] {
            assert!(found(&db, text).is_empty(), "{text}");
        }
        assert_eq!(found(&db, "com"), ["ada"]);
        assert_eq!(found(&db, "love"), ["ada"]);
        let ada = somebody(&db, "owner");
        store_item(&db, &Item { description: Some(Description::parse("Brass").unwrap()), ..item(&ada, "Lamp") }).unwrap();
        let search = |text: &str| items_of(&db, ItemFilter { owner: None, search: Some(fold(text)) }, Part::First, 9).rows.len();
        assert_eq!([search("lamp"), search("BRASS"), search("lampbrass"), search("p b"), search("pb")], [1, 1, 0, 0, 0]);
    }

    fn a_search_follows_changes(db) {
        store_user(&db, &named("ada", "Before")).unwrap();
        let ada = users_of(&db, UserFilter::default(), Part::First, 1).rows.remove(0);
        db.write(move |c| users::update(c, User { full_name: named("x", "After").full_name, ..ada }, at(1))).unwrap();
        assert_eq!((found(&db, "before"), found(&db, "after")), (vec![], vec!["ada".to_owned()]));
    }

    fn filters_of_users(db) {
        let all = [
            ("a", Role::Viewer, true, false), ("b", Role::Viewer, false, false), ("c", Role::Editor, true, false),
            ("d", Role::Admin, true, false), ("e", Role::Admin, true, true), ("f", Role::Viewer, false, true),
        ];
        for (name, role, is_active, deleted) in all {
            store_user(&db, &User { role, is_active, deleted_at: deleted.then(|| at(1)), ..user(name) }).unwrap();
        }
        for include_deleted in [false, true] {
            for role in [None, Some(Role::Viewer), Some(Role::Editor), Some(Role::Admin)] {
                for is_active in [None, Some(true), Some(false)] {
                    for search in [None, Some("a@"), Some("example")] {
                        let expected: Vec<String> = all
                            .iter()
                            .filter(|row| include_deleted || !row.3)
                            .filter(|row| role.is_none_or(|role| role == row.1))
                            .filter(|row| is_active.is_none_or(|is_active| is_active == row.2))
                            .map(|row| format!("{}@example.com", row.0))
                            .filter(|email| search.is_none_or(|text| email.contains(text)))
                            .collect();
                        let filter = UserFilter { search: search.map(str::to_owned), role, is_active, include_deleted };
                        let slice = users_of(&db, filter.clone(), Part::Numbered(1), 100);
                        let shown: Vec<String> = slice.rows.iter().map(|user| user.email.as_str().to_owned()).collect();
                        assert_eq!(shown, expected, "{filter:?}");
                        assert_eq!(slice.total, Some(i64::try_from(expected.len()).unwrap()), "{filter:?}");
                    }
                }
            }
        }
    }

    fn filters_of_items(db) {
        let (ada, bob) = (somebody(&db, "ada"), somebody(&db, "bob"));
        for (owner, title) in [(&ada, "Amber lamp"), (&ada, "Blue rug"), (&bob, "Copper lamp")] {
            store_item(&db, &item(owner, title)).unwrap();
        }
        for (owner, search, expected) in [
            (None, None, vec!["Amber lamp", "Blue rug", "Copper lamp"]),
            (Some(ada.id), None, vec!["Amber lamp", "Blue rug"]),
            (None, Some("lamp"), vec!["Amber lamp", "Copper lamp"]),
            (Some(bob.id), Some("lamp"), vec!["Copper lamp"]),
            (Some(bob.id), Some("rug"), vec![]),
            (Some(user("nobody").id), None, vec![]),
        ] {
            let slice = items_of(&db, ItemFilter { owner, search: search.map(str::to_owned) }, Part::Numbered(1), 10);
            let titles: Vec<&str> = slice.rows.iter().map(|item| item.title.as_str()).collect();
            assert_eq!((titles, slice.total), (expected.clone(), Some(i64::try_from(expected.len()).unwrap())));
        }
    }

    fn pages_end(db) {
        for name in ["a", "b", "c", "d", "e"] {
            somebody(&db, name);
        }
        for (page, size, rows, more) in [
            (1, 2, 2, true), (2, 2, 2, true), (3, 2, 1, false), (4, 2, 0, false), (1, 5, 5, false), (2, 5, 0, false),
            (1, 4, 4, true), (1, 100, 5, false), (u32::MAX, 100, 0, false),
        ] {
            let slice = users_of(&db, UserFilter::default(), Part::Numbered(page), size);
            assert_eq!((slice.rows.len(), slice.more_after.is_some(), slice.total), (rows, more, Some(5)), "{page} of {size}");
        }
        let first = users_of(&db, UserFilter::default(), Part::First, 5);
        assert_eq!((first.rows.len(), first.more_after, first.total), (5, None, None));
    }

    fn an_empty_list_is_empty(db) {
        let slice = items_of(&db, ItemFilter::default(), Part::Numbered(1), 20);
        assert_eq!(slice, Slice { rows: vec![], more_after: None, total: Some(0) });
        let slice = items_of(&db, ItemFilter::default(), Part::First, 20);
        assert_eq!(slice, Slice { rows: vec![], more_after: None, total: None });
    }

    /// PostgreSQL's index entries have a limit of about 2,700 bytes, and SQLite's patterns one of 50,000.
    fn the_longest_texts_are_stored_and_found(db) {
        let ada = somebody(&db, "ada");
        // The character whose folded form is longest.
        let widest = ('\u{1}'..='\u{1ffff}').max_by_key(|c| fold(c.encode_utf8(&mut [0; 4])).len()).unwrap();
        let title = widest.to_string().repeat(200);
        let description = widest.to_string().repeat(10_000);
        let long = Item {
            title: Title::parse(&title).unwrap(),
            description: Some(Description::parse(&description).unwrap()),
            ..item(&ada, "x")
        };
        store_item(&db, &long).unwrap();
        store_user(&db, &named("long", &widest.to_string().repeat(100))).unwrap();
        let filter = ItemFilter { owner: None, search: Some(fold(&title)) };
        assert_eq!(items_of(&db, filter, Part::First, 20).rows, [long]);
        assert_eq!(found(&db, &widest.to_string().repeat(100)), ["long"]);
    }

    /// Whatever a client writes into a cursor of the right list is answered.
    fn the_outermost_positions_are_answered(db) {
        use plinth_domain::paging::{Position, SortValue};
        let ada = somebody(&db, "ada");
        store_item(&db, &item(&ada, "Lamp")).unwrap();
        let time = |micros| SortValue::Time(plinth_domain::Timestamp::from_micros(micros).unwrap());
        let text = |text: &str| SortValue::Text(text.to_owned());
        for (key, value, rows) in [
            (ItemSortKey::CreatedAt, time(-62_167_219_200_000_000), 1),
            (ItemSortKey::CreatedAt, time(253_402_300_799_999_999), 0),
            (ItemSortKey::UpdatedAt, time(-62_167_219_200_000_000), 1),
            (ItemSortKey::Price, SortValue::Number(i64::MIN), 1),
            (ItemSortKey::Price, SortValue::Number(i64::MAX), 1),
            (ItemSortKey::Price, SortValue::Missing, 1),
            (ItemSortKey::Title, text(""), 1),
            (ItemSortKey::Title, text(&"\u{10ffff}".repeat(10_000)), 0),
        ] {
            let request = PageRequest {
                filter: ItemFilter::default(),
                sort: Sort { key, descending: false },
                part: Part::After(Position { key: value.clone(), id: Uuid::nil() }),
                size: 5,
            };
            let slice = db.read(move |c| items::list(c, &request)).unwrap();
            assert_eq!(slice.rows.len(), rows, "{key:?} {value:?}");
        }
    }
}
