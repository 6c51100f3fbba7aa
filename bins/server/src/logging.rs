//! Log lines on standard output.
//!
//! A line is formatted in a buffer of its thread and written with one `write(2)`, without a lock between the
//! threads and without a buffer behind it. That costs about a microsecond a line. A background writer would hand
//! each line over for about as much, and would lose its last lines in a crash, which are the ones that matter.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::Arc;

use anyhow::Context;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{self, Log, LogFormat};

/// Starts logging for the whole process: records of `tracing`, and of `log`, which some dependencies use.
pub(crate) fn start(settings: &Log) -> anyhow::Result<()> {
    // `io::stdout` would take a lock and copy each line once more.
    let out = io::stdout().as_fd().try_clone_to_owned().context("standard output is not open")?;
    let out = Arc::new(File::from(out));
    // Where standard output has gone away, saying so on standard error could only fail as well, and panic.
    let lines = tracing_subscriber::fmt::layer().with_writer(out).log_internal_errors(false);
    let lines = match settings.format {
        LogFormat::Human => lines.with_ansi(colours()).boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_span_list(false).with_current_span(true).boxed()
        }
    };
    let filter = settings.level.0.clone();
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()
        .context("logging was started already")
}

/// Colours are for terminals, and for people who have not turned them off.
fn colours() -> bool {
    io::stdout().is_terminal() && !config::no_color()
}
