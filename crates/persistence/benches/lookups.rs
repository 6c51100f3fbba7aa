//! What the queries of the busiest requests cost on SQLite: `cargo bench -p plinth-persistence`.
//!
//! `direct` runs a thousand of each on the connection that one read is given; `through_database` makes a read of each,
//! so the difference is the way to a database thread and back.
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has no result")]

use divan::{Bencher, black_box};
use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Part, Sort};
use plinth_domain::sessions::Rotation;
use plinth_domain::{Email, Item, ItemId, Price, Role, Session, SessionId, Timestamp, Title, User, UserId};
use plinth_persistence::{Connection, bulk, items, sessions};
use plinth_testing::{TestDb, TestEntropy};
use std::time::Duration;

fn main() {
    divan::main();
}

const ITEMS: usize = 10_000;
const OWNERS: usize = 100;

/// A filled database, and one user's session and item in it.
struct Filled {
    db: TestDb,
    user: UserId,
    session: SessionId,
    item: ItemId,
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000).expect("an instant")
}

fn user(n: usize, entropy: &TestEntropy) -> User {
    User {
        id: UserId::new(now(), entropy),
        email: Email::parse(&format!("user{n}@example.com")).expect("an address"),
        pending_email: None,
        full_name: None,
        role: Role::Viewer,
        is_active: true,
        email_verified: true,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
    }
}

fn filled() -> Filled {
    let entropy = TestEntropy::default();
    let owners: Vec<User> = (0..OWNERS).map(|n| user(n, &entropy)).collect();
    let all: Vec<Item> = (0..ITEMS)
        .map(|n| {
            let at = now().plus(Duration::from_secs(u64::try_from(n).expect("a small number")));
            Item {
                id: ItemId::new(at, &entropy),
                owner_id: owners[n % OWNERS].id,
                title: Title::parse(&format!("Item {n}")).expect("a title"),
                description: None,
                price: Price::from_hundredths(i64::try_from(n).expect("a small number")),
                created_at: at,
                updated_at: at,
            }
        })
        .collect();
    let session = Session {
        id: SessionId::new(now(), &entropy),
        user_id: owners[0].id,
        rotation: Rotation::START,
        created_at: now(),
        last_used_at: now(),
        expires_at: now().plus(Duration::from_secs(3_600)),
        ip: None,
        user_agent: None,
    };
    let (user, session_id, item) = (owners[0].id, session.id, all[ITEMS / 2].id);
    let db = TestDb::sqlite();
    db.write(move |connection| {
        bulk::insert_users(connection, &owners, "no hash")?;
        sessions::insert(connection, &session)?;
        bulk::insert_items(connection, &all)
    })
    .expect("the rows are new");
    bulk::settle(db.location()).expect("the log moves into the file");
    Filled { db, user, session: session_id, item }
}

fn authenticate(
    connection: &mut Connection,
    user: UserId,
    session: SessionId,
) -> plinth_persistence::Result<()> {
    black_box(sessions::authenticate(connection, session, user, 0, now())?);
    Ok(())
}

fn by_id(connection: &mut Connection, id: ItemId) -> plinth_persistence::Result<()> {
    black_box(items::find(connection, id)?);
    Ok(())
}

/// Twenty of one's own, the newest first, with the total.
fn list(connection: &mut Connection, owner: UserId) -> plinth_persistence::Result<()> {
    let request = PageRequest {
        filter: ItemFilter { owner: Some(owner), search: None },
        sort: Sort { key: ItemSortKey::CreatedAt, descending: true },
        part: Part::Numbered(1),
        size: 20,
    };
    black_box(items::list(connection, &request)?);
    Ok(())
}

/// How many times a query is run on the connection that one piece of work is given, so that the way there is
/// spread over all of them.
const RUNS: u32 = 1_000;

#[divan::bench_group(sample_count = 50)]
mod direct {
    use super::{Bencher, RUNS, authenticate, by_id, filled, list};
    use divan::counter::ItemsCount;

    #[divan::bench]
    fn session_authenticate(bencher: Bencher<'_, '_>) {
        let filled = filled();
        let (user, session) = (filled.user, filled.session);
        bencher.counter(ItemsCount::new(RUNS)).bench_local(|| {
            filled
                .db
                .read(move |connection| (0..RUNS).try_for_each(|_| authenticate(connection, user, session)))
        });
    }

    #[divan::bench]
    fn item_by_id(bencher: Bencher<'_, '_>) {
        let filled = filled();
        let item = filled.item;
        bencher.counter(ItemsCount::new(RUNS)).bench_local(|| {
            filled.db.read(move |connection| (0..RUNS).try_for_each(|_| by_id(connection, item)))
        });
    }

    #[divan::bench]
    fn list_of_20_with_total(bencher: Bencher<'_, '_>) {
        let filled = filled();
        let owner = filled.user;
        bencher.counter(ItemsCount::new(RUNS)).bench_local(|| {
            filled.db.read(move |connection| (0..RUNS).try_for_each(|_| list(connection, owner)))
        });
    }
}

#[divan::bench_group(sample_count = 500)]
mod through_database {
    use super::{Bencher, authenticate, by_id, filled, list};

    #[divan::bench]
    fn session_authenticate(bencher: Bencher<'_, '_>) {
        let filled = filled();
        let (user, session) = (filled.user, filled.session);
        bencher.bench_local(|| filled.db.read(move |connection| authenticate(connection, user, session)));
    }

    #[divan::bench]
    fn item_by_id(bencher: Bencher<'_, '_>) {
        let filled = filled();
        let item = filled.item;
        bencher.bench_local(|| filled.db.read(move |connection| by_id(connection, item)));
    }

    #[divan::bench]
    fn list_of_20_with_total(bencher: Bencher<'_, '_>) {
        let filled = filled();
        let owner = filled.user;
        bencher.bench_local(|| filled.db.read(move |connection| list(connection, owner)));
    }
}
