//! The jobs with real databases and a real conversation with a mail server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where its helpers do")]

mod delivery;
mod failures;
mod logs;
mod several;
mod stopping;
mod support;
mod sweeping;
mod withdrawn;
