//! The HTTP layer over a socket: a real server, and clients that speak HTTP to it byte by byte.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed; clippy knows only `#[test]` itself"
)]

mod auth_login;
mod auth_register;
mod bodies;
mod codes;
mod connections;
mod cors;
mod envelope;
mod fields;
mod items;
mod items_tags;
mod listing;
mod listing_cursors;
mod logs;
mod matrix;
mod matrix_order;
mod matrix_trial;
mod me;
mod openapi;
mod query;
mod refresh;
mod searches;
mod service;
mod support;
mod tokens;
mod users_admins;
mod users_change;
mod users_delete;
mod users_list;
