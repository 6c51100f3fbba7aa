//! The running binary, on an empty folder.
#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

mod abuse;
mod accounts;
mod commands;
mod crash;
mod instances;
mod keys;
mod lifecycle;
mod logs;
mod mail;
mod migrations;
mod outage;
mod production;
mod raw;
mod realtime;
mod refresh;
mod settings;
mod shutdown;
mod support;
