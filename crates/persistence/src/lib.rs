//! The database of a Plinth application: SQLite, compiled in, or PostgreSQL, with one set of queries for both.
//!
//! [`Database::read`] and [`Database::write`] are the only ways in. What they run is made of the functions of the
//! resource modules, such as [`users`], [`sessions`] and [`items`], which take a [`Connection`] and values of the domain.
//!
//! Invariants:
//! - A `write` happens whole or not at all, and is answered after its commit.
//! - An `UPDATE` or `DELETE` of one row that touches none is [`Error::NotFound`], not a silence.
//! - Once there is an active administrator there always is one: [`users::update`] refuses to take the last one away,
//!   and asks under a lock.
//! - Errors are told apart by [`Error`] alone. None carries a value that was stored or bound.
//!
//! To add a resource: a migration in `migrations/sqlite` and one in `migrations/postgres`, the table in `schema.rs`, a
//! module of functions, and its cases in `tests/persistence`. Where the databases differ, the difference belongs into
//! [`Connection`] or the SQL types, not into the queries.

mod connection;
mod database;
mod error;
mod group;
mod job;
mod paging;
mod pool;
mod schema;
mod settings;
mod types;

pub mod audit;
pub mod bulk;
pub mod items;
pub mod migrations;
pub mod one_time;
pub mod outbox;
pub mod sessions;
pub mod sweep;
pub mod users;

pub use connection::AnyConnection as Connection;
pub use database::Database;
pub use error::{Error, UniqueKey};
pub use job::Outage;
pub use settings::{DatabaseSettings, Location, SecretUrl, UrlError};

/// The outcome of a query.
pub type Result<T> = std::result::Result<T, Error>;
