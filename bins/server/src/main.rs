//! The `plinth` binary: an HTTP server and the commands around it.

mod admin;
mod app;
mod cli;
mod config;
mod data;
mod health;
mod jobs;
mod keys;
mod logging;
mod mail;
mod migrate;
mod open_files;
mod prompt;
mod seed;
mod shutdown;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
