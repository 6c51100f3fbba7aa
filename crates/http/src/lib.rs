//! The HTTP API of a Plinth application, on actix.
//!
//! Invariants:
//! - Whatever is not a success is a problem document (RFC 9457), made by [`ApiError`]: also what the framework
//!   refuses, and a handler's panic.
//! - The body and the query string of a request are looked at completely before any field is refused: the answer names
//!   every bad field at once. A body that is too large, of another media type or no JSON has no fields to name, and
//!   without a good token where one is needed none is read.
//! - No handler has rules of its own on who may do what, and none speaks SQL: the one is `plinth-domain`'s, the other
//!   `plinth-persistence`'s.
//! - No global state: two apps with different settings run in one process.

mod answer;
mod caller;
mod client;
mod conditions;
mod journal;
mod listing;
mod origin;
mod realtime;
mod routes;
mod searches;
mod server;
mod state;
mod throttle;

pub mod audit;
pub mod auth;
pub mod error;
pub mod extract;
pub mod fields;
pub mod forwarded;
pub mod items;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod resource;
pub mod service;
pub mod settings;
pub mod users;

pub use caller::Caller;
pub use client::Client;
pub use error::ApiError;
pub use routes::ROOT_SEGMENTS;
pub use searches::Searches;
pub use server::serve;
pub use service::Draining;
pub use settings::{Environment, HttpSettings};
pub use state::App;
