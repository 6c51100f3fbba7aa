//! The running binary, on an empty folder.
#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

mod commands;
mod lifecycle;
mod settings;
mod support;
