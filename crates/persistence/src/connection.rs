//! A connection to either database, and how one is opened.

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection};

use crate::error::Error;
use crate::settings::Location;

/// A connection to the database in use. Queries are written once, against this.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// To a PostgreSQL server.
    Postgres(PgConnection),
    /// To an SQLite file.
    Sqlite(SqliteConnection),
}

/// Runs a query on the connection at hand itself, whichever it is: `directly!(connection, |c| query.first::<Row>(c))`.
///
/// Through [`AnyConnection`] Diesel writes a query's SQL out twice each time, to find the prepared statement. For the
/// queries that nearly every request makes that is a tenth of the work, and here the type of the query is the key. The
/// query is still written once; it only has to be the same for both, which a boxed one is not.
macro_rules! directly {
    ($connection:expr, |$c:ident| $query:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres($c) => $query,
            $crate::connection::AnyConnection::Sqlite($c) => $query,
        }
    };
}
pub(crate) use directly;

/// Loads rows and, on PostgreSQL, locks them until the transaction ends, but for those that another transaction has
/// locked: these are left out. Whoever changes many rows at once by this waits for nobody, and so no two such, nor one
/// such and a request that changes some of the same rows, can each wait for the other.
///
/// SQLite has one writer at a time, so there is nobody to wait for.
macro_rules! load_unlocked {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres(c) => {
                diesel::RunQueryDsl::load($query.for_update().skip_locked(), c)?
            }
            $crate::connection::AnyConnection::Sqlite(c) => diesel::RunQueryDsl::load($query, c)?,
        }
    };
}
pub(crate) use load_unlocked;

/// What a connection is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Queries that change nothing; on SQLite the connection refuses to.
    Reading,
    /// Anything.
    Writing,
}

/// `synchronous = FULL`: a write that was acknowledged survives a power cut. The page cache is 8 MiB a connection.
const SQLITE_SETUP: &str = "\
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -8192;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;";

/// The writer keeps more pages, 32 MiB: each insert touches a page of every index, and those of a busy table come up
/// again before the next checkpoint (16 MiB of log).
const SQLITE_WRITER_SETUP: &str = "PRAGMA cache_size = -32768;";

/// A statement that hangs, or waits for a lock that nobody gives back, must not hold a thread for ever. What is
/// checked under a lock rests on seeing what others committed before the lock was had, which `READ COMMITTED` gives
/// and the stricter levels, which a role or a database may have as a default, do not.
const POSTGRES_SETUP: &str = "\
    SET default_transaction_isolation = 'read committed';
    SET statement_timeout = '30s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';";

/// Opens a connection and makes it ready.
pub(crate) fn open(location: &Location, purpose: Purpose) -> diesel::ConnectionResult<AnyConnection> {
    match location {
        Location::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
            set_up_sqlite(&mut connection).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            let for_purpose = match purpose {
                Purpose::Reading => "PRAGMA query_only = ON;",
                Purpose::Writing => SQLITE_WRITER_SETUP,
            };
            connection
                .batch_execute(for_purpose)
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(AnyConnection::Sqlite(connection))
        }
        Location::Postgres(url) => {
            let mut connection = PgConnection::establish(url.expose()).map_err(without_the_url)?;
            connection
                .batch_execute(POSTGRES_SETUP)
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(AnyConnection::Postgres(connection))
        }
    }
}

/// Opens one connection outside a pool, for what happens before there is one.
pub(crate) fn connect_once(location: &Location) -> Result<AnyConnection, Error> {
    open(location, Purpose::Writing)
        .map_err(|error| Error::Unavailable("it cannot be opened", Some(Box::new(error))))
}

/// libpq repeats what it cannot read of a URL, and that may be a part of the password. [`Location::parse`] refuses
/// such URLs; this is for those that it does not know of. The errors that come later, from reading on, name hosts,
/// ports, users and databases, never the password.
fn without_the_url(error: diesel::ConnectionError) -> diesel::ConnectionError {
    match error {
        diesel::ConnectionError::BadConnection(text)
            if text.contains(" URI") || text.contains("percent-encoded") =>
        {
            diesel::ConnectionError::InvalidConnectionUrl("libpq cannot read the URL".to_owned())
        }
        other => other,
    }
}

/// Turning a new file over to WAL needs it alone and does not wait for that as statements do, so when several
/// processes open a new file at once all but one are refused, and try again.
fn set_up_sqlite(connection: &mut SqliteConnection) -> QueryResult<()> {
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        match connection.batch_execute(SQLITE_SETUP) {
            Err(diesel::result::Error::DatabaseError(_, info)) if info.message() == "database is locked" => {
                std::thread::sleep(std::time::Duration::from_millis(25));
            }
            outcome => return outcome,
        }
    }
    connection.batch_execute(SQLITE_SETUP)
}

impl AnyConnection {
    /// Locks a row until the transaction ends, so that nobody changes it between our reading and our writing.
    ///
    /// SQLite has one writer at a time, so there the transaction itself is the lock.
    pub(crate) fn lock_row(&mut self, row: RowLock) -> QueryResult<()> {
        let Self::Postgres(connection) = self else { return Ok(()) };
        row.take(connection)
    }
}

/// A row to lock.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowLock {
    User(crate::types::Key),
    Session(crate::types::Key),
    Item(crate::types::Key),
    /// All decisions about who is an administrator, one after the other.
    Administrators,
}

/// The numbers of PostgreSQL's advisory locks: any that nothing else in the database uses.
const ADMINISTRATORS: i64 = 0x706c_696e_7468_0001;
/// That of migrations, kept for a session.
pub(crate) const MIGRATIONS: i64 = 8_101_821_064_823_570_433;

impl RowLock {
    fn take(self, connection: &mut PgConnection) -> QueryResult<()> {
        use crate::schema::{items, sessions, users};
        use diesel::prelude::*;
        match self {
            Self::User(id) => lock(users::table.find(id).select(users::id).for_update(), connection),
            Self::Session(id) => lock(sessions::table.find(id).select(sessions::id).for_update(), connection),
            Self::Item(id) => lock(items::table.find(id).select(items::id).for_update(), connection),
            Self::Administrators => diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(ADMINISTRATORS)
                .execute(connection)
                .map(drop),
        }
    }
}

fn lock<'a, Q>(query: Q, connection: &'a mut PgConnection) -> QueryResult<()>
where
    Q: diesel::query_dsl::RunQueryDsl<PgConnection>
        + diesel::query_dsl::methods::LoadQuery<'a, PgConnection, crate::types::Key>,
{
    diesel::RunQueryDsl::load::<crate::types::Key>(query, connection).map(drop)
}
