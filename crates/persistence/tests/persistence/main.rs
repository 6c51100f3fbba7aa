//! The database through its public interface, on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where its helpers do")]

mod accounts;
mod busy;
mod closing;
mod listing;
mod locations;
mod migrating;
mod outages;
mod paging;
mod plans;
mod rows;
mod schema;
mod signed_in;
mod support;
mod transactions;
