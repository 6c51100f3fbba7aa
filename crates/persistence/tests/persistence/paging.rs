//! Walking through lists of random rows, by cursor and by page, in every order.

use std::cmp::Ordering;
use std::time::Duration;

use plinth_domain::fold::fold;
use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Part, Slice, Sort, SortValue};
use plinth_domain::users::{UserFilter, UserSortKey};
use plinth_domain::{Email, Entropy, FullName, Item, ItemId, Price, Title, User, UserId};
use plinth_persistence::{items, users};
use plinth_testing::{TestDb, TestEntropy, on_both};
use uuid::Uuid;

use crate::support::{at, item, somebody, user};

const ROWS: u64 = 200;

/// Words in which an order by anything but the folded code points shows, some of them equal when folded.
const WORDS: [&str; 16] =
    ["a", "A", "b", "B", "ab", "a b", "a-b", "_", "Z", "é", "e\u{301}", "É", "straße", "STRASSE", "語", "🦀"];

struct Random(TestEntropy);

impl Random {
    fn below(&self, n: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % n
    }

    fn word(&self) -> &'static str {
        WORDS[usize::try_from(self.below(16)).unwrap()]
    }

    fn id(&self) -> Uuid {
        Uuid::from_u64_pair(self.below(u64::MAX), self.below(u64::MAX))
    }
}

/// Few different instants, so that many rows share one.
fn few(random: &Random) -> plinth_domain::Timestamp {
    at(0).plus(Duration::from_micros(random.below(20)))
}

fn random_items(owners: &[User], random: &Random) -> Vec<Item> {
    (0..ROWS)
        .map(|n| Item {
            id: ItemId::from(random.id()),
            title: Title::parse(&format!("{}{}", random.word(), random.word())).unwrap(),
            price: (random.below(4) > 0)
                .then(|| Price::from_hundredths(i64::try_from(random.below(12)).unwrap()).unwrap()),
            created_at: few(random),
            updated_at: few(random),
            ..item(&owners[usize::try_from(n).unwrap() % owners.len()], "x")
        })
        .collect()
}

fn random_users(random: &Random) -> Vec<User> {
    (0..ROWS)
        .map(|n| User {
            id: UserId::from(random.id()),
            email: Email::parse(&format!(
                "{}{n}@example.com",
                ["a", "é", "ß", "z_", "語"][usize::try_from(random.below(5)).unwrap()]
            ))
            .unwrap(),
            full_name: (random.below(4) > 0)
                .then(|| FullName::parse(&format!("{}x", random.word())).unwrap()),
            created_at: few(random),
            deleted_at: (random.below(5) == 0).then(|| at(9)),
            ..user("x")
        })
        .collect()
}

/// How rows compare: by value in the direction asked for, those without one last, and by id in the same direction.
fn order(a: &(SortValue, Uuid), b: &(SortValue, Uuid), descending: bool) -> Ordering {
    let turned = |ordering: Ordering| if descending { ordering.reverse() } else { ordering };
    let by_value = match (&a.0, &b.0) {
        (SortValue::Missing, SortValue::Missing) => Ordering::Equal,
        (SortValue::Missing, _) => Ordering::Greater,
        (_, SortValue::Missing) => Ordering::Less,
        (SortValue::Time(a), SortValue::Time(b)) => turned(a.cmp(b)),
        (SortValue::Number(a), SortValue::Number(b)) => turned(a.cmp(b)),
        (SortValue::Text(a), SortValue::Text(b)) => turned(a.chars().cmp(b.chars())),
        _ => panic!("values of two kinds"),
    };
    by_value.then(turned(a.1.cmp(&b.1)))
}

/// Checks that pages and cursors show these rows in this order, each once, whatever their size.
fn walk<T, K: Copy, F: Clone>(
    name: &str,
    rows: &[T],
    sort: Sort<K>,
    filter: &F,
    position: impl Fn(&T) -> (SortValue, Uuid),
    list: impl Fn(PageRequest<K, F>) -> Slice<T>,
) where
    T: Clone + PartialEq + std::fmt::Debug,
{
    let mut expected = rows.to_vec();
    expected.sort_by(|a, b| order(&position(a), &position(b), sort.descending));
    let total = i64::try_from(expected.len()).unwrap();
    for size in [1, 7, 20, 100] {
        let mut by_cursor = vec![];
        let mut part = Part::First;
        loop {
            let slice = list(PageRequest { filter: filter.clone(), sort, part, size });
            assert_eq!(slice.total, None);
            assert!(slice.rows.len() <= usize::try_from(size).unwrap());
            by_cursor.extend(slice.rows);
            assert!(by_cursor.len() <= expected.len(), "the walk does not end");
            let Some(after) = slice.more_after else { break };
            part = Part::After(after);
        }
        assert_eq!(
            by_cursor, expected,
            "{name} by cursor, {size} at a time, descending: {}",
            sort.descending
        );

        // One row a page takes as many queries as the cursors did, with nothing more to show.
        if size == 1 {
            continue;
        }
        let mut by_page = vec![];
        for page in 1.. {
            let slice = list(PageRequest { filter: filter.clone(), sort, part: Part::Numbered(page), size });
            assert_eq!(slice.total, Some(total));
            by_page.extend(slice.rows);
            if slice.more_after.is_none() {
                break;
            }
        }
        assert_eq!(by_page, expected, "{name} by page, {size} at a time, descending: {}", sort.descending);
    }
}

