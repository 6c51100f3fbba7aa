//! How many files the system lets this process open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit of open files, which every connection counts against, to the most that this process may ask for.
/// The default is 1024, kept low for programs that use `select(2)`.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
