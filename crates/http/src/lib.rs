//! The HTTP API of a Plinth application, on actix.
//!
//! Invariants:
//! - Whatever is not a success is a problem document (RFC 9457), made by [`ApiError`]: also what the framework
//!   refuses, and a handler's panic.
//! - A request is read completely before it is refused: the answer names every bad field at once.
//! - No handler decides who may do what, and none speaks SQL: the one is `plinth-domain`'s, the other
//!   `plinth-persistence`'s.
//! - No global state: two apps with different settings run in one process.

mod answer;
mod caller;
mod listing;
mod routes;
mod server;
mod state;

pub mod auth;
pub mod error;
pub mod extract;
pub mod fields;
pub mod items;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod resource;
pub mod service;
pub mod settings;
pub mod users;

pub use caller::Caller;
pub use error::ApiError;
pub use server::serve;
pub use service::Draining;
pub use settings::{Environment, HttpSettings};
pub use state::App;
