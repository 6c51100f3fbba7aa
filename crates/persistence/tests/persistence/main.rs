//! The database through its public interface, on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where its helpers do")]

mod accounts;
mod audit;
mod busy;
mod closing;
mod listing;
mod locations;
mod migrating;
mod one_time;
mod outages;
mod outbox;
mod paging;
mod plans;
mod rows;
mod schema;
mod signed_in;
mod support;
mod sweep;
mod transactions;
