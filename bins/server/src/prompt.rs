//! Asks for a password, and never as an argument: arguments stand in process lists and shell histories.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context, ensure};

use crate::config::Secret;

/// More than the longest password, so that a file given by mistake is not read to its end.
const LONGEST_LINE: u64 = 8 * 1024;

/// Asks twice on a terminal, without showing what is typed; elsewhere reads one line of standard input.
pub(crate) fn new_password() -> anyhow::Result<Secret> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password: ").context("cannot read from the terminal")?;
        let again = rpassword::prompt_password("Again: ").context("cannot read from the terminal")?;
        ensure!(password == again, "the two passwords are not the same");
        return Ok(Secret::new(password));
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .context("cannot read the password from standard input")?;
    ensure!(!line.is_empty(), "standard input is empty: the password must be its first line");
    let password =
        line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Secret::new(password))
}
