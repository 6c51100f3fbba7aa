//! The HTTP layer over a socket: a real server, and clients that speak HTTP to it byte by byte.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed; clippy knows only `#[test]` itself"
)]

mod audit;
mod audit_list;
mod auth_login;
mod auth_register;
mod bodies;
mod client;
mod codes;
mod connections;
mod cookies;
mod cors;
mod dev_mail;
mod envelope;
mod fields;
mod forgot;
mod forwarded;
mod hangups;
mod items;
mod items_tags;
mod limits;
mod limits_mail;
mod listing;
mod listing_cursors;
mod logs;
mod matrix;
mod matrix_order;
mod matrix_trial;
mod me;
mod me_email;
mod openapi;
mod password_rules;
mod query;
mod readiness;
mod recovery;
mod refresh;
mod refresh_faults;
mod searches;
mod service;
mod sessions;
mod site;
mod site_escapes;
mod site_folder;
mod site_headers;
mod support;
mod tokens;
mod users_admins;
mod users_change;
mod users_delete;
mod users_list;
mod verification;
mod ws_ends;
mod ws_events;
mod ws_handshake;
mod ws_messages;
mod ws_pace;
mod ws_resume;
mod ws_wire;
