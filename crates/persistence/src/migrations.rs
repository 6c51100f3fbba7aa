//! The schema's history, compiled in, and how it is brought up to date.
//!
//! Both databases have the same versions under the same names, in `migrations/sqlite` and `migrations/postgres`.

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryDsl as _, RunQueryDsl as _, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::{AnyConnection as Connection, MIGRATIONS, connect_once};
use crate::error::Error;
use crate::settings::Location;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// A migration, and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Version and name, as the folder is called.
    pub name: String,
    /// Whether it has been applied.
    pub applied: bool,
}

/// Applies what is missing and returns the names of it. Safe when several processes do it at once: one works, the
/// others wait and find nothing left to do.
///
/// # Errors
/// [`Error::Unavailable`] if the database cannot be opened, [`Error::Unexpected`] if a migration fails; then the
/// schema is as before that migration.
pub fn run(location: &Location) -> Result<Vec<String>, Error> {
    match connect_once(location)? {
        Connection::Sqlite(mut connection) => exclusively_sqlite(&mut connection, |c| apply(c, SQLITE)),
        Connection::Postgres(mut connection) => exclusively_postgres(&mut connection, |c| apply(c, POSTGRES)),
    }
}

/// Takes back the last `steps` migrations and returns their names. What their tables held is lost.
///
/// # Errors
/// As for [`run`].
pub fn revert(location: &Location, steps: usize) -> Result<Vec<String>, Error> {
    match connect_once(location)? {
        Connection::Sqlite(mut connection) => {
            exclusively_sqlite(&mut connection, |c| take_back(c, SQLITE, steps))
        }
        Connection::Postgres(mut connection) => {
            exclusively_postgres(&mut connection, |c| take_back(c, POSTGRES, steps))
        }
    }
}

/// All migrations, oldest first, with whether the database has them.
///
/// # Errors
/// [`Error::Unavailable`] if the database cannot be opened.
pub fn status(location: &Location) -> Result<Vec<Status>, Error> {
    let mut connection = connect_once(location)?;
    let applied = look_up(&mut connection)?;
    match connection {
        Connection::Sqlite(_) => report::<Sqlite>(SQLITE, &applied),
        Connection::Postgres(_) => report::<Pg>(POSTGRES, &applied),
    }
}

fn apply<DB, C>(connection: &mut C, source: EmbeddedMigrations) -> Result<Vec<String>, Error>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(source).map_err(Error::Unexpected)?;
    pending
        .iter()
        .map(|migration| {
            connection.run_migration(migration).map_err(Error::Unexpected)?;
            Ok(migration.name().to_string())
        })
        .collect()
}

fn take_back<DB, C>(
    connection: &mut C,
    source: EmbeddedMigrations,
    steps: usize,
) -> Result<Vec<String>, Error>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let applied = connection.applied_migrations().map_err(Error::Unexpected)?;
    let known = source.migrations().map_err(Error::Unexpected)?;
    // Newest first, as Diesel lists what is applied.
    applied
        .iter()
        .take(steps)
        .map(|version| {
            let migration = known
                .iter()
                .find(|migration| migration.name().version() == *version)
                .ok_or(Error::Inconsistent("the database has a migration that this version does not know"))?;
            connection.revert_migration(migration).map_err(Error::Unexpected)?;
            Ok(migration.name().to_string())
        })
        .collect()
}

diesel::table! {
    /// Diesel's record of the migrations that have been applied.
    __diesel_schema_migrations (version) {
        /// What the name of its folder begins with.
        version -> Text,
    }
}

/// The versions that the database has. This only looks; Diesel's own way makes its table first, and the role that a
/// server runs as need not have the right to make tables.
fn look_up(connection: &mut Connection) -> Result<Vec<String>, Error> {
    let exists = match connection {
        Connection::Sqlite(_) => {
            "EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')"
        }
        Connection::Postgres(_) => "to_regclass('__diesel_schema_migrations') IS NOT NULL",
    };
    if !diesel::select(sql::<Bool>(exists)).get_result(connection)? {
        return Ok(Vec::new());
    }
    let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
    Ok(versions.load(connection)?)
}

fn report<DB>(source: EmbeddedMigrations, applied: &[String]) -> Result<Vec<Status>, Error>
where
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut known = source.migrations().map_err(Error::Unexpected)?;
    known.sort_by_key(|migration| migration.name().to_string());
    Ok(known
        .iter()
        .map(|migration| Status {
            name: migration.name().to_string(),
            applied: applied.contains(&migration.name().version().to_string()),
        })
        .collect())
}

/// SQLite: the write lock on the file, taken before it is looked up what is missing.
fn exclusively_sqlite<T>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    // Another process may take longer over its migrations than a statement waits for a lock.
    connection.batch_execute("PRAGMA busy_timeout = 60000;")?;
    connection.exclusive_transaction(work)
}

/// PostgreSQL: an advisory lock of the session, which also ends with it.
fn exclusively_postgres<T>(
    connection: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0;")?;
    connection.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATIONS})"))?;
    let result = work(connection);
    let unlocked = connection.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATIONS})"));
    // Where both fail, what the migration met is what matters: the lock ends with the connection.
    let done = result?;
    unlocked?;
    Ok(done)
}
