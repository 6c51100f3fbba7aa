//! The running binary, on an empty folder.

mod commands;
mod lifecycle;
mod settings;
mod support;
