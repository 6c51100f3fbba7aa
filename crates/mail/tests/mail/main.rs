//! What messages say, how they travel, and what becomes of them when something is wrong, in real conversations with a
//! mail server.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where its helpers do")]

mod content;
mod delivery;
mod folder;
mod headers;
mod mailbox;
mod settings;
mod support;
mod tls;
