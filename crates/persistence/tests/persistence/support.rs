//! Rows to store, and SQL of the tests' own.

use std::sync::LazyLock;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::sql_types::{Nullable, Text};
use plinth_domain::sessions::{Rotation, SessionLimits};
use plinth_domain::{
    Email, FullName, Item, ItemId, Role, Session, SessionId, Timestamp, Title, User, UserId,
};
use plinth_persistence::{Connection, Database, DatabaseSettings, Error, items, sessions, users};
use plinth_testing::{TestDb, TestEntropy};

pub(crate) static ENTROPY: LazyLock<TestEntropy> = LazyLock::new(TestEntropy::default);

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const LIMITS: SessionLimits = SessionLimits {
    idle: Duration::from_secs(7 * 24 * 60 * 60),
    absolute: Duration::from_secs(90 * 24 * 60 * 60),
    grace: Duration::from_secs(10),
};

/// The instant that many microseconds after the one at which the tests stand.
pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_123_456 + micros).unwrap()
}

pub(crate) fn seconds(n: i64) -> Timestamp {
    at(n * 1_000_000)
}

/// A user `<name>@example.com` who has no full name.
pub(crate) fn user(name: &str) -> User {
    User {
        id: UserId::new(at(0), &*ENTROPY),
        email: Email::parse(&format!("{name}@example.com")).unwrap(),
        pending_email: None,
        full_name: None,
        role: Role::Viewer,
        is_active: true,
        email_verified: false,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
    }
}

pub(crate) fn named(name: &str, full_name: &str) -> User {
    User { full_name: Some(FullName::parse(full_name).unwrap()), ..user(name) }
}

pub(crate) fn item(owner: &User, title: &str) -> Item {
    Item {
        id: ItemId::new(at(0), &*ENTROPY),
        owner_id: owner.id,
        title: Title::parse(title).unwrap(),
        description: None,
        price: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A session that begins at `at(0)`.
pub(crate) fn session(user: &User) -> Session {
    Session {
        id: SessionId::new(at(0), &*ENTROPY),
        user_id: user.id,
        rotation: Rotation::START,
        created_at: at(0),
        last_used_at: at(0),
        expires_at: LIMITS.expiry(at(0), at(0)),
        ip: None,
        user_agent: None,
    }
}

pub(crate) fn store_user(db: &TestDb, user: &User) -> Result<(), Error> {
    let user = user.clone();
    db.write(move |connection| users::insert(connection, &user, "a hash"))
}

pub(crate) fn store_item(db: &TestDb, item: &Item) -> Result<(), Error> {
    let item = item.clone();
    db.write(move |connection| items::insert(connection, &item))
}

pub(crate) fn store_session(db: &TestDb, session: &Session) -> Result<(), Error> {
    let session = session.clone();
    db.write(move |connection| sessions::insert(connection, &session))
}

/// A user who is stored.
pub(crate) fn somebody(db: &TestDb, name: &str) -> User {
    let user = user(name);
    store_user(db, &user).unwrap();
    user
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    line: Option<String>,
}

/// Runs SQL whose one column is called `line`.
pub(crate) fn lines_on(connection: &mut Connection, sql: &str) -> Result<Vec<String>, Error> {
    let query = diesel::sql_query(sql);
    let rows: Vec<Line> = match connection {
        Connection::Sqlite(connection) => query.load(connection)?,
        Connection::Postgres(connection) => query.load(connection)?,
    };
    Ok(rows.into_iter().map(|row| row.line.unwrap_or_default()).collect())
}

/// Runs SQL whose one column is called `line`, as somebody who may write.
pub(crate) fn lines(db: &TestDb, sql: &str) -> Vec<String> {
    let sql = sql.to_owned();
    db.write(move |connection| lines_on(connection, &sql)).unwrap()
}

/// Runs a statement.
pub(crate) fn execute(connection: &mut Connection, sql: &str) -> Result<usize, Error> {
    let query = diesel::sql_query(sql);
    Ok(match connection {
        Connection::Sqlite(connection) => query.execute(connection)?,
        Connection::Postgres(connection) => query.execute(connection)?,
    })
}

/// The number of rows of a table.
pub(crate) fn count(db: &TestDb, table: &str) -> usize {
    lines(db, &format!("SELECT CAST(count(*) AS text) AS line FROM {table}"))[0].parse().unwrap()
}

/// Another way into the database of a test, with that many threads.
pub(crate) fn database(db: &TestDb, pool_size: u32) -> Database {
    Database::start(&DatabaseSettings { location: db.location().clone(), pool_size: Some(pool_size) })
        .unwrap()
}