fn walk_items(db: &TestDb, rows: &[Item], filter: &ItemFilter) {
    for (name, key) in ItemSortKey::NAMES {
        for descending in [false, true] {
            let position = |item: &Item| {
                let value = match key {
                    ItemSortKey::CreatedAt => SortValue::Time(item.created_at),
                    ItemSortKey::UpdatedAt => SortValue::Time(item.updated_at),
                    ItemSortKey::Title => SortValue::Text(fold(item.title.as_str())),
                    ItemSortKey::Price => {
                        item.price.map_or(SortValue::Missing, |price| SortValue::Number(price.hundredths()))
                    }
                };
                (value, item.id.uuid())
            };
            walk(name, rows, Sort { key, descending }, filter, position, |request| {
                db.read(move |c| items::list(c, &request)).unwrap()
            });
        }
    }
}

fn walk_users(db: &TestDb, rows: &[User], filter: &UserFilter) {
    for (name, key) in UserSortKey::NAMES {
        for descending in [false, true] {
            let position = |user: &User| {
                let value = match key {
                    UserSortKey::CreatedAt => SortValue::Time(user.created_at),
                    UserSortKey::Email => SortValue::Text(fold(user.email.as_str())),
                    UserSortKey::FullName => user
                        .full_name
                        .as_ref()
                        .map_or(SortValue::Missing, |name| SortValue::Text(fold(name.as_str()))),
                };
                (value, user.id.uuid())
            };
            walk(name, rows, Sort { key, descending }, filter, position, |request| {
                db.read(move |c| users::list(c, &request)).unwrap()
            });
        }
    }
}

on_both! {
    fn items_in_every_order(db) {
        let owners = [somebody(&db, "ada"), somebody(&db, "bob")];
        let rows = random_items(&owners, &Random(TestEntropy::default()));
        let stored = rows.clone();
        db.write(move |c| stored.iter().try_for_each(|item| items::insert(c, item))).unwrap();
        walk_items(&db, &rows, &ItemFilter::default());
        let own: Vec<Item> = rows.iter().filter(|item| item.owner_id == owners[0].id).cloned().collect();
        walk_items(&db, &own, &ItemFilter { owner: Some(owners[0].id), search: None });
        let with_a: Vec<Item> = rows.iter().filter(|item| fold(item.title.as_str()).contains('a')).cloned().collect();
        assert!(with_a.len() > 20 && with_a.len() < rows.len());
        walk_items(&db, &with_a, &ItemFilter { owner: None, search: Some("a".to_owned()) });
    }

    fn users_in_every_order(db) {
        let rows = random_users(&Random(TestEntropy::default()));
        let stored = rows.clone();
        db.write(move |c| stored.iter().try_for_each(|user| users::insert(c, user, "a hash"))).unwrap();
        walk_users(&db, &rows, &UserFilter { include_deleted: true, ..UserFilter::default() });
        let live: Vec<User> = rows.iter().filter(|user| user.deleted_at.is_none()).cloned().collect();
        walk_users(&db, &live, &UserFilter::default());
    }

    /// Batches store what single inserts store, the columns that lists use among it.
    fn rows_stored_in_batches_are_the_same(db) {
        let random = Random(TestEntropy::default());
        let users = random_users(&random);
        let items = random_items(&users, &random);
        let (new_users, new_items) = (users.clone(), items.clone());
        db.write(move |c| {
            plinth_persistence::bulk::insert_users(c, &new_users, "a hash")?;
            plinth_persistence::bulk::insert_items(c, &new_items)
        })
        .unwrap();
        walk_users(&db, &users, &UserFilter { include_deleted: true, ..UserFilter::default() });
        walk_items(&db, &items, &ItemFilter::default());
        plinth_persistence::bulk::settle(db.location()).unwrap();
    }
}
