//! The running binary, on an empty folder.
#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

mod accounts;
mod commands;
mod crash;
mod lifecycle;
mod logs;
mod migrations;
mod outage;
mod production;
mod raw;
mod settings;
mod shutdown;
mod support;
