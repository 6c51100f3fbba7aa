//! What the tests of all crates stand on. A dev-dependency only: nothing that is shipped may use it.
//!
//! Everything is real: [`TestDb`] is an SQLite file or a database on a real PostgreSQL, [`TestApp`] is the application
//! that the server runs, on a socket. A case that concerns the database is written once and runs on both, by
//! [`on_both!`]. Callers are named by what they are: `app.admin()`, `app.viewer("ada")`.
//!
//! To add a resource: a builder beside those in `app.rs`, if its cases need rows that the API does not make.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends there"
)]

mod app;
mod client;
mod clock;
mod database;
mod keeper;
mod log;
pub mod postgres;
pub mod redis;
pub mod smtp;
pub mod socket;

pub use app::{PASSWORD, SECRET, TestApp, TestSetup};
pub use client::{Answer, Client, encoded};
pub use clock::{TestClock, TestEntropy};
pub use database::TestDb;
pub use log::Log;
pub use smtp::SmtpServer;

/// Runs each case on SQLite and on PostgreSQL. A case takes a [`TestDb`]; where there is no PostgreSQL its half says
/// so on standard error, and fails with `REQUIRE_POSTGRES=1`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* fn $name:ident($db:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn case($db: $crate::TestDb) $body

            #[test]
            fn sqlite() {
                case($crate::TestDb::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(db) = $crate::TestDb::postgres() {
                    case(db);
                }
            }
        }
    )*};
}
